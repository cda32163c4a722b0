// Requests to the service, as contracts/http-api.md has them.
import { Problem } from "../../../voting/web/frontend/src/api";

// What a proxy says by its status alone.
const PROXY_CODES: Record<number, string> = { 429: "slow_down", 502: "try_again", 503: "try_again", 504: "try_again" };
// The service answers within ten seconds; an answer that takes longer is lost on the way.
const ANSWER_MILLISECONDS = 20000;
const MOST_SECONDS = 60;

type Method = "GET" | "POST" | "PUT";

/** One request. Throws a Problem for a refusal, and anything else where no answer came. */
export function request<T>(method: Method, path: string, body?: object, headers: Record<string, string> = {}): Promise<T> {
  return new Promise((done, fail) => {
    wx.request({
      url: SERVICE + path,
      method,
      data: body,
      header: { "Content-Type": "application/json", ...headers },
      timeout: ANSWER_MILLISECONDS,
      success: ({ statusCode, data, header }) => {
        if (statusCode >= 200 && statusCode < 300) return done(data as T);
        const names = header as Record<string, string>;
        const seconds = Number(names["Retry-After"] || names["retry-after"]) || 1;
        const problem = typeof data === "object" ? data : {};
        fail(new Problem({ code: PROXY_CODES[statusCode], ...problem }, Math.min(MOST_SECONDS, Math.max(1, seconds))));
      },
      fail: ({ errMsg }) => fail(new Error(errMsg)),
    });
  });
}

// The calls that the pages make, as contracts/http-api.md has them.

export interface Limit {
  per: string;
  period: string;
  scope: string;
  limit: number;
  left: number;
  renews_at: string;
}

export interface Remaining {
  picks: number | null;
  limits: Limit[];
}

export interface Recorded {
  ballot: string;
  recorded_at: string;
  receipt: string;
  remaining: Remaining;
}

export interface Tallies {
  as_of: string;
  policy: string;
  tallies: { entry: string; picks: number; rank: number }[];
}

/** A refusal, with its machine word. `challenge` is there when one must be solved. */
export class Problem extends Error {
  readonly code: string;
  readonly challenge: unknown;
  readonly remaining: Remaining | undefined;

  constructor(body: { code?: string; detail?: string; challenge?: unknown; remaining?: Remaining }) {
    super(body.detail || "");
    this.code = body.code || "failed";
    this.challenge = body.challenge;
    this.remaining = body.remaining;
  }
}

const ATTEMPTS = 4;

/** One call. Without an answer, or told to try again, it is repeated: whatever is sent must be safe to repeat. */
export async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once<T>(method, path, body, headers);
    } catch (error) {
      const again = !(error instanceof Problem) || error.code === "try_again" || error.code === "slow_down";
      if (!again || attempt === ATTEMPTS) throw error instanceof Problem ? error : new Problem({ code: "try_again" });
      await pause(300 * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

async function once<T>(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<T> {
  const sent = body === undefined ? headers : Object.assign({ "Content-Type": "application/json" }, headers);
  const answer = await fetch(path, {
    method,
    headers: sent,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    // What may be cached is asked for again with its tag: an answer of our own past is not what a voter wants to see.
    cache: "no-cache",
  });
  if (answer.status === 204) return undefined as unknown as T;
  const content = await answer.json();
  if (!answer.ok) throw new Problem(content);
  return content as T;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

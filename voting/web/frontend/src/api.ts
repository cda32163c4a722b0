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
  log?: { batch: number; place: number };
  remaining: Remaining;
}

/** What a voter is asked to confirm; `required`: ballots are void without it. */
export interface Confirmation {
  state: "asked" | "confirmed" | "denied" | "kept" | "over";
  by: string[];
  cast_at: string | null;
  until: string;
  required: boolean;
  code: string;
  telephone: string;
  /** Of WeChat's message, which the mini program may offer. */
  template?: string;
}

export interface Tallies {
  as_of: string;
  policy: string;
  tallies: { entry: string; picks: number; rank: number }[];
}

/** A refusal, with its machine word. `challenge` is there when one must be solved; `seconds`: when to come back. */
export class Problem extends Error {
  readonly code: string;
  readonly challenge: unknown;
  readonly remaining: Remaining | undefined;
  readonly seconds: number;

  constructor(body: { code?: string; detail?: string; challenge?: unknown; remaining?: Remaining }, seconds = 1) {
    super(body.detail || "");
    this.code = body.code || "failed";
    this.challenge = body.challenge;
    this.remaining = body.remaining;
    this.seconds = seconds;
  }
}

const ATTEMPTS = 4;
const MOST_SECONDS = 60;
// The service answers within ten seconds; an answer that takes longer is lost on the way.
const ANSWER_MILLISECONDS = 20000;
// What a proxy says by its status alone.
const PROXY_CODES: Record<number, string> = { 429: "slow_down", 502: "try_again", 503: "try_again", 504: "try_again" };

/** A call that is safe to repeat: without an answer, or told to try again, it is repeated. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once<T>(method, path, body);
    } catch (error) {
      const again = !(error instanceof Problem) || error.code === "try_again" || error.code === "slow_down";
      if (!again || attempt === ATTEMPTS) throw error instanceof Problem ? error : new Problem({ code: "try_again" });
      await pause(300 * 2 ** attempt * (0.5 + Math.random()));
    }
  }
}

/** One request. Throws a Problem for a refusal, and anything else where no answer came. */
export async function once<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const aborter = typeof AbortController === "function" ? new AbortController() : undefined;
  const timer = setTimeout(() => aborter && aborter.abort(), ANSWER_MILLISECONDS);
  try {
    const answer = await fetch(path, {
      method,
      headers: body === undefined ? headers : Object.assign({ "Content-Type": "application/json" }, headers),
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      // What may be cached is asked for again with its tag: an answer of our own past is not what a voter wants to see.
      cache: "no-cache",
      signal: aborter && aborter.signal,
    });
    if (answer.status === 204) return undefined as unknown as T;
    if (answer.ok) return (await answer.json()) as T;
    const problem = await answer.json().catch(() => null);
    const seconds = Math.min(MOST_SECONDS, Math.max(1, Number(answer.headers.get("Retry-After")) || 1));
    throw new Problem(Object.assign({ code: PROXY_CODES[answer.status] }, problem), seconds);
  } finally {
    clearTimeout(timer);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

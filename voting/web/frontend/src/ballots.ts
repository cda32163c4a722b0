// Under which key a ballot is sent, when it is sent again, and what its voter is told, so that no ballot counts twice.
// It uses neither the DOM nor the network: the page gives it both, and the tests run it under Node.
import { Problem, Recorded } from "./api";

/** What a voter is told of a ballot. Waiting ends after `seconds`; the ballot is then sent again, except when too fast. */
export type Told =
  | { state: "sending" | "checking" | "offline" | "unknown" | "unknowable" }
  | { state: "busy" | "waiting" | "too_fast"; seconds: number }
  /** `until`: when the same picks may be cast again. `late`: recorded by an attempt of more than a minute ago. */
  | { state: "recorded"; recorded: Recorded; until: string; late: boolean }
  | { state: "refused"; problem: Problem };

type Tell = (told: Told) => void;

export interface Environment {
  /** Texts that outlive the page and are the same in every tab, as far as the browser allows. */
  store: { get(name: string): string | null; set(name: string, value: string | null): void };
  /** Runs `work` while no other tab does. */
  alone<T>(work: () => T): Promise<T>;
  hasCredential(): boolean;
  register(): Promise<void>;
  solve(challenge: unknown): Promise<string>;
  /** One request. Throws a Problem for the service's refusal; anything else means that no answer came. */
  post(picks: string[], key: string, challenge?: string): Promise<Recorded>;
  isOnline(): boolean;
  untilOnline(): Promise<void>;
  wait(milliseconds: number): Promise<void>;
  /** Milliseconds by the service's clock. */
  now(): number;
  /** When picks cast now may be cast again; empty where they never may. */
  renewsAt(): string;
}

/** A set of picks that was pressed, kept until it is known to be recorded. */
interface Ballot {
  key: string;
  /** An attempt was sent and its answer has not come. */
  unknown: boolean;
  /** Under which of this browser's credentials it was sent. */
  era: string;
  renewsAt: string;
}

/** A page keeps its ticket, which is valid for an hour: the service takes the ticket's age for the time of reading. */
export const TICKET_MILLISECONDS = 50 * 60000;
/** Who has read for so long need not wait because the ticket came late. */
export const READ_MILLISECONDS = 1500;
const RETRIES = 3;
const PROOFS = 3;
const LATE_MILLISECONDS = 60000;
// The service looked for the key and found no ballot.
const NOT_RECORDED = [
  "quota_exhausted", "window_not_open", "window_closed", "contest_paused", "picks_invalid", "entry_unknown",
  "challenge_required", "key_reused",
];
// The service did not get as far as looking for the key: what became of an earlier attempt is as unknown as before.
const NOT_ACCEPTED = [
  "slow_down", "credential_missing", "credential_invalid", "channel_closed", "contest_unknown", "malformed",
  "too_large", "headers_too_large", "unsupported_media_type", "slow_request",
];

export class Ballots {
  private readonly memory = new Map<string, Ballot>();
  private readonly casting = new Map<string, Promise<Told>>();
  /** Null until the first ballot: the page knows of its credential a moment after it was loaded. */
  private entered: boolean | null = null;
  private entering: Promise<void> | null = null;
  private lastEra = "";

  constructor(private readonly page: Environment) {}

  /** Casts the picks. The same picks in any order, pressed again before the answer has come, are the same ballot. */
  async cast(picks: string[], tell: Tell): Promise<Told> {
    const name = nameOf(picks);
    const begun = this.casting.get(name);
    if (begun) return begun;
    const told = this.run(name, tell);
    this.casting.set(name, told);
    try {
      return await told;
    } finally {
      this.casting.delete(name);
    }
  }

  /** Whether any ballot is under way. */
  get busy(): boolean {
    return this.casting.size > 0;
  }

  /** Whether these picks were sent and it is not known, or can no longer be learnt, whether they were recorded. */
  outcome(picks: string[]): "unknown" | "unknowable" | null {
    const ballot = this.current(nameOf(picks));
    if (!ballot || !ballot.unknown) return null;
    return this.isOrphan(ballot) ? "unknowable" : "unknown";
  }

  /** Another tab has changed the store: of the ballot that it removed it has the answer. */
  onStored(name: string, value: string | null): void {
    const ballot = name.replace(/^ballot:/, "");
    if (value === null && !this.casting.has(ballot)) this.memory.delete(ballot);
  }

  private async run(name: string, tell: Tell): Promise<Told> {
    tell({ state: "sending" });
    // What is there when the button is pressed is repeated, even if another tab has its answer a moment later.
    const ballot = this.current(name) || (await this.page.alone(() => this.take(name)));
    let challenge: unknown;
    for (let retries = 0, proofs = 0; ; ) {
      if (this.isOrphan(ballot)) return { state: "unknowable" };
      let problem: Problem;
      try {
        // A ballot of unknown outcome must not be sent by another voter.
        if (!ballot.unknown && this.needsCredential()) await this.prove(() => this.enter(), tell);
        const solved = challenge && (await this.prove(() => this.page.solve(challenge), tell));
        tell({ state: "sending" });
        return this.recorded(name, ballot, await this.send(name, ballot, solved as string | undefined));
      } catch (error) {
        problem = error instanceof Problem ? error : new Problem({ code: "no_answer" });
      }
      challenge = undefined;
      const { code, seconds } = problem;
      if ((code === "credential_missing" || code === "credential_invalid") && proofs < PROOFS) {
        proofs += 1;
        this.entered = false;
        this.page.store.set("entered", null);
        if (ballot.unknown && !this.isOrphan(ballot)) this.beginEra();
      } else if (code === "challenge_required" && proofs < PROOFS) {
        proofs += 1;
        challenge = problem.challenge;
      } else if (code === "slow_down" && !ballot.unknown) {
        await this.countDown("too_fast", seconds, tell);
        return { state: "too_fast", seconds: 0 };
      } else if (!["slow_down", "try_again", "no_answer", "failed", "internal"].includes(code)) {
        return ballot.unknown ? { state: "unknown" } : { state: "refused", problem };
      } else if (!this.page.isOnline()) {
        tell({ state: "offline" });
        await this.page.untilOnline();
      } else if (retries === RETRIES) {
        return ballot.unknown ? { state: "unknown" } : { state: "refused", problem };
      } else {
        retries += 1;
        if (code === "try_again") await this.countDown("busy", seconds, tell);
        else if (code === "slow_down") await this.countDown("waiting", seconds, tell);
        else await this.page.wait(300 * 2 ** retries * (0.5 + Math.random()));
      }
    }
  }

  private async send(name: string, ballot: Ballot, challenge: string | undefined): Promise<Recorded> {
    const before = ballot.unknown;
    // Written down first: the page may be gone before the answer comes.
    this.keep(name, Object.assign(ballot, { unknown: true, era: this.era() }));
    try {
      const recorded = await this.page.post(JSON.parse(name) as string[], ballot.key, challenge);
      if (!recorded || typeof recorded.ballot !== "string") throw new Error("this is no answer of the service");
      return recorded;
    } catch (error) {
      const code = error instanceof Problem ? error.code : "";
      if (NOT_RECORDED.includes(code)) ballot.unknown = false;
      else if (NOT_ACCEPTED.includes(code)) ballot.unknown = before;
      // An earlier attempt may still be on its way: its key stays the one of these picks.
      if (code === "key_reused" || (!before && !ballot.unknown)) this.forget(name, ballot);
      else this.keep(name, ballot);
      throw error;
    }
  }

  private recorded(name: string, ballot: Ballot, recorded: Recorded): Told {
    this.forget(name, ballot);
    const at = Date.parse(recorded.recorded_at);
    // Recorded before the last renewal, or after: the period that it belongs to ends with the next one.
    const until = [ballot.renewsAt, this.page.renewsAt()].find((renewal) => Date.parse(renewal) > at) || "";
    return { state: "recorded", recorded, until, late: this.page.now() - at > LATE_MILLISECONDS };
  }

  private async prove<T>(work: () => Promise<T>, tell: Tell): Promise<T> {
    tell({ state: "checking" });
    return work();
  }

  private needsCredential(): boolean {
    if (this.entered === null) this.entered = this.page.hasCredential();
    return this.entering !== null || !(this.entered || this.page.store.get("entered"));
  }

  /** Gets a credential, once for all ballots that wait for it. What was sent with an earlier one is out of reach then. */
  private async enter(): Promise<void> {
    if (!this.entering) {
      this.beginEra();
      this.entering = this.page.register();
    }
    try {
      await this.entering;
    } finally {
      this.entering = null;
    }
    this.entered = true;
    this.page.store.set("entered", "yes");
  }

  private async countDown(state: "busy" | "waiting" | "too_fast", seconds: number, tell: Tell): Promise<void> {
    for (let left = seconds; left > 0; left -= 1) {
      tell({ state, seconds: left });
      await this.page.wait(1000);
    }
  }

  // --- the ballots of unknown outcome -------------------------------------------------------------------------------

  private take(name: string): Ballot {
    const kept = this.current(name);
    if (kept) return kept;
    const ballot = { key: newKey(), unknown: false, era: "", renewsAt: this.page.renewsAt() };
    this.keep(name, ballot);
    return ballot;
  }

  /** The ballot of these picks; one whose outcome nobody can learn ends when its picks may be cast again. */
  private current(name: string): Ballot | null {
    const kept = this.read(name);
    return kept && this.isOrphan(kept) && Date.parse(kept.renewsAt) <= this.page.now() ? null : kept;
  }

  private read(name: string): Ballot | null {
    const held = this.memory.get(name);
    if (held) return held;
    const kept = this.stored(name);
    // From here on this page says that a repeat cannot count twice, whatever another tab learns meanwhile.
    if (kept && kept.unknown) this.memory.set(name, kept);
    return kept;
  }

  private stored(name: string): Ballot | null {
    try {
      const kept = JSON.parse(this.page.store.get(`ballot:${name}`) || "null") as Ballot | null;
      return kept && /^[\w-]{1,64}$/.test(kept.key) ? kept : null;
    } catch (error) {
      return null;
    }
  }

  private keep(name: string, ballot: Ballot): void {
    this.memory.set(name, ballot);
    this.page.store.set(`ballot:${name}`, JSON.stringify(ballot));
  }

  private forget(name: string, ballot: Ballot): void {
    this.memory.delete(name);
    const kept = this.stored(name);
    if (kept && kept.key === ballot.key) this.page.store.set(`ballot:${name}`, null);
  }

  /** An attempt went out with a credential that this browser has no longer: nobody can learn its outcome. */
  private isOrphan(ballot: Ballot): boolean {
    return ballot.unknown && ballot.era !== this.era();
  }

  private era(): string {
    return this.page.store.get("era") || this.lastEra;
  }

  private beginEra(): void {
    this.lastEra = newKey();
    this.page.store.set("era", this.lastEra);
  }
}

/** The same for the same picks in any order. */
export function nameOf(picks: string[]): string {
  return JSON.stringify(Array.from(picks).sort());
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// What all pages share: the contest, the voter's credential and quota, and the ballots under way.
import { Confirmation, Problem, Recorded, Remaining } from "../../../voting/web/frontend/src/api";
import { Ballots, nameOf, READ_MILLISECONDS, TICKET_MILLISECONDS, Told } from "../../../voting/web/frontend/src/ballots";
import { solve } from "./proof";
import { request } from "./service";
import words from "./words.json";

export interface Entry {
  code: string;
  title: string;
  author: string;
  summary: string;
  media: { cover: string | null; video: string | null };
  picks: number | null;
  rank: number | null;
}

export interface EntryPage {
  entries: Entry[];
  page: number;
  pages: number;
  total: number;
  as_of: string;
}

interface Contest {
  title: string;
  host: string;
  rules: { zh: string[] };
  ballot: { least: number; most: number };
  channels: string[];
  privacy: { version: string; notice: { zh: string } };
}

/** What is the same for every reader at this moment. */
interface Own {
  server_time: string;
  phase: string;
  closes_at: string;
  ticket: string;
  remaining: Remaining | null;
  entry_renews_at: string;
}

interface Me {
  remaining: Remaining;
  ballots: { ballot: string; recorded_at: string; state: string }[];
  confirmation: Confirmation | null;
}

/** A page with votes. */
interface Shown {
  show(): void;
}

/** How an entry's button stands. `line` is shown beneath it. */
export interface Standing {
  text: string;
  why: string;
  line: string;
  isVoted: boolean;
}

const base = `/api/v1/contests/${CONTEST}`;
const table: Record<string, string> = words;
// What the phone's storage would not take, such as where it is full, until the mini program ends.
const memory = new Map<string, string | null>();
const store = {
  get(name: string): string | null {
    const held = memory.get(name);
    return held === undefined ? (wx.getStorageSync(`${CONTEST}:${name}`) as string) || null : held;
  },
  set(name: string, value: string | null): void {
    try {
      if (value === null) wx.removeStorageSync(`${CONTEST}:${name}`);
      else wx.setStorageSync(`${CONTEST}:${name}`, value);
      memory.delete(name);
    } catch (error) {
      memory.set(name, value);
    }
  },
};
const begun = Date.now();
const told = new Map<string, Told>();
const shownPages = new Set<Shown>();
const whenOnline: (() => void)[] = [];
let online = true;
let clockOffset = 0;
let contest: Contest | null = null;
let own: Own | null = null;
let ticket = "";
let ticketAt = 0;
let asked: Confirmation | null = null;
let remaining: Remaining | null = null;

wx.onNetworkStatusChange(({ isConnected }) => {
  online = isConnected;
  if (online) whenOnline.splice(0).forEach((done) => done());
});

const ballots = new Ballots({
  store,
  // A mini program has one page at a time.
  alone: async (work) => work(),
  hasCredential: () => store.get("token") !== null,
  register,
  solve,
  post,
  isOnline: () => online,
  untilOnline,
  wait,
  now,
  renewsAt: () => own?.entry_renews_at || remaining?.limits.map((limit) => limit.renews_at).sort()[0] || "",
});

/** The words of the pages. `{}` is filled in, in order. */
export function say(name: string, ...values: (string | number)[]): string {
  return values.reduce<string>((text, value) => text.replace("{}", String(value)), table[name] || "");
}

/** Has the page show itself again whenever a button or the quota may have changed. */
export function watch(page: Shown): void {
  shownPages.add(page);
}

/** Ends that. */
export function unwatch(page: Shown): void {
  shownPages.delete(page);
}

/** Reads the contest once, and the quota and the phase again. Throws what `request` throws. */
export async function refresh(): Promise<Contest> {
  contest = contest || (await request<Contest>("GET", base));
  own = await request<Own>("GET", `/c/${CONTEST}/own`);
  clockOffset = Date.parse(own.server_time) - Date.now();
  if (!ticket || now() - ticketAt > TICKET_MILLISECONDS) {
    ticket = own.ticket;
    ticketAt = now();
  }
  remaining = own.remaining;
  if (store.get("token")) remaining = (await me())?.remaining || remaining;
  changed();
  return contest;
}

export function readEntries(q: string, page: number): Promise<EntryPage> {
  return request<EntryPage>("GET", `${base}/entries?q=${encodeURIComponent(q)}&page=${page}`);
}

/** The entry with this very code; undefined if there is none. */
export async function readEntry(code: string): Promise<Entry | undefined> {
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const found = await readEntries(code, page);
    const entry = found.entries.find((each) => each.code === code);
    if (entry) return entry;
    pages = found.pages;
  }
  return undefined;
}

/** The voter's own ballots, never their picks; null for who has none yet. */
export async function me(): Promise<Me | null> {
  if (!store.get("token")) return null;
  try {
    const mine = await request<Me>("GET", `${base}/me`, undefined, bearer());
    asked = mine.confirmation;
    return mine;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "credential_invalid") throw error;
    store.set("token", null);
    return null;
  }
}

/** The address of a picture of the service. */
export function address(path: string | null): string {
  return path ? SERVICE + path : "";
}

/** What the dock says of the quota. */
export function quotaWords(): string {
  if (own && own.phase !== "open") return say(`phase_${own.phase}`);
  const limits = (remaining?.limits || []).filter((limit) => limit.per === "contest");
  const tightest = limits.sort((a, b) => a.left - b.left)[0];
  return tightest ? say(`left_${tightest.period}`, tightest.left) : "";
}

export function standing(code: string): Standing {
  const now = told.get(nameOf([code]));
  const state = now ? now.state : ballots.outcome([code]) || "";
  if (state) {
    const text = say(state, now && "seconds" in now ? now.seconds : 0);
    return { text, why: state === "unknown" ? "" : text, line: say(`${state}_line`), isVoted: false };
  }
  const [text, why, isVoted] = standingOf(code);
  return { text, why, line: "", isVoted };
}

function standingOf(code: string): [string, string, boolean] {
  const phase = own ? own.phase : "not_open";
  if (phase !== "open") return [say(`phase_${phase}`), say(`phase_${phase}`), false];
  const voted = votedUntil(code);
  if (voted) return [say("voted"), again("why_entry", voted), true];
  const full = remaining?.limits.find((limit) => limit.per === "contest" && limit.left === 0);
  if (full) return [say("full"), again("why_full", full.renews_at), false];
  if (contest && !contest.channels.includes("mini_program")) return [say("vote"), say("channel_closed"), false];
  return [say("vote"), "", false];
}

function again(word: string, renewsAt: string): string {
  return Date.parse(renewsAt) < Date.parse(own?.closes_at || "") ? say(word, clock(renewsAt)) : say(`${word}_never`);
}

/** A moment as the contest's clock shows it: its offset is in the text. */
export function clock(moment: string): string {
  const [month, day, hour, minute] = [5, 8, 11, 14].map((start) => moment.slice(start, start + 2));
  return `${Number(month)}月${Number(day)}日 ${hour}:${minute}`;
}

/** Votes for one entry, after the voter's consent; returns what to say of it. */
export async function vote(code: string): Promise<string> {
  const name = nameOf([code]);
  const why = standing(code).why;
  if (why || told.has(name)) return why;
  const readMilliseconds = Math.min(Date.now() - begun, READ_MILLISECONDS);
  if (!(await agrees()) || told.has(name)) return "";
  const tell = (now: Told): void => {
    told.set(name, now);
    changed();
  };
  try {
    tell({ state: "sending" });
    // The service takes the ticket's age for the time of reading, which began before the ticket came.
    const early = ticketAt ? readMilliseconds - (now() - ticketAt) : 0;
    if (early > 0) await wait(early);
    const last = await ballots.cast([code], tell);
    if (last.state === "recorded") return recorded(code, last.recorded, last.until);
    return last.state === "refused" ? refused(last.problem) : "";
  } finally {
    told.delete(name);
    changed();
  }
}

function post(entries: string[], key: string, challenge?: string): Promise<Recorded> {
  const body = { entries, ticket, client: clientFacts(), challenge };
  return request<Recorded>("POST", `${base}/ballots`, body, { ...bearer(), "Idempotency-Key": key });
}

function recorded(code: string, answer: Recorded, until: string): string {
  if (until) store.set(`voted:${code}`, until);
  remaining = answer.remaining;
  store.set(`receipt:${answer.ballot}`, answer.receipt);
  // Chance may have chosen this voter with the ballot; the next page says so.
  void me().catch(() => undefined);
  return say("recorded");
}

function refused(problem: Problem): string {
  remaining = problem.remaining || remaining;
  if (/^(window_|contest_paused)/.test(problem.code)) void refresh().catch(() => undefined);
  return say(problem.code) || say("failed");
}

/** The signed receipt of a ballot that this phone cast; empty for others. */
export function receiptOf(ballot: string): string {
  return store.get(`receipt:${ballot}`) || "";
}

/** What the voter is asked to confirm, as the pages say it. `isNew`: to be said before the voter looks for it. */
export function confirmation() {
  const isOpen = asked?.state === "asked";
  const isRequired = Boolean(asked?.required);
  let text = say("not_asked");
  if (asked?.state === "confirmed") text = say("confirmed");
  else if (asked?.state === "denied") text = say("denied") + asked.code;
  else if (asked?.state === "kept") text = say("denied_kept");
  else if (asked?.state === "over") text = say("confirm_over");
  else if (asked) text = isRequired ? say("confirm_required", clock(asked.until)) : say("confirm_why");
  return {
    isOpen,
    isNew: isOpen && (isRequired || !store.get("confirm-seen")),
    title: say("confirm_title"),
    text,
    more: isRequired ? "" : say("confirm_more"),
    cast: asked?.cast_at ? say("confirm_cast", clock(asked.cast_at)) : "",
    code: asked?.code || "",
    telephone: asked?.telephone || "",
    template: asked?.template || "",
    // The service names only channels other than the one of the vote.
    byPhone: Boolean(asked?.by.includes("phone")),
    byMiniProgram: Boolean(asked?.by.includes("mini_program")),
  };
}

/** The voter has seen the request. */
export function sawConfirmation(): void {
  if (asked) store.set("confirm-seen", "yes");
}

/** Has a code sent to a phone; returns what to say of it. */
export function sendConfirmationCode(phone: string): Promise<string> {
  const body = { phone, language: "zh" };
  return saying("phone_sent", () => request("POST", `${base}/me/confirmation/phone-codes`, body, bearer()));
}

/** Confirms the voter by the code that was sent, or else by this app's sign-in; returns what to say of it. */
export function confirm(proof?: { phone: string; code: string }): Promise<string> {
  return saying("confirmed", async () => {
    const body = proof || { mini_program: { code: (await wx.login()).code } };
    await request("POST", `${base}/me/confirmation`, body, bearer());
    if (asked) asked = { ...asked, state: "confirmed" };
  });
}

/** Asks for the voter's consent to WeChat's message, and has it sent later; returns what to say of it. */
export async function wishReminder(): Promise<string> {
  const template = asked?.template || "";
  const answer = await wx.requestSubscribeMessage({ tmplIds: [template] }).catch(() => undefined);
  if (!answer || (answer as unknown as Record<string, string>)[template] !== "accept") return say("remind_refused");
  return saying("remind_stored", async () => {
    const body = { mini_program: { code: (await wx.login()).code } };
    await request("POST", `${base}/me/confirmation/reminder`, body, bearer());
    if (asked) asked = { ...asked, template: "" };
  });
}

/** Says, once the voter has agreed to what follows, that the ballot is another's; returns what to say of it. */
export async function deny(): Promise<string> {
  const answer = await wx.showModal({ title: say("deny"), content: say("deny_what"), confirmText: "不是我的", cancelText: "返回" });
  if (!answer.confirm) return "";
  return saying("denied", async () => {
    await request("POST", `${base}/me/confirmation/denial`, undefined, bearer());
    if (asked) asked = { ...asked, state: "denied" };
    await me().catch(() => undefined);
  });
}

async function saying(done: string, work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return say(done);
  } catch (error) {
    return (error instanceof Problem && say(error.code)) || say("failed");
  }
}

function votedUntil(code: string): string {
  const until = store.get(`voted:${code}`) || "";
  return own?.entry_renews_at && Date.parse(until) > now() ? until : "";
}

/** Asks for consent to the notice before the first vote. */
async function agrees(): Promise<boolean> {
  if (!contest) return false;
  const { version, notice } = contest.privacy;
  if (store.get("consent") === version) return true;
  const answer = await wx.showModal({ title: say("consent"), content: notice.zh, confirmText: "同意", cancelText: "不投票" });
  if (answer.confirm) store.set("consent", version);
  return answer.confirm;
}

async function register(): Promise<void> {
  const { code } = await wx.login();
  const answer = await request<{ token: string; ticket: string }>("POST", `${base}/voters`, { mini_program: { code } });
  store.set("token", answer.token);
  const version = contest?.privacy.version;
  // What fails is sent with the next credential.
  await request("PUT", `${base}/me/consent`, { version, language: "zh" }, bearer()).catch(() => undefined);
}

function bearer(): Record<string, string> {
  return { Authorization: `Bearer ${store.get("token") || ""}` };
}

function clientFacts(): Record<string, unknown> {
  const { screenWidth, screenHeight, pixelRatio } = wx.getWindowInfo();
  const { language } = wx.getAppBaseInfo();
  const { platform } = wx.getDeviceInfo();
  return { screen: `${screenWidth}x${screenHeight}`, dpr: pixelRatio, languages: [language.replace("_", "-")], platform };
}

/** Some devices say that they are offline when they are not: asked again after a while all the same. */
function untilOnline(): Promise<void> {
  return Promise.race([wait(15000), new Promise<void>((done) => void whenOnline.push(done))]);
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

function now(): number {
  return Date.now() + clockOffset;
}

function changed(): void {
  shownPages.forEach((page) => page.show());
}

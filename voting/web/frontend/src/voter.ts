// The pages with votes: proves to be no script, casts ballots, shows the quota, the tally and the time left. It works on
// what the server has rendered, the same for everybody, and on the reader's own part; without it the entries can be read.
import { call, Confirmation, once, pause, Problem, Recorded, Remaining, Tallies } from "./api";
import { Ballots, nameOf, READ_MILLISECONDS, TICKET_MILLISECONDS, Told } from "./ballots";
import { agrees, sendConsent } from "./consent";
import { phoneForm } from "./sign_in";
import { closeSheet, copyText, openSheet } from "./sheets";
import { readLocal, storeOf, writeLocal } from "./store";

/** What the page shows to this reader alone. */
interface Own {
  server_time: string;
  phase: string;
  closes_at: string;
  ticket: string;
  known: boolean;
  ways: string[];
  sign_in_first: string;
  share: boolean;
  remaining: Remaining | null;
  entry_renews_at: string;
  confirmation: Confirmation | null;
  announcement: { text: string; span: string; until: string } | null;
}

const page = document.body.dataset;
const contest = page.contest || "";
const words: Record<string, string> = JSON.parse(page.words || "{}");
const base = `/api/v1/contests/${contest}`;
const least = Number(page.least || 1);
const most = Number(page.most || 1);
const single = least === 1;
const isEnglish = document.documentElement.lang === "en";
const POLL_SECONDS = 15;
const AWAY_MILLISECONDS = 60000;

const store = storeOf(contest);
const notice = page.notice || "";
let clockOffset = 0;
let ticketAt = 0;
const now = (): number => Date.now() + clockOffset;
const all = (selector: string): HTMLElement[] => Array.from(document.querySelectorAll<HTMLElement>(selector));
const one = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);
// What localStorage would keep, where there is none.
const memory = new Map<string, unknown>();
// A ballot of many picks is put together over several pages: titles by code.
let chosen = readChosen();
/** What is told of the ballots that are under way. */
const told = new Map<string, Told>();
const ballots = new Ballots({
  store,
  alone,
  hasCredential: () => page.known === "yes",
  register,
  solve,
  post,
  isOnline: () => navigator.onLine,
  untilOnline,
  wait: pause,
  now,
  renewsAt: () => page.entryRenewsAt || page.renewsAt || "",
});
let ownCame = false;
const ownPart = refresh().then(() => { ownCame = true; });

// --- the reader's own part ------------------------------------------------------------------------------------------

/** The quota, the phase and the time, from the service: this page may be older than the last ballot, and was cached. */
async function refresh(): Promise<void> {
  const own = await call<Own>("GET", `/c/${contest}/own?lang=${isEnglish ? "en" : "zh"}`).catch(() => null);
  if (own) showOwn(own);
}

function showOwn(own: Own): void {
  clockOffset = Date.parse(own.server_time) - Date.now();
  if (!page.ticket || now() - ticketAt > TICKET_MILLISECONDS) {
    page.ticket = own.ticket;
    ticketAt = now();
  }
  page.known = own.known ? "yes" : "no";
  page.phase = own.phase;
  page.closesAt = own.closes_at;
  page.entryRenewsAt = own.entry_renews_at;
  const back = encodeURIComponent(location.pathname);
  page.signIn = own.sign_in_first ? `/c/${contest}/sign-in/${own.sign_in_first}?back=${back}` : "";
  all("[data-way]").forEach((way) => { way.hidden = !own.ways.includes(way.dataset.way || ""); });
  show("#sign-in", own.ways.length > 0 && !own.known);
  show("#in-wechat", own.ways.length === 0 && page.web !== "yes" && !own.known);
  if (own.remaining) showRemaining(own.remaining);
  showConfirmation(own.confirmation);
  showAnnouncement(own.announcement);
  if (own.share) load(page.share);
  showPhase();
  showButtons();
}

/** Loads a further script, once; if it is there it is sent the event. */
function load(address = "", event = ""): void {
  if (one(`script[src="${address}"]`)) {
    if (event) document.dispatchEvent(new Event(event));
    return;
  }
  const script = document.createElement("script");
  script.src = address;
  document.body.appendChild(script);
}

function show(selector: string, visible: boolean): void {
  const place = one(selector);
  if (place) place.hidden = !visible;
}

// --- the credential -------------------------------------------------------------------------------------------------

function solve(challenge: unknown): Promise<string> {
  return new Promise((done, fail) => {
    const worker = new Worker(page.solver || "");
    const finish = (solved: string | null): void => {
      worker.terminate();
      if (solved) done(solved);
      else fail(new Problem({ code: "failed" }));
    };
    worker.onmessage = (event) => finish(event.data);
    worker.onerror = () => finish(null);
    worker.postMessage(challenge);
  });
}

async function register(): Promise<void> {
  if (page.signIn) {
    location.assign(page.signIn);
    // The page ends here.
    return new Promise(() => undefined);
  }
  if (page.web !== "yes") {
    const panel = one("#sign-in");
    if (panel) panel.scrollIntoView({ block: "center" });
    throw new Problem({ code: panel ? "sign_in_first" : "channel_closed" });
  }
  if (!window.crypto || !crypto.subtle) throw new Problem({ code: "insecure" });
  let challenge = await call<unknown>("POST", `${base}/challenges`);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const solved = await solve(challenge);
      // One tab after another, so that the second sends the first one's cookie and stays the same voter.
      await (await alone(() => call("POST", `${base}/voters`, { challenge: solved })));
      page.known = "yes";
      void sendConsent(base, notice, store);
      return;
    } catch (error) {
      // Its answer was lost and the challenge is spent: another one comes with the refusal.
      if (!(error instanceof Problem) || error.code !== "challenge_required" || attempt === 2) throw error;
      challenge = error.challenge;
    }
  }
}

/** Runs `work` while no other tab of this contest does; old browsers have no locks, and run it at once. */
async function alone<T>(work: () => T): Promise<T> {
  if (!navigator.locks) return work();
  return navigator.locks.request(`voting:${contest}`, work) as Promise<T>;
}

// --- casting --------------------------------------------------------------------------------------------------------

function post(entries: string[], key: string, challenge?: string): Promise<Recorded> {
  const body = { entries, ticket: page.ticket, client: clientFacts(), challenge };
  return once<Recorded>("POST", `${base}/ballots`, body, { "Idempotency-Key": key });
}

/** Some devices say that they are offline when they are not: asked again after a while all the same. */
function untilOnline(): Promise<void> {
  return Promise.race([pause(15000), new Promise<void>((done) => addEventListener("online", () => done(), { once: true }))]);
}

async function vote(entries: string[]): Promise<void> {
  const name = nameOf(entries);
  const readMilliseconds = Math.min(performance.now(), READ_MILLISECONDS);
  if (told.has(name) || !(await agrees(notice, store)) || told.has(name)) return;
  told.set(name, { state: "sending" });
  say("");
  showButtons();
  // One of unknown outcome is only repeated, at once.
  if (!ownCame && !ballots.outcome(entries)) await ownPart;
  // The service takes the ticket's age for the time of reading, which began before the ticket came.
  const early = ticketAt ? readMilliseconds - (now() - ticketAt) : 0;
  if (early > 0) await pause(early);
  if (page.known === "yes") void sendConsent(base, notice, store);
  let latest: Told | undefined;
  // The sign-in may lead away from this page; what was pressed is sent after it.
  if (page.signIn) keepPressed({ entries, ticket: page.ticket });
  const last = await ballots.cast(entries, (now) => {
    latest = now;
    const show = (): void => {
      if (latest !== now) return;
      told.set(name, now);
      showButtons();
    };
    // Most checks are over before anyone could read that there is one.
    if (now.state === "checking") window.setTimeout(show, 800);
    else show();
  });
  latest = undefined;
  keepPressed(null);
  told.delete(name);
  if (last.state === "recorded") await showRecorded(entries, last.recorded, last.until, last.late);
  else if (last.state === "refused") await showRefusal(last.problem);
  showButtons();
}

async function showRecorded(entries: string[], recorded: Recorded, until: string, late: boolean): Promise<void> {
  if (until) entries.forEach((code) => markVoted(code, until));
  chosen.clear();
  keepChosen();
  const code = one("#receipt code");
  if (code) code.textContent = recorded.receipt;
  if (recorded.log) checkProof(recorded.receipt, recorded.log);
  // The answer to an earlier attempt holds what was left then.
  if (late) await refresh();
  else showRemaining(recorded.remaining);
  // Chance may have chosen this voter with the ballot.
  if (!late && one("#confirm")) void refresh();
  page.known = "yes";
  show("#sign-in", false);
  say(late ? fill(words.recorded_at, recorded.recorded_at.slice(0, 16).replace("T", " ")) : words.recorded, "good");
  void showTalliesSoon();
}

/** Has the proof of the ballot checked in a while, by a script that is needed after a vote only. */
function checkProof(receipt: string, { batch, place }: { batch: number; place: number }): void {
  const shown = one("#receipt .proof");
  if (!shown) return;
  shown.dataset.receipt = receipt;
  shown.dataset.proof = `/log/${contest}/proof/${batch}/${place}`;
  load(page.proofs, "receipt");
}

async function showRefusal(problem: Problem): Promise<void> {
  if (problem.remaining) showRemaining(problem.remaining);
  if (/^(window_|contest_paused)/.test(problem.code)) await refresh();
  say(words[problem.code] || words.failed, "bad");
}

function clientFacts(): Record<string, unknown> {
  return {
    screen: `${screen.width}x${screen.height}`,
    dpr: window.devicePixelRatio,
    languages: Array.from(navigator.languages || []),
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    platform: navigator.platform,
  };
}

// --- showing --------------------------------------------------------------------------------------------------------

/** In the dock: what has just happened, until the next press; otherwise when the quota is renewed. */
function say(text: string | undefined, tone = ""): void {
  const place = one("#said");
  if (!place) return;
  place.className = tone;
  put(place, text || (page.phase === "open" && place.dataset.usual) || "");
  if (tone !== "good") return;
  const link = document.createElement("a");
  link.href = "#receipt";
  link.textContent = words.see_receipt || "";
  link.setAttribute("aria-haspopup", "dialog");
  place.append(" ", link);
}

/** The tightest quota over the whole contest. */
function showRemaining(remaining: Remaining): void {
  const tightest = remaining.limits.filter((limit) => limit.per === "contest").sort((a, b) => a.left - b.left)[0];
  page.left = tightest ? String(tightest.left) : remaining.picks === null ? "" : String(remaining.picks);
  const place = one("#left");
  if (place && tightest) put(place, String(tightest.left));
  const dots = one(".dots");
  if (dots && tightest && tightest.limit <= 10) {
    dots.textContent = "";
    for (let number = 0; number < tightest.limit; number += 1) {
      const dot = document.createElement("i");
      if (number < tightest.left) dot.className = "on";
      dots.appendChild(dot);
    }
  }
  page.leftRenewsAt = tightest ? tightest.renews_at : "";
  page.renewsAt = remaining.limits.map((limit) => limit.renews_at).sort()[0] || "";
}

/** Asks the voter to confirm, once: who said "not now" finds it among the own data. */
function showConfirmation(asked: Confirmation | null): void {
  const panel = one("#confirm");
  if (!panel) return;
  const isLater = Boolean(remember<string>("confirm-later")) && location.hash !== "#confirm";
  panel.hidden = !asked || asked.state !== "asked" || (isLater && !asked.required);
  if (!asked) return;
  all("#confirm [data-confirms]").forEach((way) => { way.hidden = !asked.by.includes(way.dataset.confirms || ""); });
  show("#confirm .why", !asked.required);
  show("#confirm .required", asked.required);
  const code = one("#confirm .own-code");
  const until = one("#confirm .until");
  const cast = one("#confirm .cast-at");
  show("#confirm .which", Boolean(asked.cast_at));
  if (cast && asked.cast_at) put(cast, clock(asked.cast_at));
  if (code) put(code, asked.code);
  if (until) put(until, clock(asked.until));
}

/** The notice in force now: this page may be from before it began. */
function showAnnouncement(announcement: Own["announcement"]): void {
  const place = one("#announcement");
  if (!place) return;
  place.hidden = !announcement;
  place.dataset.until = announcement ? announcement.until : "";
  if (!announcement) return;
  (["text", "span"] as const).forEach((part) => {
    const line = place.querySelector<HTMLElement>(`.${part}`);
    if (line) put(line, announcement[part]);
  });
}

function endAnnouncement(): void {
  const place = one("#announcement");
  if (place && place.dataset.until && Date.parse(place.dataset.until) <= now()) showAnnouncement(null);
}

/** The tally follows a ballot within a second, where it is shown live. */
async function showTalliesSoon(): Promise<void> {
  if (page.shown !== "yes") return;
  for (const milliseconds of [500, 1000, 2500]) {
    await pause(milliseconds);
    await showTallies().catch(() => undefined);
  }
}

async function showTallies(): Promise<void> {
  const tallies = await call<Tallies>("GET", `${base}/tallies`);
  const byEntry = new Map(tallies.tallies.map((row) => [row.entry, row] as [string, typeof row]));
  all("[data-entry]").forEach((card) => {
    const row = byEntry.get(card.dataset.entry || "");
    if (!row) return;
    const picks = card.querySelector(".picks b");
    const rank = card.querySelector(".rank");
    if (picks) picks.textContent = row.picks.toLocaleString("en-US");
    if (rank) rank.textContent = row.picks ? fill(rank.getAttribute("data-form") || "{}", row.rank) : "";
  });
}

function showPhase(): void {
  const place = one("#phase");
  if (place && place.dataset.phase !== page.phase) {
    place.dataset.phase = page.phase;
    place.textContent = words[`phase_${page.phase}`] || "";
    say("");
  }
  const ended = one("#ended");
  if (ended && page.phase !== "open") put(ended, words[`phase_${page.phase}`] || "");
  show("#ended", page.phase !== "open");
  show("#paused", page.phase === "paused");
  show("#closed", page.phase === "closed");
  show("#quota", page.phase === "open");
  show("#until", page.phase !== "closed" && page.phase !== "none");
  const countdown = one("#countdown");
  if (countdown && page.phase !== "not_open") countdown.dataset.until = page.closesAt;
}

function showButtons(): void {
  all("[data-entry]").forEach((card) => {
    const button = card.querySelector<HTMLButtonElement>("button.vote");
    if (button) showButton(button, card.dataset.entry || "");
  });
  if (!single) showBasket();
}

function showButton(button: HTMLButtonElement, code: string): void {
  const picked = chosen.has(code);
  if (single && showTold(button, [code])) return;
  const [text, why] = standing(code, picked);
  button.classList.toggle("done", picked || hasVoted(code));
  button.setAttribute("aria-disabled", String(Boolean(why)));
  button.dataset.why = why;
  label(button, text, `${code} ${button.dataset.title || ""}`);
  if (!single) button.setAttribute("aria-pressed", String(picked));
}

/** What an entry's button says, and why it cannot be pressed; empty if it can. */
function standing(code: string, picked: boolean): [string, string] {
  const again = (word: string, renewsAt: string | undefined): string =>
    renewsAt && Date.parse(renewsAt) < Date.parse(page.closesAt || "")
      ? fill(words[word], clock(renewsAt))
      : words[`${word}_never`] || "";
  if (page.phase !== "open") return [words[`phase_${page.phase}`] || "", words[`phase_${page.phase}`] || "-"];
  const voted = votedUntil(code);
  if (voted) return [words.voted || "", again("why_entry", voted)];
  if (picked) return [words.chosen_remove || "", ""];
  if (page.left === "0") return [words.full || "", again("why_full", page.leftRenewsAt)];
  if (!single && chosen.size >= most) return [words.choose || "", fill(words.basket_full, most)];
  return [(single ? words.vote : words.choose) || "", ""];
}

function label(button: HTMLElement, text: string, about: string): void {
  put(button, text);
  button.setAttribute("aria-label", `${text}${isEnglish ? ": " : "："}${about}`);
}

/** Shows what is told of the ballot on its button and beneath it; false where there is nothing to tell. */
function showTold(button: HTMLButtonElement, picks: string[]): boolean {
  const now = told.get(nameOf(picks));
  const state = now ? now.state : ballots.outcome(picks) || "";
  const seconds = now && "seconds" in now ? now.seconds : 0;
  const place = button.closest("[data-entry], #ballot");
  const line = place && place.querySelector<HTMLElement>(".told");
  button.dataset.told = state;
  if (line) put(line, words[`${state}_line`] || "");
  if (!state) return false;
  button.setAttribute("aria-disabled", String(state !== "unknown"));
  button.dataset.why = "";
  button.classList.remove("done");
  label(button, fill(words[state], seconds), `${picks.join(" ")} ${button.dataset.title || ""}`);
  return true;
}

/** A line that is read out when it changes must not be written again with the same words. */
function put(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}

function fill(text: string | undefined, ...values: (number | string)[]): string {
  return values.reduce<string>((filled, value) => filled.replace("{}", String(value)), text || "{}");
}

/** A moment as the contest's clock shows it: its offset is in the text. */
function clock(moment: string): string {
  const [month, day, hour, minute] = [5, 8, 11, 14].map((start) => moment.slice(start, start + 2));
  return isEnglish ? `${month}-${day} ${hour}:${minute}` : `${Number(month)}月${Number(day)}日 ${Number(hour)}:${minute}`;
}

// --- the ballot of several picks --------------------------------------------------------------------------------------

function showBasket(): void {
  const bar = one("#ballot");
  const submit = bar && bar.querySelector<HTMLButtonElement>(".submit");
  const send = one("#basket .send");
  if (!bar || !submit || !send) return;
  const count = bar.querySelector<HTMLElement>("b");
  if (count) put(count, `${chosen.size} / ${least === most ? most : `${least}–${most}`}`);
  const missing = one("#missing");
  if (missing) put(missing, chosen.size < least ? fill(words.missing, least - chosen.size) : "");
  const list = one("#basket ul");
  if (list) {
    list.textContent = "";
    chosen.forEach((title, code) => list.appendChild(basketRow(code, title)));
  }
  const ready = chosen.size >= least && chosen.size <= most && page.phase === "open";
  send.setAttribute("aria-disabled", String(!ready));
  if (showTold(submit, Array.from(chosen.keys()))) return;
  submit.setAttribute("aria-disabled", String(!ready));
  submit.dataset.why = ready ? "" : fill(words.missing, least - chosen.size);
  put(submit, (page.phase === "open" ? words.submit_ballot : words[`phase_${page.phase}`]) || "");
  submit.removeAttribute("aria-label");
}

function basketRow(code: string, title: string): HTMLElement {
  const row = document.createElement("li");
  const name = document.createElement("span");
  const remove = document.createElement("button");
  name.textContent = `${code} ${title}`;
  remove.className = "plain";
  remove.dataset.remove = code;
  label(remove, words.remove || "", `${code} ${title}`);
  row.append(name, remove);
  return row;
}

// --- the time -----------------------------------------------------------------------------------------------------------

let spokenMinutes = Infinity;

function showCountdown(): void {
  endAnnouncement();
  const place = one("#countdown");
  const until = page.phase === "not_open" ? place && place.dataset.until : page.closesAt;
  const seconds = Math.max(0, Math.round((Date.parse(until || "") - now()) / 1000));
  if (place) put(place, timeLeft(seconds));
  if (page.phase === "open") {
    if (place) place.classList.toggle("last-hour", seconds < 3600);
    const minutes = [1, 10, 60].find((mark) => seconds <= mark * 60) || Infinity;
    const spoken = one("#spoken");
    if (spoken && minutes < spokenMinutes && seconds > 0) put(spoken, fill(words.minutes_left, minutes));
    spokenMinutes = minutes;
  }
  // The window has just opened or closed: the server says how the contest stands now.
  const isOver = seconds === 0 && (page.phase === "open" || page.phase === "not_open");
  if (isOver) window.setTimeout(() => void refresh().then(showCountdown), 1000 + Math.random() * 2000);
  else window.setTimeout(showCountdown, 1000);
}

function timeLeft(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  if (hours >= 24) return fill(words.days_hours, Math.floor(hours / 24), hours % 24);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  return `${hours}:${parts.join(":")}`;
}

/** At midnight the day's picks are there again: a page left open must not say that none are left. */
function refreshWhenRenewed(): void {
  const renewals = [page.renewsAt, page.entryRenewsAt].map((renewal) => Date.parse(renewal || ""));
  const isDue = page.phase === "open" && !ballots.busy && renewals.some((renewal) => renewal <= now());
  const again = (): void => void window.setTimeout(refreshWhenRenewed, 5000 + Math.random() * 5000);
  if (isDue) void refresh().then(again);
  else again();
}

// --- what this browser remembers: which entries were voted for; the server tells nobody --------------------------------

function remember<T>(name: string): T | null {
  const kept = readLocal(`${contest}:${name}`);
  try {
    return (kept === null ? memory.get(name) || null : JSON.parse(kept)) as T | null;
  } catch (error) {
    return null;
  }
}

function keep(name: string, value: unknown): void {
  memory.set(name, value);
  writeLocal(`${contest}:${name}`, JSON.stringify(value));
}

function readChosen(): Map<string, string> {
  return new Map(single ? [] : remember<[string, string][]>("chosen") || []);
}

function keepChosen(): void {
  keep("chosen", Array.from(chosen));
}

function markVoted(code: string, until: string): void {
  if (!page.entryRenewsAt) return;
  const voted = remember<Record<string, string>>("voted") || {};
  voted[code] = until;
  keep("voted", voted);
}

/** Until when this entry cannot be voted for again; empty if it can. */
function votedUntil(code: string): string {
  const until = (remember<Record<string, string>>("voted") || {})[code];
  return until && Date.parse(until) > now() ? until : "";
}

function hasVoted(code: string): boolean {
  return votedUntil(code) !== "";
}

interface Pressed {
  entries: string[];
  /** Of the page on which it was pressed: the voter read that one, not the one that casts the ballot. */
  ticket: string | undefined;
}

/** For this tab and this visit alone. */
function keepPressed(pressed: Pressed | null): void {
  try {
    if (pressed) sessionStorage.setItem(`${contest}:pressed`, JSON.stringify(pressed));
    else sessionStorage.removeItem(`${contest}:pressed`);
  } catch (error) {
    // Without storage the voter presses again.
  }
}

function takePressed(): Pressed | null {
  try {
    const kept = sessionStorage.getItem(`${contest}:pressed`);
    keepPressed(null);
    return kept === null ? null : (JSON.parse(kept) as Pressed);
  } catch (error) {
    return null;
  }
}

// --- begin ------------------------------------------------------------------------------------------------------------

function press(button: HTMLElement, code: string): void {
  if (button.getAttribute("aria-disabled") === "true") {
    if (button.dataset.why) say(button.dataset.why);
    return;
  }
  if (single) {
    void vote([code]);
    return;
  }
  // What was sent cannot be changed before it is known whether it was recorded.
  if (!isSent()) {
    if (!chosen.delete(code)) chosen.set(code, button.dataset.title || "");
    keepChosen();
    say("");
    showButtons();
  }
}

/** Puts the player of another site in the place of the cover; nothing is asked of that site before. */
function play(button: HTMLElement, address: string): void {
  const frame = document.createElement("iframe");
  frame.title = button.dataset.title || "";
  frame.allowFullscreen = true;
  frame.setAttribute("allow", "fullscreen; encrypted-media; picture-in-picture");
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-presentation");
  frame.src = address;
  if (button.parentElement) button.parentElement.replaceChild(frame, button);
  frame.focus();
}

function isSent(): boolean {
  const sent = Array.from(chosen.keys());
  return told.has(nameOf(sent)) || ballots.outcome(sent) !== null;
}

/** Shows the whole ballot before it is cast; one that was sent is only sent again. */
function submit(button: HTMLElement): void {
  if (ballots.outcome(Array.from(chosen.keys())) === "unknown") void vote(Array.from(chosen.keys()));
  else if (button.getAttribute("aria-disabled") === "true") say(button.dataset.why);
  else openSheet("basket");
}

document.addEventListener("click", (event) => {
  const target = (event.target as HTMLElement).closest<HTMLElement>("button, a");
  if (!target) return;
  const card = target.closest<HTMLElement>("[data-entry]");
  if (target.matches("button.vote") && card) press(target, card.dataset.entry || "");
  else if (target.matches("#ballot .submit")) submit(target);
  else if (target.matches("#ballot .view")) openSheet("basket");
  else if (target.matches("#basket .send") && target.getAttribute("aria-disabled") !== "true") {
    closeSheet();
    void vote(Array.from(chosen.keys()));
  } else if (target.dataset.remove && !isSent()) {
    chosen.delete(target.dataset.remove);
    keepChosen();
    showButtons();
  } else if (target.matches("#confirm .later")) {
    keep("confirm-later", "yes");
    show("#confirm", false);
  } else if (target.matches("#said a")) {
    event.preventDefault();
    openSheet("receipt");
  } else if (target.matches("#receipt .copy")) {
    const code = one("#receipt code");
    void copyText((code && code.textContent) || "").then((done) => done && put(target, words.copied || ""));
  } else if (target.matches("#video-failed .again")) {
    const video = one("video") as HTMLVideoElement | null;
    show("#video-failed", false);
    if (video) video.load();
  } else if (target.matches(".copy-link")) {
    event.preventDefault();
    void copyText((target as HTMLAnchorElement).href).then((done) => done && put(target, words.copied || ""));
  } else if (target.dataset.player) {
    play(target, target.dataset.player);
  } else if (target.matches("a.back") && document.referrer.startsWith(`${location.origin}/c/${contest}`) && history.length > 1) {
    // Back to the same place of the same list.
    event.preventDefault();
    history.back();
  }
});

// Another tab has voted, or this page comes back from the browser's memory.
addEventListener("storage", (event) => {
  const prefix = `${contest}:`;
  if (event.key && event.key.startsWith(prefix)) ballots.onStored(event.key.slice(prefix.length), event.newValue);
  chosen = readChosen();
  showButtons();
  void refresh();
});
addEventListener("pageshow", (event) => void (event.persisted && refresh()));
addEventListener("online", () => {
  show("#offline", false);
  void refresh();
});
addEventListener("offline", () => show("#offline", true));
// What fails to load tells nobody but itself.
document.addEventListener("error", (event) => {
  if ((event.target as HTMLElement).matches("video, source")) show("#video-failed", true);
}, true);
// A phone that was put away comes back to a page that is minutes old.
let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = Date.now();
  else if (hiddenAt && Date.now() - hiddenAt > AWAY_MILLISECONDS) void refresh();
});
document.addEventListener("proof", (event) => say((event as CustomEvent<string>).detail, "bad"));

async function poll(): Promise<void> {
  if (!document.hidden && page.shown === "yes") await showTallies().catch(() => undefined);
  window.setTimeout(poll, POLL_SECONDS * 1000 * (0.75 + Math.random() / 2));
}

const sayWord = (word: string, bad: boolean): void => say(words[word] || words.failed, bad ? "bad" : "sent");
phoneForm("#phone", `${base}/voters/phone-codes`, `${base}/voters`, () => location.reload(), sayWord);
phoneForm("#confirm-phone", `${base}/me/confirmation/phone-codes`, `${base}/me/confirmation`, () => {
  show("#confirm", false);
  sayWord("confirmed", false);
}, sayWord);
const tab = one(".tabs [aria-current]");
if (tab && tab.parentElement) tab.parentElement.scrollLeft = tab.offsetLeft - 16;
showButtons();
void ownPart.then(() => {
  showCountdown();
  refreshWhenRenewed();
  if (page.known === "yes") void sendConsent(base, notice, store);
  const pressed = takePressed();
  if (pressed && page.known === "yes" && page.phase === "open") {
    page.ticket = pressed.ticket;
    void vote(pressed.entries);
  }
});
window.setTimeout(poll, POLL_SECONDS * 1000);

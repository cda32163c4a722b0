// The voter's page: proves to be no script, casts ballots, shows the quota and the tally. It works on what the server
// has rendered; without it the entries can still be read.
import { call, once, pause, Problem, Recorded, Remaining, Tallies } from "./api";
import { Ballots, nameOf, Told } from "./ballots";
import { agrees, sendConsent } from "./consent";
import { phoneForm } from "./sign_in";
import { readLocal, storeOf, writeLocal } from "./store";

const page = document.body.dataset;
const contest = page.contest || "";
const words: Record<string, string> = JSON.parse(page.words || "{}");
const base = `/api/v1/contests/${contest}`;
const least = Number(page.least || 1);
const most = Number(page.most || 1);
const single = least === 1;
const clockOffset = Date.parse(page.serverTime || "") - Date.now();
const store = storeOf(contest);
const notice = page.notice || "";
const POLL_SECONDS = Number(page.poll || 15);

const now = (): number => Date.now() + clockOffset;
const all = (selector: string): HTMLElement[] => Array.from(document.querySelectorAll<HTMLElement>(selector));
const one = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);
// What localStorage would keep, where there is none.
const memory = new Map<string, unknown>();
// A ballot of many picks is put together over several pages.
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
  if (told.has(name) || !(await agrees(notice, store))) return;
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
  else if (last.state === "refused") showRefusal(last.problem);
  showButtons();
}

async function showRecorded(entries: string[], recorded: Recorded, until: string, late: boolean): Promise<void> {
  if (until) entries.forEach((code) => markVoted(code, until));
  chosen.clear();
  keep("chosen", []);
  showReceipt(recorded);
  // The answer to an earlier attempt holds what was left then.
  if (late) await refresh();
  else showRemaining(recorded.remaining);
  const left = page.left ? ` ${fill(words.votes_left, page.left)}` : "";
  const thanks = late ? fill(words.recorded_at, recorded.recorded_at.slice(0, 16).replace("T", " ")) : words.thanks;
  say(`${thanks}${left}`, "good");
  void showTalliesSoon();
}

function showRefusal(problem: Problem): void {
  if (problem.remaining) showRemaining(problem.remaining);
  say(words[problem.code] || words.failed, "bad");
}

/** What is left, from the service: this page may be older than the last ballot. */
async function refresh(): Promise<void> {
  const own = page.known === "yes" && (await call<{ remaining: Remaining }>("GET", `${base}/me`).catch(() => null));
  if (own) showRemaining(own.remaining);
  showButtons();
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

function say(text: string | undefined, tone = ""): void {
  const toast = one("#toast");
  if (!toast) return;
  toast.textContent = text || "";
  toast.className = `toast ${text ? "shown" : ""} ${tone}`;
  window.clearTimeout(Number(toast.dataset.timer));
  if (tone) toast.dataset.timer = String(window.setTimeout(() => say(""), 5000));
}

function showRemaining(remaining: Remaining): void {
  const place = one("#left");
  if (place && remaining.picks !== null) place.textContent = String(remaining.picks);
  document.body.dataset.left = remaining.picks === null ? "" : String(remaining.picks);
  const renewals = remaining.limits.map((limit) => limit.renews_at).sort();
  page.renewsAt = renewals[0] || page.renewsAt;
}

function showReceipt(recorded: Recorded): void {
  const place = one("#receipt");
  if (!place) return;
  place.hidden = false;
  const text = place.querySelector("code");
  if (text) text.textContent = recorded.receipt;
  const proof = place.querySelector("a");
  if (!proof || !recorded.log) return;
  // It is there a second or two later, before anybody has read the receipt.
  proof.href = `/log/${contest}/proof/${recorded.log.batch}/${recorded.log.place}`;
  proof.hidden = false;
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

function showButtons(): void {
  all("[data-entry]").forEach((card) => {
    const button = card.querySelector<HTMLButtonElement>("button.vote");
    if (button) showButton(button, card.dataset.entry || "");
  });
  const bar = one("#ballot");
  const submit = bar && bar.querySelector<HTMLButtonElement>("button");
  if (!bar || !submit) return;
  const count = bar.querySelector("b");
  if (count) count.textContent = `${chosen.size} / ${least === most ? most : `${least}–${most}`}`;
  if (showTold(submit, Array.from(chosen))) return;
  submit.disabled = chosen.size < least || chosen.size > most || page.phase !== "open";
  submit.textContent = words.submit_ballot || "";
}

function showButton(button: HTMLButtonElement, code: string): void {
  const picked = chosen.has(code);
  if (single && showTold(button, [code])) return;
  const done = hasVoted(code);
  button.disabled = page.phase !== "open" || done || (page.left === "0" && !picked);
  button.textContent = (done ? words.voted : single ? words.vote : picked ? words.chosen : words.choose) || "";
  button.setAttribute("aria-pressed", String(picked));
}

/** Shows what is told of the ballot on its button and beneath it; false where there is nothing to tell. */
function showTold(button: HTMLButtonElement, picks: string[]): boolean {
  const now = told.get(nameOf(picks));
  const state = now ? now.state : ballots.outcome(picks) || "";
  const seconds = now && "seconds" in now ? now.seconds : 0;
  const place = button.closest("[data-entry], #ballot");
  const line = place && place.querySelector<HTMLElement>(".told");
  button.dataset.told = state;
  button.setAttribute("aria-disabled", String(Boolean(state) && state !== "unknown"));
  if (line) put(line, words[`${state}_line`] || "");
  if (!state) return false;
  button.disabled = false;
  button.textContent = fill(words[state], seconds);
  return true;
}

/** A line that is read out when it changes must not be written again with the same words. */
function put(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}

function showCountdown(): void {
  const place = one("#countdown");
  if (!place || !place.dataset.until) return;
  const seconds = Math.max(0, Math.round((Date.parse(place.dataset.until) - now()) / 1000));
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const days = Math.floor(seconds / 86400);
  place.textContent = (days ? `${days} ${words.days} ` : "") + clock.map((part) => String(part).padStart(2, "0")).join(":");
  // The window has just opened or closed: the server says how the contest stands now.
  if (seconds === 0 && !ballots.busy) window.setTimeout(() => location.reload(), 1000 + Math.random() * 4000);
  else window.setTimeout(showCountdown, 1000);
}

/** At midnight the day's picks are there again: a page left open must not say that none are left. */
function reloadWhenRenewed(): void {
  if (page.phase === "open" && page.renewsAt && Date.parse(page.renewsAt) <= now() && !ballots.busy) location.reload();
  else window.setTimeout(reloadWhenRenewed, 5000 + Math.random() * 5000);
}

function fill(text: string | undefined, value: number | string): string {
  return (text || "{}").replace("{}", String(value));
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

function readChosen(): Set<string> {
  return new Set(single ? [] : remember<string[]>("chosen") || []);
}

function markVoted(code: string, until: string): void {
  if (!page.entryRenewsAt) return;
  const voted = remember<Record<string, string>>("voted") || {};
  voted[code] = until;
  keep("voted", voted);
}

function hasVoted(code: string): boolean {
  const until = (remember<Record<string, string>>("voted") || {})[code];
  return Boolean(until && Date.parse(until) > now());
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

function press(code: string): void {
  if (single) {
    void vote([code]);
    return;
  }
  // What was sent cannot be changed before it is known whether it was recorded.
  const sent = Array.from(chosen);
  if (told.has(nameOf(sent)) || ballots.outcome(sent)) return;
  if (chosen.has(code)) chosen.delete(code);
  else if (chosen.size < most) chosen.add(code);
  keep("chosen", Array.from(chosen));
  showButtons();
}

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  const card = target.closest<HTMLElement>("[data-entry]");
  if (target.matches("button.vote") && card) press(card.dataset.entry || "");
  if (target.matches("#ballot button")) void vote(Array.from(chosen));
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

async function poll(): Promise<void> {
  if (!document.hidden && page.shown === "yes") await showTallies().catch(() => undefined);
  window.setTimeout(poll, POLL_SECONDS * 1000 * (0.75 + Math.random() / 2));
}

phoneForm(base, () => location.reload(), (word, bad) => say(words[word] || words.failed, bad ? "bad" : "good"));
showButtons();
showCountdown();
reloadWhenRenewed();
window.setTimeout(poll, POLL_SECONDS * 1000);
if (page.known === "yes") void sendConsent(base, notice, store);
const pressed = takePressed();
if (pressed && page.known === "yes" && page.phase === "open") {
  page.ticket = pressed.ticket;
  void vote(pressed.entries);
}

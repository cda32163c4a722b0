// The voter's page: proves to be no script, casts ballots, shows the quota and the tally. It works on what the server
// has rendered; without it the entries can still be read.
import { call, pause, Problem, Recorded, Remaining, Tallies } from "./api";

const page = document.body.dataset;
const contest = page.contest || "";
const words: Record<string, string> = JSON.parse(page.words || "{}");
const base = `/api/v1/contests/${contest}`;
const least = Number(page.least || 1);
const most = Number(page.most || 1);
const single = least === 1;
const clockOffset = Date.parse(page.serverTime || "") - Date.now();
const POLL_SECONDS = Number(page.poll || 15);

const now = (): number => Date.now() + clockOffset;
const all = (selector: string): HTMLElement[] => Array.from(document.querySelectorAll<HTMLElement>(selector));
const one = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);
// A ballot of many picks is put together over several pages.
const chosen = new Set<string>(single ? [] : remember<string[]>("chosen") || []);
let busy = false;

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
  if (!window.crypto || !crypto.subtle) throw new Problem({ code: "insecure" });
  say(words.verifying);
  let challenge = await call<unknown>("POST", `${base}/challenges`);
  for (let attempt = 0; ; attempt += 1) {
    try {
      await call("POST", `${base}/voters`, { challenge: await solve(challenge) });
      page.known = "yes";
      return;
    } catch (error) {
      // Its answer was lost and the challenge is spent: another one comes with the refusal.
      if (!(error instanceof Problem) || error.code !== "challenge_required" || attempt === 2) throw error;
      challenge = error.challenge;
    }
  }
}

// --- casting --------------------------------------------------------------------------------------------------------

interface Pending {
  entries: string[];
  key: string;
  at: number;
}

const PENDING_MILLISECONDS = 600000;

/** The key of a ballot whose answer never came is kept for a while, so that pressing again cannot count twice; on
 * another day the same entry is another ballot. */
function pendingKey(entries: string[]): string {
  const kept = remember<Pending>("pending");
  if (kept && kept.entries.join() === entries.join() && now() - kept.at < PENDING_MILLISECONDS) return kept.key;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  keep("pending", { entries, key, at: now() });
  return key;
}

async function send(entries: string[], challenge?: string): Promise<Recorded> {
  const body = { entries, ticket: page.ticket, client: clientFacts(), challenge };
  return call<Recorded>("POST", `${base}/ballots`, body, { "Idempotency-Key": pendingKey(entries) });
}

async function cast(entries: string[]): Promise<Recorded> {
  if (page.known !== "yes") await register();
  say(words.casting);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send(entries);
    } catch (error) {
      if (!(error instanceof Problem) || attempt === 2) throw error;
      if (error.code === "credential_missing" || error.code === "credential_invalid") await register();
      else if (error.code === "challenge_required") return send(entries, await solve(error.challenge));
      else throw error;
    }
  }
}

async function vote(entries: string[]): Promise<void> {
  if (busy) return;
  busy = true;
  document.body.classList.add("busy");
  try {
    const recorded = await cast(entries);
    keep("pending", null);
    entries.forEach(markVoted);
    chosen.clear();
    keep("chosen", []);
    showRemaining(recorded.remaining);
    say(recorded.remaining.picks === null ? words.thanks : `${words.thanks} ${fill(words.votes_left, recorded.remaining.picks)}`, "good");
    showReceipt(recorded);
    void showTalliesSoon();
  } catch (error) {
    const code = error instanceof Problem ? error.code : "failed";
    if (code !== "try_again") keep("pending", null);
    if (error instanceof Problem && error.remaining) showRemaining(error.remaining);
    say(words[code] || words.failed, "bad");
  } finally {
    busy = false;
    document.body.classList.remove("busy");
    showButtons();
  }
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
  const spent = document.body.dataset.left === "0";
  all("[data-entry]").forEach((card) => {
    const code = card.dataset.entry || "";
    const button = card.querySelector<HTMLButtonElement>("button.vote");
    if (!button) return;
    const done = hasVoted(code);
    const picked = chosen.has(code);
    button.disabled = page.phase !== "open" || done || (spent && !picked);
    button.textContent = (done ? words.voted : single ? words.vote : picked ? words.chosen : words.choose) || "";
    button.setAttribute("aria-pressed", String(picked));
  });
  const bar = one("#ballot");
  if (!bar) return;
  const submit = bar.querySelector<HTMLButtonElement>("button");
  const count = bar.querySelector("b");
  if (count) count.textContent = `${chosen.size} / ${least === most ? most : `${least}–${most}`}`;
  if (submit) submit.disabled = chosen.size < least || chosen.size > most || page.phase !== "open";
}

function showCountdown(): void {
  const place = one("#countdown");
  if (!place || !place.dataset.until) return;
  const seconds = Math.max(0, Math.round((Date.parse(place.dataset.until) - now()) / 1000));
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const days = Math.floor(seconds / 86400);
  place.textContent = (days ? `${days} ${words.days} ` : "") + clock.map((part) => String(part).padStart(2, "0")).join(":");
  // The window has just opened or closed: the server says how the contest stands now.
  if (seconds === 0 && !busy) window.setTimeout(() => location.reload(), 1000 + Math.random() * 4000);
  else window.setTimeout(showCountdown, 1000);
}

/** At midnight the day's picks are there again: a page left open must not say that none are left. */
function reloadWhenRenewed(): void {
  if (page.phase === "open" && page.renewsAt && Date.parse(page.renewsAt) <= now() && !busy) location.reload();
  else window.setTimeout(reloadWhenRenewed, 5000 + Math.random() * 5000);
}

function fill(text: string | undefined, value: number): string {
  return (text || "{}").replace("{}", String(value));
}

// --- what this browser remembers: which entries were voted for; the server tells nobody --------------------------------

function remember<T>(name: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(`${contest}:${name}`) || "null") as T | null;
  } catch (error) {
    return null;
  }
}

function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(`${contest}:${name}`, JSON.stringify(value));
  } catch (error) {
    // A private window without storage: the page works, it only forgets.
  }
}

function markVoted(code: string): void {
  if (!page.entryRenewsAt) return;
  const voted = remember<Record<string, string>>("voted") || {};
  voted[code] = page.entryRenewsAt;
  keep("voted", voted);
}

function hasVoted(code: string): boolean {
  const until = (remember<Record<string, string>>("voted") || {})[code];
  return Boolean(until && Date.parse(until) > now());
}

// --- begin ------------------------------------------------------------------------------------------------------------

function press(code: string): void {
  if (single) {
    void vote([code]);
    return;
  }
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

async function poll(): Promise<void> {
  if (!document.hidden && page.shown === "yes") await showTallies().catch(() => undefined);
  window.setTimeout(poll, POLL_SECONDS * 1000 * (0.75 + Math.random() / 2));
}

showButtons();
showCountdown();
reloadWhenRenewed();
window.setTimeout(poll, POLL_SECONDS * 1000);

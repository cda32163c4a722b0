// Fetches the proofs that the ballots on this page are in the public log, checks them on this device, keeps them in it,
// and offers them as files. Loaded after a vote, and on the page of own ballots.
import { call, pause, Problem } from "./api";
import { checkProof, ProofWrong, Proven, Verify } from "./log_proof";
import { readLocal, storeOf, writeLocal } from "./store";

const page = document.body.dataset;
const contest = page.contest || "";
const words: Record<string, string> = JSON.parse(page.words || "{}");
const store = storeOf(contest);
// Seconds until each attempt: the log has the ballot after a second or two, and promises it within a minute. Chance
// spreads the voters of a rush.
const ATTEMPTS = [5, 10, 20, 40];

/** What this browser keeps of a ballot, so that nobody can deny it later. `vkey`: the log's key then. */
interface Kept {
  receipt: string;
  proof: string;
  vkey: string;
}

// Proofs are checked one after another, so that the key of the first is known when the next is checked.
let lastCheck: Promise<unknown> = Promise.resolve();

async function show(place: HTMLElement): Promise<void> {
  const { proof: path = "", receipt = "" } = place.dataset;
  if (!path || place.dataset.begun === path) return;
  place.dataset.begun = path;
  // The next ballot's receipt may stand here by the time that there is something to say.
  const say = (state: string, text = words[`proof_${state}`]): void => {
    const line = place.querySelector("[role=status]");
    if (!line || place.dataset.proof !== path) return;
    line.textContent = text || "";
    place.dataset.state = state;
  };
  say("waits");
  try {
    const kept = JSON.parse(readLocal(`${contest}:${path}`) || "{}") as Partial<Kept>;
    const isNew = place.closest("#receipt") !== null;
    const proof = kept.proof || (await fetchProof(path, isNew));
    offer(place, path, proof);
    const checking = lastCheck.then(() => check(receipt, proof, kept.vkey));
    lastCheck = checking.catch(() => undefined);
    const { index, vkey } = await checking;
    writeLocal(`${contest}:${path}`, JSON.stringify({ receipt, proof, vkey }));
    say("checked", (words.proof_checked || "").replace("{}", String(index)));
  } catch (error) {
    const state = stateOf(error);
    say(state);
    // The voter must know this even without looking at the receipt.
    if (error instanceof ProofWrong) document.dispatchEvent(new CustomEvent("proof", { detail: words[`proof_${state}`] }));
  }
}

function stateOf(error: unknown): string {
  if (error instanceof ProofWrong) return error.code === "unsigned" ? "key" : "wrong";
  if (error instanceof Problem) return error.code === "not_yet" ? "absent" : "away";
  return "uncheckable";
}

/** The proof as the service gives it. Throws a Problem. */
async function fetchProof(path: string, isNew: boolean): Promise<string> {
  let problem = new Problem({});
  for (const [attempt, seconds] of ATTEMPTS.entries()) {
    if (isNew || attempt > 0) await pause(seconds * 1000 * (1 + Math.random()));
    const answer = await fetch(path, { cache: "no-cache" }).catch(() => null);
    if (answer && answer.ok) return answer.text();
    problem = new Problem((answer && (await answer.json().catch(() => null))) || {});
  }
  throw problem;
}

/** Checks a proof with the key that it was kept with, or the log's; returns that key, too. */
async function check(receipt: string, text: string, keptWith?: string): Promise<Proven & { vkey: string }> {
  // A log may have changed its key since.
  if (keptWith) return { ...(await checkProof(keptWith, receipt, text, verify)), vkey: keptWith };
  // The key of a browser's first proof is the one that all later ones must have.
  const known = store.get("log_key");
  const vkey = known || (await call<{ vkey: string }>("GET", `/log/${contest}/log.json`)).vkey;
  const proven = await checkProof(vkey, receipt, text, verify);
  if (!known) store.set("log_key", vkey);
  // While a log changes its key both sign: the one that is known vouches for the new one.
  if (known && proven.signatures > 1) {
    const { vkey: newest } = await call<{ vkey: string }>("GET", `/log/${contest}/log.json`);
    await checkProof(newest, receipt, text, verify);
    store.set("log_key", newest);
  }
  return { ...proven, vkey };
}

const verify: Verify = async (key, signature, message) => {
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch (error) {
    return verifyInWorker(key, signature, message);
  }
};

/** For browsers without Ed25519: Chrome before 137, Safari before 17, Firefox before 129. */
const verifyInWorker: Verify = (key, signature, message) =>
  new Promise((done, fail) => {
    const worker = new Worker(page.ed25519 || "");
    worker.onmessage = (event) => {
      worker.terminate();
      done(event.data);
    };
    worker.onerror = fail;
    worker.postMessage([key, signature, message]);
  });

/** A link that saves what was fetched. */
function offer(place: HTMLElement, path: string, text: string): void {
  const link = place.querySelector("a");
  if (!link || place.dataset.proof !== path) return;
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = `${path.split("/").filter(Boolean).slice(1).join("-")}.tlog-proof`;
  link.hidden = false;
}

function showAll(): void {
  for (const place of Array.from(document.querySelectorAll<HTMLElement>("[data-proof]"))) void show(place);
}

document.addEventListener("receipt", showAll);
showAll();

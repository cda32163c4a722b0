// Browsers of voters without a DOM: the page's own module against the real service. One command a line comes in as
// JSON, and its answer goes out with the same id. Waiting takes a thousandth of its time.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Ballots, once } = await import(pathToFileURL(process.argv[2]));
const browsers = new Map();

class Browser {
  constructor({ url, contest, cookie, tokens, storage, events, locks }) {
    Object.assign(this, { url, contest, cookie, tokens, events, locks, kept: storage ? new Map() : null });
    this.token = tokens.shift();
    this.offset = 0;
    this.online = true;
    this.lock = Promise.resolve();
    this.tabs = [];
  }

  open(tab) {
    this.tabs[tab] = new Ballots({
      store: {
        get: (name) => (this.kept && this.kept.get(name)) || null,
        set: (name, value) => this.set(tab, name, value),
      },
      alone: (work) => (this.locks ? (this.lock = this.lock.then(work)) : Promise.resolve(work())),
      hasCredential: () => this.token !== "",
      register: async () => void (this.token = this.tokens.shift()),
      solve: async () => "",
      post: (entries, key) => once("POST", `${this.url}/api/v1/contests/${this.contest}/ballots`, { entries }, this.headers(key)),
      isOnline: () => this.online,
      untilOnline: async () => void (this.online = true),
      wait: (milliseconds) => this.pass(milliseconds),
      now: () => Date.now() + this.offset,
      renewsAt: () => new Date(Date.now() + this.offset + 3600000).toISOString(),
    });
  }

  set(tab, name, value) {
    if (!this.kept) return;
    if (value === null) this.kept.delete(name);
    else this.kept.set(name, value);
    // localStorage has events for the other tabs, cookies have none.
    if (this.events) this.tabs.forEach((other, number) => number === tab || other.onStored(name, value));
  }

  headers(key) {
    const cookie = this.token ? { Cookie: `${this.cookie}=${this.token}` } : {};
    return { "Idempotency-Key": key, ...cookie };
  }

  async pass(milliseconds) {
    this.offset += milliseconds;
    await new Promise((done) => setTimeout(done, Math.min(50, milliseconds / 1000)));
  }

  async press({ tab, picks }) {
    const states = [];
    // As the page does when it shows its buttons.
    const shown = this.tabs[tab].outcome(picks);
    const { state, recorded, problem } = await this.tabs[tab].cast(picks, (told) => states.push(told.state));
    return { state, states, repeats: shown === "unknown", receipt: recorded ? recorded.receipt : "", code: problem ? problem.code : "" };
  }
}

async function obey(command) {
  const { browser, action } = command;
  if (action === "start") browsers.set(browser, new Browser(command));
  const found = browsers.get(browser);
  if (action === "open") found.open(command.tab);
  if (action === "press") return found.press(command);
  if (action === "pass") await found.pass(command.seconds * 1000);
  if (action === "offline") found.online = false;
  if (action === "lose_credential") found.token = "";
  if (action === "end") browsers.delete(browser);
  return {};
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  obey(command)
    .catch((error) => ({ fault: String(error.stack) }))
    .then((answer) => process.stdout.write(JSON.stringify({ id: command.id, ...answer }) + "\n"));
}

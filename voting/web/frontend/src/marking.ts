// A judge's marks of one entry: kept by themselves as they are written, on this device while there is no connection.
import { once, Problem } from "./api";

const words: Record<string, string> = JSON.parse(document.body.dataset.words || "{}");
const form = document.querySelector<HTMLFormElement>("#marking");
const AGAIN_MILLISECONDS = 5000;
const KEPT = "marks:";

interface Draft {
  marks: Record<string, string>;
  recusal: string;
}

function watch(form: HTMLFormElement): void {
  const path = form.dataset.path || "";
  const kept = KEPT + path;
  const recusal = form.querySelector<HTMLInputElement>("#recusal")!;
  const marks = Array.from(form.querySelectorAll<HTMLInputElement>("input[name]"));
  const saved = form.querySelector<HTMLElement>("#saved")!;
  let isSaving = false;
  let isChanged = false;

  const say = (text: string): void => {
    saved.textContent = text;
  };
  const written = (): Draft => {
    const draft: Draft = { marks: {}, recusal: recusal.value.trim() };
    marks.forEach((field) => (draft.marks[field.name] = field.value.trim()));
    return draft;
  };
  const isWrong = (field: HTMLInputElement): boolean => {
    const value = Number(field.value);
    return field.value.trim() !== "" && !(value >= 0 && value <= Number(form.dataset.full));
  };

  async function save(): Promise<void> {
    isChanged = true;
    const draft = written();
    localStorage.setItem(kept, JSON.stringify(draft));
    const wrong = marks.filter(isWrong);
    marks.forEach((field) => field.setAttribute("aria-invalid", String(isWrong(field))));
    if (wrong.length) return say((words.marking_range || "").replace("{}", form.dataset.full || ""));
    if (isSaving) return;
    isSaving = true;
    isChanged = false;
    say(words.marking_saving || "");
    try {
      await once("PUT", path, draft);
      if (!isChanged) {
        localStorage.removeItem(kept);
        say((words.marking_saved || "").replace("{}", new Date().toTimeString().slice(0, 5)));
      }
    } catch (error) {
      if (error instanceof Problem && error.code !== "try_again" && error.code !== "slow_down") {
        say(words[`error_${error.code}`] || words.failed || "");
      } else {
        say(words.marking_offline || "");
        setTimeout(() => void save(), AGAIN_MILLISECONDS);
      }
    } finally {
      isSaving = false;
    }
    if (isChanged) await save();
  }

  const before = localStorage.getItem(kept);
  if (before && !recusal.readOnly) {
    const draft = JSON.parse(before) as Draft;
    marks.forEach((field) => (field.value = draft.marks[field.name] || ""));
    recusal.value = draft.recusal;
    void save();
  }
  form.addEventListener("change", () => void save());
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("online", () => {
    if (localStorage.getItem(kept)) void save();
  });
}

/** Sends what an entry's page had no time to send before it was left, and loads the list again. */
async function sendKept(contest: string): Promise<void> {
  const own = `${KEPT}/api/v1/staff/contests/${contest}/`;
  const names = Object.keys(localStorage).filter((name) => name.startsWith(own));
  let sent = 0;
  for (const name of names) {
    try {
      await once("PUT", name.slice(KEPT.length), JSON.parse(localStorage.getItem(name) || "{}"));
      localStorage.removeItem(name);
      sent += 1;
    } catch {
      // Its own page says what is wrong with it.
    }
  }
  if (sent) location.reload();
}

if (form) watch(form);
const list = document.querySelector<HTMLElement>("[data-marking]");
if (list) void sendKept(list.dataset.marking || "");

// The forms that take a code sent to the phone: to sign a voter in, or to confirm one.
import { call, once, Problem } from "./api";

/** The form `id`; codes are asked for at `codes` and sent back to `answer`. `done` runs then; `say` shows a word. */
export function phoneForm(id: string, codes: string, answer: string, done: () => void, say: (word: string, bad: boolean) => void): void {
  const form = document.querySelector<HTMLFormElement>(id);
  if (!form) return;
  const field = (name: string): string => (form.elements.namedItem(name) as HTMLInputElement).value.trim();
  const send = form.querySelector<HTMLButtonElement>("button[type=button]");
  const language = document.documentElement.lang.slice(0, 2);

  const refused = (error: unknown): void => say(error instanceof Problem ? error.code : "failed", true);
  if (send) send.addEventListener("click", async () => {
    send.disabled = true;
    try {
      // Not repeated by itself: each message costs the organiser.
      await once("POST", codes, { phone: field("phone"), language });
      say("phone_sent", false);
      window.setTimeout(() => { send.disabled = false; }, 60000);
    } catch (error) {
      refused(error);
      send.disabled = false;
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await call("POST", answer, { phone: field("phone"), code: field("code") });
      done();
    } catch (error) {
      refused(error);
    }
  });
}

// The form that signs a voter in by a code sent to the phone.
import { call, once, Problem } from "./api";

/** `signedIn` runs after the voter's credential has come; `say` shows a word of the page. */
export function phoneForm(base: string, signedIn: () => void, say: (word: string, bad: boolean) => void): void {
  const form = document.querySelector<HTMLFormElement>("#phone");
  if (!form) return;
  const field = (name: string): string => (form.elements.namedItem(name) as HTMLInputElement).value.trim();
  const send = form.querySelector<HTMLButtonElement>("button[type=button]");
  const language = document.documentElement.lang.slice(0, 2);

  const refused = (error: unknown): void => say(error instanceof Problem ? error.code : "failed", true);
  if (send) send.addEventListener("click", async () => {
    send.disabled = true;
    try {
      // Not repeated by itself: each message costs the organiser.
      await once("POST", `${base}/voters/phone-codes`, { phone: field("phone"), language });
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
      await call("POST", `${base}/voters`, { phone: field("phone"), code: field("code") });
      signedIn();
    } catch (error) {
      refused(error);
    }
  });
}

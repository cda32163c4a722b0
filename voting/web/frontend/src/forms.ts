// Forms that name an address: their fields are sent there as JSON.
import { once, Problem } from "./api";

/**
 * Sends each such form. Then it says what came of it, if it has words for that with a place for the number, or the page
 * loads again.
 */
export function sendForms(words: Record<string, string>): void {
  document.querySelectorAll<HTMLFormElement>("form[data-send]").forEach((form) => {
    const place = form.querySelector<HTMLElement>("[role=alert]");
    const button = form.querySelector("button");
    const say = (text: string): void => {
      if (place) place.textContent = text;
      if (button) button.disabled = false;
    };
    // Where it could only be sent without this script, the page has it disabled.
    if (button) button.disabled = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const body: Record<string, string | number> = {};
      new FormData(form).forEach((value, name) => {
        body[name] = form.dataset.numbers === name ? Number(value) : String(value);
      });
      if (button) button.disabled = true;
      once<{ number?: number | string } | undefined>("POST", form.dataset.send || "", body).then(
        (answer) => {
          const done = form.dataset.done;
          if (!done) return location.reload();
          form.reset();
          if (place) place.className = "notice good";
          say(done.replace("{}", String(answer?.number)));
        },
        (error) => say((error instanceof Problem && words[`error_${error.code}`]) || words.failed || ""),
      );
    });
  });
}

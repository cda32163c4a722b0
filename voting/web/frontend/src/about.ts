// The pages beside the vote: copies a receipt, sends an objection.
import { sendForms } from "./forms";
import { copyText } from "./sheets";

const words: Record<string, string> = JSON.parse(document.body.dataset.words || "{}");
document.querySelectorAll<HTMLElement>("[data-copy]").forEach((button) => {
  button.addEventListener("click", () => {
    void copyText(button.dataset.copy || "").then((done) => {
      if (done) button.textContent = words.copied || "";
    });
  });
});
sendForms(words);

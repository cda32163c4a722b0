// The pages beside the vote: copies a receipt, sends an objection or a complaint.
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

/** What is asked for follows from what is complained about; fields that are not are not sent. */
const about = document.querySelector<HTMLSelectElement>("#about");
if (about) {
  const showFields = (): void => {
    document.querySelectorAll<HTMLFieldSetElement>("fieldset[data-about]").forEach((fields) => {
      fields.hidden = fields.disabled = fields.dataset.about !== about.value;
    });
  };
  about.addEventListener("change", showFields);
  // After the fields have their first values again.
  about.form!.addEventListener("reset", () => setTimeout(showFields));
  showFields();
}

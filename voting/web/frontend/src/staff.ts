// The staff's pages: signs in and out, ends sessions, changes the password, and sends the forms that name an address.
import { once, Problem } from "./api";
import { sendCovers } from "./covers";
import { sendFiles } from "./files";
import { sendForms } from "./forms";

const words: Record<string, string> = JSON.parse(document.body.dataset.words || "{}");

function show(error: unknown): void {
  const place = document.querySelector<HTMLElement>("#problem");
  const code = error instanceof Problem ? error.code : "failed";
  const told: Record<string, string | undefined> = {
    credential_invalid: words.sign_in_wrong,
    malformed: words.password_weak,
    slow_down: words.sign_in_slow,
  };
  if (place) place.textContent = told[code] || words.failed || "";
}

/** Sends what the form's filled fields say, and loads the page again. */
function onSubmit(selector: string, method: string, path: string, body: (fields: FormData) => Record<string, string>): void {
  const form = document.querySelector<HTMLFormElement>(selector);
  if (!form) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(method, path, body(new FormData(form))).then(() => location.reload(), show);
  });
}

const field = (fields: FormData, name: string): string => String(fields.get(name) || "");

onSubmit("#sign-in", "POST", "/api/v1/staff/session", (fields): Record<string, string> => {
  const key = field(fields, "key").trim();
  if (key) return { key };
  return { name: field(fields, "name"), password: field(fields, "password"), code: field(fields, "code") };
});
onSubmit("#new-password", "PUT", "/api/v1/staff/password", (fields) => ({
  password: field(fields, "password"),
  new_password: field(fields, "new_password"),
  code: field(fields, "code"),
}));
document.querySelectorAll<HTMLElement>("[data-session]").forEach((button) => {
  const path = `/api/v1/staff/sessions/${button.dataset.session}`;
  button.addEventListener("click", () => void once("DELETE", path).then(() => location.reload(), show));
});
sendForms(words);
sendFiles(words);
sendCovers(words);
const out = document.querySelector<HTMLElement>("#sign-out");
if (out) out.addEventListener("click", () => void once("DELETE", "/api/v1/staff/session").then(() => location.reload(), show));

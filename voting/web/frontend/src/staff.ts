// The staff's pages: signs in and out, ends sessions, changes the password, and sends the forms that name an address.
import { once, Problem } from "./api";

const words: Record<string, string> = JSON.parse(document.body.dataset.words || "{}");

function show(error: unknown, place = document.querySelector<HTMLElement>("#problem")): void {
  const code = error instanceof Problem ? error.code : "failed";
  const told: Record<string, string | undefined> = {
    credential_invalid: words.sign_in_wrong,
    malformed: words.password_weak,
    slow_down: words.sign_in_slow,
  };
  if (place) place.textContent = told[code] || words[`error_${code}`] || words.failed || "";
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
// A form that names an address sends its fields there as JSON, and the page loads again with what came of it.
document.querySelectorAll<HTMLFormElement>("form[data-send]").forEach((form) => {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body: Record<string, string | number> = {};
    new FormData(form).forEach((value, name) => {
      body[name] = form.dataset.numbers === name ? Number(value) : String(value);
    });
    const button = form.querySelector("button");
    if (button) button.disabled = true;
    once("POST", form.dataset.send || "", body).then(
      () => location.reload(),
      (error) => {
        if (button) button.disabled = false;
        show(error, form.querySelector<HTMLElement>("[role=alert]"));
      },
    );
  });
});
const out = document.querySelector<HTMLElement>("#sign-out");
if (out) out.addEventListener("click", () => void once("DELETE", "/api/v1/staff/session").then(() => location.reload(), show));

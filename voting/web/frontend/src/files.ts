// Forms that send a file, as it is, to the address of the button that was pressed.
import { Problem } from "./api";
import { fill } from "./stream";

// A large roster over an office's line.
const ANSWER_MILLISECONDS = 120000;

interface Answer {
  contest?: string;
}

/** Sends the form's file, or what is written in its text; its other fields go into the address. */
function send(form: HTMLFormElement, path: string, progress: (share: number) => void): Promise<Response> {
  const text = form.querySelector("textarea");
  const chosen = form.querySelector<HTMLInputElement>("input[type=file]");
  const body: Blob = text ? new Blob([text.value]) : chosen!.files![0]!;
  const address = new URL(path, location.href);
  form.querySelectorAll<HTMLSelectElement | HTMLInputElement>("select[name], input[type=checkbox][name]").forEach((field) => {
    const value = field instanceof HTMLInputElement ? (field.checked ? "true" : "") : field.value;
    if (value) address.searchParams.set(field.name, value);
  });
  return sendFile(address, body, progress);
}

/**
 * Sends a file as it is. `progress` is called with how much has been sent, 0 to 1, which `fetch` does not tell. Throws a
 * Problem if the file is refused.
 */
export async function sendFile(address: URL, body: Blob, progress: (share: number) => void = () => undefined): Promise<Response> {
  const answer = await new Promise<Response>((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", address.href);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "blob";
    request.timeout = ANSWER_MILLISECONDS;
    request.upload.onprogress = (event) => progress(event.loaded / event.total);
    request.onload = () => {
      const headers = { "Content-Type": request.getResponseHeader("Content-Type") || "" };
      done(new Response(request.response, { status: request.status, headers }));
    };
    request.onerror = request.ontimeout = () => fail(new Error("no answer"));
    request.send(body);
  });
  if (!answer.ok) throw new Problem(await answer.json());
  return answer;
}

/** The part of the page that says what a check found, with the buttons that go on from there. */
function reportOf(form: HTMLFormElement): HTMLElement {
  return document.querySelector<HTMLElement>(`#${form.dataset.part}`)!;
}

/** Shows a part of the page, offers a file, or goes on to the next page: whatever the answer is. */
async function show(form: HTMLFormElement, button: HTMLElement, answer: Response): Promise<void> {
  const kind = answer.headers.get("Content-Type") || "";
  if (kind.startsWith("text/html")) {
    const part = await answer.text();
    // A whole page: the session has ended, and this one, loaded again, is the form to sign in.
    if (part.includes("<html")) return location.reload();
    const report = reportOf(form);
    report.innerHTML = part;
    report.scrollIntoView({ block: "nearest" });
  } else if (kind.startsWith("application/json")) {
    const { contest } = (await answer.json()) as Answer;
    if (form.dataset.draft) localStorage.removeItem(form.dataset.draft);
    const then = button.dataset.then;
    if (then) location.href = then.replace("{}", contest || "");
    else location.reload();
  } else {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = button.dataset.save || "";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), ANSWER_MILLISECONDS);
  }
}

/** What is written is kept on this device until it is sent. A document that was just asked for comes first. */
function keepDraft(form: HTMLFormElement, name: string): void {
  const text = form.querySelector("textarea")!;
  if (!text.value) text.value = localStorage.getItem(name) || "";
  text.addEventListener("input", () => localStorage.setItem(name, text.value));
}

/** Why a file was not taken. Only one that changed while it was checked is stale here. */
export function refusal(error: unknown, words: Record<string, string>): string {
  const code = error instanceof Problem ? error.code : "failed";
  return words[code === "stale" ? "file_unchecked" : `error_${code}`] || words.failed || "";
}

export function sendFiles(words: Record<string, string>): void {
  document.querySelectorAll<HTMLFormElement>("form[data-part]").forEach((form) => {
    const place = form.querySelector<HTMLElement>("[role=alert]")!;
    if (form.dataset.draft) keepDraft(form, form.dataset.draft);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const button = event.submitter as HTMLButtonElement;
      const say = (share: number): void => {
        place.textContent = (share < 1 ? fill(words.sending_file, Math.floor(100 * share)) : words.reading_file) || "";
      };
      say(0);
      button.disabled = true;
      send(form, button.getAttribute("formaction") || "", say)
        .then((answer) => show(form, button, answer))
        .then(
          () => (place.textContent = ""),
          (error) => (place.textContent = refusal(error, words)),
        )
        .then(() => (button.disabled = false));
    });
    // The buttons below a report send what the form holds now, which nobody has checked.
    form.addEventListener("input", (event) => {
      if ((event.target as Element).matches("textarea, input[type=file]")) reportOf(form).textContent = "";
    });
    form.querySelectorAll<HTMLInputElement>("input[data-into]").forEach((chosen) => {
      chosen.addEventListener("change", async () => {
        const text = form.querySelector("textarea")!;
        const file = chosen.files && chosen.files[0];
        if (!file) return;
        try {
          text.value = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
          text.dispatchEvent(new Event("input", { bubbles: true }));
          place.textContent = "";
        } catch {
          place.textContent = words.not_utf8 || "";
        }
      });
    });
  });
}

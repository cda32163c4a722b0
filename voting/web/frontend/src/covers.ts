// The form for covers: sends one file after another, shows how far it is, and lists each file's faults.
import { refusal, sendFile } from "./files";

interface Answer {
  changed: string[];
  unchanged: number;
  faults: { file: string; what: string; mend: string }[];
}

function filled(text: string | undefined, ...values: number[]): string {
  return values.reduce<string>((done, value, place) => done.replace(`{${place}}`, String(value)), text || "");
}

export function sendCovers(words: Record<string, string>): void {
  const form = document.querySelector<HTMLFormElement>("#covers");
  if (!form) return;
  const chosen = form.querySelector<HTMLInputElement>("input[type=file]")!;
  const amend = form.querySelector<HTMLInputElement>("[name=amend]");
  const button = form.querySelector("button")!;
  const bar = form.querySelector("progress")!;
  const line = form.querySelector<HTMLElement>("[role=status]")!;
  const list = form.querySelector<HTMLElement>("#cover-faults")!;

  async function sendAll(files: File[]): Promise<void> {
    const sums = [0, 0, 0] as [number, number, number];
    const fault = (text: string): void => {
      const item = document.createElement("li");
      item.textContent = text;
      list.appendChild(item);
      sums[2] += 1;
    };
    for (const [place, file] of Array.from(files.entries())) {
      line.textContent = filled(line.dataset.progress, place + 1, files.length);
      const address = new URL(form!.action);
      address.searchParams.set("name", file.name);
      if (amend && amend.checked) address.searchParams.set("amend", "true");
      try {
        const { changed, unchanged, faults } = (await (await sendFile(address, file)).json()) as Answer;
        sums[0] += changed.length;
        sums[1] += unchanged;
        faults.forEach((each) => fault(`${each.file}: ${each.what}; ${each.mend}`));
      } catch (error) {
        fault(`${file.name}: ${refusal(error, words)}`);
      }
      bar.value = (place + 1) / files.length;
    }
    line.textContent = filled(line.dataset.done, ...sums);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    bar.hidden = false;
    bar.value = 0;
    list.textContent = "";
    void sendAll(Array.from(chosen.files || [])).then(() => (button.disabled = false));
  });
}

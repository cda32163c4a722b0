// Sheets over a page: one at a time, closed by its button, by Escape or by a tap beside it; and text that is copied.

let opener: HTMLElement | null = null;
let sheet: HTMLElement | null = null;

export function openSheet(id: string): void {
  closeSheet();
  sheet = document.getElementById(id);
  if (!sheet) return;
  opener = document.activeElement as HTMLElement | null;
  sheet.hidden = false;
  const first = sheet.querySelector<HTMLElement>("button");
  if (first) first.focus();
}

export function closeSheet(): void {
  if (!sheet) return;
  sheet.hidden = true;
  sheet = null;
  if (opener) opener.focus();
}

/** Whether it was copied: old WebViews have no clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    return false;
  }
}

document.addEventListener("click", (event) => {
  const target = event.target as HTMLElement;
  if (sheet && (target === sheet || target.closest(".close"))) closeSheet();
});
document.addEventListener("keydown", (event) => {
  if (!sheet) return;
  if (event.key === "Escape") closeSheet();
  if (event.key !== "Tab") return;
  const stops = Array.from(sheet.querySelectorAll<HTMLElement>("button, a[href]"));
  const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
  const other = event.shiftKey ? stops[stops.length - 1] : stops[0];
  if (document.activeElement === edge && other) {
    event.preventDefault();
    other.focus();
  }
});

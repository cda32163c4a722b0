// The organisers' live board: follows the event stream.

interface Row {
  entry: string;
  raw: number;
  held: number;
  counted: number;
  rank: number;
}

const page = document.body.dataset;
const words: Record<string, string> = JSON.parse(page.words || "{}");
const one = (selector: string): HTMLElement | null => document.querySelector<HTMLElement>(selector);

function put(selector: string, value: string | number): void {
  const place = one(selector);
  if (place) place.textContent = typeof value === "number" ? value.toLocaleString("en-US") : value;
}

function showTally(rows: Row[]): void {
  const body = one("#rows");
  if (!body) return;
  const most = Math.max(1, ...rows.map((row) => row.counted));
  const lines = new Map<string, HTMLElement>();
  Array.from(body.children).forEach((line) => lines.set((line as HTMLElement).dataset.entry || "", line as HTMLElement));
  rows.forEach((row) => {
    const line = lines.get(row.entry);
    if (!line) return;
    const cells = line.children;
    const values = [row.rank, undefined, row.counted, row.held, row.raw];
    values.forEach((value, index) => {
      const cell = cells[index];
      if (!cell || value === undefined) return;
      const text = value.toLocaleString("en-US");
      const place = cell.querySelector("b") || cell;
      if (index === 2 && place.textContent !== text && line.dataset.seen) flash(line);
      place.textContent = text;
    });
    const bar = line.querySelector<HTMLElement>(".bar-of");
    if (bar) bar.style.width = `${Math.round((100 * row.counted) / most)}%`;
    line.dataset.seen = "yes";
    body.appendChild(line);
  });
}

/** How an entry's counted picks divide into tiers of credentials. */
function showTiers(entries: Record<string, Record<string, number>>): void {
  document.querySelectorAll<HTMLElement>("#rows tr").forEach((line) => {
    const place = line.querySelector(".tiers");
    const counts = entries[line.dataset.entry || ""] || {};
    const shown = Object.keys(counts).filter((tier) => counts[tier]);
    if (place) place.textContent = shown.map((tier) => `${words[`tier_${tier}`]} ${(counts[tier] || 0).toLocaleString("en-US")}`).join(" · ");
  });
}

function flash(line: HTMLElement): void {
  line.classList.remove("moved");
  void line.offsetWidth;
  line.classList.add("moved");
}

function follow(): void {
  const stream = new EventSource(`/api/v1/contests/${page.contest}/live`);
  const on = (name: string, use: (data: any) => void): void => {
    stream.addEventListener(name, (event) => use(JSON.parse((event as MessageEvent).data)));
  };
  stream.onopen = () => put("#link", words.connected || "");
  stream.onerror = () => put("#link", words.connecting || "");
  on("tally", (data) => {
    showTally(data.entries);
    put("#as-of", data.as_of.slice(0, 19).replace("T", " "));
  });
  on("decisions", (data) => {
    put("#count", data.count);
    put("#hold", data.hold);
    put("#void", data.void);
  });
  on("tiers", (data) => showTiers(data.entries));
  on("rate", (data) => put("#rate", data.ballots));
  on("notice", (data) => put("#notice", words[data.code] || data.code));
}

follow();

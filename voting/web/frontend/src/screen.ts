// The big screen of a hall: the figures that voters see, drawn at most once in two seconds.
import { fill, follow, grouped, left } from "./stream";

interface Shown {
  as_of: string;
  total: number;
  entries: { entry: string; title: string; picks: number; rank: number }[];
  pace: { at: string; ballots: number }[];
}

const DRAW_MS = 2000;
const STOPPED_SECONDS = 60;
const page = document.body.dataset;
const words: Record<string, string> = JSON.parse(page.words || "{}");
const one = <T extends Element = HTMLElement>(selector: string): T => document.querySelector<T>(selector)!;

let shown: Shown | undefined;
let voters: number | undefined;
let rate: number | undefined;
let phase = page.phase || "";

function put(selector: string, text: string): void {
  const place = one(selector);
  if (place.textContent !== text) place.textContent = text;
}

function bars(entries: Shown["entries"]): void {
  const most = Math.max(1, ...entries.map((row) => row.picks));
  const list = one("#bars");
  const known = new Map(Array.from(list.children).map((line): [string, HTMLElement] => [(line as HTMLElement).dataset.entry || "", line as HTMLElement]));
  const lines = entries.map((row) => {
    let line = known.get(row.entry);
    if (!line) {
      line = document.createElement("li");
      line.dataset.entry = row.entry;
      ["place", "code", "title", "track", "picks"].forEach((name) => (line!.appendChild(document.createElement("span")).className = name));
      line.children[3]!.appendChild(document.createElement("i"));
    }
    const [place, code, title, track, picks] = Array.from(line.children) as HTMLElement[];
    place!.textContent = String(row.rank);
    code!.textContent = row.entry;
    title!.textContent = row.title;
    (track!.firstElementChild as HTMLElement).style.width = `${(100 * row.picks) / most}%`;
    picks!.textContent = grouped(row.picks);
    return line;
  });
  list.replaceChildren(...lines);
}

/** One line of ballots a minute; a minute without data breaks it. */
function pace(minutes: Shown["pace"]): void {
  const most = Math.max(1, ...minutes.map((minute) => minute.ballots));
  const end = minutes.length ? Date.parse(minutes[minutes.length - 1]!.at) : 0;
  let path = "";
  let before = 0;
  minutes.forEach((minute) => {
    const at = Date.parse(minute.at);
    const x = (240 - (4 * (end - at)) / 60_000).toFixed(1);
    const y = (38 - (36 * minute.ballots) / most).toFixed(1);
    path += `${at - before === 60_000 ? "L" : "M"}${x} ${y}`;
    before = at;
  });
  one<SVGPathElement>("#pace path").setAttribute("d", path);
}

const feed = follow(
  `/api/v1/contests/${page.contest}/live?view=screen`,
  {
    screen: (data) => (shown = data),
    voters: (data) => (voters = data.voters),
    rate: (data) => (rate = data.ballots),
    notice: (data) => {
      if (data.code.startsWith("phase_")) phase = data.code.replace("phase_", "");
    },
  },
  () => undefined,
  () => undefined,
);

function draw(): void {
  const stopped = feed.age() > STOPPED_SECONDS;
  document.body.classList.toggle("stopped", stopped && Boolean(shown));
  if (stopped && shown) put("#as-of", fill(words.board_paused_data, feed.clock().slice(0, 5)));
  if (!shown || stopped) return;
  put("#total", grouped(shown.total));
  put("#people", voters === undefined ? "—" : grouped(voters));
  put("#rate", rate === undefined ? "" : fill(words.board_pace, grouped(rate)));
  put("#as-of", fill(words.board_as_of, shown.as_of.slice(11, 19)));
  one("#hidden").hidden = page.policy !== "hidden" || shown.entries.length > 0;
  bars(shown.entries);
  pace(shown.pace);
}

function tick(): void {
  const closes = Number(page.closes) * 1000;
  const now = feed.now();
  const isOpen = ["open", "paused"].includes(phase) && closes > now;
  put("#left", isOpen && phase === "open" ? left(words, closes, now) : words[`board_phase_${isOpen || phase === "not_open" ? phase : "closed"}`] || "");
  one("#left").classList.toggle("last-hour", isOpen && closes - now < 3_600_000);
}

setInterval(draw, DRAW_MS);
setInterval(tick, 1000);
tick();
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "f" && document.fullscreenEnabled) void (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());
  if (event.key === "Escape" && !document.fullscreenElement) location.href = page.back || "/";
});

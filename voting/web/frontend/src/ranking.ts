// The ranking of the live board: of a long list only the rows in view are in the page.
import { fill, grouped } from "./stream";

export interface Row {
  entry: string;
  raw: number;
  held: number;
  counted: number;
  rank: number;
}

interface Before {
  as_of: string;
  places: Record<string, number>;
}

/** Counted votes that each entry gained in each of the last spans; null where a span's ends are not both known. */
export interface Trend {
  minutes: number;
  entries: Record<string, (number | null)[]>;
}

const MOST_ROWS = 100;
// The rows in the page change by as many at once, so that most frames of a scroll change nothing.
const STEP = 16;
const SVG = "http://www.w3.org/2000/svg";
const TREND_WIDTH = 72;
const TREND_HEIGHT = 18;

export class Ranking {
  private readonly body: HTMLElement;
  private readonly above: HTMLElement;
  private readonly below: HTMLElement;
  private readonly lines = new Map<string, HTMLElement>();
  private rows: Row[] = [];
  private most = 1;
  private before: Record<string, Before> = {};
  private tiers: Record<string, Record<string, number>> = {};
  private trend: Trend = { minutes: 5, entries: {} };
  private chosen = "60";
  private due = false;
  private height = 36;
  private first = 0;

  /** `place` holds the table, and scrolls. */
  constructor(private readonly place: HTMLElement, private readonly words: Record<string, string>, private readonly titles: Record<string, string>) {
    this.body = place.querySelector<HTMLElement>("#rows")!;
    this.above = place.querySelector<HTMLElement>("#above")!;
    this.below = place.querySelector<HTMLElement>("#below")!;
    place.addEventListener("scroll", () => {
      if (this.rows.length > MOST_ROWS && this.firstInPage() !== this.first) this.render();
    }, { passive: true });
    new ResizeObserver(() => {
      this.height = parseFloat(getComputedStyle(place).getPropertyValue("--row"));
      this.render();
    }).observe(place);
  }

  show(rows: Row[]): void {
    this.rows = rows;
    this.most = Math.max(1, ...rows.map((row) => row.counted + row.held));
    this.place.classList.toggle("long", rows.length > MOST_ROWS);
    this.place.querySelector("table")!.setAttribute("aria-rowcount", String(rows.length + 1));
    this.render();
  }

  compare(before: Record<string, Before>): void {
    this.before = before;
    this.render();
  }

  /** How each entry's counted votes divide into tiers of credentials; shown at its bar. */
  divide(tiers: Record<string, Record<string, number>>): void {
    this.tiers = tiers;
    this.render();
  }

  gain(trend: Trend): void {
    this.trend = trend;
    this.render();
  }

  span(chosen: string): void {
    this.chosen = chosen;
    this.render();
  }

  private firstInPage(): number {
    return Math.max(0, (Math.floor(this.place.scrollTop / this.height / STEP) - 1) * STEP);
  }

  /** Draws in the next frame, once for all that changed. */
  private render(): void {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.draw();
    });
  }

  private draw(): void {
    const earlier = this.before[this.chosen];
    const told = earlier ? fill(this.words.board_compared, earlier.as_of.slice(11, 16)) : this.words.board_not_compared || "";
    const note = document.querySelector<HTMLElement>("#compared")!;
    if (note.textContent !== told) note.textContent = told;
    let first = 0;
    let end = this.rows.length;
    if (this.rows.length > MOST_ROWS) {
      first = this.first = this.firstInPage();
      end = Math.min(this.rows.length, first + Math.ceil(this.place.clientHeight / this.height) + 3 * STEP);
      this.above.style.height = `${first * this.height}px`;
      this.below.style.height = `${(this.rows.length - end) * this.height}px`;
    } else {
      this.above.style.height = this.below.style.height = "0px";
    }
    const shown = new Set<string>();
    let next = this.body.firstElementChild;
    for (let index = first; index < end; index += 1) {
      const row = this.rows[index]!;
      shown.add(row.entry);
      const line = this.lines.get(row.entry) || this.made(row.entry);
      this.fillIn(line, row, index, earlier);
      if (line === next) next = next.nextElementSibling;
      else this.body.insertBefore(line, next);
    }
    this.lines.forEach((line, entry) => {
      if (shown.has(entry)) return;
      line.remove();
      this.lines.delete(entry);
    });
  }

  private made(entry: string): HTMLElement {
    const line = document.createElement("tr");
    line.dataset.entry = entry;
    ["number", "moved", "code", "title", "bars wide", "trend wide", "number", "number amber wide", "number wide"].forEach((name) => {
      line.appendChild(document.createElement("td")).className = name;
    });
    const cells = line.children;
    cells[2]!.textContent = entry;
    const title = cells[3]!.appendChild(document.createElement("span"));
    title.textContent = title.title = this.titles[entry] || "";
    const bars = cells[4]!.appendChild(document.createElement("div"));
    bars.append(document.createElement("i"), document.createElement("u"));
    const drawing = cells[5]!.appendChild(document.createElementNS(SVG, "svg"));
    drawing.setAttribute("viewBox", `0 0 ${TREND_WIDTH} ${TREND_HEIGHT}`);
    drawing.setAttribute("aria-hidden", "true");
    drawing.appendChild(document.createElementNS(SVG, "path"));
    cells[5]!.appendChild(document.createElement("span")).className = "spoken";
    cells[6]!.appendChild(document.createElement("b"));
    this.lines.set(entry, line);
    return line;
  }

  private fillIn(line: HTMLElement, row: Row, index: number, earlier: Before | undefined): void {
    const tiers = this.tiers[row.entry] || {};
    const divided = Object.keys(tiers).filter((tier) => tiers[tier]).map((tier) => `${this.words[`board_tier_${tier}`]} ${grouped(tiers[tier]!)}`).join(" · ");
    // Only what differs touches the page.
    const gains = this.trend.entries[row.entry] || [];
    const key = [divided, gains.join(), row.rank, row.counted, row.held, row.raw, this.most, index, earlier && earlier.places[row.entry]].join();
    if (line.dataset.key === key) return;
    line.dataset.key = key;
    line.setAttribute("aria-rowindex", String(index + 2));
    const cells = line.children as HTMLCollectionOf<HTMLElement>;
    cells[0]!.textContent = grouped(row.rank);
    this.move(cells[1]!, row, earlier);
    const [counted, held] = Array.from(cells[4]!.firstElementChild!.children) as HTMLElement[];
    counted!.style.width = `${(100 * row.counted) / this.most}%`;
    held!.style.width = `${(100 * row.held) / this.most}%`;
    cells[4]!.title = divided;
    this.drawTrend(cells[5]!, gains);
    cells[6]!.firstElementChild!.textContent = grouped(row.counted);
    cells[7]!.textContent = grouped(row.held);
    cells[8]!.textContent = grouped(row.raw);
  }

  /** One bar for each span, against the entry's own best; a span without data is a gap. */
  private drawTrend(cell: HTMLElement, gains: (number | null)[]): void {
    const most = Math.max(1, ...gains.map((gain) => gain || 0));
    const wide = TREND_WIDTH / Math.max(1, gains.length);
    const bars = gains.map((gain, index) => {
      const high = gain && gain > 0 ? Math.max(1, (TREND_HEIGHT * gain) / most) : 0;
      return high ? `M${(index * wide).toFixed(1)} ${TREND_HEIGHT}v${(-high).toFixed(1)}h${(wide - 1).toFixed(1)}v${high.toFixed(1)}z` : "";
    });
    cell.querySelector("path")!.setAttribute("d", bars.join(""));
    const sum = gains.reduce<number>((total, gain) => total + (gain || 0), 0);
    const said = gains.length ? fill(this.words.board_gained, grouped(sum), this.trend.minutes * gains.length) : "";
    cell.lastElementChild!.textContent = cell.title = said;
  }

  private move(cell: HTMLElement, row: Row, earlier: Before | undefined): void {
    const was = earlier && earlier.places[row.entry];
    const by = was ? was - row.rank : 0;
    const sign = document.createElement("span");
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = by ? `${by > 0 ? "▲" : "▼"} ${Math.abs(by)}` : "—";
    sign.className = by > 0 ? "up" : by < 0 ? "down" : "same";
    const said = document.createElement("span");
    said.className = "spoken";
    const words = by > 0 ? this.words.board_up : by < 0 ? this.words.board_down : was ? this.words.board_same : this.words.board_not_compared;
    said.textContent = fill(words, Math.abs(by));
    cell.replaceChildren(sign, said);
  }
}

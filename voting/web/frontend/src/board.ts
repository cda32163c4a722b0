// The organisers' live board: follows the event stream. The chart's library comes after the figures.
import type { Picture, Series } from "./chart";
import { Ranking, Row } from "./ranking";
import { fill, follow, grouped, left } from "./stream";

interface Minute {
  at: string;
  channels: Record<string, number>;
  held: number;
  void: number;
  refused: Record<string, number>;
}

interface Group {
  group: string;
  entries: string[];
  ballots: number;
  waiting: boolean;
  effect: Record<string, string>;
}

const SLOW_SECONDS = 10;
const STOPPED_SECONDS = 60;
const CAUGHT_UP_MS = 5000;
const MOST_GROUPS = 5;
const MOST_LINES = 6;
const CHANNELS: Record<string, string> = { web: "#0f8577", wechat: "#164a80", mini_program: "#7a4fa3", phone: "#8a5300", oidc: "#8f1a14", issued: "#6f7b75", "": "#b6c0bb" };

const page = document.body.dataset;
const words: Record<string, string> = JSON.parse(page.words || "{}");
const titles: Record<string, string> = JSON.parse(page.entries || "{}");
const english = document.documentElement.lang === "en";
const one = (selector: string): HTMLElement => document.querySelector<HTMLElement>(selector)!;
const ranking = new Ranking(one("#ranking"), words, titles);

let totals = { count: 0, hold: 0, void: 0 };
let minutes: Minute[] = [];
let byChannel = false;
let rate = 0;
let draw: ((picture: Picture) => void) | undefined;

function put(selector: string, text: string): void {
  const place = one(selector);
  if (place.textContent !== text) place.textContent = text;
}

const percent = (part: number, whole: number): string => (whole ? `${((100 * part) / whole).toFixed(1)} %` : "—");
const sum = (counts: Record<string, number>): number => Object.keys(counts).reduce((total, name) => total + (counts[name] || 0), 0);
const element = (tag: string, text = "", name = ""): HTMLElement => {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
};

function showDecisions(data: typeof totals): void {
  totals = data;
  const raw = data.count + data.hold + data.void;
  put("#count", grouped(data.count));
  put("#hold", grouped(data.hold));
  put("#void", grouped(data.void));
  put("#count-share", fill(words.board_share, percent(data.count, raw)));
  put("#void-share", fill(words.board_share, percent(data.void, raw)));
}

function showStake(place: number | null): void {
  one("#held-figure").classList.toggle("warn", place !== null);
  put("#stake", place === null ? words.board_changes_nothing || "" : fill(words.board_can_change, place));
}

function showMean(): void {
  const last = minutes.slice(-10).map((minute) => sum(minute.channels));
  const mean = last.reduce((total, count) => total + count, 0) / 10;
  const change = Math.round((100 * (rate - mean)) / mean);
  put("#mean", last.length < 10 || !mean ? words.board_no_mean || "" : fill(words.board_mean, `${change > 0 ? "+" : ""}${change} %`));
}

/** A name and a number in each line, the greatest first, with a bar. */
function showLines(selector: string, counts: Record<string, number>, prefix: string, none: string | undefined): void {
  const names = Object.keys(counts).filter((name) => counts[name]).sort((a, b) => counts[b]! - counts[a]!);
  const most = Math.max(1, ...names.map((name) => counts[name]!));
  const lines = names.slice(0, MOST_LINES).map((name) => {
    const line = element("li");
    const bar = element("i");
    const track = element("span", "", "track");
    bar.style.width = `${(100 * counts[name]!) / most}%`;
    track.appendChild(bar);
    line.append(element("span", words[prefix + name] || (name === "" || name === "unknown" ? words.board_unknown || "" : name)), track, element("b", grouped(counts[name]!)));
    return line;
  });
  one(selector).replaceChildren(...(lines.length ? lines : [element("li", none, "none")]));
}

/** Every minute from the first to the last; undefined where there is no data. */
function timeline(): { times: string[]; every: (Minute | undefined)[] } {
  const known = new Map(minutes.map((minute): [number, Minute] => [Date.parse(minute.at), minute]));
  const first = minutes[0];
  const last = minutes[minutes.length - 1];
  if (!first || !last) return { times: [], every: [] };
  const moments: number[] = [];
  for (let at = Date.parse(first.at); at <= Date.parse(last.at); at += 60_000) moments.push(at);
  // The contest's clock differs from UTC by what the first minute shows.
  const offset = Date.parse(`${first.at.slice(0, 16)}Z`) - Date.parse(first.at);
  return { times: moments.map((at) => new Date(at + offset).toISOString().slice(11, 16)), every: moments.map((at) => known.get(at)) };
}

function picture(): Picture {
  const { times, every } = timeline();
  const values = (count: (minute: Minute) => number): (number | null)[] => every.map((minute) => (minute ? count(minute) : null));
  const series: Series[] = byChannel
    ? Object.keys(CHANNELS)
        .filter((name) => minutes.some((minute) => minute.channels[name]))
        .map((name) => ({ name: words[`board_channel_${name}`] || words.board_unknown!, color: CHANNELS[name]!, hatched: false, values: values((minute) => minute.channels[name] || 0) }))
    : [
        { name: words.board_count!, color: "#06623b", hatched: false, values: values((minute) => Math.max(0, sum(minute.channels) - minute.held - minute.void)) },
        { name: words.board_hold!, color: "#f3b04a", hatched: true, values: values((minute) => minute.held) },
        { name: words.board_voided!, color: "#8f1a14", hatched: false, values: values((minute) => minute.void) },
        { name: words.board_refused!, color: "#b6c0bb", hatched: false, values: values((minute) => sum(minute.refused)) },
      ];
  const gaps: [string, string][] = [];
  every.forEach((minute, index) => {
    const open = gaps[gaps.length - 1];
    if (minute) return;
    if (open && open[1] === times[index - 1]) open[1] = times[index]!;
    else gaps.push([times[index]!, times[index]!]);
  });
  const said = times.length ? fill(words.board_chart_said, times[0]!, times[times.length - 1]!, grouped(minutes.reduce((total, minute) => total + sum(minute.channels), 0))) : "";
  return { times, series, gaps, noData: words.board_no_data || "", said };
}

function showMinutes(): void {
  const now = picture();
  one("#no-minutes").hidden = now.times.length > 0;
  const legend = now.series.map((each) => {
    const item = element("span", each.name);
    const key = element("i", "", each.hatched ? "hatched" : "");
    if (!each.hatched) key.style.background = each.color;
    item.prepend(key);
    return item;
  });
  one("#legend").replaceChildren(...legend);
  const head = element("tr");
  head.append(element("th", words.board_time), ...now.series.map((each) => element("th", each.name, "number")));
  const lines = now.times.map((time, index) => {
    const line = element("tr");
    line.append(element("td", time), ...now.series.map((each) => element("td", each.values[index] == null ? words.board_no_data : grouped(each.values[index]!), "number")));
    return line;
  });
  one("#minutes-head").replaceChildren(head);
  one("#minutes-rows").replaceChildren(...lines.reverse());
  if (draw && now.times.length) draw(now);
}

function showGroups(groups: Group[]): void {
  const lines = groups.slice(0, MOST_GROUPS).map((each) => {
    const line = element("li");
    const head = element("p");
    const link = element("a", `${each.entries.slice(0, 3).join(english ? ", " : "、")} · ${each.group.slice(0, 8)}`) as HTMLAnchorElement;
    link.href = `/review/${page.contest}/groups/${encodeURIComponent(each.group)}${english ? "?lang=en" : ""}`;
    head.append(link, element("span", fill(words.board_group_ballots, grouped(each.ballots)), "amber"));
    line.append(head, element("p", each.effect[english ? "en" : "zh"], "sub"));
    if (each.waiting) line.append(element("p", words.board_waiting, "sub"));
    return line;
  });
  if (!lines.length) lines.push(element("li", words.board_no_groups, "none"));
  if (groups.length > MOST_GROUPS) lines.push(element("li", fill(words.board_more_groups, groups.length - MOST_GROUPS), "none"));
  one("#groups").replaceChildren(...lines);
}

function showHealth(health: Record<string, boolean | number | string | null>): void {
  const lines: [string, string, boolean][] = ["postgres", "redis", "standby"]
    .filter((name) => name in health)
    .map((name) => [words[`board_${name}`] || name, (health[name] ? words.board_well : words.board_away) || "", Boolean(health[name])]);
  lines.push([words.board_log || "", words[`board_log_${health.log}`] || "", health.log === "ok"]);
  if (health.workers !== null) lines.push([words.board_workers || "", fill(words.board_running, Number(health.workers)), Number(health.workers) > 0]);
  const swept = typeof health.swept_at === "string" ? fill(words.board_swept, health.swept_at.slice(11, 19)) : words.board_not_swept || "";
  if (health.workers !== null) lines.push([words.board_sweeper || "", swept, true]);
  const well = lines.every(([, , good]) => good);
  put("#well", (well ? words.board_all_well : words.board_not_well) || "");
  one("#well").classList.toggle("amber", !well);
  one("#health").replaceChildren(
    ...lines.map(([name, text, good]) => {
      const line = element("li");
      line.append(element("span", name), element("span", text, good ? "sub" : "amber"));
      return line;
    }),
  );
}

function choose(selector: string, use: (value: string) => void): void {
  const buttons = Array.from(document.querySelectorAll<HTMLElement>(`${selector} button`));
  buttons.forEach((button) => {
    button.addEventListener("click", () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      use(button.dataset.value || "");
    });
  });
}

const feed = follow(
  `/api/v1/contests/${page.contest}/live`,
  {
    tally: (data: { entries: Row[] }) => ranking.show(data.entries),
    tiers: (data) => ranking.divide(data.entries),
    before: (data) => ranking.compare(data),
    trend: (data) => ranking.gain(data),
    decisions: showDecisions,
    stake: (data) => showStake(data.place),
    voters: (data) => {
      put("#voters", grouped(data.voters));
      const raw = totals.count + totals.hold + totals.void;
      put("#each", data.voters ? fill(words.board_each, (raw / data.voters).toFixed(1)) : "");
    },
    rate: (data) => {
      rate = data.ballots;
      put("#rate", grouped(rate));
      showMean();
    },
    minutes: (data) => {
      minutes = data.minutes;
      showMinutes();
      showMean();
      const refused: Record<string, number> = {};
      minutes.forEach((minute) => Object.keys(minute.refused).forEach((code) => (refused[code] = (refused[code] || 0) + minute.refused[code]!)));
      showLines("#refusals", refused, "board_refused_", words.board_no_refusals);
      showLines("#apps", data.apps, "board_app_", words.board_no_clients);
      showLines("#devices", data.devices, "board_device_", "");
    },
    groups: (data) => showGroups(data.groups),
    health: showHealth,
    notice: (data) => {
      put("#notice", words[`board_${data.code}`] || data.code);
      one("#notice").dataset.phase = data.code.replace("phase_", "");
    },
  },
  (from, to) => {
    put("#caught-up", fill(words.board_caught_up, from, to));
    setTimeout(() => put("#caught-up", ""), CAUGHT_UP_MS);
  },
  (open) => put("#link", (open ? words.board_connected : words.board_connecting) || ""),
);

function tick(): void {
  const age = feed.age();
  const stopped = age > STOPPED_SECONDS;
  if (age < Infinity) put("#age", stopped ? fill(words.board_stopped, feed.clock().slice(0, 5)) : fill(words.board_age, Math.round(age)));
  one("#age").classList.toggle("amber", age > SLOW_SECONDS);
  document.body.classList.toggle("stopped", stopped && age < Infinity);
  const closes = Number(page.closes) * 1000;
  const now = feed.now();
  const isOpen = ["open", "paused"].includes(one("#notice").dataset.phase || "") && closes > now;
  put("#left", isOpen ? left(words, closes, now) : "");
  one("#left").classList.toggle("last-hour", isOpen && closes - now < 3_600_000);
}

setInterval(tick, 1000);
choose("#chart-by", (value) => {
  byChannel = value === "channel";
  showMinutes();
});
choose("#spans", (value) => ranking.span(value));
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLElement && /^(input|textarea|select)$/i.test(event.target.tagName);
  if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing) one("#screen").click();
});
const library = document.createElement("script");
library.src = page.chart || "";
library.onload = () => {
  if (window.minutesChart) draw = window.minutesChart(one("#chart"));
  showMinutes();
};
document.body.appendChild(library);

// The event stream of the live board and of the big screen, and the server's clock that it carries.

export interface Feed {
  /** Data's age in seconds; Infinity before the first. */
  age(): number;
  /** The server's time in milliseconds since 1970; that of this device before the first event. */
  now(): number;
  /** Reads the contest's clock of the latest event: "14:35:20". */
  clock(): string;
}

export type Handlers = Record<string, (data: any) => void>;

const SILENT_MS = 15_000;
const GAP_MS = 30_000;

/**
 * Follows a stream for ever: a connection that has gone silent, as after sleep, is opened again. `onGap` gets the times
 * between which there was no data, once it is there again; `onLink` whether the stream is open.
 */
export function follow(path: string, handlers: Handlers, onGap: (from: string, to: string) => void, onLink: (open: boolean) => void): Feed {
  let heard = Date.now();
  let aged = { seconds: Infinity, now: "", at: Date.now() };
  let stream: EventSource;

  function open(): void {
    heard = Date.now();
    stream = new EventSource(path);
    stream.onopen = () => onLink(true);
    stream.onerror = () => onLink(false);
    Object.keys(handlers).forEach((name) => {
      stream.addEventListener(name, (event) => {
        heard = Date.now();
        handlers[name]!(JSON.parse((event as MessageEvent).data));
      });
    });
    stream.addEventListener("age", (event) => {
      const data = JSON.parse((event as MessageEvent).data);
      heard = Date.now();
      const before = aged.now;
      aged = { seconds: data.seconds, now: data.now, at: Date.now() };
      if (before && Date.parse(data.now) - Date.parse(before) > GAP_MS) onGap(before.slice(11, 16), data.now.slice(11, 16));
    });
  }

  open();
  setInterval(() => {
    if (Date.now() - heard < SILENT_MS) return;
    stream.close();
    onLink(false);
    open();
  }, 1000);
  return {
    age: () => aged.seconds + (Date.now() - aged.at) / 1000,
    now: () => (aged.now ? Date.parse(aged.now) + Date.now() - aged.at : Date.now()),
    clock: () => aged.now.slice(11, 19),
  };
}

/** Fills {0}, {1} or {} in a text. */
export function fill(text: string | undefined, ...values: (string | number)[]): string {
  let next = 0;
  return (text || "").replace(/\{(\d*)\}/g, (_, index) => String(values[index === "" ? next++ : Number(index)]));
}

export const grouped = (value: number): string => value.toLocaleString("en-US");

/** What is left until a moment, in words; under a day by the second. */
export function left(words: Record<string, string>, until: number, now: number): string {
  const seconds = Math.max(0, Math.floor((until - now) / 1000));
  if (seconds >= 86400) return fill(words.board_days_left, Math.floor(seconds / 86400), Math.floor((seconds % 86400) / 3600));
  const two = (value: number): string => String(value).padStart(2, "0");
  return fill(words.board_left, `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`);
}

// Texts that outlive the page: in localStorage, or in a cookie where a WebView or a private window has none. Without
// cookies there is no voter's credential either, and nothing to remember.

export interface Store {
  get(name: string): string | null;
  set(name: string, value: string | null): void;
}

const COOKIE_SECONDS = 40 * 86400;

/** A store for one contest. The cookies are sent with its pages only. */
export function storeOf(contest: string): Store {
  const secure = location.protocol === "https:" ? "; secure" : "";

  function cookie(name: string): string | null {
    const start = `${encodeURIComponent(name)}=`;
    const line = document.cookie.split("; ").find((each) => each.startsWith(start));
    return line ? decodeURIComponent(line.slice(start.length)) : null;
  }

  function setCookie(name: string, value: string | null): void {
    const seconds = value === null ? 0 : COOKIE_SECONDS;
    const text = `${encodeURIComponent(name)}=${encodeURIComponent(value || "")}`;
    document.cookie = `${text}; path=/c/${contest}; max-age=${seconds}; samesite=lax${secure}`;
  }

  return {
    get(name) {
      const kept = readLocal(`${contest}:${name}`);
      return kept === null ? cookie(name) : kept;
    },
    set(name, value) {
      const isLocal = writeLocal(`${contest}:${name}`, value);
      if (!isLocal || value === null) setCookie(name, value);
    },
  };
}

export function readLocal(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch (error) {
    return null;
  }
}

/** Whether it is kept. */
export function writeLocal(name: string, value: string | null): boolean {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
    return localStorage.getItem(name) === value;
  } catch (error) {
    return false;
  }
}

#!/bin/sh
# What the browser tests need of the machine: a Chromium, a Chinese font, and libatomic for playwright's own Node. What
# is there is used; as root on Debian or Ubuntu the rest is fetched; otherwise the command to run is told.
set -eu
have_browser() {
  [ -n "${VOTING_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-headless-shell >/dev/null \
    || command -v google-chrome >/dev/null || [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] \
    || ls "$HOME"/.cache/ms-playwright/chromium* "$HOME"/Library/Caches/ms-playwright/chromium* >/dev/null 2>&1
}
have_font() { [ "$(uname)" = Darwin ] || { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh 2>/dev/null)" ]; }; }
have_driver() { .venv/bin/python -m playwright --version >/dev/null 2>&1; }
have_all() { have_browser && have_font && have_driver; }
packages="chromium fontconfig fonts-wqy-microhei libatomic1"

have_all && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "install: getting a browser and a Chinese font from the system's packages" >&2
  apt-get update -qq >/dev/null
  # Ubuntu's chromium is a snap's shell: playwright's own is taken there, further below.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null 2>&1 \
    || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fontconfig fonts-wqy-microhei libatomic1 >/dev/null
fi
if ! have_browser && have_driver; then
  echo "install: getting a browser with playwright" >&2
  .venv/bin/python -m playwright install chromium >/dev/null 2>&1 || true
fi
have_all || echo "install: for the browser tests run, as root: apt-get install $packages" >&2
exit 0

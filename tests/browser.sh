#!/bin/sh
# A Chromium and a Chinese font for the browser tests: what is there is used; as root on Debian the rest is fetched.
set -eu
have_browser() {
  [ -n "${VOTING_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-headless-shell >/dev/null \
    || command -v google-chrome >/dev/null || [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] \
    || ls "$HOME"/.cache/ms-playwright/chromium* "$HOME"/Library/Caches/ms-playwright/chromium* >/dev/null 2>&1
}
have_font() { [ "$(uname)" = Darwin ] || { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh 2>/dev/null)" ]; }; }
have_browser && have_font && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "install: getting a browser and a Chinese font from the system's packages" >&2
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-wqy-microhei >/dev/null
  exit 0
fi
have_browser || { echo "install: getting a browser with playwright" >&2; .venv/bin/playwright install chromium >/dev/null 2>&1; } || true
have_browser && have_font || echo "install: for the browser tests run, as root: apt-get install chromium fonts-wqy-microhei" >&2
exit 0

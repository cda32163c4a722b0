#!/bin/sh
# Makes .venv with what `run` (the service), `dev` (its tests too) or `fit` (fitting a fraud policy too) needs, from
# hash-pinned lists, and the package itself with its pages. Uses uv where there is one, or gets it with pip, or does with venv and pip alone.
set -eu
cd "$(dirname "$0")"
kind=$1
list=requirements/$kind.txt
mark=.venv/.installed-$kind
sum=$(cat "$list" pyproject.toml hatch_build.py tests/*.sh | cksum)
pages=$(find voting/web/frontend -type f -not -path '*/node_modules/*' -exec cksum {} + | sort | cksum)
[ -x .venv/bin/voting ] && [ -f voting/web/static/manifest.json ] && [ "$(cat "$mark" 2>/dev/null)" = "$sum $pages" ] && exit 0

say() { echo "install: $*" >&2; }

python=
for name in python3.13 python3.12 python3.11 python3; do
  if command -v $name >/dev/null && $name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
    python=$(command -v $name); break
  fi
done

if [ -z "$python" ] && ! command -v uv >/dev/null; then
  say "Python 3.11 or later is needed: install it (Debian, Ubuntu: apt-get install python3 python3-venv), then try again"
  exit 1
fi

# uv is several times as fast as pip: used where there is one, else fetched by whichever pip is at hand.
uv=$(command -v uv || { [ -x .tools/bin/uv ] && echo "$PWD/.tools/bin/uv"; } || true)
fetch_uv() {
  "$1" -m pip --version >/dev/null 2>&1 || return 0
  say "getting uv"
  if "$1" -m pip install -q --disable-pip-version-check --require-hashes --target .tools -r requirements/uv.txt 2>/dev/null; then
    uv=$PWD/.tools/bin/uv
  fi
}
[ -n "$uv" ] || fetch_uv "$python"

if [ ! -x .venv/bin/python ]; then
  say "making .venv"
  if [ -n "$uv" ]; then "$uv" venv -q --python "${python:-3.11}" .venv
  elif ! "$python" -m venv .venv >/dev/null 2>&1; then
    rm -rf .venv
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      say "getting python3-venv from the system's packages"
      { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv; } >/dev/null
      "$python" -m venv .venv
    else
      say "this Python has neither pip nor venv: as root, run: apt-get install python3-venv, then try again"
      exit 1
    fi
  fi
fi
[ -n "$uv" ] || fetch_uv .venv/bin/python

get() {
  if [ -n "$uv" ]; then UV_COMPILE_BYTECODE=1 "$uv" pip install -q --python .venv/bin/python "$@"
  else .venv/bin/python -m pip install -q --disable-pip-version-check "$@"; fi
}

say "getting the packages of $list"
get --require-hashes -r "$list"
node=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//')
if ! command -v npm >/dev/null || [ "${node:-0}" -lt 18 ]; then
  say "getting Node for the pages, as this machine has none"
  get --require-hashes -r requirements/node.txt
fi
say "building the pages and installing the service"
get --no-deps --no-build-isolation -e .
if [ "$kind" = dev ]; then sh tests/browser.sh; sh tests/programs.sh; fi
echo "$sum $pages" >"$mark"

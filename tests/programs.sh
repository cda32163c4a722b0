#!/bin/sh
# Installs the programs that the tests of deploy/ run: nginx, promtool, openssl. What is there is used; as root on Debian
# or Ubuntu the rest is installed; otherwise the command to run is printed, and those tests are skipped.
set -eu
have() { PATH=$PATH:/usr/sbin command -v "$1" >/dev/null; }
missing=
have nginx || missing="$missing nginx-light"
have promtool || missing="$missing prometheus"
have openssl || missing="$missing openssl"

# Large, and only for one test: it is not installed unasked.
have soffice || echo "install: to test the results' formulas in a spreadsheet: apt-get install libreoffice-calc-nogui" >&2

[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "install: getting$missing from the system's packages" >&2
  # In this run level nothing that is installed is started.
  { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
    >/dev/null || echo "install: they cannot be got; the tests of deploy/ will say so" >&2
else
  echo "install: for the tests of deploy/ run, as root: apt-get install$missing" >&2
fi

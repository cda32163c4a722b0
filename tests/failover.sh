#!/bin/sh
# Installs what `make failover` runs: etcd, HAProxy and Patroni. What is there is used; as root on Debian or Ubuntu the
# programs are installed; otherwise the command to run is printed. Patroni gets a folder of its own, .tools/patroni.
set -eu
cd "$(dirname "$0")/.."
have() { PATH=$PATH:/usr/sbin command -v "$1" >/dev/null; }
missing=
have etcd || missing="$missing etcd-server"
have haproxy || missing="$missing haproxy"

if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "failover: getting$missing from the system's packages" >&2
    # In this run level nothing that is installed is started.
    { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
      >/dev/null || echo "failover: they cannot be got" >&2
  else
    echo "failover: run, as root: apt-get install$missing" >&2
  fi
fi

list=requirements/patroni.txt
sum=$(cksum < "$list")
if [ "$(cat .tools/patroni/.installed 2>/dev/null)" != "$sum" ]; then
  rm -rf .tools/patroni
  # The system's Python: another user than ours runs it, as PostgreSQL, where we are root.
  .venv/bin/uv pip install -q --python /usr/bin/python3 --target .tools/patroni --require-hashes -r "$list"
  echo "$sum" > .tools/patroni/.installed
fi

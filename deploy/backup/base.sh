#!/bin/sh
# A base backup of a running PostgreSQL, checked: base.sh ADDRESS FOLDER. The address is that of a user with REPLICATION.
set -eu
address=$1 folder=$2
pg_basebackup --dbname="$address" --pgdata="$folder" --checkpoint=fast --wal-method=stream --no-password
if pg_verifybackup --version >/dev/null 2>&1; then
  pg_verifybackup --quiet "$folder"
else
  echo "not compared with its manifest: there is no pg_verifybackup here that runs" >&2
fi
echo "base backup in $folder; keep the archived log since its beginning"

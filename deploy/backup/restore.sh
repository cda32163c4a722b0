#!/bin/sh
# Makes a data folder that PostgreSQL brings to a moment when it is started:
#   restore.sh BACKUP ARCHIVE DATA '2026-11-30 12:00:00+08'
# BACKUP is one of base.sh, ARCHIVE the folder of archived log. Run it as the user of PostgreSQL. Without a moment, the end
# of the archive. DATA must not exist: nothing is overwritten.
set -eu
backup=$1 archive=$2 data=$3 moment=${4:-}
[ ! -e "$data" ] || { echo "restore: $data exists; name a folder that does not" >&2; exit 1; }
if pg_verifybackup --version >/dev/null 2>&1; then
  pg_verifybackup --quiet "$backup"
else
  echo "not compared with its manifest: there is no pg_verifybackup here that runs" >&2
fi
cp -R "$backup" "$data"
chmod 700 "$data"
cat >> "$data/postgresql.auto.conf" <<END
restore_command = 'cp "$archive/%f" "%p"'
recovery_target_time = '$moment'
recovery_target_action = 'promote'
# Until somebody has looked at it, it archives nothing over what it was restored from.
archive_command = ''
END
touch "$data/recovery.signal"
echo "start PostgreSQL on $data, and wait until: select not pg_is_in_recovery()"

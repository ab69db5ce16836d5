#!/bin/bash
# Copies the primary when the standby's folder is empty, then follows it.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until pg_basebackup --host primary --username replicator --pgdata "$PGDATA" \
    --wal-method stream --write-recovery-conf --progress; do
    echo "the primary does not answer yet" >&2
    find "$PGDATA" -mindepth 1 -delete
    sleep 2
  done
  echo "primary_conninfo = 'host=primary user=replicator password=$PGPASSWORD application_name=standby'" \
    >>"$PGDATA/postgresql.auto.conf"
fi
chmod 700 "$PGDATA"
# As many connections as the primary: a standby with fewer does not start.
exec postgres -c max_connections=200

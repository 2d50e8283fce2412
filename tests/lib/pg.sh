#!/bin/sh
# pg.sh COMMAND [ARGUMENT...]: start a PostgreSQL 15 of its own in a temporary folder, run the command with
# VIVIM_TEST_PG_URL set to it, stop it. As root the server runs as the user `postgres` (it refuses root). It syncs
# nothing to the disk: the tests kill our server, never the database or the machine.
# pg.sh --make FOLDER: make the files of an empty one there. With TEST_PG_CLUSTER=FOLDER each begins as their copy,
# which is quicker than making them anew.
set -eu
bin=/usr/lib/postgresql/15/bin
[ -x "$bin/initdb" ] || { echo "pg.sh: postgresql-15 is not installed" >&2; exit 1; }
as() { "$@"; }
own() { :; }
if [ "$(id -u)" = 0 ]; then
    as() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
    own() { chown -R postgres "$1"; }
fi
# make FOLDER: as initdb needs it, the folder is there and is its user's.
make() {
    as "$bin/initdb" -D "$1/data" -U vivim -A trust -E UTF8 --locale=C --no-sync >"$1/initdb.log" 2>&1 || { cat "$1/initdb.log" >&2; exit 1; }
}
if [ "$1" = --make ]; then
    mkdir -p "$2"
    own "$2"
    cd "$2"
    make "$2"
    exit 0
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/vivim-pg-XXXXXX")
own "$folder"
stop() {
    as "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    rm -rf "$folder"
}
trap stop EXIT INT TERM
cd "$folder"
if [ -d "${TEST_PG_CLUSTER:-}/data" ]; then
    cp -a "$TEST_PG_CLUSTER/data" "$folder/data"
else
    make "$folder"
fi
cd "$OLDPWD"

# A free loopback port; another may take it before the server does, so try a few.
port= tries=0
while :; do
    port=$(awk -v seed="$$$tries" 'BEGIN { srand(seed + systime()); print int(20000 + rand() * 30000) }')
    if (cd "$folder" && as "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/log" \
        -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$folder -c max_connections=200 -c fsync=off" start) >/dev/null 2>&1; then
        break
    fi
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || { cat "$folder/log" >&2; exit 1; }
done

VIVIM_TEST_PG_URL="postgresql://vivim@127.0.0.1:$port/postgres" "$@"

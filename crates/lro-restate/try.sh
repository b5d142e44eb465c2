#!/bin/sh
# Installs a Restate server, runs operations through it and through workers that are killed, and prints one table.
#
#   try.sh [DIR [SCENARIO]]     DIR keeps the server (default: target/restate); SCENARIO is one of those in examples/try/main.rs
#
# It takes some minutes. RESTATE_PORT (default 18080) and the three ports after it are used on loopback.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-$here/target/restate}
for tool in npm node cargo; do
    command -v "$tool" >/dev/null || { echo "skipped: $tool is missing"; exit 0; }
done

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
rm -rf "$dir/restate-data" "$dir"/deliveries* "$dir/starts" "$dir/server.log"
if [ ! -d "$dir/node_modules/@restatedev" ] && ! "$here/engine.sh" install "$dir"; then
    echo "skipped: npm cannot install the server"
    exit 0
fi
exec cargo run --quiet --manifest-path "$here/Cargo.toml" --example try -- "$dir" ${2:+"$2"}

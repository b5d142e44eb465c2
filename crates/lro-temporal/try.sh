#!/bin/sh
# Runs the adapter against Temporal's server and the emulator, kills both worker and server on the way, and prints one table.
# It takes 9 to 14 minutes after the build. Needs python3 with venv and pip, protoc with its well-known types, and the network for the first run.
#   try.sh [all | cases | rate] [DIR]    cases: without the 2,000 operations and the 500 polls, 5 minutes; rate: the polls a second
#                                 DIR keeps the server; default: target/try in this crate
set -eu
cd "$(dirname "$0")"
what=${1:-all}
dir=${2:-target/try}
skip() {
    echo "skipped: $1"
    exit 0
}
python3 -c 'import venv, ensurepip' 2>/dev/null || skip "python3 with venv and pip is missing (Debian: python3-venv)"
command -v protoc >/dev/null || skip "protoc is missing (Debian: protobuf-compiler, libprotobuf-dev)"
[ -f /usr/include/google/protobuf/empty.proto ] || [ -n "${PROTOC_INCLUDE:-}" ] ||
    skip "the well-known types of protobuf are missing (Debian: libprotobuf-dev)"
./engine.sh "$dir" install || skip "the server cannot be installed by pip"
rm -f "$dir"/temporal-*.db* "$dir/server.log"
cargo build --quiet --example try
TRY_DIR="$dir" exec target/debug/examples/try "$what"

#!/bin/sh
# Installs, starts and registers with a Restate server on loopback.
#
#   engine.sh install DIR        installs the server by npm into DIR
#   engine.sh start DIR          starts it in the foreground, with its data in DIR/restate-data
#   engine.sh register URI       registers the worker that listens at URI, and again after each change of its handlers
#
# RESTATE_PORT (default 18080) is the port of the ingress. The next two are those of the admin API and of the node.
set -eu

ingress=${RESTATE_PORT:-18080}
admin=$((ingress + 1))
node=$((ingress + 2))

case "${1:-} ${2:-}" in
"install "?*)
    # Without scripts: a dependency of the package reports each installation.
    npm install --prefix "$2" --ignore-scripts --no-audit --no-fund --silent @restatedev/restate-server@1.7.12
    ;;
"start "?*)
    server=$(find "$2/node_modules/@restatedev" -path '*/bin/restate-server' -type f -perm -u+x | head -n 1)
    [ -n "$server" ] || { echo "no server in $2: run engine.sh install $2" >&2; exit 1; }
    export RESTATE_DISABLE_TELEMETRY=true DO_NOT_TRACK=1
    export RESTATE_BASE_DIR="$2/restate-data" RESTATE_NODE_NAME=n1 RESTATE_BIND_IP=127.0.0.1 RESTATE_LISTEN_MODE=tcp
    export RESTATE_INGRESS__BIND_PORT="$ingress" RESTATE_ADMIN__BIND_PORT="$admin" RESTATE_BIND_PORT="$node"
    export RESTATE_LOG_FILTER="${RESTATE_LOG_FILTER:-warn}"
    exec "$server" --no-logo
    ;;
"register "?*)
    curl --fail --silent --show-error --output /dev/null --request POST "http://127.0.0.1:$admin/deployments" \
        --header 'content-type: application/json' --data "{\"uri\":\"$2\",\"force\":true}"
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

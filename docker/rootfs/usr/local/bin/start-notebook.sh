#!/bin/bash
# Starts Jupyter, or the single-user server if a hub has started the container.
#   DOCKER_STACKS_JUPYTER_CMD  lab (default), notebook or server
#   NOTEBOOK_ARGS              further arguments
#   RESTARTABLE                yes: start it again whenever it ends
#   GEN_CERT                   yes: serve HTTPS with a self-signed certificate
set -euo pipefail

if [[ -n ${JUPYTERHUB_API_TOKEN:-} ]]; then
    exec start-singleuser.sh "$@"
fi
case ${DOCKER_STACKS_JUPYTER_CMD:=lab} in
    lab | notebook | server) ;;
    *)
        echo "DOCKER_STACKS_JUPYTER_CMD is '$DOCKER_STACKS_JUPYTER_CMD'; it is lab, notebook or server" >&2
        exit 2
        ;;
esac
if [[ ${GEN_CERT:-} == yes || ${GEN_CERT:-} == 1 ]]; then
    pem=$(mktemp -d)/server.pem
    openssl req -x509 -nodes -newkey rsa:2048 -days 365 -subj "/CN=$(hostname)" \
        -addext "subjectAltName=DNS:$(hostname),DNS:localhost,IP:127.0.0.1" \
        -keyout "$pem" -out "$pem.cert" 2>/dev/null
    cat "$pem.cert" >>"$pem"
    set -- --ServerApp.certfile="$pem" "$@"
fi
# shellcheck disable=SC2086 # NOTEBOOK_ARGS holds several arguments
set -- jupyter "$DOCKER_STACKS_JUPYTER_CMD" ${NOTEBOOK_ARGS:-} "$@"

if [[ ${RESTARTABLE:-} != yes ]]; then
    exec "$@"
fi
trap 'kill -TERM "$server"; wait "$server"; exit' TERM INT
while true; do
    "$@" &
    server=$!
    wait "$server" || true
    echo "Jupyter has ended; RESTARTABLE=yes starts it again" >&2
    sleep 1 # a server that cannot start must not use a whole core
done

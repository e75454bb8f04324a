#!/bin/bash
# Starts the server that belongs to one student of a JupyterHub.
set -euo pipefail
# shellcheck disable=SC2086 # NOTEBOOK_ARGS are several
exec jupyterhub-singleuser ${NOTEBOOK_ARGS:-} "$@"

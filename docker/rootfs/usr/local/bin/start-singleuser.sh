#!/bin/bash
# Starts one student's single-user server of a JupyterHub.
set -euo pipefail
# shellcheck disable=SC2086 # NOTEBOOK_ARGS holds several arguments
exec jupyterhub-singleuser ${NOTEBOOK_ARGS:-} "$@"

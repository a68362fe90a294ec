#!/usr/bin/env bash
# The main job, on this machine, from nothing: scripts/demo.sh BUILD_DIR [--once] [--cluster] [--transactions N] [--rows N]
# The store alone (kill -9 during appends, the official Python client), then the power-grid warehouse of examples/grid:
# PostgreSQL -> ODS -> DWD -> DWS -> ADS -> PostgreSQL, each row of each table compared with its oracle.
# --cluster: as processes (ZooKeeper, coordinator, three tablet servers, three workers), each killed while rows flow.
# Ends with "demo: PASS …" or "demo: FAIL …" (exit 1). --once ends after that; else all of it stays up, to be tried.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:?usage: demo.sh BUILD_DIR [--once] [--cluster] [--transactions N] [--rows N]}; shift
"$repo/scripts/install-clients.sh"
STROM=$(realpath "$build")/cli/strom exec /usr/bin/python3 -B "$repo/scripts/demo.py" "$@"

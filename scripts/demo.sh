#!/usr/bin/env bash
# The main job of this milestone, on this machine, from nothing: scripts/demo.sh BUILD_DIR [--once] [--rows N]
# Appends rows to a log table while the server is killed with kill -9, starts it again and compares every row; then the
# official Python and Java clients do the same with theirs. Ends with "demo: PASS …" or "demo: FAIL …" (exit 1).
# --once ends after that; else the server stays up, to be tried by hand.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${1:?usage: demo.sh BUILD_DIR [--once] [--rows N]}; shift
"$repo/scripts/install-clients.sh"
STROM=$(realpath "$build")/cli/strom exec /usr/bin/python3 -B "$repo/scripts/demo.py" "$@"

#!/usr/bin/env bash
# Measures OpenPPU beside native code on this machine: a table, and the figures in build/bench.json.
#   bench/run.sh [--repeats 20] [--workers 1,2] [--against COMMIT]
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh
exec bench/bench.py "$@"

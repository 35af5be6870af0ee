#!/usr/bin/env bash
# Sets up, builds, and runs the everyday tests (under 10 minutes on two cores). Arguments go to ctest:
#   scripts/test.sh -L fast        the tests labelled fast, under a minute
#   scripts/test.sh -L programs    one folder of tests/
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
scripts/build.sh
scripts/check_layers.py
# Labelled slow: long fuzz runs, asked for by `ctest -L slow`.
exec ctest --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" -LE slow "$@"

#!/usr/bin/env bash
# What to run before a commit: format, layers, sizes, paths named in the documents, fast tests.
#   scripts/check.sh --no-tests    only the checks of the text (a few seconds)
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== format"
git ls-files -z '*.h' '*.cpp' '*.cu' '*.cuh' '*.c' | xargs -0 -r clang-format-19 --dry-run -Werror
echo "== layers"
scripts/check_layers.py
echo "== sizes"
scripts/check_sizes.py
echo "== documents"
scripts/check_docs.py
scripts/compatibility.py --check
scripts/cuda_typedefs.py --check
echo "== scripts"
git ls-files -z '*.sh' .ci/run | xargs -0 -n1 bash -n
if [ "${1:-}" != --no-tests ]; then
  echo "== fast tests"
  scripts/test.sh -L fast
fi

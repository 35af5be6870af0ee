#!/usr/bin/env bash
# Makes a PyTorch work on the software device: builds our bridge for its version into build/lib/bridges.
#   scripts/torch.sh                   a PyTorch of its own in build/venv-torch (PyPI's, without NVIDIA's libraries)
#   scripts/torch.sh PYTHON            the PyTorch that PYTHON has
#   scripts/torch.sh --test [PYTHON]   and runs tests/torch with it
# Then: build/bin/ppu run PYTHON script.py. Several versions can stand side by side.
set -euo pipefail
cd "$(dirname "$0")/.."

run_tests=
if [ "${1:-}" = --test ]; then
  run_tests=yes
  shift
fi
python=${1:-}
if [ -z "$python" ]; then
  python=$PWD/build/venv-torch/bin/python
  if ! cmp -s scripts/requirements-torch.txt build/venv-torch/openppu-requirements; then
    echo "torch: Python packages into build/venv-torch (about 2 GB)"
    python3 -m venv build/venv-torch
    build/venv-torch/bin/pip install -q --disable-pip-version-check --no-deps -r scripts/requirements-torch.txt
    cp scripts/requirements-torch.txt build/venv-torch/openppu-requirements
  fi
fi
found=$(command -v "$python") || { echo "torch: $python: no such program" >&2; exit 1; }
case $found in /*) ;; *) found=$PWD/$found ;; esac
facts=$("$found" src/bridges/torch/find_torch.py) || exit 1
version=$(echo "$facts" | cut -d';' -f2)
minor=$(echo "$facts" | cut -d';' -f3)

scripts/setup.sh
[ -f build/build.ninja ] || scripts/build.sh
# The list keeps those built before; this one comes first, for the tests.
listed=$(sed -n 's/^PPU_TORCH_PYTHON:[A-Z]*=//p' build/CMakeCache.txt)
others=$(echo "$listed" | tr ';' '\n' | grep -vxF "$found" || true)
cmake build -DPPU_TORCH_PYTHON="$(printf '%s\n%s' "$found" "$others" | sed '/^$/d' | paste -sd';')" >/dev/null
cmake --build build
echo "torch: build/lib/bridges/libppu_torch-$minor.so is the bridge for PyTorch $version"
if [ -n "$run_tests" ]; then
  ctest --test-dir build --output-on-failure --no-tests=error -L torch
fi

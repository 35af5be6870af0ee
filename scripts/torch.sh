#!/usr/bin/env bash
# Makes a PyTorch work on the software device: builds our bridge for its version into build/lib/bridges.
#   scripts/torch.sh                   a PyTorch of its own in build/venv-torch (PyPI's, without NVIDIA's libraries)
#   scripts/torch.sh 2.14              that version of PyPI's, in build/venv-torch-2.14
#   scripts/torch.sh PYTHON            the PyTorch that PYTHON has
#   scripts/torch.sh --test [...]      and runs tests/torch and tests/triton with it
# Exit code 3: the packages can't be fetched.
# Then: build/bin/ppu run PYTHON script.py. Several versions can stand side by side.
set -euo pipefail
cd "$(dirname "$0")/.."

run_tests=
if [ "${1:-}" = --test ]; then
  run_tests=yes
  shift
fi
python=${1:-}
version=
if [[ "$python" =~ ^[0-9]+\.[0-9]+$ ]]; then
  version=$python
  python=
fi
if [ -z "$python" ]; then
  venv=$PWD/build/venv-torch${version:+-$version}
  python=$venv/bin/python
  list=$(sed "s/^torch\$/torch${version:+==$version.*}/" scripts/requirements-torch.txt)
  if [ "$list" != "$(cat "$venv/openppu-requirements" 2>/dev/null)" ]; then
    echo "torch: Python packages into $venv (about 2 GB)"
    python3 -m venv "$venv"
    fetch() { timeout 1500 "$venv/bin/pip" install -q --disable-pip-version-check --no-deps "$@" || exit 3; }
    grep -v '^triton$' <<<"$list" >"$venv/wanted"
    fetch -r "$venv/wanted"
    # Each PyTorch wants its own Triton.
    triton=$("$python" -c 'from importlib.metadata import requires
print(next(r for r in requires("torch") if r.startswith("triton")).split(";")[0])')
    fetch "$triton"
    echo "$list" >"$venv/openppu-requirements"
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
  ctest --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" -L torch
fi

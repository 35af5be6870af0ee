#!/usr/bin/env bash
# numba-cuda, CuPy and JAX from PyPI in build/venv-python, with no NVIDIA package; with --test, runs tests/python with them.
# Then: build/bin/ppu run build/venv-python/bin/python script.py
set -euo pipefail
cd "$(dirname "$0")/.."

list=scripts/requirements-python.txt venv=build/venv-python
scripts/setup.sh
[ -x build/bin/ppu ] || scripts/build.sh
if ! cmp -s $list $venv/openppu-requirements; then
  echo "python: Python packages into $venv (about 1.5 GB)"
  python3 -m venv $venv
  # JAX's plugin must be of JAX's own version.
  grep -v '^#' $list | sed '/^--$/,$d' | xargs $venv/bin/pip install -q --disable-pip-version-check
  jax=$($venv/bin/python -c 'import jax; print(jax.__version__)')
  grep -v '^#' $list | sed '1,/^--$/d' | sed "s/^jax-.*/&==$jax/" |
    xargs $venv/bin/pip install -q --disable-pip-version-check --no-deps
  cp $list $venv/openppu-requirements
fi
if [ "${1:-}" = --test ]; then
  failed=0
  for test in tests/python/*_test.py; do
    echo "== $test"
    build/bin/ppu run $venv/bin/python "$test" || failed=1
  done
  exit $failed
fi

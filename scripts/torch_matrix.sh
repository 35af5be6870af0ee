#!/usr/bin/env bash
# Builds the bridge for the last two minor versions of PyTorch on PyPI and runs tests/torch and tests/triton with each.
#   scripts/torch_matrix.sh [VERSION...]
set -euo pipefail
cd "$(dirname "$0")/.."

versions=("$@")
if [ "${#versions[@]}" = 0 ]; then
  scripts/setup.sh
  mapfile -t versions < <(build/venv/bin/pip index versions torch --disable-pip-version-check 2>/dev/null |
    sed -n 's/^Available versions: //p' | tr -d ' ' | tr ',' '\n' | cut -d. -f1,2 | uniq | head -2)
fi
[ "${#versions[@]}" -gt 0 ] || { echo "torch_matrix: PyPI names no version of torch" >&2; exit 1; }
failed=()
for version in "${versions[@]}"; do
  scripts/torch.sh --test "$version" || failed+=("$version")
done
if [ "${#failed[@]}" -gt 0 ]; then
  echo "torch_matrix: failed: ${failed[*]}" >&2
  exit 1
fi
echo "torch_matrix: ${versions[*]}: every test passes"

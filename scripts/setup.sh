#!/usr/bin/env bash
# Installs what OpenPPU needs on a Debian 12, from Debian's packages and PyPI, by name. Does nothing where all
# of it is there already. Not here: any NVIDIA package; where an nvcc is found, tests use it as a second lane.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  llvm-19-dev clang-19 lld-19 libclang-rt-19-dev libomp-19-dev clang-format-19
  g++ cmake ninja-build ccache git pkg-config ca-certificates binutils
  libzstd-dev zlib1g-dev liblz4-dev libxml2-dev libcli11-dev nlohmann-json3-dev libtomlplusplus-dev
  libdnnl-dev libgtest-dev libbenchmark-dev python3 python3-venv
)

# A command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "setup: need root or sudo to run: $*" >&2
    exit 1
  fi
}

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

# The virtual environment: the stamp holds the list it was made from, written last, so that an interrupted
# set-up is done again.
venv=build/venv
stamp=$venv/openppu-requirements
if ! cmp -s scripts/requirements.txt "$stamp"; then
  echo "setup: Python packages into $venv"
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  "$python" -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check --no-deps -r scripts/requirements.txt
  cp scripts/requirements.txt "$stamp"
fi

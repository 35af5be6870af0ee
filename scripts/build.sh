#!/usr/bin/env bash
# Release build into build/ (or the folder in $1): build/bin/ppu, build/bin/ppucc, build/lib/libcuda.so.1 …
# A second call compiles nothing. Needs what scripts/setup.sh installs.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=${1:-build}

export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR="$PWD"
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
if [ ! -f "$dir/build.ninja" ]; then
  cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=clang-19 -DCMAKE_CXX_COMPILER=clang++-19
fi
cmake --build "$dir"

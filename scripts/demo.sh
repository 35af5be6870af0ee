#!/usr/bin/env bash
# Sets up, builds, and searches Debian's package descriptions by meaning: a transformer in CUDA C++ on a software PPU.
#   scripts/demo.sh                            asks for questions
#   scripts/demo.sh "play music in a terminal" answers one
# The index of the corpus is kept and used again. More: build/bin/ppu-search --help.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
scripts/build.sh
# A container's package lists are often empty; the corpus is made of them.
if [ -z "$(apt-cache dumpavail | head -c 1)" ]; then
  if [ "$(id -u)" = 0 ]; then apt-get update -q; else sudo apt-get update -q; fi
fi
exec build/bin/ppu-search "$@"

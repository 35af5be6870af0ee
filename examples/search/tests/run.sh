#!/bin/sh
# run.sh PYTHON SCRIPT ARGS...: runs a reference test, or skips it (77) where its Python environment isn't there.
if [ ! -x "$1" ]; then
  echo "no $1: scripts/setup.sh makes it; skipped"
  exit 77
fi
exec "$@"

#!/usr/bin/env python3
"""Runs one test program under `ppu run` with each engine asked for and compares the digests it prints.

    run_program.py --ppu build/bin/ppu [--engines avx512,avx2,narrow,quick,ref] PROGRAM [ARGS…]

Passes when every run exits with 0, prints "NAME: ok, bits HEX" as its last line, and all digests are the same."""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ENGINES = {
    "avx512": {"PPU_CPU": "avx512"},
    "avx2": {"PPU_CPU": "avx2"},
    "narrow": {"PPU_LANES": "narrow"},
    "quick": {"PPU_TIER": "quick"},
    "ref": {"PPU_ENGINE": "ref"},
}
VERDICT = re.compile(r"^\S+: ok, bits (\S+)$", re.MULTILINE)


def has_avx512():
    return " avx512bw " in pathlib.Path("/proc/cpuinfo").read_text()


def run(engine, command, cache, timeout):
    """The digest of one run, or None after saying what went wrong."""
    env = {**os.environ, "XDG_CACHE_HOME": cache, **ENGINES[engine]}
    shown = " ".join([f"{k}={v}" for k, v in ENGINES[engine].items()] + command)
    try:
        done = subprocess.run(command, env=env, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired as late:
        print(f"{shown}\n  still running after {timeout} s\n{(late.stderr or b'').decode(errors='replace')}")
        return None
    out = done.stdout.decode(errors="replace")
    verdict = VERDICT.search(out)
    if done.returncode == 0 and verdict:
        print(f"{engine}: {verdict[1]}")
        return verdict[1]
    print(f"{shown}\n  exit status {done.returncode}\n{out}{done.stderr.decode(errors='replace')}")
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ppu", required=True)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--timeout", type=float, default=90)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    engines = options.engines.split(",")
    if not has_avx512() and "avx512" in engines:
        print("avx512: this processor has none")
        engines.remove("avx512")
    with tempfile.TemporaryDirectory(prefix="openppu-test-") as cache:
        digests = {e: run(e, [options.ppu, "run", *options.command], cache, options.timeout) for e in engines}
    if None in digests.values():
        return 1
    if len(set(digests.values())) > 1:
        print("the engines do not agree:", digests)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

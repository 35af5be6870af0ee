#!/usr/bin/env python3
"""claims_page.py PPU PAGE: the page is what `ppu claims --markdown` prints today: the same words, and numbers within a
tenth (a refit of the model moves them a little)."""
import re
import subprocess
import sys

NUMBER = re.compile(r"\d+(?:\.\d+)?")
TOLERANCE = 0.10


def differs(old, new):
    if NUMBER.sub("#", old) != NUMBER.sub("#", new):
        return True
    pairs = zip(map(float, NUMBER.findall(old)), map(float, NUMBER.findall(new)))
    return any(abs(a - b) > TOLERANCE * max(a, b) + 1e-9 for a, b in pairs)


def main():
    ppu, page = sys.argv[1:]
    now = subprocess.run([ppu, "claims", "--markdown"], capture_output=True, text=True, check=True).stdout.splitlines()
    then = open(page, encoding="utf-8").read().splitlines()
    stale = [f"-{a}\n+{b}" for a, b in zip(then, now) if differs(a, b)]
    if len(now) != len(then):
        stale.append(f"{len(then)} lines, now {len(now)}")
    if stale:
        print("\n".join(stale))
        print(f"{page} is stale: build/bin/ppu claims --markdown > docs/claims.md")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())

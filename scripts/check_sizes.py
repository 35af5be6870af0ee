#!/usr/bin/env python3
"""Sizes we keep: a source file has at most 800 lines, a function at most 80. Tables (*.inc) are exempt; other
exceptions are listed below, each with its reason. Functions are found by clang-format's layout: a line that ends in
`) {` (or `) const {` …) up to the `}` at the same depth."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_FILE, MAX_FUNCTION = 800, 80
# path: reason
LONG_FILES = {
    "sdk/include/cudaTypedefs.h": "written by scripts/cuda_typedefs.py",
    "sdk/include/cuda.h": "declarations of the driver API, one list",
    "sdk/include/cuda_runtime_api.h": "declarations of the runtime API, one list",
    "sdk/include/ppu/cuda_enums.h": "a table: enumerators and their numbers",
    "sdk/include/ppu/cuda_structs.h": "a table: layouts",
    "sdk/include/ppu/cuda_functions.h": "a table: prototypes",
    "sdk/include/ppu/runtime_enums.h": "a table: enumerators and their numbers",
}
OPENING = re.compile(r"^(?P<indent> *)(?!if|for|while|switch|do\b|else|\}|namespace|struct|class|enum|union|extern)"
                     r"\S.*\)( const| noexcept| override| ->.*)* \{$")


def long_functions(lines):
    start = indent = None
    for number, line in enumerate(lines, 1):
        if start is None:
            opening = OPENING.match(line)
            if opening and len(opening["indent"]) <= 2:
                start, indent = number, opening["indent"]
        elif line.startswith(indent + "}"):
            if number - start + 1 > MAX_FUNCTION:
                yield start, number - start + 1
            start = None


def main():
    files = subprocess.run(["git", "ls-files", "*.h", "*.cpp", "*.cu", "*.cuh", "*.c", "*.py", "*.sh"], cwd=ROOT,
                           capture_output=True, text=True, check=True).stdout.split()
    bad = []
    for name in files:
        path = ROOT / name
        if not path.exists():
            continue
        lines = path.read_text().splitlines()
        if len(lines) > MAX_FILE and name not in LONG_FILES:
            bad.append(f"{name}: {len(lines)} lines (at most {MAX_FILE})")
        bad += [f"{name}:{start}: function of {length} lines (at most {MAX_FUNCTION})"
                for start, length in long_functions(lines)]
    print("\n".join(bad) if bad else f"sizes: {len(files)} files keep to {MAX_FILE} / {MAX_FUNCTION} lines")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

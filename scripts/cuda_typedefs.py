#!/usr/bin/env python3
"""Writes sdk/include/cudaTypedefs.h from the rows of src/driver/api.inc: PFN_NAME_vSINCE, the type of an entry point of the
driver in the variant that came with that version of CUDA (CUDA Driver API, "Driver Entry Point Access"). PFN_NAME without a
version is the newest one that our cuda.h speaks. With --check says whether the file is up to date."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^(?:API|STUB)\(\w+, (\d+), (\w+), (\(.*?\)), \((?:\w+(?:, )?)*\)\)$")


def variants():
    """(base name, since, parameters), per-thread variants with their suffix."""
    for line in (ROOT / "src/driver/api.inc").read_text().splitlines():
        if not (row := ROW.match(line)):
            continue
        since, name, parameters = row.groups()
        base, thread = re.fullmatch(r"(\w+?)(?:_v\d+)?(_pt[ds][sz])?", name).groups()
        yield base, int(since), thread or "", parameters


def text():
    lines = [
        "/* Written by scripts/cuda_typedefs.py from the driver's rows: types of what cuGetProcAddress and",
        " * cudaGetDriverEntryPoint find. PFN_NAME_vVERSION is the variant that came with that CUDA; PFN_NAME the",
        " * newest. */",
        "/* clang-format off */",
        "#pragma once",
        "#include <cuda.h>",
        "",
    ]
    spoken = int(re.search(r"define CUDA_VERSION (\d+)", (ROOT / "sdk/include/cuda.h").read_text())[1])
    newest, seen = {}, set()
    for base, since, thread, parameters in variants():
        versioned = f"PFN_{base}_v{since}{thread}"
        if versioned in seen:
            continue
        seen.add(versioned)
        lines.append(f"typedef CUresult(CUDAAPI* {versioned}){parameters};")
        if not thread and spoken >= since >= newest.get(base, (0, ""))[0]:
            newest[base] = (since, versioned)
    lines += [f"typedef {versioned} PFN_{base};" for base, (_, versioned) in sorted(newest.items())]
    return "\n".join(lines) + "\n"


def main():
    target = ROOT / "sdk/include/cudaTypedefs.h"
    if "--check" in sys.argv:
        if target.read_text() != text():
            sys.exit("sdk/include/cudaTypedefs.h is stale: run scripts/cuda_typedefs.py")
        return
    target.write_text(text())


if __name__ == "__main__":
    main()

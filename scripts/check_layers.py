#!/usr/bin/env python3
"""Greps #include lines of src/ against the folder table in docs/architecture.md: a folder may include its own
headers and those of the folders (or the single headers) named in its row, nothing else. LLVM's headers are for the
rows marked "LLVM" alone. Prints each breach as file:line and exits 1."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| (?P<folders>`src/[^|]+) \| (?P<uses>[^|]*) \|")
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<((?:llvm|llvm-c|clang|clang-c|lld|mlir)/[^>]+)>)')


def read_table():
    """{folder: names it may include}; a name is a folder of src/, one header such as exec/kernel_abi.h, or LLVM."""
    table = {}
    for line in (ROOT / "docs/architecture.md").read_text().splitlines():
        row = ROW.match(line)
        if not row:
            continue
        uses = {word for word in re.split(r"[,\s`]+", row["uses"]) if word and word != "–"}
        for folder in re.findall(r"`src/([^`]+)`", row["folders"]):
            table[folder] = uses
    return table


def folder_of(path, table):
    """The longest row of the table that holds `path` (relative to src/), or None."""
    parts = path.split("/")
    for n in range(len(parts) - 1, 0, -1):
        name = "/".join(parts[:n])
        if name in table:
            return name
    return None


def breaches(table):
    for file in sorted((ROOT / "src").rglob("*")):
        if file.suffix not in {".h", ".cpp", ".inc", ".c"}:
            continue
        path = file.relative_to(ROOT / "src").as_posix()
        folder = folder_of(path, table)
        if folder is None:
            yield f"src/{path}: its folder has no row in docs/architecture.md"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            header = found[1] or found[2]
            target = "LLVM" if found[2] or header.startswith("llvm/") else folder_of(header, table)
            if target is None or target == folder or "all" in table[folder]:
                continue
            if target not in table[folder] and header not in table[folder]:
                yield f"src/{path}:{number}: src/{folder} may not include {header}"


def main():
    table = read_table()
    if not table:
        sys.exit("check_layers: no folder table in docs/architecture.md")
    bad = list(breaches(table))
    print("\n".join(bad) if bad else f"layers: {len(table)} folders keep to the table")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

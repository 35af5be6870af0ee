#!/usr/bin/env python3
"""docs/compatibility.md from the rows: which PTX instructions, driver and runtime functions work, partly work, or are
refused, and a test that shows it.

  scripts/compatibility.py           writes the page
  scripts/compatibility.py --check   fails when the page is stale

The rows are the only list: isa/*.inc, src/driver/api.inc, src/runtime/api.inc. What works in part says what is missing
in a comment on the line above its row:  // partly: what doesn't work
The test is the first file under tests/ that names the function or writes the instruction."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/compatibility.md"
PARTLY = re.compile(r"^// partly: (.*)$")
# Variants of one function: the thread's own default stream, and versions of its parameters.
VARIANT = re.compile(r"(_v\d+)?(_pt[sd]s|_ptsz|_ptds)?$")


def rows_with_notes(path):
    """(first line of a row, note of the comment above it or '')."""
    note = ""
    for line in path.read_text().splitlines():
        match = PARTLY.match(line)
        if match:
            note = match[1]
        elif re.match(r"[A-Z_]+\(", line):
            yield line, note
            note = ""
        elif not line.startswith(("//", " ")):
            note = ""


class Tests:
    """Where the tests use a word."""

    def __init__(self):
        self.files = []
        for path in sorted((ROOT / "tests").rglob("*")):
            if path.suffix in {".cpp", ".cu", ".h", ".py", ".sh", ".ptx"} and "fuzz" not in path.parts:
                self.files.append((path.relative_to(ROOT / "tests").as_posix(), path.read_text(errors="replace")))
        self.words = {}
        for name, text in self.files:
            for word in set(re.findall(r"\b(?:cu|__cuda)\w+", text)):
                self.words.setdefault(VARIANT.sub("", word), name)

    def of_function(self, base):
        return self.words.get(base, "")

    def of_instruction(self, spelling):
        pattern = re.compile(r"(?<![\w.])" + re.escape(spelling) + r"(?![\w])")
        return next((name for name, text in self.files if pattern.search(text)), "")


def functions(path, written):
    """base name -> [state, note]; a function works if any variant does."""
    found = {}
    for line, note in rows_with_notes(path):
        kind, rest = line.split("(", 1)
        if kind in {"API", "STUB", "NAME"} and path.parent.name == "driver":
            name = re.search(r"\b(cu[A-Z]\w*)", rest)[1]
        else:
            name = re.match(r"\w+", rest)[0]
        state = "works" if kind in written else "refused"
        if state == "works" and note:
            state = "partly"
        base = VARIANT.sub("", name)
        old = found.setdefault(base, [state, note])
        if old[0] == "refused" and state != "refused":
            found[base] = [state, note]
    return found


def table(found, tests):
    lines = ["| function | | shown by |", "|---|---|---|"]
    for name, (state, note) in sorted(found.items(), key=lambda item: item[0].lower()):
        if state == "refused":
            continue
        what = f"partly: {note}" if state == "partly" else "works"
        lines.append(f"| `{name}` | {what} | {tests.of_function(name)} |")
    refused = sorted((n for n, (s, _) in found.items() if s == "refused"), key=str.lower)
    lines += ["", f"Refused by name ({len(refused)}): " + ", ".join(f"`{n}`" for n in refused) + "."]
    works = sum(s == "works" for s, _ in found.values())
    partly = sum(s == "partly" for s, _ in found.values())
    lines.insert(0, f"{works} work, {partly} in part, {len(refused)} are refused.\n")
    return lines


def instructions(tests):
    lines = ["| instruction | forms | | shown by |", "|---|---|---|---|"]
    chapters = re.findall(r'#include "isa/(\w+\.inc)"', (ROOT / "isa/all_rows.inc").read_text())
    rows = {}  # opcode -> [forms, note, test]
    for chapter in chapters:
        text = (ROOT / "isa" / chapter).read_text()
        notes = {line: note for line, note in rows_with_notes(ROOT / "isa" / chapter)}
        for match in re.finditer(r'^(ROW|OP)\(\s*\w+,((?:\s*"[^"]*")+)(.*)', text, re.M):
            form = "".join(re.findall(r'"([^"]*)"', match[2]))
            line = text[match.start():].split("\n", 1)[0]
            opcode = re.match(r"\w+", form)[0]
            entry = rows.setdefault(opcode, [0, "", ""])
            entry[0] += 1
            entry[1] = entry[1] or notes.get(line, "")
            # A row of a meaning carries its vectors: isa/rows_test.cpp runs them, a sweep, and constant folding.
            entry[2] = entry[2] or ("isa/rows_test.cpp" if match[1] == "ROW" else "")
    for opcode, (forms, note, test) in sorted(rows.items()):
        what = f"partly: {note}" if note else "works"
        lines.append(f"| `{opcode}` | {forms} | {what} | {test or tests.of_instruction(opcode)} |")
    known = re.search(r"kMnemonics\[\] = \{(.*?)\};", (ROOT / "src/ptx/opcode.cpp").read_text(), re.S)
    refused = sorted(set(re.findall(r'"(\w+)"', known[1])) - set(rows)) if known else []
    lines += ["", "Known, and refused with the place and the target of the module: " +
              ", ".join(f"`{o}`" for o in refused) + "."]
    lines.insert(0, f"{len(rows)} opcodes in {sum(r[0] for r in rows.values())} rows, {len(refused)} are refused.\n")
    return lines


def page():
    tests = Tests()
    out = ["# Compatibility", "",
           "Written by `scripts/compatibility.py` from the rows of `isa/`, `src/driver/api.inc` and "
           "`src/runtime/api.inc`; `scripts/check.sh` fails when it is stale. Variants of a function (`_v2`, `_ptsz`) "
           "share a line. \"Shown by\" is the first file below `tests/` that uses it; where there is none, nothing of "
           "ours shows it yet.", "", "## PTX instructions", ""]
    out += instructions(tests)
    out += ["", "## Driver", ""] + table(functions(ROOT / "src/driver/api.inc", {"API"}), tests)
    out += ["", "## Runtime", ""]
    out += table(functions(ROOT / "src/runtime/api.inc", {"API", "PER_THREAD", "PLAIN", "NEWER", "NEWER_PER_THREAD"}), tests)
    return "\n".join(out) + "\n"


def main():
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text)
        return 0
    if PAGE.exists() and PAGE.read_text() == text:
        print(f"compatibility: {PAGE.relative_to(ROOT)} says what the rows say")
        return 0
    print(f"{PAGE.relative_to(ROOT)} is stale: run scripts/compatibility.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())

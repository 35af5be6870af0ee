#!/usr/bin/env python3
"""Every path of this repository that a document names in `backticks` or links to must exist."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOPS = ("isa/", "chips/", "sdk/", "src/", "tests/", "bench/", "examples/", "docs/", "scripts/", "cmake/", ".ci/")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)")
CODE = re.compile(r"`([^`\n]+)`")


def named_paths(text):
    for match in LINK.finditer(text):
        yield match.start(), match[1], True
    for match in CODE.finditer(text):
        for word in match[1].split():
            word = word.rstrip(".,:;)")
            # Patterns and place-holders (<group>, name.toml in a walkthrough, *) name no one file.
            if word.startswith(TOPS) and not re.search(r"[<>*{}$…]", word):
                yield match.start(), word.split(":")[0], False


def main():
    names = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    bad = count = 0
    for name in names.split():
        document = ROOT / name
        if not document.exists():
            continue
        text = document.read_text()
        for place, path, is_link in named_paths(text):
            count += 1
            if (ROOT / path).exists() or (is_link and (document.parent / path).exists()):
                continue
            bad += 1
            print(f"{name}:{text.count(chr(10), 0, place) + 1}: {path} does not exist")
    if not bad:
        print(f"documents: {count} paths exist")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

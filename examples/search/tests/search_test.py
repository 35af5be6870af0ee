#!/usr/bin/env python3
"""search_test.py PPU_SEARCH... (a program, or a command such as `ppu run PROGRAM`): token ids, embeddings and hits against
NumPy with the same weights, and manners: the index is reused, a damaged one is made anew, wrong input ends in the documented
exit code."""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from reference import Reference

PROGRAM = sys.argv[1:]
CORPUS = pathlib.Path(__file__).with_name("corpus.txt")
QUESTIONS = ["play music in a terminal", "edit pictures", "find out who uses my network", "learn the stars", "Wie spät ist es?"]
BOUND = 1e-5  # max abs error of an embedding of norm 1
failures = 0


def check(condition, message):
    global failures
    if not condition:
        failures += 1
    print(("ok    " if condition else "WRONG ") + message, flush=True)


def run(*arguments, expect=0, text=None):
    result = subprocess.run([*PROGRAM, *map(str, arguments)], input=text, capture_output=True, text=True)
    check(result.returncode == expect, f"ppu-search {' '.join(map(str, arguments))[:60]}: exit {result.returncode}, expected {expect}")
    if result.returncode != expect:
        print(result.stderr)
    return result


def main():
    reference = Reference()
    lines = [line for line in CORPUS.read_text().splitlines() if line.strip()]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        common = ["--model", reference.folder, "--corpus", CORPUS, "--index", folder / "index"]
        first = run(*common, "--batch", 16, "--dump-ids", folder / "ids", "--dump-rows", folder / "rows", "--json", text="\n".join(QUESTIONS))
        ids = [json.loads(line) for line in (folder / "ids").read_text().splitlines()]
        check(ids == [reference.ids(line) for line in lines], f"token ids of {len(lines)} documents")
        rows = np.fromfile(folder / "rows", np.float32).reshape(len(lines), -1)
        expected = np.array([reference.embed(line) for line in lines])
        error = np.abs(rows - expected).max()
        check(error <= BOUND, f"embeddings: max abs error {error:.2e}, bound {BOUND:.0e}")
        answers = [json.loads(line) for line in first.stdout.splitlines()]
        check([answer["question"] for answer in answers] == QUESTIONS, "one answer a question")
        for answer in answers:
            scores = expected @ reference.embed(answer["question"])
            best = np.argsort(-scores)[:10]
            found = [hit["document"] for hit in answer["hits"]]
            # Neighbours closer than the bound may swap.
            same = all(a == b or abs(scores[a] - scores[b]) < 2 * BOUND for a, b in zip(found, best))
            check(len(found) == 10 and same, f"top ten for {answer['question']!r}")
            gap = max(abs(hit["score"] - scores[hit["document"]]) for hit in answer["hits"])
            check(gap <= BOUND, f"scores within {gap:.1e}")

        again = run(*common, "--top", 3, "--json", QUESTIONS[0])
        check("from the index" in again.stderr, "a second start uses the index")
        check(json.loads(again.stdout)["hits"] == answers[0]["hits"][:3], "and gives the same answer")
        with open(folder / "index", "r+b") as index:
            index.seek(5000)
            index.write(b"\xff\xff")
        damaged = run(*common, "--json", QUESTIONS[0])
        check("damaged" in damaged.stderr and json.loads(damaged.stdout)["hits"] == answers[0]["hits"], "a damaged index is made anew")
        other = run(*common, "--docs", 20, "--json", QUESTIONS[0])
        check("another corpus" in other.stderr, "an index of another corpus is made anew")

        run("--top", 0, "x", expect=2)
        run("--nonsense", expect=2)
        run("--model", folder, "x", expect=3)
        (folder / "empty.txt").write_text("\n\n")
        run("--model", reference.folder, "--corpus", folder / "empty.txt", "x", expect=4)
        run("--model", reference.folder, "--corpus", folder / "missing.txt", "x", expect=4)
    print("passed" if not failures else f"{failures} wrong")
    sys.exit(1 if failures else 0)


main()

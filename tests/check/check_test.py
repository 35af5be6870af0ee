#!/usr/bin/env python3
"""Runs the cases of faulty.cu under `ppu check`: each with its mistake gives exactly the finding below, and
without it (good_...) none. Then what the command itself does: exit codes, report, JSON, and the guard of
launches that get a pointer of the host's."""

import argparse
import json
import os
import subprocess
import sys
import tempfile

# case: (tool, kind, what else the finding must have, as name: value or part of a text)
CASES = {
    "bounds": ("memcheck", "out-of-bounds", {"thread": "(16,0,0)", "block": "(3,0,0)", "bytes": 1, "access": "write",
                                             "where": "0 bytes behind an allocation of 400 bytes"}),
    "read_before": ("memcheck", "out-of-bounds", {"access": "read", "where": "4 bytes before an allocation of 400"}),
    "atomic_behind": ("memcheck", "out-of-bounds", {"access": "atomic", "count": 64}),
    "after_free": ("memcheck", "use-after-free", {"access": "write", "where": "12 bytes inside"}),
    "pool": ("memcheck", "out-of-bounds", {"where": "0 bytes behind an allocation of 40 bytes"}),
    "pool_free": ("memcheck", "use-after-free", {"where": "given back to its pool"}),
    "managed": ("memcheck", "out-of-bounds", {"where": "behind an allocation of 40 bytes"}),
    "misaligned": ("memcheck", "misaligned", {"bytes": 4}),
    "variable": ("memcheck", "out-of-bounds", {"where": "the variable"}),
    "shared": ("memcheck", "shared-out-of-bounds", {"where": "at 64 of 64 bytes"}),
    "null": ("memcheck", "invalid-address", {"where": "a null pointer"}),
    "heap": ("memcheck", "out-of-bounds", {"where": "on the device's heap"}),
    "heap_free": ("memcheck", "invalid-free", {}),
    "heap_leak": ("memcheck", "heap-leak", {"bytes": 48}),
    "leak": ("memcheck", "leak", {"bytes": 1000}),
    "host": ("memcheck", "host-pointer", {}),
    "host_inside": ("memcheck", "host-pointer", {}),
    "raw": ("racecheck", "race-raw", {"other_thread": ""}),
    "war": ("racecheck", "race-war", {"other_thread": ""}),
    "waw": ("racecheck", "race-waw", {"thread": "(32,0,0)"}),
    "warp_raw": ("racecheck", "race-raw", {}),
    "count": ("racecheck", "race-raw", {}),
    "named": ("racecheck", "race-raw", {}),
    "copy_ahead": ("racecheck", "async-copy", {"other_thread": "", "where": "of shared memory"}),
    "copy_alone": ("racecheck", "race-raw", {"other_thread": ""}),
    "zero_late": ("racecheck", "race-waw", {"other_thread": ""}),
    "arrive_early": ("racecheck", "race-waw", {"other_thread": ""}),
    "unwritten": ("initcheck", "uninitialized-global", {"where": "4 bytes inside an allocation of 8 bytes"}),
    "unwritten_shared": ("initcheck", "uninitialized-shared", {"thread": "(5,0,0)"}),
    "divergent": ("synccheck", "divergent-barrier", {"where": "8 threads come and 24 don't"}),
    "syncwarp": ("synccheck", "absent-lanes", {"where": "the mask is 0xffffffff, the lanes here are 0x0000ffff"}),
    "shuffle": ("synccheck", "absent-lanes", {}),
}
QUIET = ["host_unused", "host_registered", "host_pinned", "hand_over"]
NO_GOOD = ["host", "host_inside", "heap_free", "heap_leak"]
JIT_ONLY = {"racecheck", "synccheck"}
failures = []


def fail(text):
    failures.append(text)
    print("FAILED:", text, flush=True)


def run(options, case, env=None):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out.json")
        done = subprocess.run([ARGS.ppu, "check", "--json", path, *options, ARGS.program, case], text=True,
                              capture_output=True, timeout=240, env={**os.environ, **(env or {})})
        with open(path, encoding="utf-8") as f:
            return done, json.load(f)


def expect(name, found, kind, fields):
    errors = [f for f in found["findings"] if f["kind"] != "api-error"]
    if [f["kind"] for f in errors] != [kind]:
        return fail(f"{name}: want one {kind}, got {errors}")
    for key, value in fields.items():
        got = errors[0].get(key)
        if got != value and not (isinstance(value, str) and isinstance(got, str) and value in got):
            fail(f"{name}: {key}: want {value!r}, got {got!r}")


def cases(engine):
    for case, (tool, kind, fields) in CASES.items():
        if engine == ["--engine", "ref"] and tool in JIT_ONLY:
            continue
        leaks = ["--leak-check", "full"] if "leak" in case else []
        done, found = run([*engine, "--tool", tool, "--error-exitcode", "9", *leaks], case)
        expect(" ".join([*engine, case]), found, kind, fields)
        if done.returncode != 9:
            fail(f"{case}: exit code {done.returncode}: {done.stderr}")
        if case in NO_GOOD:
            continue
        done, found = run([*engine, "--tool", "all", "--error-exitcode", "9", *leaks], "good_" + case)
        if found["findings"] or done.returncode != 0:
            fail(f"{engine} good_{case}: want nothing, got {found['findings']}, {done.returncode}: {done.stdout}{done.stderr}")
    for case in QUIET:
        done, found = run([*engine, "--tool", "all"], case)
        if found["findings"]:
            fail(f"{engine} {case}: want nothing, got {found['findings']}")


def command():
    done, found = run(["--tool", "memcheck"], "two")
    if found["errors"] != 2 or done.returncode != 0 or "ppu check: 2 errors\n" not in done.stderr:
        fail(f"two: want 2 errors and the program's exit code, got {found}, {done.returncode}: {done.stderr}")
    done, found = run([], "api")
    if found["errors"] or [f["call"] for f in found["findings"]] != ["cudaLaunchKernel"]:
        fail(f"api: want one failed call and no error, got {found}")
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log")
        done = subprocess.run([ARGS.ppu, "check", "--log-file", log, ARGS.program, "bounds"], capture_output=True,
                              text=True, timeout=240)
        with open(log, encoding="utf-8") as f:
            report = f.read()
        if done.stderr or "access out of bounds [memcheck, out-of-bounds]" not in report:
            fail(f"--log-file: {done.stderr!r}, {report!r}")
    for words, said in [(["check"], "wants a program"), (["check", "--tool", "nonsense", "true"], "nonsense")]:
        done = subprocess.run([ARGS.ppu, *words], capture_output=True, text=True, timeout=60)
        if done.returncode != 2 or said not in done.stderr:
            fail(f"{words}: {done.returncode}, {done.stderr}")


def guard():
    """Without `ppu check`: a pointer of the host's that a kernel follows is an illegal address."""
    wanted = {"host": "IllegalAddress", "host_stack": "IllegalAddress", "host_global": "IllegalAddress",
              "host_unused": "Success", "host_registered": "Success", "host_pinned": "Success"}
    for engine in ([], ["--cpu", "avx2"], ["--engine", "ref"]):
        for case, answer in wanted.items():
            done = subprocess.run([ARGS.ppu, "run", *engine, ARGS.program, case], capture_output=True, text=True,
                                  timeout=240)
            if done.stdout.split() != ["cuda" + ("" if answer == "Success" else "Error") + answer]:
                fail(f"guard {engine} {case}: want {answer}, got {done.stdout} {done.stderr}")


def programs():
    """Our own programs have no mistakes, but for those that make them to see what happens."""
    for path in ARGS.others:
        if os.path.basename(path).split(".")[0] in {"errors", "own_handler"}:
            continue
        done = subprocess.run([ARGS.ppu, "check", "--tool", "all", "--error-exitcode", "9", path], capture_output=True,
                              text=True, timeout=240)
        if done.returncode != 0:
            fail(f"{path}: {done.returncode}: {done.stderr}")


parser = argparse.ArgumentParser()
parser.add_argument("--ppu", required=True)
parser.add_argument("--program", required=True)
parser.add_argument("part", choices=["jit", "avx2", "ref", "command", "guard", "programs"])
parser.add_argument("others", nargs="*", help="programs without a mistake")
ARGS = parser.parse_args()
{"jit": lambda: cases([]), "avx2": lambda: cases(["--cpu", "avx2"]), "ref": lambda: cases(["--engine", "ref"]),
 "command": command, "guard": guard, "programs": programs}[ARGS.part]()
sys.exit(bool(failures))

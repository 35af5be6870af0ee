#!/usr/bin/env python3
"""What `ppu prof` says of kernels whose counts are known, on every engine, and the files it writes.

    prof_test.py --ppu build/bin/ppu --program KERNELS CASE…      cases: counts scattered launches ends files clock usage"""
import argparse
import csv
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ENGINES = {"avx512": {"PPU_CPU": "avx512"}, "avx2": {"PPU_CPU": "avx2"}, "ref": {"PPU_ENGINE": "ref"}}
N, WARPS = 1024, 32  # threads of a launch

# Counters a launch, worked out by hand.
EXPECTED = {
    "saxpy": {"f32_fma": N, "f32_ops": N, "global_load_bytes": 8 * N, "global_store_bytes": 4 * N,
              "global_load_requests": 2 * WARPS, "global_load_sectors": 8 * WARPS, "global_store_requests": WARPS,
              "global_store_sectors": 4 * WARPS, "branches": 0, "shared_load_bytes": 0, "f64_ops": 0},
    "strided": {"global_store_sectors": 32 * WARPS, "global_store_requests": WARPS, "global_store_bytes": 4 * N},
    "broadcast": {"global_load_sectors": WARPS, "global_load_bytes": 4 * N, "global_store_sectors": 4 * WARPS},
    "two_ways": {"branches": WARPS, "divergent_branches": WARPS, "global_store_requests": 2 * WARPS,
                 "global_store_bytes": 4 * N, "global_store_sectors": 8 * WARPS},
    "bank_conflict": {"shared_store_requests": WARPS, "shared_store_passes": 32 * WARPS,
                      "shared_load_requests": WARPS, "shared_load_passes": WARPS},
    "barriers": {"barriers": 3 * WARPS},
    "atomics": {"global_atomics": 2 * N, "global_atomic_requests": 2 * WARPS, "global_atomic_passes": N + WARPS},
    "few_lanes": {"f32_ops": 10 * WARPS, "global_load_bytes": 40 * WARPS, "global_load_requests": WARPS,
                  "global_load_sectors": 2 * WARPS, "global_store_sectors": 2 * WARPS, "divergent_branches": WARPS},
    "generic": {"shared_store_bytes": 4 * N, "shared_load_requests": WARPS // 2, "shared_load_passes": WARPS // 2,
                "shared_load_bytes": 2 * N, "global_load_requests": WARPS // 2, "global_load_bytes": 2 * N,
                "global_load_sectors": 2 * WARPS},
    "odd_block": {"global_store_bytes": 320, "global_store_requests": 4, "global_store_sectors": 10},
    "gather": {"global_load_requests": 2 * WARPS, "global_load_sectors": (4 + 32) * WARPS},
}


class Failed(Exception):
    pass


def expect(what, got, want):
    if got != want:
        raise Failed(f"{what}: got {got!r}, expected {want!r}")


class Runner:
    def __init__(self, ppu, program, folder):
        self.ppu, self.program, self.folder = ppu, program, pathlib.Path(folder)
        # Copying by two runtimes' worth of threads isn't the point here.
        self.env = {**os.environ, "PPU_CACHE": str(self.folder / "cache"), "PPU_WORKERS": "2"}
        for name in ("PPU_PROFILE", "PPU_PROFILE_EXACT", "PPU_TIME", "PPU_ENGINE", "PPU_CPU", "PPU_CHIP"):
            self.env.pop(name, None)

    def run(self, *words, engine="avx512", **env):
        if engine == "avx512" and " avx512bw " not in pathlib.Path("/proc/cpuinfo").read_text():
            engine = "avx2"
        return subprocess.run([self.ppu, *words], env={**self.env, **ENGINES[engine], **env}, capture_output=True,
                              text=True, timeout=240)

    def prof(self, *mode, engine="avx512", code=0, options=()):
        """The JSON report of the program in this mode."""
        path = self.folder / "prof.json"
        done = self.run("prof", "-q", *options, "--json", str(path), self.program, *mode, engine=engine)
        expect(f"exit code of mode {mode} ({done.stderr})", done.returncode, code)
        return json.loads(path.read_text())


def counts(r):
    for engine in ENGINES:
        kernels = {k["name"]: k for k in r.prof("all", engine=engine)["kernels"]}
        expect(f"kernels on {engine}", set(kernels), set(EXPECTED))
        for name, wanted in EXPECTED.items():
            for counter, value in wanted.items():
                expect(f"{name}, {counter}, {engine}", kernels[name]["counters"][counter], value)
        expect(f"interpreted, {engine}", kernels["saxpy"]["interpreted_launches"], int(engine == "ref"))
        expect("lanes of two_ways' stores", N / kernels["two_ways"]["counters"]["global_store_requests"], 16)
        expect("coalescing of saxpy", kernels["saxpy"]["coalesced"], 1.0)
        expect("coalescing of strided", kernels["strided"]["coalesced"], 0.125)


def scattered(r):
    """Of places that make many accesses a sample is judged; what lanes do is exact all the same."""
    wanted = {"global_load_sectors": (4 + 32 * 3000) * WARPS, "global_load_requests": 3001 * WARPS,
              "global_load_bytes": 3001 * 4 * N}
    for engine in ENGINES:
        exact = r.prof("scattered", engine=engine, options=("--exact",))["kernels"][0]["counters"]
        expect(f"--exact on {engine}", {key: exact[key] for key in wanted}, wanted)
        sample = r.prof("scattered", engine=engine)["kernels"][0]["counters"]
        if abs(sample["global_load_sectors"] / wanted["global_load_sectors"] - 1) > 0.01:
            raise Failed(f"{sample['global_load_sectors']} sectors on {engine}, expected about {wanted}")
        expect(f"judged each on {engine}", sample == exact, engine == "ref")
        expect(f"but for sectors the same on {engine}", {**sample, "global_load_sectors": 0},
               {**exact, "global_load_sectors": 0})


def launches(r):
    """Kernels that kernels launch are counted, and placed behind what launched them on both clocks."""
    trace = r.folder / "launches.json"
    for engine in ENGINES:
        report = r.prof("launches", engine=engine, options=("--trace", str(trace)))
        kernels = {k["name"]: k for k in report["kernels"]}
        expect(f"launches on {engine}", {name: k["launches"] for name, k in kernels.items()},
               {"launches": 1, "launched": 3})
        expect("bytes they store", kernels["launched"]["counters"]["global_store_bytes"], 3 * 64 * 4)
        events = json.loads(trace.read_text())["traceEvents"]
        tracks = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
        for pid in {e["pid"] for e in events if e.get("cat") == "kernel"}:
            slices = sorted((e for e in events if e.get("cat") == "kernel" and e["pid"] == pid), key=lambda e: e["ts"])
            expect("order", [(e["name"], e["args"]["launch_depth"]) for e in slices],
                   [("launches", 0), *[("launched", 1)] * 3])
            expect("one after the other", all(a["ts"] + a["dur"] <= b["ts"] + 1e-3 for a, b in zip(slices, slices[1:])),
                   True)
            expect("tracks", len({tracks[pid, e["tid"]] for e in slices}), 2)


def ends(r):
    """However a process ends, its profile is whole; children have their own."""
    for mode, code in (("exit", 3), ("abort", 134)):
        expect(f"kernels after {mode}", len(r.prof(mode, code=code)["kernels"]), len(EXPECTED))
    report = r.prof("fork")
    expect("processes", len(report["processes"]), 2)
    expect("launches of both", {k["launches"] for k in report["kernels"]}, {2})
    graph = {k["name"]: k["launches"] for k in r.prof("graph")["kernels"]}
    expect("launches in graphs", graph, {"saxpy": 3, "strided": 3})


def files(r):
    base = str(r.folder / "report")
    done = r.run("prof", "--chip", "ppu-810e", "--chip", "a100", "-o", base, r.program)
    expect("exit code", done.returncode, 0)
    for words in ("limited by", "saxpy", "coalesced", "API calls", "cudaLaunchKernel"):
        expect(f"'{words}' in the tables", words in done.stderr, True)
    report = json.loads(pathlib.Path(base + ".json").read_text())
    expect("chips", report["chips"], list(report["kernels"][0]["chips"]))
    expect("number of chips", len(report["chips"]), 2)
    rows = list(csv.DictReader(io.StringIO(pathlib.Path(base + ".csv").read_text())))
    expect("CSV and JSON agree", {row["kernel"]: int(row["global_store_bytes"]) for row in rows},
           {k["name"]: k["counters"]["global_store_bytes"] for k in report["kernels"]})
    html = pathlib.Path(base + ".html").read_text()
    expect("rooflines", html.count("<svg"), 2)
    expect("the page fetches nothing", re.findall(r"(?:src|href)\s*=|url\(|@import|<script", html), [])
    events = json.loads(pathlib.Path(base + ".trace.json").read_text())["traceEvents"]
    slices = [e for e in events if e["ph"] == "X"]
    expect("slices with times", all(e["dur"] >= 0 and e["ts"] >= 0 for e in slices), True)
    names = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "process_name"}
    clocks = sorted(names[e["pid"]].split("(")[-1] for e in slices if e["name"] == "saxpy")
    expect("clocks of a kernel", clocks, ["predicted)", "real)"])
    categories = {e["cat"] for e in slices}
    expect("kinds of slices", categories, {"runtime", "driver", "kernel", "copy"})
    starts = {e["id"] for e in events if e["ph"] == "s"}
    expect("arrows have both ends", starts, {e["id"] for e in events if e["ph"] == "f"})
    trace = r.folder / "ranges.json"
    expect("NVTX", r.run("prof", "-q", "--trace", str(trace), r.program, "ranges").returncode, 0)
    marked = json.loads(trace.read_text())["traceEvents"]
    step = [e for e in marked if e.get("cat") == "range"]
    expect("ranges", [e["name"] for e in step], ["step"])
    end = step[0]["ts"] + step[0]["dur"]
    inside = [e for e in marked if e.get("name") == "cudaLaunchKernel" and step[0]["ts"] <= e["ts"] <= end]
    expect("launches in the range", len(inside), len(EXPECTED))
    # A kernel's launch lies within a call of the program's.
    arrow = next(e for e in events if e["ph"] == "s")
    expect("a call around the submission", any(e["cat"] == "runtime" and e["tid"] == arrow["tid"] and
           e["ts"] <= arrow["ts"] <= e["ts"] + e["dur"] for e in slices), True)


def clock(r):
    """--time=chip: events answer what the report predicts, the same on every run."""
    report = r.prof("time", options=("--chip", "ppu-810e"))
    each = report["kernels"][0]["chips"]["ppu-810e"]["shortest_seconds"]
    answers = [float(r.run(*words, "--chip", "ppu-810e", "--time=chip", r.program, "time", engine=engine).stdout)
               for words in (["run"], ["prof", "-q"]) for engine in ("avx512", "ref")]
    expect("the same answer four times", len(set(answers)), 1)
    if abs(answers[0] / (10 * each * 1e3) - 1) > 1e-3:
        raise Failed(f"ten launches take {answers[0]} ms of event time, {each} s each in the report")
    slower = float(r.run("run", "--chip", "t4", "--time=chip", r.program, "time").stdout)
    expect("a smaller chip takes longer", slower > 0 and slower != answers[0], True)
    real = {r.run("run", r.program, "time").stdout for _ in range(3)}
    expect("real times vary", len(real) > 1, True)


def usage(r):
    expect("unknown chip", r.run("prof", "--chip", "nonsense", r.program).returncode, 2)
    expect("no program", r.run("prof").returncode, 2)
    expect("missing program", r.run("prof", "/nonexistent/program").returncode, 127)
    expect("program without CUDA", r.run("prof", "true").returncode, 0)
    expect("its exit code", r.run("prof", "false").returncode, 1)
    expect("file that can't be written", r.run("prof", "--csv", "/nonexistent/x.csv", r.program).returncode, 1)
    # Counting code has keys of its own; what plain runs compile is the same with or without it.
    plain, both = r.folder / "plain", r.folder / "both"
    r.run("run", r.program, PPU_CACHE=str(plain))
    r.run("prof", "-q", r.program, PPU_CACHE=str(both))
    r.run("run", r.program, PPU_CACHE=str(both))
    objects = lambda folder: {f.name: f.read_bytes() for f in folder.rglob("*.ppu")}
    first, second = objects(plain), objects(both)
    expect("kernels compiled", len(first), len(EXPECTED))
    expect("and for counting", len(second), 2 * len(EXPECTED))
    expect("plain objects", {k: v for k, v in second.items() if k in first}, first)


CASES = {case.__name__: case for case in (counts, scattered, launches, ends, files, clock, usage)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ppu", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("cases", nargs="*", choices=list(CASES))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(args.ppu, args.program, folder)
        for name in args.cases or CASES:
            try:
                CASES[name](runner)
            except Failed as why:
                sys.exit(f"prof_test {name}: {why}")
            print(f"prof_test {name}: ok")


if __name__ == "__main__":
    main()

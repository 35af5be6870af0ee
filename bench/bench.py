#!/usr/bin/env python3
"""Runs build/bin/ppu-bench (kernels against their OpenMP rivals, in turns, one process) for each number of workers, and the
costs of starting and attaching. Prints a table; writes all figures to build/bench.json. Ratio = rival's time / ours: above
1, the device is faster. With --against COMMIT, that version is built too (in build/against) and runs in turns with this one.
These are measurements, not tests: nothing here fails because something is slow."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/bin"
# Where we want to be (rival's time / ours).
GOALS = {"saxpy": 0.97, "block reduction": 1.2, "sgemm 16x16 tiles": 1.0, "mandelbrot": 8.0, "softmax": 1.2, "histogram": 0.8,
         "stencil": 0.97, "gather": 1.1, "scan": 1.2, "layer norm": 1.2, "RMS norm + RoPE": 1.2, "n-queens": 0.9}
NOTICEABLE = 0.1  # of a kernel's time, between versions


def run(arguments, workers=None, cache=None, binaries=BIN):
    env = dict(os.environ, KMP_BLOCKTIME="0")
    if workers:
        env.update(OMP_NUM_THREADS=str(workers), PPU_WORKERS=str(workers))
    if cache:
        env["XDG_CACHE_HOME"] = cache
    done = subprocess.run([binaries / "ppu", "run", binaries / "ppu-bench", *arguments], env=env, text=True,
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def kernels(worker_counts, repeats):
    figures = {"kernels": {}}
    for workers in worker_counts:
        for line in run([str(repeats)], workers):
            if "kernel" in line:
                line["ratio"] = round(line["native_ms"] / line["device_ms"], 2)
                figures["kernels"].setdefault(line.pop("kernel"), {})[workers] = line
            else:
                figures.setdefault("latency_us", {})[workers] = line["latency_us"]
    return figures


def start_costs():
    """Milliseconds that `ppu run true` takes above `true`: medians of runs in turns."""
    plain, under = [], []
    for _ in range(20):
        for command, times in (["true"], plain), ([BIN / "ppu", "run", "true"], under):
            start = time.perf_counter()
            subprocess.run(command, check=True)
            times.append((time.perf_counter() - start) * 1000)
    return {"ppu_run_true_extra_ms": round(statistics.median(under) - statistics.median(plain), 1)}


def attach_costs():
    with tempfile.TemporaryDirectory(prefix="openppu-bench-") as cache:
        [cold], [warm] = run(["attach"], cache=cache), run(["attach"], cache=cache)
    return {"warm_start_compiles": warm["compiler_loaded"], "cold_start_compiles": cold["compiler_loaded"],
            "idle_resident_mb": warm["resident_mb"]}


def table(figures):
    counts = sorted({n for by_count in figures["kernels"].values() for n in by_count})
    print(f"{'kernel':<20}" + "".join(f"{f'ours {n}w ms':>13}{f'native {n}w':>12}{'ratio':>8}" for n in counts)
          + f"{'scaling':>9}{'goal':>6}")
    for name, by_count in figures["kernels"].items():
        cells = "".join(f"{by_count[n]['device_ms']:>13.3f}{by_count[n]['native_ms']:>12.3f}{by_count[n]['ratio']:>8.2f}"
                        for n in counts)
        scaling = by_count[counts[0]]["device_ms"] / by_count[counts[-1]]["device_ms"]
        wrong = "" if all(line["agree"] for line in by_count.values()) else "  RESULTS DIFFER"
        print(f"{name:<20}{cells}{scaling:>9.2f}{GOALS.get(name, ''):>6}{wrong}")
    for n, latency in figures["latency_us"].items():
        print(f"empty launch + synchronise, {n} workers: {latency['median']:.1f} us median, {latency['minimum']:.1f} us "
              "minimum (goal 10)")
    print(f"ppu run true: {figures['ppu_run_true_extra_ms']} ms above true (goal 50)")
    print(f"idle resident memory: {figures['idle_resident_mb']} MB (goal 200)")
    print("a warm second start compiles " + ("SOMETHING" if figures["warm_start_compiles"] else "nothing"))


def build_version(commit):
    """The binaries of another commit, built with this one's compiler settings."""
    name = subprocess.run(["git", "rev-parse", "--verify", commit + "^{commit}"], cwd=ROOT, text=True, check=True,
                          stdout=subprocess.PIPE).stdout.strip()
    tree = ROOT / "build/against" / name
    if not tree.exists():
        subprocess.run(["git", "worktree", "add", "--detach", tree, name], cwd=ROOT, check=True)
    subprocess.run(["cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_COMPILER=clang-19",
                    "-DCMAKE_CXX_COMPILER=clang++-19"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", "build", "ppu", "ppu_compiler", "cuda", "cudart", "ppu-bench"], cwd=tree, check=True,
                   stdout=subprocess.DEVNULL)
    return tree / "build/bin"


def compare(commit, workers, repeats, rounds=3):
    """Minima over rounds in turns; kernels that one version lacks are left out."""
    binaries = {"then": build_version(commit), "now": BIN}
    best = {}
    for _ in range(rounds):
        for version, folder in binaries.items():
            for line in run([str(repeats)], workers, binaries=folder):
                if "kernel" in line:
                    times = best.setdefault(line["kernel"], {})
                    times[version] = min(line["device_ms"], times.get(version, line["device_ms"]))
    return {name: times for name, times in best.items() if len(times) == 2}


def print_comparison(commit, workers, times):
    print(f"{'kernel':<20}{commit[:12] + ' ms':>16}{'this ms':>12}{'faster':>9}   ({workers} workers)")
    for name, t in times.items():
        gain = t["then"] / t["now"]
        mark = "" if abs(gain - 1) < NOTICEABLE else "  slower" if gain < 1 else "  faster"
        print(f"{name:<20}{t['then']:>16.3f}{t['now']:>12.3f}{gain:>9.2f}{mark}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--workers", default=",".join(str(n) for n in (1, 2) if n <= (os.cpu_count() or 1)))
    parser.add_argument("--against", metavar="COMMIT", help="compare with this version instead of with native rivals")
    options = parser.parse_args()
    if options.against:
        figures = {}
        for workers in (int(n) for n in options.workers.split(",")):
            figures[workers] = compare(options.against, workers, options.repeats)
            print_comparison(options.against, workers, figures[workers])
        (ROOT / "build/bench_against.json").write_text(json.dumps(figures, indent=1) + "\n")
        return
    figures = kernels([int(n) for n in options.workers.split(",")], options.repeats)
    figures.update(start_costs())
    figures.update(attach_costs())
    table(figures)
    out = ROOT / "build/bench.json"
    out.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"figures: {out.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())

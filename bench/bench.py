#!/usr/bin/env python3
"""Runs build/bin/ppu-bench (kernels against their rivals, in turns, one process: OpenMP loops; OpenBLAS and oneDNN for
cuBLAS; PoCL where it is installed) for each number of workers, and the costs of starting, attaching, compiling. Prints
tables; writes all figures to build/bench.json and the ratios to build/bench.svg. Ratio = rival's time / ours: above 1, the
device is faster. Roof: the time that the machine's bandwidth or arithmetic allows / ours. With --against COMMIT, that version is built too (in build/against) and runs in turns with this one.
These are measurements, not tests: nothing here fails because something is slow."""
import argparse
import json
import math
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
         "stencil": 0.97, "gather": 1.1, "scan": 1.2, "layer norm": 1.2, "RMS norm + RoPE": 1.2, "n-queens": 0.9,
         "sgemm 16x16 tiles / OpenBLAS": 0.85, "sgemm 64x64 tiles / OpenBLAS": 0.75,
         **{f"cuBLAS {kind}": 0.95 for kind in ("sgemm 1024 / OpenBLAS", "bf16 1024 / oneDNN")}}
NOTICEABLE = 0.1  # of a kernel's time, between versions


def run(arguments, workers=None, cache=None, binaries=BIN):
    env = dict(os.environ, KMP_BLOCKTIME="0")
    if workers:
        env.update(OMP_NUM_THREADS=str(workers), PPU_WORKERS=str(workers), POCL_MAX_PTHREAD_COUNT=str(workers),
                   OPENBLAS_NUM_THREADS=str(workers))
    if cache:
        env["XDG_CACHE_HOME"] = cache
    done = subprocess.run([binaries / "ppu", "run", binaries / "ppu-bench", *arguments], env=env, text=True,
                          stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def label(line):
    return line["kernel"] if line["rival"] == "OpenMP" else f"{line['kernel']} / {line['rival']}"


def roof_of(line, peaks):
    """Share of the time that the machine would take at its peaks; None where the work isn't known."""
    least = max(line["flops"] / peaks["gflop_s"], line["bytes"] / peaks["gb_s"]) * 1e-6
    return round(least / line["device_ms"], 2) if least else None


def kernels(worker_counts, repeats):
    figures = {"kernels": {}, "absent": {}, "peaks": {}, "latency_us": {}}
    for workers in worker_counts:
        lines = run([str(repeats)], workers)
        [peaks] = [line["peaks"] for line in lines if "peaks" in line]
        figures["peaks"][workers] = peaks
        for line in lines:
            if "kernel" in line:
                line["ratio"] = round(line["native_ms"] / line["device_ms"], 2)
                line["roof"] = roof_of(line, peaks)
                figures["kernels"].setdefault(label(line), {})[workers] = line
            elif "absent" in line:
                figures["absent"][line["absent"]] = line["why"]
            elif "latency_us" in line:
                figures["latency_us"][workers] = line["latency_us"]
    return figures


def first_launches():
    """Milliseconds of each kernel's first launch and run: with an empty object cache, and with what that left."""
    with tempfile.TemporaryDirectory(prefix="openppu-bench-") as cache:
        cold, warm = ({label(line): line["first_ms"] for line in run(["1"], cache=cache) if "kernel" in line} for _ in range(2))
    return {name: {"cold_ms": cold[name], "warm_ms": warm[name]} for name in cold}


def compile_costs():
    """Processor time of compiling each kernel of the bench, in milliseconds: quick and full code."""
    costs = {}
    with tempfile.TemporaryDirectory(prefix="openppu-bench-") as folder:
        for source in sorted(ROOT.glob("bench/*.cu")):
            ptx = pathlib.Path(folder) / (source.stem + ".ptx")
            subprocess.run([BIN / "ppucc", "-std=c++17", "-O3", "-ptx", source, "-o", ptx], check=True)
            for tier, options in ("full", []), ("quick", ["--quick"]):
                done = subprocess.run([BIN / "ppu-bench-compile", *options, ptx], check=True, text=True, stdout=subprocess.PIPE)
                for line in map(json.loads, done.stdout.splitlines()):
                    if "kernel" in line:
                        costs.setdefault(line["kernel"], {})[tier] = line["ms"]
    return costs


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
    print(f"{'kernel':<28}" + "".join(f"{f'ours {n}w ms':>13}{f'rival {n}w':>12}{'ratio':>8}{'roof':>6}" for n in counts)
          + f"{'scaling':>9}{'goal':>6}{'cold ms':>9}{'warm ms':>9}")
    for name, by_count in figures["kernels"].items():
        cells = "".join(f"{line['device_ms']:>13.3f}{line['native_ms']:>12.3f}{line['ratio']:>8.2f}{line['roof'] or '':>6}"
                        for line in (by_count[n] for n in counts))
        scaling = by_count[counts[0]]["device_ms"] / by_count[counts[-1]]["device_ms"]
        wrong = "" if all(line["agree"] for line in by_count.values()) else "  RESULTS DIFFER"
        first = figures["first"].get(name, {"cold_ms": 0, "warm_ms": 0})
        print(f"{name:<28}{cells}{scaling:>9.2f}{GOALS.get(name, ''):>6}{first['cold_ms']:>9.1f}{first['warm_ms']:>9.1f}{wrong}")
    for rival, why in figures["absent"].items():
        print(f"{rival}: no rows, {why}")
    for n, latency in figures["latency_us"].items():
        print(f"empty launch {latency['launch']:.1f} us (goal 3); with synchronise, {n} workers: {latency['median']:.1f} us median, "
              f"{latency['minimum']:.1f} us minimum (goal 6); a node of a graph {latency['node']:.2f} us (goal 1)")
    for n, peaks in figures["peaks"].items():
        print(f"{n} threads: {peaks['gb_s']} GB/s (triad), {peaks['gflop_s']} GFLOP/s (multiply-adds)")
    for tier, goals in ("full", " (goals 60 and 2000)"), ("quick", ""):
        times = [cost[tier] for cost in figures["compile"].values()]
        print(f"{tier} code: {statistics.mean(times):.1f} ms a kernel to compile, {max(times):.1f} ms the dearest{goals}")
    print(f"ppu run true: {figures['ppu_run_true_extra_ms']} ms above true (goal 50)")
    print(f"idle resident memory: {figures['idle_resident_mb']} MB (goal 200)")
    print("a warm second start compiles " + ("SOMETHING" if figures["warm_start_compiles"] else "nothing"))


def plot(figures):
    """Ratios as bars on a logarithmic axis, one a number of workers; the line is 1."""
    rows = [(f"{name}, {n}w", line["ratio"]) for name, by_count in figures["kernels"].items() for n, line in by_count.items()]
    left, width, step = 260, 420, 16
    at = {ratio: left + width * min(max((math.log2(max(ratio, 0.01)) + 3) / 8, 0), 1) for ratio in {1, *(r for _, r in rows)}}
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 60}" height="{step * len(rows) + 24}" '
             'font-family="sans-serif" font-size="11">']
    for i, (name, ratio) in enumerate(rows):
        begin, end = sorted((at[1], at[ratio]))
        parts.append(f'<text x="{left - 6}" y="{step * i + 15}" text-anchor="end">{name}</text><rect x="{begin:.0f}" '
                     f'y="{step * i + 5}" width="{max(end - begin, 1):.0f}" height="{step - 5}" '
                     f'fill="{"#3a7d44" if ratio >= 1 else "#b5523b"}"/><text x="{end + 4:.0f}" y="{step * i + 15}">{ratio}</text>')
    parts.append(f'<line x1="{at[1]:.0f}" x2="{at[1]:.0f}" y1="0" y2="{step * len(rows) + 8}" stroke="black"/></svg>')
    return "\n".join(parts) + "\n"


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
                if "kernel" in line and line.get("rival", "OpenMP") == "OpenMP":
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
    figures["first"] = first_launches()
    figures["compile"] = compile_costs()
    table(figures)
    (ROOT / "build/bench.json").write_text(json.dumps(figures, indent=1) + "\n")
    (ROOT / "build/bench.svg").write_text(plot(figures))
    print("figures: build/bench.json; ratios: build/bench.svg")


if __name__ == "__main__":
    sys.exit(main())

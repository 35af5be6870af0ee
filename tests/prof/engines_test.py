#!/usr/bin/env python3
"""Compiled code must count what the interpreter counts, on test programs.

    engines_test.py --ppu build/bin/ppu --counters src/exec/counters.inc PROGRAM…

Counters of lanes must be the same, and stay so where warps are judged by samples. Those of warps are compared for the programs of EXACT only: where lanes that went
apart meet again is free, and the interpreter (lowest place first) and the compiler (post-dominators) differ there."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

EXACT = {"saxpy", "vector_add", "transpose", "shuffles", "softmax", "histogram", "half_arithmetic", "dynamic_shared",
         "block_shapes", "function_pointers", "linked"}


def profile(ppu, program, engine, folder, how=("--exact",)):
    env = {**os.environ, "PPU_CACHE": folder + "/cache", "PPU_ENGINE": engine}
    done = subprocess.run([ppu, "prof", "-q", *how, "--json", folder + "/report.json", program], env=env, capture_output=True,
                          text=True, timeout=240)
    if done.returncode:
        sys.exit(f"{program} on {engine}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    report = json.loads(pathlib.Path(folder, "report.json").read_text())
    return {k["mangled"]: {**k["counters"], "launches": k["launches"]} for k in report["kernels"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ppu", required=True)
    parser.add_argument("--counters", required=True)
    parser.add_argument("programs", nargs="+")
    args = parser.parse_args()
    rows = re.findall(r'^COUNTER\((\w+),\s*"(\w+)"', pathlib.Path(args.counters).read_text(), re.MULTILINE)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for program in args.programs:
            name = pathlib.Path(program).name.split(".")[0]
            jit, ref = (profile(args.ppu, program, engine, folder) for engine in ("jit", "ref"))
            if not jit or jit.keys() != ref.keys():
                sys.exit(f"{name}: kernels {sorted(jit)} against {sorted(ref)}")
            compared = 0
            for kernel in jit:
                for counter, unit in [("launches", "lane"), *rows]:
                    if unit == "warp" and name not in EXACT:
                        continue
                    compared += 1
                    if jit[kernel][counter] != ref[kernel][counter]:
                        bad += 1
                        print(f"{name}, {kernel}, {counter}: compiled {jit[kernel][counter]}, interpreted {ref[kernel][counter]}")
            sampled = profile(args.ppu, program, "jit", folder, how=())
            for kernel in jit:
                for counter, unit in rows:
                    if unit == "lane" and sampled[kernel][counter] != jit[kernel][counter]:
                        bad += 1
                        print(f"{name}, {kernel}, {counter}: {jit[kernel][counter]}, {sampled[kernel][counter]} with samples")
                    elif unit == "warp" and jit[kernel][counter] and not 0.5 < sampled[kernel][counter] / jit[kernel][counter] < 2:
                        bad += 1
                        print(f"{name}, {kernel}, {counter}: {jit[kernel][counter]}, judged {sampled[kernel][counter]} by samples")
            print(f"{name}: {len(jit)} kernels, {compared} counters compared")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Fits chips/model/coefficients.toml and the fitted rows of chips/model/stacks.toml to measured rows, and says how well
they do on rows of groups that were left out. Needs numpy and scipy and build/bin/ppu, which does all predicting.

    scripts/fit.py ROWS.tsv                     fit in stages, print the new values and the errors
    scripts/fit.py ROWS.tsv --write             write them, with the SHA-256 of ROWS.tsv
    scripts/fit.py ROWS.tsv --cross-validate    fit without each group in turn, print the errors on it
    scripts/fit.py ROWS.tsv --stage NAME        one stage alone (kernels, serving, items, power)

A stage has its rows, the keys it may move and how far each is held to its present value (one standard deviation, as a
logarithm). Residuals are logarithms of predicted / measured under a loss that outliers can't dominate."""
import argparse
import csv
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib

import numpy as np
from scipy.optimize import least_squares

ROOT = pathlib.Path(__file__).resolve().parent.parent
PPU = pathlib.Path(os.environ.get("PPU", ROOT / "build/bin/ppu"))
COEFFICIENTS = ROOT / "chips/model/coefficients.toml"
STACKS = ROOT / "chips/model/stacks.toml"

# key (a coefficient, or stack|NAME|CHIP|TERM) : one standard deviation of the prior
STAGES = {
    "kernels": {
        "rows": lambda r: r["kind"] == "kernel" or "GEMV" in r["scenario"],
        "keys": {"tensor_efficiency": 0.03, "small_tile": 0.5, "memory_efficiency": 0.05, "overlap": 0.3,
                 "wave_smoothing": 0.3, "l2_efficiency": 0.3, "multicast": 0.3, "sm_bandwidth": 0.3, "k_step_us": 0.3,
                 "fill_us": 0.5, "wave_us": 0.5, "split_us": 0.5, "l2_partitioned": 0.4, "tensor_energy": 0.3,
                 "stack|kernel trtllm|*|launch_us": 0.5, "stack|kernel trtllm|*|loop_us": 0.5,
                 "stack|kernel trtllm|*|quantise_us": 0.5, "stack|kernel deepgemm|*|launch_us": 0.5,
                 "stack|kernel torch|T-Head|launch_us": 0.5, "stack|kernel flaggems|T-Head|launch_us": 0.5,
                 "stack|kernel torch|T-Head|tensor_efficiency": 0.2,
                 "stack|kernel flaggems|T-Head|tensor_efficiency": 0.2},
    },
    "serving": {
        "rows": lambda r: r["kind"] in ("serving-max", "serving-static", "serving-e2e", "serving-pd", "ttft", "latency",
                                        "collective"),
        "keys": {"attention_efficiency": 0.2, "attention_memory": 0.1, "vector_memory": 0.1, "vector_fill_us": 0.5,
                 "link_efficiency": 0.1, "one_shot_us": 0.4, "hop_us": 0.4,
                 "network_hop_us": 0.6, "network_efficiency": 0.2,
                 "stack|trtllm|*|launch_us": 0.4, "stack|trtllm|*|step_us": 1, "stack|trtllm|*|sequence_us": 1,
                 "stack|trtllm|*|request_us": 1, "stack|vllm|*|request_us": 1, "stack|vllm|*|step_us": 1,
                 "stack|vllm|*|sequence_us": 1, "stack|vllm|*|launch_us": 0.4,
                 "stack|trtllm 0.6|*|launch_us": 0.4, "stack|trtllm 0.6|*|step_us": 1,
                 "stack|trtllm 0.6|*|decode_lanes": 0.5, "stack|trtllm 0.6|*|request_us": 1,
                 "stack|trtllm 0.6|*|tensor_efficiency": 0.2,
                 "stack|chitu|NVIDIA|step_us": 1, "stack|chitu|NVIDIA|sequence_us": 1,
                 "stack|chitu|Huawei|tensor_efficiency": 0.5, "stack|chitu|Huawei|memory_efficiency": 0.5,
                 "stack|chitu|Huawei|step_us": 1, "stack|chitu|Huawei|sequence_us": 1,
                 "stack|graphs|T-Head|launch_us": 0.5, "stack|eager|T-Head|kernel_us": 0.3},
    },
    "items": {
        "rows": lambda r: r["kind"] == "mlperf",
        "keys": {"l2_whole": 0.3, **{f"stack|mlperf {name}|*|{term}": 0.3 for name in (
            "resnet", "retinanet", "bert", "stable-diffusion", "gptj", "llama2-70b", "mixtral")
            for term in ("rate", "server_share")}},
    },
    "power": {
        "rows": lambda r: r["kind"] in ("power", "serving-energy"),
        "keys": {"busy_floor": 0.5, "memory_energy": 0.4, "vector_energy": 0.5, "node_base_w": 0.5,
                 "node_per_chip_w": 0.5},
    },
}
GROUPS = {"kernels": lambda r: r["chip"], "serving": lambda r: r["chip"] + "/" + r["model"], "items": lambda r: r["chip"], "power": lambda r: r["model"]}


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def present_values():
    values = {k: v for k, v in tomllib.loads(COEFFICIENTS.read_text()).items() if k != "fitted_on"}
    defaults = dict(re.findall(r"TERM\((\w+),\s*([-\d.e]+),", (ROOT / "src/chip/stack_fields.inc").read_text()))
    for stack in tomllib.loads(STACKS.read_text())["stack"]:
        for term, default in defaults.items():
            values[f"stack|{stack['name']}|{stack['chip']}|{term}"] = stack.get(term, float(default))
    return values


class Rows:
    """Measured rows as a file that ppu reads again and again."""

    def __init__(self, rows):
        self.rows = rows
        self.file = tempfile.NamedTemporaryFile("w", suffix=".tsv")
        writer = csv.DictWriter(self.file, rows[0].keys(), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        self.file.flush()

    def errors(self, values):
        """log(predicted / measured) of the rows that are modelled."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            for key, value in values.items():
                file.write("\t".join(key.split("|") + [repr(float(value))]) + "\n")
            file.flush()
            done = subprocess.run([PPU, "chips", "validate", self.file.name, "--values-only", "--json",
                                   "--coefficients", file.name], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"fit: {done.stderr.strip()}")
        return np.array([np.log(row["predicted"] / row["measured"]) if "predicted" in row else 0.0
                         for row in json.loads(done.stdout)["rows"]])


def ranges():
    text = (ROOT / "src/chip/coefficients.inc").read_text()
    return {k: (float(a), float(b)) for k, a, b in re.findall(r"COEFFICIENT\((\w+),\s*([-\d.]+),\s*([-\d.]+),", text)}


def clip(key, value, limits):
    low, high = limits.get(key, (0.0, 1.3 if key.endswith(("efficiency", "overlap", "lanes", "server_share")) else 1e9))
    return min(max(value, low), high)


def fit(stage, rows, values):
    """The stage's keys, moved to fit the rows; the others as in `values`."""
    keys, limits = STAGES[stage]["keys"], ranges()
    measured = Rows(rows)
    start = np.array([np.log(max(values[k], 1e-3)) for k in keys])
    width = np.array(list(keys.values()))

    def at(x):
        return {k: clip(k, float(np.exp(v)), limits) for k, v in zip(keys, x)}

    def residuals(x):
        return np.concatenate([measured.errors({**values, **at(x)}), 0.1 * (x - start) / width])

    found = least_squares(residuals, start, diff_step=0.02, loss="soft_l1", f_scale=0.1, max_nfev=8)
    return {**values, **at(found.x)}


def describe(errors):
    share = np.abs(np.exp(errors) - 1)
    return f"{len(errors):4d} rows  MAPE {100 * share.mean():5.1f} %  median {100 * np.median(share):5.1f} %"


def write(values, digest):
    def number(value):
        return f"{value:.4g}"

    text = re.sub(r'fitted_on = "[^"]*"', f'fitted_on = "{digest}"', COEFFICIENTS.read_text())
    for key, value in values.items():
        if "|" not in key:
            text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {number(value)}", text)
    COEFFICIENTS.write_text(text)
    moved = {k for stage in STAGES.values() for k in stage["keys"] if "|" in k}
    blocks = STACKS.read_text().split("\n[[stack]]\n")
    for i, block in enumerate(blocks[1:], 1):
        row = tomllib.loads(block)
        for key in moved:
            _, name, chip, term = key.split("|")
            if (name, chip) != (row["name"], row["chip"]):
                continue
            line = f"{term} = {number(values[key])}"
            block, n = re.subn(rf"(?m)^{term} = .*$", line, block)
            if not n:
                head, sep, tail = block.partition("\n\n")
                block = head.rstrip("\n") + "\n" + line + "\n" + (sep[1:] + tail if sep else "")
        blocks[i] = block
    STACKS.write_text("\n[[stack]]\n".join(blocks))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--stage", choices=STAGES, action="append")
    args = parser.parse_args()
    rows, values = read(args.rows), present_values()
    for stage in args.stage or STAGES:
        mine = [r for r in rows if STAGES[stage]["rows"](r)]
        if not mine:
            continue
        print(f"{stage}: before  {describe(Rows(mine).errors(values))}", flush=True)
        if args.cross_validate:
            groups = sorted({GROUPS[stage](r) for r in mine})
            left_out = []
            for group in groups:
                test = [r for r in mine if GROUPS[stage](r) == group]
                train = [r for r in mine if GROUPS[stage](r) != group]
                errors = Rows(test).errors(fit(stage, train, values))
                left_out.append(errors)
                print(f"  without {group:40s} {describe(errors)}", flush=True)
            print(f"{stage}: left out {describe(np.concatenate(left_out))}", flush=True)
            continue
        values = fit(stage, mine, values)
        print(f"{stage}: after   {describe(Rows(mine).errors(values))}", flush=True)
        for key in STAGES[stage]["keys"]:
            print(f"    {key} = {values[key]:.4g}", flush=True)
    if args.write and not args.cross_validate:
        write(values, hashlib.sha256(pathlib.Path(args.rows).read_bytes()).hexdigest())


if __name__ == "__main__":
    main()

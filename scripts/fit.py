#!/usr/bin/env python3
"""Fits chips/model/coefficients.toml and the fitted rows of chips/model/stacks.toml to measured rows, says how well they
do on rows of groups that were left out, and sets the residuals behind P10-P90 from those. Needs numpy and
build/bin/ppu, which does all predicting.

    scripts/fit.py ROWS.tsv                     fit all stages, print the new values and the errors
    scripts/fit.py ROWS.tsv --write             write them, with the SHA-256 of ROWS.tsv
    scripts/fit.py ROWS.tsv --cross-validate    fit without each group in turn, from the fit in the files where it is of
                                                these rows, print the errors on it beside the trivial roofline's, and
                                                the residuals; with --write, write these
    scripts/fit.py ROWS.tsv --cross-validate --by COLUMN    leave out rows that share a column's value, not a stage's groups
    scripts/fit.py ROWS.tsv --stage NAME        one stage alone (kernels, serving, mlperf), on the files' values of those
                                                before it
    scripts/fit.py ROWS.tsv --check             whether the files hold what the fit gives

Every key has a centre and how far it may stray from it (one standard deviation, as a logarithm): what was known before
the rows. A fit starts with every key of its stages at its centre, whatever the files hold, and goes from stage to stage:
the same rows give the same values. Residuals are logarithms of predicted / measured under a loss that outliers can't
dominate."""
import argparse
import csv
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
PPU = pathlib.Path(os.environ.get("PPU", ROOT / "build/bin/ppu"))
COEFFICIENTS = ROOT / "chips/model/coefficients.toml"
STACKS = ROOT / "chips/model/stacks.toml"
OUTLIER = 0.1  # a residual beyond this counts linearly
PRIOR = 0.1    # weight of one standard deviation of a key, as a residual
STEP = 0.03    # of a key's logarithm, for slopes
SHARE = 0.8    # of rows left out that P10-P90 shall hold
SAME = 1e-3    # of a value: what machines may differ in
FEW = 5        # rows from which a width is no longer told
TO_P90 = 1.2816

BENCHMARKS = ("resnet", "retinanet", "bert", "stable-diffusion", "gptj", "llama2-70b", "mixtral")
# stage: which rows, which of them are left out together, and key (a coefficient, or stack|NAME|CHIP|TERM): centre, deviation
STAGES = {
    "kernels": {
        "rows": lambda r: r["kind"] == "kernel" or "GEMV" in r["scenario"],
        "group": lambda r: r["chip"],
        "keys": {
            "tensor_efficiency": (0.92, 0.05), "small_tile": (0.1, 0.7), "memory_efficiency": (0.85, 0.05),
            "overlap": (4, 0.4), "wave_smoothing": (0.2, 0.5), "l2_efficiency": (1, 0.4), "multicast": (2, 0.4),
            "sm_bandwidth": (2, 0.4), "k_step_us": (0.05, 0.4), "lone_tile": (0.4, 0.7), "fill_us": (1.5, 0.5),
            "wave_us": (0.4, 0.6), "split_us": (1.5, 0.6), "l2_partitioned": (0.5, 0.3),
            "stack|kernel trtllm|*|launch_us": (1.5, 0.5), "stack|kernel trtllm|*|loop_us": (4, 0.6),
            "stack|kernel trtllm|*|quantise_us": (1.5, 0.7), "stack|kernel deepgemm|*|launch_us": (2.5, 0.6),
            "stack|kernel cublas|*|launch_us": (4, 0.6),
            "stack|kernel torch|T-Head|launch_us": (2, 0.5), "stack|kernel flaggems|T-Head|launch_us": (2, 0.5),
            "stack|kernel torch|T-Head|tensor_efficiency": (0.95, 0.1),
            "stack|kernel flaggems|T-Head|tensor_efficiency": (0.95, 0.1)},
        # What has no slope: one after the other, each value is tried and the one of the best fit stays.
        "choices": [([f"stack|kernel {name}|T-Head|split_k" for name in ("torch", "flaggems")], (0, 1)),
                    ([f"stack|kernel {name}|T-Head|smallest_tile" for name in ("torch", "flaggems")],
                     (2048, 512, 8192))],
    },
    "serving": {
        "rows": lambda r: r["kind"] in ("serving-max", "serving-static", "serving-e2e", "serving-pd", "ttft", "latency",
                                        "collective") and "GEMV" not in r["scenario"],
        # Runs of one model on one chip share what isn't known of them.
        "group": lambda r: r["chip"] if r["kind"] != "serving-e2e" else r["chip"] + " " + family(r["model"]),
        "keys": {
            "attention_efficiency": (0.6, 0.2), "attention_memory": (0.75, 0.1), "vector_memory": (0.4, 0.2),
            "vector_fill_us": (2, 0.4), "link_efficiency": (0.6, 0.2), "one_shot_us": (8, 0.4), "hop_us": (3, 0.4),
            "network_hop_us": (20, 0.5), "front_end_us": (500, 1),
            "inline_correction": (0.93, 0.05), "network_efficiency": (0.8, 0.15),
            "stack|trtllm|*|launch_us": (2, 0.4), "stack|trtllm|*|step_us": (200, 1),
            "stack|trtllm|*|sequence_us": (4, 1), "stack|trtllm|*|request_us": (1e5, 1),
            "stack|vllm|*|routed_efficiency": (0.6, 0.4), "stack|trtllm|*|routed_efficiency": (0.6, 0.4),
            "stack|vllm|*|launch_us": (2, 0.4), "stack|vllm|*|step_us": (400, 1),
            "stack|vllm|*|sequence_us": (4, 1), "stack|vllm|*|request_us": (2e4, 1),
            "stack|trtllm 0.6|*|launch_us": (3, 0.4), "stack|trtllm 0.6|*|step_us": (500, 1),
            "stack|trtllm 0.6|*|cache_rereads": (0.7, 0.3), "stack|trtllm 0.6|*|first_us": (3000, 1),
            "stack|trtllm 0.6|*|tensor_efficiency": (0.9, 0.1),
            "stack|chitu|NVIDIA|step_us": (500, 1), "stack|chitu|NVIDIA|sequence_us": (100, 1),
            "stack|chitu|Huawei|tensor_efficiency": (0.6, 0.4), "stack|chitu|Huawei|memory_efficiency": (0.8, 0.3),
            "stack|chitu|Huawei|step_us": (1500, 1), "stack|chitu|Huawei|sequence_us": (100, 1),
            "stack|sglang|*|link_overlap": (0.8, 0.1), "stack|deepseek|*|link_overlap": (0.9, 0.05),
            "stack|cann|Huawei|link_overlap": (0.8, 0.1), "stack|cann|Huawei|tensor_efficiency": (0.7, 0.3),
            "stack|graphs|T-Head|launch_us": (6, 0.5), "stack|eager|T-Head|kernel_us": (12, 0.3)},
    },
    # One stage: what a chip draws decides at which clock it runs a benchmark, and a single product as well: those are
    # of the fit, lest energies be found at which power would hold back what was measured faster.
    "mlperf": {
        "rows": lambda r: r["kind"] in ("mlperf", "power", "serving-energy"),
        "with": lambda r: r["kind"] == "kernel",
        "group": lambda r: r["chip"] + (" " + r["model"] if r["kind"] != "mlperf" else ""),
        "keys": {"l2_whole": (0.9, 0.1),
                 **{f"stack|mlperf {name}|*|rate": (1, 0.4) for name in BENCHMARKS},
                 **{f"stack|mlperf {name}|*|server_share": (0.9, 0.1) for name in BENCHMARKS},
                 "tensor_energy": (1, 0.1), "memory_energy": (1, 0.4), "vector_energy": (6, 0.5),
                 "voltage_slope": (1.2, 0.1), "busy_floor": (0.6, 0.15), "gap_activity": (0.5, 0.5),
                 "node_base_w": (600, 0.4), "node_per_chip_w": (100, 0.4)},
    },
}


def family(model):
    return re.split(r"[-_/ ]", model.split("/")[-1])[0].lower()


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))


def shipped():
    """Values in the files, of all keys and of the stacks' other terms."""
    values = {k: v for k, v in tomllib.loads(COEFFICIENTS.read_text()).items() if k != "fitted_on"}
    defaults = dict(re.findall(r"TERM\((\w+),\s*([-\d.e]+),", (ROOT / "src/chip/stack_fields.inc").read_text()))
    for stack in tomllib.loads(STACKS.read_text())["stack"]:
        for term, default in defaults.items():
            values[f"stack|{stack['name']}|{stack['chip']}|{term}"] = stack.get(term, float(default))
    return values


def ranges():
    text = (ROOT / "src/chip/coefficients.inc").read_text()
    return {k: (float(a), float(b)) for k, a, b in re.findall(r"COEFFICIENT\((\w+),\s*([-\d.]+),\s*([-\d.]+),", text)}


class Model:
    """`ppu chips validate --serve` on all rows: predictions with other values, again and again."""

    def __init__(self, path, rows):
        self.path, self.rows, self.limits, self.told, self.wanted = path, rows, ranges(), {}, None
        self.process = subprocess.Popen([PPU, "chips", "validate", path, "--serve"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.measured = np.array([float(r["value"]) for r in rows])
        self.judged = self.judge()
        stacks = {}
        for at, row in enumerate(self.judged):
            stacks.setdefault(row["stack"], set()).add(at)
        self.stacks = stacks

    def judge(self):
        """Each row with stack, class of residual, interval and the roofline's answer, by the files' values."""
        done = subprocess.run([PPU, "chips", "validate", self.path, "--json"], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"fit: {done.stderr.strip()}")
        return json.loads(done.stdout)["rows"]

    def concerned(self, key, at):
        """Of the rows `at`, those that a key can move."""
        if "|" not in key:
            return at
        _, name, chip, _ = key.split("|")
        mine = self.stacks.get(f"{name} on {chip}", set())
        return [i for i in at if i in mine]

    def clip(self, key, value):
        term = key.rsplit("|", 1)[-1]
        most = 1.3 if "efficiency" in term else 1 if term in ("link_overlap", "cache_rereads", "server_share") else 1e9
        low, high = self.limits.get(key, (0.0, most))
        return min(max(value, low), high)

    def errors(self, values, at):
        """log(predicted / measured) of the rows `at`; 0 where there is no answer."""
        out = []
        if self.wanted != at:
            self.wanted = list(at)
            out.append("\t".join(["rows", *map(str, at)]))
        for key, value in values.items():
            if self.told.get(key) != value:
                self.told[key] = value
                out.append("\t".join([*key.split("|"), repr(float(value))]))
        self.process.stdin.write("\n".join(out + ["go\n"]))
        self.process.stdin.flush()
        predicted = np.array([float(self.process.stdout.readline()) for _ in at])
        return np.where(predicted > 0, np.log(np.maximum(predicted, 1e-300) / self.measured[at]), 0.0)


def loss(errors, strayed):
    return np.sum(OUTLIER**2 * (np.sqrt(1 + (errors / OUTLIER) ** 2) - 1)) + 0.5 * np.sum((PRIOR * strayed) ** 2)


def slopes(model, keys, x, values_at, errors, at):
    where = {row: n for n, row in enumerate(at)}
    out = np.zeros((len(at), len(keys)))
    for j, key in enumerate(keys):
        mine = model.concerned(key, at)
        if not mine:
            continue
        moved = x.copy()
        moved[j] += STEP
        rows = [where[i] for i in mine]
        out[rows, j] = (model.errors(values_at(moved), mine) - errors[rows]) / STEP
    return out


class Fit:
    """A stage's keys, moved from their centres to fit the rows `at`; the others as in `values`."""

    def __init__(self, model, stage, at, values):
        self.model, self.at, self.before = model, at, values
        self.keys = list(STAGES[stage]["keys"])
        self.centre = np.log([STAGES[stage]["keys"][k][0] for k in self.keys])
        self.width = np.array([STAGES[stage]["keys"][k][1] for k in self.keys])

    def values(self, x):
        return {**self.before, **{k: self.model.clip(k, float(np.exp(v))) for k, v in zip(self.keys, x)}}

    def step(self, x, slope, errors, damping):
        """Gauss-Newton on the rows of `slope` and `errors`, outliers weighed down, and on the priors."""
        weight = 1 / np.sqrt(1 + (errors / OUTLIER) ** 2)
        matrix = slope.T @ (weight[:, None] * slope) + np.diag((PRIOR / self.width) ** 2)
        gradient = slope.T @ (weight * errors) + (PRIOR / self.width) ** 2 * (x - self.centre)
        return np.clip(-np.linalg.solve(matrix + damping * np.diag(np.diag(matrix)), gradient), -0.7, 0.7)

    def run(self, rounds=12):
        x, damping = self.centre.copy(), 1e-3
        errors = self.model.errors(self.values(x), self.at)
        now = loss(errors, (x - self.centre) / self.width)
        for _ in range(rounds):
            slope = slopes(self.model, self.keys, x, self.values, errors, self.at)
            for _ in range(6):  # steps that don't help are made shorter
                step = self.step(x, slope, errors, damping)
                tried = self.model.errors(self.values(x + step), self.at)
                after = loss(tried, (x + step - self.centre) / self.width)
                if after < now:
                    break
                damping = max(6 * damping, 1e-3)
            if after >= now:
                break
            x, errors, damping, gained, now = x + step, tried, damping / 4, (now - after) / now, after
            if gained < 2e-3:
                break
        self.x, self.errors, self.loss = x, errors, now
        return self

    def stay(self):
        """Where `values` are already."""
        self.x = np.log([max(self.before[k], 1e-9) for k in self.keys])
        self.errors = self.model.errors(self.values(self.x), self.at)
        return self

    def without(self, kept, slope):
        """Where the fit goes when only the rows `kept` (places in `at`) are there, by the slopes of the whole fit."""
        x = self.x.copy()
        for _ in range(20):
            errors = self.errors[kept] + slope[kept] @ (x - self.x)
            x = x + self.step(x, slope[kept], errors, 0)
        return x


def best_fit(model, stage, at, values):
    """The fit of a stage, with the best of its choices."""
    choices = STAGES[stage].get("choices", [])
    values = {**values, **{key: tried[0] for keys, tried in choices for key in keys}}
    best = Fit(model, stage, at, values).run()
    for keys, tried in choices:
        for value in tried[1:]:
            fit = Fit(model, stage, at, {**best.before, **dict.fromkeys(keys, value)}).run()
            best = min(best, fit, key=lambda fit: fit.loss)
    return best


def start(stages, values):
    """All keys of the stages at their centres."""
    centres = {key: centre for stage in stages for key, (centre, _) in STAGES[stage]["keys"].items()}
    return {**values, **centres}


def share(errors):
    wrong = np.abs(np.exp(errors) - 1)
    return 100 * wrong.mean(), 100 * np.median(wrong)


def describe(errors):
    mean, median = share(errors)
    return f"{len(errors):4d} rows  MAPE {mean:5.1f} %  median {median:5.1f} %"


def left_out(model, stage, at, fitted_at, values, fitted, group_of):
    """Errors on each of the rows `at`, from a fit without its group to the rest of the rows `fitted_at`. `fitted`: `values`
    are the fit with all of them."""
    whole = Fit(model, stage, fitted_at, values)
    whole = whole.stay() if fitted else whole.run()
    slope = slopes(model, whole.keys, whole.x, whole.values, whole.errors, fitted_at)
    groups = np.array([group_of(model.rows[i]) for i in fitted_at])
    errors = {}
    for group in dict.fromkeys(sorted(group_of(model.rows[i]) for i in at)):
        chip = model.rows[next(i for i in at if group_of(model.rows[i]) == group)]["chip"]
        # Of rows that are there for the others' sake, none of the group's chip stays.
        out = [n for n, i in enumerate(fitted_at) if groups[n] == group or (i not in at and model.rows[i]["chip"] == chip)]
        x = whole.without(np.setdiff1d(np.arange(len(fitted_at)), out), slope)
        test = [i for i in at if group_of(model.rows[i]) == group]
        found = model.errors(whole.values(x), test)
        errors.update(zip(test, found))
        print(f"  without {group:34s} {describe(found)}", flush=True)
    return np.array([errors[i] for i in at])


def table(title, names, errors, baseline):
    print(f"\n| {title} | rows | left out: MAPE / median | trivial roofline |\n|---|---|---|---|")
    for name in [*dict.fromkeys(names), "all"]:
        mine = [n for n, other in enumerate(names) if name in (other, "all")]
        known = [n for n in mine if np.isfinite(baseline[n])]
        mean, median = share(errors[mine])
        trivial = "%.1f / %.1f" % share(baseline[known]) if known else "none"
        print(f"| {name} | {len(mine)} | {mean:.1f} / {median:.1f} | {trivial} |")
    print(flush=True)


def width_of(rows):
    """The least residual with which SHARE of the rows lie inside P10-P90. A row is its error and what the chip's own
    numbers already make of the interval, squared."""
    needed = sorted(np.sqrt(max(0.0, error**2 - own)) / TO_P90 for error, own in rows)
    return min(max(needed[int(np.ceil(SHARE * len(needed))) - 1], 0.03), 1)


def residuals(model, errors, group_of):
    """left_* by width_of() for each class of answers; and how many rows of a group lie inside P10-P90 when neither the
    fit nor the width has seen the group."""
    now, classes = shipped(), {}
    for i, error in errors.items():
        row = model.judged[i]
        # What the files' residual doesn't explain of the interval is the chip's and the stack's.
        own = max(0.0, (np.log(row["p90"] / row["p10"]) / 2) ** 2 - (TO_P90 * now["left_" + row["residual"]]) ** 2)
        classes.setdefault(row["residual"], []).append((abs(error), own, group_of(i)))
    widths, inside, judged = {}, 0, 0
    for name, rows in classes.items():
        widths["left_" + name] = width_of([row[:2] for row in rows])
        held = of = 0
        for group in sorted({row[2] for row in rows}):
            others = [row[:2] for row in rows if row[2] != group]
            mine = [row[:2] for row in rows if row[2] == group]
            if len(others) < FEW:
                continue
            half = TO_P90 * width_of(others)
            held += sum(error**2 <= half**2 + own for error, own in mine)
            of += len(mine)
        print(f"    left_{name} = {widths['left_' + name]:.3f} from {len(rows)} rows; inside without their group: "
              f"{held} of {of}")
        inside, judged = inside + held, judged + of
    print(f"    inside P10-P90, neither fit nor width having seen the group: {100 * inside / judged:.0f} % of {judged}")
    return widths


def fitted_keys(stages):
    choices = [key for stage in stages for keys, _ in STAGES[stage].get("choices", []) for key in keys]
    return [key for stage in stages for key in STAGES[stage]["keys"]] + choices


def write(values, keys, digest):
    text = COEFFICIENTS.read_text()
    if digest:
        text = re.sub(r'fitted_on = "[^"]*"', f'fitted_on = "{digest}"', text)
    for key in keys:
        if "|" not in key:
            text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {values[key]:.4g}", text)
    COEFFICIENTS.write_text(text)
    blocks = STACKS.read_text().split("\n[[stack]]\n")
    for i, block in enumerate(blocks[1:], 1):
        row = tomllib.loads(block)
        for key in keys:
            if "|" not in key or key.split("|")[1:3] != [row["name"], row["chip"]]:
                continue
            term = key.split("|")[3]
            line = f"{term} = {values[key]:.4g}"
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
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--by", metavar="COLUMN")
    parser.add_argument("--stage", choices=STAGES, action="append")
    args = parser.parse_args()
    if args.by and (args.write or not args.cross_validate):
        parser.error("--by goes with --cross-validate, and without --write: intervals are those of whole groups left out")
    rows, values = read(args.rows), shipped()
    digest = hashlib.sha256(pathlib.Path(args.rows).read_bytes()).hexdigest()
    fitted_on = tomllib.loads(COEFFICIENTS.read_text())["fitted_on"]
    model, stages, out = Model(args.rows, rows), args.stage or list(STAGES), {}

    def rows_of(stage, also=False):
        mine, beside = STAGES[stage]["rows"], STAGES[stage].get("with") if also else None
        return [i for i, r in enumerate(rows)
                if (mine(r) or (beside and beside(r))) and "predicted" in model.judged[i]]

    stages, groups = [stage for stage in stages if rows_of(stage)], {}
    for stage in stages if args.cross_validate else []:
        at = rows_of(stage)
        group_of = (lambda r: r[args.by]) if args.by else STAGES[stage]["group"]
        errors = left_out(model, stage, at, rows_of(stage, also=True), values, digest == fitted_on, group_of)
        print(f"{stage}: left out {describe(errors)}", flush=True)
        out.update(zip(at, errors))
        groups.update((i, group_of(rows[i])) for i in at)
    if not args.cross_validate:
        shipped_values, names = dict(values), list(STAGES)
        # Stages before the first one asked for are as the files have them; all later keys start at their centres.
        values = start(names[names.index(stages[0]):], values)
        for stage in stages:
            found = best_fit(model, stage, rows_of(stage, also=True), values)
            values = {**found.values(found.x)}
            values.update((key, float(f"{values[key]:.4g}")) for key in fitted_keys([stage]))  # as the files hold it
            print(f"{stage}: fitted {describe(model.errors(values, rows_of(stage)))}", flush=True)
        for key in fitted_keys(stages):
            print(f"    {key} = {values[key]:.4g}", flush=True)
    if args.cross_validate:
        order = sorted(out)
        errors = np.array([out[i] for i in order])
        baseline = np.array([np.log(model.judged[i]["roofline"] / model.judged[i]["measured"])
                             if model.judged[i]["roofline"] else np.nan for i in order])
        table("group", [f"{rows[i]['kind']}/{rows[i]['metric']}" for i in order], errors, baseline)
        table("chip", [model.judged[i]["chip"] for i in order], errors, baseline)
        widths = residuals(model, out, lambda i: groups[i])
        if args.write:
            write(widths, widths, "")
    elif args.check:
        moved = [key for key in fitted_keys(stages) if abs(values[key] - shipped_values[key]) > SAME * abs(values[key])]
        for key in moved:
            print(f"fit: {key}: {shipped_values[key]:.4g} in the files, {values[key]:.4g} from these rows")
        sys.exit(1 if moved else 0)
    elif args.write:
        write(values, fitted_keys(stages), digest)


if __name__ == "__main__":
    main()

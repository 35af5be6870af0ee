"""Every operator of PyTorch's own test list (op_db) on 'cuda' against the same on 'cpu': values, devices, gradients.

    ppu run python opinfo.py --dtype float32 [--only NAME] [--samples 6] [--known FILE]

Prints one line for each entry that fails and the share that passes. An entry passes when all its samples do. A sample
whose values differ between two seeds on the CPU is random: it is run, and its shape and device are compared. Where the CPU has
no kernel for the type, the wider type's result is the reference, and it decides where half types' results differ. A crash counts
as that entry's failure; the rest goes on.
"""
import argparse
import faulthandler
import itertools
import json
import os
import re
import subprocess
import sys
import warnings

WIDER = {"float16": "float32", "bfloat16": "float32", "complex32": "complex64"}
# Their results are uninitialised memory.
NO_VALUES = {"empty", "empty_like", "new_empty", "empty_strided", "empty_permuted", "new_empty_strided", "resize_",
             "resize_as_"}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--only", help="regular expression for the entries' names")
    parser.add_argument("--samples", type=int, default=6, help="at most so many samples of an entry")
    parser.add_argument("--at-least", type=float, default=0, help="exit 1 below this share, in percent")
    parser.add_argument("--every", type=int, default=1, help="only every n-th entry, for a quick look")
    parser.add_argument("--first", type=int, default=0, help="where --every begins: 0 to n-1 make up the whole list")
    parser.add_argument("--from-entry", type=int, default=None, help=argparse.SUPPRESS)
    return parser.parse_args()


# --- the child: runs entries and reports each as a line of JSON -----------------------------------------------------

def entries(args, torch, op_db):
    dtype = getattr(torch, args.dtype)
    chosen = [op for op in op_db if dtype in op.supported_dtypes("cuda")]
    if args.only:
        chosen = [op for op in chosen if re.search(args.only, op.formatted_name)]
    return chosen[args.first::args.every]


class Check:
    """Comparison of one entry's samples; raises AssertionError or whatever the operator raises."""

    def __init__(self, torch, dtype, samples):
        from torch.utils import _pytree
        self.torch, self.dtype, self.samples, self.tree = torch, dtype, samples, _pytree

    def fresh(self, leaf, device, dtype):
        """A copy of a tensor on `device`; a view keeps its place in a storage of the same size."""
        torch = self.torch
        dtype = dtype if dtype is not None and leaf.dtype == self.dtype else leaf.dtype
        old = leaf.detach()
        if old.layout == torch.strided and not (old.is_quantized or old.is_nested or old.is_conj() or old.is_neg()) \
                and old.untyped_storage().nbytes() != old.numel() * old.element_size() and type(leaf) is torch.Tensor:
            whole = torch.empty(0, dtype=old.dtype, device=old.device).set_(old.untyped_storage())
            copy = whole.to(device=device, dtype=dtype, copy=True)
            new = copy.as_strided(old.size(), old.stride(), old.storage_offset())
        else:
            new = old.to(device=device, dtype=dtype, copy=True)
        return new.requires_grad_(leaf.requires_grad)

    def moved(self, value, device, dtype=None):
        """The arguments of a call on `device`. What a sample has on the CPU on purpose stays there."""
        torch = self.torch

        def move(leaf):
            if isinstance(leaf, torch.Tensor):
                return self.fresh(leaf, device if leaf.is_cuda else "cpu", dtype)
            if isinstance(leaf, torch.device) and leaf.type == "cuda":
                return torch.device(device)
            if isinstance(leaf, str) and leaf.startswith("cuda"):
                return device
            if dtype is not None and leaf is self.dtype:
                return dtype
            return leaf

        return self.tree.tree_map(move, value)

    def run(self, op, sample, device, dtype=None, seed=0, backward=True):
        torch = self.torch
        torch.manual_seed(seed)
        first, rest, named = self.moved((sample.input, sample.args, sample.kwargs), device, dtype)
        result = op(first, *rest, **named)
        wants = [leaf for leaf in self.tree.tree_leaves((first, rest, named))
                 if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
        if sample.output_process_fn_grad is not None:
            graded = sample.output_process_fn_grad(result)
        else:
            graded = result
        sources = [leaf for leaf in self.tree.tree_leaves(graded) if isinstance(leaf, torch.Tensor)
                   and leaf.requires_grad and (leaf.is_floating_point() or leaf.is_complex())]
        gradients = ()
        if backward and wants and sources:
            inflow = [torch.ones_like(s) for s in sources]
            gradients = torch.autograd.grad(sources, wants, inflow, allow_unused=True)
        return result, gradients

    def reference(self, op, sample, backward):
        """The CPU's result, whether it depends on the seed, and whether it is of a wider type."""
        wider = None
        try:
            expected = self.run(op, sample, "cpu", backward=backward)
        except Exception:
            name = WIDER.get(str(self.dtype).removeprefix("torch."))
            if name is None:
                raise
            wider = getattr(self.torch, name)
            expected = self.run(op, sample, "cpu", wider, backward=backward)
        again = self.run(op, sample, "cpu", wider, seed=1, backward=backward)
        return expected, not self.same(expected, again), wider is not None

    def same(self, a, b):
        a, b = self.tree.tree_leaves(a), self.tree.tree_leaves(b)
        try:
            for x, y in zip(a, b):
                if isinstance(x, self.torch.Tensor):
                    self.torch.testing.assert_close(x, y, equal_nan=True)
            return True
        except AssertionError:
            return False

    def tolerance(self, op, wide):
        """PyTorch's default, or what its own tests allow this entry."""
        from torch.testing._internal.common_device_type import toleranceOverride
        best = {"rtol": 2e-2, "atol": 2e-2} if wide else {}
        for info in op.decorators:
            for decorator in getattr(info, "decorators", ()):
                if isinstance(decorator, toleranceOverride) and self.dtype in decorator.d and not wide:
                    allowed = decorator.d[self.dtype]
                    best = {"rtol": max(allowed.rtol, best.get("rtol", 0)), "atol": max(allowed.atol, best.get("atol", 0))}
        return best

    def promised_types(self, op, sample):
        """What PyTorch's meta kernels say of the results' types: a few are others on CUDA than on the CPU."""
        results = self.tree.tree_leaves(self.run(op, sample, "meta", backward=False)[0])
        return [leaf.dtype if isinstance(leaf, self.torch.Tensor) else None for leaf in results]

    def close(self, op, sample, actual, expected, values, wide, what, tolerance=None):
        torch = self.torch
        tolerance = tolerance or self.tolerance(op, wide)
        got, want = self.tree.tree_leaves(actual), self.tree.tree_leaves(expected)
        assert len(got) == len(want), f"{what}: {len(got)} results, {len(want)} expected"
        for i, (a, e) in enumerate(zip(got, want)):
            if not isinstance(e, torch.Tensor):
                assert isinstance(a, float) or a == e or not values, f"{what}: {a} is not {e}"
                continue
            if a.layout == torch.jagged or e.layout == torch.jagged:
                continue
            assert a.shape == e.shape, f"{what}: shape {tuple(a.shape)}, {tuple(e.shape)} expected"
            if not values:
                continue
            a = a.detach().cpu()
            if wide or (a.dtype != e.dtype and what == "result" and self.promised_types(op, sample)[i] == a.dtype):
                e = e.to(a.dtype)
            torch.testing.assert_close(a, e.detach(), equal_nan=True, check_stride=False, **tolerance)

    def entry(self, op):
        dtype = self.dtype
        backward = op.supports_autograd and dtype in op.supported_backward_dtypes("cuda") and \
            (dtype.is_floating_point or dtype.is_complex)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for sample in itertools.islice(op.sample_inputs("cuda", dtype, requires_grad=backward), self.samples):
                self.sample(op, sample, backward)

    def sample(self, op, sample, backward):
        try:
            expected, random, wide = self.reference(op, sample, backward)
        except Exception:  # pylint: disable=broad-except
            expected = None
        actual = self.run(op, sample, "cuda", backward=backward)
        if expected is None:
            return  # no CPU reference: it has run
        values = not random and op.name not in NO_VALUES
        given = self.tree.tree_leaves((sample.input, sample.args, sample.kwargs))
        if any(isinstance(leaf, self.torch.Tensor) and leaf.is_cuda and leaf.dim() > 0 for leaf in given) \
                and "device" not in sample.kwargs:
            for leaf in self.tree.tree_leaves(actual):
                if isinstance(leaf, self.torch.Tensor):
                    assert leaf.is_cuda, "a result is on the CPU"
        def compare(expected, wide, tolerance=None):
            self.close(op, sample, actual[0], expected[0], values, wide, "result", tolerance)
            self.close(op, sample, actual[1], expected[1], values, wide, "gradient", tolerance)

        try:
            compare(expected, wide)
        except AssertionError:
            # Of two results that are rounded differently the wider type's decides, within the tolerance that PyTorch's
            # own test of CUDA against the CPU has (test_ops.py, test_compare_cpu).
            bound = {"float16": 1e-3, "bfloat16": 1.6e-2}.get(str(self.dtype).removeprefix("torch."))
            if wide or bound is None:
                raise
            compare(self.run(op, sample, "cpu", self.torch.float32, backward=backward), True, {"rtol": bound, "atol": 1e-3})


def child(args):
    faulthandler.enable()
    import torch
    from torch.testing._internal.common_methods_invocations import op_db
    torch.set_num_threads(1)
    check = Check(torch, getattr(torch, args.dtype), args.samples)
    for number, op in enumerate(entries(args, torch, op_db)):
        if number < args.from_entry:
            continue
        print(json.dumps({"start": number, "name": op.formatted_name}), flush=True)
        why = None
        try:
            check.entry(op)
        except Exception as error:  # pylint: disable=broad-except
            text = str(error).strip().splitlines()
            interesting = [line for line in text if "mismatch" in line.lower() or "greatest" in line.lower()]
            why = f"{type(error).__name__}: {(text or [''])[0][:160]} {' '.join(interesting)[:160]}"
        print(json.dumps({"end": number, "name": op.formatted_name, "why": why}), flush=True)


# --- the parent: restarts the child behind an entry that crashed -----------------------------------------------------

def watch(first, failed):
    """Runs a child from entry `first`; returns (entries that ended, entry that it died in or None)."""
    command = [sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--from-entry", str(first)]
    running, ended = None, 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if not line.startswith("{"):
                continue
            report = json.loads(line)
            if "start" in report:
                running = report
                continue
            running, ended = None, ended + 1
            if report["why"]:
                failed.append(report)
                print(f"FAIL {report['name']}: {report['why']}", flush=True)
    if process.returncode != 0 and running is None:
        sys.exit(f"opinfo: the run ended with {process.returncode} outside of an entry")
    if running is not None:
        print(f"FAIL {running['name']}: crashed, {process.returncode}", flush=True)
        failed.append(running)
    return ended, running


def main():
    args = options()
    if args.from_entry is not None:
        return child(args)
    failed, ran, first = [], 0, 0
    while True:
        ended, crashed = watch(first, failed)
        ran += ended
        if crashed is None:
            break
        ran += 1
        first = crashed["start"] + 1
    if ran == 0:
        sys.exit("opinfo: no entry has this name and type")
    share = 100 * (ran - len(failed)) / ran
    print(f"{args.dtype}: {ran - len(failed)} of {ran} entries pass, {share:.1f} %")
    return 0 if share >= args.at_least else 1


if __name__ == "__main__":
    sys.exit(main())

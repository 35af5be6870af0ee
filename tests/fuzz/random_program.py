#!/usr/bin/env python3
"""Random CUDA programs, built and run on the engines. Of one kind the threads work alone and the host says what is right
(program_of_threads.py); of the other, blocks share memory, meet at barriers, exchange and count, and the reference
interpreter says it (program_of_blocks.py).

    random_program.py --ppu build/bin/ppu --compiler build/bin/ppucc [--seed 1] [--seconds 0] [--kernels 4]
                      [--kinds threads,blocks] [--engines avx512,avx2,quick,ref] [--keep DIR]

The compiler may be nvcc, whose code is another: give it `--flags="-gencode arch=compute_80,code=compute_80"`. One
program of each kind, or as many as `--seconds` allow. A program that fails is kept in DIR and named."""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "programs")]
import program_of_blocks  # noqa: E402
import program_of_threads  # noqa: E402
import run_program  # noqa: E402

KINDS = {"threads": program_of_threads.program, "blocks": program_of_blocks.program}


def passes(kind, seed, options, engines, where):
    source = where / f"{kind}_{seed}.cu"
    binary = where / f"{kind}_{seed}"
    source.write_text(KINDS[kind](seed, options.kernels))
    command = [options.compiler, "-std=c++17", "-O2", *options.flags.split(), f"-I{HERE.parent / 'programs'}", "-o",
               str(binary), str(source)]
    built = subprocess.run(command, capture_output=True, text=True)
    if built.returncode:
        print(f"{source} doesn't compile:\n{built.stderr[:4000]}")
        return False
    digests = {e: run_program.run(e, [options.ppu, "run", str(binary)], str(where / "cache"), 100) for e in engines}
    binary.unlink()
    if None not in digests.values() and len(set(digests.values())) == 1:
        source.unlink()
        return True
    print(f"{source}: {digests}")
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ppu", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--flags", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--kernels", type=int, default=4)
    parser.add_argument("--kinds", default="threads,blocks")
    parser.add_argument("--engines", default="avx512,avx2,ref")
    parser.add_argument("--keep")
    options = parser.parse_args()
    engines = [e for e in options.engines.split(",") if e != "avx512" or run_program.has_avx512()]
    kinds = options.kinds.split(",")
    start, seed, failed = time.monotonic(), options.seed, 0
    with tempfile.TemporaryDirectory(prefix="openppu-fuzz-") as scratch:
        where = pathlib.Path(options.keep or scratch)
        where.mkdir(parents=True, exist_ok=True)
        while True:
            failed += sum(not passes(kind, seed, options, engines, where) for kind in kinds)
            seed += 1
            if time.monotonic() - start >= options.seconds:
                break
    print(f"{(seed - options.seed) * len(kinds)} programs of {options.kernels} kernels, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())

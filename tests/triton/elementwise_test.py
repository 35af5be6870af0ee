"""Element-wise kernels, rows and columns: loads with masks, mathematics, types, views, random numbers, printf."""
import os
import subprocess
import sys
import unittest

import torch
import triton
import triton.language as tl
from triton.language.extra import libdevice

from device import randint, randn, sync, to_device, zeros


@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = i < n
    tl.store(out + i, tl.load(x + i, inside) + tl.load(y + i, inside), inside)


@triton.jit
def mathematics(x, out, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    v = tl.load(x + i, i < n, 1.0)
    a = tl.abs(v) + 0.1
    r = tl.exp(v) + tl.log(a) + tl.sin(v) * tl.cos(v) + tl.sqrt(a) + tl.rsqrt(a) + tl.exp2(v) + tl.log2(a)
    r += tl.erf(v) + tl.sigmoid(v) + tl.floor(v) + tl.ceil(v) + tl.fma(v, v, a) + v / a
    r += libdevice.tanh(v) + libdevice.pow(a, 1.7) + libdevice.atan2(v, a) + libdevice.expm1(v) + libdevice.rint(v)
    tl.store(out + i, r, i < n)


@triton.jit
def integers(x, y, out, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    a, b = tl.load(x + i), tl.load(y + i)
    r = (a // b) ^ (a % b) + (a << 3) - (a >> 2) + tl.umulhi(a.to(tl.uint32), b.to(tl.uint32)).to(tl.int32)
    r += tl.where(a > b, tl.minimum(a, b), tl.maximum(a, b)) & 0xFFFF
    tl.store(out + i, r)


@triton.jit
def convert(x, out, BLOCK: tl.constexpr, BITS: tl.constexpr):
    i = tl.arange(0, BLOCK)
    v = tl.load(x + i)
    if BITS:
        tl.store(out + i, v.to(out.dtype.element_ty, bitcast=True))
    else:
        tl.store(out + i, v.to(out.dtype.element_ty))


@triton.jit
def transpose(x, out, M: tl.constexpr, N: tl.constexpr):
    v = tl.load(x + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
    tl.store(out + tl.arange(0, N)[:, None] * M + tl.arange(0, M)[None, :], tl.trans(v))


@triton.jit
def views(x, out, N: tl.constexpr):
    v = tl.load(x + tl.arange(0, N))
    a, b = tl.split(tl.reshape(v, (N // 2, 2)))
    v = tl.join(b, a * 2).reshape(N)
    v = tl.flip(tl.cat(a, b, can_reorder=True) * 0 + v, 0)
    tl.store(out + tl.arange(0, N), tl.ravel(tl.permute(tl.reshape(v, (4, N // 8, 2)), (2, 0, 1))))


@triton.jit
def dropout(x, out, n, p, seed, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    keep = tl.rand(seed, i) > p
    tl.store(out + i, tl.where(keep, tl.load(x + i, i < n) / (1 - p), 0.0), i < n)


@triton.jit
def normal(out, seed, BLOCK: tl.constexpr):
    tl.store(out + tl.arange(0, BLOCK), tl.randn(seed, tl.arange(0, BLOCK)))


@triton.jit
def persistent(x, out, n, BLOCK: tl.constexpr):
    for block in range(tl.program_id(0), tl.cdiv(n, BLOCK), tl.num_programs(0)):
        i = block * BLOCK + tl.arange(0, BLOCK)
        tl.store(out + i, tl.load(x + i, i < n) * 2, i < n)


@triton.jit
def until(x, out):
    v = tl.load(x)
    steps = 0
    while v != 1:
        v = tl.where(v % 2 == 0, v // 2, 3 * v + 1)
        steps += 1
    tl.store(out, steps)


@triton.autotune([triton.Config({"BLOCK": 256}), triton.Config({"BLOCK": 1024}, num_warps=8)], key=["n"])
@triton.jit
def tuned(x, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) + 1, i < n)


@triton.jit
def prints(x):
    tl.device_print("value", tl.load(x))


@triton.jit
def asserts(x):
    tl.device_assert(tl.load(x) == 3, "not three")


class Elementwise(unittest.TestCase):
    def test_add(self):
        for n in (1, 1000, 5000):
            x, y, out = randn(n), randn(n), zeros(n)
            add[(triton.cdiv(n, 1024),)](x, y, out, n, 1024)
            sync()
            self.assertTrue(torch.equal(out, x + y))

    def test_mathematics(self):
        x, out = randn(1000), zeros(1000)
        mathematics[(1,)](x, out, 1000, 1024)
        sync()
        v = x.double()
        a = v.abs() + 0.1
        want = v.exp() + a.log() + v.sin() * v.cos() + a.sqrt() + a.rsqrt() + v.exp2() + a.log2()
        want += v.erf() + v.sigmoid() + v.floor() + v.ceil() + v * v + a + v / a
        want += v.tanh() + a.pow(1.7) + torch.atan2(v, a) + v.expm1() + v.round()
        torch.testing.assert_close(out.double(), want, rtol=2e-5, atol=2e-5)

    def test_integers(self):
        x, y, out = randint(-1000, 1000, 512), randint(1, 50, 512), zeros(512, dtype=torch.int32)
        integers[(1,)](x, y, out, 512)
        sync()
        a, b = x.long(), y.long()
        quotient = torch.div(a, b, rounding_mode="trunc")
        high = ((a & 0xFFFFFFFF) * b) >> 32
        want = quotient ^ ((a - quotient * b) + (a << 3) - (a >> 2) + high)
        want += torch.where(a > b, torch.minimum(a, b), torch.maximum(a, b)) & 0xFFFF
        self.assertTrue(torch.equal(out, want.to(torch.int32)))

    def test_conversions(self):
        types = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.int16, torch.int32,
                 torch.int64, torch.uint8]
        for source in types:
            x = to_device((torch.randn(256) * 20).abs().to(source))
            for target in types:
                out = zeros(256, dtype=target)
                convert[(1,)](x, out, 256, False)
                sync()
                self.assertTrue(torch.equal(out, x.to(target)), (source, target))

    def test_float8(self):
        x = randn(256)
        for target in (torch.float8_e5m2,):
            out, back = to_device(torch.zeros(256).to(target)), zeros(256)
            convert[(1,)](x, out, 256, False)
            convert[(1,)](out, back, 256, False)
            sync()
            self.assertTrue(torch.equal(out.view(torch.uint8), x.to(target).view(torch.uint8)))
            self.assertTrue(torch.equal(back, x.to(target).float()))

    def test_bits(self):
        x, out = randn(256), zeros(256, dtype=torch.int32)
        convert[(1,)](x, out, 256, True)
        sync()
        self.assertTrue(torch.equal(out, x.view(torch.int32)))

    def test_transpose(self):
        for dtype in (torch.float32, torch.float16, torch.int8):
            x, out = randn(64, 128, dtype=dtype), zeros(128, 64, dtype=dtype)
            transpose[(1,)](x, out, 64, 128)
            sync()
            self.assertTrue(torch.equal(out, x.T))

    def test_views(self):
        x, out = randn(256), zeros(256)
        views[(1,)](x, out, 256)
        sync()
        pairs = x.view(128, 2)
        v = torch.stack([pairs[:, 1], pairs[:, 0] * 2], 1).reshape(256).flip(0)
        self.assertTrue(torch.equal(out, v.view(4, 32, 2).permute(2, 0, 1).reshape(256)))

    def test_dropout_and_normal(self):
        x, out, again = to_device(torch.ones(10000)), zeros(10000), zeros(10000)
        for target in (out, again):
            dropout[(10,)](x, target, 10000, 0.3, 123, 1024)
        sync()
        self.assertTrue(torch.equal(out, again))
        self.assertAlmostEqual((out == 0).float().mean().item(), 0.3, delta=0.02)
        self.assertEqual(set(out.unique().tolist()), {0.0, torch.tensor(1 / 0.7).item()})
        sample = zeros(2048)
        normal[(1,)](sample, 7, 2048)
        sync()
        self.assertAlmostEqual(sample.mean().item(), 0, delta=0.1)
        self.assertAlmostEqual(sample.std().item(), 1, delta=0.1)

    def test_loops(self):
        x, out = randn(10000), zeros(10000)
        persistent[(7,)](x, out, 10000, 256)
        start, steps = to_device(torch.tensor([27])), zeros(1, dtype=torch.int32)
        until[(1,)](start, steps)
        sync()
        self.assertTrue(torch.equal(out, x * 2))
        self.assertEqual(steps.item(), 111)

    def test_autotuner(self):
        x, out = randn(5000), zeros(5000)
        tuned[lambda meta: (triton.cdiv(5000, meta["BLOCK"]),)](x, out, 5000)
        sync()
        self.assertTrue(torch.equal(out, x + 1))

    def test_printf_and_assert(self):
        def run(kernel, value):
            code = f"from elementwise_test import *\n{kernel}[(1,)](to_device(torch.tensor([{value}])))\nsync()\n"
            return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                  env={**os.environ, "TRITON_DEBUG": "1"}, cwd=sys.path[0] or None)
        self.assertIn("value: 42", run("prints", 42).stdout)
        self.assertEqual(run("asserts", 3).returncode, 0)
        failed = run("asserts", 4)
        self.assertNotEqual(failed.returncode, 0)
        self.assertIn("not three", failed.stderr + failed.stdout)
        self.assertIn("CUDA_ERROR_ASSERT", failed.stderr)


if __name__ == "__main__":
    unittest.main()

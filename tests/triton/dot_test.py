"""tl.dot on every type the tensor instructions have, pipelined loops (cp.async), layouts, and fused attention."""
import unittest

import torch
import triton
import triton.language as tl

from device import randint, randn, sync, to_device, zeros


@triton.jit
def matmul(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, PRECISION: tl.constexpr,
           ACC: tl.constexpr):
    rm = tl.program_id(0) * BM + tl.arange(0, BM)
    rn = tl.program_id(1) * BN + tl.arange(0, BN)
    rk = tl.arange(0, BK)
    ap = a + rm[:, None] * K + rk[None, :]
    bp = b + rk[:, None] * N + rn[None, :]
    acc = tl.zeros((BM, BN), dtype=ACC)
    for k in range(0, K, BK):
        x = tl.load(ap, (rm[:, None] < M) & (rk[None, :] < K - k), 0)
        y = tl.load(bp, (rk[:, None] < K - k) & (rn[None, :] < N), 0)
        acc = tl.dot(x, y, acc, input_precision=PRECISION, out_dtype=ACC)
        ap += BK
        bp += BK * N
    tl.store(c + rm[:, None] * N + rn[None, :], acc.to(c.dtype.element_ty), (rm[:, None] < M) & (rn[None, :] < N))


@triton.jit
def batched(a, b, c, B: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    i, m, n, k = tl.arange(0, B), tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    x = tl.load(a + i[:, None, None] * M * K + m[None, :, None] * K + k[None, None, :])
    y = tl.load(b + i[:, None, None] * K * N + k[None, :, None] * N + n[None, None, :])
    tl.store(c + i[:, None, None] * M * N + m[None, :, None] * N + n[None, None, :], tl.dot(x, y))


@triton.jit
def transposed(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    """c = (a' b) relu'd and multiplied again: results of one product are the operand of the next."""
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    x = tl.load(a + k[:, None] * M + m[None, :])
    y = tl.load(b + k[:, None] * N + n[None, :])
    p = tl.maximum(tl.dot(tl.trans(x), y), 0).to(a.dtype.element_ty)
    q = tl.dot(tl.trans(p), p)
    tl.store(c + n[:, None] * N + n[None, :], q)


@triton.jit
def attention(q, k, v, out, scale, T, CAUSAL: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    head = tl.program_id(1) * T * D
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols, d = tl.arange(0, BN), tl.arange(0, D)
    x = tl.load(q + head + rows[:, None] * D + d[None, :])
    acc = tl.zeros((BM, D), dtype=tl.float32)
    biggest = tl.full((BM,), -float("inf"), dtype=tl.float32)
    total = tl.zeros((BM,), dtype=tl.float32)
    end = (tl.program_id(0) + 1) * BM if CAUSAL else T
    for start in range(0, end, BN):
        y = tl.load(k + head + (start + cols)[None, :] * D + d[:, None])
        s = tl.dot(x, y) * (scale * 1.44269504)
        if CAUSAL:
            s = tl.where(rows[:, None] >= start + cols[None, :], s, -float("inf"))
        now = tl.maximum(biggest, tl.max(s, 1))
        p = tl.exp2(s - now[:, None])
        shrink = tl.exp2(biggest - now)
        total = total * shrink + tl.sum(p, 1)
        z = tl.load(v + head + (start + cols)[:, None] * D + d[None, :])
        acc = tl.dot(p.to(z.dtype), z, acc * shrink[:, None])
        biggest = now
    tl.store(out + head + rows[:, None] * D + d[None, :], (acc / total[:, None]).to(out.dtype.element_ty))


def operands(dtype, *shape):
    return randint(-128, 128, *shape, dtype=dtype) if dtype == torch.int8 else randn(*shape, dtype=dtype)


class Dot(unittest.TestCase):
    def product(self, dtype, m, n, k, blocks, tolerance, precision=None, acc=tl.float32, result=torch.float32, **options):
        a, b = operands(dtype, m, k), operands(dtype, k, n)
        c = zeros(m, n, dtype=result)
        grid = (triton.cdiv(m, blocks[0]), triton.cdiv(n, blocks[1]))
        matmul[grid](a, b, c, m, n, k, *blocks, precision, acc, **options)
        sync()
        torch.testing.assert_close(c.double(), a.double() @ b.double(), rtol=tolerance, atol=tolerance * k**0.5)

    def test_float16(self):
        self.product(torch.float16, 128, 128, 128, (64, 64, 32), 1e-4)
        self.product(torch.float16, 100, 90, 70, (64, 32, 32), 1e-2, acc=tl.float16, result=torch.float16)

    def test_bfloat16_in_a_pipeline(self):
        self.product(torch.bfloat16, 130, 140, 256, (128, 128, 64), 1e-4, num_stages=4, num_warps=8)
        self.product(torch.bfloat16, 64, 64, 96, (16, 16, 16), 1e-4, num_stages=2, num_warps=1)

    def test_float32(self):
        self.product(torch.float32, 64, 64, 64, (64, 64, 32), 2e-3, precision="tf32")
        self.product(torch.float32, 64, 64, 64, (64, 64, 32), 1e-5, precision="tf32x3")
        self.product(torch.float32, 32, 48, 64, (32, 16, 32), 1e-5, precision="ieee")

    def test_float64(self):
        self.product(torch.float64, 32, 32, 32, (32, 32, 16), 1e-12, acc=tl.float64, result=torch.float64)

    def test_int8(self):
        self.product(torch.int8, 96, 64, 128, (32, 64, 32), 0, acc=tl.int32, result=torch.int32, num_stages=3)

    def test_batches_and_chains(self):
        a, b, c = randn(2, 16, 32), randn(2, 32, 16), zeros(2, 16, 16)
        batched[(1,)](a, b, c, 2, 16, 16, 32)
        x, y, z = randn(64, 32, dtype=torch.float16), randn(64, 64, dtype=torch.float16), zeros(64, 64)
        transposed[(1,)](x, y, z, 32, 64, 64)
        sync()
        torch.testing.assert_close(c, a @ b, rtol=2e-3, atol=2e-2)
        p = (x.float().T @ y.float()).relu()
        torch.testing.assert_close(z, p.T @ p, rtol=1e-2, atol=0.5)

    def test_attention(self):
        for dtype, causal, d in ((torch.float16, True, 64), (torch.bfloat16, False, 32)):
            q, k, v = (randn(1, 2, 128, d, dtype=dtype) for _ in range(3))
            out = zeros(1, 2, 128, d, dtype=dtype)
            attention[(2, 2)](q, k, v, out, d**-0.5, 128, causal, 64, 32, d, num_stages=2)
            sync()
            want = torch.nn.functional.scaled_dot_product_attention(q.float(), k.float(), v.float(), is_causal=causal)
            torch.testing.assert_close(out.float(), want, rtol=2e-2, atol=2e-2)


if __name__ == "__main__":
    unittest.main()

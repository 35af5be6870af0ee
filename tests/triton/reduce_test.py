"""Reductions, scans, sorts, histograms, gathers, atomics and locks, and the normalisations built of them."""
import unittest

import torch
import triton
import triton.language as tl

from device import randint, randn, sync, to_device, zeros


@triton.jit
def softmax(x, out, columns, stride, BLOCK: tl.constexpr):
    c = tl.arange(0, BLOCK)
    v = tl.load(x + tl.program_id(0) * stride + c, c < columns, -float("inf"))
    e = tl.exp(v - tl.max(v, 0))
    tl.store(out + tl.program_id(0) * stride + c, e / tl.sum(e, 0), c < columns)


@triton.jit
def reductions(x, out, where, M: tl.constexpr, N: tl.constexpr):
    r, c = tl.arange(0, M), tl.arange(0, N)
    v = tl.load(x + r[:, None] * N + c[None, :])
    tl.store(out + r, tl.sum(v, 1))
    tl.store(out + M + r, tl.max(v, 1))
    tl.store(out + 2 * M + r, tl.min(v, 1))
    tl.store(out + 3 * M + c, tl.sum(v, 0))
    tl.store(where + r, tl.argmax(v, 1))
    tl.store(where + M + r, tl.argmin(v, 1))
    tl.store(where + 2 * M, tl.xor_sum(tl.ravel(v.to(tl.int32)), 0))


@triton.jit
def _linear(a0, b0, a1, b1):
    return a0 * a1, b0 * a1 + b1


@triton.jit
def scans(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    v = tl.load(x + i)
    tl.store(out + i, tl.cumsum(v, 0))
    tl.store(out + N + i, tl.cumprod(1 + v * 0.01, 0))
    tl.store(out + 2 * N + i, tl.cumsum(v, 0, reverse=True))
    _, state = tl.associative_scan((tl.full((N,), 0.9, tl.float32), v), 0, _linear)
    tl.store(out + 3 * N + i, state)


@triton.jit
def scan_rows(x, out, M: tl.constexpr, N: tl.constexpr):
    at = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(out + at, tl.cumsum(tl.load(x + at), 0))


@triton.jit
def sorts(x, out, top, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    r, c = tl.arange(0, M), tl.arange(0, N)
    v = tl.load(x + r[:, None] * N + c[None, :])
    tl.store(out + r[:, None] * N + c[None, :], tl.sort(v, 1))
    tl.store(top + r[:, None] * K + tl.arange(0, K)[None, :], tl.topk(v, K, 1))


@triton.jit
def counts(x, out, n, BLOCK: tl.constexpr, BINS: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + i, i < n, 0)
    tl.atomic_add(out + tl.arange(0, BINS), tl.histogram(v, BINS, i < n))


@triton.jit
def gathers(x, where, out, M: tl.constexpr, N: tl.constexpr):
    at = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(out + at, tl.gather(tl.load(x + at), tl.load(where + at), 1))


@triton.jit
def atomics(x, sums, wide, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + i, i < n, 0)
    tl.atomic_add(sums + v % 4, 1, i < n)
    tl.atomic_max(sums + 4 + i * 0, v, i < n)
    tl.atomic_min(sums + 5 + i * 0, v, i < n)
    tl.atomic_or(sums + 6 + i * 0, v, i < n)
    tl.atomic_xor(sums + 7 + i * 0, v, i < n)
    tl.atomic_add(wide + v % 2, v.to(tl.float32), i < n)


@triton.jit
def half_atomics(x, out, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.atomic_add(out + i % 8, tl.load(x + i, i < n), i < n)


@triton.jit
def locked(lock, total, B: tl.constexpr):
    while tl.atomic_cas(lock, 0, 1) == 1:
        pass
    at = total + tl.arange(0, B)
    tl.store(at, tl.load(at) + 1)
    tl.debug_barrier()
    tl.atomic_xchg(lock, 0)


@triton.jit
def layer_norm(x, w, b, y, mean, rstd, N, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    v = tl.load(x + row * N + c, c < N, 0)
    m = tl.sum(v, 0) / N
    d = tl.where(c < N, v - m, 0)
    r = 1 / tl.sqrt(tl.sum(d * d, 0) / N + eps)
    tl.store(mean + row, m)
    tl.store(rstd + row, r)
    tl.store(y + row * N + c, d * r * tl.load(w + c, c < N) + tl.load(b + c, c < N), c < N)


@triton.jit
def layer_norm_backward(x, w, dy, mean, rstd, dx, dw, db, N, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    inside = c < N
    g = tl.load(dy + row * N + c, inside, 0)
    r = tl.load(rstd + row)
    h = tl.where(inside, (tl.load(x + row * N + c, inside, 0) - tl.load(mean + row)) * r, 0)
    wg = tl.load(w + c, inside, 0) * g
    c1, c2 = tl.sum(h * wg, 0) / N, tl.sum(wg, 0) / N
    tl.store(dx + row * N + c, (wg - (h * c1 + c2)) * r, inside)
    tl.atomic_add(dw + c, g * h, inside)
    tl.atomic_add(db + c, g, inside)


class Reduce(unittest.TestCase):
    def test_softmax(self):
        for columns in (1, 781, 2000):
            x, out = randn(50, columns), zeros(50, columns)
            softmax[(50,)](x, out, columns, columns, triton.next_power_of_2(columns), num_warps=8)
            sync()
            torch.testing.assert_close(out, x.softmax(1), rtol=1e-6, atol=1e-7)

    def test_reductions(self):
        x = randint(-1000, 1000, 32, 128).float()
        x, out, where = to_device(x), zeros(3 * 32 + 128), zeros(65, dtype=torch.int32)
        reductions[(1,)](x, out, where, 32, 128)
        sync()
        want = torch.cat([x.sum(1), x.amax(1), x.amin(1), x.sum(0)])
        self.assertTrue(torch.equal(out, want))
        self.assertTrue(torch.equal(x[torch.arange(32), where[:32].long()], x.amax(1)))
        self.assertTrue(torch.equal(x[torch.arange(32), where[32:64].long()], x.amin(1)))
        total = 0
        for v in x.flatten().int().tolist():
            total ^= v
        self.assertEqual(where[64].item(), total)

    def test_scans(self):
        x, out = randn(512), zeros(4 * 512)
        scans[(1,)](x, out, 512)
        sync()
        v, state, states = x.double(), 0.0, []
        for value in v.tolist():
            state = state * 0.9 + value
            states.append(state)
        want = torch.cat([v.cumsum(0), (1 + v * 0.01).cumprod(0), v.flip(0).cumsum(0).flip(0), torch.tensor(states).double()])
        torch.testing.assert_close(out.double(), want, rtol=1e-4, atol=1e-4)
        y, rows = randint(-9, 9, 64, 32), zeros(64, 32, dtype=torch.int32)
        scan_rows[(1,)](y, rows, 64, 32, num_warps=2)
        sync()
        self.assertTrue(torch.equal(rows, y.cumsum(0).int()))

    def test_sorts(self):
        x, out, top = randn(4, 256), zeros(4, 256), zeros(4, 8)
        sorts[(1,)](x, out, top, 4, 256, 8)
        sync()
        self.assertTrue(torch.equal(out, x.sort(1).values))
        self.assertTrue(torch.equal(top, x.topk(8, 1).values))

    def test_histogram_and_gather(self):
        x, out = randint(0, 64, 10000), zeros(64, dtype=torch.int32)
        counts[(20,)](x, out, 10000, 512, 64)
        v, where, picked = randn(16, 64), randint(0, 64, 16, 64), zeros(16, 64)
        gathers[(1,)](v, where, picked, 16, 64)
        sync()
        self.assertTrue(torch.equal(out, torch.bincount(x, minlength=64).int()))
        self.assertTrue(torch.equal(picked, v.gather(1, where.long())))

    def test_atomics(self):
        x = randint(1, 1 << 20, 5000)
        sums, wide = to_device(torch.tensor([0, 0, 0, 0, 0, 1 << 30, 0, 0], dtype=torch.int32)), zeros(2)
        atomics[(10,)](x, sums, wide, 5000, 512)
        sync()
        union, parity = 0, 0
        for v in x.tolist():
            union, parity = union | v, parity ^ v
        want = torch.bincount(x % 4, minlength=4).tolist() + [x.max().item(), x.min().item(), union, parity]
        self.assertEqual(sums.tolist(), want)
        torch.testing.assert_close(wide, torch.stack([x[x % 2 == i].float().sum() for i in (0, 1)]), rtol=1e-5, atol=0)
        for dtype in (torch.float16, torch.bfloat16):
            h, out = to_device(torch.randint(-4, 4, (128,)).to(dtype)), zeros(8, dtype=dtype)
            half_atomics[(1,)](h, out, 128, 128)
            sync()
            self.assertTrue(torch.equal(out, h.view(16, 8).float().sum(0).to(dtype)))

    def test_locks(self):
        lock, total = zeros(1, dtype=torch.int32), zeros(64)
        locked[(30,)](lock, total, 64)
        sync()
        self.assertEqual(total.tolist(), [30.0] * 64)

    def test_layer_norm(self):
        n = 700
        x, w, b, dy = randn(40, n), randn(n), randn(n), randn(40, n)
        y, mean, rstd, dx, dw, db = zeros(40, n), zeros(40), zeros(40), zeros(40, n), zeros(n), zeros(n)
        layer_norm[(40,)](x, w, b, y, mean, rstd, n, 1e-5, 1024)
        layer_norm_backward[(40,)](x, w, dy, mean, rstd, dx, dw, db, n, 1024)
        sync()
        leaves = [t.detach().clone().requires_grad_() for t in (x, w, b)]
        want = torch.nn.functional.layer_norm(leaves[0], (n,), leaves[1], leaves[2], 1e-5)
        want.backward(dy)
        torch.testing.assert_close(y, want, rtol=1e-5, atol=1e-5)
        for ours, leaf in zip((dx, dw, db), leaves):
            torch.testing.assert_close(ours, leaf.grad, rtol=1e-4, atol=1e-4)


if __name__ == "__main__":
    unittest.main()

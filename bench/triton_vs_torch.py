"""Triton's kernels on the device beside PyTorch's own operators on the CPU, and torch.cuda beside the CPU: ratios, above 1 the
device is faster.

    ppu run python bench/triton_vs_torch.py [--threads N] [--rounds N] [--only REGEX]

Softmax by rows, products as Triton's tutorials write them, attention in the flash style; then operators that take over a
millisecond, delegated against the CPU's. Both sides in turns, so that they see the same neighbours on the machine; best of all
rounds. A measurement, not a test; values are compared first.
"""
import argparse
import os
import re
import time

import torch
import triton
import triton.language as tl
from torch.nn.functional import scaled_dot_product_attention


@triton.jit
def softmax_kernel(x, out, stride, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    v = tl.load(x + row * stride + i, i < columns, -float("inf"))
    e = tl.exp(v - tl.max(v, 0))
    tl.store(out + row * stride + i, e / tl.sum(e, 0), i < columns)


@triton.jit
def matmul_kernel(a, b, c, M, N, K, stride_am, stride_ak, stride_bk, stride_bn, stride_cm, stride_cn, BM: tl.constexpr,
                  BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr):
    pid = tl.program_id(0)
    in_group = GROUP * tl.cdiv(N, BN)
    first = pid // in_group * GROUP
    rows = min(tl.cdiv(M, BM) - first, GROUP)
    m = first + pid % in_group % rows
    n = pid % in_group // rows
    rm = (m * BM + tl.arange(0, BM)) % M
    rn = (n * BN + tl.arange(0, BN)) % N
    rk = tl.arange(0, BK)
    ap = a + rm[:, None] * stride_am + rk[None, :] * stride_ak
    bp = b + rk[:, None] * stride_bk + rn[None, :] * stride_bn
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, tl.cdiv(K, BK)):
        x = tl.load(ap, rk[None, :] < K - k * BK, 0.0)
        y = tl.load(bp, rk[:, None] < K - k * BK, 0.0)
        acc = tl.dot(x, y, acc)
        ap += BK * stride_ak
        bp += BK * stride_bk
    cm = m * BM + tl.arange(0, BM)
    cn = n * BN + tl.arange(0, BN)
    tl.store(c + cm[:, None] * stride_cm + cn[None, :] * stride_cn, acc.to(c.dtype.element_ty),
             (cm[:, None] < M) & (cn[None, :] < N))


@triton.jit
def attention_kernel(q, k, v, out, scale, T, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    head = tl.program_id(1) * T * D
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols, d = tl.arange(0, BN), tl.arange(0, D)
    x = tl.load(q + head + rows[:, None] * D + d[None, :])
    acc = tl.zeros((BM, D), dtype=tl.float32)
    biggest = tl.full((BM,), -float("inf"), dtype=tl.float32)
    total = tl.zeros((BM,), dtype=tl.float32)
    for start in range(0, T, BN):
        y = tl.load(k + head + (start + cols)[None, :] * D + d[:, None])
        s = tl.dot(x, y) * (scale * 1.44269504)
        now = tl.maximum(biggest, tl.max(s, 1))
        p = tl.exp2(s - now[:, None])
        shrink = tl.exp2(biggest - now)
        total = total * shrink + tl.sum(p, 1)
        z = tl.load(v + head + (start + cols)[:, None] * D + d[None, :])
        acc = tl.dot(p.to(z.dtype), z, acc * shrink[:, None])
        biggest = now
    tl.store(out + head + rows[:, None] * D + d[None, :], (acc / total[:, None]).to(out.dtype.element_ty))


def softmax(rows, columns):
    x = torch.randn(rows, columns)
    y = x.cuda()
    out = torch.empty_like(y)

    def ours():
        softmax_kernel[(rows,)](y, out, y.stride(0), columns, triton.next_power_of_2(columns), num_warps=8)
        return out

    return lambda: x.softmax(-1), ours


def matmul(dtype, m, n, k, blocks=(128, 128, 32), stages=4, warps=4):
    a, b = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype)
    x, y = a.cuda(), b.cuda()
    out = torch.empty(m, n, dtype=dtype, device="cuda")

    def ours():
        matmul_kernel[(triton.cdiv(m, blocks[0]) * triton.cdiv(n, blocks[1]),)](
            x, y, out, m, n, k, *x.stride(), *y.stride(), *out.stride(), *blocks, 8, num_stages=stages, num_warps=warps)
        return out

    return lambda: a @ b, ours


def attention(dtype, heads, length, width):
    q, k, v = (torch.randn(1, heads, length, width).to(dtype) for _ in range(3))
    x, y, z = (t.cuda() for t in (q, k, v))
    out = torch.empty_like(x)

    def ours():
        attention_kernel[(length // 64, heads)](x, y, z, out, width**-0.5, length, 64, 64, width, num_warps=4, num_stages=3)
        return out

    return lambda: scaled_dot_product_attention(q, k, v), ours


def delegated(call, *operands):
    there = [t.cuda() for t in operands]
    return lambda: call(*operands), lambda: call(*there)


def cases():
    normal = torch.randn
    half, brain = torch.float16, torch.bfloat16
    return {
        "triton softmax 4096x1024": lambda: softmax(4096, 1024),
        "triton softmax 1823x781": lambda: softmax(1823, 781),
        "triton matmul f16 1024": lambda: matmul(half, 1024, 1024, 1024),
        "triton matmul bf16 1024": lambda: matmul(brain, 1024, 1024, 1024),
        "triton matmul bf16 128x256x64": lambda: matmul(brain, 1024, 1024, 1024, (128, 256, 64), 3, 8),
        "triton matmul f32 (tf32) 512": lambda: matmul(torch.float32, 512, 512, 512),
        "triton attention f16": lambda: attention(half, 8, 1024, 64),
        "triton attention bf16": lambda: attention(brain, 8, 1024, 64),
        "mm 1024": lambda: delegated(torch.mm, normal(1024, 1024), normal(1024, 1024)),
        "mm bf16 1024": lambda: delegated(torch.mm, normal(1024, 1024).to(brain), normal(1024, 1024).to(brain)),
        "conv2d 8x64x56x56": lambda: delegated(lambda x, w: torch.conv2d(x, w, padding=1), normal(8, 64, 56, 56),
                                               normal(64, 64, 3, 3)),
        "sdpa 8x512x64": lambda: delegated(scaled_dot_product_attention, *(normal(2, 8, 512, 64) for _ in range(3))),
        "layer_norm 4096x1024": lambda: delegated(lambda x: torch.nn.functional.layer_norm(x, (1024,)), normal(4096, 1024)),
        "sort 1M": lambda: delegated(torch.sort, normal(1 << 20)),
        "exp, in place, 16M": lambda: delegated(lambda x, y: torch.exp(x, out=y), normal(1 << 24), normal(1 << 24)),
        "sum 16M": lambda: delegated(torch.sum, normal(1 << 24)),
    }


def seconds(call, calls):
    time.sleep(0.25)  # OpenMP's threads look for work that long after the last of it
    start = time.perf_counter()
    for _ in range(calls):
        call()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) / calls


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{'case':32} {'cpu ms':>9} {'device ms':>9} {'cpu/device':>10}")
    with torch.no_grad():
        for name, make in cases().items():
            if not re.search(options.only, name):
                continue
            host, device = make()
            want, got = host(), device()
            for w, g in zip(*((r,) if isinstance(r, torch.Tensor) else r for r in (want, got))):
                torch.testing.assert_close(g.cpu().float(), w.float(), rtol=2e-2, atol=2e-1 if "matmul" in name else 2e-2)
            calls = max(1, int(0.1 / seconds(host, 1)))
            times = [min(pair) for pair in zip(*((seconds(host, calls), seconds(device, calls)) for _ in range(options.rounds)))]
            print(f"{name:32} {1e3 * times[0]:9.3f} {1e3 * times[1]:9.3f} {times[0] / times[1]:10.2f}", flush=True)


if __name__ == "__main__":
    main()

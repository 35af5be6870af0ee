"""numba-cuda as pip installs it, with no NVIDIA package: each feature's kernel against NumPy."""

import math
import unittest
import warnings

import numpy as np
from numba import cuda, float32, float64, guvectorize, int32, vectorize
from numba.cuda.random import create_xoroshiro128p_states, xoroshiro128p_uniform_float32

warnings.filterwarnings("ignore")
ALL = 0xFFFFFFFF
rng = np.random.default_rng(0)


class Numba(unittest.TestCase):
    def test_shared_memory_and_barriers(self):
        @cuda.jit
        def block_sums(x, out):
            s = cuda.shared.array(256, float32)
            i = cuda.threadIdx.x
            s[i] = x[cuda.grid(1)]
            cuda.syncthreads()
            d = 128
            while d > 0:
                if i < d:
                    s[i] += s[i + d]
                cuda.syncthreads()
                d //= 2
            if i == 0:
                out[cuda.blockIdx.x] = s[0]

        x, out = rng.random(1024, np.float32), np.zeros(4, np.float32)
        block_sums[4, 256](x, out)
        np.testing.assert_allclose(out, x.reshape(4, 256).sum(1), rtol=1e-5)

    def test_atomics(self):
        @cuda.jit
        def count(x, histogram, half, most):
            i = cuda.grid(1)
            if i < x.size:
                cuda.atomic.add(histogram, x[i], 1)
                cuda.atomic.add(half, 0, 0.5)
                cuda.atomic.max(most, 0, x[i])
                cuda.atomic.cas(most, 1, 0, 7)
                cuda.atomic.inc(histogram, 20, 100)

        x = rng.integers(0, 10, 1000).astype(np.int32)
        histogram, half, most = np.zeros(32, np.uint32), np.zeros(1), np.zeros(2, np.int32)
        count[8, 128](x, histogram, half, most)
        np.testing.assert_array_equal(histogram[:10], np.bincount(x, minlength=10))
        self.assertEqual(half[0], 500)
        self.assertEqual(list(most), [x.max(), 7])
        self.assertEqual(histogram[20], 1000 % 101)

    def test_warp_functions(self):
        @cuda.jit
        def warp(x, out):
            i = cuda.threadIdx.x
            v = x[i]
            for d in (16, 8, 4, 2, 1):
                v += cuda.shfl_xor_sync(ALL, v, d)
            out[0, i] = v
            out[1, i] = cuda.popc(cuda.ballot_sync(ALL, x[i] > 0.5))
            out[2, i] = cuda.any_sync(ALL, i == 3) + cuda.all_sync(ALL, i < 32)
            out[3, i] = cuda.popc(cuda.match_any_sync(ALL, i % 4))
            out[4, i] = cuda.shfl_up_sync(ALL, float64(i), 2) + cuda.shfl_down_sync(ALL, int32(i), 1)

        x, out = rng.random(32), np.zeros((5, 32))
        warp[1, 32](x, out)
        np.testing.assert_allclose(out[0], np.full(32, x.sum()))
        self.assertEqual(out[1, 7], (x > 0.5).sum())
        self.assertEqual((out[2, 0], out[3, 9]), (2, 8))
        np.testing.assert_array_equal(
            out[4], [(i - 2 if i >= 2 else i) + (i + 1 if i < 31 else i) for i in range(32)]
        )

    def test_the_grid_meets(self):
        @cuda.jit
        def relay(a):
            grid = cuda.cg.this_grid()
            i = cuda.grid(1)
            for row in range(1, a.shape[0]):
                a[row, i] = a[row - 1, a.shape[1] - 1 - i] + 1
                grid.sync()

        a = np.zeros((10, 512), np.int32)
        relay[4, 128](a)
        self.assertTrue((a[9] == 9).all())

    def test_half_precision(self):
        @cuda.jit
        def f(x, out):
            i = cuda.grid(1)
            out[i] = cuda.fp16.hsqrt(x[i]) * x[i] + x[i]

        x, out = rng.random(64).astype(np.float16), np.zeros(64, np.float16)
        f[1, 64](x, out)
        np.testing.assert_allclose(out.astype(float), (np.sqrt(x) * x + x).astype(float), atol=2e-3)

    def test_mathematics_in_both_precisions(self):
        for name in "sin cos tan exp log sqrt atan erf gamma lgamma tanh log1p expm1 floor fabs sinh".split():
            function = getattr(math, name)

            @cuda.jit
            def apply(x, out, y, out_y):
                i = cuda.grid(1)
                if i < x.size:
                    out[i] = function(x[i])
                    out_y[i] = function(y[i])

            x = rng.random(64) + 0.1
            y, out, out_y = x.astype(np.float32), np.zeros(64), np.zeros(64, np.float32)
            apply[1, 64](x, out, y, out_y)
            want = [function(v) for v in x]
            np.testing.assert_allclose(out, want, rtol=1e-12, err_msg=name)
            np.testing.assert_allclose(out_y, want, rtol=1e-5, atol=1e-6, err_msg=name)

    def test_local_and_constant_arrays_and_device_functions(self):
        table = np.arange(16, dtype=np.int64) * 3

        @cuda.jit(device=True)
        def at(values, i):
            return values[i % 16]

        @cuda.jit
        def sums(out):
            constant = cuda.const.array_like(table)
            own = cuda.local.array(16, int32)
            i = cuda.grid(1)
            for j in range(16):
                own[j] = constant[j] + i
            s = 0
            for j in range(16):
                s += at(own, j * 7 + i)
            out[i] = s

        out = np.zeros(8, np.int64)
        sums[1, 8](out)
        np.testing.assert_array_equal(out, table.sum() + 16 * np.arange(8))

    def test_vectorized_functions_and_reductions(self):
        @vectorize([float32(float32, float32), float64(float64, float64)], target="cuda")
        def f(a, b):
            return a * b + math.sqrt(a)

        @guvectorize(["void(float32[:],float32[:],float32[:])"], "(n),(n)->()", target="cuda")
        def dot(a, b, out):
            s = 0.0
            for i in range(a.shape[0]):
                s += a[i] * b[i]
            out[0] = s

        a = rng.random((10, 20), np.float32)
        np.testing.assert_allclose(f(a.ravel(), a.ravel()), (a * a + np.sqrt(a)).ravel(), rtol=1e-5)
        np.testing.assert_allclose(dot(a, a), (a * a).sum(1), rtol=1e-5)
        self.assertEqual(cuda.reduce(lambda x, y: x + y)(np.arange(1000.0)), 499500)

    def test_random_numbers(self):
        @cuda.jit
        def draw(states, out):
            i = cuda.grid(1)
            out[i] = xoroshiro128p_uniform_float32(states, i)

        out = np.zeros(256, np.float32)
        draw[2, 128](create_xoroshiro128p_states(256, seed=1), out)
        self.assertTrue(0.4 < out.mean() < 0.6 and out.std() > 0.2)

    def test_streams_events_and_kinds_of_memory(self):
        @cuda.jit
        def double(x):
            x[cuda.grid(1)] *= 2

        stream, start, end = cuda.stream(), cuda.event(), cuda.event()
        x = cuda.to_device(np.arange(100.0), stream=stream)
        start.record(stream)
        double[1, 100, stream](x)
        end.record(stream)
        result = x.copy_to_host(stream=stream)
        stream.synchronize()
        self.assertEqual(result[9], 18)
        self.assertGreaterEqual(cuda.event_elapsed_time(start, end), 0)
        managed = cuda.managed_array(10)
        managed[:] = 3
        double[1, 10](managed)
        cuda.synchronize()
        self.assertEqual(managed[9], 6)

    def test_records_and_matrices(self):
        record = np.dtype([("a", np.int32), ("b", np.float64)], align=True)

        @cuda.jit
        def fill(x, m, t):
            i, j = cuda.grid(2)
            if j == 0 and i < x.size:
                x[i].a = i
                x[i].b = i * 0.5
            if i < m.shape[0] and j < m.shape[1]:
                t[j, i] = m[i, j] ** 2

        x, m = np.zeros(8, record), rng.random((33, 17))
        t = np.zeros((17, 33))
        fill[(3, 2), (16, 16)](x, m, t)
        self.assertEqual((x[5]["a"], x[5]["b"]), (5, 2.5))
        np.testing.assert_allclose(t, m.T**2)

    def test_exceptions_of_debug_kernels(self):
        @cuda.jit(debug=True, opt=False)
        def refuse(x):
            if x[0] == 0:
                raise ValueError("zero")

        with self.assertRaises(ValueError):
            refuse[1, 1](np.zeros(1))


if __name__ == "__main__":
    unittest.main()

"""CuPy as pip installs it, with no library of NVIDIA: kernels of every kind and its libraries against NumPy."""

import unittest
import warnings

import cupy as cp
import cupyx.scipy.ndimage
import cupyx.scipy.special
import numpy as np
import scipy.ndimage
import scipy.special

warnings.filterwarnings("ignore")
rng = np.random.default_rng(0)
A = rng.standard_normal((50, 40)).astype(np.float32)
B = rng.standard_normal((40, 30)).astype(np.float32)
V = A.ravel()


class CuPy(unittest.TestCase):
    def close(self, got, want, tolerance=1e-4):
        np.testing.assert_allclose(cp.asnumpy(got), want, rtol=tolerance, atol=tolerance)

    def test_elementwise_and_every_type(self):
        x = cp.asarray(A)
        self.close(cp.sin(x) * cp.exp(-x) + x**2, np.sin(A) * np.exp(-A) + A**2)
        for t in "efdFDbhilBHIL?":
            n = np.arange(10).astype(t)
            self.close((cp.asarray(n) + cp.asarray(n)).astype("D"), (n + n).astype("D"))

    def test_reductions_and_scans(self):
        x = cp.asarray(A)
        for name in "sum max mean var argmin cumsum".split():
            self.close(getattr(x, name)(0), getattr(A, name)(0))
        self.close(cp.median(x), np.median(A))

    def test_products(self):
        a, b = cp.asarray(A), cp.asarray(B)
        self.close(a @ b, A @ B)
        self.close(cp.einsum("ij,jk->ik", a, b), A @ B)

    def test_raw_kernels_and_modules(self):
        kernel = cp.RawKernel(
            """extern "C" __global__ void f(const float* x, float* y, int n) {
                 int i = blockDim.x * blockIdx.x + threadIdx.x;
                 if (i < n) y[i] = x[i] * 2 + i;
               }""",
            "f",
        )
        x, y = cp.arange(100, dtype=cp.float32), cp.zeros(100, cp.float32)
        kernel((1,), (128,), (x, y, np.int32(100)))
        self.close(y, np.arange(100) * 3.0)
        module = cp.RawModule(
            code="template <class T> __global__ void g(T* x, int n) { if (threadIdx.x < n) x[threadIdx.x] += T(1); }",
            options=("-std=c++17",),
            name_expressions=("g<double>", "g<int>"),
        )
        z = cp.zeros(10)
        module.get_function("g<double>")((1,), (32,), (z, 10))
        self.close(z, np.ones(10))

    def test_kernels_made_of_expressions(self):
        x = cp.arange(10.0)
        f = cp.ElementwiseKernel("T x, T y", "T z", "z = x * x - y", "f")
        self.close(f(x, 2.0), np.arange(10.0) ** 2 - 2)
        two_norm = cp.ReductionKernel("T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "two_norm")
        self.close(two_norm(x), np.linalg.norm(np.arange(10.0)))

        @cp.fuse()
        def hypotenuse(a, b):
            return cp.sqrt(a * a + b * b)

        self.close(hypotenuse(x, x), np.sqrt(2) * np.arange(10.0))

    def test_sorting(self):
        x = cp.asarray(V)
        self.close(cp.sort(x), np.sort(V))
        self.close(cp.argsort(x), np.argsort(V, kind="stable"))
        self.close(cp.unique((x * 3).astype(int)), np.unique((V * 3).astype(int)))
        self.close(cp.lexsort(cp.stack([x, x])), np.lexsort(np.stack([V, V])))

    def test_indices(self):
        x = cp.asarray(A)
        self.close(x[x > 0], A[A > 0])
        self.close(x[[1, 2, 3], [4, 5, 6]], A[[1, 2, 3], [4, 5, 6]])
        self.close(cp.where(x > 0, x, 0), np.where(A > 0, A, 0))
        self.close(cp.histogram(x, 10)[0], np.histogram(A, 10)[0])
        y = cp.zeros(4)
        cp.add.at(y, cp.array([1, 1, 2]), 1.0)
        self.close(y, [0, 2, 1, 0])

    def test_fourier_transforms(self):
        self.close(cp.fft.fft2(cp.asarray(A)), np.fft.fft2(A), 1e-3)
        self.close(cp.fft.irfft(cp.fft.rfft(cp.asarray(A))), A)

    def test_linear_algebra(self):
        m = (A[:40] @ A[:40].T + np.eye(40)).astype(np.float64)
        x = cp.asarray(m)
        self.close(cp.linalg.cholesky(x), np.linalg.cholesky(m))
        self.close(cp.linalg.solve(x, cp.ones(40)), np.linalg.solve(m, np.ones(40)))
        self.close(cp.linalg.svd(x)[1], np.linalg.svd(m)[1])
        self.close(cp.linalg.eigh(x)[0], np.linalg.eigh(m)[0])
        self.close(abs(cp.linalg.qr(x)[1]), abs(np.linalg.qr(m)[1]))

    def test_random_numbers(self):
        self.assertAlmostEqual(float(cp.random.rand(10000).mean()), 0.5, delta=0.05)
        self.assertAlmostEqual(float(cp.random.default_rng(0).standard_normal(10000).mean()), 0, delta=0.1)
        self.close(cp.sort(cp.random.permutation(100)), np.arange(100))

    def test_images_and_special_functions(self):
        self.close(cupyx.scipy.ndimage.gaussian_filter(cp.asarray(A), 2), scipy.ndimage.gaussian_filter(A, 2))
        x = np.linspace(0.1, 5, 50)
        for name in "gamma erf j0 digamma".split():
            self.close(getattr(cupyx.scipy.special, name)(cp.asarray(x)), getattr(scipy.special, name)(x))

    def test_streams_and_graphs(self):
        stream, x = cp.cuda.Stream(non_blocking=True), cp.zeros(10)
        with stream:
            stream.begin_capture()
            x += 1
            graph = stream.end_capture()
            graph.launch(stream)
            graph.launch(stream)
        stream.synchronize()
        self.close(x, np.full(10, 2.0))

    def test_kernels_written_in_python(self):
        from cupyx import jit

        @jit.rawkernel()
        def doubled(x, y, n):
            t = jit.threadIdx.x + jit.blockIdx.x * jit.blockDim.x
            if t < n:
                y[t] = x[t] * 2

        x, y = cp.arange(64, dtype=cp.float32), cp.zeros(64, cp.float32)
        doubled((1,), (64,), (x, y, 64))
        self.close(y, np.arange(64) * 2)


if __name__ == "__main__":
    unittest.main()

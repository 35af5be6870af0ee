"""JAX's CUDA plugin as pip installs it: jitted functions against NumPy or the CPU backend."""

import unittest

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

rng = np.random.default_rng(0)
A = rng.standard_normal((48, 48)).astype(np.float32)
V = rng.standard_normal(1000).astype(np.float32)


class Jax(unittest.TestCase):
    def setUp(self):
        self.assertEqual(jax.devices()[0].platform, "gpu")

    def agrees(self, function, *inputs, tolerance=1e-4):
        """The device's results are the CPU backend's."""
        cpu = jax.devices("cpu")[0]
        with jax.default_device(cpu):
            want = jax.tree.leaves(jax.jit(function)(*jax.device_put(inputs, cpu)))
        got = jax.tree.leaves(jax.jit(function)(*inputs))
        self.assertEqual(len(got), len(want))
        for g, w in zip(got, want):
            np.testing.assert_allclose(np.asarray(g), np.asarray(w), rtol=tolerance, atol=tolerance)

    def test_elementwise(self):
        self.agrees(lambda x: jnp.sin(x) * jnp.exp(-x * x) + jnp.tanh(x), V)

    def test_reductions_and_scans(self):
        self.agrees(lambda x: (x.sum(), x.max(), x.mean(), jnp.argmax(x), jnp.cumsum(x)), V)

    def test_products_of_full_precision(self):
        self.agrees(lambda a: jnp.matmul(a, a, precision="highest"), A)

    def test_softmax_and_its_gradient(self):
        self.agrees(jax.grad(lambda a: jnp.sum(jax.nn.softmax(a, axis=-1) ** 2)), A)

    def test_sorting(self):
        self.agrees(lambda x: (jnp.sort(x), jnp.argsort(x), lax.top_k(x, 5)), V)

    def test_loops(self):
        self.agrees(lambda x: lax.scan(lambda c, y: (c * 0.9 + y, c), 0.0, x), V)
        self.agrees(lambda x: lax.while_loop(lambda c: c[0] < 10, lambda c: (c[0] + 1, c[1] * 1.1), (0, x)), V)

    def test_gather_and_scatter(self):
        self.agrees(lambda x, i: (x[i], x.at[i].add(1.0)), V, rng.integers(0, 1000, 50))

    def test_random_numbers_are_those_of_the_cpu(self):
        self.agrees(lambda x: jax.random.normal(jax.random.key(0), (100,)) + x, np.float32(0))

    def test_fft(self):
        self.agrees(lambda x: jnp.abs(jnp.fft.fft(x)), V[:256])

    def test_vmap(self):
        self.agrees(jax.vmap(lambda a: jnp.outer(a, a).sum()), A, tolerance=1e-3)

    def test_linear_algebra(self):
        def decompositions(a):
            spd = jnp.matmul(a.T, a, precision="highest") + jnp.eye(48)
            return (
                jnp.linalg.cholesky(spd),
                jnp.linalg.solve(spd, a[:, 0]),
                jnp.linalg.svd(a, compute_uv=False),
                jnp.linalg.eigh(spd)[0],
                jnp.abs(jnp.linalg.qr(a)[1]),
            )

        self.agrees(decompositions, A, tolerance=1e-3)

    def test_convolutions_and_what_is_fused_behind_them(self):
        x = rng.standard_normal((2, 4, 16, 16)).astype(np.float32)
        w = 0.2 * rng.standard_normal((8, 4, 3, 3)).astype(np.float32)
        b = rng.standard_normal((1, 8, 1, 1)).astype(np.float32)

        def conv(x, w, strides=(1, 1), padding="SAME", **options):
            return lax.conv_general_dilated(x, w, strides, padding, **options)

        self.agrees(jax.grad(lambda x, w: jnp.sum(conv(x, w) ** 2), argnums=(0, 1)), x, w, tolerance=1e-3)
        self.agrees(lambda x, w: conv(x, w, strides=(2, 2)), x, w)
        self.agrees(lambda x, w: conv(x, w, padding=((0, 1), (2, 1)), rhs_dilation=(2, 2)), x, w)
        self.agrees(lambda x, w: conv(x, w, feature_group_count=4), x, w[:, :1])
        self.agrees(lambda x, w, b: jax.nn.relu(conv(x, w) + b), x, w, b)
        self.agrees(lambda x, w, b: jax.nn.elu(conv(x, w) + b), x, w, b)
        nhwc = ("NHWC", "HWIO", "NHWC")
        self.agrees(
            lambda x, w: conv(x, w, dimension_numbers=nhwc), x.transpose(0, 2, 3, 1), w.transpose(2, 3, 1, 0)
        )

    def test_training_a_small_network(self):
        def loss(p, x, y):
            return jnp.mean((jnp.tanh(x @ p[0]) @ p[1] - y) ** 2)

        p = [A[:8, :16] * 0.3, A[:16, :1] * 0.3]
        x = rng.standard_normal((64, 8)).astype(np.float32)
        y = np.sin(x[:, :1])
        step = jax.jit(lambda p: [w - 0.1 * g for w, g in zip(p, jax.grad(loss)(p, x, y))])
        before = loss(p, x, y)
        for _ in range(100):
            p = step(p)
        self.assertLess(loss(p, x, y), 0.5 * before)


if __name__ == "__main__":
    unittest.main()

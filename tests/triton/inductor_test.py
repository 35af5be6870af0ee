"""Triton under torch.cuda itself: torch.compile (Inductor's kernels and its autotuner), kernels in CUDA graphs and in
autograd functions, streams. Compared with PyTorch on the CPU."""
import copy as copy_module
import unittest
import unittest.mock

import torch
import triton
import triton.language as tl


@triton.jit
def scale(x, out, factor, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, i < n) * factor, i < n)


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(context, x, factor):
        context.factor = factor
        out = torch.empty_like(x)
        scale[(triton.cdiv(x.numel(), 256),)](x, out, factor, x.numel(), 256)
        return out

    @staticmethod
    def backward(context, gradient):
        return Scale.apply(gradient.contiguous(), context.factor), None


class Inductor(unittest.TestCase):
    def same(self, function, *inputs, tolerance=1e-5):
        want = function(*inputs)
        got = torch.compile(function)(*(t.cuda() for t in inputs))
        torch.testing.assert_close(got.cpu(), want, rtol=tolerance, atol=tolerance)

    def test_elementwise_and_reductions(self):
        self.same(lambda x, y: torch.nn.functional.gelu(x) * y.sin() + x.softmax(-1), torch.randn(64, 200), torch.randn(64, 200))
        self.same(lambda x: torch.nn.functional.layer_norm(x, (200,)).amax(0).cumsum(0), torch.randn(64, 200), tolerance=1e-4)
        self.same(lambda x: (x.half() + 1).float().var(1), torch.randn(32, 1000), tolerance=1e-2)

    def test_training_step(self):
        torch.manual_seed(1)
        model = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.GELU(), torch.nn.LayerNorm(64), torch.nn.Linear(64, 8))
        self.train(model, torch.randn(16, 32), torch.randn(16, 8), steps=3)

    def test_training_of_a_transformer_in_graphs(self):
        """Attention by the fused kernels; forward and backward are recorded as CUDA graphs in the second step."""
        torch.manual_seed(1)
        layer = torch.nn.TransformerEncoderLayer(32, 4, 64, dropout=0, batch_first=True)
        self.train(torch.nn.Sequential(layer, torch.nn.Linear(32, 8)), torch.randn(4, 16, 32), torch.randn(4, 16, 8), steps=5,
                   mode="reduce-overhead")

    def train(self, model, x, y, steps, mode=None):
        losses = []
        for device in ("cpu", "cuda"):
            copy = copy_module.deepcopy(model).to(device)
            optimizer = torch.optim.SGD(copy.parameters(), 0.1)
            step = torch.compile(copy, mode=mode) if device == "cuda" else copy
            seen = []
            for _ in range(steps):
                loss = torch.nn.functional.mse_loss(step(x.to(device)), y.to(device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                seen.append(loss.item())
            losses.append(seen)
        torch.testing.assert_close(torch.tensor(losses[1]), torch.tensor(losses[0]), rtol=1e-4, atol=1e-5)

    @unittest.mock.patch("torch._inductor.utils.is_big_gpu", lambda *_: True)  # it wants 68 multiprocessors
    def test_matmul_by_autotuned_templates(self):
        a, b = torch.randn(64, 64), torch.randn(64, 64)
        with torch._inductor.config.patch(max_autotune_gemm_backends="TRITON", max_autotune_gemm=True,
                                          max_autotune_gemm_search_space="DEFAULT", compile_threads=1,
                                          autotune_in_subproc=False):
            torch.testing.assert_close(torch.compile(lambda x, y: torch.relu(x @ y))(a.cuda(), b.cuda()).cpu(),
                                       torch.relu(a @ b), rtol=1e-2, atol=5e-2)


class Kernels(unittest.TestCase):
    def test_autograd(self):
        x = torch.randn(1000, device="cuda", requires_grad=True)
        y = Scale.apply(x, 3.0)
        y.sum().backward()
        self.assertTrue(torch.equal(y.detach(), x.detach() * 3))
        self.assertTrue(torch.equal(x.grad, torch.full_like(x, 3)))

    def test_graphs(self):
        x, out = torch.ones(1000, device="cuda"), torch.zeros(1000, device="cuda")
        scale[(4,)](x, out, 2.0, 1000, 256)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            scale[(4,)](x, out, 2.0, 1000, 256)
            scale[(4,)](out, x, 1.5, 1000, 256)
        for _ in range(2):
            graph.replay()
        torch.cuda.synchronize()
        self.assertEqual(x.tolist(), [9.0] * 1000)

    def test_streams(self):
        x, out = torch.ones(1000, device="cuda"), torch.zeros(1000, device="cuda")
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            scale[(4,)](x, out, 5.0, 1000, 256)
        stream.synchronize()
        self.assertEqual(out.sum().item(), 5000)


if __name__ == "__main__":
    unittest.main()

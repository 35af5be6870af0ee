"""torch.utils.cpp_extension.load_inline: a CUDA kernel of the user's, compiled at run time, under autograd and in a CUDA
graph. The compiler is nvcc where CUDA_HOME has one, else ppucc."""
import unittest

import torch
from torch.utils.cpp_extension import load_inline

SOURCE = """
#include <torch/types.h>
#include <ATen/cuda/CUDAContext.h>
template <class T> __global__ void square(const T* x, T* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i] * x[i];
}
torch::Tensor square_of(torch::Tensor x) {
  TORCH_CHECK(x.is_cuda() && x.is_contiguous(), "wants a contiguous CUDA tensor");
  auto y = torch::empty_like(x);
  const int n = int(x.numel());
  AT_DISPATCH_FLOATING_TYPES_AND_HALF(x.scalar_type(), "square", [&] {
    square<scalar_t><<<(n + 255) / 256, 256, 0, at::cuda::getCurrentCUDAStream()>>>(x.data_ptr<scalar_t>(), y.data_ptr<scalar_t>(), n);
  });
  return y;
}
"""


class Extension(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.module = load_inline("openppu_square", "torch::Tensor square_of(torch::Tensor x);", SOURCE, functions=["square_of"])

    def test_types(self):
        for dtype in (torch.float32, torch.float64, torch.float16):
            x = torch.randn(1000).to(dtype)
            self.assertTrue(torch.equal(self.module.square_of(x.cuda()).cpu(), x * x))
        with self.assertRaisesRegex(RuntimeError, "contiguous CUDA tensor"):
            self.module.square_of(torch.ones(3))

    def test_autograd(self):
        module = self.module

        class Square(torch.autograd.Function):
            @staticmethod
            def forward(context, x):
                context.save_for_backward(x)
                return module.square_of(x)

            @staticmethod
            def backward(context, gradient):
                return 2 * context.saved_tensors[0] * gradient

        x = torch.randn(1000, device="cuda", requires_grad=True)
        Square.apply(x).sum().backward()
        self.assertTrue(torch.equal(x.grad, 2 * x.detach()))

    def test_graph(self):
        x = torch.full((1000,), 3.0, device="cuda")
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            y = self.module.square_of(x)
        x.fill_(4)
        graph.replay()
        torch.cuda.synchronize()
        self.assertEqual(y.sum().item(), 16000)


if __name__ == "__main__":
    unittest.main()

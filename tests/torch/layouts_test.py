"""Sparse, compressed sparse, quantized and nested tensors on 'cuda' against 'cpu'."""
import unittest

import torch


class Layouts(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.dense = torch.randn(6, 5) * (torch.rand(6, 5) < 0.4)
        self.other = torch.randn(5, 3)

    def test_sparse_coordinates(self):
        host = self.dense.to_sparse()
        device = host.cuda()
        self.assertTrue(device.is_cuda and device.is_sparse)
        torch.testing.assert_close(device.to_dense().cpu(), self.dense)
        torch.testing.assert_close((device @ self.other.cuda()).cpu(), self.dense @ self.other)
        torch.testing.assert_close((device + device).to_dense().cpu(), self.dense * 2)
        torch.testing.assert_close(torch.sparse.sum(device, 1).to_dense().cpu(), self.dense.sum(1))
        index = torch.tensor([[0, 0, 2], [1, 1, 0]], device="cuda")
        summed = torch.sparse_coo_tensor(index, torch.ones(3, device="cuda"), (3, 2)).coalesce()
        self.assertEqual(summed.values().tolist(), [2, 1])
        summed.mul_(3)
        self.assertEqual(summed.to_dense().sum().item(), 9)

    def test_sparse_gradient(self):
        results = []
        for name in ("cpu", "cuda"):
            torch.manual_seed(0)
            table = torch.nn.Embedding(10, 4, sparse=True).to(name)
            optimizer = torch.optim.SparseAdam(table.parameters(), lr=0.1)
            table(torch.tensor([1, 3, 3], device=name)).sum().backward()
            self.assertTrue(table.weight.grad.is_sparse)
            optimizer.step()
            results.append(table.weight.detach().cpu())
        torch.testing.assert_close(*results)

    def test_compressed(self):
        host = self.dense.to_sparse_csr()
        device = host.cuda()
        self.assertEqual(device.layout, torch.sparse_csr)
        torch.testing.assert_close((device @ self.other.cuda()).cpu(), self.dense @ self.other)
        torch.testing.assert_close(device.to_dense().cpu(), self.dense)
        torch.testing.assert_close(self.dense.cuda().to_sparse_csc().to_dense().cpu(), self.dense)
        torch.testing.assert_close(torch.sin(device).to_dense().cpu(), torch.sin(self.dense))

    def test_quantized(self):
        x = torch.randn(4, 6)
        for quantize in (lambda t: torch.quantize_per_tensor(t, 0.05, 10, torch.quint8),
                         lambda t: torch.quantize_per_channel(t, torch.full((4,), 0.1, device=t.device),
                                                              torch.zeros(4, dtype=torch.long, device=t.device), 0,
                                                              torch.qint8)):
            host, device = quantize(x), quantize(x.cuda())
            self.assertTrue(device.is_cuda and device.is_quantized)
            self.assertTrue(torch.equal(device.int_repr().cpu(), host.int_repr()))
            torch.testing.assert_close(device.dequantize().cpu(), host.dequantize())

    def test_nested(self):
        pieces = [torch.randn(2, 4), torch.randn(5, 4)]
        host = torch.nested.nested_tensor(pieces)
        device = torch.nested.nested_tensor([p.cuda() for p in pieces])
        for call in (lambda t: (t + t).to_padded_tensor(0.0), lambda t: torch.softmax(t, -1).to_padded_tensor(0.0),
                     lambda t: torch.nn.functional.gelu(t).unbind()[1]):
            actual = call(device)
            self.assertTrue(actual.is_cuda)
            torch.testing.assert_close(actual.cpu(), call(host))

    def test_jagged(self):
        pieces = [torch.randn(3, 2, 8, device="cuda"), torch.randn(6, 2, 8, device="cuda")]
        q = torch.nested.as_nested_tensor(pieces, layout=torch.jagged).transpose(1, 2)
        out = torch.nn.functional.scaled_dot_product_attention(q, q, q)
        for piece, result in zip(pieces, out.transpose(1, 2).unbind()):
            x = piece.transpose(0, 1).unsqueeze(0)
            expected = torch.nn.functional.scaled_dot_product_attention(x, x, x).squeeze(0).transpose(0, 1)
            torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)


if __name__ == "__main__":
    unittest.main()

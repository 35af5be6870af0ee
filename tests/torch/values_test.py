"""Modules and operators on 'cuda' against the same on 'cpu', forward and backward; those that PyTorch takes another way on
CUDA than on the CPU above all."""
import copy
import unittest

import torch
from torch import nn


def on(device, value):
    return value.detach().to(device).requires_grad_(value.requires_grad)


class Values(unittest.TestCase):
    def both(self, make, *inputs, training=True, tolerance=1e-5):
        """Runs make() on both devices; outputs, input gradients and parameter gradients agree."""
        torch.manual_seed(0)
        host = make().train(training)
        device = copy.deepcopy(host).cuda()
        results = []
        for module, name in ((host, "cpu"), (device, "cuda")):
            given = [on(name, x) for x in inputs]
            out = module(*given)
            while isinstance(out, tuple):
                out = out[0]
            self.assertEqual(out.device.type, name)
            if out.requires_grad:
                out.square().sum().backward()
            grads = [x.grad for x in given if x.requires_grad] + [p.grad for p in module.parameters()]
            results.append([out] + [g for g in grads if g is not None] + list(module.buffers()))
        for expected, actual in zip(*results):
            torch.testing.assert_close(actual.cpu(), expected, rtol=tolerance, atol=tolerance)

    def test_convolutions(self):
        x = torch.randn(2, 4, 9, 9, requires_grad=True)
        self.both(lambda: nn.Conv2d(4, 6, 3, padding=1, stride=2), x)
        self.both(lambda: nn.Conv2d(4, 8, 3, groups=4, bias=False), x)
        self.both(lambda: nn.ConvTranspose2d(4, 3, 3, stride=2, output_padding=1), x)
        self.both(lambda: nn.Conv1d(4, 5, 3), torch.randn(2, 4, 12, requires_grad=True))
        self.both(lambda: nn.Conv3d(2, 3, 2), torch.randn(1, 2, 4, 4, 4, requires_grad=True))

    def test_normalisation(self):
        x = torch.randn(4, 6, 5, 5, requires_grad=True)
        for training in (True, False):
            self.both(lambda: nn.BatchNorm2d(6), x, training=training)
        self.both(lambda: nn.GroupNorm(3, 6), x)
        self.both(lambda: nn.InstanceNorm2d(6, affine=True), x)
        self.both(lambda: nn.LayerNorm(5), x)
        self.both(lambda: nn.RMSNorm([5, 5]), x)

    def test_recurrent(self):
        x = torch.randn(7, 2, 5, requires_grad=True)
        for make in (lambda: nn.LSTM(5, 6, 2, bidirectional=True), lambda: nn.GRU(5, 6), lambda: nn.RNN(5, 6),
                     lambda: nn.LSTM(5, 6, proj_size=3)):
            self.both(make, x)

    def test_recurrent_over_packed_sequences(self):
        x = torch.randn(3, 6, 4)
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([6, 4, 2]), batch_first=True)
        torch.manual_seed(0)
        module = nn.LSTM(4, 5, batch_first=True)
        expected = module(packed)[0].data
        actual = module.cuda()(packed.to("cuda"))[0].data
        torch.testing.assert_close(actual.cpu(), expected)

    def test_losses(self):
        x = torch.randn(5, 7, requires_grad=True)
        y = torch.randint(0, 7, (5,))
        for loss in (nn.CrossEntropyLoss(label_smoothing=0.1), nn.NLLLoss(), nn.MultiMarginLoss()):
            values = [loss(on(d, x), y.to(d)).item() for d in ("cpu", "cuda")]
            self.assertAlmostEqual(*values, places=5)
        log_probabilities = torch.randn(12, 2, 5).log_softmax(2)
        values = [nn.CTCLoss()(log_probabilities.to(d), torch.tensor([[1, 2, 2], [3, 1, 4]]).to(d),
                               torch.tensor([12, 10]), torch.tensor([3, 2])).item() for d in ("cpu", "cuda")]
        self.assertAlmostEqual(*values, places=5)

    def test_sync_batch_norm_pieces(self):
        """Two processes' statistics, gathered, are those of one batch norm over both batches."""
        x = torch.randn(8, 3, 4, 4)
        halves = [h.cuda() for h in x.chunk(2)]
        stats = [torch.batch_norm_stats(h, 1e-5) for h in halves]
        means, inverses = (torch.stack([s[i] for s in stats]) for i in (0, 1))
        running_mean, running_variance = torch.zeros(3, device="cuda"), torch.ones(3, device="cuda")
        mean, inverse = torch.batch_norm_gather_stats_with_counts(
            halves[0], means, inverses, running_mean, running_variance, 0.1, 1e-5,
            torch.tensor([64.0, 64.0], device="cuda"))
        whole = nn.BatchNorm2d(3)
        expected = whole(x)
        actual = torch.cat([torch.batch_norm_elemt(h, None, None, mean, inverse, 1e-5) for h in halves])
        torch.testing.assert_close(actual.cpu(), expected.detach(), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(running_mean.cpu(), whole.running_mean)
        torch.testing.assert_close(running_variance.cpu(), whole.running_var)

    def test_in_place_views_and_out(self):
        x = torch.zeros(4, 4, device="cuda")
        x[1:3, ::2].add_(1)
        x.t()[0] += 5
        self.assertEqual(x.sum().item(), 24)
        out = torch.empty(0, device="cuda")
        torch.add(x, 1, out=out)
        self.assertEqual(out.shape, (4, 4))
        self.assertEqual(out.sum().item(), 40)
        base = torch.arange(6, device="cuda")
        base.view(2, 3)[1].mul_(2)
        self.assertEqual(base.tolist(), [0, 1, 2, 6, 8, 10])

    def test_types_that_only_cuda_has(self):
        x = torch.randn(16, dtype=torch.float64)
        for dtype, bound in ((torch.float16, 2e-2), (torch.bfloat16, 1e-1)):
            if dtype == torch.float16:
                actual = torch.fft.rfft(x.to("cuda", dtype))
                self.assertEqual(actual.dtype, torch.complex32)
                expected = torch.fft.rfft(x.to(dtype).double())
                self.assertLess((actual.cpu().to(torch.complex128) - expected).abs().max().item(), bound)
            product = torch.mm(x.view(4, 4).to("cuda", dtype), x.view(4, 4).to("cuda", dtype), out_dtype=torch.float32)
            self.assertEqual(product.dtype, torch.float32)

    def test_softmax_of_half_in_float(self):
        x = torch.randn(3, 7, dtype=torch.float16)
        for function in (torch.softmax, torch.log_softmax):
            on_device = x.cuda().requires_grad_()
            y = function(on_device, -1, dtype=torch.float32)
            self.assertEqual(y.dtype, torch.float32)
            host = x.float().requires_grad_()
            expected = function(host, -1)
            torch.testing.assert_close(y.cpu(), expected)
            weights = torch.arange(7.0)
            (y * weights.cuda()).sum().backward()
            (expected * weights).sum().backward()
            self.assertEqual(on_device.grad.dtype, torch.float16)
            torch.testing.assert_close(on_device.grad.cpu().float(), host.grad, rtol=2e-3, atol=2e-3)

    def test_sums_of_complex_numbers_without_nan(self):
        x = torch.tensor([[1 + 2j, complex("nan"), 3 - 1j], [complex(1, float("nan")), 5j, -2 + 0j]])
        y = x.cuda().requires_grad_()
        self.assertEqual(torch.nansum(y, 1).tolist(), [4 + 1j, -2 + 5j])
        self.assertEqual(torch.nansum(y).item(), 2 + 6j)
        self.assertEqual(torch.nanmean(y).item(), 0.5 + 1.5j)
        out = torch.empty(3, dtype=torch.complex64, device="cuda")
        self.assertEqual(torch.nansum(y.detach(), 0, out=out).tolist(), [1 + 2j, 5j, 1 - 1j])
        torch.nansum(y).abs().backward()
        self.assertEqual((y.grad != 0).tolist(), [[True, False, True], [False, True, True]])

    def test_lu_without_pivots(self):
        for rows, columns in ((6, 6), (5, 8), (8, 5)):
            a = torch.randn(3, rows, columns, device="cuda", dtype=torch.float64)
            a.diagonal(0, -2, -1).add_(10)
            p, l, u = torch.linalg.lu(a, pivot=False)
            self.assertEqual(p.numel(), 0)
            torch.testing.assert_close(l @ u, a)
            packed, pivots, info = torch.linalg.lu_factor_ex(a, pivot=False)
            self.assertTrue(torch.equal(packed.triu()[:, :min(rows, columns)], u))
            self.assertEqual(pivots.tolist(), [list(range(1, min(rows, columns) + 1))] * 3)
            self.assertEqual(info.tolist(), [0, 0, 0])
        singular = torch.tensor([[1.0, 2.0], [2.0, 4.0]], device="cuda")
        self.assertEqual(torch.linalg.lu_factor_ex(singular, pivot=False).info.item(), 2)
        with self.assertRaises(RuntimeError):
            torch.linalg.lu_factor_ex(singular, pivot=False, check_errors=True)

    def test_layer_norm_adds_up_in_float(self):
        torch.manual_seed(0)
        for dtype, rounding in ((torch.float16, 1e-2), (torch.bfloat16, 8e-2)):
            x = torch.randn(1000, 64, device="cuda", dtype=dtype)
            grad = torch.randn_like(x).mul_(0.1)
            weight, bias = (torch.ones(64, device="cuda", dtype=dtype, requires_grad=True) for _ in range(2))
            nn.functional.layer_norm(x, (64,), weight, bias).backward(grad)
            self.assertEqual(bias.grad.dtype, dtype)
            torch.testing.assert_close(bias.grad.double(), grad.double().sum(0), rtol=0, atol=rounding)

    def test_layer_norm_keeps_its_statistics_in_float(self):
        torch.manual_seed(0)
        for dtype, rounding in ((torch.float16, 2 ** -11), (torch.bfloat16, 2 ** -8)):
            x = torch.randn(500, 512, device="cuda").mul_(0.5).sub_(2.3).to(dtype)
            grad = torch.randn_like(x).mul_(0.1)
            weight, bias = (torch.rand(512, device="cuda", dtype=dtype, requires_grad=True) for _ in range(2))
            exact = [t.detach().double().requires_grad_() for t in (weight, bias)]
            nn.functional.layer_norm(x, (512,), weight, bias).backward(grad)
            nn.functional.layer_norm(x.double(), (512,), *exact).backward(grad.double())
            largest = exact[0].grad.abs().max().item()
            torch.testing.assert_close(weight.grad.double(), exact[0].grad, rtol=0, atol=1.1 * rounding * largest)
            for parameters in ((weight, bias), (None, None)):
                y, mean, inverse = torch.native_layer_norm(x, (512,), *parameters, 1e-5)
                self.assertEqual((y.dtype, mean.dtype, inverse.dtype), (dtype, torch.float32, torch.float32))

    def test_products_with_weights_of_four_bits(self):
        for rows in (32, 24):  # what the CPU packs, and what it can't
            weight = torch.randint(0, 16, (rows, 128), dtype=torch.int32)
            a = torch.randn(5, 128, dtype=torch.bfloat16)
            scales, zeros = torch.rand(2, 128 // 32, rows, dtype=torch.bfloat16)
            full = (weight.float() - 8).view(rows, 4, 32) * scales.float().t()[..., None] + zeros.float().t()[..., None]
            packed = torch._convert_weight_to_int4pack((weight[:, ::2] << 4 | weight[:, 1::2]).byte().cuda(), 8)
            self.assertEqual(packed.shape, (rows // 8, 1, 32, 4))
            result = torch._weight_int4pack_mm(a.cuda(), packed, 32, torch.stack([scales, zeros], -1).cuda())
            torch.testing.assert_close(result.cpu().float(), a.float() @ full.view(rows, 128).t(), rtol=2e-2, atol=0.5)

    def test_weights_of_two_in_four(self):
        from torch.sparse import to_sparse_semi_structured
        keeps = torch.tensor([[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0], [1, 0, 0, 1]]).repeat(32, 16)
        for dtype in (torch.float16, torch.bfloat16):
            weight = torch.randn(128, 64).to(dtype) * keeps
            sparse = to_sparse_semi_structured(weight.cuda())
            self.assertTrue(torch.equal(sparse.to_dense().cpu(), weight))
            x, bias = torch.randn(32, 64).to(dtype), torch.randn(128).to(dtype)
            result = torch.nn.functional.linear(x.cuda(), sparse, bias.cuda())
            expected = torch.nn.functional.linear(x.float(), weight.float(), bias.float())
            torch.testing.assert_close(result.cpu().float(), expected, rtol=2e-2, atol=5e-2)
        whole, dense = torch.randint(-9, 9, (128, 64)) * keeps, torch.randint(-9, 9, (64, 32))
        packed = torch._cslt_compress(whole.char().cuda())
        result = torch._cslt_sparse_mm(packed, dense.char().cuda(), out_dtype=torch.int32)
        self.assertTrue(torch.equal(result.cpu(), (whole @ dense).int()))

    def test_dropout(self):
        x = torch.ones(20000, device="cuda", requires_grad=True)
        y = nn.functional.dropout(x, 0.25)
        self.assertAlmostEqual((y == 0).float().mean().item(), 0.25, delta=0.02)
        self.assertAlmostEqual(y.max().item(), 1 / 0.75, places=5)
        y.sum().backward()
        self.assertTrue(torch.equal(x.grad, y.detach()))

    def test_autocast_and_scaler(self):
        torch.manual_seed(0)
        model = nn.Linear(8, 4).cuda()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cuda")
        losses = []
        for _ in range(5):
            with torch.autocast("cuda", dtype=torch.float16):
                out = model(torch.ones(3, 8, device="cuda"))
                self.assertEqual(out.dtype, torch.float16)
                loss = out.float().square().mean()
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            losses.append(loss.item())
        self.assertLess(losses[-1], losses[0])

    def test_vmap_and_script(self):
        x = torch.randn(3, 4, device="cuda")
        torch.testing.assert_close(torch.vmap(torch.dot)(x, x), x.square().sum(1))

        @torch.jit.script
        def scripted(y: torch.Tensor):
            return y.sin() + y.cos() * 2

        torch.testing.assert_close(scripted(x).cpu(), scripted(x.cpu()))


if __name__ == "__main__":
    unittest.main()

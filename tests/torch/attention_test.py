"""Attention on 'cuda' by each of PyTorch's kernels against a plain formula in f64 on the CPU, forward and backward."""
import itertools
import math
import unittest

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

KERNELS = (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH)
BOUND = {torch.float32: 2e-6, torch.bfloat16: 3e-2, torch.float16: 4e-3}


def plain(q, k, v, causal=False, mask=None, scale=None):
    """The definition, without any of PyTorch's attention functions."""
    scores = q @ k.transpose(-1, -2) * (scale or 1 / math.sqrt(q.shape[-1]))
    if causal:
        seen = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool).tril()
        scores = scores.masked_fill(~seen, -math.inf)
    if mask is not None:
        scores = scores + mask
    return scores.softmax(-1) @ v


class Attention(unittest.TestCase):
    def compare(self, dtype, causal=False, with_mask=False, rows=24, columns=24, kernel=None):
        torch.manual_seed(1)
        shapes = ((2, 3, rows, 16), (2, 3, columns, 16), (2, 3, columns, 16))
        host = [torch.randn(s, dtype=torch.float64).to(dtype).double().requires_grad_() for s in shapes]
        mask = torch.randn(2, 1, rows, columns, dtype=torch.float64).to(dtype).double() if with_mask else None
        grad = torch.randn(2, 3, rows, 16, dtype=torch.float64).to(dtype).double()
        expected = plain(*host, causal=causal, mask=mask)
        expected_grads = torch.autograd.grad(expected, host, grad)
        device = [t.detach().to("cuda", dtype).requires_grad_() for t in host]
        on_device = mask.to("cuda", dtype) if with_mask else None
        with sdpa_kernel(kernel or list(KERNELS)):
            actual = torch.nn.functional.scaled_dot_product_attention(*device, attn_mask=on_device, is_causal=causal)
        grads = torch.autograd.grad(actual, device, grad.to("cuda", dtype))
        for a, e in zip((actual, *grads), (expected, *expected_grads)):
            self.assertTrue(a.is_cuda)
            self.assertLess((a.double().cpu() - e).abs().max().item(), BOUND[dtype] * max(1, e.abs().max().item()))

    def test_every_kernel_and_type(self):
        for dtype, kernel, causal in itertools.product(BOUND, KERNELS, (False, True)):
            if dtype == torch.float32 and kernel == SDPBackend.FLASH_ATTENTION:
                continue  # flash attention is for half types, here as on NVIDIA's
            with self.subTest(dtype=dtype, kernel=kernel, causal=causal):
                self.compare(dtype, causal, kernel=kernel)

    def test_mask(self):
        for dtype in BOUND:
            with self.subTest(dtype=dtype):
                self.compare(dtype, with_mask=True)

    def test_unequal_lengths(self):
        self.compare(torch.float32, rows=7, columns=33)

    def test_dropout_repeats_in_backward(self):
        q = torch.randn(1, 2, 32, 8, device="cuda", requires_grad=True)
        v = torch.eye(32, device="cuda").expand(1, 2, 32, 32).contiguous().requires_grad_()
        with sdpa_kernel(SDPBackend.EFFICIENT_ATTENTION):
            weights = torch.nn.functional.scaled_dot_product_attention(q, q, v, dropout_p=0.5)
        share = (weights == 0).float().mean().item()
        self.assertTrue(0.4 < share < 0.6, share)
        # d(sum over columns)/dv: what was dropped in forward gives nothing in backward.
        (grad,) = torch.autograd.grad(weights.sum(), v)
        torch.testing.assert_close(grad, weights.sum(-2).unsqueeze(-1).expand_as(grad))

    def test_windows_and_pages_of_packed_sequences(self):
        """torch.nn.attention.varlen: windows, keys used in part, keys in pages of a block table, against the plain formula."""
        from torch.nn.attention.varlen import varlen_attn, varlen_attn_out
        torch.manual_seed(2)
        rows, columns = (5, 0, 9), (7, 3, 9)  # of each sequence
        used, page = (6, 3, 9), 4
        heads = 2

        def bounds(lengths):
            return torch.tensor([0, *itertools.accumulate(lengths)], dtype=torch.int32, device="cuda")

        def seen(m, n, window):  # from the end: the last query sees the last key
            distance = torch.arange(n)[None] - torch.arange(n - m, n)[:, None]
            left, right = window
            mask = torch.zeros(m, n, dtype=torch.float64)
            if right >= 0:
                mask[distance > right] = -math.inf
            if left >= 0:
                mask[distance < -left] = -math.inf
            return mask

        def expected(q, k, v, lengths, window):
            parts, at_q, at_k = [], 0, 0
            for m, stored, n in zip(rows, columns, lengths):
                if m:
                    one = [t.transpose(0, 1) for t in (q[at_q:at_q + m], k[at_k:at_k + n], v[at_k:at_k + n])]
                    parts.append(plain(*one, mask=seen(m, n, window)).transpose(0, 1))
                at_q, at_k = at_q + m, at_k + stored
            return torch.cat(parts)

        q, k, v = (torch.randn(sum(n), heads, 8).half().double().requires_grad_() for n in (rows, columns, columns))
        grad = torch.randn_like(q)
        device = [t.detach().to("cuda", torch.half).requires_grad_() for t in (q, k, v)]
        at = (bounds(rows), bounds(columns), max(rows), max(columns))
        for window in ((-1, -1), (-1, 0), (2, 0), (1, 1), (3, -1)):
            with self.subTest(window=window):
                wanted = expected(q, k, v, columns, window)
                actual = varlen_attn(*device, *at, window_size=window)
                pairs = zip((actual, *torch.autograd.grad(actual, device, grad.to("cuda", torch.half))),
                            (wanted, *torch.autograd.grad(wanted, (q, k, v), grad)))
                for a, e in pairs:
                    torch.testing.assert_close(a.double().cpu(), e, rtol=1e-2, atol=1e-2)
        with torch.no_grad():
            wanted = expected(q, k, v, used, (-1, 0))
            part = torch.tensor(used, dtype=torch.int32, device="cuda")
            actual = varlen_attn(*device, *at, window_size=(-1, 0), seqused_k=part)
            torch.testing.assert_close(actual.double().cpu(), wanted, rtol=1e-2, atol=1e-2)
            table = torch.tensor([[3, 0, 6], [5, 6, 6], [1, 4, 2]], dtype=torch.int32, device="cuda")
            pools = [torch.zeros(7, page, heads, 8, device="cuda", dtype=torch.half) for _ in range(2)]
            for pool, t in zip(pools, device[1:]):
                for sequence, (start, n) in enumerate(zip(itertools.accumulate((0, *columns)), used)):
                    for i in range(n):
                        pool[table[sequence, i // page], i % page] = t[start + i]
            out = torch.empty_like(device[0])
            varlen_attn_out(out, device[0], *pools, at[0], None, max(rows), max(used), window_size=(-1, 0),
                            seqused_k=part, block_table=table)
            torch.testing.assert_close(out.double().cpu(), wanted, rtol=1e-2, atol=1e-2)

    def test_slopes(self):
        """ALiBi's: a score falls by the head's slope for each step between a query and a key, counted from the end."""
        torch.manual_seed(3)
        batch, heads, rows, columns = 2, 3, 5, 7
        q, k, v = (torch.randn(batch, n, heads, 8).half() for n in (rows, columns, columns))
        distance = (torch.arange(columns)[None] - torch.arange(columns - rows, columns)[:, None]).double()
        bounds = [torch.arange(0, batch * n + 1, n, dtype=torch.int32, device="cuda") for n in (rows, columns)]
        device = [t.cuda() for t in (q, k, v)]
        for slopes in (torch.tensor([0.5, 0.25, 1.0]), torch.tensor([[0.5, 0.25, 1.0], [0.125, 2.0, 0.0]])):
            for causal in (False, True):
                with self.subTest(slopes=slopes.dim(), causal=causal):
                    mask = -slopes.double().view(-1, heads, 1, 1) * distance.abs()
                    if causal:
                        mask = mask.masked_fill(distance > 0, -math.inf)
                    wanted = plain(*(t.double().transpose(1, 2) for t in (q, k, v)), mask=mask).transpose(1, 2)
                    rest = (rows, columns, 0.0, causal, False)
                    dense = torch.ops.aten._flash_attention_forward(*device, None, None, *rest, alibi_slopes=slopes.cuda())[0]
                    torch.testing.assert_close(dense.double().cpu(), wanted, rtol=4e-3, atol=4e-3)
                    packed = torch.ops.aten._flash_attention_forward(
                        *[t.flatten(0, 1) for t in device], *bounds, *rest, alibi_slopes=slopes.cuda())[0]
                    torch.testing.assert_close(packed.double().cpu(), wanted.flatten(0, 1), rtol=4e-3, atol=4e-3)

    def test_strides_are_those_that_compiled_code_expects(self):
        """torch.compile lays out what follows by PyTorch's meta kernels."""
        def strides(results):
            return [r.stride() for r in results if isinstance(r, torch.Tensor) and r.numel() > 1 and r.is_floating_point()]

        def pair(operator, tensors, *rest):
            on_device = operator(*tensors, *rest)
            meta = operator(*[t if t is None else t.to("meta") for t in tensors], *rest)
            self.assertEqual(strides(on_device), strides(meta), operator)
            return on_device

        for order in ((0, 1, 2, 3), (0, 2, 1, 3), (2, 0, 1, 3)):
            q, k, v, grad = (torch.randn([(2, 4, 5, 8)[i] for i in order], device="cuda").permute(
                [order.index(i) for i in range(4)]) for _ in range(4))
            bias = torch.randn(2, 4, 5, 5, device="cuda")
            ops = torch.ops.aten
            out, sums, seed, offset = pair(ops._scaled_dot_product_efficient_attention, (q, k, v, bias), True)
            pair(ops._scaled_dot_product_efficient_attention_backward,
                 (grad, q, k, v, bias, out, sums, seed, offset), 0.0, [True] * 4)
            h, g = [t.half() for t in (q, k, v)], grad.half()
            out, sums, none, nothing, rows, columns, seed, offset, _ = pair(ops._scaled_dot_product_flash_attention, h)
            pair(lambda *t: ops._scaled_dot_product_flash_attention_backward(
                *t[:6], none, nothing, rows, columns, 0.0, False, *t[6:]), (g, *h, out, sums, seed, offset))
            out = pair(ops._scaled_dot_product_cudnn_attention, (*h, None), True)
            pair(lambda *t: ops._scaled_dot_product_cudnn_attention_backward(
                *t, None, None, None, rows, columns, 0.0, False), (g, *h, out[0], out[1], out[6], out[7]))
            by_length = [t.transpose(1, 2) for t in (q, k, v)]
            pair(lambda *t: ops._efficient_attention_forward(*t, None, None, None, None, None, 0.0, 0, True), by_length)
            pair(lambda *t: ops._flash_attention_forward(*t, None, None, 5, 5, 0.0, False, False),
                 [t.half() for t in by_length])

    def test_modules(self):
        torch.manual_seed(0)
        for module, inputs in ((torch.nn.MultiheadAttention(16, 4, batch_first=True), 3),
                               (torch.nn.TransformerEncoderLayer(16, 4, 32, dropout=0, batch_first=True), 1),
                               (torch.nn.Transformer(16, 4, 1, 1, 32, dropout=0, batch_first=True), 2)):
            x = torch.randn(2, 5, 16)
            for training in (True, False):
                module.train(training)
                expected = module.cpu()(*[x] * inputs)
                actual = module.cuda()(*[x.cuda()] * inputs)
                if isinstance(expected, tuple):
                    expected, actual = expected[0], actual[0]
                torch.testing.assert_close(actual.cpu(), expected, rtol=1e-5, atol=1e-5)


if __name__ == "__main__":
    unittest.main()

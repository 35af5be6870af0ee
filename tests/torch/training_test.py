"""Training on 'cuda' gives the losses that it gives on 'cpu', and leaves no memory behind."""
import gc
import subprocess
import sys
import unittest

import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.block = nn.Sequential(nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8))
        self.last = nn.Linear(8, 5)

    def forward(self, x):
        x = self.first(x)
        x = torch.relu(x + self.block(x))
        return self.last(nn.functional.max_pool2d(x, 2).mean((2, 3)))


class Language(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True, activation="gelu")
        self.layers = nn.TransformerEncoder(layer, 2)
        self.last = nn.Linear(16, 20)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], device=x.device)
        return self.last(self.layers(self.embed(x), mask=mask, is_causal=True))


def losses(make, batch, device, optimizer, steps=6):
    torch.manual_seed(0)
    model = make().to(device)
    optimizer = optimizer(model.parameters())
    inputs, targets = (t.to(device) for t in batch)
    found = []
    for _ in range(steps):
        out = model(inputs)
        loss = nn.functional.cross_entropy(out.flatten(0, -2), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return torch.tensor(found)


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam, foreach": lambda p: torch.optim.Adam(p, lr=1e-2),
    "adamw, fused": lambda p: torch.optim.AdamW(p, lr=1e-2, fused=True),
}


class Training(unittest.TestCase):
    def test_losses_equal_the_cpus(self):
        torch.manual_seed(1)
        images = (torch.randn(8, 3, 12, 12), torch.randint(0, 5, (8,)))
        text = (torch.randint(0, 20, (4, 9)), torch.randint(0, 20, (4, 9)))
        for make, batch in ((Residual, images), (Language, text)):
            for name, optimizer in OPTIMIZERS.items():
                with self.subTest(model=make.__name__, optimizer=name):
                    expected = losses(make, batch, "cpu", optimizer)
                    actual = losses(make, batch, "cuda", optimizer)
                    self.assertLess(actual[-1], actual[0])
                    torch.testing.assert_close(actual, expected, rtol=2e-5, atol=2e-5)

    def test_a_backward_pass_may_be_the_last_line(self):
        """Autograd's thread may want the interpreter while that ends."""
        script = """import sys, torch
sys.setswitchinterval(10)  # so that it doesn't get it by asking
x = torch.ones(4, device="cuda", requires_grad=True)
(x * x).sum().backward()
torch.cuda.synchronize()"""
        runs = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, text=True) for _ in range(4)]
        for run in runs:
            said = run.communicate(timeout=300)[1]
            self.assertEqual(run.returncode, 0, said)

    def test_a_thousand_steps_leak_nothing(self):
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 1)).cuda()
        optimizer = torch.optim.Adam(model.parameters())
        x = torch.randn(16, 4, device="cuda")

        def step():
            loss = model(x).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        step()
        gc.collect()
        before = torch.cuda.memory_allocated()
        for _ in range(1000):
            step()
        self.assertEqual(torch.cuda.memory_allocated(), before)
        del model, optimizer, x, step
        gc.collect()
        self.assertEqual(torch.cuda.memory_allocated(), 0)


if __name__ == "__main__":
    unittest.main()

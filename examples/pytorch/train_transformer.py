"""Trains a small transformer to continue sums such as 17+5=22, with attention, mixed precision if asked, and generation.

    ppu run python train_transformer.py [--half] [--steps 300]
    python train_transformer.py --device cpu
"""
import argparse

import torch
from torch import nn

SIGNS = "0123456789+=;"
LENGTH = 10


def sums(count, generator):
    """Rows of sign numbers: a+b=c; filled up with ';'."""
    pairs = torch.randint(0, 20, (count, 2), generator=generator).tolist()
    texts = [f"{a}+{b}={a + b}".ljust(LENGTH, ";") for a, b in pairs]
    return torch.tensor([[SIGNS.index(sign) for sign in text] for text in texts])


class Model(nn.Module):
    def __init__(self, width=48, layers=2):
        super().__init__()
        self.signs = nn.Embedding(len(SIGNS), width)
        self.places = nn.Embedding(LENGTH, width)
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True, activation="gelu")
        self.layers = nn.TransformerEncoder(layer, layers)
        self.out = nn.Linear(width, len(SIGNS))

    def forward(self, x):
        places = torch.arange(x.shape[1], device=x.device)
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], device=x.device)
        return self.out(self.layers(self.signs(x) + self.places(places), mask=mask, is_causal=True))


@torch.no_grad()
def answer(model, question, device):
    signs = [SIGNS.index(sign) for sign in question]
    while len(signs) < LENGTH and SIGNS[signs[-1]] != ";":
        signs.append(model(torch.tensor([signs], device=device))[0, -1].argmax().item())
    return "".join(SIGNS[sign] for sign in signs).rstrip(";")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--half", action="store_true", help="bfloat16 by autocast")
    args = parser.parse_args()
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    model = Model().to(args.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        batch = sums(64, generator).to(args.device)
        with torch.autocast(args.device, dtype=torch.bfloat16, enabled=args.half):
            scores = model(batch[:, :-1])
            loss = nn.functional.cross_entropy(scores.flatten(0, 1).float(), batch[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(f"step {step:3d}  loss {loss.item():.4f}")
    for question in ("3+4=", "12+7=", "19+19="):
        print(answer(model.eval(), question, args.device))


if __name__ == "__main__":
    main()

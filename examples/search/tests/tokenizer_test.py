#!/usr/bin/env python3
"""tokenizer_test.py DUMP_IDS: ids of our tokenizer against the `tokenizers` package, exactly, for every Unicode character,
for traps, for random mixtures and for package descriptions."""
import json
import random
import subprocess
import sys

from reference import load_tokenizer, model_dir, package_lines

TRAPS = [
    "", " ", "a", "Hello, World!", "don't stop--now", "naïve café Ångström ÀÉÎÕÜ", "ﬁ ﬂ ﬃ", "ß ẞ İ ı ſ K Å", "東京都は日本の首都です",
    "한국어 텍스트", "Ελληνικά ΣΊΣΥΦΟΣ", "Привет, мир! Ёлка й", "शब्द हिन्दी", "العربية مُشَكَّل", "עִבְרִית", "ไทยภาษา", "😀👍🏽👨‍👩‍👧 flags 🇩🇪",
    "a\u0301e\u0300 combined", "\u00ad soft\u00adhyphen zero\u200bwidth", "tab\tnew\nline\rcr\u00a0nbsp\u3000wide", "x" * 99, "x" * 100, "x" * 101,
    "[CLS] inside [MASK] and [SEP][PAD] [UNK] [cls] [ MASK ]", "[MASK", "a[MASK]b", "C++ C# .NET 3.14 1,000,000 50% $5 €7 £9 ¥8",
    "http://www.debian.org/~user/file.tar.gz?x=1&y=2#z", "user@example.com", "foo_bar-baz/qux\\quux|corge", "\ufffd\u0000\u0001\u007f",
    "word " * 400, "supercalifragilisticexpialidocious antidisestablishmentarianism", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ⅷ ① ㎏ ½", "İstanbul DİYARBAKIR", "ǅ ǆ Ǆ", "ﷺ", "e\u0323\u0307 \u1e69",
]


def random_texts(count):
    rng = random.Random(2026)
    blocks = [(0x20, 0x7E), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x590, 0x6FF), (0x900, 0x97F),
              (0xE00, 0xE7F), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x3040, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xAD00), (0x1F300, 0x1F6FF)]
    for _ in range(count):
        picked = rng.sample(blocks, 3) + [blocks[0]] * 2
        yield "".join(chr(rng.randint(*rng.choice(picked))) if rng.random() > 0.15 else " " for _ in range(rng.randint(1, 60)))


def main():
    folder = model_dir()
    texts = list(TRAPS) + list(random_texts(5000)) + package_lines(20000)
    # Every character, between letters and on its own, sixteen a line.
    codes = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for i in range(0, len(codes), 16):
        texts.append(" ".join(f"a{chr(c)}b {chr(c)}" for c in codes[i : i + 16]))
    failures = 0
    everything = texts
    for limit in (256, 512):
        texts = everything if limit == 256 else everything[:6000]
        reference = load_tokenizer(folder, limit)
        expected = [encoding.ids for encoding in reference.encode_batch(texts)]
        result = subprocess.run([sys.argv[1], str(folder / "vocab.txt"), str(limit)], input="".join(json.dumps(text) + "\n" for text in texts).encode(), capture_output=True, check=True)
        found = [json.loads(line) for line in result.stdout.splitlines()]
        if len(found) != len(texts):
            sys.exit(f"{len(found)} answers to {len(texts)} texts")
        for text, want, have in zip(texts, expected, found):
            if want != have:
                failures += 1
                if failures <= 10:
                    print(f"limit {limit}: {text!r}\n  want {want}\n  have {have}")
    print(f"{len(everything)} texts, {failures} differ")
    sys.exit(1 if failures else 0)


main()

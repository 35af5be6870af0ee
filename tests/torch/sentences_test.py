"""all-MiniLM-L6-v2 through the package sentence-transformers on 'cuda': the embeddings of a plain f64 reference."""
import pathlib
import sys
import unittest

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples/search/tests"))
try:
    from reference import Reference, embed
    from sentence_transformers import SentenceTransformer
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TEXTS = ["play music in a terminal", "Wie spät ist es?", "a", "learn the stars " * 20]
BOUND = 1e-5  # max abs error of an embedding of norm 1


class Sentences(unittest.TestCase):
    def test_embeddings(self):
        reference = Reference()
        model = SentenceTransformer(str(reference.folder), device="cuda")
        self.assertEqual(next(model.parameters()).device.type, "cuda")
        for actual, text in zip(model.encode(TEXTS), TEXTS):
            expected = embed(reference.ids(text), reference.weights, reference.config)
            self.assertLess(np.abs(actual - expected).max(), BOUND)


if __name__ == "__main__":
    unittest.main()

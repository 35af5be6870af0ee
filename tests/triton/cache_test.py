"""A damaged entry of Triton's cache: one line of ours, Triton's own exception, and Python goes on; nothing hangs."""
import glob
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = """
import torch, triton, triton.language as tl

@triton.jit
def increment(x, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + at, tl.load(x + at, mask=at < n) + 1, mask=at < n)

x = torch.zeros(100, device="cuda")
try:
    increment[(1,)](x, 100, BLOCK=128)
    print("sum", x.sum().item())
except RuntimeError as error:
    print("raised:", str(error).splitlines()[0])
print("alive", torch.ones(2, device="cuda").sum().item())
"""


class Cache(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.script = os.path.join(self.folder.name, "script.py")
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(SCRIPT)

    def run_script(self):
        cache = os.path.join(self.folder.name, "cache")
        return subprocess.run([sys.executable, self.script], env={**os.environ, "TRITON_CACHE_DIR": cache}, text=True,
                              capture_output=True, check=True, timeout=300)

    def test_damaged_entries(self):
        self.assertIn("sum 100.0", self.run_script().stdout)
        [entry] = glob.glob(os.path.join(self.folder.name, "cache", "*", "*.cubin"))
        with open(entry, "rb") as file:
            whole = file.read()
        for damaged in (b"", whole[:len(whole) // 2], b"x" * 64 + whole[64:]):
            with open(entry, "wb") as file:
                file.write(damaged)
            done = self.run_script()
            self.assertRegex(done.stdout, r"raised: Triton Error \[CUDA\]", done.stderr)
            self.assertIn("alive 2.0", done.stdout)
            said = [line for line in done.stderr.splitlines() if line.startswith("openppu:")]
            self.assertEqual(len(said), 1, done.stderr)
        with open(entry, "wb") as file:
            file.write(whole)
        self.assertIn("sum 100.0", self.run_script().stdout)


if __name__ == "__main__":
    unittest.main()

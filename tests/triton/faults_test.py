"""Kernels that fail: PyTorch's own exception with CUDA's reason, from then on at every use of the device, and Python goes on."""
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = """
import sys
import torch, triton, triton.language as tl

@triton.jit
def store_far(x, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + at + (1 << 50), at, mask=at < n)

@triton.jit
def claim(x, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.device_assert(tl.load(x + at, mask=at < n, other=1) > 0, "not above zero", mask=at < n)

x = torch.zeros(100, device="cuda")
for call in (lambda: globals()[sys.argv[1]][(1,)](x, 100, BLOCK=128), lambda: x + 1):
    try:
        call()
        torch.cuda.synchronize()
    except Exception as error:
        print(type(error).__name__, str(error).splitlines()[0])
print("alive", torch.ones(2).sum().item())
"""


class Faults(unittest.TestCase):
    def fails(self, kernel, why):
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "script.py")
            with open(script, "w", encoding="utf-8") as file:
                file.write(SCRIPT)
            done = subprocess.run([sys.executable, "-W", "ignore", script, kernel], env={**os.environ, "TRITON_DEBUG": "1"},
                                  text=True, capture_output=True, check=True, timeout=300)
        said = "AcceleratorError CUDA error: " + why
        self.assertEqual(done.stdout.splitlines(), [said, said, "alive 2.0"], done.stderr)

    def test_a_store_outside_of_memory(self):
        self.fails("store_far", "an illegal memory access was encountered")

    def test_an_assertion(self):
        self.fails("claim", "device-side assert triggered")


if __name__ == "__main__":
    unittest.main()

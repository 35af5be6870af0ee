"""Without the bridge PyTorch's own operators fail as on a device their machine code isn't made for, and Python goes on."""
import os
import subprocess
import sys
import unittest

SCRIPT = """
import torch
x = torch.empty(3, device='cuda')
try:
    x + 1
except RuntimeError as error:
    print('raised:', str(error).splitlines()[0])
print('alive', torch.ones(2).sum().item())
"""


def run(**variables):
    return subprocess.run([sys.executable, "-c", SCRIPT], env={**os.environ, **variables}, text=True, capture_output=True,
                          check=True)


class Off(unittest.TestCase):
    def test_switched_off(self):
        done = run(PPU_TORCH="off")
        self.assertIn("raised: CUDA error: no kernel image is available for execution on the device", done.stdout)
        self.assertIn("alive 2.0", done.stdout)

    def test_missing_bridge_is_said_in_one_line(self):
        done = run(PPU_TORCH="/nowhere/libppu_torch-0.0.so")
        said = [line for line in done.stderr.splitlines() if "no bridge for PyTorch" in line]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertIn("scripts/torch.sh", said[0])
        self.assertIn("alive 2.0", done.stdout)

    def test_counters(self):
        done = run(PPU_LOG="torch=info")
        self.assertRegex(done.stderr, r"openppu: torch: operators: \d+ calls delegated to CPU kernels.*; 0 results copied")
        self.assertRegex(done.stderr, r"1 delegated aten::add\.Tensor")


if __name__ == "__main__":
    unittest.main()

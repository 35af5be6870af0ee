"""Without the bridge PyTorch's own operators fail as on a device their machine code isn't made for, and Python goes on."""
import os
import subprocess
import sys
import tempfile
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


def some_library():
    """A shared library that is there and is no bridge."""
    import _ctypes
    return _ctypes.__file__


class Off(unittest.TestCase):
    def test_switched_off(self):
        done = run(PPU_TORCH="off")
        self.assertIn("raised: CUDA error: no kernel image is available for execution on the device", done.stdout)
        self.assertRegex(done.stderr, "kernel _Z.*vectorized_elementwise_kernel.* is in the program as machine code only")
        self.assertIn("alive 2.0", done.stdout)

    def test_missing_bridge_is_said_in_one_line(self):
        done = run(PPU_TORCH="/nowhere/libppu_torch-0.0.so")
        said = [line for line in done.stderr.splitlines() if "no bridge for PyTorch" in line]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertIn("scripts/torch.sh", said[0])
        self.assertIn("alive 2.0", done.stdout)

    def test_a_file_that_is_no_bridge_is_said_in_one_line(self):
        with tempfile.TemporaryDirectory() as folder:
            broken = os.path.join(folder, "libppu_torch-2.99.so")
            with open(broken, "w", encoding="utf-8") as file:
                file.write("no library")
            for path, says in ((broken, "no bridge for PyTorch"), (some_library(), "is no bridge for PyTorch")):
                done = run(PPU_TORCH=path)
                said = [line for line in done.stderr.splitlines() if says in line]
                self.assertEqual(len(said), 1, done.stderr)
                self.assertIn("raised: CUDA error: no kernel image is available", done.stdout)
                self.assertIn("alive 2.0", done.stdout)

    def test_nvidias_libraries_by_absolute_path_are_ours(self):
        """Whoever opens them by the path of a toolkit, or of NVIDIA's wheels, gets the stand-ins, and no second device."""
        script = """
import ctypes, torch
for name in ("libcudart.so.13", "libcublas.so.13", "libcuda.so.1", "libnvjpeg.4a0b5c81.so.13"):
    ctypes.CDLL("/usr/local/cuda-13.0/targets/x86_64-linux/lib/" + name)
x = torch.ones(2, device="cuda")
print("sum", (x + x).sum().item())
print([line for line in open("/proc/self/maps") if "/usr/local/cuda" in line])
"""
        done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, check=True)
        self.assertEqual(done.stdout, "sum 4.0\n[]\n")
        self.assertEqual(done.stderr, "")

    def test_counters(self):
        done = run(PPU_LOG="torch=info")
        self.assertRegex(done.stderr, r"openppu: torch: operators: \d+ calls delegated to CPU kernels.*; 0 results copied")
        self.assertRegex(done.stderr, r"1 delegated aten::add\.Tensor")


if __name__ == "__main__":
    unittest.main()

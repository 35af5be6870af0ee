"""`ppu prof` shows PyTorch's operators as the launches that would do them: bytes and operations from their shapes, a time on the
chip; with --time=chip events answer that time. The program to run is named in PPU_PROGRAM."""
import json
import os
import subprocess
import sys
import unittest

SCRIPT = """
import torch
a, b = torch.empty(128, 64, device="cuda"), torch.empty(64, 32, device="cuda")
h = torch.empty(4, 16, 8, device="cuda", dtype=torch.half)
image, weight = torch.empty(2, 3, 10, 10, device="cuda"), torch.empty(5, 3, 3, 3, device="cuda")
for _ in range(2):
    c = a @ b
c.relu_()
torch.bmm(h, h.transpose(1, 2))
torch.nn.functional.conv2d(image, weight)
c.cpu()
graph = torch.cuda.CUDAGraph()
with torch.cuda.graph(graph):
    c.neg()
for _ in range(3):
    graph.replay()
torch.cuda.synchronize()
"""

TIMED = """
import torch
x, a, h = torch.empty(1 << 20, device="cuda"), torch.empty(512, 512, device="cuda"), torch.empty(1, 4, 256, 64, device="cuda").half()
for work in (x.relu_, lambda: a @ a, lambda: torch.nn.functional.scaled_dot_product_attention(h, h, h)):
    before, behind = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    before.record()
    work()
    behind.record()
    behind.synchronize()
    print(before.elapsed_time(behind))
"""


class Prof(unittest.TestCase):
    def test_events_answer_the_time_on_the_chip(self):
        def output(*words):
            return subprocess.run([os.environ["PPU_PROGRAM"], *words, sys.executable, "-c", TIMED], text=True,
                                  capture_output=True, check=True).stdout

        report = json.loads(output("prof", "-q", "--json", "-").split("\n", 3)[3])
        kernels = {kernel["name"]: kernel for kernel in report["kernels"]}
        answers = [float(line) for line in output("run", "--time=chip").split()]
        self.assertEqual(len(answers), 3)
        for answer, name in zip(answers, ("relu_", "mm", "_scaled_dot_product_flash_attention")):
            kernel = kernels[f"aten::{name} (CPU kernel)"]
            self.assertEqual(kernel["launches"], 1)
            (chip,) = kernel["chips"].values()
            self.assertAlmostEqual(answer / 1e3 / chip["seconds"], 1, delta=1e-3, msg=name)

    def test_operators_are_priced(self):
        done = subprocess.run([os.environ["PPU_PROGRAM"], "prof", "-q", "--json", "-", sys.executable, "-c", SCRIPT],
                              text=True, capture_output=True, check=True)
        report = json.loads(done.stdout)
        kernels = {kernel["name"].removesuffix(" (CPU kernel)"): kernel for kernel in report["kernels"]}

        def expect(name, launches, **counters):
            kernel = kernels[name]
            self.assertEqual(kernel["launches"], launches, name)
            for key, value in counters.items():
                self.assertEqual(kernel["counters"][key], launches * value, (name, key))
            self.assertGreater(next(iter(kernel["chips"].values()))["seconds"], 0)

        m, n, k = 128, 32, 64
        expect("aten::mm", 2, f32_fma=m * n * k, global_load_bytes=4 * (m * k + k * n), global_store_bytes=4 * m * n)
        expect("aten::relu_", 1, f32_fma=0, f32_ops=m * n, global_load_bytes=4 * m * n, global_store_bytes=4 * m * n)
        expect("aten::bmm", 1, tensor_f16_flop=2 * 4 * 16 * 16 * 8, f32_fma=0, global_store_bytes=2 * 4 * 16 * 16)
        expect("aten::convolution", 1, f32_fma=2 * 5 * 8 * 8 * 27, global_store_bytes=4 * 2 * 5 * 8 * 8)
        expect("aten::neg", 3, global_store_bytes=4 * m * n)  # its replays
        (copy,) = [copy for copy in report["copies"] if copy["kind"] == "device to host"]
        self.assertEqual((copy["count"], copy["bytes"]), (1, 4 * m * n))


if __name__ == "__main__":
    unittest.main()

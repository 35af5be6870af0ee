"""The device as PyTorch sees it: properties, memory, streams, events, errors, random state."""
import subprocess
import sys
import unittest

import torch


class Device(unittest.TestCase):
    def test_properties(self):
        self.assertTrue(torch.cuda.is_available())
        self.assertEqual(torch.cuda.get_device_name(), "PPU 810E")
        self.assertEqual(torch.cuda.get_device_capability(), (8, 0))
        self.assertEqual(torch.cuda.get_device_properties(0).total_memory, 96 << 30)

    def test_memory_statistics_and_return(self):
        before = torch.cuda.memory_allocated()
        x = torch.ones(1 << 20, device="cuda")
        self.assertEqual(torch.cuda.memory_allocated() - before, 4 << 20)
        torch.cuda.reset_peak_memory_stats()
        y = x + x
        self.assertEqual(torch.cuda.max_memory_allocated() - before, 8 << 20)
        del x, y
        self.assertEqual(torch.cuda.memory_allocated(), before)

    def test_out_of_memory(self):
        with self.assertRaises(torch.cuda.OutOfMemoryError):
            torch.empty(200 << 30, dtype=torch.uint8, device="cuda")
        self.assertEqual((torch.ones(2, device="cuda") + 1).tolist(), [2, 2])

    def test_results_live_in_device_memory_and_are_not_copied(self):
        x = torch.ones(1000, device="cuda")
        first = (x + x).data_ptr()
        self.assertEqual((x + x).data_ptr(), first)  # the caching allocator gave the same block again

    def test_mixed_devices(self):
        for call in (lambda: torch.ones(3) + torch.ones(3, device="cuda"),
                     lambda: torch.mm(torch.ones(3, 3, device="cuda"), torch.ones(3, 3)),
                     lambda: torch.cat([torch.ones(3), torch.ones(3, device="cuda")])):
            with self.assertRaisesRegex(RuntimeError, "Expected all tensors to be on the same device"):
                call()
        self.assertEqual((torch.ones(2, device="cuda") * torch.tensor(3.0)).tolist(), [3, 3])  # 0-dim may be mixed
        self.assertEqual(torch.arange(4, device="cuda")[torch.tensor([2, 1])].tolist(), [2, 1])  # and indices

    def test_streams_and_events(self):
        stream = torch.cuda.Stream()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        with torch.cuda.stream(stream):
            start.record()
            x = torch.randn(500, 500, device="cuda")
            y = x @ x
            end.record()
        torch.cuda.current_stream().wait_stream(stream)
        end.synchronize()
        self.assertGreater(start.elapsed_time(end), 0)
        self.assertTrue(torch.equal(y, x @ x))

    def test_sleep_keeps_its_stream_busy(self):
        stream = torch.cuda.Stream()
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        with torch.cuda.stream(stream):
            torch.cuda._sleep(1)  # compiled
            start.record()
            torch.cuda._sleep(400_000_000)  # a third of a second: longer than this thread waits for its turn
            end.record()
            self.assertFalse(end.query())
            x = torch.ones(3, device="cuda") + 1
        stream.synchronize()
        self.assertGreater(start.elapsed_time(end), 1)
        self.assertEqual(x.tolist(), [2, 2, 2])

    def test_sleep_may_be_the_first_call(self):
        script = "import torch; torch.cuda._sleep(1000); torch.cuda.synchronize(); print((torch.ones(2, device='cuda') + 1).sum().item())"
        done = subprocess.run([sys.executable, "-c", script], text=True, capture_output=True, check=False)
        self.assertEqual((done.stdout, done.stderr), ("4.0\n", ""))

    def test_profiler_shows_the_time_on_the_device(self):
        from torch.profiler import ProfilerActivity, profile
        x = torch.randn(256, 256, device="cuda")
        doubled = torch.cuda.jiterator._create_jit_fn("template <typename T> T doubled(T x) { return 2 * x; }")
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
            (x @ x).relu_()
            doubled(x)
            x.cpu()
            torch.ones(4).pin_memory().to("cuda")
            x.clone()
            torch.cuda.synchronize()
        on_device = {event.key: event.device_time_total for event in seen.key_averages()}
        for name in ("aten::mm", "aten::relu_", "aten::copy_"):  # by what they launched
            self.assertGreater(on_device[name], 0, name)
        kernels = [event.name for event in seen.events() if event.device_type == torch.autograd.DeviceType.CUDA]
        self.assertTrue(any("doubled" in name for name in kernels), kernels)
        for copy in ("Memcpy DtoH (Device -> Pageable)", "Memcpy HtoD (Pinned -> Device)", "Memcpy DtoD (Device -> Device)"):
            self.assertIn(copy, kernels)

    def test_pinned_memory(self):
        host = torch.arange(10.0).pin_memory()
        self.assertTrue(host.is_pinned())
        self.assertEqual(host.to("cuda", non_blocking=True).sum().item(), 45)

    def test_waits_are_told_of(self):
        """torch.cuda.set_sync_debug_mode, which projects use to keep their loops asynchronous."""
        x = torch.ones(4, device="cuda")
        pinned = torch.ones(4).pin_memory()
        torch.cuda.set_sync_debug_mode("error")
        try:
            (x + 1).sum()
            x.copy_(pinned, non_blocking=True)
            for waits in (x.sum().item, x.cpu, x.nonzero, lambda: x.copy_(pinned)):
                with self.assertRaisesRegex(RuntimeError, "called a synchronizing CUDA operation"):
                    waits()
        finally:
            torch.cuda.set_sync_debug_mode("default")
        self.assertEqual(x.sum().item(), 4)

    def test_random_state(self):
        torch.manual_seed(5)
        a = torch.randn(10, device="cuda")
        state = torch.cuda.get_rng_state()
        b = torch.rand(10, device="cuda")
        self.assertFalse(torch.equal(a, b))
        torch.cuda.set_rng_state(state)
        self.assertTrue(torch.equal(b, torch.rand(10, device="cuda")))
        torch.manual_seed(5)
        self.assertTrue(torch.equal(a, torch.randn(10, device="cuda")))
        generator = torch.Generator("cuda").manual_seed(9)
        c = torch.randperm(20, generator=generator, device="cuda")
        self.assertTrue(torch.equal(c, torch.randperm(20, generator=generator.manual_seed(9), device="cuda")))

    def test_exchange_without_copy(self):
        x = torch.arange(6.0, device="cuda")
        y = torch.from_dlpack(x)
        self.assertEqual(x.data_ptr(), y.data_ptr())
        self.assertEqual(x.__cuda_array_interface__["data"][0], x.data_ptr())

    def test_an_error_leaves_the_device_usable(self):
        with self.assertRaises(RuntimeError):
            torch.mm(torch.ones(2, 3, device="cuda"), torch.ones(2, 3, device="cuda"))
        with self.assertRaises(IndexError):
            torch.ones(3, device="cuda")[torch.tensor([7], device="cuda")]
        self.assertEqual(torch.ones(3, device="cuda").sum().item(), 3)


if __name__ == "__main__":
    unittest.main()

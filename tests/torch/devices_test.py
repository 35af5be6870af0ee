"""Two devices: operators run where their tensors are, copies go across, mixing is refused. Run with --devices 2."""
import unittest

import torch


class Devices(unittest.TestCase):
    def test_results_are_where_the_operands_are(self):
        self.assertEqual(torch.cuda.device_count(), 2)
        x = torch.ones(4, device="cuda:1")
        self.assertEqual((x + x).device.index, 1)
        self.assertEqual(torch.randn(3, device="cuda:1").device.index, 1)
        self.assertEqual(torch.cuda.memory_allocated(0), 0)
        self.assertGreater(torch.cuda.memory_allocated(1), 0)
        with torch.cuda.device(1):
            self.assertEqual(torch.zeros(2, device="cuda").sum().device.index, 1)

    def test_copies_go_across(self):
        x = torch.arange(4.0, device="cuda:1")
        y = x.to("cuda:0")
        self.assertEqual((y.device.index, y.tolist()), (0, [0, 1, 2, 3]))
        y.copy_(x * 3)
        self.assertEqual((y.device.index, y.tolist()), (0, [0, 3, 6, 9]))

    def test_mixing_is_refused(self):
        with self.assertRaisesRegex(RuntimeError, "found at least two devices, cuda:0 and cuda:1"):
            torch.ones(2, device="cuda:0") + torch.ones(2, device="cuda:1")

    def test_data_parallel(self):
        torch.manual_seed(0)
        model = torch.nn.Linear(4, 3)
        x = torch.randn(6, 4)
        expected = model(x)
        expected.sum().backward()
        gradient = model.weight.grad.clone()
        model.zero_grad()
        actual = torch.nn.DataParallel(model.cuda())(x.cuda())
        actual.sum().backward()
        torch.testing.assert_close(actual.cpu(), expected)
        torch.testing.assert_close(model.weight.grad.cpu(), gradient)


if __name__ == "__main__":
    unittest.main()

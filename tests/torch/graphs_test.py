"""CUDA graphs of PyTorch's operators: a capture has no effect, a replay does what eager execution does, bit by bit."""
import unittest

import torch
from torch import nn


class Graphs(unittest.TestCase):
    def test_capture_has_no_effect_and_replay_has(self):
        x = torch.zeros(4, device="cuda")
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            x.add_(1)
            y = x * 2
        self.assertEqual(x.tolist(), [0] * 4)
        for i in range(1, 4):
            graph.replay()
            self.assertEqual(x.tolist(), [i] * 4)
            self.assertEqual(y.tolist(), [2 * i] * 4)
        x.fill_(10)
        graph.replay()
        self.assertEqual(y.tolist(), [22] * 4)

    def test_values_decide_inside_a_capture(self):
        """An index that the captured operators compute themselves is right while they are captured."""
        table = torch.arange(10.0, device="cuda")
        index = torch.full((3,), 1 << 40, device="cuda")
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            index.zero_().add_(7)
            picked = table[index]
        graph.replay()
        self.assertEqual(picked.tolist(), [7] * 3)

    def test_memory_of_an_argument_is_used_again_inside_a_capture(self):
        """What the program lets go while it is captured may become a result's memory; a replay still reads it before."""
        pool = torch.cuda.MemPool()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.stream(torch.cuda.Stream()):
            with torch.cuda.use_mem_pool(pool):
                x = torch.full((1000,), 3.0, device="cuda")
            address = x.data_ptr()
            graph.capture_begin(pool=pool.id)
            y = x * 2
            del x
            again = y * 5
            graph.capture_end()
        self.assertLess(abs(again.data_ptr() - address), 4000)  # they overlap
        for _ in range(2):
            graph.replay()
            torch.cuda.synchronize()
            self.assertEqual(again.sum().item(), 30000)
            again.fill_(3)

    def test_random_numbers_advance_with_replays(self):
        graph = torch.cuda.CUDAGraph()
        torch.manual_seed(3)
        with torch.cuda.graph(graph):
            x = torch.rand(8, device="cuda")
        seen = []
        for _ in range(3):
            graph.replay()
            seen.append(x.clone())
        self.assertFalse(torch.equal(seen[0], seen[1]))
        self.assertFalse(torch.equal(seen[1], seen[2]))
        torch.manual_seed(3)
        graph.replay()
        self.assertTrue(torch.equal(x, seen[0]))

    def test_what_depends_on_data_is_refused(self):
        x = torch.ones(3, device="cuda")
        with self.assertRaisesRegex(RuntimeError, "captur"):
            with torch.cuda.graph(torch.cuda.CUDAGraph()):
                x.nonzero()
        self.assertEqual((x + 1).tolist(), [2] * 3)

    def test_training_step(self):
        def make():
            torch.manual_seed(0)
            model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)).cuda()
            return model, torch.optim.Adam(model.parameters(), lr=1e-2, capturable=True)

        torch.manual_seed(1)
        batches = [(torch.randn(5, 1, 6, 6, device="cuda"), torch.randint(0, 3, (5,), device="cuda")) for _ in range(7)]

        def step(model, optimizer, x, y):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            return loss

        model, optimizer = make()
        eager = [step(model, optimizer, x, y).item() for x, y in batches]
        state = [t.clone() for t in (*model.parameters(), *model.buffers())]

        model, optimizer = make()
        warm = torch.cuda.Stream()
        warm.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(warm):
            found = [step(model, optimizer, x, y).item() for x, y in batches[:3]]
        torch.cuda.current_stream().wait_stream(warm)
        x, y = (t.clone() for t in batches[3])
        graph = torch.cuda.CUDAGraph()
        optimizer.zero_grad(set_to_none=True)
        with torch.cuda.graph(graph):
            loss = step(model, optimizer, x, y)
        for batch in batches[3:]:
            x.copy_(batch[0])
            y.copy_(batch[1])
            graph.replay()
            found.append(loss.item())
        self.assertEqual(found, eager)
        for a, b in zip((*model.parameters(), *model.buffers()), state):
            self.assertTrue(torch.equal(a, b))


if __name__ == "__main__":
    unittest.main()

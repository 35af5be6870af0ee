"""torch.distributed on two devices, a process each: collectives by NCCL and gloo, DistributedDataParallel with SyncBatchNorm, tensor
parallel layers, both kinds of fully sharded training, against the same on one CPU. Run with --devices 2."""
import copy
import os
import tempfile
import unittest

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

RANKS = 2


def collectives(rank, device):
    total = torch.full((5,), rank + 1.0, device=device)
    dist.all_reduce(total)
    assert total.tolist() == [3.0] * 5, total
    parts = [torch.empty(3, device=device) for _ in range(RANKS)]
    dist.all_gather(parts, torch.full((3,), float(rank), device=device))
    assert [part.tolist() for part in parts] == [[0.0] * 3, [1.0] * 3], parts
    given = torch.full((2,), float(rank), device=device)
    dist.broadcast(given, 1)
    assert given.tolist() == [1.0, 1.0], given
    if rank == 0:
        dist.send(torch.full((4,), 7.0, device=device), 1)
    else:
        received = torch.empty(4, device=device)
        dist.recv(received, 0)
        assert received.tolist() == [7.0] * 4, received


def scatters(rank, device):
    share = torch.empty(2, device=device)
    dist.reduce_scatter_tensor(share, torch.arange(4.0, device=device))
    assert share.tolist() == [4.0 * rank, 4.0 * rank + 2], share
    exchanged = torch.empty(2, device=device)
    dist.all_to_all_single(exchanged, torch.full((2,), float(rank), device=device))
    assert exchanged.tolist() == [0.0, 1.0], exchanged


def train(model, reference, inputs, labels, mine):
    """A few steps of `model` on the rows `mine` and of `reference` on all; their parameters stay together."""
    device = next(model.parameters()).device
    pairs = [(model, inputs[mine].to(device), labels[mine].to(device)), (reference, inputs, labels)]
    for module, x, y in pairs:
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(x), y).backward()
            optimizer.step()
    for ours, theirs in zip(model.parameters(), reference.parameters()):
        torch.testing.assert_close(ours.detach().cpu(), theirs.detach(), rtol=1e-4, atol=1e-5)


def data_parallel(rank, device):
    torch.manual_seed(0)
    reference = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.BatchNorm1d(20), nn.Linear(20, 3))
    inputs, labels = torch.randn(16, 10), torch.randint(0, 3, (16,))
    model = nn.SyncBatchNorm.convert_sync_batchnorm(copy.deepcopy(reference)).to(device)
    model = nn.parallel.DistributedDataParallel(model, device_ids=[device.index])
    train(model, reference, inputs, labels, slice(8 * rank, 8 * rank + 8))


def sharded(device):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8)).to(device)
    x = torch.randn(4, 8, device=device)
    expected = model(x)
    mesh = init_device_mesh("cuda", (RANKS,))
    plan = {"0": ColwiseParallel(), "2": RowwiseParallel()}
    for split in (lambda m: parallelize_module(m, mesh, plan), fully_shard, FullyShardedDataParallel):
        out = split(copy.deepcopy(model))(x)
        torch.testing.assert_close(out, expected)
        out.sum().backward()


def work(rank, backend, meeting_point):
    device = torch.device("cuda", rank)
    torch.cuda.set_device(device)
    dist.init_process_group(backend, init_method=f"file://{meeting_point}", rank=rank, world_size=RANKS)
    collectives(rank, device)
    data_parallel(rank, device)
    if backend == "nccl":  # gloo has neither
        scatters(rank, device)
        sharded(device)
    dist.destroy_process_group()


class Distributed(unittest.TestCase):
    def run_with(self, backend):
        with tempfile.TemporaryDirectory() as folder:
            torch.multiprocessing.spawn(work, (backend, os.path.join(folder, "meeting_point")), nprocs=RANKS)

    def test_nccl(self):
        self.run_with("nccl")

    def test_gloo(self):
        self.run_with("gloo")


if __name__ == "__main__":
    unittest.main()

"""What a delegated operator costs beside the CPU's: microseconds on 'cpu' and on 'cuda', best of many short runs.

    ppu run python bench/torch_overhead.py
"""
import time

import torch


def best(call, device, rounds=60, calls=200):
    for _ in range(min(20, calls)):
        call()
    shortest = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        if device == "cuda":
            torch.cuda.synchronize()
        shortest = min(shortest, (time.perf_counter() - start) / calls)
    return 1e6 * shortest


def cases(device):
    a, b = (torch.randn(16, device=device) for _ in range(2))
    m, n = torch.randn(8, 64, device=device), torch.randn(64, 64, device=device)
    many = [torch.randn(16, device=device) for _ in range(8)]
    big = torch.randn(512, 512, device=device)
    attend = torch.nn.functional.scaled_dot_product_attention
    q, k, v = (torch.randn(1, 8, 512, 64, device=device, requires_grad=True) for _ in range(3))
    with torch.enable_grad():
        attended = attend(q, k, v)
    gradient = torch.randn_like(attended)
    return {
        "add, 16 elements": (lambda: a + b, 200),
        "add_ a scalar": (lambda: a.add_(1.0), 200),
        "copy_": (lambda: a.copy_(b), 200),
        "mm 8x64x64": (lambda: m @ n, 200),
        "cat of 8": (lambda: torch.cat(many), 200),
        "randn 16": (lambda: torch.randn(16, device=device), 200),
        "mm 512x512x512": (lambda: big @ big, 5),
        "attention 8x512x64": (lambda: attend(q, k, v), 2),
        "its backward": (lambda: torch.autograd.grad(attended, (q, k, v), gradient, retain_graph=True), 1),
    }


def main():
    torch.set_num_threads(1)
    with torch.no_grad():
        host, device = cases("cpu"), cases("cuda")
        print(f"{'case':20} {'cpu us':>9} {'cuda us':>9} {'more':>9} {'ratio':>6}")
        for name, (call, calls) in host.items():
            # Alternately, so that a busy moment of the machine hits both.
            times = [min(pair) for pair in zip(*((best(call, "cpu", 20, calls), best(device[name][0], "cuda", 20, calls))
                                                 for _ in range(3)))]
            print(f"{name:20} {times[0]:9.2f} {times[1]:9.2f} {times[1] - times[0]:9.2f} {times[1] / times[0]:6.2f}")


if __name__ == "__main__":
    main()

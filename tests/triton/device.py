"""What Triton's tests stand on: our driver as Triton's, without PyTorch's CUDA half, and tensors in device memory.

Device memory is host memory here, at the same address, so a CPU tensor laid over it is what a kernel gets and what the
test then reads. Not a model for users: they have torch.cuda."""
import ctypes

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia import driver as nvidia

_cuda = ctypes.CDLL("libcuda.so.1")


def _check(result):
    if result:
        name = ctypes.c_char_p()
        _cuda.cuGetErrorName(result, ctypes.byref(name))
        raise RuntimeError(name.value.decode())


def sync():
    """Waits for all kernels; raises what went wrong in them."""
    _check(_cuda.cuCtxSynchronize())


class _Driver(nvidia.CudaDriver):
    """Triton's own CUDA driver, with the questions it would ask torch.cuda answered here."""

    def __init__(self):
        self.utils = nvidia.CudaUtils()
        self.launcher_cls = nvidia.CudaLauncher
        self.get_device_capability = lambda device=0: (8, 0)
        self.get_current_stream = lambda device=0: 0
        self.get_current_device = lambda: 0
        self.set_current_device = lambda device: None

    def get_current_target(self):
        return GPUTarget("cuda", 80, 32)

    def get_benchmarker(self):
        return lambda run, quantiles=None, **_: [_seconds(run)] * len(quantiles or [0.5])


def _seconds(run):
    import time
    run()
    sync()
    start = time.perf_counter()
    run()
    sync()
    return time.perf_counter() - start


def _start():
    _check(_cuda.cuInit(0))
    context = ctypes.c_void_p()
    _check(_cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0))
    _check(_cuda.cuCtxSetCurrent(context))
    triton.runtime.driver.set_active(_Driver())
    triton.set_allocator(lambda size, align, stream: zeros(size, dtype=torch.int8))


def to_device(tensor):
    """A copy of a CPU tensor in device memory (never freed: a test's process is short)."""
    tensor = tensor.contiguous()
    size = max(1, tensor.numel() * tensor.element_size())
    address = ctypes.c_void_p()
    _check(_cuda.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(size)))
    memory = (ctypes.c_char * size).from_address(address.value)
    flat = torch.frombuffer(memory, dtype=tensor.dtype, count=max(1, tensor.numel()))
    out = flat[: tensor.numel()].view(tensor.shape)
    out.copy_(tensor)
    return out


def zeros(*shape, dtype=torch.float32):
    return to_device(torch.zeros(*shape, dtype=dtype))


def randn(*shape, dtype=torch.float32):
    return to_device(torch.randn(*shape).to(dtype))


def randint(low, high, *shape, dtype=torch.int32):
    return to_device(torch.randint(low, high, shape, dtype=dtype))


_start()

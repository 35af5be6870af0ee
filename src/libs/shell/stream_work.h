// How a stand-in library gets its work into a stream, and what it may touch: device memory is host memory, so
// a call is checked at once and runs later as a host function of its stream. Over the driver's public
// functions.
#pragma once
#include <cuda.h>

#include <cstddef>
#include <functional>

namespace ppu::shell {

/// Makes sure that the calling thread has a current context: the primary one of device 0 where there is none,
/// as the libraries' Create functions document. The driver's error code if that can't be.
CUresult need_context();

/// Tells our driver that this library's work minds neither threads nor company: it runs on the thread that
/// waits for it, and that of several streams at once.
void declare_indifferent();

/// Runs `work` in the stream. In a captured stream it becomes a host node of the graph, which owns it.
CUresult enqueue(CUstream stream, std::function<void()> work);

/// True when all `bytes` from `at` on are memory that a device could reach; otherwise says so in the log of
/// `channel`. A wild pointer would end the process: the work runs on the CPU outside of a kernel.
bool reachable(const char* channel, const void* at, size_t bytes);

}  // namespace ppu::shell

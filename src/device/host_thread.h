// Where host functions of streams run. A program's run one after the other on a thread of their own. Work of
// our libraries, which are thin over the CPU's, may do better: on a thread that waits for it anyway, and in
// several streams at once.
#pragma once

namespace ppu::device {

/// Says that host functions at this address are work of a library that minds neither threads nor company.
void declare_library_work(void (*function)(void*));

/// Hands over a function; `stream` names the stream that it stands in.
void run_on_host_thread(void (*function)(void*), const void* stream, void (*run)(void*), void* argument);

/// For a thread that waits for `stream` and has nothing else to do: runs the library work that is up there,
/// if nobody has begun it. Saves two changes of threads, which is more than a short product of cuBLAS takes.
bool help_library_work(const void* stream);

}  // namespace ppu::device

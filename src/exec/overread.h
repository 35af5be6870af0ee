// Reads that a program may make though nothing of its own is there: who knows of such memory says so.
#pragma once
#include <cstdint>

namespace ppu::exec {

/// Asked in a signal handler about an access at `address` that faulted in a kernel; true: it may be tried
/// again.
using OverreadHook = bool (*)(uint64_t address, bool write);
void set_overread_hook(OverreadHook hook);

}  // namespace ppu::exec

// A green context: a primary context with a part of its device's multiprocessors (CUDA Driver API, "Green
// Contexts"). The part is a number: its streams share the host's workers with all others.
#pragma once
#include <atomic>
#include <cstdint>

#include "device/context.h"

namespace ppu::device {

/// Never deleted: streams may outlive it, and then say so.
struct GreenContext {
  GreenContext(Context& primary, const CUdevSmResource& sm) : primary(primary), sm(sm) {}
  Context& primary;
  const CUdevSmResource sm;
  const uint64_t id = next_id();
  std::atomic<bool> destroyed{false};

 private:
  static uint64_t next_id() {
    static std::atomic<uint64_t> next{1};
    return next.fetch_add(1);
  }
};

}  // namespace ppu::device

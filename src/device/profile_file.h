// The file that a process leaves under `ppu prof`: records as they are in memory, one after the other. It is
// written through a shared mapping, so that what was recorded survives any end of the process. Reader and
// writer come from one build; the version refuses others. Plain layout, no pointers.
#pragma once
#include <cstddef>
#include <cstdint>

#include "exec/counters.h"

namespace ppu::device::profile {

constexpr char kMagic[8] = {'p', 'p', 'u', 'p', 'r', 'o', 'f', '1'};
constexpr size_t kChunkBytes = size_t(1) << 20;  ///< records don't cross chunks; kEnd skips the rest of one

/// At the start of every record. Sizes are multiples of 8. Names are numbers given by kName records, which
/// come first.
struct Head {
  uint32_t kind;
  uint32_t bytes;  ///< of the record, this head included
};
enum Kind : uint32_t { kEnd, kProcess, kName, kCall, kKernel, kCounters, kCopy, kRange };

struct Process {
  Head head;
  char magic[8];
  uint32_t counter_bytes;  ///< sizeof(exec::Counters)
  uint32_t pid, parent;
  uint32_t devices;
  uint64_t start_ns;  ///< CLOCK_MONOTONIC, as all times here
  char chip[64];      ///< id of the chip whose clock chip times are
  char program[256];
};
struct Name {
  Head head;
  uint32_t number;
  uint32_t length;  ///< the text follows
};
struct Call {
  Head head;
  uint32_t name;
  uint32_t thread;
  uint64_t begin_ns, end_ns;
  int32_t result;
  uint32_t is_runtime;
};
/// A span of work on the device: when it really ran, and when the modelled chip would have run it.
struct Span {
  uint32_t device;
  uint32_t context;
  uint64_t stream;
  uint32_t thread;  ///< that submitted it
  uint32_t depth;   ///< kernels above it that launched it, each by the one before
  uint64_t submit_ns, begin_ns, end_ns;
  uint64_t chip_begin_ns, chip_end_ns;
};
struct Kernel {
  Head head;
  Span span;
  uint32_t name;
  uint32_t counters;  ///< number of a kCounters record
  uint32_t grid[3], block[3];
  uint32_t shared_bytes;
  uint32_t interpreted;
  uint64_t footprint_bytes;
};
struct CounterSet {
  Head head;
  uint32_t number;
  uint32_t unused;
  exec::Counters counters;
};
struct Copy {
  Head head;
  Span span;
  uint32_t kind;  ///< chip::CopyKind
  uint32_t unused;
  uint64_t bytes;
};
/// A range that the program marked itself (NVTX); begin == end: an instant.
struct Range {
  Head head;
  uint32_t name;
  uint32_t thread;
  uint64_t begin_ns, end_ns;
};

}  // namespace ppu::device::profile

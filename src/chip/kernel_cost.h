// What a chip would take for a kernel that the software device has counted, and for a copy: counters as
// operations of work.h, priced by predict.h, and beside them what a multiprocessor's own pipes take. Not
// here: counting (src/simt, src/ref), and models that were never run (src/workload).
#pragma once
#include <cstdint>

#include "chip/predict.h"
#include "exec/counters.h"

namespace ppu::chip {

/// One launch.
struct KernelRun {
  exec::Counters counters;
  uint64_t blocks = 1;
  uint32_t block_threads = 1;
  uint32_t shared_bytes = 0;     ///< of a block, static and dynamic
  uint64_t footprint_bytes = 0;  ///< of the allocations that its pointers lie in; 0: unknown. Repeated reads
                                 ///< of them are served by caches
};

/// What limits a kernel; the words are what reports print.
#define PPU_KERNEL_LIMITS(LIMIT)            \
  LIMIT(kLaunch, "launch")                  \
  LIMIT(kMemory, "device memory")           \
  LIMIT(kCache, "L1 and L2 sectors")        \
  LIMIT(kShared, "shared memory")           \
  LIMIT(kTensor, "tensor units")            \
  LIMIT(kFp32, "FP32 units")                \
  LIMIT(kFp64, "FP64 units")                \
  LIMIT(kHalf, "FP16 and BF16 units")       \
  LIMIT(kInteger, "integer units")          \
  LIMIT(kSpecial, "special-function units") \
  LIMIT(kIssue, "instruction issue")        \
  LIMIT(kAtomics, "atomics")
enum class Limit : uint8_t {
#define LIMIT(name, words) name,
  PPU_KERNEL_LIMITS(LIMIT)
#undef LIMIT
};
constexpr int kLimits = 0
#define LIMIT(name, words) +1
    PPU_KERNEL_LIMITS(LIMIT)
#undef LIMIT
    ;
const char* limit_words(Limit limit);

struct KernelCost {
  double seconds = 0;  ///< of the whole launch
  double by_limit[kLimits] =
      {};  ///< what each would take alone, in seconds; the longest and the launch make the time
  Limit limit = Limit::kLaunch;  ///< the longest
  double memory_bytes = 0;       ///< that reach device memory
  double flop = 0;               ///< floating-point operations, tensor ones included
};
KernelCost predict_kernel(const KernelRun& run, const Numbers& chip);

/// Warps that a multiprocessor holds at once over the most it can, from threads and shared memory: how many
/// registers a real compiler would give a thread is unknown.
double occupancy(const KernelRun& run, const Numbers& chip);
/// Blocks that a multiprocessor holds at once, from the same; at least 1.
double blocks_at_once(const KernelRun& run, const Numbers& chip);

/// Multiply-adds count two; special functions one.
double flop_of(const exec::Counters& c);
double tensor_flop_of(const exec::Counters& c);

enum class CopyKind : uint8_t { kHostToDevice, kDeviceToHost, kDeviceToDevice, kHostToHost, kFill };
const char* copy_words(CopyKind kind);
double copy_seconds(CopyKind kind, double bytes, const Numbers& chip);

}  // namespace ppu::chip

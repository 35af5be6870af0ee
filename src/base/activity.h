// What a profiling tool is told of the device's work while a program runs, and how it asks for that: the
// driver answers kInterfaceId (cuGetExportTable) with an Interface. libcupti makes CUPTI's records of it; who
// does a kernel's work by other means (the bridge to PyTorch) reports it as the driver does. `ppu prof`,
// which counts instructions, is another thing: device/profile.h.
#pragma once
#include <atomic>
#include <cstdint>

namespace ppu::activity {

constexpr unsigned char kInterfaceId[16] = {0x6f, 0x70, 0x65, 0x6e, 0x70, 0x70, 0x75, 0x2e,
                                            0x61, 0x63, 0x74, 0x69, 0x76, 0x69, 0x74, 0x79};

/// The tool's own numbers for what a thread is doing, one stack a kind (CUpti_ExternalCorrelationKind).
constexpr uint32_t kExternalKinds = 6;

/// The call that submitted some work.
struct Origin {
  uint64_t time = 0;
  uint32_t correlation = 0;  ///< this submission's number; 0: nobody listened
  uint32_t thread = 0;
  uint32_t external_kinds = 0;  ///< bit k: the thread has a number of kind k
  uint64_t external[kExternalKinds] = {};
};

enum class Kind : uint32_t { kKernel, kCopy, kFill };
/// CUpti_ActivityMemoryKind.
enum class Memory : uint8_t { kUnknown, kPageable, kPinned, kDevice };

/// Work that has ended. Times are the clock's of the tool.
struct Record {
  Kind kind = Kind::kKernel;
  Origin origin;
  uint64_t begin = 0, end = 0;
  uint32_t device = 0, context = 0, stream = 0;
  // Of a kernel:
  const char* name = nullptr;  ///< valid during the call
  uint32_t grid[3] = {}, block[3] = {};
  uint32_t registers = 0, static_shared_bytes = 0, dynamic_shared_bytes = 0;
  // Of a copy or fill:
  uint64_t bytes = 0;
  Memory from = Memory::kUnknown, to = Memory::kUnknown;
  uint32_t value = 0;
};

/// What an operator had to move and compute that ran by other means than a kernel of the device: what `ppu
/// prof` and the chip's clock price in its place. From shapes, not from counting.
struct OperatorRun {
  const char* name = nullptr;         ///< valid during the call
  uint64_t begin_ns = 0, end_ns = 0;  ///< CLOCK_MONOTONIC
  uint32_t device = 0;
  uint64_t stream = 0;
  Memory from = Memory::kUnknown, to = Memory::kUnknown;  ///< of a mere copy; unknown: a kernel's work
  uint64_t read_bytes = 0, written_bytes = 0;
  enum class Number : uint32_t { kF32, kF64, kF16, kBf16, kInteger } number = Number::kF32;
  uint64_t elements = 0;      ///< an operation each
  uint64_t product_flop = 0;  ///< of matrix products and convolutions
};

using Sink = void (*)(const Record&);
using Clock = uint64_t (*)();

/// A context has been made, or is about to be destroyed.
using ContextWatcher = void (*)(void* context, bool made);

struct Interface {
  uint32_t bytes;  ///< of this table: it grows at its end
  const std::atomic<bool>* on;
  /// From now on `sink` gets every record, from any thread, and `clock` (null: CLOCK_REALTIME in ns) times
  /// them; a null sink ends that.
  void (*listen)(Sink sink, Clock clock);
  void (*push)(uint32_t external_kind, uint64_t number);
  bool (*pop)(uint32_t external_kind, uint64_t* number);
  uint64_t (*now)();
  /// Of work that the calling thread submits.
  Origin (*origin)();
  void (*deliver)(const Record&);
  bool priced;  ///< OperatorRuns are wanted: set before the process starts
  void (*price)(const OperatorRun&);
  /// From now on `watcher` is told of contexts; null ends that.
  void (*watch_contexts)(ContextWatcher watcher);
};

}  // namespace ppu::activity

// CUPTI's activity records as tools read them (CUPTI documentation, "CUPTI Activity API"): the fields that
// have a meaning here under our names, the rest as gaps. Each version of CUPTI appends to these structures,
// so a record is written with room behind it, in zeros, for what newer tools look at.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ppu::cupti {

/// CUpti_ActivityKind.
enum ActivityKind : uint32_t {
  kMemcpy = 1,
  kMemset = 2,
  kKernel = 3,
  kConcurrentKernel = 10,
  kExternalCorrelation = 39,
};

/// CUpti_ActivityMemcpyKind.
enum CopyKind : uint8_t { kHostToDevice = 1, kDeviceToHost = 2, kDeviceToDevice = 8, kHostToHost = 9 };

/// CUpti_ActivityKernel10.
struct KernelRecord {
  uint32_t kind;
  uint16_t configuration;
  uint16_t registers;
  uint64_t partitioned_cache;
  uint64_t start, end, completed;
  uint32_t device, context, stream;
  uint32_t grid[3], block[3];
  uint32_t static_shared_bytes, dynamic_shared_bytes;
  uint32_t local_bytes_per_thread, local_bytes;
  uint32_t correlation;
  int64_t grid_id;
  const char* name;
  void* reserved;
  uint64_t queued, submitted;
  uint32_t launch_type;
  uint32_t shared_executed;
  char later[72];
};
static_assert(offsetof(KernelRecord, grid) == 52 && offsetof(KernelRecord, correlation) == 92 &&
              offsetof(KernelRecord, queued) == 120 && sizeof(KernelRecord) == 216);

/// CUpti_ActivityMemcpy6.
struct CopyRecord {
  uint32_t kind;
  uint8_t copy_kind, from, to, flags;
  uint64_t bytes;
  uint64_t start, end;
  uint32_t device, context, stream, correlation;
  char later[56];
};
static_assert(offsetof(CopyRecord, correlation) == 44);

/// CUpti_ActivityMemset4.
struct FillRecord {
  uint32_t kind;
  uint32_t value;
  uint64_t bytes;
  uint64_t start, end;
  uint32_t device, context, stream, correlation;
  uint16_t flags, memory;
  char later[44];
};
static_assert(offsetof(FillRecord, memory) == 50);

/// CUpti_ActivityExternalCorrelation.
struct CorrelationRecord {
  uint32_t kind;
  uint32_t external_kind;
  uint64_t external;
  uint32_t correlation;
  uint32_t reserved;
};

}  // namespace ppu::cupti

// The activity interface: kernels, copies, fills and the tool's own numbers for what submitted them, written
// into the tool's buffers when the work has ended. Records of API calls are not made: enabling them answers
// CUPTI_ERROR_NOT_SUPPORTED. A record lies behind a word that tells its size.
#include <cuda.h>

#include <cstring>
#include <mutex>
#include <set>
#include <string>

#include "base/activity.h"
#include "base/log.h"
#include "libs/cupti/driver.h"
#include "libs/cupti/records.h"
#include "libs/cupti/results.h"

namespace ppu::cupti {
namespace {

/// What the tool asked for and the buffer being filled; `mutex` guards all but `dropped`, which a tool may
/// ask for inside its own callbacks.
struct Collection {
  std::mutex mutex;
  uint64_t kinds = 0;  ///< bit k: ActivityKind k is wanted
  CUpti_BuffersCallbackRequestFunc request = nullptr;
  CUpti_BuffersCallbackCompleteFunc complete = nullptr;
  activity::Clock clock = nullptr;
  uint8_t* buffer = nullptr;
  size_t bytes = 0, used = 0;
  std::set<std::string> names;  ///< records point at them
  std::atomic<size_t> dropped{0};

  bool wants(ActivityKind kind) const { return kinds >> kind & 1; }
  void hand_over() {
    if (buffer) complete(nullptr, 0, buffer, bytes, used);
    buffer = nullptr;
    bytes = used = 0;
  }
  template <class Record>
  void add(const Record& record) {
    constexpr uint64_t kSize = sizeof(Record);
    static_assert(kSize % 8 == 0);
    if (buffer && used + sizeof kSize + kSize > bytes) hand_over();
    if (!buffer) {
      size_t most = 0;
      request(&buffer, &bytes, &most);
      used = 0;
    }
    if (!buffer || sizeof kSize + kSize > bytes) {
      ++dropped;
      return;
    }
    std::memcpy(buffer + used, &kSize, sizeof kSize);
    std::memcpy(buffer + used + sizeof kSize, &record, kSize);
    used += sizeof kSize + kSize;
  }
};

Collection& collection() {
  static auto* const only = new Collection;  // work may still end while the process does
  return *only;
}

/// Which number a kernel's records have: a tool enables one of the two.
ActivityKind kernel_kind(const Collection& c) {
  return c.wants(kConcurrentKernel) ? kConcurrentKernel : kKernel;
}

/// A record with what those of all work have.
template <class WorkRecord>
WorkRecord record_of(ActivityKind kind, const activity::Record& r) {
  WorkRecord record = {};
  record.kind = kind;
  record.start = r.begin;
  record.end = r.end;
  record.device = r.device;
  record.context = r.context;
  record.stream = r.stream;
  record.correlation = r.origin.correlation;
  return record;
}

void add_kernel(Collection& c, const activity::Record& r) {
  auto record = record_of<KernelRecord>(kernel_kind(c), r);
  record.registers = uint16_t(r.registers);
  record.completed = r.end;
  std::memcpy(record.grid, r.grid, sizeof record.grid);
  std::memcpy(record.block, r.block, sizeof record.block);
  record.static_shared_bytes = r.static_shared_bytes;
  record.dynamic_shared_bytes = r.dynamic_shared_bytes;
  record.shared_executed = r.static_shared_bytes + r.dynamic_shared_bytes;
  record.name = c.names.emplace(r.name ? r.name : "").first->c_str();
  c.add(record);
}

void add_copy(Collection& c, const activity::Record& r) {
  auto record = record_of<CopyRecord>(kMemcpy, r);
  const bool from_device = r.from == activity::Memory::kDevice, to_device = r.to == activity::Memory::kDevice;
  record.copy_kind = to_device ? (from_device ? kDeviceToDevice : kHostToDevice)
                               : (from_device ? kDeviceToHost : kHostToHost);
  record.from = uint8_t(r.from);
  record.to = uint8_t(r.to);
  record.bytes = r.bytes;
  c.add(record);
}

void add_fill(Collection& c, const activity::Record& r) {
  auto record = record_of<FillRecord>(kMemset, r);
  record.value = r.value;
  record.bytes = r.bytes;
  record.memory = uint16_t(r.to);
  c.add(record);
}

/// The driver tells of work that has ended.
void take(const activity::Record& r) {
  Collection& c = collection();
  const std::lock_guard lock(c.mutex);
  if (!c.request) return;
  // Before the record itself: tools read them in order.
  if (c.wants(kExternalCorrelation))
    for (uint32_t kind = 0; kind < activity::kExternalKinds; kind++)
      if (r.origin.external_kinds >> kind & 1)
        c.add(
            CorrelationRecord{kExternalCorrelation, kind, r.origin.external[kind], r.origin.correlation, 0});
  if (r.kind == activity::Kind::kKernel && c.wants(kernel_kind(c)))
    add_kernel(c, r);
  else if (r.kind == activity::Kind::kCopy && c.wants(kMemcpy))
    add_copy(c, r);
  else if (r.kind == activity::Kind::kFill && c.wants(kMemset))
    add_fill(c, r);
}

/// Listens while some kind of work is wanted.
void listen(const Collection& c) {
  const bool any = c.wants(kKernel) || c.wants(kConcurrentKernel) || c.wants(kMemcpy) || c.wants(kMemset);
  if (const activity::Interface* table = driver()) table->listen(any ? take : nullptr, c.clock);
}

CUptiResult not_recorded(const char* what) {
  log("cupti", LogLevel::kInfo, "%s: there are no such records", what);
  return CUPTI_ERROR_NOT_SUPPORTED;
}

}  // namespace

const activity::Interface* driver() {
  static const activity::Interface* const table = [] {
    CUuuid id;
    std::memcpy(id.bytes, activity::kInterfaceId, sizeof id.bytes);
    const void* found = nullptr;
    return ::cuGetExportTable(&found, &id) == CUDA_SUCCESS ? static_cast<const activity::Interface*>(found)
                                                           : nullptr;
  }();
  return table;
}

CUptiResult cuptiActivityRegisterCallbacks(CUpti_BuffersCallbackRequestFunc request,
                                           CUpti_BuffersCallbackCompleteFunc complete) {
  if (!request || !complete) return CUPTI_ERROR_INVALID_PARAMETER;
  Collection& c = collection();
  const std::lock_guard lock(c.mutex);
  c.request = request;
  c.complete = complete;
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityRegisterTimestampCallback(activity::Clock clock) {
  if (!clock) return CUPTI_ERROR_INVALID_PARAMETER;
  Collection& c = collection();
  const std::lock_guard lock(c.mutex);
  c.clock = clock;
  listen(c);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityEnable(uint32_t kind) {
  switch (kind) {
    case kMemcpy:
    case kMemset:
    case kKernel:
    case kConcurrentKernel:
    case kExternalCorrelation:
      break;
    default:
      return not_recorded(("cuptiActivityEnable of kind " + std::to_string(kind)).c_str());
  }
  Collection& c = collection();
  const std::lock_guard lock(c.mutex);
  c.kinds |= uint64_t(1) << kind;
  listen(c);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityDisable(uint32_t kind) {
  if (kind >= 64) return CUPTI_ERROR_INVALID_PARAMETER;
  Collection& c = collection();
  const std::lock_guard lock(c.mutex);
  c.kinds &= ~(uint64_t(1) << kind);
  listen(c);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityEnableRuntimeApi(uint32_t, uint8_t) {
  return not_recorded("cuptiActivityEnableRuntimeApi");
}
CUptiResult cuptiActivityEnableDriverApi(uint32_t, uint8_t) {
  return not_recorded("cuptiActivityEnableDriverApi");
}

CUptiResult cuptiActivityFlushAll(uint32_t) {
  Collection& c = collection();
  const std::lock_guard lock(c.mutex);
  if (!c.complete) return CUPTI_ERROR_INVALID_OPERATION;
  c.hand_over();
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityGetNextRecord(uint8_t* buffer, size_t valid_bytes, uint8_t** record) {
  if (!buffer || !record) return CUPTI_ERROR_INVALID_PARAMETER;
  uint64_t size = 0;
  size_t at = 0;
  if (*record) {
    std::memcpy(&size, *record - sizeof size, sizeof size);
    at = size_t(*record - buffer) + size;
  }
  if (at + sizeof size >= valid_bytes) {
    *record = nullptr;
    return CUPTI_ERROR_MAX_LIMIT_REACHED;
  }
  *record = buffer + at + sizeof size;
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityGetNumDroppedRecords(void*, uint32_t, size_t* dropped) {
  if (!dropped) return CUPTI_ERROR_INVALID_PARAMETER;
  *dropped = collection().dropped.exchange(0);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityPushExternalCorrelationId(uint32_t kind, uint64_t number) {
  if (kind == 0 || kind >= activity::kExternalKinds) return CUPTI_ERROR_INVALID_PARAMETER;
  if (!driver()) return CUPTI_ERROR_NOT_INITIALIZED;
  driver()->push(kind, number);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiActivityPopExternalCorrelationId(uint32_t kind, uint64_t* last) {
  if (kind == 0 || kind >= activity::kExternalKinds) return CUPTI_ERROR_INVALID_PARAMETER;
  if (!driver()) return CUPTI_ERROR_NOT_INITIALIZED;
  return driver()->pop(kind, last) ? CUPTI_SUCCESS : CUPTI_ERROR_QUEUE_EMPTY;
}

// Sizes of buffers on a device that has none: advice.
CUptiResult cuptiActivitySetAttribute(uint32_t, size_t* bytes, void* value) {
  return bytes && value ? CUPTI_SUCCESS : CUPTI_ERROR_INVALID_PARAMETER;
}

CUptiResult cuptiFinalize() {
  Collection& c = collection();
  const std::lock_guard lock(c.mutex);
  c.kinds = 0;
  listen(c);
  return CUPTI_SUCCESS;
}

}  // namespace ppu::cupti

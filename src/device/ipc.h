// Device memory and events shared between processes of one user (CUDA Driver API, cuIpc*). A handle names a
// memfd of the exporting process; the kernel's checks on /proc/PID/fd decide who may open it.
#pragma once
#include <atomic>
#include <cstdint>

#include "device/cuda_types.h"

namespace ppu::device {

class Context;

/// Turns an allocation into shared memory, in place, and describes it. Its work must have ended.
/// CUDA_ERROR_INVALID_VALUE, CUDA_ERROR_NOT_SUPPORTED for memory of pools and slabs.
CUresult export_memory(uint64_t address, CUipcMemHandle* handle);
/// Maps another process's memory. CUDA_ERROR_INVALID_CONTEXT in the exporting process itself;
/// CUDA_ERROR_MAP_FAILED when the memory or its process is gone.
CUresult import_memory(Context& context, const CUipcMemHandle& handle, uint64_t* address);
/// Undoes one import_memory. CUDA_ERROR_INVALID_VALUE if `address` isn't one.
CUresult close_memory(uint64_t address);

/// A descriptor that stands for a memory pool of a device, the caller's to close (-1: none), and what one
/// says: CUDA_ERROR_INVALID_VALUE when it isn't one.
int describe_pool(int device);
CUresult read_pool(int fd, int* device);

/// The state of an event that several processes see. Records are numbered; a record is complete when
/// `completed` has reached its number.
struct SharedEvent {
  std::atomic<uint64_t> recorded, completed;
  bool reached(uint64_t number) const { return completed.load(std::memory_order_acquire) >= number; }
  void complete(uint64_t number) {
    uint64_t now = completed.load();
    while (now < number && !completed.compare_exchange_weak(now, number)) {
    }
  }
};

/// A new shared event and its file; null when the host refuses.
SharedEvent* create_shared_event(int* fd);
void describe_shared_event(int fd, CUipcEventHandle* handle);
SharedEvent* open_shared_event(const CUipcEventHandle& handle, int* fd);

}  // namespace ppu::device

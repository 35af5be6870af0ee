// From CUDA's opaque handles to the objects of src/device, with the checks every body makes first.
#pragma once
#include <mutex>
#include <shared_mutex>
#include <span>
#include <unordered_set>

#include <algorithm>

#include "device/address_space.h"
#include "device/context.h"
#include "device/copy.h"
#include "device/memory_pool.h"
#include "device/module.h"
#include "driver/entry.h"

/// Leaves a body when `expression` isn't CUDA_SUCCESS.
#define PPU_TRY(expression)                      \
  do {                                           \
    const CUresult ppu_try = (expression);       \
    if (ppu_try != CUDA_SUCCESS) return ppu_try; \
  } while (0)

namespace ppu::driver {

/// Live handles of one kind: a stale or foreign one is answered with an error instead of a crash.
template <class T>
class HandleSet {
 public:
  void add(T* object) {
    std::unique_lock lock(mutex_);
    live_.insert(object);
  }
  /// False if it wasn't live: then nothing may be done with it.
  bool remove(T* object) {
    std::unique_lock lock(mutex_);
    return live_.erase(object) != 0;
  }
  bool has(T* object) const {
    std::shared_lock lock(mutex_);
    return live_.count(object) != 0;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_set<T*> live_;
};

/// The process's live objects of a kind. Never destroyed: calls may come during exit.
template <class T>
HandleSet<T>& live() {
  static auto* set = new HandleSet<T>;
  return *set;
}

inline device::Context* to_context(CUcontext c) {
  return reinterpret_cast<device::Context*>(c);
}
inline CUcontext to_handle(device::Context* c) {
  return reinterpret_cast<CUcontext>(c);
}
inline device::Stream* to_stream(CUstream s) {
  return reinterpret_cast<device::Stream*>(s);
}
inline CUstream to_handle(device::Stream* s) {
  return reinterpret_cast<CUstream>(s);
}
inline device::Event* to_event(CUevent e) {
  return reinterpret_cast<device::Event*>(e);
}
inline CUevent to_handle(device::Event* e) {
  return reinterpret_cast<CUevent>(e);
}
inline device::Module* to_module(CUmodule m) {
  return reinterpret_cast<device::Module*>(m);
}
inline CUmodule to_handle(device::Module* m) {
  return reinterpret_cast<CUmodule>(m);
}
inline device::Library* to_library(CUlibrary l) {
  return reinterpret_cast<device::Library*>(l);
}
inline CUlibrary to_handle(device::Library* l) {
  return reinterpret_cast<CUlibrary>(l);
}
inline device::Kernel* to_kernel(CUkernel k) {
  return reinterpret_cast<device::Kernel*>(k);
}
inline CUkernel to_handle(device::Kernel* k) {
  return reinterpret_cast<CUkernel>(k);
}
inline CUfunction to_handle(device::Function* f) {
  return reinterpret_cast<CUfunction>(static_cast<device::Launchable*>(f));
}
inline device::MemoryPool* to_pool(CUmemoryPool p) {
  return reinterpret_cast<device::MemoryPool*>(p);
}
inline CUmemoryPool to_handle(device::MemoryPool* p) {
  return reinterpret_cast<CUmemoryPool>(p);
}

/// The current context when it is usable.
inline CUresult current(device::Context** context) {
  CUresult result;
  *context = device::usable_context(&result);
  return result;
}

/// The stream a handle means: 0 is the legacy default stream, or the thread's own for the _ptsz/_ptds
/// variants. CUDA_ERROR_INVALID_HANDLE for destroyed ones; the context's error if it has one.
CUresult find_stream(CUstream handle, device::Stream** stream, bool per_thread = false);

/// CUDA_ERROR_INVALID_DEVICE when there is none; CUDA_ERROR_NOT_INITIALIZED before cuInit.
CUresult find_device(CUdevice ordinal, device::Device** device);

/// Events of all streams of a context (cuCtxRecordEvent), or of those of a green context.
CUresult record_everywhere(device::Context& context, const device::GreenContext* green, CUevent event);
CUresult wait_everywhere(device::Context& context, const device::GreenContext* green, CUevent event);

/// Memory operations (cuStreamBatchMemOp): what is wrong with them, and giving them to a stream.
CUresult check_memory_operations(std::span<const CUstreamBatchMemOpParams> operations);
CUresult submit_memory_operations(device::Stream& stream,
                                  std::span<const CUstreamBatchMemOpParams> operations);

/// Flags of a context, own or primary: known ones, and of those for waiting at most one (cuCtxCreate,
/// cuDevicePrimaryCtxSetFlags).
inline bool valid_context_flags(unsigned flags) {
  const unsigned waiting = flags & CU_CTX_SCHED_MASK;
  return !(flags & ~unsigned(CU_CTX_FLAGS_MASK)) && (waiting & (waiting - 1)) == 0;
}

/// What a copy node's parameters ask for.
CUresult copy_request_of(const CUDA_MEMCPY3D& params, device::CopyRequest* request);

/// The range of priorities (cuCtxGetStreamPriorityRange): the lower the number, the more urgent.
constexpr int kLeastPriority = 0, kGreatestPriority = -5;
inline int clamp_priority(int priority) {
  return std::clamp(priority, kGreatestPriority, kLeastPriority);
}

/// What a null stream stands for in a _ptsz or _ptds variant.
inline CUstream per_thread(CUstream stream) {
  return stream ? stream : CU_STREAM_PER_THREAD;
}

}  // namespace ppu::driver

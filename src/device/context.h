// A context: what a program's allocations, streams and modules belong to, and what carries its sticky error.
// Context objects are never deleted: threads may have them current when they are destroyed.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "device/device.h"
#include "device/operation.h"
#include "exec/device_heap.h"
#include "exec/device_printf.h"
#include "exec/kernel_job.h"

namespace ppu::device {

class Module;

class Context {
 public:
  Context(Device& device, unsigned flags);

  Device& device() const { return device_; }
  /// Unique in the process; changes when a primary context is reset.
  uint64_t id() const { return id_; }
  unsigned flags() const { return flags_; }
  void set_flags(unsigned flags) { flags_ = flags; }

  /// The error that made the context unusable (700, 716, 719...), CUDA_ERROR_CONTEXT_IS_DESTROYED, or
  /// success.
  CUresult error() const { return CUresult(error_.load(std::memory_order_acquire)); }
  /// The first error stays.
  void fail(CUresult error);

  Stream* legacy_stream() const { return legacy_; }
  /// The calling thread's default stream (CU_STREAM_PER_THREAD), made at its first use.
  Stream* per_thread_stream();
  /// Waits for all streams. The context's error.
  CUresult synchronize();
  /// Prints what kernels printed.
  void flush_printf() { printf_.flush(); }

  CUresult set_limit(CUlimit limit, size_t value);
  CUresult get_limit(CUlimit limit, size_t* value);
  exec::LaunchServices& services() { return services_; }
  exec::DeviceHeap& heap() const { return *heap_; }
  size_t stack_limit() const { return stack_limit_.load(std::memory_order_relaxed); }

  /// cuCtxEnablePeerAccess bookkeeping: CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, PEER_ACCESS_NOT_ENABLED.
  CUresult enable_peer(int device);
  CUresult disable_peer(int device);

  void add_module(Module* module);
  void remove_module(Module* module);

  /// Waits for its work, frees its memory, modules and streams; afterwards error() says destroyed.
  void destroy();
  /// Makes a destroyed primary context usable again.
  void revive(unsigned flags);

  unsigned attached = 1;  ///< cuCtxAttach count
  CUfunc_cache cache_config = CU_FUNC_CACHE_PREFER_NONE;

 private:
  friend class Stream;
  void start();
  Device& device_;
  uint64_t id_ = 0;
  unsigned flags_;
  std::atomic<int> error_{CUDA_SUCCESS};
  Stream* legacy_ = nullptr;
  std::vector<Stream*> streams_;  ///< open ones; under the order lock of operation.cpp
  std::mutex mutex_;
  std::unordered_set<Module*> modules_;
  std::unordered_set<int> peers_;
  exec::PrintfBuffer printf_;
  exec::DeviceHeap* heap_ = nullptr;
  exec::LaunchServices services_;
  std::atomic<size_t> stack_limit_{1024};
  size_t other_limits_[CU_LIMIT_MAX] = {};
};

/// The calling thread's current context, or null.
Context* current_context();
/// The current context if it is usable; else *result says why not (201, 709, or its sticky error).
Context* usable_context(CUresult* result);
void set_current_context(Context* context);
void push_context(Context* context);
/// CUDA_ERROR_INVALID_CONTEXT when the stack is empty.
CUresult pop_context(Context** context);

/// Retains and, at the first retain, creates the primary context.
CUresult retain_primary(Device& device, Context** context);
CUresult release_primary(Device& device);
CUresult reset_primary(Device& device);

/// What kernels have allocated on the heaps of contexts and not freed: addresses and bytes.
std::map<uint64_t, size_t> live_heap_blocks();

/// True if `context` is one this process created, destroyed or not.
bool is_context(const Context* context);

}  // namespace ppu::device

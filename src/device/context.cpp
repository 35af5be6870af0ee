#include "device/context.h"

#include <algorithm>

#include "base/thread_value.h"
#include "device/activity.h"
#include "device/address_space.h"
#include "device/module.h"
#include "device/registry.h"

namespace ppu::device {
namespace {

std::atomic<uint64_t> next_context_id{1};
std::mutex contexts_mutex;
std::unordered_set<const Context*>& contexts() {
  static auto* set = new std::unordered_set<const Context*>;
  return *set;
}

/// The thread's current contexts, innermost last.
std::vector<Context*>& context_stack() {
  struct Tag;
  return thread_value<std::vector<Context*>, Tag>();
}

/// Per-thread default streams of this thread, closed when it ends.
struct ThreadStreams {
  struct Entry {
    uint64_t context;
    Stream* stream;
  };
  std::vector<Entry> entries;
  ~ThreadStreams() {
    for (const Entry& e : entries) e.stream->close();
  }
};
ThreadStreams& thread_streams() {
  return thread_value<ThreadStreams>();
}

}  // namespace

Context::Context(Device& device, unsigned flags) : device_(device), flags_(flags) {
  start();
  std::lock_guard lock(contexts_mutex);
  contexts().insert(this);
}

void Context::start() {
  id_ = next_context_id.fetch_add(1);
  error_.store(CUDA_SUCCESS);
  if (legacy_)
    legacy_->renew();
  else
    legacy_ = new Stream(*this, 0, 0);
  heap_ = new exec::DeviceHeap([this](size_t bytes) -> uint64_t {
    uint64_t address = 0;
    AddressSpace::instance().allocate(MemoryKind::kDevice, device_.ordinal, id_, bytes, 0, &address);
    AddressSpace::instance().set_internal(address);
    return address;
  });
  services_.printf_buffer = &printf_;
  services_.heap = heap_;
  registry_open(device_.ordinal);
}

void Context::fail(CUresult error) {
  int expected = CUDA_SUCCESS;
  error_.compare_exchange_strong(expected, error);
}

Stream* Context::per_thread_stream() {
  for (const auto& e : thread_streams().entries)
    if (e.context == id_) return e.stream;
  auto* stream = new Stream(*this, 0, 0);
  thread_streams().entries.push_back({id_, stream});
  return stream;
}

CUresult Context::synchronize() {
  // Holding a reference to each stream: another thread may close one meanwhile.
  std::vector<Stream*> all;
  Stream::collect(*this, &all);
  for (Stream* s : all) {
    s->synchronize();
    s->release();
  }
  flush_printf();
  return error();
}

CUresult Context::set_limit(CUlimit limit, size_t value) {
  switch (limit) {
    case CU_LIMIT_STACK_SIZE:
      if (value > (size_t(512) << 10)) return CUDA_ERROR_INVALID_VALUE;
      stack_limit_ = value;
      return CUDA_SUCCESS;
    case CU_LIMIT_PRINTF_FIFO_SIZE:
      printf_.set_limit(std::max<size_t>(value, 1024));
      return CUDA_SUCCESS;
    case CU_LIMIT_MALLOC_HEAP_SIZE:
      return heap_->set_limit(value) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    case CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH:
    case CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT:
    case CU_LIMIT_MAX_L2_FETCH_GRANULARITY:
    case CU_LIMIT_PERSISTING_L2_CACHE_SIZE:
      other_limits_[limit] = value;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_UNSUPPORTED_LIMIT;
  }
}

CUresult Context::get_limit(CUlimit limit, size_t* value) {
  switch (limit) {
    case CU_LIMIT_STACK_SIZE:
      *value = stack_limit_;
      return CUDA_SUCCESS;
    case CU_LIMIT_PRINTF_FIFO_SIZE:
      *value = printf_.limit();
      return CUDA_SUCCESS;
    case CU_LIMIT_MALLOC_HEAP_SIZE:
      *value = heap_->limit();
      return CUDA_SUCCESS;
    case CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH:
      *value = other_limits_[limit] ? other_limits_[limit] : 2;
      return CUDA_SUCCESS;
    case CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT:
      *value = other_limits_[limit] ? other_limits_[limit] : 2048;
      return CUDA_SUCCESS;
    case CU_LIMIT_MAX_L2_FETCH_GRANULARITY:
      *value = other_limits_[limit] ? other_limits_[limit] : 64;
      return CUDA_SUCCESS;
    case CU_LIMIT_PERSISTING_L2_CACHE_SIZE:
      *value = other_limits_[limit];
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_UNSUPPORTED_LIMIT;
  }
}

CUresult Context::enable_peer(int device) {
  std::lock_guard lock(mutex_);
  return peers_.insert(device).second ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED;
}

CUresult Context::disable_peer(int device) {
  std::lock_guard lock(mutex_);
  return peers_.erase(device) ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_NOT_ENABLED;
}

void Context::add_module(Module* module) {
  std::lock_guard lock(mutex_);
  modules_.insert(module);
}

void Context::remove_module(Module* module) {
  std::lock_guard lock(mutex_);
  modules_.erase(module);
}

void Context::destroy() {
  tell_context(*this, false);
  synchronize();
  error_.store(CUDA_ERROR_CONTEXT_IS_DESTROYED);
  Stream::abandon(*this);
  std::unordered_set<Module*> modules;
  {
    std::lock_guard lock(mutex_);
    modules.swap(modules_);
  }
  for (Module* m : modules) Module::destroy(m);
  AddressSpace::instance().release_context(id_);
  delete heap_;
  heap_ = nullptr;
  services_.heap = nullptr;
}

void Context::revive(unsigned flags) {
  flags_ = flags;
  start();
}

Context* current_context() {
  return context_stack().empty() ? nullptr : context_stack().back();
}

Context* usable_context(CUresult* result) {
  *result = require_initialized();
  if (*result != CUDA_SUCCESS) return nullptr;
  Context* c = current_context();
  *result = c ? c->error() : CUDA_ERROR_INVALID_CONTEXT;
  return *result == CUDA_SUCCESS ? c : nullptr;
}

void set_current_context(Context* context) {
  if (!context_stack().empty()) context_stack().pop_back();
  if (context) context_stack().push_back(context);
}

void push_context(Context* context) {
  context_stack().push_back(context);
}

CUresult pop_context(Context** context) {
  if (context_stack().empty()) return CUDA_ERROR_INVALID_CONTEXT;
  if (context) *context = context_stack().back();
  context_stack().pop_back();
  return CUDA_SUCCESS;
}

CUresult retain_primary(Device& device, Context** context) {
  std::unique_lock lock(device.primary_mutex);
  const bool destroyed = device.primary && device.primary_references == 0 &&
                         device.primary->error() == CUDA_ERROR_CONTEXT_IS_DESTROYED;
  const bool made = !device.primary || destroyed;
  if (destroyed)
    device.primary->revive(device.primary_flags);
  else if (made)
    device.primary = new Context(device, device.primary_flags);
  device.primary_references++;
  *context = device.primary;
  lock.unlock();  // whoever is told may ask for contexts
  if (made) tell_context(**context, true);
  return CUDA_SUCCESS;
}

CUresult release_primary(Device& device) {
  std::lock_guard lock(device.primary_mutex);
  if (device.primary_references == 0) return CUDA_ERROR_INVALID_CONTEXT;
  if (--device.primary_references == 0) device.primary->destroy();
  return CUDA_SUCCESS;
}

CUresult reset_primary(Device& device) {
  std::lock_guard lock(device.primary_mutex);
  device.primary_flags = 0;
  if (!device.primary || device.primary->error() == CUDA_ERROR_CONTEXT_IS_DESTROYED) return CUDA_SUCCESS;
  device.primary->destroy();
  // Who still holds references (the runtime of other threads) finds a fresh context at its next use.
  if (device.primary_references != 0) {
    device.primary->revive(0);
    tell_context(*device.primary, true);
  }
  return CUDA_SUCCESS;
}

std::map<uint64_t, size_t> live_heap_blocks() {
  std::lock_guard lock(contexts_mutex);
  std::map<uint64_t, size_t> all;
  for (const Context* c : contexts())  // a destroyed one has no heap
    if (c->error() != CUDA_ERROR_CONTEXT_IS_DESTROYED) all.merge(c->heap().live());
  return all;
}

bool is_context(const Context* context) {
  std::lock_guard lock(contexts_mutex);
  return contexts().count(context) != 0;
}

}  // namespace ppu::device

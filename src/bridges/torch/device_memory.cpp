// The allocator behind the CPU kernels that work for the CUDA device.
#include "bridges/torch/device_memory.h"

#include <cstring>

#include "bridges/torch/capture.h"
#include "bridges/torch/counters.h"

namespace ppu::bridge {
namespace {

thread_local int scopes = 0;
thread_local int captured_scopes = 0;
c10::Allocator* host_allocator = nullptr;  // PyTorch's own, set once by install_allocator

void free_device_memory(void* address) {
  c10::cuda::CUDACachingAllocator::raw_delete(address);
}

/// For raw_deallocate, which has only an address to go by: oneDNN's scratch memory takes this way.
void free_either(void* address) {
  cudaPointerAttributes what{};
  if (cudaPointerGetAttributes(&what, address) == cudaSuccess && what.type == cudaMemoryTypeDevice)
    free_device_memory(address);
  else
    host_allocator->raw_deleter()(address);
}

class DeviceBackedAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (scopes == 0 || bytes == 0) return host_allocator->allocate(bytes);
    void* address = c10::cuda::CUDACachingAllocator::raw_alloc(bytes);
    if (captured_scopes > 0) save_for_capture(address, bytes);
    return {address, address, &free_device_memory, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free_either; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

DeviceBackedAllocator& instance() {
  static auto* const allocator = new DeviceBackedAllocator;  // storages name it until the process ends
  return *allocator;
}

}  // namespace

void install_allocator() {
  host_allocator = c10::GetAllocator(c10::kCPU);
  c10::SetAllocator(c10::kCPU, &instance(), /*priority=*/1);
}

DeviceBackedScope::DeviceBackedScope(bool captured) : captured_(captured) {
  ++scopes;
  captured_scopes += captured_;
}
DeviceBackedScope::~DeviceBackedScope() {
  --scopes;
  captured_scopes -= captured_;
}
bool DeviceBackedScope::active() {
  return scopes > 0;
}

c10::Allocator* device_backed_allocator() {
  return &instance();
}

c10::DataPtr take_memory(c10::StorageImpl& storage, c10::Device device) {
  const size_t bytes = storage.nbytes();
  const c10::DataPtr& held = storage.data_ptr();
  if (held.get_deleter() == &free_device_memory && held.get() == held.get_context()) {
    void* address = storage.mutable_data();
    c10::DataPtr owned = storage.set_data_ptr(c10::DataPtr(address, c10::Device(c10::kCPU)));
    owned.release_context();
    return {address, address, &free_device_memory, device};
  }
  if (bytes == 0) return {nullptr, device};
  count_copy(bytes);
  void* address = c10::cuda::CUDACachingAllocator::raw_alloc(bytes);
  std::memcpy(address, storage.data(), bytes);
  return {address, address, &free_device_memory, device};
}

}  // namespace ppu::bridge

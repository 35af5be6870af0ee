// Results of delegated operators live in device memory from the start: while a CPU kernel works for the CUDA
// device, what its thread allocates comes from PyTorch's CUDA caching allocator, so that a result is handed
// over and never copied.
#pragma once
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

/// Puts our allocator in front of PyTorch's CPU allocator. It passes everything on except inside a
/// DeviceBackedScope.
void install_allocator();

/// Makes `device` the current one for a call, if it isn't: memory and streams are those of the current
/// device.
class CurrentDevice {
 public:
  explicit CurrentDevice(c10::Device device) {
    if (c10::cuda::device_count() == 1) return;  // the usual case saves a call
    before_ = c10::cuda::current_device();
    if (before_ == device.index())
      before_ = -1;
    else
      c10::cuda::set_device(device.index());
  }
  ~CurrentDevice() {
    if (before_ >= 0) c10::cuda::set_device(before_);
  }
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;

 private:
  c10::DeviceIndex before_ = -1;
};

/// While one lives, this thread's CPU allocations are device memory of the current device. In a `captured`
/// call what that memory holds is kept: it may be an argument's that the program has let go, which a replay
/// still reads.
class DeviceBackedScope {
 public:
  explicit DeviceBackedScope(bool captured = false);
  ~DeviceBackedScope();
  DeviceBackedScope(const DeviceBackedScope&) = delete;
  DeviceBackedScope& operator=(const DeviceBackedScope&) = delete;
  /// True when this thread is inside one.
  static bool active();

 private:
  bool captured_;
};

/// The allocator that storages over a device tensor's bytes name, so that a kernel that resizes one gets
/// device memory.
c10::Allocator* device_backed_allocator();

/// The memory of a storage that a CPU kernel made, as memory of `device`. The storage keeps pointing there
/// without owning it. Copies (and counts that) only when the memory isn't ours.
c10::DataPtr take_memory(c10::StorageImpl& storage, c10::Device device);

}  // namespace ppu::bridge

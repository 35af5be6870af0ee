// The devices of this process: how many, which chip, their attributes, and the start and end of the driver.
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "chip/chip.h"
#include "device/cuda_types.h"

namespace ppu::device {

class Context;

/// What a program may use of the chip, by compute capability (CUDA C++ Programming Guide, "Technical
/// Specifications per Compute Capability").
struct Limits {
  int threads_per_block = 1024;
  int block_dim[3] = {1024, 1024, 64};
  uint32_t grid_dim[3] = {2147483647, 65535, 65535};
  int threads_per_sm = 2048;
  int blocks_per_sm = 32;
  int registers_per_sm = 65536;
  size_t shared_per_block = 48 << 10;
  size_t shared_per_block_optin = 163 << 10;
  size_t shared_per_sm = 164 << 10;
  size_t reserved_shared_per_block = 1 << 10;
  size_t constant_bytes = 64 << 10;
  size_t parameter_bytes = 4096;  ///< of a kernel; 32764 since CUDA 12.1 on 7.0 and later
};

struct Device {
  int ordinal = 0;
  const chip::Chip* chip = nullptr;
  Limits limits;
  size_t memory_bytes = 0;
  std::mutex primary_mutex;
  Context* primary = nullptr;
  unsigned primary_references = 0;
  unsigned primary_flags = 0;
};

/// Devices this process sees: PPU_DEVICES (1 by default, at most 16), cut by CUDA_VISIBLE_DEVICES.
int device_count();
/// Null when there is no such device.
Device* device_at(int ordinal);
size_t device_memory_bytes(int ordinal);

/// cuInit. CUDA_ERROR_NO_DEVICE when no device is visible.
CUresult initialize();
/// CUDA_SUCCESS once initialised; CUDA_ERROR_NOT_INITIALIZED before, and in the child of a fork after.
CUresult require_initialized();

/// CUDA_ERROR_INVALID_VALUE for attributes no version of CUDA documents.
CUresult device_attribute(const Device& device, CUdevice_attribute attribute, int* value);
CUuuid device_uuid(const Device& device);
/// "0000:01:00.0"
std::string pci_bus_id(const Device& device);
/// Ordinal of the device with this bus id, in any of the spellings CUDA accepts; -1 if none.
int find_by_pci_bus_id(const std::string& text);

}  // namespace ppu::device

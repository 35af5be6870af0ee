// Virtual memory management: physical memory, address ranges, mappings, access, sharing by descriptor.
#include "device/virtual_memory.h"

#include <map>

#include "driver/handles.h"

namespace ppu::driver {

using device::kVirtualGranularity;
using device::PhysicalMemory;

namespace {

/// Live handles and how often each must still be released: cuMemRetainAllocationHandle gives one out again.
struct Handles {
  std::mutex mutex;
  std::map<PhysicalMemory*, unsigned> counts;
};
Handles& handles() {
  static auto* h = new Handles;
  return *h;
}

PhysicalMemory* to_memory(CUmemGenericAllocationHandle handle) {
  return reinterpret_cast<PhysicalMemory*>(handle);
}

/// Takes over the caller's reference.
CUmemGenericAllocationHandle give_out(PhysicalMemory* memory) {
  const std::lock_guard lock(handles().mutex);
  handles().counts[memory]++;
  return reinterpret_cast<CUmemGenericAllocationHandle>(memory);
}

/// The memory of a live handle, with a reference; CUDA_ERROR_INVALID_VALUE.
CUresult find_memory(CUmemGenericAllocationHandle handle, PhysicalMemory** memory) {
  PPU_TRY(device::require_initialized());
  const std::lock_guard lock(handles().mutex);
  const auto it = handles().counts.find(to_memory(handle));
  if (it == handles().counts.end()) return CUDA_ERROR_INVALID_VALUE;
  *memory = it->first;
  (*memory)->add_ref();
  return CUDA_SUCCESS;
}

CUresult check_properties(const CUmemAllocationProp* p) {
  PPU_TRY(device::require_initialized());
  if (!p || p->type != CU_MEM_ALLOCATION_TYPE_PINNED) return CUDA_ERROR_INVALID_VALUE;
  if (p->location.type != CU_MEM_LOCATION_TYPE_DEVICE)
    return not_implemented("physical memory of the host (CUmemAllocationProp::location)");
  device::Device* d;
  PPU_TRY(find_device(p->location.id, &d));
  if (p->requestedHandleTypes & ~unsigned(CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR))
    return CUDA_ERROR_NOT_SUPPORTED;
  // Compression is advice: the flag comes back as "none" from cuMemGetAllocationPropertiesFromHandle.
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuMemGetAllocationGranularity(size_t* bytes, const CUmemAllocationProp* properties,
                                       CUmemAllocationGranularity_flags option) {
  if (!bytes) return CUDA_ERROR_INVALID_VALUE;
  if (option != CU_MEM_ALLOC_GRANULARITY_MINIMUM && option != CU_MEM_ALLOC_GRANULARITY_RECOMMENDED)
    return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(check_properties(properties));
  *bytes = kVirtualGranularity;
  return CUDA_SUCCESS;
}

CUresult cuMemCreate(CUmemGenericAllocationHandle* handle, size_t bytes,
                     const CUmemAllocationProp* properties, unsigned long long flags) {
  if (!handle || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(check_properties(properties));
  if (bytes == 0 || bytes % kVirtualGranularity) return CUDA_ERROR_INVALID_VALUE;
  CUmemAllocationProp kept = *properties;
  kept.allocFlags.compressionType = CU_MEM_ALLOCATION_COMP_NONE;
  PhysicalMemory* memory;
  PPU_TRY(PhysicalMemory::create(kept, bytes, &memory));
  *handle = give_out(memory);
  return CUDA_SUCCESS;
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
  PPU_TRY(device::require_initialized());
  {
    const std::lock_guard lock(handles().mutex);
    const auto it = handles().counts.find(to_memory(handle));
    if (it == handles().counts.end()) return CUDA_ERROR_INVALID_VALUE;
    if (--it->second == 0) handles().counts.erase(it);
  }
  to_memory(handle)->release();  // mappings keep it alive
  return CUDA_SUCCESS;
}

CUresult cuMemRetainAllocationHandle(CUmemGenericAllocationHandle* handle, void* address) {
  PPU_TRY(device::require_initialized());
  if (!handle) return CUDA_ERROR_INVALID_VALUE;
  PhysicalMemory* memory = device::memory_at(reinterpret_cast<uint64_t>(address));
  if (!memory) return CUDA_ERROR_INVALID_VALUE;
  *handle = give_out(memory);
  return CUDA_SUCCESS;
}

CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp* properties,
                                                CUmemGenericAllocationHandle handle) {
  if (!properties) return CUDA_ERROR_INVALID_VALUE;
  PhysicalMemory* memory;
  PPU_TRY(find_memory(handle, &memory));
  *properties = memory->properties();
  memory->release();
  return CUDA_SUCCESS;
}

// `wanted` is a wish that needn't be met.
CUresult cuMemAddressReserve(CUdeviceptr* address, size_t bytes, size_t alignment, CUdeviceptr wanted,
                             unsigned long long flags) {
  PPU_TRY(device::require_initialized());
  if (!address || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  uint64_t a = 0;
  PPU_TRY(device::reserve_addresses(bytes, alignment, &a));
  *address = a;
  return CUDA_SUCCESS;
}

CUresult cuMemAddressFree(CUdeviceptr address, size_t bytes) {
  PPU_TRY(device::require_initialized());
  return device::free_addresses(address, bytes);
}

CUresult cuMemMap(CUdeviceptr address, size_t bytes, size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long flags) {
  if (offset != 0 || flags != 0) return CUDA_ERROR_INVALID_VALUE;  // as the manual has it: both must be zero
  PhysicalMemory* memory;
  PPU_TRY(find_memory(handle, &memory));
  const CUresult result = device::map_memory(address, bytes, *memory);
  memory->release();
  return result;
}

CUresult cuMemUnmap(CUdeviceptr address, size_t bytes) {
  PPU_TRY(device::require_initialized());
  return device::unmap_memory(address, bytes);
}

CUresult cuMemSetAccess(CUdeviceptr address, size_t bytes, const CUmemAccessDesc* access, size_t count) {
  PPU_TRY(device::require_initialized());
  if (!access || count == 0) return CUDA_ERROR_INVALID_VALUE;
  return device::set_access(address, bytes, {access, count});
}

CUresult cuMemGetAccess(unsigned long long* access, const CUmemLocation* location, CUdeviceptr address) {
  PPU_TRY(device::require_initialized());
  if (!access || !location || location->type != CU_MEM_LOCATION_TYPE_DEVICE) return CUDA_ERROR_INVALID_VALUE;
  device::Device* d;
  PPU_TRY(find_device(location->id, &d));
  CUmemAccess_flags flags;
  PPU_TRY(device::get_access(address, location->id, &flags));
  *access = flags;
  return CUDA_SUCCESS;
}

CUresult cuMemExportToShareableHandle(void* shareable, CUmemGenericAllocationHandle handle,
                                      CUmemAllocationHandleType kind, unsigned long long flags) {
  if (!shareable || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  PhysicalMemory* memory;
  PPU_TRY(find_memory(handle, &memory));
  CUresult result = CUDA_SUCCESS;
  if (kind != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)
    result = CUDA_ERROR_NOT_SUPPORTED;
  else if (!(memory->properties().requestedHandleTypes & kind))
    result = CUDA_ERROR_INVALID_VALUE;
  else if (const int fd = memory->share(); fd >= 0)
    *static_cast<int*>(shareable) = fd;
  else
    result = CUDA_ERROR_OPERATING_SYSTEM;
  memory->release();
  return result;
}

// The descriptor itself is what `os_handle` holds, as a number.
CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle* handle, void* os_handle,
                                        CUmemAllocationHandleType kind) {
  device::Context* c;
  PPU_TRY(current(&c));
  if (!handle) return CUDA_ERROR_INVALID_VALUE;
  if (kind != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return CUDA_ERROR_NOT_SUPPORTED;
  PhysicalMemory* memory;
  PPU_TRY(PhysicalMemory::import(int(reinterpret_cast<intptr_t>(os_handle)), c->device().ordinal, &memory));
  *handle = give_out(memory);
  return CUDA_SUCCESS;
}

// The device has no DMA-BUF (CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED): nothing but it could read such a handle.
CUresult cuMemGetHandleForAddressRange(void* handle, CUdeviceptr address, size_t bytes,
                                       CUmemRangeHandleType kind, unsigned long long flags) {
  device::Context* c;
  PPU_TRY(current(&c));
  constexpr size_t kPage = 4096;
  if (!handle || !address || !bytes || address % kPage || bytes % kPage || flags > 1 ||
      kind != CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD)
    return CUDA_ERROR_INVALID_VALUE;
  const auto a = device::AddressSpace::instance().find(address);
  return a && a->contains(address, bytes) ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace ppu::driver

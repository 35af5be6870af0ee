// Stream-ordered allocation and its pools.
#include <cstring>

#include "device/capture.h"
#include "device/ipc.h"
#include "driver/handles.h"

namespace ppu::driver {

using device::MemoryPool;

namespace {

CUresult find_pool(CUmemoryPool handle, MemoryPool** pool) {
  PPU_TRY(device::require_initialized());
  *pool = to_pool(handle);
  if (!*pool) return CUDA_ERROR_INVALID_VALUE;
  for (int d = 0; d < device::device_count(); d++)
    if (*pool == device::default_pool(d)) return CUDA_SUCCESS;
  return live<MemoryPool>().has(*pool) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/// In a capturing stream: the graph owns the memory from now on, and its address is fixed.
CUresult allocate_in_graph(device::Stream& s, size_t bytes, CUdeviceptr* address) {
  uint64_t a = 0;
  std::shared_ptr<void> owner;
  const int ordinal = s.context().device().ordinal;
  PPU_TRY(device::allocate_for_graph(s.context(), ordinal, bytes, &a, &owner));
  auto work = std::make_unique<device::EmptyWork>(CU_GRAPH_NODE_TYPE_MEM_ALLOC);
  work->address = a;
  work->alloc_params.poolProps.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  work->alloc_params.poolProps.location = {CU_MEM_LOCATION_TYPE_DEVICE, ordinal};
  work->alloc_params.bytesize = bytes;
  PPU_TRY(device::capture_work(s, std::move(work)));
  device::capture_info(s).graph->own_memory(std::move(owner));
  *address = a;
  return CUDA_SUCCESS;
}

CUresult allocate(CUdeviceptr* address, size_t bytes, MemoryPool* pool, CUstream handle) {
  device::Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!address) return CUDA_ERROR_INVALID_VALUE;
  if (device::is_capturing(*s)) return allocate_in_graph(*s, bytes, address);
  if (!pool) pool = device::current_pool(s->context().device().ordinal);
  uint64_t a = 0;
  PPU_TRY(pool->allocate(bytes, *s, &a));
  *address = a;
  return CUDA_SUCCESS;
}

CUresult free_in(CUdeviceptr address, CUstream handle) {
  device::Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!address) return CUDA_SUCCESS;
  const auto a = device::AddressSpace::instance().find(address);
  if (!a || a->address != address) return CUDA_ERROR_INVALID_VALUE;
  if (device::is_capturing(*s)) {
    auto work = std::make_unique<device::EmptyWork>(CU_GRAPH_NODE_TYPE_MEM_FREE);
    work->address = address;
    return device::capture_work(*s, std::move(work));
  }
  if (a->pool) return static_cast<MemoryPool*>(a->pool)->free(address, *s);
  if (a->of_graph) return CUDA_SUCCESS;  // it stays for the graph's next launch
  // cuMemAlloc'ed memory may be freed here too: after the stream's work.
  PPU_TRY(s->synchronize());
  return device::AddressSpace::instance().release(address, false);
}

}  // namespace

CUresult cuMemAllocAsync(CUdeviceptr* address, size_t bytes, CUstream s) {
  return allocate(address, bytes, nullptr, s);
}
CUresult cuMemAllocAsync_ptsz(CUdeviceptr* address, size_t bytes, CUstream s) {
  return allocate(address, bytes, nullptr, per_thread(s));
}
CUresult cuMemFreeAsync(CUdeviceptr address, CUstream s) {
  return free_in(address, s);
}
CUresult cuMemFreeAsync_ptsz(CUdeviceptr address, CUstream s) {
  return free_in(address, per_thread(s));
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr* address, size_t bytes, CUmemoryPool handle, CUstream s) {
  MemoryPool* p;
  PPU_TRY(find_pool(handle, &p));
  return allocate(address, bytes, p, s);
}
CUresult cuMemAllocFromPoolAsync_ptsz(CUdeviceptr* address, size_t bytes, CUmemoryPool handle, CUstream s) {
  MemoryPool* p;
  PPU_TRY(find_pool(handle, &p));
  return allocate(address, bytes, p, per_thread(s));
}

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool, CUdevice ordinal) {
  device::Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!pool) return CUDA_ERROR_INVALID_VALUE;
  *pool = to_handle(device::default_pool(ordinal));
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetMemPool(CUmemoryPool* pool, CUdevice ordinal) {
  device::Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!pool) return CUDA_ERROR_INVALID_VALUE;
  *pool = to_handle(device::current_pool(ordinal));
  return CUDA_SUCCESS;
}

CUresult cuDeviceSetMemPool(CUdevice ordinal, CUmemoryPool handle) {
  device::Device* d;
  MemoryPool* p;
  PPU_TRY(find_device(ordinal, &d));
  PPU_TRY(find_pool(handle, &p));
  if (p->device() != ordinal) return CUDA_ERROR_INVALID_DEVICE;
  if (p->sharing() == MemoryPool::Sharing::kImported) return CUDA_ERROR_INVALID_VALUE;
  device::set_current_pool(ordinal, p);
  return CUDA_SUCCESS;
}

CUresult cuMemPoolCreate(CUmemoryPool* pool, const CUmemPoolProps* properties) {
  PPU_TRY(device::require_initialized());
  if (!pool || !properties) return CUDA_ERROR_INVALID_VALUE;
  if (properties->location.type != CU_MEM_LOCATION_TYPE_DEVICE ||
      properties->allocType != CU_MEM_ALLOCATION_TYPE_PINNED)
    return CUDA_ERROR_INVALID_VALUE;
  if (properties->handleTypes & ~unsigned(CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR))
    return CUDA_ERROR_NOT_SUPPORTED;
  device::Device* d;
  PPU_TRY(find_device(properties->location.id, &d));
  auto* p = new MemoryPool(
      d->ordinal, 0,
      properties->handleTypes ? MemoryPool::Sharing::kExportable : MemoryPool::Sharing::kPrivate,
      properties->maxSize);
  live<MemoryPool>().add(p);
  *pool = to_handle(p);
  return CUDA_SUCCESS;
}

CUresult cuMemPoolDestroy(CUmemoryPool handle) {
  PPU_TRY(device::require_initialized());
  MemoryPool* p = to_pool(handle);
  if (!p || !live<MemoryPool>().remove(p)) return CUDA_ERROR_INVALID_VALUE;
  if (device::current_pool(p->device()) == p) device::set_current_pool(p->device(), nullptr);
  p->release();
  return CUDA_SUCCESS;
}

CUresult cuMemPoolTrimTo(CUmemoryPool handle, size_t keep_bytes) {
  MemoryPool* p;
  PPU_TRY(find_pool(handle, &p));
  p->trim(keep_bytes);
  return CUDA_SUCCESS;
}

CUresult cuMemPoolSetAttribute(CUmemoryPool handle, CUmemPool_attribute attribute, void* value) {
  MemoryPool* p;
  PPU_TRY(find_pool(handle, &p));
  return value ? p->set_attribute(attribute, value) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemPoolGetAttribute(CUmemoryPool handle, CUmemPool_attribute attribute, void* value) {
  MemoryPool* p;
  PPU_TRY(find_pool(handle, &p));
  return value ? p->get_attribute(attribute, value) : CUDA_ERROR_INVALID_VALUE;
}

namespace {

CUresult check_place(const CUmemLocation& location) {
  return location.type == CU_MEM_LOCATION_TYPE_DEVICE && device::device_at(location.id)
             ? CUDA_SUCCESS
             : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

// One address space: every device can reach every pool, whatever it was told. What was told comes back.
CUresult cuMemPoolSetAccess(CUmemoryPool handle, const CUmemAccessDesc* access, size_t count) {
  MemoryPool* p;
  PPU_TRY(find_pool(handle, &p));
  if (!access && count) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; i++) {
    PPU_TRY(check_place(access[i].location));
    const unsigned flags = access[i].flags;
    const bool known = flags == CU_MEM_ACCESS_FLAGS_PROT_NONE || flags == CU_MEM_ACCESS_FLAGS_PROT_READ ||
                       flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    // The device that has the memory can't be kept out.
    if (!known || (access[i].location.id == p->device() && flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE))
      return CUDA_ERROR_INVALID_VALUE;
  }
  for (size_t i = 0; i < count; i++) p->set_access(access[i].location.id, access[i].flags);
  return CUDA_SUCCESS;
}

CUresult cuMemPoolGetAccess(CUmemAccess_flags* access, CUmemoryPool handle, CUmemLocation* location) {
  MemoryPool* p;
  PPU_TRY(find_pool(handle, &p));
  if (!access || !location) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(check_place(*location));
  *access = p->access(location->id);
  return CUDA_SUCCESS;
}

// A pool's descriptor says only that there is one, and on which device; its memory travels pointer by
// pointer.
CUresult cuMemPoolExportToShareableHandle(void* shareable, CUmemoryPool handle,
                                          CUmemAllocationHandleType kind, unsigned long long flags) {
  MemoryPool* p;
  PPU_TRY(find_pool(handle, &p));
  if (!shareable || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  if (kind != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return CUDA_ERROR_NOT_SUPPORTED;
  if (p->sharing() != MemoryPool::Sharing::kExportable) return CUDA_ERROR_INVALID_VALUE;
  const int fd = device::describe_pool(p->device());
  if (fd < 0) return CUDA_ERROR_OPERATING_SYSTEM;
  *static_cast<int*>(shareable) = fd;
  return CUDA_SUCCESS;
}

CUresult cuMemPoolImportFromShareableHandle(CUmemoryPool* pool, void* shareable,
                                            CUmemAllocationHandleType kind, unsigned long long flags) {
  PPU_TRY(device::require_initialized());
  if (!pool || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  if (kind != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return CUDA_ERROR_NOT_SUPPORTED;
  int ordinal = 0;
  PPU_TRY(device::read_pool(int(reinterpret_cast<intptr_t>(shareable)), &ordinal));
  auto* p = new MemoryPool(ordinal, 0, MemoryPool::Sharing::kImported);
  live<MemoryPool>().add(p);
  *pool = to_handle(p);
  return CUDA_SUCCESS;
}

CUresult cuMemPoolExportPointer(CUmemPoolPtrExportData* data, CUdeviceptr address) {
  PPU_TRY(device::require_initialized());
  const auto a = device::AddressSpace::instance().find(address);
  if (!data || !a || !a->pool) return CUDA_ERROR_INVALID_VALUE;
  if (static_cast<MemoryPool*>(a->pool)->sharing() != MemoryPool::Sharing::kExportable)
    return CUDA_ERROR_INVALID_VALUE;
  CUipcMemHandle handle;
  static_assert(sizeof handle == sizeof *data);
  PPU_TRY(device::export_memory(a->address, &handle));
  std::memcpy(data, &handle, sizeof handle);
  return CUDA_SUCCESS;
}

CUresult cuMemPoolImportPointer(CUdeviceptr* address, CUmemoryPool pool, CUmemPoolPtrExportData* data) {
  MemoryPool* p;
  device::Context* c;
  PPU_TRY(current(&c));
  PPU_TRY(find_pool(pool, &p));
  if (!address || !data || p->sharing() != MemoryPool::Sharing::kImported) return CUDA_ERROR_INVALID_VALUE;
  CUipcMemHandle handle;
  std::memcpy(&handle, data, sizeof handle);
  uint64_t a = 0;
  PPU_TRY(device::import_memory(*c, handle, &a));
  p->adopt(a, device::AddressSpace::instance().find(a)->bytes);
  *address = a;
  return CUDA_SUCCESS;
}

namespace {

CUresult device_of(const CUmemLocation* location, CUmemAllocationType kind, CUdevice* ordinal) {
  if (!location) return CUDA_ERROR_INVALID_VALUE;
  if (location->type != CU_MEM_LOCATION_TYPE_DEVICE || kind != CU_MEM_ALLOCATION_TYPE_PINNED)
    return CUDA_ERROR_NOT_SUPPORTED;
  *ordinal = location->id;
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuMemGetDefaultMemPool(CUmemoryPool* pool, CUmemLocation* location, CUmemAllocationType kind) {
  CUdevice d;
  PPU_TRY(device_of(location, kind, &d));
  return ppu::driver::cuDeviceGetDefaultMemPool(pool, d);
}
CUresult cuMemGetMemPool(CUmemoryPool* pool, CUmemLocation* location, CUmemAllocationType kind) {
  CUdevice d;
  PPU_TRY(device_of(location, kind, &d));
  return ppu::driver::cuDeviceGetMemPool(pool, d);
}
CUresult cuMemSetMemPool(CUmemLocation* location, CUmemAllocationType kind, CUmemoryPool pool) {
  CUdevice d;
  PPU_TRY(device_of(location, kind, &d));
  return ppu::driver::cuDeviceSetMemPool(d, pool);
}

}  // namespace ppu::driver

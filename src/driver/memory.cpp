// Allocation of every kind, registration of host memory, and what a pointer is.
#include <cstring>

#include "device/managed_advice.h"
#include "device/virtual_memory.h"
#include "driver/handles.h"

namespace ppu::driver {

using device::AddressSpace;
using device::Allocation;
using device::Context;
using device::MemoryKind;

namespace {

CUresult allocate(MemoryKind kind, size_t bytes, unsigned flags, uint64_t* address) {
  Context* c;
  PPU_TRY(current(&c));
  if (bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  return AddressSpace::instance().allocate(kind, c->device().ordinal, c->id(), bytes, flags, address);
}

unsigned memory_type(const Allocation& a) {
  return a.kind == MemoryKind::kHost || a.kind == MemoryKind::kRegistered ? CU_MEMORYTYPE_HOST
                                                                          : CU_MEMORYTYPE_DEVICE;
}

CUcontext context_of(const Allocation& a) {
  if (a.physical) return nullptr;  // mapped memory belongs to no context
  // The context by its id: the current one in nearly all programs.
  Context* c = device::current_context();
  if (c && c->id() == a.context) return to_handle(c);
  device::Device* d = device::device_at(a.device);
  return d ? to_handle(d->primary) : nullptr;
}

template <class T>
CUresult put(void* to, T value) {
  std::memcpy(to, &value, sizeof value);
  return CUDA_SUCCESS;
}

/// One pointer attribute. `a` is null for addresses CUDA doesn't know.
CUresult pointer_attribute(void* to, CUpointer_attribute attribute, CUdeviceptr address,
                           const Allocation* a) {
  if (!a) return CUDA_ERROR_INVALID_VALUE;
  const bool host_side = a->kind != MemoryKind::kDevice;
  switch (attribute) {
    case CU_POINTER_ATTRIBUTE_CONTEXT:
      return put(to, context_of(*a));
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
      return put(to, memory_type(*a));
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
      return put(to, address);
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
      if (!host_side) return CUDA_ERROR_INVALID_VALUE;
      return put(to, address);
    case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
      return put(to, int(a->sync_memops));
    case CU_POINTER_ATTRIBUTE_BUFFER_ID:
      return put(to, static_cast<unsigned long long>(a->id));
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
      return put(to, int(a->kind == MemoryKind::kManaged));
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
      return put(to, a->device);
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
      return put(to, int(a->kind == MemoryKind::kDevice && !a->slab && !a->pool && !a->physical));
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
      return put(to, CUdeviceptr(a->address));
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
      return put(to, a->bytes);
    case CU_POINTER_ATTRIBUTE_MAPPED:
      return put(to, int(1));
    case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
      return put(to, a->physical ? static_cast<unsigned long long>(
                                       static_cast<const device::PhysicalMemory*>(a->physical)
                                           ->properties()
                                           .requestedHandleTypes)
                                 : 0ull);
    case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
    case CU_POINTER_ATTRIBUTE_IS_HW_DECOMPRESS_CAPABLE:
      return put(to, int(0));
    case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS: {
      CUmemAccess_flags flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
      const Context* c = device::current_context();
      if (a->physical && c) device::get_access(address, c->device().ordinal, &flags);
      return put(to, int(flags));
    }
    case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
      return put(to, to_handle(static_cast<device::MemoryPool*>(a->pool)));
    default:
      return CUDA_ERROR_NOT_SUPPORTED;
  }
}

bool in_host_kind(const Allocation& a) {
  return a.kind == MemoryKind::kHost || a.kind == MemoryKind::kRegistered;
}

CUresult managed_range(CUdeviceptr address, size_t bytes) {
  if (bytes == 0) return CUDA_ERROR_INVALID_VALUE;
  const auto a = AddressSpace::instance().find(address);
  return a && a->kind != MemoryKind::kDevice && a->contains(address, bytes) ? CUDA_SUCCESS
                                                                            : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

CUresult cuMemGetInfo_v2(size_t* free_bytes, size_t* total_bytes) {
  Context* c;
  PPU_TRY(current(&c));
  if (!free_bytes || !total_bytes) return CUDA_ERROR_INVALID_VALUE;
  *total_bytes = c->device().memory_bytes;
  *free_bytes = AddressSpace::instance().available(c->device().ordinal);
  return CUDA_SUCCESS;
}

// The form of CUDA 2 saturates: its numbers have 32 bits.
CUresult cuMemGetInfo(unsigned int* free_bytes, unsigned int* total_bytes) {
  size_t free_now = 0, total = 0;
  if (!free_bytes || !total_bytes) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(ppu::driver::cuMemGetInfo_v2(&free_now, &total));
  *free_bytes = unsigned(std::min<size_t>(free_now, UINT32_MAX));
  *total_bytes = unsigned(std::min<size_t>(total, UINT32_MAX));
  return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
  if (!address) return CUDA_ERROR_INVALID_VALUE;
  uint64_t a = 0;
  CUresult result = allocate(MemoryKind::kDevice, bytes, 0, &a);
  if (result == CUDA_ERROR_OUT_OF_MEMORY && device::current_context()) {
    // Blocks that stream-ordered pools keep are the device's memory too.
    device::default_pool(device::current_context()->device().ordinal)->trim(0);
    result = allocate(MemoryKind::kDevice, bytes, 0, &a);
  }
  if (result == CUDA_SUCCESS) *address = a;
  return result;
}

CUresult cuMemAllocPitch_v2(CUdeviceptr* address, size_t* pitch, size_t width, size_t height,
                            unsigned int element) {
  if (!address || !pitch || width == 0 || height == 0) return CUDA_ERROR_INVALID_VALUE;
  if (element != 4 && element != 8 && element != 16) return CUDA_ERROR_INVALID_VALUE;
  *pitch = (width + 511) / 512 * 512;
  return ppu::driver::cuMemAlloc_v2(address, *pitch * height);
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  PPU_TRY(device::require_initialized());
  if (!address) return CUDA_SUCCESS;
  Context* c;
  PPU_TRY(current(&c));
  const auto a = AddressSpace::instance().find(address);
  if (!a || a->address != address || a->imported) return CUDA_ERROR_INVALID_VALUE;
  // Freeing waits for work that may use the memory (CUDA API, implicit synchronization).
  c->synchronize();
  if (a->pool) return static_cast<device::MemoryPool*>(a->pool)->free_now(address);
  // The graph's next launch allocates it anew, at the same address (CUDA Programming Guide, "Graph Memory
  // Nodes").
  if (a->of_graph) return CUDA_SUCCESS;
  return AddressSpace::instance().release(address, false);
}

CUresult cuMemGetAddressRange_v2(CUdeviceptr* base, size_t* bytes, CUdeviceptr address) {
  Context* c;
  PPU_TRY(current(&c));
  const auto a = AddressSpace::instance().find(address);  // mapped host memory has a range too
  if (!a) return CUDA_ERROR_NOT_FOUND;
  if (base) *base = a->address;
  if (bytes) *bytes = a->bytes;
  return CUDA_SUCCESS;
}

CUresult cuMemHostAlloc(void** host, size_t bytes, unsigned int flags) {
  constexpr unsigned kKnown =
      CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_WRITECOMBINED;
  if (!host || (flags & ~kKnown)) return CUDA_ERROR_INVALID_VALUE;
  uint64_t a = 0;
  PPU_TRY(allocate(MemoryKind::kHost, bytes, flags, &a));
  *host = reinterpret_cast<void*>(a);
  return CUDA_SUCCESS;
}

CUresult cuMemAllocHost_v2(void** host, size_t bytes) {
  return ppu::driver::cuMemHostAlloc(host, bytes, 0);
}

CUresult cuMemAllocHost(void** host, unsigned int bytes) {
  return ppu::driver::cuMemHostAlloc(host, bytes, 0);
}

CUresult cuMemFreeHost(void* host) {
  PPU_TRY(device::require_initialized());
  if (!host) return CUDA_ERROR_INVALID_VALUE;
  if (Context* c = device::current_context()) c->synchronize();
  return AddressSpace::instance().release(reinterpret_cast<uint64_t>(host), true);
}

CUresult cuMemHostRegister_v2(void* host, size_t bytes, unsigned int flags) {
  Context* c;
  PPU_TRY(current(&c));
  constexpr unsigned kKnown = CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP |
                              CU_MEMHOSTREGISTER_IOMEMORY | CU_MEMHOSTREGISTER_READ_ONLY;
  if (!host || bytes == 0 || (flags & ~kKnown)) return CUDA_ERROR_INVALID_VALUE;
  return AddressSpace::instance().register_host(reinterpret_cast<uint64_t>(host), bytes, c->id(), flags);
}

CUresult cuMemHostRegister(void* host, size_t bytes, unsigned int flags) {
  return ppu::driver::cuMemHostRegister_v2(host, bytes, flags);
}

CUresult cuMemHostUnregister(void* host) {
  Context* c;
  PPU_TRY(current(&c));
  if (!host) return CUDA_ERROR_INVALID_VALUE;
  c->synchronize();
  return AddressSpace::instance().unregister_host(reinterpret_cast<uint64_t>(host));
}

CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* address, void* host, unsigned int flags) {
  Context* c;
  PPU_TRY(current(&c));
  if (!address || !host || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  const auto a = AddressSpace::instance().find(reinterpret_cast<uint64_t>(host));
  if (!a || !in_host_kind(*a)) return CUDA_ERROR_INVALID_VALUE;
  *address = reinterpret_cast<uint64_t>(host);
  return CUDA_SUCCESS;
}

CUresult cuMemHostGetFlags(unsigned int* flags, void* host) {
  Context* c;
  PPU_TRY(current(&c));
  if (!flags) return CUDA_ERROR_INVALID_VALUE;
  const auto a = AddressSpace::instance().find(reinterpret_cast<uint64_t>(host));
  if (!a || a->kind != MemoryKind::kHost) return CUDA_ERROR_INVALID_VALUE;
  // With one address space everything pinned is mapped.
  *flags = a->flags | CU_MEMHOSTALLOC_DEVICEMAP;
  return CUDA_SUCCESS;
}

CUresult cuMemAllocManaged(CUdeviceptr* address, size_t bytes, unsigned int flags) {
  if (!address || (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST))
    return CUDA_ERROR_INVALID_VALUE;
  uint64_t a = 0;
  PPU_TRY(allocate(MemoryKind::kManaged, bytes, flags, &a));
  *address = a;
  return CUDA_SUCCESS;
}

CUresult cuPointerGetAttribute(void* value, CUpointer_attribute attribute, CUdeviceptr address) {
  Context* c;
  PPU_TRY(current(&c));
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  const auto a = AddressSpace::instance().find(address);
  return pointer_attribute(value, attribute, address, a ? &*a : nullptr);
}

// Unlike the single form, unknown addresses are no error: their attributes are zero (CUDA Driver API).
CUresult cuPointerGetAttributes(unsigned int count, CUpointer_attribute* attributes, void** values,
                                CUdeviceptr address) {
  Context* c;
  PPU_TRY(current(&c));
  if (!attributes || !values) return CUDA_ERROR_INVALID_VALUE;
  const auto a = AddressSpace::instance().find(address);
  for (unsigned i = 0; i < count; i++) {
    if (!values[i]) return CUDA_ERROR_INVALID_VALUE;
    if (a && pointer_attribute(values[i], attributes[i], address, &*a) == CUDA_SUCCESS) continue;
    switch (attributes[i]) {
      case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
        put(values[i], a ? a->device : -2);
        break;
      case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
      case CU_POINTER_ATTRIBUTE_IS_MANAGED:
      case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
      case CU_POINTER_ATTRIBUTE_MAPPED:
      case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
      case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
      case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
        put(values[i], 0);
        break;
      default:
        put(values[i], 0ull);
        break;
    }
  }
  return CUDA_SUCCESS;
}

CUresult cuPointerSetAttribute(const void* value, CUpointer_attribute attribute, CUdeviceptr address) {
  Context* c;
  PPU_TRY(current(&c));
  if (!value || attribute != CU_POINTER_ATTRIBUTE_SYNC_MEMOPS) return CUDA_ERROR_INVALID_VALUE;
  int on = 0;
  std::memcpy(&on, value, sizeof on);
  return AddressSpace::instance().set_sync_memops(address, on != 0) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

namespace {

/// The older forms name a device, or the host.
CUmemLocation location_of(CUdevice device) {
  if (device == CU_DEVICE_CPU) return {CU_MEM_LOCATION_TYPE_HOST, 0};
  return {CU_MEM_LOCATION_TYPE_DEVICE, device};
}

CUresult prefetch(CUdeviceptr address, size_t bytes, CUmemLocation location, unsigned flags,
                  CUstream stream) {
  device::Stream* s;
  PPU_TRY(find_stream(stream, &s));
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(managed_range(address, bytes));
  return device::note_prefetch(address, bytes, location);
}

}  // namespace

CUresult cuMemAdvise_v2(CUdeviceptr address, size_t bytes, CUmem_advise advice, CUmemLocation location) {
  Context* c;
  PPU_TRY(current(&c));
  PPU_TRY(managed_range(address, bytes));
  return device::advise(address, bytes, advice, location);
}

CUresult cuMemAdvise(CUdeviceptr address, size_t bytes, CUmem_advise advice, CUdevice device) {
  return ppu::driver::cuMemAdvise_v2(address, bytes, advice, location_of(device));
}

CUresult cuMemPrefetchAsync(CUdeviceptr address, size_t bytes, CUdevice device, CUstream stream) {
  return prefetch(address, bytes, location_of(device), 0, stream);
}

CUresult cuMemPrefetchAsync_ptsz(CUdeviceptr address, size_t bytes, CUdevice device, CUstream stream) {
  return prefetch(address, bytes, location_of(device), 0, per_thread(stream));
}

CUresult cuMemPrefetchAsync_v2(CUdeviceptr address, size_t bytes, CUmemLocation location, unsigned int flags,
                               CUstream stream) {
  return prefetch(address, bytes, location, flags, stream);
}

CUresult cuMemPrefetchAsync_v2_ptsz(CUdeviceptr address, size_t bytes, CUmemLocation location,
                                    unsigned int flags, CUstream stream) {
  return prefetch(address, bytes, location, flags, per_thread(stream));
}

namespace {

/// Many ranges at once; `starts` says at which range each location begins to count.
CUresult check_batch(const CUdeviceptr* address, const size_t* bytes, size_t count, unsigned long long flags,
                     CUstream stream) {
  device::Stream* s;
  PPU_TRY(find_stream(stream, &s));
  if (!address || !bytes || count == 0 || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; i++) PPU_TRY(managed_range(address[i], bytes[i]));
  return CUDA_SUCCESS;
}

CUresult check_starts(size_t count, const size_t* starts, size_t parts, const void* what) {
  if (!what || !starts || parts == 0 || parts > count || starts[0] != 0) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 1; i < parts; i++)
    if (starts[i] <= starts[i - 1] || starts[i] >= count) return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}

CUresult note_prefetches(const CUdeviceptr* address, const size_t* bytes, size_t count,
                         const CUmemLocation* locations, const size_t* starts, size_t parts) {
  for (size_t part = 0; part < parts; part++)
    for (size_t i = starts[part]; i < (part + 1 < parts ? starts[part + 1] : count); i++)
      PPU_TRY(device::note_prefetch(address[i], bytes[i], locations[part]));
  return CUDA_SUCCESS;
}

}  // namespace

// Discarding lets the contents become anything: what they are will do.
#define MEMORY_BATCH(suffix, STREAM)                                                                        \
  CUresult cuMemPrefetchBatchAsync##suffix(                                                                 \
      CUdeviceptr* address, size_t* bytes, size_t count, CUmemLocation* locations, size_t* location_starts, \
      size_t location_count, unsigned long long flags, CUstream stream) {                                   \
    PPU_TRY(check_starts(count, location_starts, location_count, locations));                               \
    PPU_TRY(check_batch(address, bytes, count, flags, STREAM));                                             \
    return note_prefetches(address, bytes, count, locations, location_starts, location_count);              \
  }                                                                                                         \
  CUresult cuMemDiscardAndPrefetchBatchAsync##suffix(                                                       \
      CUdeviceptr* address, size_t* bytes, size_t count, CUmemLocation* locations, size_t* location_starts, \
      size_t location_count, unsigned long long flags, CUstream stream) {                                   \
    PPU_TRY(check_starts(count, location_starts, location_count, locations));                               \
    PPU_TRY(check_batch(address, bytes, count, flags, STREAM));                                             \
    return note_prefetches(address, bytes, count, locations, location_starts, location_count);              \
  }                                                                                                         \
  CUresult cuMemDiscardBatchAsync##suffix(CUdeviceptr* address, size_t* bytes, size_t count,                \
                                          unsigned long long flags, CUstream stream) {                      \
    return check_batch(address, bytes, count, flags, STREAM);                                               \
  }
MEMORY_BATCH(, stream)
MEMORY_BATCH(_ptsz, per_thread(stream))
#undef MEMORY_BATCH

namespace {

/// What all parts of a range agree on; "invalid" when they don't.
CUmemLocation agreed(const std::vector<device::Advice>& parts, CUmemLocation device::Advice::* which) {
  for (const device::Advice& p : parts)
    if ((p.*which).type != (parts[0].*which).type || (p.*which).id != (parts[0].*which).id)
      return {CU_MEM_LOCATION_TYPE_INVALID, 0};
  return parts[0].*which;
}

int ordinal_of(CUmemLocation location) {
  if (location.type == CU_MEM_LOCATION_TYPE_INVALID) return CU_DEVICE_INVALID;
  return location.type == CU_MEM_LOCATION_TYPE_DEVICE ? location.id : int(CU_DEVICE_CPU);
}

}  // namespace

CUresult cuMemRangeGetAttribute(void* value, size_t value_bytes, CUmem_range_attribute attribute,
                                CUdeviceptr address, size_t bytes) {
  Context* c;
  PPU_TRY(current(&c));
  // One number, or for ACCESSED_BY as many as the caller likes.
  if (!value || value_bytes < 4 || value_bytes % 4) return CUDA_ERROR_INVALID_VALUE;
  if (value_bytes != 4 && attribute != CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(managed_range(address, bytes));
  const std::vector<device::Advice> parts = device::advice_of(address, bytes);
  const CUmemLocation preferred = agreed(parts, &device::Advice::preferred);
  const CUmemLocation prefetched = agreed(parts, &device::Advice::prefetched);
  switch (attribute) {
    case CU_MEM_RANGE_ATTRIBUTE_READ_MOSTLY:
      return put(value,
                 int(std::all_of(parts.begin(), parts.end(), [](const auto& p) { return p.read_mostly; })));
    case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION:
      return put(value, ordinal_of(preferred));
    case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION:
      return put(value, ordinal_of(prefetched));
    case CU_MEM_RANGE_ATTRIBUTE_ACCESSED_BY: {
      std::set<int> all = parts[0].accessed_by;
      for (const auto& p : parts) std::erase_if(all, [&](int d) { return !p.accessed_by.contains(d); });
      auto next = all.begin();
      for (size_t i = 0; i < value_bytes / 4; i++)
        put(static_cast<int*>(value) + i, next == all.end() ? int(CU_DEVICE_INVALID) : *next++);
      return CUDA_SUCCESS;
    }
    case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_TYPE:
      return put(value, int(preferred.type));
    case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_TYPE:
      return put(value, int(prefetched.type));
    case CU_MEM_RANGE_ATTRIBUTE_PREFERRED_LOCATION_ID:
      return put(value, preferred.id);
    case CU_MEM_RANGE_ATTRIBUTE_LAST_PREFETCH_LOCATION_ID:
      return put(value, prefetched.id);
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult cuMemRangeGetAttributes(void** values, size_t* value_bytes, CUmem_range_attribute* attributes,
                                 size_t count, CUdeviceptr address, size_t bytes) {
  if (!values || !value_bytes || !attributes || count == 0) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; i++)
    PPU_TRY(ppu::driver::cuMemRangeGetAttribute(values[i], value_bytes[i], attributes[i], address, bytes));
  return CUDA_SUCCESS;
}

// A profiler isn't there to be told.
CUresult cuProfilerInitialize(const char*, const char*, int) {
  return CUDA_ERROR_NOT_SUPPORTED;  // "Starting with CUDA 12.0, it always returns" this
}
CUresult cuProfilerStart() {
  Context* c;
  return current(&c);
}
CUresult cuProfilerStop() {
  Context* c;
  return current(&c);
}

}  // namespace ppu::driver

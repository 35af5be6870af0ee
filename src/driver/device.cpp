// Initialisation, devices and their primary contexts.
#include <cstring>

#include "device/green_context.h"
#include "device/texture.h"
#include "driver/handles.h"

namespace ppu::driver {

using device::Device;

CUresult find_device(CUdevice ordinal, Device** device) {
  PPU_TRY(device::require_initialized());
  *device = device::device_at(ordinal);
  return *device ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUresult find_stream(CUstream handle, device::Stream** stream, bool per_thread) {
  if (handle == nullptr || handle == CU_STREAM_LEGACY || handle == CU_STREAM_PER_THREAD) {
    device::Context* context;
    PPU_TRY(current(&context));
    const bool own = handle == CU_STREAM_PER_THREAD || (handle == nullptr && per_thread);
    *stream = own ? context->per_thread_stream() : context->legacy_stream();
    return CUDA_SUCCESS;
  }
  PPU_TRY(device::require_initialized());
  *stream = to_stream(handle);
  if (!live<device::Stream>().has(*stream)) return CUDA_ERROR_INVALID_HANDLE;
  if ((*stream)->green() && (*stream)->green()->destroyed) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  return (*stream)->context().error();
}

CUresult cuInit(unsigned int flags) {
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  keep_log();
  return device::initialize();
}

CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) {
  PPU_TRY(device::require_initialized());
  if (!mode) return CUDA_ERROR_INVALID_VALUE;
  *mode = CU_MODULE_LAZY_LOADING;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice* out, int ordinal) {
  PPU_TRY(device::require_initialized());
  if (!out) return CUDA_ERROR_INVALID_VALUE;
  if (!device::device_at(ordinal)) return CUDA_ERROR_INVALID_DEVICE;
  *out = ordinal;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetCount(int* count) {
  PPU_TRY(device::require_initialized());
  if (!count) return CUDA_ERROR_INVALID_VALUE;
  *count = device::device_count();
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char* name, int capacity, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!name || capacity <= 0) return CUDA_ERROR_INVALID_VALUE;
  const size_t n = std::min(std::strlen(d->chip->name), size_t(capacity) - 1);
  std::memcpy(name, d->chip->name, n);
  name[n] = 0;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!uuid) return CUDA_ERROR_INVALID_VALUE;
  *uuid = device::device_uuid(*d);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice ordinal) {
  return ppu::driver::cuDeviceGetUuid(uuid, ordinal);
}

CUresult cuDeviceGetLuid(char*, unsigned int*, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  return CUDA_ERROR_NOT_SUPPORTED;
}  // Windows only

CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!bytes) return CUDA_ERROR_INVALID_VALUE;
  *bytes = d->memory_bytes;
  return CUDA_SUCCESS;
}

// The form of CUDA 2 saturates: its number has 32 bits.
CUresult cuDeviceTotalMem(unsigned int* bytes, CUdevice ordinal) {
  size_t all = 0;
  if (!bytes) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(ppu::driver::cuDeviceTotalMem_v2(&all, ordinal));
  *bytes = unsigned(std::min<size_t>(all, UINT32_MAX));
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  return device::device_attribute(*d, attribute, value);
}

CUresult cuDeviceGetProperties(CUdevprop* out, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!out) return CUDA_ERROR_INVALID_VALUE;
  const device::Limits& l = d->limits;
  *out = {};
  out->maxThreadsPerBlock = l.threads_per_block;
  for (int i = 0; i < 3; i++) {
    out->maxThreadsDim[i] = l.block_dim[i];
    out->maxGridSize[i] = int(l.grid_dim[i]);
  }
  out->sharedMemPerBlock = int(l.shared_per_block);
  out->totalConstantMemory = int(l.constant_bytes);
  out->SIMDWidth = 32;
  out->memPitch = 2147483647;
  out->regsPerBlock = l.registers_per_sm;
  out->clockRate = int(d->chip->clock_mhz.value * 1000);
  out->textureAlign = 512;
  return CUDA_SUCCESS;
}

CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!major || !minor) return CUDA_ERROR_INVALID_VALUE;
  *major = d->chip->cc_major;
  *minor = d->chip->cc_minor;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetPCIBusId(char* text, int capacity, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  const std::string id = device::pci_bus_id(*d);
  if (!text || size_t(std::max(0, capacity)) <= id.size()) return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(text, id.c_str(), id.size() + 1);
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetByPCIBusId(CUdevice* out, const char* text) {
  PPU_TRY(device::require_initialized());
  if (!out || !text) return CUDA_ERROR_INVALID_VALUE;
  const int found = device::find_by_pci_bus_id(text);
  if (found < 0) return CUDA_ERROR_INVALID_DEVICE;
  *out = found;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetExecAffinitySupport(int* value, CUexecAffinityType kind, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!value || unsigned(kind) >= CU_EXEC_AFFINITY_TYPE_MAX) return CUDA_ERROR_INVALID_VALUE;
  *value = 0;
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetTexture1DLinearMaxWidth(size_t* width, CUarray_format format, unsigned int channels,
                                            CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  exec::TexelFormat texel;
  if (!width || !device::texel_format(format, channels, &texel)) return CUDA_ERROR_INVALID_VALUE;
  *width = 268435456;
  return CUDA_SUCCESS;
}

// All devices of a process share its address space.
CUresult cuDeviceCanAccessPeer(int* can_access, CUdevice ordinal, CUdevice peer) {
  Device *a, *b;
  PPU_TRY(find_device(ordinal, &a));
  PPU_TRY(find_device(peer, &b));
  if (!can_access) return CUDA_ERROR_INVALID_VALUE;
  *can_access = a != b;
  return CUDA_SUCCESS;
}

namespace {

/// Devices and host share memory and its atomic instructions: all that PTX has works everywhere.
CUresult atomic_capabilities(unsigned int* capabilities, const CUatomicOperation* operations,
                             unsigned int count) {
  if (!capabilities || !operations || count == 0) return CUDA_ERROR_INVALID_VALUE;
  constexpr unsigned kBoth =
      CU_ATOMIC_CAPABILITY_REDUCTION | CU_ATOMIC_CAPABILITY_SCALAR_32 | CU_ATOMIC_CAPABILITY_SCALAR_64;
  for (unsigned i = 0; i < count; i++) {
    switch (operations[i]) {
      case CU_ATOMIC_OPERATION_INTEGER_ADD:
      case CU_ATOMIC_OPERATION_INTEGER_MIN:
      case CU_ATOMIC_OPERATION_INTEGER_MAX:
        capabilities[i] = kBoth | CU_ATOMIC_CAPABILITY_SIGNED | CU_ATOMIC_CAPABILITY_UNSIGNED;
        break;
      case CU_ATOMIC_OPERATION_INTEGER_INCREMENT:
      case CU_ATOMIC_OPERATION_INTEGER_DECREMENT:  // atom.inc and .dec are .u32 only
        capabilities[i] =
            CU_ATOMIC_CAPABILITY_REDUCTION | CU_ATOMIC_CAPABILITY_SCALAR_32 | CU_ATOMIC_CAPABILITY_UNSIGNED;
        break;
      case CU_ATOMIC_OPERATION_AND:
      case CU_ATOMIC_OPERATION_OR:
      case CU_ATOMIC_OPERATION_XOR:
        capabilities[i] = kBoth | CU_ATOMIC_CAPABILITY_UNSIGNED;
        break;
      case CU_ATOMIC_OPERATION_EXCHANGE:
      case CU_ATOMIC_OPERATION_CAS:
        capabilities[i] = CU_ATOMIC_CAPABILITY_SCALAR_32 | CU_ATOMIC_CAPABILITY_SCALAR_64 |
                          CU_ATOMIC_CAPABILITY_SCALAR_128 | CU_ATOMIC_CAPABILITY_UNSIGNED;
        break;
      case CU_ATOMIC_OPERATION_FLOAT_ADD:
        capabilities[i] = kBoth | CU_ATOMIC_CAPABILITY_SIGNED;
        break;
      case CU_ATOMIC_OPERATION_FLOAT_MIN:
      case CU_ATOMIC_OPERATION_FLOAT_MAX:  // PTX has them for f16 and bf16 pairs only
        capabilities[i] = 0;
        break;
      default:
        return CUDA_ERROR_INVALID_VALUE;
    }
  }
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuDeviceGetHostAtomicCapabilities(unsigned int* capabilities, const CUatomicOperation* operations,
                                           unsigned int count, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  return atomic_capabilities(capabilities, operations, count);
}

CUresult cuDeviceGetP2PAtomicCapabilities(unsigned int* capabilities, const CUatomicOperation* operations,
                                          unsigned int count, CUdevice from, CUdevice to) {
  Device *a, *b;
  PPU_TRY(find_device(from, &a));
  PPU_TRY(find_device(to, &b));
  if (a == b) return CUDA_ERROR_INVALID_DEVICE;
  return atomic_capabilities(capabilities, operations, count);
}

// Memory is coherent: a write that has happened is seen. CUDA_ERROR_NOT_SUPPORTED is the documented answer of
// a device without GPUDirect RDMA.
CUresult cuFlushGPUDirectRDMAWrites(CUflushGPUDirectRDMAWritesTarget, CUflushGPUDirectRDMAWritesScope) {
  device::Context* c;
  PPU_TRY(current(&c));
  return CUDA_ERROR_NOT_SUPPORTED;
}

CUresult cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attribute, CUdevice from, CUdevice to) {
  Device *a, *b;
  PPU_TRY(find_device(from, &a));
  PPU_TRY(find_device(to, &b));
  if (a == b) return CUDA_ERROR_INVALID_DEVICE;
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
    case CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED:
    case CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED:
    case CU_DEVICE_P2P_ATTRIBUTE_CUDA_ARRAY_ACCESS_SUPPORTED:
      *value = 1;
      return CUDA_SUCCESS;
    case CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK:
    case CU_DEVICE_P2P_ATTRIBUTE_ONLY_PARTIAL_NATIVE_ATOMIC_SUPPORTED:
      *value = 0;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult cuDevicePrimaryCtxRetain(CUcontext* ctx, CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!ctx) return CUDA_ERROR_INVALID_VALUE;
  device::Context* c = nullptr;
  PPU_TRY(device::retain_primary(*d, &c));
  *ctx = to_handle(c);
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  return device::release_primary(*d);
}

CUresult cuDevicePrimaryCtxReset_v2(CUdevice ordinal) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  return device::reset_primary(*d);
}

CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice ordinal, unsigned int flags) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!valid_context_flags(flags)) return CUDA_ERROR_INVALID_VALUE;
  std::lock_guard lock(d->primary_mutex);
  d->primary_flags = flags;
  if (d->primary) d->primary->set_flags(flags);
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxGetState(CUdevice ordinal, unsigned int* flags, int* active) {
  Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!flags || !active) return CUDA_ERROR_INVALID_VALUE;
  std::lock_guard lock(d->primary_mutex);
  *flags = d->primary_flags;
  *active = d->primary_references != 0;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice d) {
  return ppu::driver::cuDevicePrimaryCtxRelease_v2(d);
}
CUresult cuDevicePrimaryCtxReset(CUdevice d) {
  return ppu::driver::cuDevicePrimaryCtxReset_v2(d);
}
CUresult cuDevicePrimaryCtxSetFlags(CUdevice d, unsigned int flags) {
  return ppu::driver::cuDevicePrimaryCtxSetFlags_v2(d, flags);
}

}  // namespace ppu::driver

// Memory and events of other processes.
#include "device/ipc.h"

#include "driver/handles.h"

namespace ppu::driver {

CUresult cuIpcGetMemHandle(CUipcMemHandle* handle, CUdeviceptr address) {
  device::Context* c;
  PPU_TRY(current(&c));
  if (!handle) return CUDA_ERROR_INVALID_VALUE;
  const auto a = device::AddressSpace::instance().find(address);
  if (!a) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(c->synchronize());  // the memory is remapped: nothing may be using it
  return device::export_memory(a->address, handle);
}

CUresult cuIpcOpenMemHandle_v2(CUdeviceptr* address, CUipcMemHandle handle, unsigned int flags) {
  device::Context* c;
  PPU_TRY(current(&c));
  if (!address || (flags & ~unsigned(CU_IPC_MEM_LAZY_ENABLE_PEER_ACCESS))) return CUDA_ERROR_INVALID_VALUE;
  uint64_t a = 0;
  PPU_TRY(device::import_memory(*c, handle, &a));
  *address = a;
  return CUDA_SUCCESS;
}

CUresult cuIpcOpenMemHandle(CUdeviceptr* address, CUipcMemHandle handle, unsigned int flags) {
  return ppu::driver::cuIpcOpenMemHandle_v2(address, handle, flags);
}

CUresult cuIpcCloseMemHandle(CUdeviceptr address) {
  device::Context* c;
  PPU_TRY(current(&c));
  PPU_TRY(c->synchronize());
  return device::close_memory(address);
}

CUresult cuIpcGetEventHandle(CUipcEventHandle* handle, CUevent event) {
  PPU_TRY(device::require_initialized());
  device::Event* e = to_event(event);
  if (!handle) return CUDA_ERROR_INVALID_VALUE;
  if (!e || !live<device::Event>().has(e)) return CUDA_ERROR_INVALID_HANDLE;
  if (!(e->flags() & CU_EVENT_INTERPROCESS)) return CUDA_ERROR_INVALID_HANDLE;
  const int fd = e->share();
  if (fd < 0) return CUDA_ERROR_OUT_OF_MEMORY;
  device::describe_shared_event(fd, handle);
  return CUDA_SUCCESS;
}

CUresult cuIpcOpenEventHandle(CUevent* event, CUipcEventHandle handle) {
  device::Context* c;
  PPU_TRY(current(&c));
  if (!event) return CUDA_ERROR_INVALID_VALUE;
  int fd = -1;
  device::SharedEvent* shared = device::open_shared_event(handle, &fd);
  if (!shared) return CUDA_ERROR_INVALID_HANDLE;
  auto* e = new device::Event(shared, fd, c);
  live<device::Event>().add(e);
  *event = to_handle(e);
  return CUDA_SUCCESS;
}

}  // namespace ppu::driver

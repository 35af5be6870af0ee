// Contexts: creation, the current one, limits.
#include "device/capture.h"
#include "device/green_context.h"
#include "driver/handles.h"

namespace ppu::driver {

using device::Context;

namespace {

/// A context by handle, destroyed or not; null means the current one where the manual says so.
CUresult find_context(CUcontext handle, Context** context) {
  PPU_TRY(device::require_initialized());
  *context = handle ? to_context(handle) : device::current_context();
  if (!*context || !device::is_context(*context)) return CUDA_ERROR_INVALID_CONTEXT;
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuCtxCreate_v2(CUcontext* ctx, unsigned int flags, CUdevice ordinal) {
  device::Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!ctx || !valid_context_flags(flags)) return CUDA_ERROR_INVALID_VALUE;
  auto* c = new Context(*d, flags);
  device::push_context(c);
  *ctx = to_handle(c);
  device::tell_context(*c, true);
  return CUDA_SUCCESS;
}

CUresult cuCtxCreate(CUcontext* ctx, unsigned int flags, CUdevice d) {
  return ppu::driver::cuCtxCreate_v2(ctx, flags, d);
}

CUresult cuCtxCreate_v3(CUcontext* ctx, CUexecAffinityParam* affinity, int count, unsigned int flags,
                        CUdevice d) {
  if (affinity && count > 0) return CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY;
  return ppu::driver::cuCtxCreate_v2(ctx, flags, d);
}

CUresult cuCtxCreate_v4(CUcontext* ctx, CUctxCreateParams* params, unsigned int flags, CUdevice d) {
  if (params && params->execAffinityParams && params->numExecAffinityParams > 0)
    return CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY;
  return ppu::driver::cuCtxCreate_v2(ctx, flags, d);
}

CUresult cuCtxDestroy_v2(CUcontext ctx) {
  if (!ctx) return CUDA_ERROR_INVALID_CONTEXT;
  Context* c;
  PPU_TRY(find_context(ctx, &c));
  if (c->error() == CUDA_ERROR_CONTEXT_IS_DESTROYED) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  if (c == c->device().primary) return CUDA_ERROR_INVALID_CONTEXT;
  if (device::current_context() == c) device::pop_context(nullptr);
  c->destroy();
  return CUDA_SUCCESS;
}

CUresult cuCtxAttach(CUcontext* ctx, unsigned int flags) {
  if (!ctx || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  Context* c;
  PPU_TRY(current(&c));
  c->attached++;
  *ctx = to_handle(c);
  return CUDA_SUCCESS;
}

CUresult cuCtxDetach(CUcontext ctx) {
  Context* c;
  PPU_TRY(find_context(ctx, &c));
  // "must be current to the calling thread"
  if (c != device::current_context()) return CUDA_ERROR_INVALID_CONTEXT;
  if (c->error() == CUDA_ERROR_CONTEXT_IS_DESTROYED) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  if (c->attached > 1 && --c->attached > 0) return CUDA_SUCCESS;
  return ppu::driver::cuCtxDestroy_v2(to_handle(c));
}

CUresult cuCtxPushCurrent_v2(CUcontext ctx) {
  if (!ctx) return CUDA_ERROR_INVALID_CONTEXT;
  Context* c;
  PPU_TRY(find_context(ctx, &c));
  device::push_context(c);
  return CUDA_SUCCESS;
}

CUresult cuCtxPopCurrent_v2(CUcontext* ctx) {
  PPU_TRY(device::require_initialized());
  Context* c = nullptr;
  PPU_TRY(device::pop_context(&c));
  if (ctx) *ctx = to_handle(c);
  return CUDA_SUCCESS;
}

CUresult cuCtxPushCurrent(CUcontext ctx) {
  return ppu::driver::cuCtxPushCurrent_v2(ctx);
}
CUresult cuCtxPopCurrent(CUcontext* ctx) {
  return ppu::driver::cuCtxPopCurrent_v2(ctx);
}
CUresult cuCtxDestroy(CUcontext ctx) {
  return ppu::driver::cuCtxDestroy_v2(ctx);
}

CUresult cuCtxSetCurrent(CUcontext ctx) {
  PPU_TRY(device::require_initialized());
  Context* c = to_context(ctx);
  if (c && !device::is_context(c)) return CUDA_ERROR_INVALID_CONTEXT;
  device::set_current_context(c);
  return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext* ctx) {
  PPU_TRY(device::require_initialized());
  if (!ctx) return CUDA_ERROR_INVALID_VALUE;
  *ctx = to_handle(device::current_context());
  return CUDA_SUCCESS;
}

CUresult cuCtxGetDevice_v2(CUdevice* out, CUcontext ctx) {
  Context* c;
  PPU_TRY(find_context(ctx, &c));
  if (!out) return CUDA_ERROR_INVALID_VALUE;
  *out = c->device().ordinal;
  return CUDA_SUCCESS;
}

CUresult cuCtxGetDevice(CUdevice* out) {
  return ppu::driver::cuCtxGetDevice_v2(out, nullptr);
}

CUresult cuCtxGetFlags(unsigned int* flags) {
  Context* c;
  PPU_TRY(find_context(nullptr, &c));
  if (!flags) return CUDA_ERROR_INVALID_VALUE;
  *flags = c->flags();
  return CUDA_SUCCESS;
}

CUresult cuCtxSetFlags(unsigned int flags) {
  Context* c;
  PPU_TRY(find_context(nullptr, &c));
  if (!valid_context_flags(flags)) return CUDA_ERROR_INVALID_VALUE;
  c->set_flags(flags);
  return CUDA_SUCCESS;
}

CUresult cuCtxGetId(CUcontext ctx, unsigned long long* id) {
  Context* c;
  PPU_TRY(find_context(ctx, &c));
  if (!id) return CUDA_ERROR_INVALID_VALUE;
  *id = c->id();
  return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize_v2(CUcontext ctx) {
  Context* c;
  PPU_TRY(find_context(ctx, &c));
  PPU_TRY(device::refuse_waiting(*c));
  return c->synchronize();
}

CUresult cuCtxSynchronize() {
  return ppu::driver::cuCtxSynchronize_v2(nullptr);
}

CUresult cuCtxSetLimit(CUlimit limit, size_t value) {
  Context* c;
  PPU_TRY(current(&c));
  return c->set_limit(limit, value);
}

CUresult cuCtxGetLimit(size_t* value, CUlimit limit) {
  Context* c;
  PPU_TRY(current(&c));
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  return c->get_limit(limit, value);
}

CUresult cuCtxGetCacheConfig(CUfunc_cache* config) {
  Context* c;
  PPU_TRY(current(&c));
  if (!config) return CUDA_ERROR_INVALID_VALUE;
  *config = c->cache_config;
  return CUDA_SUCCESS;
}

// A preference, kept for whoever asks: there is nothing to choose.
CUresult cuCtxSetCacheConfig(CUfunc_cache config) {
  Context* c;
  PPU_TRY(current(&c));
  if (unsigned(config) > CU_FUNC_CACHE_PREFER_EQUAL) return CUDA_ERROR_INVALID_VALUE;
  c->cache_config = config;
  return CUDA_SUCCESS;
}

CUresult cuCtxGetSharedMemConfig(CUsharedconfig* config) {
  Context* c;
  PPU_TRY(current(&c));
  if (!config) return CUDA_ERROR_INVALID_VALUE;
  *config = CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE;
  return CUDA_SUCCESS;
}

// "This setting does nothing on devices with fixed shared memory bank size": all since capability 5.0.
CUresult cuCtxSetSharedMemConfig(CUsharedconfig config) {
  Context* c;
  PPU_TRY(current(&c));
  return unsigned(config) > CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE ? CUDA_ERROR_INVALID_VALUE
                                                                      : CUDA_SUCCESS;
}

CUresult cuCtxGetApiVersion(CUcontext ctx, unsigned int* version) {
  Context* c;
  PPU_TRY(find_context(ctx, &c));
  if (!version) return CUDA_ERROR_INVALID_VALUE;
  *version = 3020;
  return CUDA_SUCCESS;
}

CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  Context* c;
  PPU_TRY(current(&c));
  if (least) *least = kLeastPriority;
  if (greatest) *greatest = kGreatestPriority;
  return CUDA_SUCCESS;
}

CUresult cuCtxResetPersistingL2Cache() {
  Context* c;
  return current(&c);
}

CUresult cuCtxGetExecAffinity(CUexecAffinityParam* out, CUexecAffinityType) {
  Context* c;
  PPU_TRY(current(&c));
  if (!out) return CUDA_ERROR_INVALID_VALUE;
  return CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY;
}

CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned int flags) {
  Context* c;
  PPU_TRY(current(&c));
  Context* p = to_context(peer);
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  if (!p || !device::is_context(p)) return CUDA_ERROR_INVALID_CONTEXT;
  if (&p->device() == &c->device()) return CUDA_ERROR_INVALID_DEVICE;
  return c->enable_peer(p->device().ordinal);
}

CUresult cuCtxDisablePeerAccess(CUcontext peer) {
  Context* c;
  PPU_TRY(current(&c));
  Context* p = to_context(peer);
  if (!p || !device::is_context(p)) return CUDA_ERROR_INVALID_CONTEXT;
  return c->disable_peer(p->device().ordinal);
}

namespace {

/// Streams of a context, or those of a green context only, each with a reference.
/// CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED if one captures: its capture is over.
CUresult collect_streams(Context& c, const device::GreenContext* green,
                         std::vector<device::Stream*>* streams) {
  std::vector<device::Stream*> all;
  device::Stream::collect(c, &all);
  CUresult result = CUDA_SUCCESS;
  for (device::Stream* s : all) {
    const bool wanted = !green || s->green() == green;
    if (wanted && device::is_capturing(*s)) result = device::refuse_waiting(*s);
    if (wanted)
      streams->push_back(s);
    else
      s->release();
  }
  if (result == CUDA_SUCCESS) return result;
  for (device::Stream* s : *streams) s->release();
  return result;
}

}  // namespace

// An event for all work of a context, in all its streams: recorded once each of them has come to it.
CUresult record_everywhere(Context& c, const device::GreenContext* green, CUevent event) {
  if (!event || !live<device::Event>().has(to_event(event))) return CUDA_ERROR_INVALID_HANDLE;
  PPU_TRY(c.error());
  std::vector<device::Stream*> streams;
  PPU_TRY(collect_streams(c, green, &streams));
  auto* gather = new device::Stream(c, CU_STREAM_NON_BLOCKING, 0);
  for (device::Stream* s : streams) {
    device::Event so_far(CU_EVENT_DISABLE_TIMING, &c);
    so_far.record(*s);
    so_far.block(*gather);
    s->release();
  }
  device::forget_mark(*to_event(event));
  to_event(event)->record(*gather);
  gather->close();
  return CUDA_SUCCESS;
}

CUresult wait_everywhere(Context& c, const device::GreenContext* green, CUevent event) {
  if (!event || !live<device::Event>().has(to_event(event))) return CUDA_ERROR_INVALID_HANDLE;
  PPU_TRY(c.error());
  if (device::is_captured(*to_event(event))) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  std::vector<device::Stream*> streams;
  PPU_TRY(collect_streams(c, green, &streams));
  for (device::Stream* s : streams) {
    to_event(event)->block(*s);
    s->release();
  }
  return CUDA_SUCCESS;
}

CUresult cuCtxRecordEvent(CUcontext handle, CUevent event) {
  PPU_TRY(device::require_initialized());
  if (!handle || !device::is_context(to_context(handle))) return CUDA_ERROR_INVALID_CONTEXT;
  return record_everywhere(*to_context(handle), nullptr, event);
}

CUresult cuCtxWaitEvent(CUcontext handle, CUevent event) {
  PPU_TRY(device::require_initialized());
  if (!handle || !device::is_context(to_context(handle))) return CUDA_ERROR_INVALID_CONTEXT;
  return wait_everywhere(*to_context(handle), nullptr, event);
}

}  // namespace ppu::driver

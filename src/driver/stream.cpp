// Streams and events. A null stream is the legacy default stream; in the _ptsz variants, the calling
// thread's.
#include "device/capture.h"
#include "device/green_context.h"
#include "device/host_function.h"
#include "driver/handles.h"

namespace ppu::driver {

using device::Event;
using device::Stream;

namespace {

CUresult find_event(CUevent handle, Event** event) {
  PPU_TRY(device::require_initialized());
  *event = to_event(handle);
  return *event && live<Event>().has(*event) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

struct CallbackCall {
  CUstreamCallback callback;
  CUstream stream;
  void* user;
  device::Context* context;
};

CUresult add_callback(CUstream handle, CUstreamCallback callback, void* user, unsigned flags) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!callback || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(device::refuse_waiting(*s));  // callbacks can't be captured, host functions can
  auto* call = new CallbackCall{callback, handle, user, &s->context()};
  const CUhostFn run = [](void* p) {
    auto* c = static_cast<CallbackCall*>(p);
    c->callback(c->stream, c->context->error(), c->user);
    delete c;
  };
  device::submit_host_function(*s, run, call, true);
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuStreamCreateWithPriority(CUstream* stream, unsigned int flags, int priority) {
  device::Context* c;
  PPU_TRY(current(&c));
  if (!stream || (flags & ~unsigned(CU_STREAM_NON_BLOCKING))) return CUDA_ERROR_INVALID_VALUE;
  auto* s = new Stream(*c, flags, clamp_priority(priority));
  live<Stream>().add(s);
  *stream = to_handle(s);
  return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream* stream, unsigned int flags) {
  return ppu::driver::cuStreamCreateWithPriority(stream, flags, 0);
}

CUresult cuStreamDestroy_v2(CUstream handle) {
  PPU_TRY(device::require_initialized());
  if (!live<Stream>().has(to_stream(handle))) return CUDA_ERROR_INVALID_HANDLE;
  // "any subsequent API calls involving these streams (including cuStreamDestroy)"
  const device::GreenContext* green = to_stream(handle)->green();
  if (green && green->destroyed) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  if (!live<Stream>().remove(to_stream(handle))) return CUDA_ERROR_INVALID_HANDLE;
  device::abandon_capture(*to_stream(handle));
  to_stream(handle)->close();
  return CUDA_SUCCESS;
}

CUresult cuStreamDestroy(CUstream stream) {
  return ppu::driver::cuStreamDestroy_v2(stream);
}

CUresult cuStreamSynchronize(CUstream handle) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  PPU_TRY(device::refuse_waiting(*s));
  s->add_ref();
  const CUresult result = s->synchronize();
  s->release();
  return result;
}

CUresult cuStreamQuery(CUstream handle) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  PPU_TRY(device::refuse_waiting(*s));
  return s->query();
}

CUresult cuStreamGetPriority(CUstream handle, int* priority) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!priority) return CUDA_ERROR_INVALID_VALUE;
  *priority = s->priority();
  return CUDA_SUCCESS;
}

CUresult cuStreamGetFlags(CUstream handle, unsigned int* flags) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!flags) return CUDA_ERROR_INVALID_VALUE;
  *flags = s->flags();
  return CUDA_SUCCESS;
}

CUresult cuStreamGetId(CUstream handle, unsigned long long* id) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!id) return CUDA_ERROR_INVALID_VALUE;
  *id = s->id();
  return CUDA_SUCCESS;
}

CUresult cuStreamGetCtx(CUstream handle, CUcontext* ctx) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!ctx) return CUDA_ERROR_INVALID_VALUE;
  *ctx = to_handle(&s->context());
  return CUDA_SUCCESS;
}

CUresult cuStreamGetCtx_v2(CUstream handle, CUcontext* ctx, CUgreenCtx* green) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (green) *green = reinterpret_cast<CUgreenCtx>(s->green());
  return ppu::driver::cuStreamGetCtx(handle, ctx);
}

CUresult cuStreamGetDevice(CUstream handle, CUdevice* out) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!out) return CUDA_ERROR_INVALID_VALUE;
  *out = s->context().device().ordinal;
  return CUDA_SUCCESS;
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event_handle, unsigned int flags) {
  Stream* s;
  Event* e;
  PPU_TRY(find_stream(handle, &s));
  PPU_TRY(find_event(event_handle, &e));
  if (flags & ~unsigned(CU_EVENT_WAIT_EXTERNAL)) return CUDA_ERROR_INVALID_VALUE;
  if (flags && device::is_capturing(*s))
    return device::capture_work(*s, std::make_unique<device::EventWork>(*e, false));
  CUresult refused;
  if (device::capture_wait(*s, *e, &refused) != device::Fate::kRun) return refused;
  e->block(*s);
  return CUDA_SUCCESS;
}

CUresult cuStreamAddCallback(CUstream handle, CUstreamCallback callback, void* user, unsigned int flags) {
  return add_callback(handle, callback, user, flags);
}

CUresult cuLaunchHostFunc(CUstream handle, CUhostFn function, void* user) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!function) return CUDA_ERROR_INVALID_VALUE;
  CUresult refused;
  const auto node = [&] { return std::make_unique<device::HostWork>(function, user); };
  if (device::ask_capture(*s, &refused, node) != device::Fate::kRun) return refused;
  device::submit_host_function(*s, function, user, false);
  return CUDA_SUCCESS;
}

// Managed memory is everyone's at all times: the association has no effect.
CUresult cuStreamAttachMemAsync(CUstream handle, CUdeviceptr address, size_t bytes, unsigned int flags) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  const auto a = device::AddressSpace::instance().find(address);
  if (!a || a->kind != device::MemoryKind::kManaged || (bytes != 0 && bytes != a->bytes))
    return CUDA_ERROR_INVALID_VALUE;
  switch (flags) {
    case CU_MEM_ATTACH_GLOBAL:
    case CU_MEM_ATTACH_HOST:
      return CUDA_SUCCESS;
    case CU_MEM_ATTACH_SINGLE:  // "It is illegal to attach singly to the NULL stream"
      return s->is_legacy() ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus* status) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!status) return CUDA_ERROR_INVALID_VALUE;
  if (device::is_implicit(*s)) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  *status = device::capture_info(*s).status;
  return CUDA_SUCCESS;
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
  PPU_TRY(device::require_initialized());
  if (!mode || unsigned(*mode) > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
  std::swap(device::thread_capture_mode(), *mode);
  return CUDA_SUCCESS;
}

// Attributes are advice about caches, waiting and memory synchronisation: kept for whoever asks.
CUresult cuStreamGetAttribute(CUstream handle, CUstreamAttrID attribute, CUstreamAttrValue* value) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  *value = {};
  switch (attribute) {
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
      value->priority = s->priority();
      return CUDA_SUCCESS;
    case CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY:
      value->syncPolicy = CU_SYNC_POLICY_AUTO;
      break;
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:  // the defaults: one domain for each kind
      value->memSyncDomainMap.remote = 1;
      break;
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
      break;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
  s->get_attribute(attribute, value);
  return CUDA_SUCCESS;
}

CUresult cuStreamSetAttribute(CUstream handle, CUstreamAttrID attribute, const CUstreamAttrValue* value) {
  CUstreamAttrValue unused;
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(ppu::driver::cuStreamGetAttribute(handle, attribute, &unused));
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  switch (attribute) {
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
      s->set_priority(clamp_priority(value->priority));
      return CUDA_SUCCESS;
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW: {
      const float ratio = value->accessPolicyWindow.hitRatio;
      if (!(ratio >= 0 && ratio <= 1)) return CUDA_ERROR_INVALID_VALUE;
      break;
    }
    case CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY:
      if (value->syncPolicy < CU_SYNC_POLICY_AUTO || value->syncPolicy > CU_SYNC_POLICY_BLOCKING_SYNC)
        return CUDA_ERROR_INVALID_VALUE;
      break;
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
      if (unsigned(value->memSyncDomain) > CU_LAUNCH_MEM_SYNC_DOMAIN_REMOTE) return CUDA_ERROR_INVALID_VALUE;
      break;
    default:
      break;
  }
  s->set_attribute(attribute, *value);
  return CUDA_SUCCESS;
}

CUresult cuStreamCopyAttributes(CUstream to, CUstream from) {
  Stream *a, *b;
  PPU_TRY(find_stream(to, &a));
  PPU_TRY(find_stream(from, &b));
  a->copy_attributes(*b);
  return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent* event, unsigned int flags) {
  device::Context* c;
  PPU_TRY(current(&c));
  constexpr unsigned kKnown = CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING | CU_EVENT_INTERPROCESS;
  if (!event || (flags & ~kKnown)) return CUDA_ERROR_INVALID_VALUE;
  if ((flags & CU_EVENT_INTERPROCESS) && !(flags & CU_EVENT_DISABLE_TIMING)) return CUDA_ERROR_INVALID_VALUE;
  auto* e = new Event(flags, c);
  if ((flags & CU_EVENT_INTERPROCESS) && e->share() < 0) {
    delete e;
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  live<Event>().add(e);
  *event = to_handle(e);
  return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent handle) {
  PPU_TRY(device::require_initialized());
  if (!live<Event>().remove(to_event(handle))) return CUDA_ERROR_INVALID_HANDLE;
  device::forget_mark(*to_event(handle));
  delete to_event(handle);
  return CUDA_SUCCESS;
}

CUresult cuEventDestroy(CUevent event) {
  return ppu::driver::cuEventDestroy_v2(event);
}

CUresult cuEventRecord(CUevent handle, CUstream stream_handle) {
  Event* e;
  Stream* s;
  PPU_TRY(find_stream(stream_handle, &s));
  PPU_TRY(find_event(handle, &e));
  if (device::is_capturing(*s)) {
    device::capture_record(*s, *e);
    return CUDA_SUCCESS;
  }
  PPU_TRY(device::refuse_implicit(*s));
  device::forget_mark(*e);
  e->record(*s);
  return CUDA_SUCCESS;
}

CUresult cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned int flags) {
  if (flags & ~unsigned(CU_EVENT_RECORD_EXTERNAL)) return CUDA_ERROR_INVALID_VALUE;
  Stream* s;
  Event* e;
  PPU_TRY(find_stream(stream, &s));
  PPU_TRY(find_event(event, &e));
  if (flags && device::is_capturing(*s))
    return device::capture_work(*s, std::make_unique<device::EventWork>(*e, true));
  return ppu::driver::cuEventRecord(event, stream);
}

CUresult cuEventQuery(CUevent handle) {
  Event* e;
  PPU_TRY(find_event(handle, &e));
  if (device::is_captured(*e)) return CUDA_ERROR_CAPTURED_EVENT;
  return e->query();
}

CUresult cuEventSynchronize(CUevent handle) {
  Event* e;
  PPU_TRY(find_event(handle, &e));
  if (device::is_captured(*e)) return CUDA_ERROR_CAPTURED_EVENT;
  return e->synchronize();
}

CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end) {
  Event *a, *b;
  PPU_TRY(find_event(start, &a));
  PPU_TRY(find_event(end, &b));
  if (!milliseconds) return CUDA_ERROR_INVALID_VALUE;
  return Event::elapsed(*a, *b, milliseconds);
}

CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  return ppu::driver::cuEventElapsedTime_v2(milliseconds, start, end);
}

// Per-thread default stream variants.
CUresult cuStreamGetPriority_ptsz(CUstream s, int* p) {
  return ppu::driver::cuStreamGetPriority(per_thread(s), p);
}
CUresult cuStreamGetDevice_ptsz(CUstream s, CUdevice* d) {
  return ppu::driver::cuStreamGetDevice(per_thread(s), d);
}
CUresult cuStreamGetFlags_ptsz(CUstream s, unsigned* f) {
  return ppu::driver::cuStreamGetFlags(per_thread(s), f);
}
CUresult cuStreamGetId_ptsz(CUstream s, unsigned long long* i) {
  return ppu::driver::cuStreamGetId(per_thread(s), i);
}
CUresult cuStreamGetCtx_ptsz(CUstream s, CUcontext* c) {
  return ppu::driver::cuStreamGetCtx(per_thread(s), c);
}
CUresult cuStreamGetCtx_v2_ptsz(CUstream s, CUcontext* c, CUgreenCtx* g) {
  return ppu::driver::cuStreamGetCtx_v2(per_thread(s), c, g);
}
CUresult cuStreamWaitEvent_ptsz(CUstream s, CUevent e, unsigned int f) {
  return ppu::driver::cuStreamWaitEvent(per_thread(s), e, f);
}
CUresult cuStreamAddCallback_ptsz(CUstream s, CUstreamCallback c, void* u, unsigned int f) {
  return add_callback(per_thread(s), c, u, f);
}
CUresult cuLaunchHostFunc_ptsz(CUstream s, CUhostFn f, void* u) {
  return ppu::driver::cuLaunchHostFunc(per_thread(s), f, u);
}
CUresult cuStreamAttachMemAsync_ptsz(CUstream s, CUdeviceptr a, size_t n, unsigned int f) {
  return ppu::driver::cuStreamAttachMemAsync(per_thread(s), a, n, f);
}
CUresult cuStreamIsCapturing_ptsz(CUstream s, CUstreamCaptureStatus* v) {
  return ppu::driver::cuStreamIsCapturing(per_thread(s), v);
}
CUresult cuStreamCopyAttributes_ptsz(CUstream a, CUstream b) {
  return ppu::driver::cuStreamCopyAttributes(per_thread(a), per_thread(b));
}
CUresult cuStreamGetAttribute_ptsz(CUstream s, CUstreamAttrID a, CUstreamAttrValue* v) {
  return ppu::driver::cuStreamGetAttribute(per_thread(s), a, v);
}
CUresult cuStreamSetAttribute_ptsz(CUstream s, CUstreamAttrID a, const CUstreamAttrValue* v) {
  return ppu::driver::cuStreamSetAttribute(per_thread(s), a, v);
}
CUresult cuStreamQuery_ptsz(CUstream s) {
  return ppu::driver::cuStreamQuery(per_thread(s));
}
CUresult cuStreamSynchronize_ptsz(CUstream s) {
  return ppu::driver::cuStreamSynchronize(per_thread(s));
}
CUresult cuEventRecord_ptsz(CUevent e, CUstream s) {
  return ppu::driver::cuEventRecord(e, per_thread(s));
}
CUresult cuEventRecordWithFlags_ptsz(CUevent e, CUstream s, unsigned int f) {
  return ppu::driver::cuEventRecordWithFlags(e, per_thread(s), f);
}

}  // namespace ppu::driver

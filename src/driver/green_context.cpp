// Green contexts: parts of a device's multiprocessors, and contexts made of them.
#include "device/green_context.h"

#include <cstring>
#include <set>

#include "driver/handles.h"

namespace ppu::driver {

using device::GreenContext;

namespace {

/// What the driver keeps in a resource beside its public fields.
struct Origin {
  static constexpr uint64_t kMark = 0x5050553a736d7321;
  uint64_t mark = kMark;
  uint64_t split = 0;  ///< of which call it is a part; 0: whole, and may be split
  int device = 0;
};
static_assert(sizeof(Origin) <= sizeof CUdevResource{}._internal_padding);

/// What CUdevResourceDesc points to.
struct Description {
  int device = 0;
  CUdevSmResource sm{};
};

/// Least multiprocessors of a part and the step of their number, by capability (CUDA Driver API, "Green
/// Contexts").
struct Partition {
  unsigned least, step;
};
Partition partition_of(const device::Device& d, bool fine) {
  if (fine || d.chip->cc_major < 7) return {1, 1};
  if (d.chip->cc_major == 7) return {2, 2};
  if (d.chip->cc_major == 8) return {4, 2};
  return {8, 8};
}

CUdevResource make_resource(const device::Device& d, unsigned sms, uint64_t split) {
  CUdevResource r{};
  if (sms == 0) return r;  // CU_DEV_RESOURCE_TYPE_INVALID
  const Partition p = partition_of(d, false);
  r.type = CU_DEV_RESOURCE_TYPE_SM;
  r.sm = {sms, p.least, p.step};
  Origin o;
  o.split = split;
  o.device = d.ordinal;
  std::memcpy(r._internal_padding, &o, sizeof o);
  return r;
}

CUresult read_resource(const CUdevResource& r, Origin* origin) {
  if (r.type != CU_DEV_RESOURCE_TYPE_SM) return CUDA_ERROR_INVALID_RESOURCE_TYPE;
  std::memcpy(origin, r._internal_padding, sizeof *origin);
  return origin->mark == Origin::kMark && device::device_at(origin->device) ? CUDA_SUCCESS
                                                                            : CUDA_ERROR_INVALID_VALUE;
}

CUresult give_resource(const device::Device& d, unsigned sms, CUdevResource* resource,
                       CUdevResourceType kind) {
  if (!resource) return CUDA_ERROR_INVALID_VALUE;
  if (kind != CU_DEV_RESOURCE_TYPE_SM) return CUDA_ERROR_INVALID_RESOURCE_TYPE;
  *resource = make_resource(d, sms, 0);
  return CUDA_SUCCESS;
}

unsigned all_of(const device::Device& d) {
  return unsigned(d.chip->sms.value);
}

CUresult find_green(CUgreenCtx handle, GreenContext** green) {
  PPU_TRY(device::require_initialized());
  *green = reinterpret_cast<GreenContext*>(handle);
  if (!live<GreenContext>().has(*green)) return CUDA_ERROR_INVALID_CONTEXT;
  return (*green)->destroyed ? CUDA_ERROR_CONTEXT_IS_DESTROYED : CUDA_SUCCESS;
}

}  // namespace

CUresult cuDeviceGetDevResource(CUdevice ordinal, CUdevResource* resource, CUdevResourceType kind) {
  device::Device* d;
  PPU_TRY(find_device(ordinal, &d));
  return give_resource(*d, all_of(*d), resource, kind);
}

CUresult cuCtxGetDevResource(CUcontext handle, CUdevResource* resource, CUdevResourceType kind) {
  PPU_TRY(device::require_initialized());
  device::Context* c = to_context(handle);
  if (!c || !device::is_context(c)) return CUDA_ERROR_INVALID_CONTEXT;
  return give_resource(c->device(), all_of(c->device()), resource, kind);
}

CUresult cuGreenCtxGetDevResource(CUgreenCtx handle, CUdevResource* resource, CUdevResourceType kind) {
  GreenContext* g;
  PPU_TRY(find_green(handle, &g));
  return give_resource(g->primary.device(), g->sm.smCount, resource, kind);
}

CUresult cuDevSmResourceSplitByCount(CUdevResource* result, unsigned int* groups, const CUdevResource* input,
                                     CUdevResource* remaining, unsigned int flags, unsigned int least) {
  PPU_TRY(device::require_initialized());
  constexpr unsigned kKnown =
      CU_DEV_SM_RESOURCE_SPLIT_IGNORE_SM_COSCHEDULING | CU_DEV_SM_RESOURCE_SPLIT_MAX_POTENTIAL_CLUSTER_SIZE;
  if (!groups || !input || (flags & ~kKnown)) return CUDA_ERROR_INVALID_VALUE;
  Origin origin;
  PPU_TRY(read_resource(*input, &origin));
  if (least > input->sm.smCount) return CUDA_ERROR_INVALID_VALUE;
  // "the output results cannot be split again without first creating a descriptor and a green context"
  if (origin.split) return CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION;
  const device::Device& d = *device::device_at(origin.device);
  const Partition p = partition_of(d, flags & CU_DEV_SM_RESOURCE_SPLIT_IGNORE_SM_COSCHEDULING);
  const unsigned each = (std::max(least, p.least) + p.step - 1) / p.step * p.step;
  unsigned made = input->sm.smCount / each;
  if (result) {
    static std::atomic<uint64_t> next_split{1};
    const uint64_t split = next_split.fetch_add(1);
    made = std::min(made, *groups);
    for (unsigned i = 0; i < made; i++) result[i] = make_resource(d, each, split);
    if (remaining) *remaining = make_resource(d, input->sm.smCount - made * each, split);
  } else if (remaining) {
    *remaining = make_resource(d, input->sm.smCount - made * each, 0);
  }
  *groups = made;
  return CUDA_SUCCESS;
}

CUresult cuDevResourceGenerateDesc(CUdevResourceDesc* description, CUdevResource* resources,
                                   unsigned int count) {
  PPU_TRY(device::require_initialized());
  if (!description || !resources || count == 0) return CUDA_ERROR_INVALID_VALUE;
  Origin first;
  PPU_TRY(read_resource(resources[0], &first));
  auto made = std::make_unique<Description>();
  made->device = first.device;
  made->sm = resources[0].sm;
  for (unsigned i = 1; i < count; i++) {
    Origin o;
    PPU_TRY(read_resource(resources[i], &o));
    // Of one device, and of one split: else they may be the same multiprocessors.
    if (o.device != first.device || o.split != first.split || o.split == 0)
      return CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION;
    made->sm.smCount += resources[i].sm.smCount;
  }
  if (made->sm.smCount > all_of(*device::device_at(first.device)))
    return CUDA_ERROR_INVALID_RESOURCE_CONFIGURATION;
  live<Description>().add(made.get());
  *description = reinterpret_cast<CUdevResourceDesc>(made.release());  // CUDA has no call that ends one
  return CUDA_SUCCESS;
}

CUresult cuGreenCtxCreate(CUgreenCtx* green, CUdevResourceDesc handle, CUdevice ordinal, unsigned int flags) {
  device::Device* d;
  PPU_TRY(find_device(ordinal, &d));
  auto* description = reinterpret_cast<Description*>(handle);
  if (!green || flags != CU_GREEN_CTX_DEFAULT_STREAM || !live<Description>().has(description) ||
      description->device != ordinal)
    return CUDA_ERROR_INVALID_VALUE;
  device::Context* primary = nullptr;
  PPU_TRY(device::retain_primary(*d, &primary));
  auto* g = new GreenContext(*primary, description->sm);
  live<GreenContext>().add(g);
  *green = reinterpret_cast<CUgreenCtx>(g);
  return CUDA_SUCCESS;
}

CUresult cuGreenCtxDestroy(CUgreenCtx handle) {
  GreenContext* g;
  PPU_TRY(find_green(handle, &g));
  if (g->destroyed.exchange(true)) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  return device::release_primary(g->primary.device());
}

CUresult cuCtxFromGreenCtx(CUcontext* ctx, CUgreenCtx handle) {
  GreenContext* g;
  PPU_TRY(find_green(handle, &g));
  if (!ctx) return CUDA_ERROR_INVALID_VALUE;
  *ctx = to_handle(&g->primary);
  return CUDA_SUCCESS;
}

CUresult cuGreenCtxStreamCreate(CUstream* stream, CUgreenCtx handle, unsigned int flags, int priority) {
  GreenContext* g;
  PPU_TRY(find_green(handle, &g));
  if (!stream || flags != CU_STREAM_NON_BLOCKING) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(g->primary.error());
  auto* s = new device::Stream(g->primary, flags, clamp_priority(priority));
  s->set_green(g);
  live<device::Stream>().add(s);
  *stream = to_handle(s);
  return CUDA_SUCCESS;
}

CUresult cuGreenCtxGetId(CUgreenCtx handle, unsigned long long* id) {
  GreenContext* g;
  PPU_TRY(find_green(handle, &g));
  if (!id) return CUDA_ERROR_INVALID_VALUE;
  *id = g->id;
  return CUDA_SUCCESS;
}

CUresult cuGreenCtxRecordEvent(CUgreenCtx handle, CUevent event) {
  GreenContext* g;
  PPU_TRY(find_green(handle, &g));
  return record_everywhere(g->primary, g, event);
}

CUresult cuGreenCtxWaitEvent(CUgreenCtx handle, CUevent event) {
  GreenContext* g;
  PPU_TRY(find_green(handle, &g));
  return wait_everywhere(g->primary, g, event);
}

}  // namespace ppu::driver

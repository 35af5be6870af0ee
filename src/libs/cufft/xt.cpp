// cuFFT over several devices (cuFFT documentation, "Multiple GPU cuFFT Transforms"). Each device has a slab:
// of the slowest dimension in natural order, of the second slowest after a transform of two or three
// dimensions, whole transforms of a batch. All memory is the host's: a transform gathers the slabs, runs as
// one, and scatters the result, before the call returns. One dimension stays in natural order, and
// cufftXtQueryPlan, which tells of its order, isn't written.
#include <cufftXt.h>

#include <algorithm>
#include <vector>

#include "libs/cufft/plan.h"
#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

namespace ppu::cufft {

/// A descriptor as programs see it, and what it points to.
struct Spread {
  cudaLibXtDesc outer{};
  cudaXtDesc inner{};
};

namespace {

auto& spreads = shell::handles<Spread, cudaLibXtDesc*>();

/// What slabs are cut of: rows of `row` bytes, by x and y.
struct Box {
  int64_t x, y;
  size_t row;
  bool turns;  ///< a transform leaves slabs of y
  size_t bytes() const { return size_t(x) * size_t(y) * row; }
};
Box box_of(const Plan& plan) {
  const bool halved = plan.real_in || plan.real_out;
  const size_t number = plan.is_double ? 16 : 8;
  // Real numbers lie in place of the complex ones, with room at the end of each line.
  const int64_t line = halved ? plan.n[2] / 2 + 1 : plan.n[2];
  if (plan.batch > 1) return {plan.batch, 1, size_t(plan.n[0] * plan.n[1] * line) * number, false};
  if (plan.rank == 3) return {plan.n[0], plan.n[1], size_t(line) * number, true};
  if (plan.rank == 2) return {plan.n[1], line, number, true};
  return {line, 1, number, false};
}
/// The first and the last but one that device i of `count` has of n.
std::pair<int64_t, int64_t> share(int64_t n, int count, int i) {
  const int64_t each = n / count, more = n % count;
  const auto begin = [&](int64_t k) { return k * each + std::min(k, more); };
  return {begin(i), begin(i + 1)};
}

/// Calls move(in the whole, in a slab, bytes) for each piece of the slabs that lies in one.
template <class Move>
void each_piece(const Box& box, bool shuffled, const cudaXtDesc& d, Move move) {
  for (int i = 0; i < d.nGPUs; ++i) {
    auto* slab = static_cast<char*>(d.data[i]);
    const auto [first, last] = share(shuffled ? box.y : box.x, d.nGPUs, i);
    const size_t plane = size_t(box.y) * box.row;
    if (!shuffled) {
      move(size_t(first) * plane, slab, size_t(last - first) * plane);
      continue;
    }
    const size_t piece = size_t(last - first) * box.row;
    for (int64_t x = 0; x < box.x; ++x)
      move(size_t(x) * plane + size_t(first) * box.row, slab + size_t(x) * piece, piece);
  }
}
bool is_shuffled(const Box& box, const cudaLibXtDesc& d) {
  return box.turns &&
         (d.subFormat == CUFFT_XT_FORMAT_INPLACE_SHUFFLED || d.subFormat == CUFFT_XT_FORMAT_OUTPUT);
}
void gather(const Box& box, const Spread& from, char* to) {
  each_piece(box, is_shuffled(box, from.outer), from.inner,
             [&](size_t at, const char* slab, size_t n) { std::copy_n(slab, n, to + at); });
}
void scatter(const Box& box, const char* from, const Spread& to) {
  each_piece(box, is_shuffled(box, to.outer), to.inner,
             [&](size_t at, char* slab, size_t n) { std::copy_n(from + at, n, slab); });
}

/// A plan for several devices, and what it cuts.
std::shared_ptr<Plan> find_made(cufftHandle handle) {
  std::shared_ptr<Plan> plan = find(handle);
  return plan && plan->made && !plan->devices.empty() ? plan : nullptr;
}
/// The size of device i's slab in either order.
size_t slab_bytes(const Box& box, int count, int i) {
  const auto [x0, x1] = share(box.x, count, i);
  const auto [y0, y1] = share(box.y, count, i);
  const size_t natural = size_t(x1 - x0) * size_t(box.y) * box.row;
  return box.turns ? std::max(natural, size_t(box.x) * size_t(y1 - y0) * box.row) : natural;
}
/// Runs `body` with the primary context of a device current.
template <class Body>
CUresult on_device(int device, Body body) {
  CUcontext primary;
  if (const CUresult kept = cuDevicePrimaryCtxRetain(&primary, device)) return kept;
  CUresult result = cuCtxPushCurrent(primary);
  if (result == CUDA_SUCCESS) {
    result = body();
    cuCtxPopCurrent(nullptr);
  }
  cuDevicePrimaryCtxRelease(device);
  return result;
}
cufftResult settle(const cudaXtDesc& d) {
  for (int i = 0; i < d.nGPUs; ++i)
    if (on_device(d.GPUs[i], cuCtxSynchronize) != CUDA_SUCCESS) return CUFFT_EXEC_FAILED;
  return CUFFT_SUCCESS;
}
/// Takes a slab, and holds on to the device's context, which would end with the last who does.
CUresult take_slab(cudaXtDesc& d, int i) {
  CUcontext held;
  if (const CUresult kept = cuDevicePrimaryCtxRetain(&held, d.GPUs[i])) return kept;
  CUdeviceptr slab = 0;
  const CUresult got =
      on_device(d.GPUs[i], [&] { return cuMemAlloc(&slab, std::max<size_t>(1, d.size[i])); });
  if (got != CUDA_SUCCESS) cuDevicePrimaryCtxRelease(d.GPUs[i]);
  d.data[i] = reinterpret_cast<void*>(slab);
  return got;
}
void free_slabs(cudaXtDesc& d) {
  for (int i = 0; i < d.nGPUs; ++i) {
    if (!d.data[i]) continue;
    cuMemFree(reinterpret_cast<CUdeviceptr>(d.data[i]));
    cuDevicePrimaryCtxRelease(d.GPUs[i]);
  }
}

cufftResult execute_spread(cufftHandle handle, cudaLibXtDesc* in, cudaLibXtDesc* out, int direction) {
  const std::shared_ptr<Plan> plan = find_made(handle);
  Spread *from = spreads.find(in), *to = spreads.find(out);
  if (!plan) return CUFFT_INVALID_PLAN;
  if (!from || !to) return CUFFT_INVALID_VALUE;
  const Box box = box_of(*plan);
  if (const cufftResult bad = settle(from->inner)) return bad;
  if (const cufftResult bad = settle(to->inner)) return bad;
  CUdeviceptr whole;
  if (cuMemAlloc(&whole, std::max<size_t>(1, box.bytes())) != CUDA_SUCCESS) return CUFFT_ALLOC_FAILED;
  auto* numbers = reinterpret_cast<char*>(whole);
  gather(box, *from, numbers);
  cufftResult result = execute(plan, numbers, numbers, direction);
  if (cuStreamSynchronize(plan->stream) != CUDA_SUCCESS) result = CUFFT_EXEC_FAILED;
  if (result == CUFFT_SUCCESS) {
    // Turned once, and back by the next.
    const bool was = is_shuffled(box, from->outer);
    to->outer.subFormat = was ? CUFFT_XT_FORMAT_INPLACE : CUFFT_XT_FORMAT_INPLACE_SHUFFLED;
    scatter(box, numbers, *to);
  }
  cuMemFree(whole);
  return result;
}
cufftResult execute_as(cufftHandle handle, bool real_in, bool real_out, bool is_double, cudaLibXtDesc* in,
                       cudaLibXtDesc* out, int direction) {
  const std::shared_ptr<Plan> plan = find_made(handle);
  if (!plan || plan->real_in != real_in || plan->real_out != real_out || plan->is_double != is_double)
    return CUFFT_INVALID_PLAN;
  return execute_spread(handle, in, out, direction);
}

}  // namespace

cufftResult cufftXtSetGPUs(cufftHandle handle, int count, int* devices) {
  const std::shared_ptr<Plan> plan = find(handle);
  if (!plan || plan->made) return CUFFT_INVALID_PLAN;
  int present = 0;
  if (count < 1 || count > MAX_CUDA_DESCRIPTOR_GPUS || !devices) return CUFFT_INVALID_VALUE;
  if (cuDeviceGetCount(&present) != CUDA_SUCCESS) return CUFFT_SETUP_FAILED;
  for (int i = 0; i < count; ++i)
    if (devices[i] < 0 || devices[i] >= present) return CUFFT_INVALID_DEVICE;
  plan->devices.assign(devices, devices + count);
  return CUFFT_SUCCESS;
}
cufftResult cufftXtSetWorkArea(cufftHandle handle, void**) {
  return find_made(handle) ? CUFFT_SUCCESS : CUFFT_INVALID_PLAN;
}
cufftResult cufftXtMalloc(cufftHandle handle, cudaLibXtDesc** descriptor, cufftXtSubFormat format) {
  const std::shared_ptr<Plan> plan = find_made(handle);
  if (!plan) return CUFFT_INVALID_PLAN;
  if (!descriptor || unsigned(format) > CUFFT_XT_FORMAT_INPLACE_SHUFFLED) return CUFFT_INVALID_VALUE;
  const Box box = box_of(*plan);
  auto* const made = spreads.make();
  Spread& spread = *spreads.find(made);
  cudaXtDesc& d = spread.inner;
  d.version = CUDA_XT_DESCRIPTOR_VERSION, d.nGPUs = int(plan->devices.size());
  for (int i = 0; i < d.nGPUs; ++i) {
    d.GPUs[i] = plan->devices[size_t(i)], d.size[i] = slab_bytes(box, d.nGPUs, i);
    if (take_slab(d, i) == CUDA_SUCCESS) continue;
    free_slabs(d), spreads.destroy(made);
    return CUFFT_ALLOC_FAILED;
  }
  spread.outer = {CUDA_XT_DESCRIPTOR_VERSION, &d, LIB_FORMAT_CUFFT, int(format), nullptr};
  *descriptor = made;
  return CUFFT_SUCCESS;
}
cufftResult cufftXtFree(cudaLibXtDesc* descriptor) {
  Spread* spread = spreads.find(descriptor);
  if (!spread) return CUFFT_INVALID_VALUE;
  if (const cufftResult bad = settle(spread->inner)) return bad;
  free_slabs(spread->inner);
  spreads.destroy(descriptor);
  return CUFFT_SUCCESS;
}
/// The host's side is in natural order; a copy between devices brings it back.
cufftResult cufftXtMemcpy(cufftHandle handle, void* to, void* from, cufftXtCopyType type) {
  const std::shared_ptr<Plan> plan = find_made(handle);
  if (!plan) return CUFFT_INVALID_PLAN;
  const bool to_devices = type == CUFFT_COPY_HOST_TO_DEVICE || type == CUFFT_COPY_DEVICE_TO_DEVICE,
             from_devices = type == CUFFT_COPY_DEVICE_TO_HOST || type == CUFFT_COPY_DEVICE_TO_DEVICE;
  Spread* target = to_devices ? spreads.find(static_cast<cudaLibXtDesc*>(to)) : nullptr;
  Spread* source = from_devices ? spreads.find(static_cast<cudaLibXtDesc*>(from)) : nullptr;
  if (!to || !from || (!to_devices && !from_devices) || (to_devices && !target) || (from_devices && !source))
    return CUFFT_INVALID_VALUE;
  for (Spread* side : {target, source})
    if (side)
      if (const cufftResult bad = settle(side->inner)) return bad;
  const Box box = box_of(*plan);
  if (!source) {
    scatter(box, static_cast<const char*>(from), *target);
  } else if (!target) {
    gather(box, *source, static_cast<char*>(to));
  } else {
    std::vector<char> whole(box.bytes());
    gather(box, *source, whole.data());
    target->outer.subFormat = CUFFT_XT_FORMAT_INPLACE;
    scatter(box, whole.data(), *target);
  }
  return CUFFT_SUCCESS;
}

cufftResult cufftXtExecDescriptor(cufftHandle handle, cudaLibXtDesc* in, cudaLibXtDesc* out, int direction) {
  return execute_spread(handle, in, out, direction);
}
cufftResult cufftXtExecDescriptorC2C(cufftHandle handle, cudaLibXtDesc* in, cudaLibXtDesc* out,
                                     int direction) {
  return execute_as(handle, false, false, false, in, out, direction);
}
cufftResult cufftXtExecDescriptorZ2Z(cufftHandle handle, cudaLibXtDesc* in, cudaLibXtDesc* out,
                                     int direction) {
  return execute_as(handle, false, false, true, in, out, direction);
}
cufftResult cufftXtExecDescriptorR2C(cufftHandle handle, cudaLibXtDesc* in, cudaLibXtDesc* out) {
  return execute_as(handle, true, false, false, in, out, CUFFT_FORWARD);
}
cufftResult cufftXtExecDescriptorD2Z(cufftHandle handle, cudaLibXtDesc* in, cudaLibXtDesc* out) {
  return execute_as(handle, true, false, true, in, out, CUFFT_FORWARD);
}
cufftResult cufftXtExecDescriptorC2R(cufftHandle handle, cudaLibXtDesc* in, cudaLibXtDesc* out) {
  return execute_as(handle, false, true, false, in, out, CUFFT_INVERSE);
}
cufftResult cufftXtExecDescriptorZ2D(cufftHandle handle, cudaLibXtDesc* in, cudaLibXtDesc* out) {
  return execute_as(handle, false, true, true, in, out, CUFFT_INVERSE);
}

}  // namespace ppu::cufft

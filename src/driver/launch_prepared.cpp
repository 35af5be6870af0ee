// Launches as they were before CUDA 4: block shape, shared memory and parameters are set on the function, one
// call each, and a later call starts it. Deprecated, but declared in every cuda.h since.
#include <algorithm>
#include <cstring>

#include "driver/handles.h"

namespace ppu::driver {

using device::Function;
using device::PreparedLaunch;

namespace {

constexpr unsigned kMostParameterBytes = 32764;

/// The function's prepared launch, locked.
class Prepared {
 public:
  CUresult find(CUfunction handle) {
    device::Context* c;
    PPU_TRY(current(&c));
    CUresult result;
    function_ = device::function_of(handle, *c, &result);
    if (!function_) return result;
    lock_ = std::unique_lock(function_->prepared.mutex);
    return CUDA_SUCCESS;
  }
  PreparedLaunch& operator*() const { return function_->prepared; }
  PreparedLaunch* operator->() const { return &function_->prepared; }

 private:
  Function* function_ = nullptr;
  std::unique_lock<std::mutex> lock_;
};

CUresult set_parameter(CUfunction f, int offset, const void* value, unsigned bytes) {
  Prepared p;
  PPU_TRY(p.find(f));
  if (!value || offset < 0 || uint64_t(offset) + bytes > kMostParameterBytes) return CUDA_ERROR_INVALID_VALUE;
  const size_t end = size_t(offset) + bytes;
  if (p->params.size() < end) p->params.resize(end);
  std::memcpy(p->params.data() + offset, value, bytes);
  return CUDA_SUCCESS;
}

CUresult start(CUfunction f, int width, int height, CUstream stream) {
  PreparedLaunch l;
  {
    Prepared p;
    PPU_TRY(p.find(f));
    std::copy(p->block, p->block + 3, l.block);
    l.shared_bytes = p->shared_bytes;
    l.params = p->params;
  }
  if (width <= 0 || height <= 0) return CUDA_ERROR_INVALID_VALUE;
  size_t bytes = l.params.size();
  std::byte none{};
  void* extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, bytes ? l.params.data() : &none,
                   CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};
  return ppu::driver::cuLaunchKernel(f, unsigned(width), unsigned(height), 1, l.block[0], l.block[1],
                                     l.block[2], l.shared_bytes, stream, nullptr, extra);
}

}  // namespace

CUresult cuFuncSetBlockShape(CUfunction f, int x, int y, int z) {
  Prepared p;
  PPU_TRY(p.find(f));
  if (x <= 0 || y <= 0 || z <= 0) return CUDA_ERROR_INVALID_VALUE;
  p->block[0] = uint32_t(x);
  p->block[1] = uint32_t(y);
  p->block[2] = uint32_t(z);
  return CUDA_SUCCESS;
}

CUresult cuFuncSetSharedSize(CUfunction f, unsigned int bytes) {
  Prepared p;
  PPU_TRY(p.find(f));
  p->shared_bytes = bytes;
  return CUDA_SUCCESS;
}

CUresult cuParamSetSize(CUfunction f, unsigned int bytes) {
  Prepared p;
  PPU_TRY(p.find(f));
  if (bytes > kMostParameterBytes) return CUDA_ERROR_INVALID_VALUE;
  p->params.resize(bytes);
  return CUDA_SUCCESS;
}

CUresult cuParamSeti(CUfunction f, int offset, unsigned int value) {
  return set_parameter(f, offset, &value, sizeof value);
}

CUresult cuParamSetf(CUfunction f, int offset, float value) {
  return set_parameter(f, offset, &value, sizeof value);
}

CUresult cuParamSetv(CUfunction f, int offset, void* value, unsigned int bytes) {
  return set_parameter(f, offset, value, bytes);
}

// A reference is bound to its module, so that every kernel of it sees the texture already.
CUresult cuParamSetTexRef(CUfunction f, int unit, CUtexref reference) {
  Prepared p;
  PPU_TRY(p.find(f));
  return unit == CU_PARAM_TR_DEFAULT && reference ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuLaunch(CUfunction f) {
  return start(f, 1, 1, nullptr);
}

CUresult cuLaunchGrid(CUfunction f, int width, int height) {
  return start(f, width, height, nullptr);
}

CUresult cuLaunchGridAsync(CUfunction f, int width, int height, CUstream stream) {
  return start(f, width, height, stream);
}

}  // namespace ppu::driver

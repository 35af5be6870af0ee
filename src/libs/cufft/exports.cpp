// libcufft: the exports, and plans as programs make them; several devices are in xt.cpp. Half types
// and callbacks by device pointer (a static cuFFT's) are not written.
#include <climits>
#include <map>

#include <cufftXt.h>

#include "base/log.h"
#include "libs/cufft/plan.h"

#define PPU_ROWS "libs/cufft/api.inc"
#define PPU_LIBRARY cufft
#define PPU_STATUS cufftResult
#define PPU_NOT_WRITTEN CUFFT_NOT_IMPLEMENTED
#define PPU_FAULT CUFFT_INTERNAL_ERROR
#include "libs/shell/exports.inc"
#include "libs/shell/stream_work.h"

namespace ppu::cufft {
namespace {

constexpr int kVersion[3] = {PPU_LIBRARY_VERSION, PPU_LIBRARY_VERSION == 12 ? 0 : 3, 0};

std::mutex mutex;
std::map<cufftHandle, std::shared_ptr<Plan>>& plans() {
  static auto* all = new std::map<cufftHandle, std::shared_ptr<Plan>>;  // exit handlers destroy plans
  return *all;
}

}  // namespace

std::shared_ptr<Plan> find(cufftHandle handle) {
  const std::lock_guard lock(mutex);
  const auto at = plans().find(handle);
  return at == plans().end() ? nullptr : at->second;
}

namespace {

template <class N>
struct Many {
  int rank;
  const N *n, *inembed;
  N istride, idist;
  const N* onembed;
  N ostride, odist;
  N batch;
};

template <class N>
Layout layout_of(int rank, const N* embed, N stride, N distance) {
  Layout l;
  if (!embed) return l;
  l.given = true, l.stride = stride, l.distance = distance;
  for (int d = 0; d < rank; ++d) l.embed[3 - rank + d] = embed[d];
  return l;
}

template <class N>
cufftResult check(const Many<N>& m) {
  if (m.rank < 1 || m.rank > 3) return CUFFT_INVALID_SIZE;
  if (!m.n || m.batch < 1) return m.n ? CUFFT_INVALID_SIZE : CUFFT_INVALID_VALUE;
  for (int d = 0; d < m.rank; ++d)
    if (m.n[d] < 1 || (m.inembed && m.inembed[d] < 1) || (m.onembed && m.onembed[d] < 1))
      return CUFFT_INVALID_SIZE;
  if ((m.inembed && m.istride < 1) || (m.onembed && m.ostride < 1)) return CUFFT_INVALID_SIZE;
  return CUFFT_SUCCESS;
}

template <class N>
cufftResult make(cufftHandle handle, const Many<N>& m, cufftType type, size_t* bytes) {
  const std::shared_ptr<Plan> plan = find(handle);
  if (!plan || plan->made) return CUFFT_INVALID_PLAN;
  if (const cufftResult bad = check(m); bad != CUFFT_SUCCESS) return bad;
  const bool real_in = type == CUFFT_R2C || type == CUFFT_D2Z,
             real_out = type == CUFFT_C2R || type == CUFFT_Z2D;
  if (!real_in && !real_out && type != CUFFT_C2C && type != CUFFT_Z2Z) return CUFFT_INVALID_TYPE;
  plan->real_in = real_in, plan->real_out = real_out;
  plan->is_double = type == CUFFT_D2Z || type == CUFFT_Z2D || type == CUFFT_Z2Z;
  const auto fits = [&](const auto& callback, bool load, bool real) {
    return !callback || callback->type() == callback_type(load, real, plan->is_double);
  };
  if (!fits(plan->load, true, real_in) || !fits(plan->store, false, real_out)) return CUFFT_INVALID_TYPE;
  plan->rank = m.rank, plan->batch = m.batch;
  for (int d = 0; d < m.rank; ++d) plan->n[3 - m.rank + d] = m.n[d];
  // Both embeds or none (cuFFT documentation, cufftPlanMany).
  const bool given = m.inembed && m.onembed;
  plan->in = layout_of(m.rank, given ? m.inembed : nullptr, m.istride, m.idist);
  plan->out = layout_of(m.rank, given ? m.onembed : nullptr, m.ostride, m.odist);
  plan->made = true;
  // The work area is host memory of our own; there is a size for each device.
  if (bytes) std::fill_n(bytes, std::max<size_t>(1, plan->devices.size()), 0);
  return CUFFT_SUCCESS;
}

template <class N>
Many<N> dense(int rank, const N* n, N batch) {
  return {rank, n, nullptr, 1, 0, nullptr, 1, 0, batch};
}

/// Creates a plan and makes it; nothing stays where that fails.
template <class N>
cufftResult create_and_make(cufftHandle* handle, const Many<N>& m, cufftType type) {
  if (const cufftResult bad = cufft::cufftCreate(handle); bad != CUFFT_SUCCESS) return bad;
  const cufftResult made = make(*handle, m, type, nullptr);
  if (made != CUFFT_SUCCESS) cufft::cufftDestroy(*handle);
  return made;
}

/// What a size is asked of needs no work area.
template <class N>
cufftResult size_of(const Many<N>& m, size_t* bytes) {
  if (!bytes) return CUFFT_INVALID_VALUE;
  *bytes = 0;
  return check(m);
}

bool type_of(cudaDataType in, cudaDataType out, cufftType* type) {
  if (in == CUDA_C_32F && out == CUDA_C_32F)
    *type = CUFFT_C2C;
  else if (in == CUDA_R_32F && out == CUDA_C_32F)
    *type = CUFFT_R2C;
  else if (in == CUDA_C_32F && out == CUDA_R_32F)
    *type = CUFFT_C2R;
  else if (in == CUDA_C_64F && out == CUDA_C_64F)
    *type = CUFFT_Z2Z;
  else if (in == CUDA_R_64F && out == CUDA_C_64F)
    *type = CUFFT_D2Z;
  else if (in == CUDA_C_64F && out == CUDA_R_64F)
    *type = CUFFT_Z2D;
  else
    return false;
  return true;
}

cufftResult execute_as(cufftHandle handle, bool real_in, bool real_out, bool is_double, const void* in,
                       void* out, int direction) {
  const std::shared_ptr<Plan> plan = find(handle);
  if (!plan || !plan->made) return CUFFT_INVALID_PLAN;
  if (plan->real_in != real_in || plan->real_out != real_out || plan->is_double != is_double)
    return CUFFT_INVALID_PLAN;
  return execute(plan, in, out, direction);
}

}  // namespace

cufftResult cufftGetVersion(int* version) {
  if (!version) return CUFFT_INVALID_VALUE;
  *version = kVersion[0] * 1000 + kVersion[1] * 100 + kVersion[2];
  return CUFFT_SUCCESS;
}
cufftResult cufftGetProperty(libraryPropertyType type, int* value) {
  if (!value || unsigned(type) > PATCH_LEVEL) return CUFFT_INVALID_VALUE;
  *value = kVersion[type];
  return CUFFT_SUCCESS;
}

cufftResult cufftCreate(cufftHandle* handle) {
  if (!handle) return CUFFT_INVALID_VALUE;
  if (shell::need_context() != CUDA_SUCCESS) return CUFFT_SETUP_FAILED;
  static cufftHandle next = 1;
  const std::lock_guard lock(mutex);
  *handle = next++;
  plans()[*handle] = std::make_shared<Plan>();
  return CUFFT_SUCCESS;
}
// Work under way keeps its plan.
cufftResult cufftDestroy(cufftHandle handle) {
  const std::lock_guard lock(mutex);
  return plans().erase(handle) ? CUFFT_SUCCESS : CUFFT_INVALID_PLAN;
}
cufftResult cufftSetStream(cufftHandle handle, cudaStream_t stream) {
  const std::shared_ptr<Plan> plan = find(handle);
  if (!plan) return CUFFT_INVALID_PLAN;
  plan->stream = stream;
  return CUFFT_SUCCESS;
}
cufftResult cufftSetWorkArea(cufftHandle handle, void*) {
  return find(handle) ? CUFFT_SUCCESS : CUFFT_INVALID_PLAN;
}
cufftResult cufftSetAutoAllocation(cufftHandle handle, int) {
  return find(handle) ? CUFFT_SUCCESS : CUFFT_INVALID_PLAN;
}
cufftResult cufftGetSize(cufftHandle handle, size_t* bytes) {
  if (!find(handle)) return CUFFT_INVALID_PLAN;
  if (!bytes) return CUFFT_INVALID_VALUE;
  *bytes = 0;
  return CUFFT_SUCCESS;
}

cufftResult cufftPlan1d(cufftHandle* handle, int nx, cufftType type, int batch) {
  return create_and_make(handle, dense(1, &nx, batch), type);
}
cufftResult cufftMakePlan1d(cufftHandle handle, int nx, cufftType type, int batch, size_t* bytes) {
  return make(handle, dense(1, &nx, batch), type, bytes);
}
cufftResult cufftGetSize1d(cufftHandle, int nx, cufftType, int batch, size_t* bytes) {
  return size_of(dense(1, &nx, batch), bytes);
}
cufftResult cufftEstimate1d(int nx, cufftType, int batch, size_t* bytes) {
  return size_of(dense(1, &nx, batch), bytes);
}
cufftResult cufftPlan2d(cufftHandle* handle, int nx, int ny, cufftType type) {
  const int n[] = {nx, ny};
  return create_and_make(handle, dense(2, n, 1), type);
}
cufftResult cufftMakePlan2d(cufftHandle handle, int nx, int ny, cufftType type, size_t* bytes) {
  const int n[] = {nx, ny};
  return make(handle, dense(2, n, 1), type, bytes);
}
cufftResult cufftGetSize2d(cufftHandle, int nx, int ny, cufftType, size_t* bytes) {
  const int n[] = {nx, ny};
  return size_of(dense(2, n, 1), bytes);
}
cufftResult cufftEstimate2d(int nx, int ny, cufftType, size_t* bytes) {
  const int n[] = {nx, ny};
  return size_of(dense(2, n, 1), bytes);
}
cufftResult cufftPlan3d(cufftHandle* handle, int nx, int ny, int nz, cufftType type) {
  const int n[] = {nx, ny, nz};
  return create_and_make(handle, dense(3, n, 1), type);
}
cufftResult cufftMakePlan3d(cufftHandle handle, int nx, int ny, int nz, cufftType type, size_t* bytes) {
  const int n[] = {nx, ny, nz};
  return make(handle, dense(3, n, 1), type, bytes);
}
cufftResult cufftGetSize3d(cufftHandle, int nx, int ny, int nz, cufftType, size_t* bytes) {
  const int n[] = {nx, ny, nz};
  return size_of(dense(3, n, 1), bytes);
}
cufftResult cufftEstimate3d(int nx, int ny, int nz, cufftType, size_t* bytes) {
  const int n[] = {nx, ny, nz};
  return size_of(dense(3, n, 1), bytes);
}

#define PPU_MANY(N)                                                  \
  Many<N> {                                                          \
    rank, n, inembed, istride, idist, onembed, ostride, odist, batch \
  }
cufftResult cufftPlanMany(cufftHandle* handle, int rank, int* n, int* inembed, int istride, int idist,
                          int* onembed, int ostride, int odist, cufftType type, int batch) {
  return create_and_make(handle, PPU_MANY(int), type);
}
cufftResult cufftMakePlanMany(cufftHandle handle, int rank, int* n, int* inembed, int istride, int idist,
                              int* onembed, int ostride, int odist, cufftType type, int batch,
                              size_t* bytes) {
  return make(handle, PPU_MANY(int), type, bytes);
}
cufftResult cufftGetSizeMany(cufftHandle, int rank, int* n, int* inembed, int istride, int idist,
                             int* onembed, int ostride, int odist, cufftType, int batch, size_t* bytes) {
  return size_of(PPU_MANY(int), bytes);
}
cufftResult cufftEstimateMany(int rank, int* n, int* inembed, int istride, int idist, int* onembed,
                              int ostride, int odist, cufftType, int batch, size_t* bytes) {
  return size_of(PPU_MANY(int), bytes);
}
using Long = long long int;
cufftResult cufftMakePlanMany64(cufftHandle handle, int rank, Long* n, Long* inembed, Long istride,
                                Long idist, Long* onembed, Long ostride, Long odist, cufftType type,
                                Long batch, size_t* bytes) {
  return make(handle, PPU_MANY(Long), type, bytes);
}
cufftResult cufftGetSizeMany64(cufftHandle, int rank, Long* n, Long* inembed, Long istride, Long idist,
                               Long* onembed, Long ostride, Long odist, cufftType, Long batch,
                               size_t* bytes) {
  return size_of(PPU_MANY(Long), bytes);
}
cufftResult cufftXtMakePlanMany(cufftHandle handle, int rank, Long* n, Long* inembed, Long istride,
                                Long idist, cudaDataType intype, Long* onembed, Long ostride, Long odist,
                                cudaDataType outtype, Long batch, size_t* bytes, cudaDataType) {
  cufftType type;
  if (!type_of(intype, outtype, &type)) {
    log("cufft", LogLevel::kWarn,
        "a transform of cudaDataType %d into %d isn't written yet: CUFFT_NOT_SUPPORTED", intype, outtype);
    return CUFFT_NOT_SUPPORTED;
  }
  return make(handle, PPU_MANY(Long), type, bytes);
}
cufftResult cufftXtGetSizeMany(cufftHandle, int rank, Long* n, Long* inembed, Long istride, Long idist,
                               cudaDataType, Long* onembed, Long ostride, Long odist, cudaDataType,
                               Long batch, size_t* bytes, cudaDataType) {
  return size_of(PPU_MANY(Long), bytes);
}
#undef PPU_MANY

cufftResult cufftXtExec(cufftHandle handle, void* in, void* out, int direction) {
  const std::shared_ptr<Plan> plan = find(handle);
  return plan && plan->made ? execute(plan, in, out, direction) : CUFFT_INVALID_PLAN;
}
cufftResult cufftExecC2C(cufftHandle handle, cufftComplex* in, cufftComplex* out, int direction) {
  return execute_as(handle, false, false, false, in, out, direction);
}
cufftResult cufftExecZ2Z(cufftHandle handle, cufftDoubleComplex* in, cufftDoubleComplex* out, int direction) {
  return execute_as(handle, false, false, true, in, out, direction);
}
cufftResult cufftExecR2C(cufftHandle handle, cufftReal* in, cufftComplex* out) {
  return execute_as(handle, true, false, false, in, out, CUFFT_FORWARD);
}
cufftResult cufftExecC2R(cufftHandle handle, cufftComplex* in, cufftReal* out) {
  return execute_as(handle, false, true, false, in, out, CUFFT_INVERSE);
}
cufftResult cufftExecD2Z(cufftHandle handle, cufftDoubleReal* in, cufftDoubleComplex* out) {
  return execute_as(handle, true, false, true, in, out, CUFFT_FORWARD);
}
cufftResult cufftExecZ2D(cufftHandle handle, cufftDoubleComplex* in, cufftDoubleReal* out) {
  return execute_as(handle, false, true, true, in, out, CUFFT_INVERSE);
}

}  // namespace ppu::cufft

// libcusolverMg: systems and eigenvalues of matrices whose blocks of columns lie on several devices in turn
// (cuSOLVER documentation, "cuSolverMG": 1D column block cyclic). All devices' memory is the host's, so a
// call gathers the columns, gives them to LAPACK and puts the results back, before it returns; work areas
// aren't used.
#include <cusolverMg.h>

#include "libs/cusolver/dense.h"

struct cusolverMgContext {
  std::vector<int> devices;
};

#define PPU_ROWS <ppu/cusolvermg_functions.inc>
#define PPU_LIBRARY cusolvermg
#define PPU_STATUS cusolverStatus_t
#define PPU_NOT_WRITTEN CUSOLVER_STATUS_NOT_SUPPORTED
#define PPU_FAULT CUSOLVER_STATUS_INTERNAL_ERROR
#include "libs/shell/exports.inc"

namespace ppu::cusolvermg {
namespace {

using cusolver::kBad;
using cusolver::known;
using cusolver::kOk;
using cusolver::Lapack;
using cusolver::letter;
using cusolver::Status;

struct Grid {
  int devices;
};
struct Descriptor {
  int64_t rows, columns, block;
  cudaDataType type;
  int devices;
};
auto& contexts = shell::handles<cusolverMgContext>();
auto& grids = shell::handles<Grid, cudaLibMgGrid_t>();
auto& descriptors = shell::handles<Descriptor, cudaLibMgMatrixDesc_t>();

/// The documented number types, by a value of the C++ type.
template <class F>
Status with_type(cudaDataType type, F body) {
  switch (type) {
    case CUDA_R_32F:
      return body(float());
    case CUDA_R_64F:
      return body(double());
    case CUDA_C_32F:
      return body(std::complex<float>());
    case CUDA_C_64F:
      return body(std::complex<double>());
    default:
      return kBad;
  }
}
cudaDataType real_type(cudaDataType type) {
  return type == CUDA_C_32F ? CUDA_R_32F : type == CUDA_C_64F ? CUDA_R_64F : type;
}

/// A rectangle of a distributed matrix as a call names it: its first element counts from 1.
struct Part {
  void** pieces;
  int row, column;
  cudaLibMgMatrixDesc_t descriptor;
  int64_t m, n;
};

/// Where the columns of a part lie. Pivots are a matrix of one row that is spread as the columns are.
template <class T>
class Columns {
 public:
  Columns(const Part& part, const Descriptor& d) : part_(part), d_(d) {}
  T* at(int64_t j) const {
    const int64_t column = part_.column - 1 + j, tile = column / d_.block;
    const int64_t local = tile / d_.devices * d_.block + column % d_.block;
    return static_cast<T*>(part_.pieces[tile % d_.devices]) + local * d_.rows + part_.row - 1;
  }
  bool reachable() const {
    for (int64_t j = 0; j < part_.n; ++j)
      if (!cusolver::reach(at(j), part_.m)) return false;
    return true;
  }
  std::vector<T> gather() const {
    std::vector<T> all(size_t(part_.m * part_.n));
    for (int64_t j = 0; j < part_.n; ++j) std::copy_n(at(j), part_.m, all.data() + j * part_.m);
    return all;
  }
  void scatter(const std::vector<T>& all) const {
    for (int64_t j = 0; j < part_.n; ++j) std::copy_n(all.data() + j * part_.m, part_.m, at(j));
  }

 private:
  Part part_;
  Descriptor d_;
};

/// The descriptor of a part that lies within its matrix, of numbers of type `compute`; else null.
const Descriptor* check(const Part& part, cudaDataType compute) {
  const Descriptor* d = descriptors.find(part.descriptor);
  const bool inside = d && part.pieces && part.m >= 0 && part.n >= 0 && part.row >= 1 && part.column >= 1 &&
                      part.row - 1 + part.m <= d->rows && part.column - 1 + part.n <= d->columns;
  return inside && d->type == compute ? d : nullptr;
}
Part pivots_of(int** pivots, const Part& a) {
  return {reinterpret_cast<void**>(pivots), 1, a.column, a.descriptor, 1, std::min(a.m, a.n)};
}
Columns<int> pivot_columns(int** pivots, const Part& a, const Descriptor& d) {
  return {pivots_of(pivots, a), {1, d.columns, d.block, d.type, d.devices}};
}

/// Waits for what the program has queued on the handle's devices.
Status settle(const cusolverMgContext& context) {
  for (const int device : context.devices) {
    CUcontext primary;
    if (cuDevicePrimaryCtxRetain(&primary, device) != CUDA_SUCCESS) return CUSOLVER_STATUS_EXECUTION_FAILED;
    CUresult waited = cuCtxPushCurrent(primary);
    if (waited == CUDA_SUCCESS) {
      waited = cuCtxSynchronize();
      cuCtxPopCurrent(nullptr);
    }
    cuDevicePrimaryCtxRelease(device);
    if (waited != CUDA_SUCCESS) return CUSOLVER_STATUS_EXECUTION_FAILED;
  }
  return kOk;
}

Status answer_size(cusolverMgHandle_t handle, bool valid, int64_t* lwork) {
  if (!contexts.find(handle)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (!valid || !lwork) return kBad;
  *lwork = 1;
  return kOk;
}

/// Runs body(a number of the type, the matrix's descriptor) once everything before it is done.
template <class F>
Status run(cusolverMgHandle_t handle, bool valid, const Part& a, cudaDataType compute, const int* info,
           F body) {
  const cusolverMgContext* context = contexts.find(handle);
  if (!context || context->devices.empty()) return CUSOLVER_STATUS_NOT_INITIALIZED;
  const Descriptor* d = check(a, compute);
  if (!valid || !d || !info) return kBad;
  if (const Status settled = settle(*context)) return settled;
  return with_type(compute, [&](auto number) -> Status {
    const Columns<decltype(number)> columns(a, *d);
    return columns.reachable() ? body(number, *d, columns) : kBad;
  });
}
/// One that overwrites a triangle: factor or inverse.
template <class F>
Status on_triangle(cusolverMgHandle_t handle, cublasFillMode_t uplo, const Part& a, cudaDataType compute,
                   int* info, F lapack) {
  return run(handle, known(uplo), a, compute, info, [&](auto number, const Descriptor&, auto& columns) {
    auto all = columns.gather();
    const int n = int(a.n);
    *info = lapack(number)(LAPACK_COL_MAJOR, letter(uplo), n, all.data(), std::max(1, n));
    columns.scatter(all);
    return kOk;
  });
}

}  // namespace

Status cusolverMgCreate(cusolverMgHandle_t* handle) {
  if (!handle) return kBad;
  if (shell::need_context() != CUDA_SUCCESS) return CUSOLVER_STATUS_NOT_INITIALIZED;
  scipy_LAPACKE_set_nancheck(0);  // not-a-number is handed on
  *handle = contexts.make();
  return kOk;
}
Status cusolverMgDestroy(cusolverMgHandle_t handle) {
  return contexts.destroy(handle) ? kOk : CUSOLVER_STATUS_NOT_INITIALIZED;
}
Status cusolverMgDeviceSelect(cusolverMgHandle_t handle, int count, int devices[]) {
  cusolverMgContext* context = contexts.find(handle);
  int present = 0;
  if (!context || cuDeviceGetCount(&present) != CUDA_SUCCESS) return CUSOLVER_STATUS_NOT_INITIALIZED;
  if (count < 1 || !devices) return kBad;
  for (int i = 0; i < count; ++i)
    if (devices[i] < 0 || devices[i] >= present) return kBad;
  context->devices.assign(devices, devices + count);
  return kOk;
}

// As documented, a grid is one row of devices, and a block is as high as the matrix.
Status cusolverMgCreateDeviceGrid(cudaLibMgGrid_t* grid, int32_t rows, int32_t columns,
                                  const int32_t devices[], cusolverMgGridMapping_t mapping) {
  const bool known_mapping =
      mapping == CUDALIBMG_GRID_MAPPING_COL_MAJOR || mapping == CUDALIBMG_GRID_MAPPING_ROW_MAJOR;
  if (!grid || rows != 1 || columns < 1 || !devices || !known_mapping) return kBad;
  *grid = grids.make(Grid{columns});
  return kOk;
}
Status cusolverMgDestroyGrid(cudaLibMgGrid_t grid) {
  return grids.destroy(grid) ? kOk : kBad;
}
Status cusolverMgCreateMatrixDesc(cudaLibMgMatrixDesc_t* desc, int64_t rows, int64_t columns,
                                  int64_t row_block, int64_t column_block, cudaDataType type,
                                  const cudaLibMgGrid_t grid) {
  const Grid* on = grids.find(grid);
  if (!desc || !on || rows < 1 || columns < 1 || row_block != rows || column_block < 1) return kBad;
  if (const Status taken = with_type(type, [](auto) { return kOk; })) return taken;
  *desc = descriptors.make(Descriptor{rows, columns, column_block, type, on->devices});
  return kOk;
}
Status cusolverMgDestroyMatrixDesc(cudaLibMgMatrixDesc_t desc) {
  return descriptors.destroy(desc) ? kOk : kBad;
}

Status cusolverMgGetrf_bufferSize(cusolverMgHandle_t handle, int m, int n, void* a[], int ia, int ja,
                                  cudaLibMgMatrixDesc_t desc_a, int* pivots[], cudaDataType compute,
                                  int64_t* lwork) {
  return answer_size(handle, pivots && check({a, ia, ja, desc_a, m, n}, compute), lwork);
}
Status cusolverMgGetrf(cusolverMgHandle_t handle, int m, int n, void* a[], int ia, int ja,
                       cudaLibMgMatrixDesc_t desc_a, int* pivots[], cudaDataType compute, void*[],
                       int64_t lwork, int* info) {
  const Part part{a, ia, ja, desc_a, m, n};
  return run(handle, pivots && lwork >= 1, part, compute, info,
             [&](auto number, const Descriptor& d, auto& columns) {
               const Columns<int> to = pivot_columns(pivots, part, d);
               if (!to.reachable()) return kBad;
               auto all = columns.gather();
               std::vector<int> rows(size_t(std::min(m, n)));
               *info = Lapack<decltype(number)>::getrf(LAPACK_COL_MAJOR, m, n, all.data(), std::max(1, m),
                                                       rows.data());
               columns.scatter(all), to.scatter(rows);
               return kOk;
             });
}
Status cusolverMgGetrs_bufferSize(cusolverMgHandle_t handle, cublasOperation_t trans, int n, int nrhs,
                                  void* a[], int ia, int ja, cudaLibMgMatrixDesc_t desc_a, int* pivots[],
                                  void* b[], int ib, int jb, cudaLibMgMatrixDesc_t desc_b,
                                  cudaDataType compute, int64_t* lwork) {
  return answer_size(handle,
                     known(trans) && pivots && check({a, ia, ja, desc_a, n, n}, compute) &&
                         check({b, ib, jb, desc_b, n, nrhs}, compute),
                     lwork);
}
Status cusolverMgGetrs(cusolverMgHandle_t handle, cublasOperation_t trans, int n, int nrhs, void* a[], int ia,
                       int ja, cudaLibMgMatrixDesc_t desc_a, int* pivots[], void* b[], int ib, int jb,
                       cudaLibMgMatrixDesc_t desc_b, cudaDataType compute, void*[], int64_t lwork,
                       int* info) {
  const Part part{a, ia, ja, desc_a, n, n}, right{b, ib, jb, desc_b, n, nrhs};
  const Descriptor* rights = check(right, compute);
  return run(handle, known(trans) && pivots && rights && lwork >= 1, part, compute, info,
             [&](auto number, const Descriptor& d, auto& columns) {
               using T = decltype(number);
               const Columns<int> from = pivot_columns(pivots, part, d);
               const Columns<T> x(right, *rights);
               if (!from.reachable() || !x.reachable()) return kBad;
               auto solution = x.gather();
               *info =
                   Lapack<T>::getrs(LAPACK_COL_MAJOR, letter<T>(trans), n, nrhs, columns.gather().data(),
                                    std::max(1, n), from.gather().data(), solution.data(), std::max(1, n));
               x.scatter(solution);
               return kOk;
             });
}

Status cusolverMgPotrf_bufferSize(cusolverMgHandle_t handle, cublasFillMode_t uplo, int n, void* a[], int ia,
                                  int ja, cudaLibMgMatrixDesc_t desc_a, cudaDataType compute,
                                  int64_t* lwork) {
  return answer_size(handle, known(uplo) && check({a, ia, ja, desc_a, n, n}, compute), lwork);
}
Status cusolverMgPotrf(cusolverMgHandle_t handle, cublasFillMode_t uplo, int n, void* a[], int ia, int ja,
                       cudaLibMgMatrixDesc_t desc_a, cudaDataType compute, void*[], int64_t lwork,
                       int* info) {
  if (lwork < 1) return kBad;
  return on_triangle(handle, uplo, {a, ia, ja, desc_a, n, n}, compute, info,
                     [](auto number) { return Lapack<decltype(number)>::potrf; });
}
Status cusolverMgPotri_bufferSize(cusolverMgHandle_t handle, cublasFillMode_t uplo, int n, void* a[], int ia,
                                  int ja, cudaLibMgMatrixDesc_t desc_a, cudaDataType compute,
                                  int64_t* lwork) {
  return ::cusolverMgPotrf_bufferSize(handle, uplo, n, a, ia, ja, desc_a, compute, lwork);
}
Status cusolverMgPotri(cusolverMgHandle_t handle, cublasFillMode_t uplo, int n, void* a[], int ia, int ja,
                       cudaLibMgMatrixDesc_t desc_a, cudaDataType compute, void*[], int64_t lwork,
                       int* info) {
  if (lwork < 1) return kBad;
  return on_triangle(handle, uplo, {a, ia, ja, desc_a, n, n}, compute, info,
                     [](auto number) { return Lapack<decltype(number)>::potri; });
}
Status cusolverMgPotrs_bufferSize(cusolverMgHandle_t handle, cublasFillMode_t uplo, int n, int nrhs,
                                  void* a[], int ia, int ja, cudaLibMgMatrixDesc_t desc_a, void* b[], int ib,
                                  int jb, cudaLibMgMatrixDesc_t desc_b, cudaDataType compute,
                                  int64_t* lwork) {
  return answer_size(handle,
                     known(uplo) && check({a, ia, ja, desc_a, n, n}, compute) &&
                         check({b, ib, jb, desc_b, n, nrhs}, compute),
                     lwork);
}
Status cusolverMgPotrs(cusolverMgHandle_t handle, cublasFillMode_t uplo, int n, int nrhs, void* a[], int ia,
                       int ja, cudaLibMgMatrixDesc_t desc_a, void* b[], int ib, int jb,
                       cudaLibMgMatrixDesc_t desc_b, cudaDataType compute, void*[], int64_t lwork,
                       int* info) {
  const Part right{b, ib, jb, desc_b, n, nrhs};
  const Descriptor* rights = check(right, compute);
  return run(handle, known(uplo) && rights && lwork >= 1, {a, ia, ja, desc_a, n, n}, compute, info,
             [&](auto number, const Descriptor&, auto& columns) {
               const Columns<decltype(number)> x(right, *rights);
               if (!x.reachable()) return kBad;
               auto solution = x.gather();
               *info = Lapack<decltype(number)>::potrs(LAPACK_COL_MAJOR, letter(uplo), n, nrhs,
                                                       columns.gather().data(), std::max(1, n),
                                                       solution.data(), std::max(1, n));
               x.scatter(solution);
               return kOk;
             });
}

Status cusolverMgSyevd_bufferSize(cusolverMgHandle_t handle, cusolverEigMode_t jobz, cublasFillMode_t uplo,
                                  int n, void* a[], int ia, int ja, cudaLibMgMatrixDesc_t desc_a, void*,
                                  cudaDataType type_w, cudaDataType compute, int64_t* lwork) {
  return answer_size(
      handle,
      known(jobz) && known(uplo) && check({a, ia, ja, desc_a, n, n}, compute) && type_w == real_type(compute),
      lwork);
}
/// The eigenvalues go to the host.
Status cusolverMgSyevd(cusolverMgHandle_t handle, cusolverEigMode_t jobz, cublasFillMode_t uplo, int n,
                       void* a[], int ia, int ja, cudaLibMgMatrixDesc_t desc_a, void* w, cudaDataType type_w,
                       cudaDataType compute, void*[], int64_t lwork, int* info) {
  const bool valid = known(jobz) && known(uplo) && w && type_w == real_type(compute) && lwork >= 1;
  return run(handle, valid, {a, ia, ja, desc_a, n, n}, compute, info,
             [&](auto number, const Descriptor&, auto& columns) {
               using T = decltype(number);
               auto all = columns.gather();
               *info = Lapack<T>::syevd(LAPACK_COL_MAJOR, letter(jobz), letter(uplo), n, all.data(),
                                        std::max(1, n), static_cast<cusolver::RealOf<T>*>(w));
               columns.scatter(all);
               return kOk;
             });
}

}  // namespace ppu::cusolvermg

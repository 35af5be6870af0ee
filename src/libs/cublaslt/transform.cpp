// cublasLtMatrixTransform: C = alpha op(A) + beta op(B), from any order and type into any.
#include <complex>
#include <cstring>
#include <initializer_list>

#include "base/log.h"
#include "libs/cublas/numbers.h"
#include "libs/cublaslt/functions.h"
#include "libs/shell/stream_work.h"

namespace ppu::cublaslt {
namespace {

using Number = std::complex<double>;

bool known_type(uint32_t type) {
  return cublas::converts(cudaDataType(type)) || type == CUDA_R_32I || type == CUDA_R_64F ||
         type == CUDA_C_32F || type == CUDA_C_64F;
}

Number load(uint32_t type, const char* at) {
  switch (type) {
    case CUDA_R_32I:
      return double(*reinterpret_cast<const int32_t*>(at));
    case CUDA_R_64F:
      return *reinterpret_cast<const double*>(at);
    case CUDA_C_32F:
      return *reinterpret_cast<const std::complex<float>*>(at);
    case CUDA_C_64F:
      return *reinterpret_cast<const Number*>(at);
    default: {
      float value;
      cublas::to_float(cudaDataType(type), at, &value, 1);
      return double(value);
    }
  }
}

void store(uint32_t type, Number x, char* at) {
  switch (type) {
    case CUDA_R_32I:
      *reinterpret_cast<int32_t*>(at) = int32_t(x.real());
      return;
    case CUDA_R_64F:
      *reinterpret_cast<double*>(at) = x.real();
      return;
    case CUDA_C_32F:
      *reinterpret_cast<std::complex<float>*>(at) = std::complex<float>(x);
      return;
    case CUDA_C_64F:
      *reinterpret_cast<Number*>(at) = x;
      return;
    default: {
      const float value = float(x.real());
      cublas::from_float(cudaDataType(type), &value, at, 1);
    }
  }
}

struct Matrix {
  Layout layout;
  int32_t operation;
  char* data;

  size_t offset(int64_t batch, uint64_t i, uint64_t j) const {
    if (operation != CUBLAS_OP_N) std::swap(i, j);
    if (layout.order == CUBLASLT_ORDER_ROW) std::swap(i, j);
    return size_t(batch * layout.stride + int64_t(i) + int64_t(j) * layout.ld) *
           cublas::element_bytes(cudaDataType(layout.type));
  }
  Number at(int64_t batch, uint64_t i, uint64_t j) const {
    const Number x = load(layout.type, data + offset(batch, i, j));
    return operation == CUBLAS_OP_C ? std::conj(x) : x;
  }
  bool has_shape(uint64_t rows, uint64_t columns) const {
    return operation == CUBLAS_OP_N ? layout.rows == rows && layout.columns == columns
                                    : layout.rows == columns && layout.columns == rows;
  }
  bool reachable() const {
    if (layout.rows == 0 || layout.columns == 0) return true;
    const Matrix plain = {layout, CUBLAS_OP_N, data};
    const size_t last = plain.offset(0, layout.rows - 1, layout.columns - 1);
    for (const int64_t batch : {int64_t(0), int64_t(layout.count) - 1})
      if (!shell::reachable("cublaslt", data + plain.offset(batch, 0, 0),
                            last + cublas::element_bytes(cudaDataType(layout.type))))
        return false;
    return true;
  }
};

Status check(const Matrix& m, uint64_t rows, uint64_t columns, int32_t count) {
  const Layout& l = m.layout;
  if (!m.has_shape(rows, columns) || l.count != count) return kBad;
  if (!known_type(l.type) || (l.order != CUBLASLT_ORDER_COL && l.order != CUBLASLT_ORDER_ROW)) {
    log("cublaslt", LogLevel::kWarn,
        "cublasLtMatrixTransform: cublasLtOrder_t %d, cudaDataType %u aren't written yet", l.order, l.type);
    return kNotDone;
  }
  return m.reachable() ? kOk : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // namespace

Status cublasLtMatrixTransform(cublasLtHandle_t handle, cublasLtMatrixTransformDesc_t desc, const void* alpha,
                               const void* a, cublasLtMatrixLayout_t alayout, const void* beta, const void* b,
                               cublasLtMatrixLayout_t blayout, void* c, cublasLtMatrixLayout_t clayout,
                               cudaStream_t stream) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!desc || !clayout || !c || (a && (!alayout || !alpha)) || (b && (!blayout || !beta))) return kBad;
  const TransformDesc d = of(desc);
  if (d.pointer_mode != CUBLASLT_POINTER_MODE_HOST && d.pointer_mode != CUBLASLT_POINTER_MODE_DEVICE)
    return kBad;
  if (!known_type(uint32_t(d.scale))) return kNotDone;
  const Matrix mc = {of(clayout), CUBLAS_OP_N, static_cast<char*>(c)};
  Matrix inputs[2] = {};
  if (a) inputs[0] = {of(alayout), d.transa, static_cast<char*>(const_cast<void*>(a))};
  if (b) inputs[1] = {of(blayout), d.transb, static_cast<char*>(const_cast<void*>(b))};
  const uint64_t rows = mc.layout.rows, columns = mc.layout.columns;
  for (const Matrix* m : std::initializer_list<const Matrix*>{&inputs[0], &inputs[1], &mc})
    if (m->data)
      if (const Status bad = check(*m, rows, columns, mc.layout.count); bad != kOk) return bad;
  const bool now = d.pointer_mode == CUBLASLT_POINTER_MODE_HOST;
  const void* at[2] = {a ? alpha : nullptr, b ? beta : nullptr};
  Number factors[2] = {};
  for (int i = 0; i < 2; ++i)
    if (now && at[i]) factors[i] = load(uint32_t(d.scale), static_cast<const char*>(at[i]));
  const auto work = [=, ma = inputs[0], mb = inputs[1], al = factors[0], be = factors[1], alpha_at = at[0],
                     beta_at = at[1]] {
    const Number fa = now || !alpha_at ? al : load(uint32_t(d.scale), static_cast<const char*>(alpha_at));
    const Number fb = now || !beta_at ? be : load(uint32_t(d.scale), static_cast<const char*>(beta_at));
    for (int64_t batch = 0; batch < mc.layout.count; ++batch)
      for (uint64_t j = 0; j < columns; ++j)
        for (uint64_t i = 0; i < rows; ++i) {
          Number x = 0;
          if (ma.data) x += fa * ma.at(batch, i, j);
          if (mb.data) x += fb * mb.at(batch, i, j);
          store(mc.layout.type, x, mc.data + mc.offset(batch, i, j));
        }
  };
  return shell::enqueue(stream, work) == CUDA_SUCCESS ? kOk : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // namespace ppu::cublaslt

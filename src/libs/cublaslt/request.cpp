// See request.h: shapes, orders and types of a product.
#include "libs/cublaslt/request.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "libs/cublas/numbers.h"

namespace ppu::cublaslt {
namespace {

Status not_done(const char* what, long value) {
  log("cublaslt", LogLevel::kWarn, "%s %ld isn't written yet: CUBLAS_STATUS_NOT_SUPPORTED", what, value);
  return kNotDone;
}

bool known_operation(int32_t o) {
  return o == CUBLAS_OP_N || o == CUBLAS_OP_T || o == CUBLAS_OP_C;
}

bool is_complex(uint32_t type) {
  return type == CUDA_C_32F || type == CUDA_C_64F;
}

bool is_fp8(uint32_t type) {
  return type == CUDA_R_8F_E4M3 || type == CUDA_R_8F_E5M2;
}

Status check_layout(const Layout& l) {
  if (l.order != CUBLASLT_ORDER_COL && l.order != CUBLASLT_ORDER_ROW)
    return not_done("cublasLtOrder_t", l.order);
  if (l.count < 0) return kBad;
  const uint64_t shorter = l.order == CUBLASLT_ORDER_COL ? l.rows : l.columns;
  if (l.ld < int64_t(std::max<uint64_t>(1, shorter))) return kBad;
  if (l.rows > INT32_MAX || l.columns > INT32_MAX || l.ld > INT32_MAX) return not_done("a side of", l.ld);
  if (l.plane) return not_done("CUBLASLT_MATRIX_LAYOUT_PLANE_OFFSET", l.plane);
  return kOk;
}

/// A row-major matrix is the transpose of the column-major one in the same place.
cublasOperation_t seen_by_column(int32_t operation, const Layout& l) {
  if (l.order == CUBLASLT_ORDER_COL) return cublasOperation_t(operation);
  return operation == CUBLAS_OP_N ? CUBLAS_OP_T : CUBLAS_OP_N;
}

cublasOperation_t transposed(cublasOperation_t o) {
  return o == CUBLAS_OP_N ? CUBLAS_OP_T : CUBLAS_OP_N;
}

cublas::Operand operand_of(const Layout& l) {
  return {nullptr, cudaDataType(l.type), l.ld, l.stride, false};
}

bool known_epilogue(uint32_t e) {
  switch (e) {
    case CUBLASLT_EPILOGUE_DEFAULT:
    case CUBLASLT_EPILOGUE_RELU:
    case CUBLASLT_EPILOGUE_RELU_AUX:
    case CUBLASLT_EPILOGUE_BIAS:
    case CUBLASLT_EPILOGUE_RELU_BIAS:
    case CUBLASLT_EPILOGUE_RELU_AUX_BIAS:
    case CUBLASLT_EPILOGUE_DRELU:
    case CUBLASLT_EPILOGUE_DRELU_BGRAD:
    case CUBLASLT_EPILOGUE_GELU:
    case CUBLASLT_EPILOGUE_GELU_AUX:
    case CUBLASLT_EPILOGUE_GELU_BIAS:
    case CUBLASLT_EPILOGUE_GELU_AUX_BIAS:
    case CUBLASLT_EPILOGUE_DGELU:
    case CUBLASLT_EPILOGUE_DGELU_BGRAD:
    case CUBLASLT_EPILOGUE_BGRADA:
    case CUBLASLT_EPILOGUE_BGRADB:
      return true;
    default:
      return false;
  }
}

/// "Same as D", but where D is of 8 bits or the inputs are (cuBLAS documentation, table of FP8 kernels).
cudaDataType bias_type_of(const MatmulDesc& desc, const Layout& a, const Layout& c, const Layout& d) {
  if (desc.bias_type != -1) return cudaDataType(desc.bias_type);
  if (d.type == CUDA_R_8I) return CUDA_R_32F;
  if (!is_fp8(a.type) && !is_fp8(d.type)) return cudaDataType(d.type);
  if (!is_fp8(d.type)) return d.type == CUDA_R_16F ? CUDA_R_16F : CUDA_R_16BF;
  return c.type == CUDA_R_16F ? CUDA_R_16F : CUDA_R_16BF;
}

Status check_shapes(const MatmulDesc& desc, const Layout& a, const Layout& b, const Layout& c,
                    const Layout& d) {
  for (const Layout* l : {&a, &b, &c, &d})
    if (const Status bad = check_layout(*l); bad != kOk) return bad;
  if (!known_operation(desc.transa) || !known_operation(desc.transb) || desc.transc != CUBLAS_OP_N)
    return kBad;
  const bool straight_a = desc.transa == CUBLAS_OP_N, straight_b = desc.transb == CUBLAS_OP_N;
  const uint64_t m = straight_a ? a.rows : a.columns, k = straight_a ? a.columns : a.rows;
  const uint64_t n = straight_b ? b.columns : b.rows, k_of_b = straight_b ? b.rows : b.columns;
  if (k != k_of_b || d.rows != m || d.columns != n || c.rows != m || c.columns != n) return kBad;
  if (a.count != d.count || b.count != d.count || c.count != d.count) return kBad;
  if (c.order != d.order) return not_done("C in another order than D:", c.order);
  for (const auto& [operation, l] : {std::pair(desc.transa, &a), std::pair(desc.transb, &b)})
    if (operation == CUBLAS_OP_C && is_complex(l->type) &&
        (l->order == CUBLASLT_ORDER_ROW || d.order == CUBLASLT_ORDER_ROW))
      return not_done("a conjugate of a row-major matrix of cudaDataType", l->type);
  if (is_complex(d.type) && d.order == CUBLASLT_ORDER_ROW) return not_done("row-major cudaDataType", d.type);
  return kOk;
}

Status check_modes(const MatmulDesc& desc) {
  if (!known_epilogue(desc.epilogue)) return kBad;
  if (desc.pointer_mode < 0 || desc.pointer_mode > CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_HOST)
    return kBad;
  if (desc.fill != CUBLAS_FILL_MODE_FULL) return not_done("CUBLASLT_MATMUL_DESC_FILL_MODE", desc.fill);
  for (const int32_t mode : {desc.a_scale_mode, desc.b_scale_mode})
    if (mode != CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F && mode != CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F)
      return not_done("cublasLtMatmulMatrixScale_t", mode);
  for (const int32_t mode :
       {desc.c_scale_mode, desc.d_scale_mode, desc.aux_scale_mode, desc.d_out_scale_mode})
    if (mode != CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F) return not_done("cublasLtMatmulMatrixScale_t", mode);
  if (desc.d_out_scale)
    return not_done("CUBLASLT_MATMUL_DESC_D_OUT_SCALE_POINTER, mode", desc.d_out_scale_mode);
  if (desc.aux_scale || desc.aux_amax)
    return not_done("a scale or maximum of the auxiliary matrix, epilogue", desc.epilogue);
  return kOk;
}

/// int8 into int8 with a float scale, which cuBLAS itself doesn't have.
bool is_int8_in_out(const Request& r) {
  const cublas::Product& p = r.product;
  return p.a.type == CUDA_R_8I && p.b.type == CUDA_R_8I && p.c.type == CUDA_R_8I && p.d.type == CUDA_R_8I &&
         p.scale == CUDA_R_32F;
}

Status check_types(const Request& r) {
  const cublas::Product& p = r.product;
  if (!is_int8_in_out(r)) {
    cudaDataType scale;
    if (!cublas::scale_type(p.compute, p.d.type, &scale)) return kNotDone;
    // Half sums may have scalars of float, and the other way round.
    const bool both_float = cublas::converts(scale) && cublas::converts(p.scale);
    if (scale != p.scale && !both_float) return kNotDone;
    if (const Status bad = cublas::check_types(p); bad != kOk) return bad;
  }
  if (r.is_plain()) return kOk;
  if (!cublas::converts(p.d.type)) return not_done("an epilogue or scale for D of cudaDataType", p.d.type);
  if (r.has(kBias | kBiasGradient | kBiasGradientOfA | kBiasGradientOfB) && !cublas::converts(r.bias_type))
    return not_done("a bias of cudaDataType", r.bias_type);
  if (r.has(kAux) && r.has(kGelu | kGeluGradient) && !cublas::converts(r.aux_type))
    return not_done("an auxiliary matrix of cudaDataType", r.aux_type);
  return kOk;
}

}  // namespace

bool Request::is_plain() const {
  return desc.epilogue == CUBLASLT_EPILOGUE_DEFAULT && !alpha_is_vector() && !desc.a_scale && !desc.b_scale &&
         !desc.c_scale && !desc.d_scale && !desc.d_amax;
}

Status make_request(const MatmulDesc& desc, const Layout& a, const Layout& b, const Layout& c,
                    const Layout& d, Request* request) {
  if (const Status bad = check_modes(desc); bad != kOk) return bad;
  if (const Status bad = check_shapes(desc, a, b, c, d); bad != kOk) return bad;
  Request r;
  r.desc = desc;
  r.transposed = d.order == CUBLASLT_ORDER_ROW;
  cublas::Product& p = r.product;
  p.ta = seen_by_column(desc.transa, a), p.tb = seen_by_column(desc.transb, b);
  p.m = int64_t(d.rows), p.n = int64_t(d.columns), p.count = d.count;
  p.k = int64_t(desc.transa == CUBLAS_OP_N ? a.columns : a.rows);
  p.a = operand_of(a), p.b = operand_of(b), p.c = operand_of(c), p.d = operand_of(d);
  p.compute = cublasComputeType_t(desc.compute), p.scale = cudaDataType(desc.scale);
  if (r.transposed) {
    std::swap(p.m, p.n), std::swap(p.a, p.b), std::swap(p.ta, p.tb);
    p.ta = transposed(p.ta), p.tb = transposed(p.tb);
  }
  r.bias_type = bias_type_of(desc, a, c, d);
  r.aux_type = cudaDataType(desc.aux_type == -1 ? int32_t(d.type) : desc.aux_type);
  if (const Status bad = check_types(r); bad != kOk) return bad;
  *request = r;
  return kOk;
}

}  // namespace ppu::cublaslt

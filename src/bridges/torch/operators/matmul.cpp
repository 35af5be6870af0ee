// Matrix products that the CPU has not: with a wider result type than the operands' (mm.dtype and its kin).
#include "bridges/torch/own_operators.h"

namespace ppu::bridge {
namespace {

using at::Scalar;
using at::Tensor;

Tensor mm(const Tensor& a, const Tensor& b, at::ScalarType type) {
  return at::mm(a.to(type), b.to(type));
}
Tensor& mm_out(const Tensor& a, const Tensor& b, at::ScalarType type, Tensor& out) {
  return at::mm_out(out, a.to(type), b.to(type));
}
Tensor bmm(const Tensor& a, const Tensor& b, at::ScalarType type) {
  return at::bmm(a.to(type), b.to(type));
}
Tensor& bmm_out(const Tensor& a, const Tensor& b, at::ScalarType type, Tensor& out) {
  return at::bmm_out(out, a.to(type), b.to(type));
}
Tensor addmm(const Tensor& c, const Tensor& a, const Tensor& b, at::ScalarType type, const Scalar& beta,
             const Scalar& alpha) {
  return at::addmm(c.to(type), a.to(type), b.to(type), beta, alpha);
}
Tensor& addmm_out(const Tensor& c, const Tensor& a, const Tensor& b, at::ScalarType type, const Scalar& beta,
                  const Scalar& alpha, Tensor& out) {
  return at::addmm_out(out, c.to(type), a.to(type), b.to(type), beta, alpha);
}
Tensor baddbmm(const Tensor& c, const Tensor& a, const Tensor& b, at::ScalarType type, const Scalar& beta,
               const Scalar& alpha) {
  return at::baddbmm(c.to(type), a.to(type), b.to(type), beta, alpha);
}
Tensor& baddbmm_out(const Tensor& c, const Tensor& a, const Tensor& b, at::ScalarType type,
                    const Scalar& beta, const Scalar& alpha, Tensor& out) {
  return at::baddbmm_out(out, c.to(type), a.to(type), b.to(type), beta, alpha);
}

}  // namespace

OwnOperators matmul_operators() {
  return {
      PPU_OWN_AS(mm_dtype, "mm.dtype", mm, false),
      PPU_OWN_AS(mm_dtype_out, "mm.dtype_out", mm_out, false),
      PPU_OWN_AS(bmm_dtype, "bmm.dtype", bmm, false),
      PPU_OWN_AS(bmm_dtype_out, "bmm.dtype_out", bmm_out, false),
      PPU_OWN_AS(addmm_dtype, "addmm.dtype", addmm, false),
      PPU_OWN_AS(addmm_dtype_out, "addmm.dtype_out", addmm_out, false),
      PPU_OWN_AS(baddbmm_dtype, "baddbmm.dtype", baddbmm, false),
      PPU_OWN_AS(baddbmm_dtype_out, "baddbmm.dtype_out", baddbmm_out, false),
  };
}

}  // namespace ppu::bridge

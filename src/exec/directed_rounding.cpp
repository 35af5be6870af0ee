// fround_f32, fround_f64: one operation under a directed rounding mode, by the SSE control register. Compiled
// with FMA: every CPU we run on has it (AVX2 is the floor). Operands pass through asm so that nothing is
// computed before the mode is set or after it is restored.
#include <immintrin.h>

#include <cstdint>

namespace ppu::exec {
namespace {

/// PTX order rn rz rm rp -> MXCSR.RC (bits 13-14): nearest 0, down 1, up 2, zero 3.
constexpr uint32_t kControl[4] = {0u << 13, 3u << 13, 1u << 13, 2u << 13};

class RoundingMode {
 public:
  explicit RoundingMode(uint32_t mode) : before_(_mm_getcsr()) {
    _mm_setcsr((before_ & ~(3u << 13)) | kControl[mode & 3]);
  }
  ~RoundingMode() { _mm_setcsr(before_); }

 private:
  uint32_t before_;
};

}  // namespace

__attribute__((target("fma"), noinline)) float round_f32(uint32_t op_and_mode, float a, float b, float c) {
  RoundingMode mode(op_and_mode & 3);
  __m128 x = _mm_set_ss(a), y = _mm_set_ss(b), z = _mm_set_ss(c), r;
  asm volatile("" : "+x"(x), "+x"(y), "+x"(z)::"memory");
  switch (op_and_mode >> 2) {
    case 0:
      r = _mm_add_ss(x, y);
      break;
    case 1:
      r = _mm_sub_ss(x, y);
      break;
    case 2:
      r = _mm_mul_ss(x, y);
      break;
    case 3:
      r = _mm_div_ss(x, y);
      break;
    case 4:
      r = _mm_fmadd_ss(x, y, z);
      break;
    default:
      r = _mm_sqrt_ss(x);
      break;
  }
  asm volatile("" : "+x"(r)::"memory");
  return _mm_cvtss_f32(r);
}

__attribute__((target("fma"), noinline)) double round_f64(uint32_t op_and_mode, double a, double b,
                                                          double c) {
  RoundingMode mode(op_and_mode & 3);
  __m128d x = _mm_set_sd(a), y = _mm_set_sd(b), z = _mm_set_sd(c), r;
  asm volatile("" : "+x"(x), "+x"(y), "+x"(z)::"memory");
  switch (op_and_mode >> 2) {
    case 0:
      r = _mm_add_sd(x, y);
      break;
    case 1:
      r = _mm_sub_sd(x, y);
      break;
    case 2:
      r = _mm_mul_sd(x, y);
      break;
    case 3:
      r = _mm_div_sd(x, y);
      break;
    case 4:
      r = _mm_fmadd_sd(x, y, z);
      break;
    default:
      r = _mm_sqrt_sd(x, x);
      break;
  }
  asm volatile("" : "+x"(r)::"memory");
  return _mm_cvtsd_f64(r);
}

}  // namespace ppu::exec

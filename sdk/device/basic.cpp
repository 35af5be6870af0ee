// Device library, part 1: the __nv_* functions that are one instruction or a few: bit operations, conversions
// with a rounding mode, arithmetic with a rounding mode, approximate hardware functions. Names and signatures
// are those that clang's <__clang_cuda_libdevice_declares.h> calls; the meaning is the CUDA C++ guide's of
// the function without __nv_.
#include "prim.h"

using namespace ppu_math;

#define NV extern "C" __attribute__((always_inline))
#define NV1(ret, name, type, expr) \
  NV ret __nv_##name(type a) {     \
    return expr;                   \
  }
#define NV2(ret, name, type, expr)     \
  NV ret __nv_##name(type a, type b) { \
    return expr;                       \
  }
#define NV3(ret, name, type, expr)             \
  NV ret __nv_##name(type a, type b, type c) { \
    return expr;                               \
  }

// Integers.
NV1(int, abs, int, a < 0 ? (int)(0u - (unsigned)a) : a)
NV1(i64, llabs, i64, a < 0 ? (i64)(0ull - (u64)a) : a)
NV2(int, min, int, a < b ? a : b)
NV2(int, max, int, a > b ? a : b)
NV2(unsigned, umin, unsigned, a < b ? a : b)
NV2(unsigned, umax, unsigned, a > b ? a : b)
NV2(i64, llmin, i64, a < b ? a : b)
NV2(i64, llmax, i64, a > b ? a : b)
NV2(u64, ullmin, u64, a < b ? a : b)
NV2(u64, ullmax, u64, a > b ? a : b)
NV1(int, brev, int, (int)__builtin_bitreverse32((unsigned)a))
NV1(i64, brevll, i64, (i64)__builtin_bitreverse64((u64)a))
NV1(int, clz, int, a ? __builtin_clz((unsigned)a) : 32)
NV1(int, clzll, i64, a ? __builtin_clzll((u64)a) : 64)
NV1(int, ffs, int, a ? __builtin_ctz((unsigned)a) + 1 : 0)
NV1(int, ffsll, i64, a ? __builtin_ctzll((u64)a) + 1 : 0)
NV1(int, popc, unsigned, __builtin_popcount(a))
NV1(int, popcll, u64, __builtin_popcountll(a))
NV3(int, byte_perm, int, (int)__nvvm_prmt((unsigned)a, (unsigned)b, (unsigned)c & 0x7777u))
NV2(int, hadd, int, (int)(((i64)a + b) >> 1))
NV2(int, rhadd, int, (int)(((i64)a + b + 1) >> 1))
NV2(int, uhadd, unsigned, (int)(((u64)a + b) >> 1))
NV2(unsigned, urhadd, unsigned, (unsigned)(((u64)a + b + 1) >> 1))
NV2(int, mulhi, int, (int)(((i64)a * b) >> 32))
NV2(unsigned, umulhi, unsigned, (unsigned)(((u64)a * b) >> 32))
NV2(i64, mul64hi, i64, (i64)(((__int128)a * b) >> 64))
NV2(u64, umul64hi, u64, mul_high(a, b))
// The low 24 bits count, sign-extended or not (CUDA C++ guide, "Integer Intrinsics").
NV2(int, mul24, int,
    (int)((unsigned)((int)((unsigned)a << 8) >> 8) * (unsigned)((int)((unsigned)b << 8) >> 8)))
NV2(unsigned, umul24, unsigned, (a & 0xffffffu) * (b & 0xffffffu))
NV3(int, sad, int, (int)((a > b ? (unsigned)a - (unsigned)b : (unsigned)b - (unsigned)a) + (unsigned)c))
NV3(unsigned, usad, unsigned, (a > b ? a - b : b - a) + c)

// Bits as another type.
NV1(int, float_as_int, float, (int)bits(a))
NV1(unsigned, float_as_uint, float, bits(a))
NV1(float, int_as_float, int, from_bits((u32)a))
NV1(float, uint_as_float, unsigned, from_bits(a))
NV1(u64, double_as_longlong, double, bits(a))
NV1(double, longlong_as_double, i64, from_bits((u64)a))
NV1(int, double2hiint, double, (int)(bits(a) >> 32))
NV1(int, double2loint, double, (int)bits(a))
NV double __nv_hiloint2double(int high, int low) {
  return from_bits((u64)(u32)high << 32 | (u32)low);
}

// Sign, kind, rounding to an integer, min and max. fmin and fmax return the number where one argument is NaN.
NV1(float, fabsf, float, abs(a))
NV1(double, fabs, double, abs(a))
NV2(float, copysignf, float, copysign(a, b))
NV2(double, copysign, double, copysign(a, b))
NV1(int, signbitf, float, (int)(bits(a) >> 31))
NV1(int, signbitd, double, (int)(bits(a) >> 63))
NV1(int, finitef, float, abs(a) < kInfF)
NV1(int, isfinited, double, abs(a) < kInf)
NV1(int, isinff, float, abs(a) == kInfF)
NV1(int, isinfd, double, abs(a) == kInf)
NV1(int, isnanf, float, a != a)
NV1(int, isnand, double, a != a)
NV1(float, ceilf, float, __builtin_ceilf(a))
NV1(double, ceil, double, __builtin_ceil(a))
NV1(float, floorf, float, __builtin_floorf(a))
NV1(double, floor, double, __builtin_floor(a))
NV1(float, truncf, float, __builtin_truncf(a))
NV1(double, trunc, double, __builtin_trunc(a))
NV1(float, rintf, float, __builtin_rintf(a))
NV1(double, rint, double, __builtin_rint(a))
NV1(float, nearbyintf, float, __builtin_rintf(a))
NV1(double, nearbyint, double, __builtin_rint(a))
NV2(float, fminf, float, __builtin_fminf(a, b))
NV2(double, fmin, double, __builtin_fmin(a, b))
NV2(float, fmaxf, float, __builtin_fmaxf(a, b))
NV2(double, fmax, double, __builtin_fmax(a, b))
NV1(float, saturatef, float, __nvvm_saturate_f(a))

// Arithmetic with a rounding mode in its name; never contracted with its neighbours.
#define ROUNDED(type, letter, prefix)                            \
  NV2(type, prefix##add_rn, type, __nvvm_add_rn_##letter(a, b))  \
  NV2(type, prefix##add_rz, type, __nvvm_add_rz_##letter(a, b))  \
  NV2(type, prefix##add_rd, type, __nvvm_add_rm_##letter(a, b))  \
  NV2(type, prefix##add_ru, type, __nvvm_add_rp_##letter(a, b))  \
  NV2(type, prefix##sub_rn, type, __nvvm_add_rn_##letter(a, -b)) \
  NV2(type, prefix##sub_rz, type, __nvvm_add_rz_##letter(a, -b)) \
  NV2(type, prefix##sub_rd, type, __nvvm_add_rm_##letter(a, -b)) \
  NV2(type, prefix##sub_ru, type, __nvvm_add_rp_##letter(a, -b)) \
  NV2(type, prefix##mul_rn, type, __nvvm_mul_rn_##letter(a, b))  \
  NV2(type, prefix##mul_rz, type, __nvvm_mul_rz_##letter(a, b))  \
  NV2(type, prefix##mul_rd, type, __nvvm_mul_rm_##letter(a, b))  \
  NV2(type, prefix##mul_ru, type, __nvvm_mul_rp_##letter(a, b))  \
  NV2(type, prefix##div_rn, type, __nvvm_div_rn_##letter(a, b))  \
  NV2(type, prefix##div_rz, type, __nvvm_div_rz_##letter(a, b))  \
  NV2(type, prefix##div_rd, type, __nvvm_div_rm_##letter(a, b))  \
  NV2(type, prefix##div_ru, type, __nvvm_div_rp_##letter(a, b))  \
  NV1(type, prefix##rcp_rn, type, __nvvm_rcp_rn_##letter(a))     \
  NV1(type, prefix##rcp_rz, type, __nvvm_rcp_rz_##letter(a))     \
  NV1(type, prefix##rcp_rd, type, __nvvm_rcp_rm_##letter(a))     \
  NV1(type, prefix##rcp_ru, type, __nvvm_rcp_rp_##letter(a))     \
  NV1(type, prefix##sqrt_rn, type, __nvvm_sqrt_rn_##letter(a))   \
  NV1(type, prefix##sqrt_rz, type, __nvvm_sqrt_rz_##letter(a))   \
  NV1(type, prefix##sqrt_rd, type, __nvvm_sqrt_rm_##letter(a))   \
  NV1(type, prefix##sqrt_ru, type, __nvvm_sqrt_rp_##letter(a))
ROUNDED(float, f, f)
ROUNDED(double, d, d)
#define FMA_ROUNDED(type, letter, name)                       \
  NV3(type, name##_rn, type, __nvvm_fma_rn_##letter(a, b, c)) \
  NV3(type, name##_rz, type, __nvvm_fma_rz_##letter(a, b, c)) \
  NV3(type, name##_rd, type, __nvvm_fma_rm_##letter(a, b, c)) \
  NV3(type, name##_ru, type, __nvvm_fma_rp_##letter(a, b, c))
FMA_ROUNDED(float, f, fmaf)
FMA_ROUNDED(float, f, fmaf_ieee)
FMA_ROUNDED(double, d, fma)
NV3(float, fmaf, float, __builtin_fmaf(a, b, c))
NV3(double, fma, double, __builtin_fma(a, b, c))
NV1(float, sqrtf, float, __builtin_sqrtf(a))
NV1(double, sqrt, double, __builtin_sqrt(a))

// Conversions with a rounding mode. clang has builtins for 32-bit targets; the 64-bit ones are named in
// assembly.
#define CVT(ret, name, type, ptx, out, in) \
  NV ret __nv_##name(type a) {             \
    ret r;                                 \
    asm(ptx " %0, %1;" : out(r) : in(a));  \
    return r;                              \
  }
#define CVT_FROM_FLOAT(ret, name, type, ptx_types, out, in) \
  CVT(ret, name##_rn, type, "cvt.rni." ptx_types, out, in)  \
  CVT(ret, name##_rz, type, "cvt.rzi." ptx_types, out, in)  \
  CVT(ret, name##_rd, type, "cvt.rmi." ptx_types, out, in)  \
  CVT(ret, name##_ru, type, "cvt.rpi." ptx_types, out, in)
CVT_FROM_FLOAT(int, float2int, float, "s32.f32", "=r", "f")
CVT_FROM_FLOAT(unsigned, float2uint, float, "u32.f32", "=r", "f")
CVT_FROM_FLOAT(i64, float2ll, float, "s64.f32", "=l", "f")
CVT_FROM_FLOAT(u64, float2ull, float, "u64.f32", "=l", "f")
CVT_FROM_FLOAT(int, double2int, double, "s32.f64", "=r", "d")
CVT_FROM_FLOAT(unsigned, double2uint, double, "u32.f64", "=r", "d")
CVT_FROM_FLOAT(i64, double2ll, double, "s64.f64", "=l", "d")
CVT_FROM_FLOAT(u64, double2ull, double, "u64.f64", "=l", "d")
#define CVT_TO_FLOAT(ret, name, type, ptx_types, out, in) \
  CVT(ret, name##_rn, type, "cvt.rn." ptx_types, out, in) \
  CVT(ret, name##_rz, type, "cvt.rz." ptx_types, out, in) \
  CVT(ret, name##_rd, type, "cvt.rm." ptx_types, out, in) \
  CVT(ret, name##_ru, type, "cvt.rp." ptx_types, out, in)
CVT_TO_FLOAT(float, int2float, int, "f32.s32", "=f", "r")
CVT_TO_FLOAT(float, uint2float, unsigned, "f32.u32", "=f", "r")
CVT_TO_FLOAT(float, ll2float, i64, "f32.s64", "=f", "l")
CVT_TO_FLOAT(float, ull2float, u64, "f32.u64", "=f", "l")
CVT_TO_FLOAT(double, ll2double, i64, "f64.s64", "=d", "l")
CVT_TO_FLOAT(double, ull2double, u64, "f64.u64", "=d", "l")
CVT_TO_FLOAT(float, double2float, double, "f32.f64", "=f", "d")
NV1(double, int2double_rn, int, (double)a)
NV1(double, uint2double_rn, unsigned, (double)a)
NV unsigned short __nv_float2half_rn(float a) {
  unsigned short r;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(a));
  return r;
}
NV float __nv_half2float(unsigned short a) {
  float r;
  asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(a));
  return r;
}
NV1(i64, llrintf, float, __nv_float2ll_rn(a))
NV1(i64, llrint, double, __nv_double2ll_rn(a))

// The hardware's approximations, behind the __sinf family and -use_fast_math. Each is the PTX instruction of
// that name.
NV1(float, fast_sinf, float, __nvvm_sin_approx_f(a))
NV1(float, fast_cosf, float, __nvvm_cos_approx_f(a))
NV void __nv_fast_sincosf(float a, float* s, float* c) {
  *s = __nvvm_sin_approx_f(a);
  *c = __nvvm_cos_approx_f(a);
}
NV1(float, fast_tanf, float, __nvvm_div_approx_f(__nvvm_sin_approx_f(a), __nvvm_cos_approx_f(a)))
NV1(float, fast_expf, float, __nvvm_ex2_approx_f(a * 0x1.715476p+0f))
NV1(float, fast_exp10f, float, __nvvm_ex2_approx_f(a * 0x1.a934f0p+1f))
NV1(float, fast_log2f, float, __nvvm_lg2_approx_f(a))
NV1(float, fast_logf, float, __nvvm_lg2_approx_f(a) * 0x1.62e430p-1f)
NV1(float, fast_log10f, float, __nvvm_lg2_approx_f(a) * 0x1.344136p-2f)
NV2(float, fast_powf, float, __nvvm_ex2_approx_f(b* __nvvm_lg2_approx_f(a)))
NV2(float, fast_fdividef, float, __nvvm_div_approx_f(a, b))
NV1(float, frsqrt_rn, float, (float)(1.0 / __builtin_sqrt((double)a)))
NV1(float, rsqrtf, float, __nvvm_rsqrt_approx_f(a))
NV1(double, rcp64h, double, from_bits(bits(1.0 / a) & 0xffffffff00000000ull))

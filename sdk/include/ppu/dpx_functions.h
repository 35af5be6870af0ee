// DPX: minima and maxima of sums and of three numbers, of 32 bits or of two halves of 16 (CUDA C++ guide,
// "DPX"). Chips up to sm_89 have no instruction for them either; they are their definitions, on host and
// device.
#pragma once

#define PPU_BOTH static __host__ __device__ __inline__

namespace ppu_sdk {
/// A sum that wraps, as the hardware's.
template <class T>
PPU_BOTH T dpx_sum(T a, T b) {
  return (T)((unsigned)a + (unsigned)b);
}
template <class T>
PPU_BOTH T dpx_max(T a, T b) {
  return a > b ? a : b;
}
template <class T>
PPU_BOTH T dpx_min(T a, T b) {
  return a < b ? a : b;
}
template <class T>
PPU_BOTH T dpx_relu(T a) {
  return a > 0 ? a : (T)0;
}
/// f of the low halves and of the high ones.
template <class T, class F>
PPU_BOTH unsigned dpx_halves(F f, unsigned a, unsigned b, unsigned c) {
  const unsigned low = (unsigned short)f((T)a, (T)b, (T)c);
  return (unsigned)(unsigned short)f((T)(a >> 16), (T)(b >> 16), (T)(c >> 16)) << 16 | low;
}
}  // namespace ppu_sdk

#define PPU_DPX3(name, T, Half, suffix, halves, expression)                                                  \
  PPU_BOTH T name##suffix(const T a, const T b, const T c) {                                                 \
    return expression;                                                                                       \
  }                                                                                                          \
  PPU_BOTH unsigned name##halves(const unsigned a_, const unsigned b_, const unsigned c_) {                  \
    return ppu_sdk::dpx_halves<Half>([](Half a, Half b, Half c) { return (Half)(expression); }, a_, b_, c_); \
  }
#define PPU_DPX_SIGNED(name, expression)               \
  PPU_DPX3(name, int, short, _s32, _s16x2, expression) \
  PPU_DPX3(name, int, short, _s32_relu, _s16x2_relu, ppu_sdk::dpx_relu(expression))
#define PPU_DPX_ALL(name, expression) \
  PPU_DPX_SIGNED(name, expression)    \
  PPU_DPX3(name, unsigned, unsigned short, _u32, _u16x2, expression)
PPU_DPX_ALL(__vimax3, ppu_sdk::dpx_max(ppu_sdk::dpx_max(a, b), c))
PPU_DPX_ALL(__vimin3, ppu_sdk::dpx_min(ppu_sdk::dpx_min(a, b), c))
PPU_DPX_ALL(__viaddmax, ppu_sdk::dpx_max(ppu_sdk::dpx_sum(a, b), c))
PPU_DPX_ALL(__viaddmin, ppu_sdk::dpx_min(ppu_sdk::dpx_sum(a, b), c))
#undef PPU_DPX_ALL
#undef PPU_DPX_SIGNED
#undef PPU_DPX3

#define PPU_DPX_RELU(name, best)                                                                             \
  PPU_BOTH int name##_s32_relu(const int a, const int b) {                                                   \
    return ppu_sdk::dpx_relu(best(a, b));                                                                    \
  }                                                                                                          \
  PPU_BOTH unsigned name##_s16x2_relu(const unsigned a, const unsigned b) {                                  \
    return ppu_sdk::dpx_halves<short>([](short x, short y, short) { return ppu_sdk::dpx_relu(best(x, y)); }, \
                                      a, b, 0);                                                              \
  }
PPU_DPX_RELU(__vimax, ppu_sdk::dpx_max)
PPU_DPX_RELU(__vimin, ppu_sdk::dpx_min)
#undef PPU_DPX_RELU

// Also which of the two it was: whether `a` was taken, equal ones included.
#define PPU_DPX_WHICH(name, T, Half, compare, suffix, halves)                                \
  PPU_BOTH T name##suffix(const T a, const T b, bool* const first) {                         \
    return (*first = a compare b) ? a : b;                                                   \
  }                                                                                          \
  PPU_BOTH unsigned name##halves(const unsigned a, const unsigned b, bool* const first_high, \
                                 bool* const first_low) {                                    \
    *first_low = (Half)a compare(Half) b;                                                    \
    *first_high = (Half)(a >> 16) compare(Half)(b >> 16);                                    \
    return ((*first_high ? a : b) & 0xffff0000u) | ((*first_low ? a : b) & 0xffffu);         \
  }
PPU_DPX_WHICH(__vibmax, int, short, >=, _s32, _s16x2)
PPU_DPX_WHICH(__vibmax, unsigned, unsigned short, >=, _u32, _u16x2)
PPU_DPX_WHICH(__vibmin, int, short, <=, _s32, _s16x2)
PPU_DPX_WHICH(__vibmin, unsigned, unsigned short, <=, _u32, _u16x2)
#undef PPU_DPX_WHICH
#undef PPU_BOTH

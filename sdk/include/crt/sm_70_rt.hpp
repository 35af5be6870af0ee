// __match_any_sync and __match_all_sync for every type they are documented for (CUDA C++ guide, "Warp Match
// Functions"). clang's intrinsics header includes this file by this name and brings the 32- and 64-bit forms.
#pragma once

namespace ppu_sdk {
template <size_t kBytes>
struct MatchBits;
template <>
struct MatchBits<4> {
  using Type = unsigned;
};
template <>
struct MatchBits<8> {
  using Type = unsigned long long;
};
template <class T>
__device__ inline typename MatchBits<sizeof(T)>::Type match_bits(T value) {
  typename MatchBits<sizeof(T)>::Type bits;
  memcpy(&bits, &value, sizeof(T));
  return bits;
}
__device__ inline unsigned match_any(unsigned mask, unsigned bits) { return __match32_any_sync(mask, bits); }
__device__ inline unsigned match_any(unsigned mask, unsigned long long bits) {
  return __match64_any_sync(mask, bits);
}
__device__ inline unsigned match_all(unsigned mask, unsigned bits, int* pred) {
  return __match32_all_sync(mask, bits, pred);
}
__device__ inline unsigned match_all(unsigned mask, unsigned long long bits, int* pred) {
  return __match64_all_sync(mask, bits, pred);
}
}  // namespace ppu_sdk

#define PPU_MATCH(type)                                                                   \
  __device__ inline unsigned __match_any_sync(unsigned mask, type value) {                \
    return ppu_sdk::match_any(mask, ppu_sdk::match_bits(value));                          \
  }                                                                                       \
  __device__ inline unsigned __match_all_sync(unsigned mask, type value, int* pred) {     \
    return ppu_sdk::match_all(mask, ppu_sdk::match_bits(value), pred);                    \
  }
PPU_MATCH(int)
PPU_MATCH(unsigned)
PPU_MATCH(long)
PPU_MATCH(unsigned long)
PPU_MATCH(long long)
PPU_MATCH(unsigned long long)
PPU_MATCH(float)
PPU_MATCH(double)
#undef PPU_MATCH

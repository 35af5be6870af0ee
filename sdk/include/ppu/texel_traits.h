// What an element type of a texture is made of: PPU_TEXELS(F) calls F(type, base, component, n) for every
// type that textures hold, where base is what the hardware delivers (float, int, unsigned).
#pragma once

// clang-format off
#define PPU_TEXELS(F)                                                                                       \
  F(char, int, char, 0) F(signed char, int, signed char, 0) F(short, int, short, 0) F(int, int, int, 0)     \
  F(unsigned char, unsigned, unsigned char, 0) F(unsigned short, unsigned, unsigned short, 0)               \
  F(unsigned int, unsigned, unsigned int, 0) F(float, float, float, 0)                                      \
  F(char1, int, signed char, 1) F(char2, int, signed char, 2) F(char4, int, signed char, 4)                 \
  F(short1, int, short, 1) F(short2, int, short, 2) F(short4, int, short, 4)                                \
  F(int1, int, int, 1) F(int2, int, int, 2) F(int4, int, int, 4)                                            \
  F(uchar1, unsigned, unsigned char, 1) F(uchar2, unsigned, unsigned char, 2) F(uchar4, unsigned, unsigned char, 4) \
  F(ushort1, unsigned, unsigned short, 1) F(ushort2, unsigned, unsigned short, 2) F(ushort4, unsigned, unsigned short, 4) \
  F(uint1, unsigned, unsigned int, 1) F(uint2, unsigned, unsigned int, 2) F(uint4, unsigned, unsigned int, 4) \
  F(float1, float, float, 1) F(float2, float, float, 2) F(float4, float, float, 4)
// clang-format on

namespace ppu_sdk {

/// Four channels as the instruction delivers them.
template <class Base>
struct Texel {
  Base x, y, z, w;
};

template <class T>
struct TexelTraits;

#define PPU_MAKE_0(T, C) (T)(v.x)
#define PPU_MAKE_1(T, C) \
  T {                    \
    (C) v.x              \
  }
#define PPU_MAKE_2(T, C) \
  T {                    \
    (C) v.x, (C)v.y      \
  }
#define PPU_MAKE_4(T, C)            \
  T {                               \
    (C) v.x, (C)v.y, (C)v.z, (C)v.w \
  }
#define PPU_TRAIT(type, base, component, n)                             \
  template <>                                                           \
  struct TexelTraits<type> {                                            \
    typedef base Base;                                                  \
    static __device__ __forceinline__ type make(const Texel<base>& v) { \
      return PPU_MAKE_##n(type, component);                             \
    }                                                                   \
  };
PPU_TEXELS(PPU_TRAIT)
#undef PPU_TRAIT
#undef PPU_MAKE_0
#undef PPU_MAKE_1
#undef PPU_MAKE_2
#undef PPU_MAKE_4

template <class T>
using BaseOf = typename TexelTraits<T>::Base;

}  // namespace ppu_sdk

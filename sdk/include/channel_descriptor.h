/* cudaCreateChannelDesc<T>(): the channel layout of an element type (CUDA Runtime API, "C++ API Routines").
 */
#ifndef PPU_CHANNEL_DESCRIPTOR_H
#define PPU_CHANNEL_DESCRIPTOR_H

#include "cuda_runtime_api.h"

#ifdef __cplusplus
template <class T>
inline cudaChannelFormatDesc cudaCreateChannelDesc() {
  return cudaCreateChannelDesc(0, 0, 0, 0, cudaChannelFormatKindNone);
}

#define PPU_CHANNEL(type, channels, component, kind)                                     \
  template <>                                                                            \
  inline cudaChannelFormatDesc cudaCreateChannelDesc<type>() {                           \
    const int bits = int(8 * sizeof(component));                                         \
    return cudaCreateChannelDesc(bits, channels > 1 ? bits : 0, channels > 2 ? bits : 0, \
                                 channels > 3 ? bits : 0, cudaChannelFormatKind##kind);  \
  }
#define PPU_CHANNELS(name, component, kind)  \
  PPU_CHANNEL(component, 1, component, kind) \
  PPU_CHANNEL(name##1, 1, component, kind)   \
  PPU_CHANNEL(name##2, 2, component, kind)   \
  PPU_CHANNEL(name##4, 4, component, kind)
PPU_CHANNEL(char, 1, char, Signed)
PPU_CHANNELS(char, signed char, Signed)
PPU_CHANNELS(uchar, unsigned char, Unsigned)
PPU_CHANNELS(short, short, Signed)
PPU_CHANNELS(ushort, unsigned short, Unsigned)
PPU_CHANNELS(int, int, Signed)
PPU_CHANNELS(uint, unsigned int, Unsigned)
PPU_CHANNELS(float, float, Float)
#undef PPU_CHANNELS
#undef PPU_CHANNEL

inline cudaChannelFormatDesc cudaCreateChannelDescHalf() {
  return cudaCreateChannelDesc(16, 0, 0, 0, cudaChannelFormatKindFloat);
}
inline cudaChannelFormatDesc cudaCreateChannelDescHalf1() {
  return cudaCreateChannelDescHalf();
}
inline cudaChannelFormatDesc cudaCreateChannelDescHalf2() {
  return cudaCreateChannelDesc(16, 16, 0, 0, cudaChannelFormatKindFloat);
}
inline cudaChannelFormatDesc cudaCreateChannelDescHalf4() {
  return cudaCreateChannelDesc(16, 16, 16, 16, cudaChannelFormatKindFloat);
}

/* Formats that their kind tells wholly: cudaCreateChannelDesc<cudaChannelFormatKindUnsignedNormalized8X4>().
 */
template <cudaChannelFormatKind kind>
inline cudaChannelFormatDesc cudaCreateChannelDesc() {
  const int n = int(kind) - int(cudaChannelFormatKindUnsignedNormalized8X1);
  const int bits = n / 3 % 2 ? 16 : 8, channels = 1 << n % 3;
  static_assert(int(kind) >= int(cudaChannelFormatKindUnsignedNormalized8X1) &&
                    int(kind) <= int(cudaChannelFormatKindSignedNormalized16X4),
                "expected a normalized format: others take an element type");
  return cudaCreateChannelDesc(bits, channels > 1 ? bits : 0, channels > 2 ? bits : 0,
                               channels > 3 ? bits : 0, kind);
}
#endif

#endif

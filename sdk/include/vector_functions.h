/* make_<vector type>(components...), for host and device code. */
#ifndef PPU_VECTOR_FUNCTIONS_H
#define PPU_VECTOR_FUNCTIONS_H
#define __VECTOR_FUNCTIONS_H__

#include "vector_types.h"

#define PPU_MAKE_VECTOR(type, component)                                                            \
  static inline __host__ __device__ type##1 make_##type##1(component x) {                           \
    type##1 v;                                                                                      \
    v.x = x;                                                                                        \
    return v;                                                                                       \
  }                                                                                                 \
  static inline __host__ __device__ type##2 make_##type##2(component x, component y) {              \
    type##2 v;                                                                                      \
    v.x = x, v.y = y;                                                                               \
    return v;                                                                                       \
  }                                                                                                 \
  static inline __host__ __device__ type##3 make_##type##3(component x, component y, component z) { \
    type##3 v;                                                                                      \
    v.x = x, v.y = y, v.z = z;                                                                      \
    return v;                                                                                       \
  }                                                                                                 \
  static inline __host__ __device__ type##4 make_##type##4(component x, component y, component z,   \
                                                           component w) {                           \
    type##4 v;                                                                                      \
    v.x = x, v.y = y, v.z = z, v.w = w;                                                             \
    return v;                                                                                       \
  }

PPU_MAKE_VECTOR(char, signed char)
PPU_MAKE_VECTOR(uchar, unsigned char)
PPU_MAKE_VECTOR(short, short)
PPU_MAKE_VECTOR(ushort, unsigned short)
PPU_MAKE_VECTOR(int, int)
PPU_MAKE_VECTOR(uint, unsigned int)
PPU_MAKE_VECTOR(long, long)
PPU_MAKE_VECTOR(ulong, unsigned long)
PPU_MAKE_VECTOR(longlong, long long)
PPU_MAKE_VECTOR(ulonglong, unsigned long long)
PPU_MAKE_VECTOR(float, float)
PPU_MAKE_VECTOR(double, double)
#undef PPU_MAKE_VECTOR

#endif

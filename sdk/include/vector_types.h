/* The built-in vector types: structures of 1 to 4 components with CUDA's alignments (CUDA C++ Programming
 * Guide, "Built-in Vector Types"), and dim3. */
#ifndef PPU_VECTOR_TYPES_H
#define PPU_VECTOR_TYPES_H
#define __VECTOR_TYPES_H__

#include "host_defines.h"

/* Two and four components are aligned to their size, at most 16 bytes; one and three as their component. */
#define PPU_VECTOR(type, component, align2, align4) \
  struct type##1 {                                  \
    component x;                                    \
  };                                                \
  struct __align__(align2) type##2 {                \
    component x, y;                                 \
  };                                                \
  struct type##3 {                                  \
    component x, y, z;                              \
  };                                                \
  struct __align__(align4) type##4 {                \
    component x, y, z, w;                           \
  };                                                \
  typedef struct type##1 type##1;                   \
  typedef struct type##2 type##2;                   \
  typedef struct type##3 type##3;                   \
  typedef struct type##4 type##4

PPU_VECTOR(char, signed char, 2, 4);
PPU_VECTOR(uchar, unsigned char, 2, 4);
PPU_VECTOR(short, short, 4, 8);
PPU_VECTOR(ushort, unsigned short, 4, 8);
PPU_VECTOR(int, int, 8, 16);
PPU_VECTOR(uint, unsigned int, 8, 16);
PPU_VECTOR(long, long, 16, 16);
PPU_VECTOR(ulong, unsigned long, 16, 16);
PPU_VECTOR(longlong, long long, 16, 16);
PPU_VECTOR(ulonglong, unsigned long long, 16, 16);
PPU_VECTOR(float, float, 8, 16);
PPU_VECTOR(double, double, 16, 16);
#undef PPU_VECTOR

/* Extent of a grid or block: what is not given is 1. */
struct dim3 {
  unsigned int x, y, z;
#if defined(__cplusplus)
  __host__ __device__ constexpr dim3(unsigned int vx = 1, unsigned int vy = 1, unsigned int vz = 1)
      : x(vx), y(vy), z(vz) {}
  __host__ __device__ constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  __host__ __device__ constexpr operator uint3(void) const { return uint3{x, y, z}; }
#endif
};
typedef struct dim3 dim3;

#endif

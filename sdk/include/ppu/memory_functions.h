// Address-space queries, cache-hinted loads and stores, and small timing functions (CUDA C++ guide, sections
// "Address Space Predicate Functions", "Load/Store Functions Using Cache Hints", "Nanosleep").
#pragma once

#define PPU_DEVICE static __device__ __forceinline__
PPU_DEVICE unsigned __isGlobal(const void* p) {
  return __nvvm_isspacep_global(p);
}
PPU_DEVICE unsigned __isShared(const void* p) {
  return __nvvm_isspacep_shared(p);
}
PPU_DEVICE unsigned __isConstant(const void* p) {
  return __nvvm_isspacep_const(p);
}
PPU_DEVICE unsigned __isLocal(const void* p) {
  return __nvvm_isspacep_local(p);
}

PPU_DEVICE size_t __cvta_generic_to_global(const void* p) {
  return (size_t)(const void __attribute__((address_space(1)))*)p;
}
PPU_DEVICE size_t __cvta_generic_to_shared(const void* p) {
  return (size_t)(const void __attribute__((address_space(3)))*)p;
}
PPU_DEVICE size_t __cvta_generic_to_local(const void* p) {
  return (size_t)(const void __attribute__((address_space(5)))*)p;
}
PPU_DEVICE void* __cvta_shared_to_generic(size_t p) {
  return (void*)(void __attribute__((address_space(3)))*)p;
}
PPU_DEVICE void* __cvta_global_to_generic(size_t p) {
  return (void*)(void __attribute__((address_space(1)))*)p;
}

PPU_DEVICE void __nanosleep(unsigned ns) {
  asm volatile("nanosleep.u32 %0;" ::"r"(ns));
}
PPU_DEVICE unsigned __smid() {
  unsigned id;
  asm("mov.u32 %0, %%smid;" : "=r"(id));
  return id;
}

#define PPU_DOT(name, T, instruction)                                       \
  PPU_DEVICE T name(T a, T b, T c) {                                        \
    T d;                                                                    \
    asm(instruction " %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c)); \
    return d;                                                               \
  }
PPU_DOT(__dp4a, int, "dp4a.s32.s32")
PPU_DOT(__dp4a, unsigned, "dp4a.u32.u32")
PPU_DOT(__dp2a_lo, int, "dp2a.lo.s32.s32")
PPU_DOT(__dp2a_lo, unsigned, "dp2a.lo.u32.u32")
PPU_DOT(__dp2a_hi, int, "dp2a.hi.s32.s32")
PPU_DOT(__dp2a_hi, unsigned, "dp2a.hi.u32.u32")
#undef PPU_DOT

// The same on vectors (CUDA math API, "SIMD Intrinsics").
#define PPU_DOT(name, A, B, T)          \
  PPU_DEVICE T name(A a, B b, T c) {    \
    T x, y;                             \
    __builtin_memcpy(&x, &a, sizeof x); \
    __builtin_memcpy(&y, &b, sizeof y); \
    return name(x, y, c);               \
  }
PPU_DOT(__dp4a, char4, char4, int)
PPU_DOT(__dp4a, uchar4, uchar4, unsigned)
PPU_DOT(__dp2a_lo, short2, char4, int)
PPU_DOT(__dp2a_lo, ushort2, uchar4, unsigned)
PPU_DOT(__dp2a_hi, short2, char4, int)
PPU_DOT(__dp2a_hi, ushort2, uchar4, unsigned)
#undef PPU_DOT

// Programmatic dependent launch: up to sm_89 a kernel starts when the one before it has ended.
PPU_DEVICE void cudaTriggerProgrammaticLaunchCompletion() {}
PPU_DEVICE void cudaGridDependencySynchronize() {}

// Cache hints change timing only, and our memory has no such caches: a plain load or store is the whole
// meaning. Volatile keeps what the hinted forms promise: one access, in program order.
#define PPU_CACHE_HINTED(type)                  \
  PPU_DEVICE type __ldcg(const type* p) {       \
    return *p;                                  \
  }                                             \
  PPU_DEVICE type __ldca(const type* p) {       \
    return *p;                                  \
  }                                             \
  PPU_DEVICE type __ldcs(const type* p) {       \
    return *p;                                  \
  }                                             \
  PPU_DEVICE type __ldlu(const type* p) {       \
    return *p;                                  \
  }                                             \
  PPU_DEVICE void __stwb(type* p, type value) { \
    *p = value;                                 \
  }                                             \
  PPU_DEVICE void __stcg(type* p, type value) { \
    *p = value;                                 \
  }                                             \
  PPU_DEVICE void __stcs(type* p, type value) { \
    *p = value;                                 \
  }
#define PPU_CACHE_HINTED_SCALAR(type)           \
  PPU_CACHE_HINTED(type)                        \
  PPU_DEVICE type __ldcv(const type* p) {       \
    return *(const volatile type*)p;            \
  }                                             \
  PPU_DEVICE void __stwt(type* p, type value) { \
    *(volatile type*)p = value;                 \
  }
PPU_CACHE_HINTED_SCALAR(char)
PPU_CACHE_HINTED_SCALAR(signed char)
PPU_CACHE_HINTED_SCALAR(unsigned char)
PPU_CACHE_HINTED_SCALAR(short)
PPU_CACHE_HINTED_SCALAR(unsigned short)
PPU_CACHE_HINTED_SCALAR(int)
PPU_CACHE_HINTED_SCALAR(unsigned)
PPU_CACHE_HINTED_SCALAR(long)
PPU_CACHE_HINTED_SCALAR(unsigned long)
PPU_CACHE_HINTED_SCALAR(long long)
PPU_CACHE_HINTED_SCALAR(unsigned long long)
PPU_CACHE_HINTED_SCALAR(float)
PPU_CACHE_HINTED_SCALAR(double)
PPU_CACHE_HINTED(int2)
PPU_CACHE_HINTED(int4)
PPU_CACHE_HINTED(uint2)
PPU_CACHE_HINTED(uint4)
PPU_CACHE_HINTED(float2)
PPU_CACHE_HINTED(float4)
PPU_CACHE_HINTED(char2)
PPU_CACHE_HINTED(char4)
PPU_CACHE_HINTED(uchar2)
PPU_CACHE_HINTED(uchar4)
PPU_CACHE_HINTED(short2)
PPU_CACHE_HINTED(short4)
PPU_CACHE_HINTED(ushort2)
PPU_CACHE_HINTED(ushort4)
PPU_CACHE_HINTED(longlong2)
PPU_CACHE_HINTED(ulonglong2)
PPU_CACHE_HINTED(double2)
#undef PPU_CACHE_HINTED_SCALAR
#undef PPU_CACHE_HINTED
#undef PPU_DEVICE

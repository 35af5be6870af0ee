// atomicAdd and its family, by overload (CUDA C++ guide, "Atomic Functions"). All are relaxed; the plain name
// has device scope, _block and _system the narrower and the wider one.
#pragma once

#define PPU_DEVICE static __device__ __forceinline__

// Integer operations clang has a builtin for, in the three scopes.
#define PPU_ATOMIC(name, type, as, builtin)                \
  PPU_DEVICE type name(type* p, type v) {                  \
    return (type)__nvvm_atom_##builtin((as*)p, (as)v);     \
  }                                                        \
  PPU_DEVICE type name##_block(type* p, type v) {          \
    return (type)__nvvm_atom_cta_##builtin((as*)p, (as)v); \
  }                                                        \
  PPU_DEVICE type name##_system(type* p, type v) {         \
    return (type)__nvvm_atom_sys_##builtin((as*)p, (as)v); \
  }
#define PPU_ATOMIC_SIGNLESS(name, op)                     \
  PPU_ATOMIC(name, int, int, op##_gen_i)                  \
  PPU_ATOMIC(name, unsigned, int, op##_gen_i)             \
  PPU_ATOMIC(name, unsigned long, long long, op##_gen_ll) \
  PPU_ATOMIC(name, unsigned long long, long long, op##_gen_ll)
#define PPU_ATOMIC_ORDERED(name, op)                                \
  PPU_ATOMIC(name, int, int, op##_gen_i)                            \
  PPU_ATOMIC(name, unsigned, unsigned, op##_gen_ui)                 \
  PPU_ATOMIC(name, long, long long, op##_gen_ll)                    \
  PPU_ATOMIC(name, long long, long long, op##_gen_ll)               \
  PPU_ATOMIC(name, unsigned long, unsigned long long, op##_gen_ull) \
  PPU_ATOMIC(name, unsigned long long, unsigned long long, op##_gen_ull)

PPU_ATOMIC_SIGNLESS(atomicAdd, add)
PPU_ATOMIC(atomicAdd, float, float, add_gen_f)
PPU_ATOMIC(atomicAdd, double, double, add_gen_d)
PPU_ATOMIC_SIGNLESS(atomicExch, xchg)
PPU_ATOMIC_SIGNLESS(atomicAnd, and)
PPU_ATOMIC_SIGNLESS(atomicOr, or)
PPU_ATOMIC_SIGNLESS(atomicXor, xor)
PPU_ATOMIC_ORDERED(atomicMin, min)
PPU_ATOMIC_ORDERED(atomicMax, max)
PPU_ATOMIC(atomicInc, unsigned, unsigned, inc_gen_ui)
PPU_ATOMIC(atomicDec, unsigned, unsigned, dec_gen_ui)
#undef PPU_ATOMIC_ORDERED
#undef PPU_ATOMIC_SIGNLESS
#undef PPU_ATOMIC

#define PPU_ATOMIC_SCOPED(suffix)                                          \
  PPU_DEVICE int atomicSub##suffix(int* p, int v) {                        \
    return atomicAdd##suffix(p, (int)(0u - (unsigned)v));                  \
  }                                                                        \
  PPU_DEVICE unsigned atomicSub##suffix(unsigned* p, unsigned v) {         \
    return atomicAdd##suffix(p, 0u - v);                                   \
  }                                                                        \
  PPU_DEVICE float atomicExch##suffix(float* p, float v) {                 \
    return __int_as_float(atomicExch##suffix((int*)p, __float_as_int(v))); \
  }
PPU_ATOMIC_SCOPED()
PPU_ATOMIC_SCOPED(_block)
PPU_ATOMIC_SCOPED(_system)
#undef PPU_ATOMIC_SCOPED

#define PPU_ATOMIC_CAS(scope, suffix)                                                                        \
  PPU_DEVICE int atomicCAS##suffix(int* p, int expected, int v) {                                            \
    return __nvvm_atom_##scope##cas_gen_i(p, expected, v);                                                   \
  }                                                                                                          \
  PPU_DEVICE unsigned atomicCAS##suffix(unsigned* p, unsigned expected, unsigned v) {                        \
    return (unsigned)__nvvm_atom_##scope##cas_gen_i((int*)p, (int)expected, (int)v);                         \
  }                                                                                                          \
  PPU_DEVICE unsigned long atomicCAS##suffix(unsigned long* p, unsigned long expected, unsigned long v) {    \
    return (unsigned long)__nvvm_atom_##scope##cas_gen_ll((long long*)p, (long long)expected, (long long)v); \
  }                                                                                                          \
  PPU_DEVICE unsigned long long atomicCAS##suffix(unsigned long long* p, unsigned long long expected,        \
                                                  unsigned long long v) {                                    \
    return (unsigned long long)__nvvm_atom_##scope##cas_gen_ll((long long*)p, (long long)expected,           \
                                                               (long long)v);                                \
  }
PPU_ATOMIC_CAS(, )
PPU_ATOMIC_CAS(cta_, _block)
PPU_ATOMIC_CAS(sys_, _system)
#undef PPU_ATOMIC_CAS

// 16 bits: clang has no builtin, PTX has the instruction (sm_70).
PPU_DEVICE unsigned short atomicCAS(unsigned short* p, unsigned short expected, unsigned short v) {
  unsigned short old;
  asm volatile("atom.cas.b16 %0, [%1], %2, %3;" : "=h"(old) : "l"(p), "h"(expected), "h"(v) : "memory");
  return old;
}
#undef PPU_DEVICE

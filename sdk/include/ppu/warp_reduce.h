// __reduce_*_sync (CUDA C++ guide, "Warp Reduce Functions"; PTX redux.sync, sm_80): one value from all lanes
// of the mask.
#pragma once

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define PPU_REDUCE(name, type, instruction)                                                        \
  static __device__ __forceinline__ type name(unsigned mask, type value) {                         \
    type result;                                                                                   \
    asm volatile("redux.sync." instruction " %0, %1, %2;" : "=r"(result) : "r"(value), "r"(mask)); \
    return result;                                                                                 \
  }
PPU_REDUCE(__reduce_add_sync, unsigned, "add.u32")
PPU_REDUCE(__reduce_add_sync, int, "add.s32")
PPU_REDUCE(__reduce_min_sync, unsigned, "min.u32")
PPU_REDUCE(__reduce_min_sync, int, "min.s32")
PPU_REDUCE(__reduce_max_sync, unsigned, "max.u32")
PPU_REDUCE(__reduce_max_sync, int, "max.s32")
PPU_REDUCE(__reduce_and_sync, unsigned, "and.b32")
PPU_REDUCE(__reduce_or_sync, unsigned, "or.b32")
PPU_REDUCE(__reduce_xor_sync, unsigned, "xor.b32")
#undef PPU_REDUCE
#endif

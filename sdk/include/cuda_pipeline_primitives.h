// Asynchronous copies from global to shared memory, as single functions (CUDA C++ guide, "Pipeline Primitives
// Interface"). Sizes and zfill must be constants; size 4, 8 or 16, pointers aligned to it.
#pragma once
#include <cuda_awbarrier_primitives.h>

#ifdef __CUDA__
#define PPU_PIPELINE static __device__ __forceinline__

/// Copies the first size_and_align - zfill bytes; the last zfill bytes of the destination become zero.
PPU_PIPELINE void __pipeline_memcpy_async(void* __restrict__ dst_shared, const void* __restrict__ src_global,
                                          size_t size_and_align, size_t zfill = 0) {
  const unsigned to = (unsigned)__cvta_generic_to_shared(dst_shared);
  const size_t from = __cvta_generic_to_global(src_global);
  const unsigned read = (unsigned)(size_and_align - zfill);
  if (size_and_align == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(read) : "memory");
  else if (size_and_align == 8)
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(to), "l"(from), "r"(read) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(read) : "memory");
}

PPU_PIPELINE void __pipeline_commit() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Waits for all but the `prior` newest groups. Copies are done when they are issued, so any number will do.
PPU_PIPELINE void __pipeline_wait_prior(size_t prior) {
  (void)prior;
  asm volatile("cp.async.wait_all;" ::: "memory");
}

PPU_PIPELINE void __pipeline_arrive_on(__mbarrier_t* barrier) {
  const unsigned at = (unsigned)__cvta_generic_to_shared(barrier);
  asm volatile("cp.async.mbarrier.arrive.shared.b64 [%0];" ::"r"(at) : "memory");
}

#undef PPU_PIPELINE
#endif

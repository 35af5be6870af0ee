// Barriers whose arrival and wait are apart, as single functions (CUDA C++ guide, "Memory Barrier Primitives
// Interface"). A barrier lies in shared memory.
#pragma once
#include <cuda_runtime.h>

#ifdef __CUDA__
#define PPU_AWBARRIER static __device__ __forceinline__

typedef unsigned long long __mbarrier_t;
typedef unsigned long long __mbarrier_token_t;

namespace ppu_sdk {
PPU_AWBARRIER unsigned shared_address(const void* p) {
  return (unsigned)__cvta_generic_to_shared(p);
}
}  // namespace ppu_sdk

PPU_AWBARRIER unsigned __mbarrier_maximum_count() {
  return (1u << 20) - 1;
}

PPU_AWBARRIER void __mbarrier_init(__mbarrier_t* barrier, unsigned expected_count) {
  asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(ppu_sdk::shared_address(barrier)),
               "r"(expected_count)
               : "memory");
}

PPU_AWBARRIER void __mbarrier_inval(__mbarrier_t* barrier) {
  asm volatile("mbarrier.inval.shared.b64 [%0];" ::"r"(ppu_sdk::shared_address(barrier)) : "memory");
}

PPU_AWBARRIER __mbarrier_token_t __mbarrier_arrive(__mbarrier_t* barrier) {
  __mbarrier_token_t token;
  asm volatile("mbarrier.arrive.shared.b64 %0, [%1];"
               : "=l"(token)
               : "r"(ppu_sdk::shared_address(barrier))
               : "memory");
  return token;
}

PPU_AWBARRIER __mbarrier_token_t __mbarrier_arrive_and_drop(__mbarrier_t* barrier) {
  __mbarrier_token_t token;
  asm volatile("mbarrier.arrive_drop.shared.b64 %0, [%1];"
               : "=l"(token)
               : "r"(ppu_sdk::shared_address(barrier))
               : "memory");
  return token;
}

/// True once the phase that `token` was given in is complete.
PPU_AWBARRIER bool __mbarrier_test_wait(__mbarrier_t* barrier, __mbarrier_token_t token) {
  int complete;
  asm volatile("{ .reg .pred p; mbarrier.test_wait.shared.b64 p, [%1], %2; selp.b32 %0, 1, 0, p; }"
               : "=r"(complete)
               : "r"(ppu_sdk::shared_address(barrier)), "l"(token)
               : "memory");
  return complete;
}

/// True once the phase of this parity (false: even) is complete.
PPU_AWBARRIER bool __mbarrier_test_wait_parity(__mbarrier_t* barrier, bool phase_parity) {
  int complete;
  asm volatile("{ .reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], %2; selp.b32 %0, 1, 0, p; }"
               : "=r"(complete)
               : "r"(ppu_sdk::shared_address(barrier)), "r"((unsigned)phase_parity)
               : "memory");
  return complete;
}

PPU_AWBARRIER bool __mbarrier_try_wait(__mbarrier_t* barrier, __mbarrier_token_t token, unsigned) {
  return __mbarrier_test_wait(barrier, token);
}

PPU_AWBARRIER bool __mbarrier_try_wait_parity(__mbarrier_t* barrier, bool phase_parity, unsigned) {
  return __mbarrier_test_wait_parity(barrier, phase_parity);
}

/// Arrivals that the token's phase still lacked.
PPU_AWBARRIER unsigned __mbarrier_token_pending_count(__mbarrier_token_t token) {
  unsigned count;
  asm("mbarrier.pending_count.b64 %0, %1;" : "=r"(count) : "l"(token));
  return count;
}

#undef PPU_AWBARRIER
#endif

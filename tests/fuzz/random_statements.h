// Statements of random kernels beyond element-wise rows and control flow. Registers as random_kernel.cpp has
// them: %a0 and %a1 the thread's own bytes of `data` and `out`, %t8 those in shared memory, %a4..6, %t12..15,
// %q37..39 for the moment.
#pragma once
#include <string>

#include "tests/fuzz/random_draw.h"

namespace ppu::fuzz {

/// On the thread's own memory, so that what comes back is defined.
void atomic(Draw& d, const std::string& guard);
/// cp.async from the thread's own global bytes to its shared ones.
void copy_in_background(Draw& d);
void dynamic_stack(Draw& d);
void pack_and_unpack(Draw& d, const std::string& guard);
void special_register(Draw& d);
/// mma, ldmatrix, movmatrix: only where all lanes of all warps come.
void matrix(Draw& d);
/// All threads of the block meet at an mbarrier.
void transaction_barrier(Draw& d, int label, uint32_t threads);

}  // namespace ppu::fuzz

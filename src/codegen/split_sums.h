// Loops that carry more sums than the processor has registers (a thread's 4x4 or 8x8 results of a matrix
// product, times a warp's lanes) become several loops, one after another, each with as many sums as stay in
// registers. What the loop reads is read again by each; that costs less than keeping sums in memory.
#pragma once

namespace llvm {
class Module;
}

namespace ppu::codegen {

/// `avx512`: 32 registers of 512 bits, else 16 of 256.
void split_sums(llvm::Module& module, bool avx512);

}  // namespace ppu::codegen

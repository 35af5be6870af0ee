// Results of a thread that lie next to each other in memory (`float4`, the columns of a register-tiled matrix
// product) belong to neighbouring lanes' results in memory, but each is a vector of its own: what is loaded
// for them is taken apart each time. Where all that is done to them is the same for all lanes, they may as
// well be kept in the order of memory: rows of elements as they lie there.
#pragma once

namespace llvm {
class Function;
}

namespace ppu::simt {

/// Of a widened function.
void keep_memory_order(llvm::Function& f);

}  // namespace ppu::simt

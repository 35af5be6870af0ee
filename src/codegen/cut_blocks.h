// Cuts long basic blocks for instruction selection, whose time and memory grow faster than a block's length
// (LLVM builds one graph of a block). Branches only: the blocks follow each other, and LLVM joins them again
// after register allocation.
#pragma once

namespace llvm {
class Pass;
}

namespace ppu::codegen {

/// A pass to run right before instruction selection.
llvm::Pass* create_cut_blocks_pass();

}  // namespace ppu::codegen

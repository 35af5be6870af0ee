// Two versions of a kernel: one for sizes that its threads divide evenly, where whole blocks pass every
// bounds check of its loops, and one for any size.
#pragma once
#include <vector>

#include "simt/shape.h"

namespace ppu::simt {

/// A value of the whole block that the kernel's loops are bounded by, and how many low bits should be zero.
struct SizeTest {
  llvm::Instruction* size = nullptr;
  unsigned low_bits = 0;
};

/// Of a kernel: one for blocks of which something is known, beside the one for all.
struct BlockVersions {
  llvm::Function* fast = nullptr;  ///< null: one version is enough
  llvm::Function* test = nullptr;  ///< i1 (launch, block): whether a block may run it
  const char* name = "even";       ///< of the fast version
  bool others_are_few = false;     ///< blocks that may not
};

/// The fast one takes every size for an even one.
BlockVersions split_by_size(llvm::Function& kernel, const WarpLayout& layout);

/// `i32 NAME(launch, block)`, which runs the right one of two block functions.
void choose_version(const BlockVersions& versions, llvm::Function& fast, llvm::Function& any,
                    const std::string& name);

}  // namespace ppu::simt

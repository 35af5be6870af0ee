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

struct SizeVersions {
  llvm::Function* even = nullptr;  ///< the kernel where every size is even; null: one version is enough
  llvm::Function* test = nullptr;  ///< i1 (launch, block): whether they are
};

SizeVersions split_by_size(llvm::Function& kernel, const WarpLayout& layout);

/// `i32 NAME(launch, block)`, which runs the right one of two block functions.
void choose_by_size(const SizeVersions& versions, llvm::Function& even, llvm::Function& any,
                    const std::string& name);

}  // namespace ppu::simt

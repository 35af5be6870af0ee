// Products of 16x8 blocks whose operands were spread out in memory first: a kernel that uses each fragment of
// A with several of B, as all matrix kernels do, converts and permutes it once, and the product itself is
// nothing but multiply-adds with operands from memory. The order of sums is that of matrix_body.cpp.
#pragma once
#include "isa/fragment.h"
#include "llvm/IR/Module.h"
#include "simt/simt.h"

namespace ppu::simt {

/// Dense products into f32 and s32.
bool has_expanded_form(const isa::MatrixOp& op);

/// The 16x8 (8x8 if M is 8) block of the operation: `op` is this many of them, each with its own consecutive
/// registers.
isa::MatrixOp block_of(const isa::MatrixOp& op);

/// Bytes of a block's spread operand A or B; alignment 64.
uint64_t expanded_bytes(const isa::MatrixOp& block, isa::MatrixRole role);

/// void f(ptr to, registers...): spreads a block's A or B.
llvm::Function* expand_function(llvm::Module& module, const isa::MatrixOp& block, isa::MatrixRole role,
                                const Options& options);

/// {D...} f(ptr a, ptr b, C...): the product of spread operands.
llvm::Function* expanded_product_function(llvm::Module& module, const isa::MatrixOp& block,
                                          const Options& options);

}  // namespace ppu::simt

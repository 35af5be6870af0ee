// The vector functions behind matrix instructions: one internal function a spelling and module, called
// wherever the instruction stands, so that kernels with hundreds of mma stay small and compile quickly.
// Arguments and results are fragment registers, <32 x i32|float|double>, in the order of the PTX operands
// without wmma's copies.
#pragma once
#include "llvm/IR/Module.h"
#include "simt/simt.h"

namespace ppu::simt {

/// `name` is the scalar contract's: "ppu.mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32" or
/// "ppu.wmma.mma...". {D...} f(A..., B..., C...[, metadata])
llvm::Function* mma_function(llvm::Module& module, llvm::StringRef name, const Options& options);

/// "ppu.wmma.load...": {fragment...} f(ptr, i32 stride), the same for all lanes.
llvm::Function* wmma_load_function(llvm::Module& module, llvm::StringRef name);

/// "ppu.wmma.store...": void f(ptr, i32 stride, fragment...)
llvm::Function* wmma_store_function(llvm::Module& module, llvm::StringRef name);

/// The 16-bit elements of 8x8 tiles, rows and columns exchanged: `tile` is <32 x i32>, row r in lanes 4 r..4
/// r + 3.
llvm::Value* transposed_tile(llvm::IRBuilderBase& b, llvm::Value* tile);

}  // namespace ppu::simt

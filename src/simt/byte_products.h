// Sums of four products of bytes, as dp4a makes them and programs write them out.
#pragma once
#include "llvm/IR/Function.h"
#include "llvm/IR/IRBuilder.h"

namespace ppu::simt {

/// i32 @ppu.dot4.XY(i32 a, i32 b, i32 c): c + the sum over the bytes of a and b, X and Y being s (signed) or
/// u.
inline constexpr llvm::StringLiteral kDot4Prefix = "ppu.dot4.";

/// Makes calls of ppu.dot4 of shifts, products and sums.
void join_byte_products(llvm::Function& f);

/// One such call on vectors, by the processor's own instructions: what `features` ("+avx512vnni,...") has.
llvm::Value* dot4(llvm::IRBuilderBase& b, llvm::StringRef signs, llvm::StringRef features, bool avx512,
                  llvm::Value* x, llvm::Value* y, llvm::Value* sum);

}  // namespace ppu::simt

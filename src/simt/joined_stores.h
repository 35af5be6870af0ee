// Stores of one thread that lie side by side (the members of a structure) become one store of a vector.
#pragma once
#include "llvm/IR/Function.h"

namespace ppu::simt {

/// Lanes that store every third word take a scatter a store; one that stores all three fills a row of memory.
void join_stores(llvm::Function& f);

}  // namespace ppu::simt

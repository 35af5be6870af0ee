// What can be said of where one thread's access goes without knowing how the lanes of a warp lie.
#pragma once
#include <cstdint>
#include <vector>

#include "llvm/IR/Instructions.h"

namespace ppu::simt {

/// !ppu.space of a load, a store or an atomic (ptx::Space; this folder doesn't see the PTX tree); 0: any.
uint64_t space_of(const llvm::Instruction& inst);
inline constexpr uint64_t kGlobalSpace = 3, kSharedSpace = 4;

/// No byte can be in both: one is global, the other shared memory.
bool in_other_spaces(const llvm::Instruction& a, const llvm::Instruction& b);

/// An address as a sum. Two with the same terms are as far apart as their numbers of bytes say.
struct Place {
  std::vector<const llvm::Value*> terms = {};  ///< sorted; pointers and numbers of 64 bits
  int64_t bytes = 0;

  bool beside(const Place& o) const { return terms == o.terms; }
};

Place place_of(const llvm::Value* pointer);

}  // namespace ppu::simt

// Which values a loop carries from round to round, and which of them fit into registers together.
#pragma once
#include <optional>
#include <set>
#include <vector>

namespace llvm {
class BasicBlock;
class Instruction;
class PHINode;
class Value;
}  // namespace llvm

namespace ppu::codegen {

struct VectorRegisters {
  unsigned bits = 512, count = 32;
};

/// A vector that a loop carries.
struct Sum {
  llvm::PHINode* phi = nullptr;
  llvm::Value* next = nullptr;
  std::set<const llvm::Instruction*> slice = {};  ///< moving ones that `next` depends on
  std::set<unsigned> with = {};                   ///< sums it depends on
};

/// A register's lanes of a sum.
struct SumPiece {
  unsigned sum = 0, piece = 0;
};

/// A loop of one block that reads and computes only, and whose sums are computed lane by lane.
struct SumLoop {
  llvm::BasicBlock *body = nullptr, *exit = nullptr;
  std::vector<Sum> sums = {};  ///< in the order in which the body comes to them
  unsigned lanes = 0, piece_lanes = 0, pieces = 0;
  std::set<const llvm::Instruction*> moving = {};      ///< that depend on sums, sums included
  std::vector<llvm::Instruction*> other_results = {};  ///< not moving, read behind the loop
};

/// No effects, no waiting: may be run again, or later, as long as nobody writes.
bool only_reads(const llvm::Instruction& inst);

/// Nothing if `block` isn't such a loop.
std::optional<SumLoop> sum_loop(llvm::BasicBlock& block, VectorRegisters registers);

/// One group: all fit, or splitting wouldn't pay.
std::vector<std::vector<SumPiece>> group_sums(const SumLoop& loop, VectorRegisters registers);

}  // namespace ppu::codegen

// What must survive each suspension of a warp, and how: kept in the warp's frame, or computed again.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "llvm/ADT/SetVector.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Instructions.h"

namespace ppu::simt {

class FramePlan {
 public:
  /// `resumes`: the block behind each suspension. Plans for the function as it is now; expressions are
  /// copied, so the function may be rewritten afterwards.
  FramePlan(llvm::Function& function, llvm::ArrayRef<llvm::BasicBlock*> resumes);
  ~FramePlan();

  /// Values to restore behind suspension k; those with an offset are also saved before it.
  const llvm::SetVector<llvm::Instruction*>& live(size_t k) const { return live_[k]; }
  /// Byte offset in the warp's slot area; nothing if the value is computed again.
  std::optional<uint32_t> offset(llvm::Instruction* v) const;
  /// For a value without offset: a detached copy of its instruction; operands are the original values.
  llvm::Instruction* expression(llvm::Instruction* v) const { return copies_.at(v); }
  uint32_t bytes() const { return bytes_; }  ///< of a warp's slot area, a multiple of 64

 private:
  void find_live(llvm::Function& function, llvm::ArrayRef<llvm::BasicBlock*> resumes);
  bool from_arguments(llvm::Instruction* inst, int& budget);
  llvm::Instruction* root_of(llvm::Instruction* inst);
  void copy_expression(llvm::Instruction* v);
  void split_live_values();
  void place_slots(const llvm::DataLayout& layout);

  std::vector<llvm::SetVector<llvm::Instruction*>> live_;
  std::map<llvm::Instruction*, llvm::Instruction*> copies_;  ///< recomputed values and what they're made of
  llvm::SetVector<llvm::Instruction*> kept_;
  std::map<llvm::Instruction*, uint32_t> offsets_;
  uint32_t bytes_ = 0;
};

}  // namespace ppu::simt

// Memory that only compiled code knows of: the values that warps keep while others run (BlockState::frame).
#pragma once
#include <cstdint>

namespace llvm {
class DataLayout;
class Value;
}  // namespace llvm

namespace ppu::codegen {

/// Whether the pointer surely is into the frame.
bool in_frame(const llvm::Value* pointer);

/// Bytes of the frame, from some pointer on.
struct FramePlace {
  const llvm::Value* base = nullptr;
  int64_t from = 0, to = 0;
  /// Surely not the same bytes.
  bool apart(const FramePlace& o) const { return base && base == o.base && (to <= o.from || o.to <= from); }
};

/// Without a base if the pointer isn't into the frame.
FramePlace frame_place(const llvm::Value* pointer, uint64_t bytes, const llvm::DataLayout& layout);

}  // namespace ppu::codegen

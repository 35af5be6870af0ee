// Accumulators of matrix products that stay in memory as tiles (exec/tile_abi.h) from product to product,
// round loops too: which products, whose accumulators share a place, and where a value read by other code can
// be taken from that place. Works on the scalar function; see docs/matrix.md.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "exec/tile_abi.h"
#include "llvm/IR/Instructions.h"
#include "simt/shape.h"

namespace ppu::simt {

/// Whether tiles take the operation of this name (ppu.mma...): 16x8 with rows of A of 32 bytes, into f32 or
/// s32.
std::optional<exec::TileKind> tile_kind(llvm::StringRef name);

/// Where an accumulator's register lies.
struct TileRegister {
  unsigned tile = 0;
  bool right = false;
  unsigned reg = 0;
};

class TileWebs {
 public:
  struct Product {
    exec::TileKind kind;
    unsigned tile = 0;
    bool right = false;
    bool in_place = false;                    ///< the tile holds C when the product is reached
    bool eager = false;                       ///< the result is also wanted when the tile no longer holds it
    const llvm::CallInst* partner = nullptr;  ///< of the other half: same A, the same place in its chain
  };

  /// `divergent`: blocks in which lanes may be off.
  TileWebs(const ShapeAnalysis& shapes, const std::set<llvm::BasicBlock*>& divergent);

  unsigned tiles() const { return tiles_; }
  /// Null if `call` isn't done with tiles.
  const Product* product(const llvm::CallInst* call) const;
  /// Of a product's call and its component k, or of a value: the tile's register that holds it at every use
  /// outside of products.
  std::optional<TileRegister> place(const llvm::Value* call, unsigned k) const;
  std::optional<TileRegister> place(const llvm::Value* value) const;
  /// Of a phi that the tile holds: its register, and whether what comes from `from` is there already.
  std::optional<TileRegister> phi(const llvm::PHINode* phi) const;
  bool flows(const llvm::PHINode* phi, const llvm::BasicBlock* from) const;

 private:
  // Four registers of one accumulator: a product's results, or four phis. `current` of a web, at a place in
  // the code, is the quad that the web's memory holds there.
  struct Quad {
    llvm::CallInst* call = nullptr;
    std::array<llvm::PHINode*, 4> phis{};
    llvm::BasicBlock* block = nullptr;
    int web = 0;
    bool eager = false;
    std::map<const llvm::BasicBlock*, int> incoming;  ///< of phis: the quad from a predecessor, or -1
  };
  struct Web {
    std::map<const llvm::BasicBlock*, int> phis;
    std::map<const llvm::BasicBlock*, std::vector<int>> products;  ///< in order
    std::map<const llvm::BasicBlock*, int> in, out;                ///< current quad; kNone
  };
  using Values = std::array<llvm::Value*, 4>;
  static constexpr int kNone = -1;

  void collect();
  Values accumulator(const llvm::CallInst* call) const;
  int quad_of(const Values& values);
  int phi_quad(const std::array<llvm::PHINode*, 4>& phis);
  void join(int a, int b);
  void find_current();
  int current_before(const Quad& quad, const llvm::Instruction* at) const;
  int current_after(const Quad& quad, const llvm::BasicBlock* block) const;
  void judge_uses();
  bool held_at(int quad, const llvm::Use& use) const;
  void place_tiles();
  std::optional<std::pair<int, unsigned>> component(const llvm::Value* value) const;

  const ShapeAnalysis& shapes_;
  const std::set<llvm::BasicBlock*>& divergent_;
  std::vector<Quad> quads_;
  std::vector<Web> webs_;
  std::map<const llvm::CallInst*, int> calls_;
  std::map<const llvm::PHINode*, std::pair<int, unsigned>> phis_;
  std::map<const llvm::CallInst*, int> c_quads_;  ///< the quad that feeds a product's C
  std::map<const llvm::CallInst*, Product> products_;
  std::vector<std::pair<unsigned, bool>> places_;  ///< of each web
  unsigned tiles_ = 0;
};

}  // namespace ppu::simt

// Fragments of matrices that are loaded (ldmatrix .x4) for nothing but products of tiles: they needn't become
// registers of lanes, their rows go into memory as a unit of exec/tile_abi.h. Works on the scalar function.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "simt/tile_webs.h"

namespace ppu::simt {

class FragmentUnits {
 public:
  struct Unit {
    bool of_b = false;
    /// Which of the four 8x8 matrices is where: registers of A; of B the left half's two, then the right's.
    std::array<unsigned, 4> matrices{};
    unsigned place = 0;  ///< a loop's phi has that of the loads it takes
  };
  /// A unit's memory.
  struct Place {
    bool kept = false;    ///< the warp may be suspended while it's wanted
    bool direct = false;  ///< few products stand between a load and what takes it: no round of another loop's
    bool round = false;   ///< a phi's: taken in the round after the load
  };

  /// `divergent`: blocks in which lanes may be off.
  FragmentUnits(const ShapeAnalysis& shapes, const TileWebs& webs,
                const std::set<llvm::BasicBlock*>& divergent);

  /// Of what ldmatrix loads, or of a phi of such; null: it is registers as usual.
  const Unit* unit(const llvm::Value* loaded) const;
  /// Of these registers, in order.
  const Unit* unit(llvm::ArrayRef<llvm::Value*> registers) const;
  const std::vector<Place>& places() const { return places_; }

 private:
  using Roles = std::set<std::pair<const llvm::CallInst*, bool>>;  ///< a product, and whether it's of B

  bool is_load(const llvm::Value* v) const;
  void claim(bool of_b, llvm::ArrayRef<llvm::Value*> registers,
             llvm::ArrayRef<const llvm::CallInst*> products);
  bool used_as_claimed(const llvm::Instruction& loaded) const;
  bool loop_holds(const llvm::PHINode& phi) const;
  bool outlived(const llvm::Instruction& loaded) const;
  bool taken_soon(const llvm::Instruction& loaded) const;
  void place_units();

  const ShapeAnalysis& shapes_;
  const TileWebs& webs_;
  const std::set<llvm::BasicBlock*>& divergent_;
  std::map<const llvm::Value*, Unit> units_;
  std::map<const llvm::Value*, Roles> roles_;
  std::set<const llvm::Value*> refused_;
  std::vector<Place> places_;
};

}  // namespace ppu::simt

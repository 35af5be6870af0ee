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
  using Matrix =
      std::pair<const llvm::Instruction*, unsigned>;  ///< which of those that a load (or a phi) has
  struct Unit {
    bool of_b = false;
    /// The 8x8 matrices it is made of: registers of A; of B the left half's two, then the right's. All of one
    /// load, or each half of B from another.
    std::array<Matrix, 4> matrices{};
    unsigned place = 0;  ///< a loop's phi has that of the loads it takes
  };
  /// A unit's memory.
  struct Place {
    bool kept = false;    ///< the warp may be suspended while it's wanted
    bool direct = false;  ///< few products stand between a load and what takes it: no round of another loop's
    bool round = false;   ///< a phi's: taken in the round after the load
    bool settled = false;  ///< a phi's: products that take it are made before the next load
  };

  /// `divergent`: blocks in which lanes may be off.
  FragmentUnits(const ShapeAnalysis& shapes, const TileWebs& webs,
                const std::set<llvm::BasicBlock*>& divergent);

  /// Whether what ldmatrix loads, or a phi of such, is units in memory; else it is registers as usual.
  bool holds(const llvm::Value* loaded) const { return matrices_.contains({loaded, 0}); }
  /// The units that can be put together once this has been loaded.
  std::vector<const Unit*> complete_at(const llvm::Value* load) const;
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
  bool one_after_another(const Unit& unit) const;
  bool outlived(const llvm::Instruction& loaded) const;
  bool taken_soon(const llvm::Instruction& loaded) const;
  bool settled(const llvm::PHINode& phi) const;
  void refuse();
  void place_units();

  const ShapeAnalysis& shapes_;
  const TileWebs& webs_;
  const std::set<llvm::BasicBlock*>& divergent_;
  std::vector<Unit> units_;
  std::map<std::pair<const llvm::Value*, unsigned>, size_t> matrices_;  ///< the unit each is in
  std::map<const llvm::Value*, Roles> roles_;
  std::set<const llvm::Value*> refused_;
  std::vector<Place> places_;
};

}  // namespace ppu::simt

// Lanes that lie in a few runs of memory, as where a tile is turned over on its way into shared memory:
// neighbouring lanes go to different rows, every eighth one follows another. A run is one access; the lanes
// are put in its order by a permutation between registers, or out of it.
#include <algorithm>
#include <numeric>

#include "llvm/Analysis/VectorUtils.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr size_t kShortest = 4;  ///< elements of a run: shorter ones cost as much as lanes one by one

}  // namespace

/// The lanes in the order of their addresses, a run of memory each; nothing if they lie in no such runs.
std::vector<std::vector<int>> Widener::runs_of(const Shape& shape, int64_t size) const {
  if (!shape.is_linear() || !shape.has_offsets) return {};
  std::vector<int> lanes(kLanes);
  std::iota(lanes.begin(), lanes.end(), 0);
  const auto at = [&](int lane) { return shape.c[size_t(lane)]; };
  std::sort(lanes.begin(), lanes.end(), [&](int a, int b) { return at(a) < at(b); });
  std::vector<std::vector<int>> runs;
  for (int lane : lanes) {
    const bool follows = !runs.empty() && at(lane) == at(runs.back().back()) + size;
    if (!follows) runs.emplace_back();
    runs.back().push_back(lane);
  }
  const bool short_ones =
      std::any_of(runs.begin(), runs.end(), [](const auto& r) { return r.size() < kShortest; });
  return short_ones ? std::vector<std::vector<int>>{} : runs;
}

Value* Widener::load_runs(Type* t, Value* base, const Shape& shape) {
  const auto runs = runs_of(shape, int64_t(layout_.getTypeStoreSize(t).getFixedValue()));
  std::vector<Value*> loaded;
  std::vector<int> place(kLanes);
  int next = 0;
  for (const std::vector<int>& run : runs) {
    if (!isPowerOf2_64(run.size())) return nullptr;
    for (int lane : run) place[size_t(lane)] = next++;
  }
  for (const std::vector<int>& run : runs) {
    Value* at = b_.CreateConstGEP1_64(b_.getInt8Ty(), base, uint64_t(shape.c[size_t(run[0])]));
    Type* row = FixedVectorType::get(t, unsigned(run.size()));
    loaded.push_back(mask_
                         ? (Value*)b_.CreateMaskedLoad(row, at, Align(1), b_.CreateShuffleVector(mask_, run),
                                                       Constant::getNullValue(row))
                         : b_.CreateAlignedLoad(row, at, Align(1)));
  }
  return loaded.empty() ? nullptr : b_.CreateShuffleVector(concatenateVectors(b_, loaded), place);
}

/// False: no such runs.
bool Widener::store_runs(Value* value, Value* base, const Shape& shape) {
  Type* t = cast<FixedVectorType>(value->getType())->getElementType();
  const auto runs = runs_of(shape, int64_t(layout_.getTypeStoreSize(t).getFixedValue()));
  for (const std::vector<int>& run : runs) {
    Value* at = b_.CreateConstGEP1_64(b_.getInt8Ty(), base, uint64_t(shape.c[size_t(run[0])]));
    Value* row = b_.CreateShuffleVector(value, run);
    if (mask_)
      b_.CreateMaskedStore(row, at, Align(1), b_.CreateShuffleVector(mask_, run));
    else
      b_.CreateAlignedStore(row, at, Align(1));
  }
  return !runs.empty();
}

}  // namespace ppu::simt

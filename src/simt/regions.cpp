// Groups divergent branches into regions for linearisation.
#include "llvm/IR/CFG.h"
#include "simt/widener.h"

using namespace llvm;

namespace ppu::simt {
namespace {

std::set<BasicBlock*> reach(BasicBlock* entry, BasicBlock* join) {
  std::set<BasicBlock*> seen;
  std::vector<BasicBlock*> work{entry};
  while (!work.empty()) {
    BasicBlock* b = work.back();
    work.pop_back();
    if (b == join || !seen.insert(b).second) continue;
    for (BasicBlock* s : successors(b)) work.push_back(s);
  }
  return seen;
}

class Grower {
 public:
  explicit Grower(const ShapeAnalysis& s) : s_(s) {}

  Region grow(BasicBlock* entry, BasicBlock* join) const {
    Region r{entry, join, {}};
    while (step(r)) {
    }
    return r;
  }

  // The nearest block that post-dominates both; null when only the function's end does.
  BasicBlock* common_join(BasicBlock* a, BasicBlock* b) const {
    if (!a || !b) return nullptr;
    return s_.post_dom.findNearestCommonDominator(a, b);
  }

 private:
  bool step(Region& r) const {
    // The join must post-dominate the entry and differ from it.
    if (r.join && (r.join == r.entry || !s_.post_dom.dominates(r.join, r.entry))) {
      BasicBlock* n = r.join == r.entry ? s_.join_of(r.entry) : common_join(r.entry, r.join);
      r.join = n == r.entry ? s_.join_of(r.entry) : n;
    }
    r.blocks = reach(r.entry, r.join);
    std::set<Loop*> seen;
    for (BasicBlock* b : r.blocks) {
      if (b != r.entry)
        for (BasicBlock* p : predecessors(b))
          if (s_.reachable(p) && !r.blocks.contains(p)) {
            BasicBlock* entry = s_.dom.findNearestCommonDominator(r.entry, p);
            if (entry == r.entry) continue;  // a back edge from behind the join: the loop rule below grows it
            r.entry = entry;
            return true;
          }
      for (Loop* l = s_.loops.getLoopFor(b); l && seen.insert(l).second; l = l->getParentLoop())
        if (grow_to_loop(r, *l)) return true;
    }
    return false;
  }

  // A region holds whole loops, or lies inside one iteration.
  bool grow_to_loop(Region& r, const Loop& l) const {
    if (r.join && l.contains(r.join)) {
      if (!r.blocks.contains(l.getHeader())) return false;
      if (r.entry == l.getHeader() && !s_.divergent_loop(&l)) return false;
    } else if (all_of(l.blocks(), [&](BasicBlock* x) { return r.blocks.contains(x); })) {
      return false;
    }
    BasicBlock* entry = s_.dom.findNearestCommonDominator(r.entry, l.getHeader());
    BasicBlock* join = r.join;
    while (join && l.contains(join)) join = s_.join_of(join);
    if (entry == r.entry && join == r.join) return false;
    r.entry = entry;
    r.join = join;
    return true;
  }

  const ShapeAnalysis& s_;
};

bool overlap(const Region& a, const Region& b) {
  const bool a_is_smaller = a.blocks.size() <= b.blocks.size();
  const std::set<BasicBlock*>& other = a_is_smaller ? b.blocks : a.blocks;
  return llvm::any_of(a_is_smaller ? a.blocks : b.blocks, [&](BasicBlock* x) { return other.contains(x); });
}

}  // namespace

bool Region::all_walk(BasicBlock* block) const {
  return block == entry &&
         llvm::none_of(predecessors(block), [&](BasicBlock* p) { return blocks.contains(p); });
}

std::vector<Region> find_regions(const ShapeAnalysis& s) {
  const Grower grower(s);
  std::vector<Region> regions;
  DenseMap<const BasicBlock*, size_t> holder;  // the last region found that a block is in
  // What lies in a region grows to nothing that isn't in it: a region has one entry, and whole loops or a
  // part of one iteration. Branches by the hundred in one region, as in an unrolled merge, each grew it all
  // again.
  const auto is_held = [&](const BasicBlock* entry, const BasicBlock* join) {
    const auto at = holder.find(entry);
    if (at == holder.end()) return false;
    const Region& r = regions[at->second];
    return join == r.join || (join && r.blocks.contains(const_cast<BasicBlock*>(join)));
  };
  for (BasicBlock* b : s.order()) {
    if (!s.divergent_branch(b)) continue;
    BasicBlock *entry = b, *join = s.join_of(b);
    for (Loop* l = s.loops.getLoopFor(b); l; l = l->getParentLoop())
      if (s.divergent_loop(l)) {
        entry = l->getHeader();
        join = s.join_of(entry);
        while (join && l->contains(join)) join = s.join_of(join);
      }
    if (is_held(entry, join)) continue;
    regions.push_back(grower.grow(entry, join));
    for (const BasicBlock* x : regions.back().blocks) holder[x] = regions.size() - 1;
  }
  const auto merge = [&](size_t i, size_t j) {
    BasicBlock* entry = s.dom.findNearestCommonDominator(regions[i].entry, regions[j].entry);
    regions[i] = grower.grow(entry, grower.common_join(regions[i].join, regions[j].join));
    regions.erase(regions.begin() + long(j));
  };
  for (size_t i = 0; i < regions.size(); i++)
    for (size_t j = i + 1; j < regions.size();) {
      if (!overlap(regions[i], regions[j])) {
        j++;
        continue;
      }
      merge(i, j);
      // Those before are apart from all others, but the grown one may reach them.
      for (size_t before = 0; before < i;) {
        if (!overlap(regions[before], regions[i])) {
          before++;
          continue;
        }
        merge(before, i);
        i = before;
        before = 0;
      }
      j = i + 1;
    }
  return regions;
}

}  // namespace ppu::simt

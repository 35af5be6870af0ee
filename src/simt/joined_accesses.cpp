// See joined_accesses.h. Plain stores of a basic block with nothing between them that could see or change the
// difference.
#include "simt/joined_accesses.h"

#include <algorithm>
#include <bit>

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "simt/names.h"
#include "simt/places.h"
#include "simt/shape.h"

using namespace llvm;

namespace ppu::simt {
namespace {

constexpr int64_t kMaxBytes = 16;

int64_t size_of(const Instruction& access) {
  return int64_t(access.getModule()
                     ->getDataLayout()
                     .getTypeStoreSize(getLoadStoreType(const_cast<Instruction*>(&access)))
                     .getFixedValue());
}

struct Part {
  StoreInst* store;
  int64_t offset;
};

/// Stores of one type with addresses of the same terms, so far.
class Run {
 public:
  bool takes(const StoreInst& store, const Place& at) const {
    const Type* t = store.getValueOperand()->getType();
    return parts_.empty() || (at.terms == terms_ && t == parts_[0].store->getValueOperand()->getType() &&
                              store.getMetadata("ppu.space") == parts_[0].store->getMetadata("ppu.space") &&
                              apart(at.bytes, size_of(store)));
  }
  void add(StoreInst& store, const Place& at) {
    terms_ = at.terms;
    parts_.push_back({&store, at.bytes});
  }
  bool leaves_alone(const LoadInst& load) const {
    if (parts_.empty() || load.hasMetadata(LLVMContext::MD_invariant_load)) return true;
    if (!load.isSimple()) return false;
    if (in_other_spaces(load, *parts_[0].store)) return true;
    const Place at = place_of(load.getPointerOperand());
    return at.terms == terms_ && apart(at.bytes, size_of(load));
  }

  void end() {
    if (parts_.size() > 1) join();
    parts_.clear();
  }

 private:
  bool apart(int64_t offset, int64_t size) const {
    return none_of(parts_, [&](const Part& p) {
      return offset < p.offset + size_of(*p.store) && p.offset < offset + size;
    });
  }

  void join() {
    StoreInst* last = parts_.back().store;
    std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) { return a.offset < b.offset; });
    const int64_t size = size_of(*last);
    for (size_t first = 0; first < parts_.size();) {
      size_t n = 1;
      while (first + n < parts_.size() && int64_t(n + 1) * size <= kMaxBytes &&
             parts_[first + n].offset == parts_[first].offset + int64_t(n) * size)
        n++;
      if (n > 1) store_together(ArrayRef(parts_).slice(first, n), *last);
      first += n;
    }
    for (StoreInst* store : joined_) store->eraseFromParent();
    joined_.clear();
  }

  void store_together(ArrayRef<Part> parts, StoreInst& last) {
    IRBuilder<> b(&last);
    StoreInst* lowest = parts[0].store;
    Type* t = FixedVectorType::get(lowest->getValueOperand()->getType(), unsigned(parts.size()));
    Value* all = PoisonValue::get(t);
    for (size_t k = 0; k < parts.size(); k++)
      all = b.CreateInsertElement(all, parts[k].store->getValueOperand(), uint64_t(k));
    StoreInst* store = b.CreateAlignedStore(all, lowest->getPointerOperand(), lowest->getAlign());
    store->setMetadata("ppu.space", lowest->getMetadata("ppu.space"));
    for (const Part& p : parts) joined_.push_back(p.store);
  }

  std::vector<const Value*> terms_;
  std::vector<Part> parts_;
  std::vector<StoreInst*> joined_;
};

bool is_number(const Type* t) {
  return t->isFloatTy() || t->isDoubleTy() || t->isIntegerTy(8) || t->isIntegerTy(16) || t->isIntegerTy(32) ||
         t->isIntegerTy(64);
}

/// Ends the launch or counts; what it makes of memory, no store of the thread has to do with.
bool only_watches(const Instruction& inst) {
  const auto* call = dyn_cast<CallInst>(&inst);
  const Function* callee = call ? call->getCalledFunction() : nullptr;
  return callee && (callee->getName() == kCheckAlign || callee->getName().starts_with(kCountPrefix));
}

/// Loads of one type with addresses of the same terms, with no write between them that could be of what they
/// read: each reads what it would read at the first one's place, and together they read no byte that they
/// don't read one by one.
struct LoadRun {
  std::vector<const Value*> terms;
  std::vector<std::pair<LoadInst*, int64_t>> loads;  ///< and their offsets, in the program's order
  bool ended = false;
  bool in_pieces = false;  ///< how lanes lie is known

  bool outlives(const Instruction& write) const {
    const LoadInst& first = *loads[0].first;
    return isa<StoreInst>(write) &&
           (first.hasMetadata(LLVMContext::MD_invariant_load) || in_other_spaces(first, write));
  }

  bool takes(const LoadInst& load, const Place& at) const {
    const LoadInst* first = loads[0].first;
    return !ended && at.terms == terms && load.getType() == first->getType() &&
           load.hasMetadata(LLVMContext::MD_invariant_load) ==
               first->hasMetadata(LLVMContext::MD_invariant_load) &&
           load.getMetadata("ppu.space") == first->getMetadata("ppu.space") &&
           none_of(loads, [&](const auto& l) { return l.second == at.bytes; });
  }
};

/// All runs of two loads or more.
std::vector<LoadRun> load_runs(Function& f) {
  std::vector<LoadRun> found;
  for (BasicBlock& block : f) {
    size_t open = found.size();  // runs from here on may still grow, unless they are ended
    for (Instruction& inst : block) {
      auto* load = dyn_cast<LoadInst>(&inst);
      if (load && load->isSimple() && is_number(load->getType())) {
        const Place at = place_of(load->getPointerOperand());
        const auto run = std::find_if(found.begin() + long(open), found.end(),
                                      [&](const LoadRun& r) { return r.takes(*load, at); });
        if (run != found.end())
          run->loads.push_back({load, at.bytes});
        else
          found.push_back({at.terms, {{load, at.bytes}}});
      } else if (inst.mayWriteToMemory() && !only_watches(inst)) {
        bool any = false;
        for (size_t k = open; k < found.size(); k++) any |= !(found[k].ended |= !found[k].outlives(inst));
        if (!any) open = found.size();
      }
    }
  }
  erase_if(found, [](const LoadRun& r) { return r.loads.size() < 2; });
  return found;
}

/// The vector that `whole`, the last of a chain of insertions, is made of element by element, if it is.
Value* taken_apart(InsertElementInst& whole) {
  Value *v = &whole, *of = nullptr;
  for (unsigned k = cast<FixedVectorType>(whole.getType())->getNumElements(); k-- > 0;) {
    auto* insert = dyn_cast<InsertElementInst>(v);
    auto* element = insert ? dyn_cast<ExtractElementInst>(insert->getOperand(1)) : nullptr;
    if (!element || (of && of != element->getVectorOperand())) return nullptr;
    of = element->getVectorOperand();
    for (const Value* index : {insert->getOperand(2), element->getIndexOperand()})
      if (const auto* i = dyn_cast<ConstantInt>(index); !i || i->getZExtValue() != k) return nullptr;
    v = insert->getOperand(0);
  }
  return of->getType() == whole.getType() ? of : nullptr;
}

void load_together(ArrayRef<std::pair<LoadInst*, int64_t>> loads, LoadInst& first, int64_t first_offset,
                   bool in_pieces) {
  IRBuilder<> b(&first);
  Value* at = first.getPointerOperand();
  if (loads[0].second != first_offset)
    at = b.CreateGEP(b.getInt8Ty(), at, b.getInt64(uint64_t(loads[0].second - first_offset)));
  Type* t = FixedVectorType::get(first.getType(), unsigned(loads.size()));
  LoadInst* all = b.CreateAlignedLoad(t, at, first.getAlign());
  all->setMetadata("ppu.space", first.getMetadata("ppu.space"));
  if (!in_pieces) all->setMetadata(kJoined, MDNode::get(first.getContext(), {}));
  for (size_t k = 0; k < loads.size(); k++)
    loads[k].first->replaceAllUsesWith(b.CreateExtractElement(all, uint64_t(k)));
  for (const auto& [load, offset] : loads) load->eraseFromParent();
}

void join(LoadRun& run) {
  auto& loads = run.loads;
  // The others come after it, so their uses do, too.
  LoadInst* first = loads[0].first;
  const int64_t size = size_of(*first), first_offset = loads[0].second;
  std::sort(loads.begin(), loads.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<ArrayRef<std::pair<LoadInst*, int64_t>>> groups;
  for (size_t k = 0; k < loads.size();) {
    size_t n = 1;
    while (k + n < loads.size() && loads[k + n].second == loads[k].second + int64_t(n) * size) n++;
    n = std::min(std::bit_floor(n), size_t(kMaxBytes / size));
    if (n > 1) groups.push_back(ArrayRef(loads).slice(k, n));
    k += n;
  }
  // All are made at the first load's place: its own group goes last, and it with it.
  std::partition(groups.begin(), groups.end(),
                 [&](const auto& g) { return none_of(g, [&](const auto& l) { return l.first == first; }); });
  for (const auto& g : groups) load_together(g, *first, first_offset, run.in_pieces);
}

}  // namespace

void join_loads(Function& f, const WarpLayout& layout, bool gang) {
  std::vector<LoadRun> runs = load_runs(f);
  if (runs.empty()) return;
  {
    const ShapeAnalysis shapes(f, layout, gang);
    erase_if(runs, [&](LoadRun& r) {
      const LoadInst& first = *r.loads[0].first;
      const Shape s = shapes.of(first.getPointerOperand());
      r.in_pieces = s.piece != 0;
      return !s.is_varying() || (r.in_pieces && s.c[1] - s.c[0] <= size_of(first));
    });
  }
  for (LoadRun& run : runs) join(run);
  for (Instruction& inst : make_early_inc_range(instructions(f)))
    if (auto* insert = dyn_cast<InsertElementInst>(&inst))
      if (Value* whole = taken_apart(*insert)) insert->replaceAllUsesWith(whole);
}

void join_stores(Function& f) {
  for (BasicBlock& block : f) {
    Run run;
    for (Instruction& inst : make_early_inc_range(block)) {
      auto* store = dyn_cast<StoreInst>(&inst);
      if (store && store->isSimple() && is_number(store->getValueOperand()->getType())) {
        const Place at = place_of(store->getPointerOperand());
        if (!run.takes(*store, at)) run.end();
        run.add(*store, at);
      } else if (const auto* load = dyn_cast<LoadInst>(&inst)) {
        if (!run.leaves_alone(*load)) run.end();
      } else if (inst.mayReadOrWriteMemory() && !only_watches(inst)) {
        run.end();
      }
    }
    run.end();
  }
}

}  // namespace ppu::simt

// Units and sites of a kernel, numbered in the order of its functions and instructions.
#include "ptx/profile_plan.h"

#include <cmath>
#include <set>

namespace ppu::ptx {
namespace {

bool is_mnemonic(const Instruction& i, std::string_view word) {
  return i.row != kNoRow && isa::table()[i.row].form.mnemonic == word;
}

/// True if what stands behind `i` need not run when `i` did.
bool ends_unit(const Instruction& i) {
  if (i.guard >= 0) return true;
  for (const char* word : {"bra", "brx", "call", "ret", "exit", "trap"})
    if (is_mnemonic(i, word)) return true;
  return false;
}

}  // namespace

exec::AccessCount count_of(const Access& a) {
  if (a.kind == Access::Kind::kAtomic) return exec::AccessCount::kSameAddress;
  if (a.space == Space::kShared) return exec::AccessCount::kBankPasses;
  return a.space == Space::kNone ? exec::AccessCount::kGeneric : exec::AccessCount::kSectors;
}

ProfilePlan::ProfilePlan(const Module& module, const std::string& kernel) : module_(module) {
  functions_.resize(module.functions.size());
  for (const int32_t f : reachable(module, kernel).functions) add_function(f);
  words_ = uint32_t(units_.size()) * exec::kUnitWords;
  for (Site& site : sites_) {
    site.word = words_;
    words_ += site.is_branch                                         ? 1
              : count_of(site.access) == exec::AccessCount::kGeneric ? exec::kGenericWords + 1
                                                                     : 2;
  }
}

void ProfilePlan::add_function(int32_t index) {
  const Function& f = module_.functions[size_t(index)];
  FunctionPlan& plan = functions_[size_t(index)];
  plan.unit_at.assign(f.body.size() + 1, -1);
  std::set<int32_t> heads;
  for (const auto& [name, at] : f.labels) heads.insert(at);
  bool fresh = true;
  for (size_t i = 0; i < f.body.size(); i++) {
    const Instruction& in = f.body[i];
    plan.first_site.push_back(uint32_t(sites_.size()));
    // A guarded instruction runs for fewer lanes than its neighbours; a branch is issued for all of them.
    const bool alone = in.guard >= 0 && !is_mnemonic(in, "bra");
    if (fresh || alone || heads.contains(int32_t(i))) {
      plan.unit_at[i] = int32_t(units_.size());
      units_.emplace_back();
    }
    fresh = ends_unit(in);
    const Work work = work_of(module_, f, in);
    Unit& unit = units_.back();
    unit.per_lane += work.per_lane;
    unit.per_warp += work.per_warp;
    Site site;
    site.function = index;
    site.instruction = int32_t(i);
    site.unit = uint32_t(units_.size() - 1);
    for (const Access& access : work.accesses) {
      site.access = access;
      sites_.push_back(site);
    }
    site.is_branch = work.branches;
    if (work.branches) sites_.push_back(site);
  }
  plan.first_site.push_back(uint32_t(sites_.size()));
}

int32_t ProfilePlan::unit_at(int32_t function, int32_t instruction) const {
  return functions_[size_t(function)].unit_at[size_t(instruction)];
}

std::span<const Site> ProfilePlan::sites_of(int32_t function, int32_t instruction) const {
  const std::vector<uint32_t>& first = functions_[size_t(function)].first_site;
  const uint32_t from = first[size_t(instruction)], to = first[size_t(instruction) + 1];
  return std::span(sites_).subspan(from, to - from);
}

namespace {

/// A unit's words. What lanes ran one by one stands for warps as full as those that were counted; where none
/// was, for a warp a lane.
struct UnitCount {
  explicit UnitCount(const uint64_t* words) : in_warps(words[0]), warps(words[1]), alone(words[2]) {}
  uint64_t lanes() const { return in_warps + alone; }
  uint64_t all_warps() const { return in_warps ? scaled(warps) : warps + alone; }
  uint64_t scaled(uint64_t n) const {
    if (!alone || !in_warps) return n;
    return uint64_t(std::llround(double(n) * double(lanes()) / double(in_warps)));
  }
  uint64_t in_warps, warps, alone;
};

}  // namespace

exec::Counters ProfilePlan::sum(std::span<const uint64_t> words) const {
  exec::Counters total;
  for (size_t u = 0; u < units_.size(); u++) {
    const UnitCount count(&words[exec::kUnitWords * u]);
    total.add(units_[u].per_lane, count.lanes());
    total.add(units_[u].per_warp, count.all_warps());
  }
  for (const Site& s : sites_) {
    const UnitCount count(&words[exec::kUnitWords * s.unit]);
    uint64_t w[exec::kGenericWords] = {};
    const bool generic = !s.is_branch && count_of(s.access) == exec::AccessCount::kGeneric;
    for (size_t k = 0; k < (generic ? exec::kGenericWords : 1); k++) w[k] = count.scaled(words[s.word + k]);
    const bool load = s.access.kind == Access::Kind::kLoad;
    if (s.is_branch) {
      total.divergent_branches += w[0];
      continue;
    }
    switch (count_of(s.access)) {
      case exec::AccessCount::kSectors:
        (load ? total.global_load_sectors : total.global_store_sectors) += w[0];
        break;
      case exec::AccessCount::kBankPasses:
        (load ? total.shared_load_passes : total.shared_store_passes) += w[0];
        break;
      case exec::AccessCount::kSameAddress:
        (s.access.space == Space::kShared ? total.shared_atomic_passes : total.global_atomic_passes) += w[0];
        break;
      case exec::AccessCount::kGeneric: {
        const uint64_t lanes = count.lanes(), warps = count.all_warps();
        (load ? total.global_load_sectors : total.global_store_sectors) += w[0];
        (load ? total.shared_load_passes : total.shared_store_passes) += w[1];
        (load ? total.shared_load_bytes : total.shared_store_bytes) += w[2] * s.access.bytes;
        (load ? total.global_load_bytes : total.global_store_bytes) += (lanes - w[2]) * s.access.bytes;
        (load ? total.shared_load_requests : total.shared_store_requests) += w[3];
        (load ? total.global_load_requests : total.global_store_requests) += warps - w[3];
        break;
      }
    }
  }
  return total;
}

}  // namespace ppu::ptx

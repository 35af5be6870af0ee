// See kernel_checker.h.
#include "device/kernel_checker.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <set>

#include "device/address_space.h"
#include "device/block_checker.h"
#include "device/context.h"
#include "exec/block_storage.h"
#include "ptx/ptx.h"

namespace ppu::device {
namespace {

using checking::Finding;
using exec::CheckedAccess;
using exec::CheckPlace;

constexpr uint64_t kPage = 4096;

const char* word_of(CheckedAccess kind) {
  switch (kind) {
    case CheckedAccess::kRead:
      return "read";
    case CheckedAccess::kWrite:
      return "write";
    case CheckedAccess::kAtomic:
      return "atomic";
  }
  return "";
}

std::string numbers(uint32_t x, uint32_t y, uint32_t z) {
  return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

/// What the address of an access must be a multiple of.
uint32_t unit_of(uint64_t place, uint32_t bytes) {
  const bool pieces = (bytes & (bytes - 1)) || (CheckPlace::of(place).order & exec::kPieces);
  return pieces ? 1 : bytes;
}

bool is_mapped(uint64_t address) {
  unsigned char resident = 0;
  return ::mincore(reinterpret_cast<void*>(address / kPage * kPage), 1, &resident) == 0;
}

std::string distance(uint64_t bytes, const char* how, uint64_t begin, uint64_t size) {
  char text[128];
  std::snprintf(text, sizeof text, "%" PRIu64 " byte%s %s an allocation of %" PRIu64 " bytes at 0x%" PRIx64,
                bytes, bytes == 1 ? "" : "s", how, size, begin);
  return text;
}

std::string behind(uint64_t address, uint32_t bytes, uint64_t begin, uint64_t size) {
  const uint64_t end = begin + size;
  if (address < end)
    return "its last " + std::to_string(address + bytes - end) + " of " + std::to_string(bytes) +
           " bytes are " + distance(0, "behind", begin, size);
  return distance(address - end, "behind", begin, size);
}

}  // namespace

bool has_host_pointer(std::span<const std::byte> params, std::span<const uint32_t> words) {
  constexpr uint64_t kLowest = 0x10000, kPastUser = uint64_t(1) << 47;
  for (const uint32_t at : words) {
    uint64_t word = 0;
    std::memcpy(&word, params.data() + at, 8);
    if (word < kLowest || word >= kPastUser || AddressSpace::in_usual_windows(word)) continue;
    const AddressSpace& space = AddressSpace::instance();
    if (space.in_window(word) || space.find(word) || !is_mapped(word)) continue;
    return true;
  }
  return false;
}

KernelChecker::KernelChecker(const Function& function, uint32_t local_bytes,
                             std::span<const std::byte> workspace, std::function<bool(uint64_t)> lent,
                             bool interpreted)
    : function_(function),
      local_bytes_(local_bytes),
      workspace_{uint64_t(workspace.data()), uint64_t(workspace.data() + workspace.size())},
      lent_(std::move(lent)),
      races_(checking::tools().races && !interpreted),
      reached_(ptx::reachable(function.module().tree(), function.name()).functions) {}

const ptx::Function* KernelChecker::function_of(uint64_t place) const {
  const uint32_t number = CheckPlace::of(place).function;
  if (number >= reached_.size()) return nullptr;
  return &function_.module().tree().functions[size_t(reached_[number])];
}

void KernelChecker::add_place(Finding& finding, const std::string& prefix, uint64_t place) const {
  const ptx::Function* f = function_of(place);
  if (!f) return;
  const size_t i = CheckPlace::of(place).instruction;
  finding.add(prefix + "function", f->name);
  if (i >= f->body.size()) return;
  finding.add(prefix + "ptx_line", uint64_t(f->body[i].pos.line));
  const ptx::SourceLines::Entry* source = f->source.of(i);
  const auto& files = function_.module().tree().files;
  const auto file = source ? files.find(source->file) : files.end();
  if (file != files.end()) finding.add(prefix + "source", file->second + ":" + std::to_string(source->line));
}

std::string KernelChecker::key(std::string_view kind, uint64_t place) const {
  char text[48];
  std::snprintf(text, sizeof text, " %012" PRIx64 " ", place & 0xffffffffffff);
  return std::string(kind) + text + function_.name();
}

Finding KernelChecker::finding(std::string_view tool, std::string_view kind, const exec::BlockState& block,
                               uint32_t thread, uint64_t place) const {
  const uint32_t* b = block.launch->block;
  Finding f(tool, kind);
  f.add("kernel", function_.name());
  f.add("block", numbers(block.ctaid[0], block.ctaid[1], block.ctaid[2]));
  f.add("thread", numbers(thread % b[0], thread / b[0] % b[1], thread / (b[0] * b[1])));
  add_place(f, "", place);
  return f;
}

void KernelChecker::block_starts(exec::BlockState& block) {
  BlockChecker::of(block).start(block, races_, checking::tools().values);
}

/// Whether the kernel may touch all of it; *range: what lies around it and is as good, if known.
bool KernelChecker::valid(uint64_t address, uint32_t bytes, KnownMemory* range) const {
  const AddressSpace& space = AddressSpace::instance();
  if (workspace_.holds(address, bytes)) return true;
  const auto a = space.find(address);
  if (!a) return lent_(address);
  if (a->internal) {
    if (const Module::Global* g = function_.module().global_at(address)) {
      *range = {g->address, g->address + g->bytes};
    } else if (exec::DeviceHeap* heap = function_.module().context().services().heap;
               heap && heap->holds(address)) {
      const exec::DeviceHeap::Block block = heap->block_below(address);
      const KnownMemory live = {block.address, block.address + block.bytes};
      return live.holds(address, bytes);  // it may be freed at any time: not to be kept
    } else {
      if (function_.module().owns_arena(a->address)) return false;  // between two variables
      *range = {a->address, a->address + a->bytes};  // another module's variables, reached by pointers
    }
    return range->holds(address, bytes);
  }
  const KnownMemory whole = {a->address, a->address + a->usable, a->written, a->blank};
  if (whole.holds(address, bytes)) {
    *range = whole;
    return true;
  }
  return a->physical && space.covers(address, bytes);
}

exec::Trap KernelChecker::access(exec::BlockState& block, uint64_t place, const uint64_t* address,
                                 uint32_t bytes, uint32_t mask, uint32_t first, uint64_t* info,
                                 uint32_t* lane) {
  BlockChecker& known = BlockChecker::of(block);
  const checking::Tools& tools = checking::tools();
  const uint64_t generation = AddressSpace::instance().generation();
  if (known.known_generation != generation) known.known = {};
  known.known_generation = generation;
  const uint64_t shared = uint64_t(block.shared), shared_bytes = block.launch->shared_bytes;
  const uint32_t low = unit_of(place, bytes) - 1;
  if (known.suspects()) known.lanes_go_on(*this, block, mask, first);
  for (uint32_t left = mask; left; left &= left - 1) {
    const uint32_t l = uint32_t(__builtin_ctz(left)), thread = first + l;
    const uint64_t at = address[l];
    if (at - shared < shared_bytes && bytes <= shared_bytes - (at - shared)) {
      if (tools.memory && (at & low)) explain(block, place, at, bytes, thread);
      if (races_ || tools.values)
        known.shared_access(*this, block, place, uint32_t(at - shared), bytes, thread);
      continue;
    }
    const bool aligned = (at & low) == 0;
    if (!known.known.holds(at, bytes) || !aligned) {
      if (const exec::Trap trap = judge(block, place, at, bytes, thread); trap != exec::Trap::kNone) {
        *info = at;
        *lane = l;
        return trap;
      }
    }
    if (tools.values && known.known.written && known.known.holds(at, bytes))
      check_values(block, place, known.known, at, bytes, thread);
  }
  return exec::Trap::kNone;
}

/// What isn't known to be right at once.
exec::Trap KernelChecker::judge(exec::BlockState& block, uint64_t place, uint64_t address, uint32_t bytes,
                                uint32_t thread) {
  const uint64_t local = uint64_t(block.local) + thread * local_bytes_,
                 params = uint64_t(block.launch->params);
  const bool aligned = (address & (unit_of(place, bytes) - 1)) == 0;
  const KnownMemory own = {local, local + local_bytes_}, given = {params, params + function_.params().total};
  KnownMemory range;
  const bool ok = own.holds(address, bytes) || given.holds(address, bytes) || valid(address, bytes, &range);
  if (range.end) BlockChecker::of(block).known = range;
  if (!checking::on()) {
    // The guard: what is ours faults by itself where it must.
    if (ok || AddressSpace::instance().in_window(address) ||
        address - uint64_t(block.shared) < exec::kMaxSharedBytes ||
        address - uint64_t(block.local) < local_bytes_ * exec::kMaxWarps * exec::kWarpSize ||
        AddressSpace::instance().find(address))
      return exec::Trap::kNone;
    return exec::Trap::kIllegalAddress;
  }
  if (checking::tools().memory && (!ok || !aligned)) explain(block, place, address, bytes, thread);
  return exec::Trap::kNone;
}

void KernelChecker::report_access(std::string_view kind, exec::BlockState& block, uint64_t place,
                                  uint64_t address, uint32_t bytes, uint32_t thread,
                                  const std::string& where) const {
  const std::string k = key(kind, place);
  if (checking::seen(k)) return;
  Finding f = finding("memcheck", kind, block, thread, place);
  f.add("access", word_of(CheckedAccess(CheckPlace::of(place).what))).add("bytes", uint64_t(bytes));
  f.add_hex("address", address).add("where", where);
  checking::report(k, f);
}

/// Finds the words for an access that isn't right.
void KernelChecker::explain(exec::BlockState& block, uint64_t place, uint64_t address, uint32_t bytes,
                            uint32_t thread) {
  const AddressSpace& space = AddressSpace::instance();
  const auto tell = [&](std::string_view kind, const std::string& where) {
    report_access(kind, block, place, address, bytes, thread, where);
  };
  const uint64_t shared = uint64_t(block.shared), shared_bytes = block.launch->shared_bytes;
  const uint64_t local = uint64_t(block.local) + thread * local_bytes_;
  const auto named = ptx::Space(CheckPlace::of(place).space);
  KnownMemory range;
  const bool in_bounds = (address - shared < shared_bytes && bytes <= shared_bytes - (address - shared)) ||
                         (address - local < local_bytes_ && bytes <= local_bytes_ - (address - local)) ||
                         valid(address, bytes, &range);
  if (in_bounds) return tell("misaligned", "not a multiple of " + std::to_string(bytes));
  if (named == ptx::Space::kShared || address - shared < exec::kMaxSharedBytes)
    return tell("shared-out-of-bounds", "at " + std::to_string(int64_t(address - shared)) + " of " +
                                            std::to_string(shared_bytes) + " bytes of shared memory");
  if (named == ptx::Space::kLocal)
    return tell("local-out-of-bounds", "at " + std::to_string(int64_t(address - local)) + " of " +
                                           std::to_string(local_bytes_) + " bytes of local memory");
  if (address < kPage) return tell("invalid-address", address ? "near a null pointer" : "a null pointer");
  exec::DeviceHeap* heap = function_.module().context().services().heap;
  if (heap && heap->holds(address)) {
    const exec::DeviceHeap::Block below = heap->block_below(address);
    if (below.bytes && address - below.address < below.bytes + 16)
      return tell("out-of-bounds",
                  behind(address, bytes, below.address, below.bytes) + " on the device's heap");
    return tell("use-after-free", "in the device's heap, where nothing is allocated");
  }
  if (const auto a = space.find(address)) {
    if (a->pool && !a->usable)
      return tell("use-after-free",
                  "inside memory given back to its pool (" + std::to_string(a->bytes) + " bytes)");
    if (const Module::Global* g = function_.module().global_below(address); a->internal && g)
      return tell("out-of-bounds", behind(address, bytes, g->address, g->bytes) + ", the variable " +
                                       function_.module().name_of(*g));
    return tell("out-of-bounds", behind(address, bytes, a->address, a->usable));
  }
  if (const auto f = space.find_freed(address))
    return tell("use-after-free",
                distance(address - f->address, "inside", f->address, f->usable ? f->usable : f->bytes) +
                    ", which was freed");
  if (space.in_window(address)) {
    const auto a = space.nearest(address);
    if (!a) return tell("invalid-address", "memory of the device's that is not allocated");
    if (a->address > address)
      return tell("out-of-bounds", distance(a->address - address, "before", a->address, a->usable));
    return tell("out-of-bounds", behind(address, bytes, a->address, a->usable));
  }
  if (is_mapped(address))
    return tell("host-pointer", "memory of the host's that is neither managed, pinned nor registered");
  tell("invalid-address", "nothing is there");
}

void KernelChecker::check_values(exec::BlockState& block, uint64_t place, const KnownMemory& range,
                                 uint64_t address, uint32_t bytes, uint32_t thread) {
  uint8_t* written = range.written + (address - range.begin);
  const CheckedAccess kind = CheckedAccess(CheckPlace::of(place).what);
  if (kind != CheckedAccess::kWrite) {
    const auto* now = reinterpret_cast<const uint8_t*>(address);
    // Every byte must be blank: what isn't was written by somebody who tells nobody.
    bool blank = false, other = false;
    for (uint32_t i = 0; i < bytes; i++) {
      blank |= !written[i];
      other |= !written[i] && now[i] != range.blank;
    }
    const std::string k = blank && !other ? key("uninitialized-global", place) : "";
    if (!k.empty() && !checking::seen(k)) {
      Finding f = finding("initcheck", "uninitialized-global", block, thread, place);
      f.add("access", word_of(kind)).add("bytes", uint64_t(bytes)).add_hex("address", address);
      checking::report(
          k, f.add("where", distance(address - range.begin, "inside", range.begin, range.end - range.begin)));
    }
  }
  if (kind != CheckedAccess::kRead) std::memset(written, 1, bytes);
}

void KernelChecker::sync(exec::BlockState& block, uint64_t place, const uint64_t* words, uint32_t mask,
                         uint32_t first) {
  if (!checking::on()) return;
  BlockChecker::of(block).sync(*this, block, place, words, mask, first);
}

bool KernelChecker::wants_whole_warps(uint64_t place) const {
  const ptx::Function* f = function_of(place);
  const size_t i = CheckPlace::of(place).instruction;
  if (!f || i >= f->body.size()) return false;
  return isa::table()[f->body[i].row].form.mnemonic == "bar" || f->body[i].mods.has("aligned");
}

/// The loaded register, or one that it is moved to, is what some atom.cas compares with.
bool KernelChecker::feeds_swap(uint64_t place) const {
  const ptx::Function* f = function_of(place);
  const size_t at = CheckPlace::of(place).instruction;
  constexpr auto kReg = ptx::Operand::Kind::kReg;
  if (!f || at >= f->body.size() || f->body[at].operands.empty()) return false;
  if (f->body[at].operands[0].kind != kReg) return false;
  std::set<int32_t> copies{f->body[at].operands[0].index};
  const auto is = [](const ptx::Instruction& i, std::string_view mnemonic) {
    return i.row != ptx::kNoRow && isa::table()[i.row].form.mnemonic == mnemonic;
  };
  for (size_t before = 0; before != copies.size();) {
    before = copies.size();
    for (const ptx::Instruction& i : f->body)
      if (is(i, "mov") && i.operands[0].kind == kReg && i.operands[1].kind == kReg &&
          copies.contains(i.operands[1].index))
        copies.insert(i.operands[0].index);
  }
  return std::any_of(f->body.begin(), f->body.end(), [&](const ptx::Instruction& i) {
    return is(i, "atom") && i.mods.has("cas") && i.operands[2].kind == kReg &&
           copies.contains(i.operands[2].index);
  });
}

void KernelChecker::deadlock(exec::BlockState& block) {
  if (checking::tools().meetings) BlockChecker::of(block).stuck(*this, block);
}

void KernelChecker::bad_free(exec::BlockState& block, uint64_t address) {
  if (!checking::tools().memory) return;
  const std::string k = "invalid-free " + function_.name();
  if (checking::seen(k)) return;
  Finding f = finding("memcheck", "invalid-free", block, block.thread, CheckPlace{0xffffff}.word());
  checking::report(k, f.add_hex("address", address).add("where", "no live allocation of the device's heap"));
}

}  // namespace ppu::device

// What one instruction is worth, from its row's chapter, mnemonic and types.
#include <algorithm>
#include <charconv>
#include <string_view>

#include "ptx/profile_plan.h"

namespace ppu::ptx {
namespace {

using isa::Kind;
using isa::Type;
using Member = uint64_t exec::Counters::*;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Space space_word(std::string_view word) {
  word = word.substr(0, word.find(':'));
  if (word == "param") return Space::kParam;
  if (word == "const") return Space::kConst;
  if (word == "global") return Space::kGlobal;
  if (word == "local") return Space::kLocal;
  if (word == "shared") return Space::kShared;
  return Space::kNone;
}

Space named_space(const isa::Mods& mods) {
  for (std::string_view m : mods.got)
    if (const Space s = space_word(m); s != Space::kNone) return s;
  return Space::kNone;
}

Space space_of_variable(const Module& module, const Function& function, const std::string& name) {
  for (const auto* list : {&function.locals, &function.params, &function.results})
    for (const Variable& v : *list)
      if (v.name == name) return v.space == Space::kReg ? Space::kParam : v.space;
  const Variable* v = module.find_variable(name);
  return v ? v->space : Space::kNone;
}

/// What an instruction does with elements of a floating type: the type's two counters.
struct FloatCounters {
  Member ops, fma;
};
FloatCounters counters_of(Type type) {
  using C = exec::Counters;
  if (type.kind == Kind::kBF) return {&C::bf16_ops, &C::bf16_fma};
  if (type.bits == 16) return {&C::f16_ops, &C::f16_fma};
  if (type.bits == 64) return {&C::f64_ops, &C::f64_fma};
  return {&C::f32_ops, &C::f32_fma};
}

class Classifier {
 public:
  Classifier(const Module& module, const Function& function, const Instruction& i)
      : module_(module),
        function_(function),
        i_(i),
        row_(isa::table()[i.row]),
        types_(isa::types_of(row_, i.mods)) {}

  Work run() {
    work_.per_lane.lane_instructions = 1;
    work_.per_warp.warp_instructions = 1;
    if (!memory() && !synchronisation() && !matrix()) arithmetic();
    return std::move(work_);
  }

 private:
  std::string_view mnemonic() const { return row_.form.mnemonic; }
  std::string_view chapter() const {
    std::string_view file = row_.file;
    if (const size_t slash = file.rfind('/'); slash != file.npos) file.remove_prefix(slash + 1);
    return file.substr(0, file.find('.'));
  }
  bool has(std::string_view word) const { return i_.mods.has(word); }
  void count(Member member, uint64_t n = 1) { work_.per_lane.*member += n; }

  uint32_t access_bytes(int32_t data_operand) const {
    const Operand& data = i_.operands[size_t(data_operand)];
    const size_t elements = data.kind == Operand::Kind::kVector ? data.elements.size() : 1;
    return uint32_t((types_[0].total_bits() + 7) / 8 * elements);
  }

  Space resolve(Space space, int32_t operand) const {
    const Operand& address = i_.operands[size_t(operand)];
    if (space == Space::kNone && !address.elements.empty() &&
        address.elements[0].kind == Operand::Kind::kSymbol)
      return space_of_variable(module_, function_, address.elements[0].symbol);
    return space;
  }

  void access(Access::Kind kind, Space space, uint32_t bytes, int32_t operand) {
    using C = exec::Counters;
    const bool load = kind == Access::Kind::kLoad;
    switch (space) {
      case Space::kGlobal:
      case Space::kTex:
        count(load ? &C::global_load_bytes : &C::global_store_bytes, bytes);
        work_.per_warp.*(load ? &C::global_load_requests : &C::global_store_requests) += 1;
        break;
      case Space::kShared:
        count(load ? &C::shared_load_bytes : &C::shared_store_bytes, bytes);
        work_.per_warp.*(load ? &C::shared_load_requests : &C::shared_store_requests) += 1;
        break;
      case Space::kLocal:
        return count(load ? &C::local_load_bytes : &C::local_store_bytes, bytes);
      case Space::kConst:
        return count(&C::constant_load_bytes, bytes);
      case Space::kParam:
        // Of a kernel: constant memory. Of a call: registers.
        if (load && function_.is_entry && is_entry_param(operand))
          return count(&C::constant_load_bytes, bytes);
        return count(&C::move_ops);
      default:
        break;  // generic: the site counts it all
    }
    work_.accesses.push_back({kind, space, bytes, operand});
  }

  bool is_entry_param(int32_t operand) const {
    const Operand& address = i_.operands[size_t(operand)];
    if (address.elements.empty() || address.elements[0].kind != Operand::Kind::kSymbol) return true;
    return std::any_of(function_.params.begin(), function_.params.end(),
                       [&](const Variable& v) { return v.name == address.elements[0].symbol; });
  }

  void atomic() {
    using C = exec::Counters;
    const int32_t operand = mnemonic() == "atom" ? 1 : 0;
    Space space = resolve(named_space(i_.mods), operand);
    if (space != Space::kShared) space = Space::kGlobal;
    const bool shared = space == Space::kShared;
    count(shared ? &C::shared_atomics : &C::global_atomics);
    work_.per_warp.*(shared ? &C::shared_atomic_requests : &C::global_atomic_requests) += 1;
    work_.accesses.push_back({Access::Kind::kAtomic, space, uint32_t(types_[0].total_bits() / 8), operand});
  }

  bool memory() {
    if (is_one_of(mnemonic(), {"ld", "ldu"})) {
      Space space = resolve(named_space(i_.mods), 1);
      if (mnemonic() == "ldu" || has("nc")) space = Space::kGlobal;
      access(Access::Kind::kLoad, space, access_bytes(0), 1);
    } else if (mnemonic() == "st") {
      access(Access::Kind::kStore, resolve(named_space(i_.mods), 0), access_bytes(1), 0);
    } else if (is_one_of(mnemonic(), {"atom", "red"})) {
      atomic();
    } else if (mnemonic() == "cp" && has("async") && i_.operands.size() >= 3 &&
               i_.operands[0].kind == Operand::Kind::kAddress && i_.operands[2].kind == Operand::Kind::kImm) {
      const uint32_t bytes = uint32_t(i_.operands[2].value);
      access(Access::Kind::kLoad, Space::kGlobal, bytes, 1);
      access(Access::Kind::kStore, Space::kShared, bytes, 0);
    } else {
      return false;
    }
    return true;
  }

  bool synchronisation() {
    if (is_one_of(mnemonic(), {"bar", "barrier"})) {
      count(&exec::Counters::control_ops);
      if (!has("warp")) work_.per_warp.barriers = 1;
    } else if (mnemonic() == "bra") {
      count(&exec::Counters::control_ops);
      work_.branches = i_.guard >= 0;
      work_.per_warp.branches = work_.branches;
    } else if (is_one_of(mnemonic(), {"shfl", "vote", "match", "redux", "activemask"})) {
      count(&exec::Counters::exchange_ops);
    } else {
      return false;
    }
    return true;
  }

  /// "m16n8k16" among the modifiers.
  bool shape(uint64_t dims[3]) const {
    for (std::string_view word : i_.mods.got) {
      const char *at = word.data(), *end = at + word.size();
      int n = 0;
      for (const char letter : {'m', 'n', 'k'}) {
        if (at == end || *at != letter) break;
        const auto r = std::from_chars(at + 1, end, dims[n]);
        if (r.ec != std::errc()) break;
        at = r.ptr;
        n++;
      }
      if (n == 3 && at == end) return true;
    }
    return false;
  }

  Member tensor_counter() const {
    using C = exec::Counters;
    const auto any = [&](std::initializer_list<std::string_view> words) {
      return std::any_of(words.begin(), words.end(), [&](std::string_view w) { return has(w); });
    };
    if (any({"bf16"})) return &C::tensor_bf16_flop;
    if (any({"tf32"})) return &C::tensor_tf32_flop;
    if (any({"e4m3", "e5m2", "e3m2", "e2m3", "e2m1"})) return &C::tensor_fp8_flop;
    if (any({"s8", "u8", "s4", "u4", "b1"})) return &C::tensor_int_ops;
    if (any({"f64"})) return &C::tensor_f64_flop;
    return &C::tensor_f16_flop;
  }

  /// Bits of one element of a fragment that wmma.load or wmma.store moves.
  uint64_t fragment_bits() const {
    for (const Type& t : types_)
      if (t.kind != Kind::kNone) return uint64_t(t.total_bits());
    return 16;
  }

  void move_per_warp(bool load, Space space, uint64_t bytes) {
    using C = exec::Counters;
    exec::Counters& w = work_.per_warp;
    if (space == Space::kShared) {
      w.*(load ? &C::shared_load_bytes : &C::shared_store_bytes) += bytes;
      w.*(load ? &C::shared_load_requests : &C::shared_store_requests) += 1;
      w.*(load ? &C::shared_load_passes : &C::shared_store_passes) += (bytes + 127) / 128;
    } else {
      w.*(load ? &C::global_load_bytes : &C::global_store_bytes) += bytes;
      w.*(load ? &C::global_load_requests : &C::global_store_requests) += 1;
      w.*(load ? &C::global_load_sectors : &C::global_store_sectors) += (bytes + 31) / 32;
    }
  }

  /// mma, wmma.*, ldmatrix, stmatrix: the whole warp works together; their accesses are taken as without
  /// conflicts.
  bool matrix() {
    uint64_t d[3] = {};
    if (is_one_of(mnemonic(), {"ldmatrix", "stmatrix"})) {
      const uint64_t tiles = has("x4") ? 4 : has("x2") ? 2 : 1;
      move_per_warp(mnemonic() == "ldmatrix", Space::kShared, tiles * 128);
      return true;
    }
    if (!is_one_of(mnemonic(), {"mma", "wmma"}) || !shape(d)) return false;
    if (mnemonic() == "wmma" && (has("load") || has("store"))) {
      const uint64_t elements = has("a") ? d[0] * d[2] : has("b") ? d[2] * d[1] : d[0] * d[1];
      move_per_warp(has("load"), named_space(i_.mods), elements * fragment_bits() / 8);
      return true;
    }
    work_.per_warp.*tensor_counter() += 2 * d[0] * d[1] * d[2];
    return true;
  }

  void float_arithmetic(Type type) {
    if (is_one_of(mnemonic(), {"div", "rcp", "sqrt", "rsqrt", "sin", "cos", "lg2", "ex2", "tanh"}))
      return count(&exec::Counters::special_ops, type.packed);
    const FloatCounters c = counters_of(type);
    count(c.ops, type.packed);
    if (is_one_of(mnemonic(), {"fma", "mad"})) count(c.fma, type.packed);
  }

  void arithmetic() {
    using C = exec::Counters;
    Type type = types_[0];
    for (const Type& t : types_)
      if (t.kind != Kind::kNone) type = t;  // the sources' type is the last
    if (is_one_of(chapter(), {"int", "carry", "logic", "video"})) return count(&C::int_ops);
    if (is_one_of(mnemonic(), {"selp", "slct"})) return count(&C::int_ops);
    if (is_one_of(chapter(), {"float", "half"})) return float_arithmetic(type);
    if (chapter() == "compare") return type.is_float() ? float_arithmetic(type) : count(&C::int_ops);
    if (chapter() == "convert") return count(&C::convert_ops);
    if (is_one_of(mnemonic(), {"mov", "cvta", "isspacep"}) || chapter() == "special_regs")
      return count(&C::move_ops);
    count(&C::control_ops);
  }

  const Module& module_;
  const Function& function_;
  const Instruction& i_;
  const isa::Row& row_;
  std::array<Type, 4> types_;
  Work work_;
};

}  // namespace

Work work_of(const Module& module, const Function& function, const Instruction& i) {
  if (i.row == kNoRow) return {};
  return Classifier(module, function, i).run();
}

}  // namespace ppu::ptx

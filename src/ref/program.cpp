// PTX tree -> Program: places for registers and variables, constants as bits, callees by index.
#include "ref/program.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "exec/check_abi.h"
#include "ref/ops.h"

#include "ptx/device_runtime.h"

namespace ppu::ref {
namespace {

using ptx::Operand;
using ptx::Space;

constexpr uint64_t kMaxSharedBytes = 1 << 20;  ///< of one kernel; more than any chip has
constexpr uint64_t kMaxLocalBytes =
    512 << 10;  ///< of one thread (CUDA Programming Guide, "Compute Capabilities")
constexpr uint64_t kMaxFrameBytes = 1 << 20;  ///< parameters and .param variables of one function

uint32_t align_up(uint32_t v, uint32_t align) {
  return (v + align - 1) / align * align;
}

/// The bits of a constant where a value of type `type` is wanted (PTX ISA, "Constants"): a float literal
/// takes the type's width; an integer literal, and 0f/0d for an untyped operand, are bits.
uint64_t constant_bits(const Operand& o, isa::Type type) {
  if (!o.is_float) return uint64_t(o.value);
  const double wide =
      o.is_double ? std::bit_cast<double>(o.value) : double(std::bit_cast<float>(uint32_t(o.value)));
  const bool is_float = type.kind == isa::Kind::kF && type.packed == 1;
  if (is_float && type.bits == 64) return o.is_double ? uint64_t(o.value) : std::bit_cast<uint64_t>(wide);
  if (type.total_bits() == 32 && o.is_double) return std::bit_cast<uint32_t>(float(wide));
  return uint64_t(o.value);
}

int vector_lanes(const isa::Mods& mods) {
  return mods.has("v2") ? 2 : mods.has("v4") ? 4 : mods.has("v8") ? 8 : 1;
}

Space space_of(const isa::Mods& mods) {
  for (std::string_view m : mods.got) {
    const std::string_view first = m.substr(0, m.find(':'));
    if (first == "param") return Space::kParam;
    if (first == "const") return Space::kConst;
    if (first == "global") return Space::kGlobal;
    if (first == "local") return Space::kLocal;
    if (first == "shared") return Space::kShared;
  }
  return Space::kNone;
}

int builtin_of(const std::string& name) {
  if (name == "vprintf") return kVprintf;
  if (name == "__assertfail") return kAssertFail;
  if (name == "malloc") return kMalloc;
  if (name == "free") return kFree;
  if (name == ptx::kDeviceCall) return kDeviceCallBuiltin;
  return kNotBuiltin;
}

class Builder {
 public:
  Builder(const ptx::Module& module, uint32_t call_stack_bytes) : program_(std::make_unique<Program>()) {
    program_->call_stack_bytes = call_stack_bytes;
    program_->module = module;
  }

  Result<std::unique_ptr<Program>> build(const std::string& kernel) {
    const ptx::Module& m = program_->module;
    const ptx::Function* entry = m.find_function(kernel);
    if (!entry || !entry->is_entry || !entry->has_body)
      return bad_input("'" + kernel + "' isn't a kernel of this module");
    const ptx::Reach reach = ptx::reachable(m, kernel);
    program_->kernel = int32_t(entry - m.functions.data());
    program_->functions.resize(m.functions.size());
    for (size_t i = 0; i < m.functions.size(); i++) function_index_.emplace(m.functions[i].name, int32_t(i));
    lay_out_variables(reach);
    for (int32_t f : reach.functions) {
      lay_out_function(f);
      const ptx::Function& source = m.functions[size_t(f)];
      if (!source.has_body && builtin_of(source.name) == kNotBuiltin)
        return bad_input("function '" + source.name + "' is used by kernel '" + kernel +
                         "' but not defined: link the file that defines it");
    }
    if (!error_.empty()) return bad_input(error_);
    for (int32_t f : reach.functions) translate(f);
    if (!error_.empty()) return unsupported(error_);
    finish(kernel, reach);
    return std::move(program_);
  }

 private:
  struct Var {
    Arg::Kind kind = Arg::Kind::kNone;
    Space space = Space::kNone;
    uint32_t slot = 0;
    int64_t value = 0;
    uint64_t bytes = 0;  ///< of frame memory and parameters, where no access may go outside
  };
  using Names = std::unordered_map<std::string_view, Var>;

  void fail(const ptx::Instruction& in, const std::string& what) {
    if (!error_.empty()) return;
    const ptx::Module& m = program_->module;
    error_ = m.name + ":" + std::to_string(in.pos.line) + ":" + std::to_string(in.pos.column) + ": " + what +
             " isn't supported (target " + m.target + ")";
  }

  /// False, and an error, if `bytes` more are too many.
  bool fits(const ptx::Variable& v, uint64_t used, uint64_t most, const char* what) {
    if (v.size() <= most && used + v.size() <= most && v.align <= most) return true;
    if (error_.empty())
      error_ = program_->module.name + ":" + std::to_string(v.pos.line) + ":" + std::to_string(v.pos.column) +
               ": '" + v.name + "' doesn't fit: expected at most " + std::to_string(most) + " bytes of " +
               what;
    return false;
  }

  uint32_t place_shared(const ptx::Variable& v) {
    if (!fits(v, program_->info.static_shared_bytes, kMaxSharedBytes, "shared memory")) return 0;
    const uint32_t offset = align_up(program_->info.static_shared_bytes, v.align);
    program_->info.static_shared_bytes = offset + uint32_t(v.size());
    return offset;
  }

  void lay_out_variables(const ptx::Reach& reach) {
    const ptx::Module& m = program_->module;
    std::vector<const ptx::Variable*> dynamic;
    uint32_t dynamic_align = 16;
    for (int32_t i : reach.variables) {
      const ptx::Variable& v = m.variables[size_t(i)];
      if (v.space == Space::kShared && v.is_extern) {
        dynamic.push_back(&v);
        dynamic_align = std::max(dynamic_align, v.align);
      } else if (v.space == Space::kShared) {
        module_names_[v.name] = {Arg::Kind::kConst, Space::kShared, 0, place_shared(v)};
      } else {
        module_names_[v.name] = {Arg::Kind::kGlobal, v.space, uint32_t(program_->info.globals.size()), 0};
        if (v.space == Space::kConst && program_->const_anchor < 0)
          program_->const_anchor = int32_t(program_->info.globals.size());
        if (v.space == Space::kConst)
          program_->const_variables.emplace_back(program_->info.globals.size(), v.size());
        program_->info.globals.push_back(v.name);
      }
    }
    for (int32_t f : reach.functions)
      for (const ptx::Variable& v : m.functions[size_t(f)].locals)
        if (v.space == Space::kShared) shared_locals_[&v] = place_shared(v);
    // Dynamic shared memory starts behind the static variables; all `extern .shared` names mean the same
    // place.
    program_->info.static_shared_bytes =
        align_up(program_->info.static_shared_bytes, dynamic.empty() ? 1 : dynamic_align);
    for (const ptx::Variable* v : dynamic)
      module_names_[v->name] = {Arg::Kind::kConst, Space::kShared, 0,
                                int64_t(align_up(program_->info.static_shared_bytes, 16))};
  }

  void lay_out_function(int32_t index) {
    const ptx::Function& f = program_->module.functions[size_t(index)];
    Code& code = program_->functions[size_t(index)];
    code.name = f.name;
    code.short_local = ptx::has_short_local_addresses(f);
    code.has_body = f.has_body;
    Names& names = names_[index];
    std::vector<uint32_t>& slots = slots_[index];
    for (const ptx::Register& r : f.registers) {
      slots.push_back(code.num_slots);
      code.num_slots += r.type.total_bits() > 64 ? 2 : 1;
    }
    std::unordered_map<std::string_view, uint32_t> register_slots;
    for (size_t i = 0; i < f.registers.size(); i++) register_slots.emplace(f.registers[i].name, slots[i]);
    const auto frame_place = [&](const ptx::Variable& v) {
      if (!fits(v, code.frame_bytes, kMaxFrameBytes, "parameters")) return 0u;
      code.frame_bytes = align_up(code.frame_bytes, std::max(v.align, 1u));
      const uint32_t offset = code.frame_bytes;
      code.frame_bytes += uint32_t(v.size());
      return offset;
    };
    const auto parameter = [&](const ptx::Variable& v) {
      Place p;
      p.bytes = uint32_t(v.size());
      if (v.space == Space::kReg) {
        const auto it = register_slots.find(v.name);
        if (it != register_slots.end()) p.slot = int32_t(it->second);
        return p;
      }
      p.offset = frame_place(v);
      names[v.name] = {Arg::Kind::kFrame, Space::kParam, 0, p.offset, v.size()};
      return p;
    };
    if (f.is_entry) {
      const ptx::ParamLayout layout = ptx::param_layout(f);
      for (size_t i = 0; i < f.params.size(); i++)
        names[f.params[i].name] = {Arg::Kind::kEntryParam, Space::kParam, 0, layout.offsets[i],
                                   layout.sizes[i]};
    } else {
      for (const ptx::Variable& v : f.results) code.results.push_back(parameter(v));
      for (const ptx::Variable& v : f.params) code.params.push_back(parameter(v));
    }
    for (const ptx::Variable& v : f.locals) {
      if (v.space == Space::kParam) {
        names[v.name] = {Arg::Kind::kFrame, Space::kParam, 0, frame_place(v), v.size()};
      } else if (v.space == Space::kLocal) {
        if (!fits(v, code.local_bytes, kMaxLocalBytes, "local memory")) continue;
        code.local_bytes = align_up(code.local_bytes, v.align);
        names[v.name] = {Arg::Kind::kLocal, Space::kLocal, 0, code.local_bytes};
        if (v.name == ptx::kDynamicStack) code.dynamic_stack = code.local_bytes;
        code.local_bytes += uint32_t(v.size());
      } else if (v.space == Space::kShared) {
        names[v.name] = {Arg::Kind::kConst, Space::kShared, 0, shared_locals_[&v]};
      }
    }
    code.local_bytes = align_up(code.local_bytes, 16);
    code.frame_bytes = align_up(code.frame_bytes, 16);
  }

  Arg symbol(const ptx::Instruction& in, const Operand& o, int32_t function) {
    Arg a;
    const Names& names = names_[function];
    const auto local = names.find(o.symbol);
    const auto global = module_names_.find(o.symbol);
    if (local != names.end() || global != module_names_.end()) {
      const Var& v = local != names.end() ? local->second : global->second;
      a.kind = v.kind;
      a.slot = v.slot;
      a.value = v.value + o.value;
      a.space = v.space;
      if (o.value >= 0 && uint64_t(o.value) <= v.bytes) a.bytes = uint32_t(v.bytes - uint64_t(o.value));
      return a;
    }
    const ptx::Function* f = program_->module.find_function(o.symbol);
    if (!f) {
      fail(in, "variable '" + o.symbol + "' in this place");
      return a;
    }
    a.kind = Arg::Kind::kConst;
    a.value = int64_t(ptx::function_id(int32_t(f - program_->module.functions.data()))) + o.value;
    return a;
  }

  Arg argument(const ptx::Instruction& in, const Operand& o, int32_t function, isa::Type type) {
    using K = Operand::Kind;
    Arg a;
    a.negated = o.negated;
    const auto children = [&](Arg::Kind kind, isa::Type each) {
      a.kind = kind;
      for (const Operand& e : o.elements) a.elements.push_back(argument(in, e, function, each));
    };
    switch (o.kind) {
      case K::kReg: {
        const ptx::Register& r = program_->module.functions[size_t(function)].registers[size_t(o.index)];
        a.kind = Arg::Kind::kReg;
        a.slot = slots_[function][size_t(o.index)];
        a.bits = uint8_t(r.type.total_bits());
        if (o.part) {
          a.part_bits = uint8_t(o.part_bits());
          a.part_shift = uint8_t(o.part_shift());
          a.part_signed = type.is_signed();
        }
        break;
      }
      case K::kImm:
        a.kind = Arg::Kind::kConst;
        a.value = int64_t(constant_bits(o, type));
        break;
      case K::kSpecial:
        a.kind = Arg::Kind::kSpecial;
        a.special = o.special;
        a.value = o.value;
        break;
      case K::kSymbol:
        a = symbol(in, o, function);
        break;
      case K::kAddress:
        a.kind = Arg::Kind::kAddress;
        for (const Operand& e : o.elements)  // behind the base: coordinates, words of 32 bits
          a.elements.push_back(
              argument(in, e, function, {isa::Kind::kB, uint8_t(a.elements.empty() ? 64 : 32), 1}));
        a.value = o.value;
        break;
      case K::kVector: {
        isa::Type each = type;
        if (in.row == isa::kRow_mov && !o.elements.empty())
          each = {isa::Kind::kB, uint8_t(type.total_bits() / int(o.elements.size())), 1};
        children(Arg::Kind::kVector, each);
        break;
      }
      case K::kArgs:
        children(Arg::Kind::kList, type);
        break;
      case K::kPair:
        children(Arg::Kind::kPair, type);
        break;
      case K::kSink:
        a.kind = Arg::Kind::kSink;
        break;
      case K::kLabel:
      case K::kTargets:
      case K::kNone:
        break;
    }
    return a;
  }

  /// Accesses to parameters by name must stay inside: they are memory of the interpreter.
  void check_parameter_access(const ptx::Instruction& in, const Op& op) {
    const int64_t bytes = (op.type.total_bits() + 7) / 8 * op.lanes;
    for (const Arg& a : op.args) {
      if (a.kind != Arg::Kind::kAddress) continue;
      const Arg& base = a.elements[0];
      if (base.kind != Arg::Kind::kFrame && base.kind != Arg::Kind::kEntryParam) continue;
      if (a.value < 0 || a.value + bytes > int64_t(base.bytes)) fail(in, "an access outside its parameter");
    }
    if (in.row == isa::kRow_cp_async) {
      const int64_t size = op.args[2].value;
      if (size != 16 && (in.mods.has("cg") || (size != 4 && size != 8)))
        fail(in,
             in.mods.has("cg") ? "a copy of a size other than 16" : "a copy of a size other than 4, 8 or 16");
    }
  }

  void read_texture(const ptx::Instruction& in, Op& op, const ptx::Function& f) {
    auto access = std::make_shared<ptx::TextureAccess>(ptx::texture_access(in, f));
    if (!access->error.empty()) fail(in, access->error);
    op.texture = std::move(access);
  }

  /// The types that the constants of a call's arguments take: those of the parameters.
  void translate_call(const ptx::Instruction& in, Op& op, int32_t function) {
    op.args.push_back(argument(in, in.operands[0], function, {}));
    const Operand& callee = in.operands[1];
    const ptx::Function& caller = program_->module.functions[size_t(function)];
    const std::vector<ptx::Variable>* params = nullptr;
    op.args.emplace_back();
    if (callee.kind == Operand::Kind::kSymbol) {
      const ptx::Function* f = program_->module.find_function(callee.symbol);
      if (!f) return fail(in, "a call of '" + callee.symbol + "'");
      op.callee = int32_t(f - program_->module.functions.data());
      if (!f->has_body) op.builtin = builtin_of(f->name);
      params = &f->params;
    } else {
      op.args[1] = argument(in, callee, function, {isa::Kind::kU, 64, 1});
      const auto p = caller.prototypes.find(in.operands.size() > 3 ? in.operands[3].symbol : "");
      if (p != caller.prototypes.end()) params = &p->second.params;
    }
    Arg list;
    list.kind = Arg::Kind::kList;
    for (size_t i = 0; i < in.operands[2].elements.size(); i++) {
      const isa::Type type =
          params && i < params->size() ? (*params)[i].type : isa::Type{isa::Kind::kB, 64, 1};
      list.elements.push_back(argument(in, in.operands[2].elements[i], function, type));
    }
    op.args.push_back(std::move(list));
    program_->has_calls = true;
  }

  void translate(int32_t index) {
    const ptx::Function& f = program_->module.functions[size_t(index)];
    Code& code = program_->functions[size_t(index)];
    code.ops.reserve(f.body.size());
    for (const ptx::Instruction& in : f.body) {
      if (in.row == ptx::kNoRow) return fail(in, "instruction '" + in.opcode + "'");
      const isa::Row& row = isa::table()[in.row];
      Op op;
      op.row = in.row;
      op.run = op_function(in.row);
      op.mods = in.mods;
      op.types = isa::types_of(row, in.mods);
      op.type = op.types[0];
      op.lanes = vector_lanes(in.mods);
      op.space = space_of(in.mods);
      op.pos = in.pos;
      op.guard_negated = in.guard_negated;
      if (in.guard >= 0) op.guard = int32_t(slots_[index][size_t(in.guard)]);
      const std::string_view name = row.form.mnemonic;
      op.spins = name == "atom" || name == "nanosleep" || name == "membar" || name == "fence" ||
                 (name == "ld" && (in.mods.has("volatile") || in.mods.has("relaxed") ||
                                   in.mods.has("acquire") || in.mods.has("cv") || in.mods.has("cg"))) ||
                 in.mods.has("test_wait") || in.mods.has("try_wait");
      program_->info.may_yield |= op.spins;
      if (in.row == isa::kRow_call) {
        translate_call(in, op, index);
      } else {
        for (size_t i = 0; i < in.operands.size(); i++) {
          const Operand& o = in.operands[i];
          if (row.form.operands[i].is_dest) op.num_dests = uint8_t(i + 1);
          if (o.kind == Operand::Kind::kLabel) op.targets.push_back(o.index);
          if (o.kind == Operand::Kind::kTargets)
            for (const Operand& t : o.elements) op.targets.push_back(t.index);
          op.args.push_back(argument(in, o, index, isa::operand_type(row, in.mods, int(i))));
        }
      }
      if (op.run == ref_texture) read_texture(in, op, f);
      check_parameter_access(in, op);
      if (!error_.empty()) return;
      if (!op.run) op.value.emplace(in.row, in.mods, op.args.size() - op.num_dests);
      op.writes_carry = isa::writes_carry(in.mods);
      code.ops.push_back(std::move(op));
    }
  }

  void finish(const std::string& kernel, const ptx::Reach& reach) {
    exec::KernelInfo& info = program_->info;
    info.kernel = kernel;
    info.frame_bytes = 64;
    uint32_t called = 0;
    for (int32_t f : reach.functions) {
      const Code& code = program_->functions[size_t(f)];
      if (f != program_->kernel) called += code.local_bytes;
      info.registers = std::max(info.registers, code.num_slots);
    }
    info.local_bytes = program_->functions[size_t(program_->kernel)].local_bytes;
    if (called)
      info.local_bytes += called + program_->call_stack_bytes;  // recursion: once more for each level
    info.registers = std::min(info.registers, 255u);
  }

  std::unique_ptr<Program> program_;
  std::unordered_map<std::string_view, int32_t> function_index_;
  Names module_names_;
  std::unordered_map<int32_t, Names> names_;
  std::unordered_map<int32_t, std::vector<uint32_t>> slots_;
  std::unordered_map<const ptx::Variable*, uint32_t> shared_locals_;
  std::string error_;
};

}  // namespace

namespace {

/// Names for what the checker is told.
void name_places(Program& program, const std::string& kernel) {
  program.checked = true;
  uint32_t number = 0;
  for (const int32_t f : ptx::reachable(program.module, kernel).functions) {
    uint32_t instruction = 0;
    for (Op& op : program.functions[size_t(f)].ops) {
      const auto any = [&](std::initializer_list<const char*> words) {
        return std::any_of(words.begin(), words.end(), [&](const char* w) { return op.mods.has(w); });
      };
      const uint32_t order = (any({"acquire", "acq_rel"}) ? exec::kAcquires : 0) |
                             (any({"release", "acq_rel"}) ? exec::kReleases : 0) |
                             (any({"acquire", "release", "volatile", "relaxed", "mmio"}) ? exec::kStrong : 0);
      op.place = exec::CheckPlace{number, instruction++, 0, uint32_t(op.space), order}.word();
    }
    number++;
  }
}

}  // namespace

Result<std::unique_ptr<Program>> make_program(const ptx::Module& module, const std::string& kernel,
                                              bool count, bool check, uint32_t call_stack_bytes) {
  Result<std::unique_ptr<Program>> program = Builder(module, call_stack_bytes).build(kernel);
  if (program && check) name_places(**program, kernel);
  if (!program || !count) return program;
  for (const int32_t f : ptx::reachable((*program)->module, kernel).functions)
    for (const ptx::Instruction& i : (*program)->module.functions[size_t(f)].body)
      (*program)->functions[size_t(f)].work.push_back(
          ptx::work_of((*program)->module, (*program)->module.functions[size_t(f)], i));
  return program;
}

}  // namespace ppu::ref

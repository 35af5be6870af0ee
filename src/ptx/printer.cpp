// The tree as PTX text. What it prints parses back to an equal tree; the object cache hashes it.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "ptx/ptx.h"
#include "ptx/special.h"

namespace ppu::ptx {
namespace {

std::string type_text(isa::Type t) {
  using isa::Kind;
  const char* letters = "";
  switch (t.kind) {
    case Kind::kNone:
      return ".none";
    case Kind::kPred:
      return ".pred";
    case Kind::kB:
      letters = "b";
      break;
    case Kind::kU:
      letters = "u";
      break;
    case Kind::kS:
      letters = "s";
      break;
    case Kind::kF:
      letters = "f";
      break;
    case Kind::kBF:
      letters = "bf";
      break;
    case Kind::kTF:
      letters = "tf";
      break;
    case Kind::kE4M3:
      return t.packed == 1 ? ".e4m3" : ".e4m3x" + std::to_string(t.packed);
    case Kind::kE5M2:
      return t.packed == 1 ? ".e5m2" : ".e5m2x" + std::to_string(t.packed);
  }
  std::string out = "." + std::string(letters) + std::to_string(t.bits);
  return t.packed == 1 ? out : out + "x" + std::to_string(t.packed);
}

const char* space_text(Space s) {
  switch (s) {
    case Space::kReg:
      return ".reg";
    case Space::kParam:
      return ".param";
    case Space::kGlobal:
      return ".global";
    case Space::kShared:
      return ".shared";
    case Space::kLocal:
      return ".local";
    case Space::kConst:
      return ".const";
    case Space::kTex:
      return ".tex";
    case Space::kNone:
      break;
  }
  return ".none";
}

class Printer {
 public:
  explicit Printer(const Module& module) : module_(module) {}

  std::string all() {
    header();
    for (const auto& [name, p] : module_.prototypes) prototype(p, "");
    for (const Variable& v : module_.variables) variable(v, "");
    for (const Function& f : module_.functions) declaration(f);
    for (const auto& [name, target] : module_.aliases) out_ += ".alias " + name + ", " + target + ";\n";
    for (const Function& f : module_.functions)
      if (f.has_body) definition(f);
    return std::move(out_);
  }

  std::string part(const Reach& reach) {
    header();
    for (const auto& [name, p] : module_.prototypes) prototype(p, "");
    for (int32_t i : reach.variables) variable(module_.variables[size_t(i)], "");
    for (int32_t i : reach.functions) {
      // A function's address is its index in the module: part of what the kernel means.
      out_ += "// " + std::to_string(i) + "\n";
      declaration(module_.functions[size_t(i)]);
    }
    for (const auto& [name, target] : module_.aliases) out_ += "// .alias " + name + ", " + target + ";\n";
    for (int32_t i : reach.functions)
      if (module_.functions[size_t(i)].has_body) definition(module_.functions[size_t(i)]);
    return std::move(out_);
  }

 private:
  void header() {
    out_ += ".version " + std::to_string(module_.version_major) + "." +
            std::to_string(module_.version_minor) + "\n";
    out_ += ".target " + module_.target + "\n.address_size " + std::to_string(module_.address_size) + "\n";
  }

  void hex(uint64_t v) {
    char text[32];
    snprintf(text, sizeof text, "0x%" PRIx64, v);
    out_ += text;
  }

  void variable(const Variable& v, const char* indent) {
    out_ += indent;
    if (v.is_extern) out_ += ".extern ";
    if (v.is_visible) out_ += ".visible ";
    if (v.is_weak) out_ += ".weak ";
    if (v.is_common) out_ += ".common ";
    declarator(v);
    initializer(v);
    out_ += ";\n";
  }

  void declarator(const Variable& v) {
    out_ += space_text(v.space);
    if (v.is_managed) out_ += " .attribute(.managed)";
    if (v.space != Space::kReg) out_ += " .align " + std::to_string(v.align);
    if (!v.is_array && v.count > 1) out_ += " .v" + std::to_string(v.count);
    out_ += " " + type_text(v.type) + " " + v.name;
    if (v.is_array) out_ += v.count ? "[" + std::to_string(v.count) + "]" : "[]";
  }

  void initializer(const Variable& v) {
    if (v.init.empty() && v.relocs.empty()) return;
    const size_t bytes = size_t((v.type.total_bits() + 7) / 8);
    size_t count = (v.init.size() + bytes - 1) / bytes;
    for (const Variable::Reloc& r : v.relocs) count = std::max(count, size_t(r.offset / bytes) + 1);
    const bool list = v.is_array || v.count > 1;
    out_ += list ? " = {" : " = ";
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
      if (i) out_ += ", ";
      if (next < v.relocs.size() && v.relocs[next].offset == i * bytes) {
        address(v.relocs[next++]);
        continue;
      }
      uint64_t bits = 0;
      const size_t offset = i * bytes, have = offset < v.init.size() ? v.init.size() - offset : 0;
      if (have) memcpy(&bits, v.init.data() + offset, std::min<size_t>({bytes, have, sizeof bits}));
      element(v.type, bits);
    }
    if (list) out_ += "}";
  }

  void element(isa::Type type, uint64_t bits) {
    char text[32];
    if (type.is_float() && type.bits == 32 && type.packed == 1) {
      snprintf(text, sizeof text, "0f%08" PRIx64, bits);
    } else if (type.is_float() && type.bits == 64) {
      snprintf(text, sizeof text, "0d%016" PRIx64, bits);
    } else {
      snprintf(text, sizeof text, "0x%" PRIx64, bits);
    }
    out_ += text;
  }

  void address(const Variable::Reloc& r) {
    if (r.bytes == 1) {
      hex(uint64_t(0xff) << r.shift);
      out_ += "(";
    }
    out_ += r.generic ? "generic(" + r.symbol + ")" : r.symbol;
    if (r.addend) offset(r.addend);
    if (r.bytes == 1) out_ += ")";
  }

  void offset(int64_t v) { out_ += (v < 0 ? "+" : "+") + std::to_string(v); }

  void parameters(const std::vector<Variable>& list) {
    out_ += "(";
    for (size_t i = 0; i < list.size(); i++) {
      if (i) out_ += ", ";
      declarator(list[i]);
    }
    out_ += ")";
  }

  void three(const char* name, const uint32_t v[3]) {
    if (!v[0]) return;
    out_ += " ";
    out_ += name;
    for (int i = 0; i < 3; i++) out_ += (i ? ", " : " ") + std::to_string(v[i]);
  }

  void one(const char* name, uint32_t v) {
    if (v) out_ += " " + std::string(name) + " " + std::to_string(v);
  }

  void signature(const Function& f) {
    if (f.is_extern) out_ += ".extern ";
    if (f.is_visible) out_ += ".visible ";
    if (f.is_weak) out_ += ".weak ";
    out_ += f.is_entry ? ".entry " : ".func ";
    if (!f.results.empty()) parameters(f.results);
    out_ += " " + f.name + " ";
    parameters(f.params);
    if (f.noreturn) out_ += " .noreturn";
    three(".maxntid", f.maxntid);
    three(".reqntid", f.reqntid);
    one(".minnctapersm", f.minnctapersm);
    one(".maxnctapersm", f.maxnctapersm);
    one(".maxnreg", f.maxnreg);
  }

  void declaration(const Function& f) {
    signature(f);
    out_ += ";\n";
  }

  void prototype(const Function& p, const char* indent) {
    out_ += indent + p.name + ": .callprototype ";
    if (!p.results.empty()) parameters(p.results);
    out_ += " _ ";
    parameters(p.params);
    if (p.noreturn) out_ += " .noreturn";
    out_ += ";\n";
  }

  /// Registers other than parameters in .reg space, which the signature declares.
  void registers(const Function& f) {
    size_t skip = 0;
    for (const std::vector<Variable>* list : {&f.results, &f.params})
      for (const Variable& v : *list) skip += v.space == Space::kReg && v.name != "_";
    for (size_t i = skip; i < f.registers.size();) {
      out_ += "  .reg " + type_text(f.registers[i].type) + " ";
      const size_t start = i;
      for (; i < f.registers.size() && f.registers[i].type == f.registers[start].type; i++)
        out_ += (i == start ? "" : ", ") + f.registers[i].name;
      out_ += ";\n";
    }
  }

  void definition(const Function& f) {
    f_ = &f;
    signature(f);
    out_ += "\n{\n";
    registers(f);
    for (const Variable& v : f.locals) variable(v, "  ");
    for (const auto& [name, p] : f.prototypes) prototype(p, "  ");
    std::multimap<int32_t, std::string> labels;
    for (const auto& [name, at] : f.labels) labels.emplace(at, name);
    labels_ = &labels;
    tables(f);
    size_t pragma = 0;
    for (int32_t i = 0; i <= int32_t(f.body.size()); i++) {
      const auto [first, last] = labels.equal_range(i);
      for (auto it = first; it != last; ++it) out_ += it->second + ":\n";
      if (pragma < f.nounroll.size() && f.nounroll[pragma] == i) {
        out_ += "  .pragma \"nounroll\";\n";
        pragma++;
      }
      if (i < int32_t(f.body.size())) instruction(f.body[size_t(i)]);
    }
    out_ += "}\n";
  }

  void tables(const Function& f) {
    std::map<std::string, const Operand*> seen;
    for (const Instruction& in : f.body)
      for (const Operand& o : in.operands)
        if (o.kind == Operand::Kind::kTargets) seen.emplace(o.symbol, &o);
    for (const auto& [name, table] : seen) {
      const bool branches = table->elements[0].kind == Operand::Kind::kLabel;
      out_ += "  " + name + (branches ? ": .branchtargets " : ": .calltargets ");
      list(table->elements);
      out_ += ";\n";
    }
  }

  void list(const std::vector<Operand>& elements) {
    for (size_t i = 0; i < elements.size(); i++) {
      if (i) out_ += ", ";
      operand(elements[i]);
    }
  }

  void instruction(const Instruction& in) {
    out_ += "  ";
    if (in.guard >= 0) out_ += (in.guard_negated ? "@!" : "@") + f_->registers[size_t(in.guard)].name + " ";
    if (in.row == kNoRow) {
      out_ += in.opcode;
    } else {
      const isa::Form& form = isa::table()[in.row].form;
      out_ += form.mnemonic;
      for (std::string_view m : in.mods.got)
        if (!m.empty()) out_.append(".").append(m);
    }
    if (in.row == isa::kRow_call || out_.ends_with(" call")) {
      call(in);
    } else if (!in.operands.empty()) {
      out_ += " ";
      list(in.operands);
    }
    out_ += ";\n";
  }

  void call(const Instruction& in) {
    out_ += " ";
    if (!in.operands[0].elements.empty()) {
      operand(in.operands[0]);
      out_ += ", ";
    }
    operand(in.operands[1]);
    out_ += ", ";
    operand(in.operands[2]);
    if (in.operands.size() > 3) out_ += ", " + in.operands[3].symbol;
  }

  void immediate(const Operand& o) {
    char text[40];
    if (!o.is_float) {
      snprintf(text, sizeof text, "%" PRId64, o.value);
    } else if (o.is_double) {
      snprintf(text, sizeof text, "0d%016" PRIX64, uint64_t(o.value));
    } else {
      snprintf(text, sizeof text, "0f%08" PRIX64, uint64_t(uint32_t(o.value)));
    }
    out_ += text;
  }

  void operand(const Operand& o) {
    using K = Operand::Kind;
    static const char* const kParts[] = {"", ".b0", ".b1", ".b2", ".b3", ".h0", ".h1"};
    switch (o.kind) {
      case K::kNone:
        break;
      case K::kReg:
        out_ += (o.negated ? "!" : "") + f_->registers[size_t(o.index)].name + kParts[o.part];
        break;
      case K::kImm:
        immediate(o);
        break;
      case K::kSpecial:
        out_ += special_name(o.special, o.value);
        break;
      case K::kSymbol:
        out_ += o.symbol;
        if (o.value) offset(o.value);
        break;
      case K::kAddress:
        out_ += "[";
        operand(o.elements[0]);
        if (o.value) offset(o.value);
        for (size_t i = 1; i < o.elements.size(); i++) {
          out_ += ", ";
          operand(o.elements[i]);
        }
        out_ += "]";
        break;
      case K::kVector:
        out_ += "{";
        list(o.elements);
        out_ += "}";
        break;
      case K::kLabel:
        out_ += labels_->find(o.index)->second;
        break;
      case K::kSink:
        out_ += "_";
        break;
      case K::kTargets:
        out_ += o.symbol;
        break;
      case K::kArgs:
        out_ += "(";
        list(o.elements);
        out_ += ")";
        break;
      case K::kPair:
        operand(o.elements[0]);
        out_ += "|";
        operand(o.elements[1]);
        break;
    }
  }

  const Module& module_;
  const Function* f_ = nullptr;
  const std::multimap<int32_t, std::string>* labels_ = nullptr;
  std::string out_;
};

}  // namespace

std::string print(const Module& module) {
  return Printer(module).all();
}

std::string print_reachable(const Module& module, const std::string& kernel) {
  return Printer(module).part(reachable(module, kernel));
}

}  // namespace ppu::ptx

// Which words of a kernel's parameters may become addresses: what follows them back from where addresses are
// used. Registers are taken as wholes, wherever they are written: never too few words, seldom too many.
#include <algorithm>
#include <set>

#include "ptx/ptx.h"

namespace ppu::ptx {
namespace {

class Follower {
 public:
  explicit Follower(const Function& entry) : f_(entry), layout_(param_layout(entry)) {}

  std::vector<uint32_t> run() {
    for (const Instruction& i : f_.body)
      if (i.row != kNoRow) note_uses(i);
    for (size_t before = 0; before != addresses_.size();) {
      before = addresses_.size();
      for (const Instruction& i : f_.body)
        if (i.row != kNoRow && writes_address(i)) add_sources(i);
    }
    for (const Instruction& i : f_.body)
      if (i.row != kNoRow && mnemonic(i) == "ld" && writes_address(i)) note_load(i);
    std::set<uint32_t> words;
    if (all_)
      for (uint32_t at = 0; at + 8 <= layout_.total; at += 8) words.insert(at);
    words.insert(found_.begin(), found_.end());
    return {words.begin(), words.end()};
  }

 private:
  static std::string_view mnemonic(const Instruction& i) { return isa::table()[i.row].form.mnemonic; }
  bool is_dest(const Instruction& i, size_t k) const {
    const auto& operands = isa::table()[i.row].form.operands;
    return k < operands.size() && operands[k].is_dest;
  }
  void add(const Operand& o) {
    if (o.kind == Operand::Kind::kReg) {
      const isa::Type type = f_.registers[size_t(o.index)].type;
      if (type.total_bits() == 64 && !type.is_float()) addresses_.insert(o.index);
    }
    if (o.kind == Operand::Kind::kSymbol) note_symbol(o);
    if (o.kind != Operand::Kind::kAddress)
      for (const Operand& e : o.elements) add(e);
  }
  /// The address of a parameter is taken: it may be read in any way.
  void note_symbol(const Operand& o) {
    all_ |= std::any_of(f_.params.begin(), f_.params.end(),
                        [&](const Variable& p) { return p.name == o.symbol; });
  }
  void note_uses(const Instruction& i) {
    const std::string_view name = mnemonic(i);
    for (size_t k = 0; k < i.operands.size(); k++) {
      const Operand& o = i.operands[k];
      if (o.kind == Operand::Kind::kAddress && !o.elements.empty() &&
          o.elements[0].kind == Operand::Kind::kReg)
        add(o.elements[0]);
      // What is stored or passed on may be followed by who gets it.
      if (name == "cvta" || name == "st" || name == "call")
        if (!is_dest(i, k) && o.kind != Operand::Kind::kAddress) add(o);
      if (name == "mov" && o.kind == Operand::Kind::kSymbol) note_symbol(o);
    }
  }
  bool writes_address(const Instruction& i) const {
    const auto known = [&](const Operand& o) {
      return o.kind == Operand::Kind::kReg && addresses_.contains(o.index);
    };
    for (size_t k = 0; k < i.operands.size(); k++) {
      const Operand& o = i.operands[k];
      if (!is_dest(i, k)) continue;
      if (known(o) || std::any_of(o.elements.begin(), o.elements.end(), known)) return true;
    }
    return false;
  }
  void add_sources(const Instruction& i) {
    for (size_t k = 0; k < i.operands.size(); k++)
      if (!is_dest(i, k)) add(i.operands[k]);
  }
  void note_load(const Instruction& i) {
    const Operand& at = i.operands[1];
    if (at.kind != Operand::Kind::kAddress || at.elements.empty()) return;
    if (at.elements[0].kind != Operand::Kind::kSymbol) return;
    for (size_t p = 0; p < f_.params.size(); p++) {
      if (f_.params[p].name != at.elements[0].symbol) continue;
      const size_t count = std::max<size_t>(1, i.operands[0].elements.size());
      for (size_t k = 0; k < count; k++) {
        const uint64_t word = layout_.offsets[p] + uint64_t(at.value) + 8 * k;
        if (word % 8 == 0 && word + 8 <= layout_.total) found_.push_back(uint32_t(word));
      }
    }
  }

  const Function& f_;
  ParamLayout layout_;
  std::set<int32_t> addresses_;
  std::vector<uint32_t> found_;
  bool all_ = false;
};

}  // namespace

std::vector<uint32_t> pointer_words(const Function& entry) {
  return Follower(entry).run();
}

}  // namespace ppu::ptx

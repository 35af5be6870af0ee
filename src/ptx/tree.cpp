// Look-ups in the PTX tree, and the layout of a kernel's parameters.
#include "ptx/tree.h"

#include <algorithm>

#include "ptx/ptx.h"

namespace ppu::ptx {

bool has_short_local_addresses(const Function& f) {
  const auto is_local = [&](const std::string& name) {
    return std::any_of(f.locals.begin(), f.locals.end(),
                       [&](const Variable& v) { return v.space == Space::kLocal && v.name == name; });
  };
  return std::any_of(f.body.begin(), f.body.end(), [&](const Instruction& i) {
    return i.row == isa::kRow_mov && i.operands[1].kind == Operand::Kind::kSymbol &&
           isa::types_of(isa::table()[i.row], i.mods)[0].total_bits() == 32 && is_local(i.operands[1].symbol);
  });
}

const Function* Module::find_function(const std::string& wanted) const {
  const auto alias = aliases.find(wanted);
  const std::string& key = alias == aliases.end() ? wanted : alias->second;
  for (const Function& f : functions)
    if (f.name == key) return &f;
  return nullptr;
}

const Variable* Module::find_variable(const std::string& wanted) const {
  for (const Variable& v : variables)
    if (v.name == wanted) return &v;
  return nullptr;
}

ParamLayout param_layout(const Function& entry) {
  ParamLayout layout;
  uint64_t at = 0;
  for (const Variable& p : entry.params) {
    const uint64_t align = p.align ? p.align : 1;
    at = (at + align - 1) / align * align;
    layout.offsets.push_back(uint32_t(at));
    layout.sizes.push_back(uint32_t(p.size()));
    at += p.size();
  }
  layout.total = uint32_t(at);
  return layout;
}

}  // namespace ppu::ptx

// Which functions and variables a kernel may use.
#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "ptx/ptx.h"

namespace ppu::ptx {
namespace {

class Walker {
 public:
  explicit Walker(const Module& module) : module_(module) {
    for (size_t i = 0; i < module.functions.size(); i++)
      functions_.emplace(module.functions[i].name, int32_t(i));
    for (size_t i = 0; i < module.variables.size(); i++)
      variables_.emplace(module.variables[i].name, int32_t(i));
  }

  void visit(const std::string& name) {
    const auto alias = module_.aliases.find(name);
    const auto f = functions_.find(alias == module_.aliases.end() ? name : alias->second);
    if (f != functions_.end()) {
      // Another kernel's name is only its number, to launch it by.
      if (module_.functions[size_t(f->second)].is_entry && !seen_functions_.empty()) return;
      if (seen_functions_.insert(f->second).second) queue_.push_back(f->second);
      return;
    }
    const auto v = variables_.find(name);
    if (v == variables_.end() || !seen_variables_.insert(v->second).second) return;
    for (const Variable::Reloc& r : module_.variables[size_t(v->second)].relocs) visit(r.symbol);
  }

  void run() {
    while (!queue_.empty()) {
      const Function& f = module_.functions[size_t(queue_.back())];
      queue_.pop_back();
      std::unordered_set<std::string_view> own;
      for (const Variable& v : f.locals) {
        own.insert(v.name);
        for (const Variable::Reloc& r : v.relocs) visit(r.symbol);
      }
      for (const Variable& v : f.params) own.insert(v.name);
      for (const Variable& v : f.results) own.insert(v.name);
      for (const Instruction& in : f.body) {
        if (in.row == isa::kRow_call && in.operands[1].kind == Operand::Kind::kReg) visit_address_taken();
        for (size_t i = 0; i < in.operands.size(); i++)
          visit_operand(in.operands[i], in.row == isa::kRow_call && i == 1 ? nullptr : &own);
      }
    }
  }

  Reach take() const {
    Reach r;
    r.functions.assign(seen_functions_.begin(), seen_functions_.end());
    r.variables.assign(seen_variables_.begin(), seen_variables_.end());
    std::sort(r.functions.begin(), r.functions.end());
    std::sort(r.variables.begin(), r.variables.end());
    return r;
  }

 private:
  /// An indirect call may reach any function whose address exists: it may have come as a kernel's parameter.
  void visit_address_taken() {
    if (address_taken_done_) return;
    address_taken_done_ = true;
    const auto visit_function = [&](const std::string& name) {
      if (functions_.contains(name) || module_.aliases.contains(name)) visit(name);
    };
    for (const Variable& v : module_.variables)
      for (const Variable::Reloc& r : v.relocs) visit_function(r.symbol);
    for (const Function& f : module_.functions)
      for (const Instruction& in : f.body)
        for (const Operand& o : in.operands)
          if (o.kind == Operand::Kind::kSymbol && in.row != isa::kRow_call) visit_function(o.symbol);
  }

  void visit_operand(const Operand& o, const std::unordered_set<std::string_view>* own) {
    if (o.kind == Operand::Kind::kSymbol && !(own && own->contains(o.symbol))) visit(o.symbol);
    for (const Operand& e : o.elements) visit_operand(e, own);
  }

  const Module& module_;
  std::unordered_map<std::string_view, int32_t> functions_, variables_;
  std::unordered_set<int32_t> seen_functions_, seen_variables_;
  std::vector<int32_t> queue_;
  bool address_taken_done_ = false;
};

}  // namespace

std::string function_numbers(const Module& module, const std::string& kernel) {
  std::set<std::string> names;
  const auto note = [&](const Operand& o, const auto& self) -> void {
    if (o.kind == Operand::Kind::kSymbol) names.insert(o.symbol);
    for (const Operand& e : o.elements) self(e, self);
  };
  for (const int32_t f : reachable(module, kernel).functions)
    for (const Instruction& in : module.functions[size_t(f)].body)
      if (in.row != isa::kRow_call)
        for (const Operand& o : in.operands) note(o, note);
  std::string text;
  for (size_t i = 0; i < module.functions.size(); i++)
    if (names.contains(module.functions[i].name))
      text += module.functions[i].name + " " + std::to_string(i) + "\n";
  return text;
}

Reach reachable(const Module& module, const std::string& kernel) {
  if (!module.find_function(kernel)) return {};
  Walker walker(module);
  walker.visit(kernel);
  walker.run();
  return walker.take();
}

}  // namespace ppu::ptx
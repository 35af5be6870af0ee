// The kernel as a whole: which functions it reaches, where its variables lie, and the LLVM functions they
// become.
#include "lower/lower.h"

#include <algorithm>
#include <bit>
#include <functional>

#include "exec/kernel_abi.h"
#include "lower/lowering.h"
#include "lower/passes.h"
#include "ptx/profile_plan.h"

namespace ppu::lower {

using ptx::Operand;
using ptx::Space;

namespace {

constexpr uint32_t kFunctionIdStep = 16;  // ids look like code addresses: distinct, aligned, never 0
constexpr uint32_t kPatternAlign = 256;   // big shared arrays start here: src/simt proves lane patterns by it
constexpr uint64_t kMaxSharedBytes = 1 << 20;

bool is_call(const ptx::Instruction& i) {
  return i.row != ptx::kNoRow && isa::table()[i.row].form.mnemonic == "call";
}

/// Calls `visit` with every symbol that `operand` names.
void for_each_symbol(const Operand& operand, const std::function<void(const std::string&)>& visit) {
  if (operand.kind == Operand::Kind::kSymbol) visit(operand.symbol);
  for (const Operand& e : operand.elements) for_each_symbol(e, visit);
}

}  // namespace

ModuleLowering::ModuleLowering(llvm::Module& m, const ptx::Module& s, const ptx::Function& k,
                               const uint32_t b[3], const ptx::ProfilePlan* counting, bool check)
    : ir(m), source(s), kernel(k), block{b[0], b[1], b[2]}, counting_(counting), checking_(check) {}

Status ModuleLowering::run() {
  find_reachable();
  find_recursive();
  if (Status s = lay_out_shared(); !s) return s;
  lay_out_local();
  for (const ptx::Function* f : reachable_) declare(*f);
  list_indirect_targets();
  for (const ptx::Function* f : reachable_)
    if (Status s = FunctionLowering(*this, *f, *functions_[f]).run(); !s) return s;
  return Unit{};
}

void ModuleLowering::find_reachable() {
  visit(kernel);
  if (indirect_callers_.empty()) return;
  // A pointer may come from anywhere, so every function whose address is taken may be called.
  for (const ptx::Function& f : source.functions)
    if (f.has_body && !f.is_entry && takes_address(f.name)) visit(f);
}

void ModuleLowering::visit(const ptx::Function& f) {
  if (std::find(reachable_.begin(), reachable_.end(), &f) != reachable_.end()) return;
  reachable_.push_back(&f);
  for (const ptx::Instruction& i : f.body) {
    if (!is_call(i)) continue;
    const Operand& callee = i.operands[1];
    if (callee.kind != Operand::Kind::kSymbol) {
      indirect_callers_.insert(&f);
      continue;
    }
    const auto alias = source.aliases.find(callee.symbol);
    const ptx::Function* to =
        source.find_function(alias == source.aliases.end() ? callee.symbol : alias->second);
    if (!to || !to->has_body) continue;
    calls_[&f].insert(to);
    visit(*to);
  }
}

bool ModuleLowering::takes_address(const std::string& function) const {
  bool taken = false;
  const auto look = [&](const std::string& name) { taken |= name == function; };
  for (const ptx::Variable& v : source.variables)
    for (const ptx::Variable::Reloc& r : v.relocs) look(r.symbol);
  for (const ptx::Function& f : source.functions)
    for (const ptx::Instruction& i : f.body)
      for (size_t k = 0; k < i.operands.size() && !taken; k++)
        if (!is_call(i) || k == 2) for_each_symbol(i.operands[k], look);
  return taken;
}

void ModuleLowering::find_recursive() {
  for (const ptx::Function* caller : indirect_callers_)
    for (const ptx::Function* f : reachable_)
      if (!f->is_entry && takes_address(f->name)) calls_[caller].insert(f);
  for (const ptx::Function* start : reachable_) {
    std::set<const ptx::Function*> seen;
    std::vector<const ptx::Function*> open(calls_[start].begin(), calls_[start].end());
    while (!open.empty()) {
      const ptx::Function* f = open.back();
      open.pop_back();
      if (!seen.insert(f).second) continue;
      open.insert(open.end(), calls_[f].begin(), calls_[f].end());
    }
    if (seen.contains(start)) recursive_.insert(start);
  }
  framed_ = recursive_;
  for (const ptx::Function* f : reachable_)
    if (!indirect_callers_.empty() && !f->is_entry && takes_address(f->name)) framed_.insert(f);
}

Status ModuleLowering::lay_out_shared() {
  std::set<std::string> used;
  for (const ptx::Function* f : reachable_)
    for (const ptx::Instruction& i : f->body)
      for (const Operand& o : i.operands) for_each_symbol(o, [&](const std::string& n) { used.insert(n); });
  struct Item {
    const ptx::Variable* variable;
    const ptx::Function* in;  ///< null: module scope
    size_t order;             ///< of declaration
  };
  std::vector<Item> fixed, dynamic;
  const auto add = [&](const ptx::Variable& v, const ptx::Function* in) {
    if (v.space != Space::kShared || !used.contains(v.name)) return;
    (v.size() == 0 ? dynamic : fixed).push_back({&v, in, fixed.size()});
  };
  for (const ptx::Variable& v : source.variables) add(v, nullptr);
  for (const ptx::Function* f : reachable_)
    for (const ptx::Variable& v : f->locals) add(v, f);
  // Big ones first, each at a power of two that its size allows: next to no padding, and aligned starts.
  const auto alignment = [](const ptx::Variable& v) {
    return std::max<uint64_t>(v.align, std::min<uint64_t>(kPatternAlign, std::bit_floor(v.size())));
  };
  std::sort(fixed.begin(), fixed.end(), [&](const Item& a, const Item& b) {
    const uint64_t left = alignment(*a.variable), right = alignment(*b.variable);
    return left != right ? left > right : a.order < b.order;
  });
  uint64_t at = 0;
  const auto place = [&](const Item& item) {
    if (item.in)
      shared_[{item.in, item.variable->name}] = uint32_t(at);
    else
      shared_module_[item.variable->name] = uint32_t(at);
  };
  for (const Item& item : fixed) {
    const uint64_t align = alignment(*item.variable);
    at = (at + align - 1) & ~(align - 1);
    place(item);
    at += item.variable->size();
    if (at > kMaxSharedBytes)
      return bad_input(kernel.name + ": static shared variables take more than the device's shared memory");
  }
  uint64_t end_align = 16;
  for (const Item& item : dynamic) end_align = std::max<uint64_t>(end_align, item.variable->align);
  at = (at + end_align - 1) & ~(end_align - 1);
  for (const Item& item : dynamic) place(item);
  static_shared_ = uint32_t(at);
  return Unit{};
}

void ModuleLowering::lay_out_local() {
  for (const ptx::Function* f : reachable_) {
    uint32_t& at = has_frame(*f) ? frame_bytes_[f] : local_bytes_;
    for (const ptx::Variable& v : f->locals) {
      if (v.space != Space::kLocal) continue;
      const uint32_t align = std::max<uint32_t>(v.align, 16);
      at = (at + align - 1) & ~(align - 1);
      local_[{f, v.name}] = at;
      at += uint32_t(v.size());
    }
    at = (at + 15) & ~15u;
  }
}

void ModuleLowering::declare(const ptx::Function& f) {
  llvm::LLVMContext& context = ir.getContext();
  const bool entry = &f == &kernel;
  llvm::Type* pointer = llvm::PointerType::get(context, 0);
  std::vector<llvm::Type*> types{pointer, pointer};
  if (!entry)
    for (const ptx::Variable& p : f.params)
      for (llvm::Type* word : parameter_words(context, p.size())) types.push_back(word);
  if (!entry && returns_by_pointer(f)) types.push_back(pointer);
  if (has_frame(f)) types.push_back(llvm::Type::getInt64Ty(context));
  llvm::Type* result = entry ? llvm::Type::getVoidTy(context) : result_type(context, f);
  auto* function =
      llvm::Function::Create(llvm::FunctionType::get(result, types, false),
                             llvm::GlobalValue::ExternalLinkage, entry ? f.name : "fn." + f.name, ir);
  function->addFnAttr(llvm::Attribute::Convergent);
  function->addFnAttr(llvm::Attribute::NoUnwind);
  function->getArg(0)->setName("launch");
  function->getArg(1)->setName("block");
  for (const auto& [arg, bytes] : {std::pair{0u, sizeof(exec::LaunchArgs)}, {1u, sizeof(exec::BlockState)}}) {
    function->addParamAttr(arg, llvm::Attribute::NonNull);
    function->addParamAttr(arg, llvm::Attribute::getWithDereferenceableBytes(context, bytes));
    function->addParamAttr(arg, llvm::Attribute::getWithAlignment(context, llvm::Align(8)));
  }
  if (!entry) {
    if (may_inline(f))
      function->addFnAttr(llvm::Attribute::AlwaysInline);
    else
      function->addFnAttr(llvm::Attribute::NoInline);
    if (indirect_callers_.empty() || !takes_address(f.name))
      function->setLinkage(llvm::GlobalValue::InternalLinkage);
  }
  if (has_frame(f)) function->addFnAttr("ppu.frame", std::to_string(frame_bytes_[&f]));
  functions_[&f] = function;
  for (const ptx::Register& r : f.registers) registers_ += uint32_t(r.type.total_bits() + 31) / 32;
}

void ModuleLowering::list_indirect_targets() {
  if (indirect_callers_.empty()) return;
  llvm::NamedMDNode* list = ir.getOrInsertNamedMetadata("ppu.functions");
  for (const ptx::Function* f : reachable_) {
    if (f->is_entry || !takes_address(f->name)) continue;
    llvm::Metadata* id = llvm::ConstantAsMetadata::get(
        llvm::ConstantInt::get(llvm::Type::getInt64Ty(ir.getContext()), function_id(f->name)));
    list->addOperand(llvm::MDNode::get(ir.getContext(), {llvm::ConstantAsMetadata::get(functions_[f]), id}));
  }
}

uint32_t ModuleLowering::global_slot(const std::string& name) {
  const auto at = std::find(globals_.begin(), globals_.end(), name);
  if (at != globals_.end()) return uint32_t(at - globals_.begin());
  globals_.push_back(name);
  return uint32_t(globals_.size() - 1);
}

const std::vector<const ptx::Variable*>& ModuleLowering::const_variables() {
  if (const_variables_) return *const_variables_;
  const_variables_.emplace();
  for (const int32_t i : ptx::reachable(source, kernel.name).variables)
    if (const ptx::Variable& v = source.variables[size_t(i)]; v.space == ptx::Space::kConst)
      const_variables_->push_back(&v);
  return *const_variables_;
}

std::optional<uint32_t> ModuleLowering::shared_offset(const ptx::Function& in,
                                                      const std::string& name) const {
  if (const auto own = shared_.find({&in, name}); own != shared_.end()) return own->second;
  if (const auto any = shared_module_.find(name); any != shared_module_.end()) return any->second;
  return std::nullopt;
}

std::optional<uint32_t> ModuleLowering::local_offset(const ptx::Function& in, const std::string& name) const {
  const auto own = local_.find({&in, name});
  return own == local_.end() ? std::nullopt : std::optional(own->second);
}

uint64_t ModuleLowering::function_id(const std::string& name) const {
  const auto alias = source.aliases.find(name);
  const ptx::Function* f = source.find_function(alias == source.aliases.end() ? name : alias->second);
  return f ? uint64_t(f - source.functions.data() + 1) * kFunctionIdStep : 0;
}

llvm::Function* ModuleLowering::function(const ptx::Function& f) const {
  return functions_.at(&f);
}

llvm::FunctionCallee ModuleLowering::intrinsic(llvm::StringRef name, llvm::Type* result,
                                               llvm::ArrayRef<llvm::Type*> args) {
  llvm::FunctionCallee callee = ir.getOrInsertFunction(name, llvm::FunctionType::get(result, args, false));
  set_intrinsic_attributes(*llvm::cast<llvm::Function>(callee.getCallee()), block);
  return callee;
}

Lowered ModuleLowering::result() {
  Lowered lowered;
  llvm::Function& entry = *functions_[&kernel];
  entry.addFnAttr("ppu.local.bytes", std::to_string(local_bytes_));
  if (block[0])
    entry.addFnAttr("ppu.block", std::to_string(block[0]) + "," + std::to_string(block[1]) + "," +
                                     std::to_string(block[2]));
  lowered.static_shared_bytes = static_shared_;
  lowered.registers = std::min<uint32_t>(registers_, 255);
  lowered.globals = globals_;
  return lowered;
}

Result<Lowered> lower_kernel(llvm::LLVMContext& context, const ptx::Module& module, const std::string& kernel,
                             const uint32_t block[3], bool count, bool check) {
  const ptx::Function* entry = module.find_function(kernel);
  if (!entry || !entry->is_entry || !entry->has_body)
    return bad_input(module.name + ": there is no kernel '" + kernel + "'");
  auto ir = std::make_unique<llvm::Module>(module.name, context);
  std::optional<ptx::ProfilePlan> plan;
  if (count) plan.emplace(module, kernel);
  ModuleLowering lowering(*ir, module, *entry, block, plan ? &*plan : nullptr, check);
  if (Status s = lowering.run(); !s) return s.error();
  Lowered lowered = lowering.result();
  lowered.module = std::move(ir);
  return lowered;
}

}  // namespace ppu::lower

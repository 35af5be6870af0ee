#include "device/module.h"

#include <algorithm>
#include <cstring>
#include <shared_mutex>

#include "base/log.h"
#include "device/address_space.h"
#include "device/checking.h"
#include "device/kernel_build.h"
#include "device/live_set.h"

namespace ppu::device {
namespace {

uint64_t align_up(uint64_t n, uint64_t to) {
  return to ? (n + to - 1) / to * to : n;
}

/// Bytes of the .shared variables a kernel may use. The compiler lays them out itself; this is what launch
/// limits and cuFuncGetAttribute go by before it has run.
size_t shared_bytes_of(const ptx::Module& tree, const std::string& kernel) {
  const ptx::Reach reach = ptx::reachable(tree, kernel);
  uint64_t at = 0;
  const auto add = [&at](const ptx::Variable& v) {
    if (v.space != ptx::Space::kShared || v.count == 0) return;
    at = align_up(at, v.align) + v.size();
  };
  for (int32_t i : reach.variables) add(tree.variables[size_t(i)]);
  for (int32_t i : reach.functions)
    for (const ptx::Variable& v : tree.functions[size_t(i)].locals) add(v);
  return at;
}

size_t local_bytes_of(const ptx::Function& f) {
  uint64_t at = 0;
  for (const ptx::Variable& v : f.locals)
    if (v.space == ptx::Space::kLocal) at = align_up(at, v.align) + v.size();
  return at;
}

uint32_t product(const uint32_t d[3]) {
  return d[0] ? d[0] * std::max(1u, d[1]) * std::max(1u, d[2]) : 0;
}

bool is_placed(const ptx::Variable& v) {
  return (v.space == ptx::Space::kGlobal || v.space == ptx::Space::kConst) && v.size() > 0;
}

}  // namespace

namespace {

std::shared_mutex launchables_mutex;
std::unordered_set<const Launchable*>& launchables() {
  static auto* set = new std::unordered_set<const Launchable*>;
  return *set;
}

}  // namespace

Launchable::Launchable(Tag t) : tag(t) {
  std::unique_lock lock(launchables_mutex);
  launchables().insert(this);
}

Launchable::~Launchable() {
  std::unique_lock lock(launchables_mutex);
  launchables().erase(this);
}

bool Launchable::is_live(const Launchable* launchable) {
  std::shared_lock lock(launchables_mutex);
  return launchables().count(launchable) != 0;
}

Function::Function(Module& module, const ptx::Function& entry)
    : Launchable(Tag::kFunction), module_(module), entry_(entry), params_(ptx::param_layout(entry)) {
  static_shared_ = shared_bytes_of(module.tree(), entry.name);
  local_bytes_ = local_bytes_of(entry);
  uint32_t bound = product(entry.reqntid);
  if (!bound) bound = product(entry.maxntid);
  if (bound) max_threads_ = int(std::min(bound, 1024u));
  // PTX registers are virtual; a compiler for hardware keeps about an eighth of them alive at a time.
  registers_ = std::clamp(16 + int(entry.registers.size()) / 8, 16, 128);
  if (entry.maxnreg) registers_ = std::min(registers_, int(entry.maxnreg));
  const Limits& l = module.context().device().limits;
  while (registers_ > 16 && registers_ * max_threads_ > l.registers_per_sm) registers_ -= 8;
  max_dynamic_shared_ = int(l.shared_per_block) - int(std::min(static_shared_, l.shared_per_block));
}

uint32_t Function::call_stack_bytes() const {
  const size_t limit = module_.context().stack_limit();
  if (limit <= exec::kCallStackBytes) return exec::kCallStackBytes;
  std::call_once(calls_known_,
                 [this] { calls_ = ptx::reachable(module_.tree(), name()).functions.size() > 1; });
  return calls_ ? uint32_t((limit + 1023) / 1024 * 1024) : exec::kCallStackBytes;
}

const Executable* Function::find(const Builds& builds, const uint32_t block[3]) const {
  const Executable* generic = nullptr;
  for (const auto& e : builds.all) {
    if (e->call_stack_bytes != call_stack_bytes()) continue;
    if (std::equal(block, block + 3, e->info.block)) return e.get();
    if (e->info.block[0] == 0) generic = e.get();
  }
  return builds.all.size() > kSpecialisedShapes ? generic : nullptr;
}

const Executable* Function::build(Builds& builds, const uint32_t block[3], bool check, CUresult* result) {
  static constexpr uint32_t kAny[3] = {0, 0, 0};
  std::unique_ptr<Executable> built;
  if (builds.all.size() >= kSpecialisedShapes && !builds.generic_failed) {
    built = build_executable(*this, kAny, check, result);
    builds.generic_failed = !built;
  }
  if (!built) built = build_executable(*this, block, check, result);
  if (!built) return nullptr;
  *result = CUDA_SUCCESS;
  loaded_ = true;
  builds.all.push_back(std::move(built));
  return builds.all.back().get();
}

const Executable* Function::executable(const uint32_t block[3], CUresult* result) {
  *result = CUDA_SUCCESS;
  if (checking::on()) return checked_executable(block, result);
  const Executable* last = last_.load(std::memory_order_acquire);
  if (last && std::equal(block, block + 3, last->info.block) && last->call_stack_bytes == call_stack_bytes())
    return last;
  std::lock_guard lock(mutex_);
  const Executable* e = find(plain_, block);
  if (!e) e = build(plain_, block, false, result);
  if (e) last_.store(e, std::memory_order_release);
  return e;
}

const Executable* Function::checked_executable(const uint32_t block[3], CUresult* result) {
  *result = CUDA_SUCCESS;
  std::lock_guard lock(mutex_);
  const Executable* known = find(checked_, block);
  return known ? known : build(checked_, block, true, result);
}

CUresult Function::get_attribute(CUfunction_attribute attribute, int* value) const {
  const ptx::Module& tree = module_.tree();
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
      *value = max_threads_;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
      *value = int(static_shared_);
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES: {
      uint64_t bytes = 0;
      for (const ptx::Variable& v : tree.variables)
        if (v.space == ptx::Space::kConst) bytes = align_up(bytes, v.align) + v.size();
      *value = int(bytes);
      return CUDA_SUCCESS;
    }
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
      *value = int(local_bytes_);
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_NUM_REGS:
      *value = registers_;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_PTX_VERSION: {
      // The virtual architecture the code was compiled for: "sm_80" -> 80.
      const size_t at = tree.target.find('_');
      *value = at == std::string::npos ? 0 : std::atoi(tree.target.c_str() + at + 1);
      return CUDA_SUCCESS;
    }
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
      *value = module_.context().device().chip->cc_major * 10 + module_.context().device().chip->cc_minor;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      *value = max_dynamic_shared_;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      *value = carveout_;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
      *value = 0;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult Function::set_attribute(CUfunction_attribute attribute, int value) {
  const Limits& l = module_.context().device().limits;
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      if (value < 0 || size_t(value) + static_shared_ > l.shared_per_block_optin)
        return CUDA_ERROR_INVALID_VALUE;
      max_dynamic_shared_ = value;
      return CUDA_SUCCESS;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      if (value < -1 || value > 100) return CUDA_ERROR_INVALID_VALUE;
      carveout_ = value;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult Module::create(Context& context, std::shared_ptr<const ptx::Module> tree, Module** module) {
  auto* m = new Module(context, std::move(tree));
  const CUresult result = m->place_variables();
  if (result != CUDA_SUCCESS) {
    delete m;
    return result;
  }
  for (size_t i = 0; i < m->tree_->functions.size(); i++) {
    const ptx::Function& f = m->tree_->functions[i];
    m->function_index_[f.name] = int32_t(i);
    if (f.is_entry && f.has_body) m->functions_[f.name] = std::make_unique<Function>(*m, f);
  }
  for (const ptx::Variable& v : m->tree_->variables) m->initialise(v);
  for (const ptx::Function& f : m->tree_->functions)
    for (const ptx::Variable& v : f.locals) m->initialise(v);
  context.add_module(m);
  *module = m;
  return CUDA_SUCCESS;
}

namespace {

LiveSet& live_modules() {
  static auto* set = new LiveSet;
  return *set;
}

}  // namespace

Module::Module(Context& context, std::shared_ptr<const ptx::Module> tree)
    : context_(context), tree_(std::move(tree)) {
  live_modules().add(this);
}

bool Module::is_live(const Module* module) {
  return live_modules().has(module);
}

Module::~Module() {
  live_modules().remove(this);
  for (uint64_t a : arenas_) AddressSpace::instance().release(a, false);
}

void Module::destroy(Module* module) {
  module->context_.remove_module(module);
  delete module;
}

/// One device allocation for all variables of the module, and one managed one: alignment at least 256, so
/// that a symbol can take what cudaMalloc'ed memory can.
CUresult Module::place_variables() {
  struct Placed {
    const ptx::Variable* variable;
    uint64_t offset;
    bool managed;
  };
  std::vector<Placed> placed;
  uint64_t bytes[2] = {0, 0};
  const auto place = [&](const ptx::Variable& v) {
    if (!is_placed(v)) return;
    uint64_t& at = bytes[v.is_managed];
    at = align_up(at, std::max<uint64_t>(v.align, 256));
    placed.push_back({&v, at, v.is_managed});
    at += v.size() + (checking::on() ? 256 : 0);  // what lies behind is nobody's
  };
  for (const ptx::Variable& v : tree_->variables) place(v);
  for (const ptx::Function& f : tree_->functions)
    for (const ptx::Variable& v : f.locals) place(v);
  uint64_t base[2] = {0, 0};
  for (int managed = 0; managed < 2; managed++) {
    if (!bytes[managed]) continue;
    const CUresult result = AddressSpace::instance().allocate(
        managed ? MemoryKind::kManaged : MemoryKind::kDevice, context_.device().ordinal, context_.id(),
        bytes[managed], 0, &base[managed]);
    if (result != CUDA_SUCCESS) return result;
    AddressSpace::instance().set_internal(base[managed]);
    arenas_.push_back(base[managed]);
  }
  for (const Placed& p : placed)
    globals_[p.variable->name] = {base[p.managed] + p.offset, size_t(p.variable->size()), p.managed};
  return CUDA_SUCCESS;
}

const Module::Global* Module::global_below(uint64_t address) const {
  const Global* best = nullptr;
  for (const auto& [name, g] : globals_)
    if (g.address <= address && (!best || g.address > best->address)) best = &g;
  return best;
}

const Module::Global* Module::global_at(uint64_t address) const {
  const Global* g = global_below(address);
  return g && address - g->address < g->bytes ? g : nullptr;
}

std::string Module::name_of(const Global& global) const {
  for (const auto& [name, g] : globals_)
    if (&g == &global) return name;
  return "";
}

bool Module::owns_arena(uint64_t address) const {
  return std::find(arenas_.begin(), arenas_.end(), address) != arenas_.end();
}

uint64_t Module::symbol_value(const std::string& name) const {
  if (const Global* g = global(name)) return g->address;
  const auto alias = tree_->aliases.find(name);
  const auto f = function_index_.find(alias == tree_->aliases.end() ? name : alias->second);
  return f == function_index_.end() ? 0 : ptx::function_id(f->second);
}

void Module::initialise(const ptx::Variable& v) {
  if (!is_placed(v)) return;
  char* to = reinterpret_cast<char*>(globals_[v.name].address);
  if (!v.init.empty()) std::memcpy(to, v.init.data(), std::min<size_t>(v.init.size(), v.size()));
  for (const ptx::Variable::Reloc& r : v.relocs) {
    const uint64_t value = (symbol_value(r.symbol) + uint64_t(r.addend)) >> r.shift;
    if (r.offset + r.bytes <= v.size()) std::memcpy(to + r.offset, &value, r.bytes);
  }
}

Function* Module::function(const std::string& name) {
  const auto it = functions_.find(name);
  return it == functions_.end() ? nullptr : it->second.get();
}

std::vector<Function*> Module::functions() {
  std::vector<Function*> all;
  for (const auto& [name, f] : functions_) all.push_back(f.get());
  return all;
}

const Module::Global* Module::global(const std::string& name) const {
  const auto it = globals_.find(name);
  return it == globals_.end() ? nullptr : &it->second;
}

Library::Library(std::shared_ptr<const ptx::Module> tree) : tree_(std::move(tree)) {
  for (const ptx::Function& f : tree_->functions)
    if (f.is_entry && f.has_body) kernels_[f.name] = std::make_unique<Kernel>(*this, f);
}

Library::~Library() {
  for (const Instance& i : instances_)
    if (i.context->id() == i.context_id && i.context->error() != CUDA_ERROR_CONTEXT_IS_DESTROYED)
      Module::destroy(i.module);
}

void Library::synchronize() {
  std::lock_guard lock(mutex_);
  for (const Instance& i : instances_)
    if (i.context->id() == i.context_id) i.context->synchronize();
}

Kernel* Library::kernel(const std::string& name) {
  const auto it = kernels_.find(name);
  return it == kernels_.end() ? nullptr : it->second.get();
}

std::vector<Kernel*> Library::kernels() {
  std::vector<Kernel*> all;
  for (const auto& [name, k] : kernels_) all.push_back(k.get());
  return all;
}

Module* Library::module(Context& context, CUresult* result) {
  *result = CUDA_SUCCESS;
  std::lock_guard lock(mutex_);
  for (const Instance& i : instances_)
    if (i.context_id == context.id()) return i.module;
  Module* m = nullptr;
  *result = Module::create(context, tree_, &m);
  if (*result != CUDA_SUCCESS) return nullptr;
  m->of_library = true;
  instances_.push_back({&context, context.id(), m});
  return m;
}

Function* Kernel::function(Context& context, CUresult* result) {
  Module* m = library_.module(context, result);
  return m ? m->function(name()) : nullptr;
}

Function* function_of(CUfunction handle, Context& context, CUresult* result) {
  *result = CUDA_SUCCESS;
  auto* l = reinterpret_cast<Launchable*>(handle);
  if (!Launchable::is_live(l)) {
    *result = CUDA_ERROR_INVALID_HANDLE;
    return nullptr;
  }
  if (l->tag == Launchable::Tag::kFunction) return static_cast<Function*>(l);
  return static_cast<Kernel*>(l)->function(context, result);
}

}  // namespace ppu::device

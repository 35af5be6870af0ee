// Takes over PyTorch's operators: walks all that the dispatcher knows and puts a Delegate on the CUDA keys of
// each that has a CPU kernel of the wheel's or of ours.

#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/log.h"
#include "bridges/torch/bridge.h"
#include "bridges/torch/capture.h"
#include "bridges/torch/counters.h"
#include "bridges/torch/delegate.h"
#include "bridges/torch/device_memory.h"
#include "bridges/torch/direct.h"
#include "bridges/torch/own_operators.h"
#include "bridges/torch/python_exit.h"
#include "bridges/torch/sleep.h"

namespace ppu::bridge {
namespace {

struct Row {
  bool keep = false;
  bool add = false;
  OperatorTraits traits;
  c10::KernelFunction own;
};
using Rows = std::unordered_map<std::string, Row>;

Rows read_rows() {
  Rows rows;
#define KEEP(name) rows[#name].keep = true;
#define ADD(name) rows[#name].add = true;
#define MIXED(name) rows[#name].traits.mixes_devices = true;
#define WRITES(name, argument) rows[#name].traits.writes.push_back(argument);
#define SYNC(name) rows[#name].traits.synchronises = true;
#define PRODUCT(name, kind, argument) rows[#name].traits.product = {Product::Kind::kind, argument};
#include "bridges/torch/operators.inc"
#undef KEEP
#undef ADD
#undef MIXED
#undef SYNC
#undef PRODUCT
#undef WRITES
#define UPCAST(name, from, to) \
  rows[#name].traits.upcasts.emplace_back(at::ScalarType::from, at::ScalarType::to);
#include "bridges/torch/upcasts.inc"
#undef UPCAST
  for (const auto& table : {attention_operators, cudnn_operators, int4_operators, linalg_operators,
                            matmul_operators, normalisation_operators, recurrent_operators,
                            reduction_operators, semi_structured_operators, softmax_operators})
    for (OwnOperator& own : table()) {
      Row& row = rows[own.name];
      row.own = std::move(own.kernel);
      row.traits.draws_random = own.draws_random;
      row.add = true;
    }
  return rows;
}

struct KeyPair {
  c10::DispatchKey cuda, cpu;
};
constexpr KeyPair kKeys[] = {
    {c10::DispatchKey::CUDA, c10::DispatchKey::CPU},
    {c10::DispatchKey::SparseCUDA, c10::DispatchKey::SparseCPU},
    {c10::DispatchKey::SparseCsrCUDA, c10::DispatchKey::SparseCsrCPU},
    {c10::DispatchKey::QuantizedCUDA, c10::DispatchKey::QuantizedCPU},
    {c10::DispatchKey::NestedTensorCUDA, c10::DispatchKey::NestedTensorCPU},
};

/// What PyTorch says when a kernel replaces another: that is what we are here for.
class Silence final : public c10::WarningHandler {
  void process(const c10::Warning&) override {}
};

/// The operator's name as in operators.inc.
std::string row_name(const c10::OperatorName& name) {
  const std::string plain = name.name.substr(name.name.find("::") + 2);
  return name.overload_name.empty() ? plain : plain + "." + name.overload_name;
}

/// Takes over what has a kernel on `keys.cuda`; returns how many operators stay without one.
size_t take_over(const KeyPair& keys, const Rows& rows, torch::Library& library, size_t& taken) {
  size_t lacking = 0;
  auto& dispatcher = c10::Dispatcher::singleton();
  for (const c10::OperatorName& name : dispatcher.getAllOpNames()) {
    if (!name.name.starts_with("aten::")) continue;
    const auto op = dispatcher.findOp(name);
    if (!op || !op->hasSchema()) continue;
    const std::string row_of = row_name(name);
    const auto found = rows.find(row_of);
    const Row row = found == rows.end() ? Row{} : found->second;
    const bool dense = keys.cuda == c10::DispatchKey::CUDA;
    if (row.keep) continue;
    const bool added = row.add && (dense || op->hasKernelForDispatchKey(keys.cpu));
    if (!op->hasKernelForDispatchKey(keys.cuda) && !added) continue;
    const bool own = dense && row.own.isValid();
    if (!own && !op->hasComputedKernelForDispatchKey(keys.cpu)) {
      log("torch", LogLevel::kDebug, "no CPU kernel for %s (%s)", row_of.c_str(), c10::toString(keys.cuda));
      ++lacking;
      continue;
    }
    std::optional<torch::CppFunction> direct;
    if (dense && !own) direct = direct_kernel(*op, row.traits);
    library.impl(row_of.c_str(),
                 direct ? std::move(*direct)
                        : torch::CppFunction::makeFromBoxedFunctor(std::make_unique<Delegate>(
                              *op, keys.cpu, row.traits, own ? row.own : c10::KernelFunction())));
    ++taken;
  }
  return lacking;
}

void install() {
  Silence silent;
  const c10::WarningUtils::WarningHandlerGuard guard(&silent);
  install_allocator();
  const Rows rows = read_rows();
  size_t taken = 0;
  size_t lacking = 0;
  // Never destroyed: taking the kernels back while the process ends would serve nobody.
  static auto* const libraries = new std::vector<std::unique_ptr<torch::Library>>;
  for (const KeyPair& keys : kKeys) {
    libraries->push_back(
        std::make_unique<torch::Library>(torch::Library::IMPL, "aten", keys.cuda, __FILE__, __LINE__));
    lacking += take_over(keys, rows, *libraries->back(), taken);
  }
  log("torch", LogLevel::kInfo, "PyTorch %s: %zu operators taken over, %zu without a CPU kernel left to fail",
      ppu_torch_built_for(), taken, lacking);
  print_counters_at_exit();
  let_threads_finish_before_python();
}

}  // namespace
}  // namespace ppu::bridge

extern "C" {

__attribute__((visibility("default"))) const char* ppu_torch_built_for() {
  return PPU_TORCH_VERSION;
}

__attribute__((visibility("default"))) void ppu_torch_prepare() {
  ppu::bridge::install_sleep();
}

__attribute__((visibility("default"))) const char* ppu_torch_install() {
  static std::string why;
  try {
    ppu::bridge::install();
    return nullptr;
  } catch (const std::exception& error) {
    why = error.what();
    return why.c_str();
  }
}

__attribute__((visibility("default"))) void ppu_torch_capture_began() {
  ppu::bridge::expect_captures();
}

__attribute__((visibility("default"))) void ppu_torch_capture_ended() {
  ppu::bridge::restore_after_capture();
}
}

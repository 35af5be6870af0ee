// See target.h. AVX-512 code uses this machine's own CPU model (scheduling, BF16/VNNI/FP16 where present)
// with 512-bit registers preferred: kernels are wide by construction, the frequency licence is the smaller
// cost.
#include "codegen/target.h"

#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Pass.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/Transforms/Utils/Cloning.h>

#include <cstring>
#include <mutex>

#include "base/log.h"
#include "codegen/cut_blocks.h"
#include "codegen/pass_times.h"

namespace ppu::codegen {
namespace {

constexpr const char* kTriple = "x86_64-unknown-linux-gnu";

/// Sets an option of LLVM's that has no other interface than its command line.
void set_option(llvm::StringRef name, llvm::StringRef value) {
  const auto& options = llvm::cl::getRegisteredOptions();
  const auto found = options.find(name);
  PPU_CHECK(found != options.end() && !found->second->addOccurrence(0, name, value));
}

void initialise_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Both took time that grows with the square of a kernel's length, up to two thirds of it all, and left
    // the same code: moving chains of scalar operations into mask registers, and looking for dead ones among
    // thousands of stores to addresses known at run time only (the pass takes 5000 candidates a block as it
    // comes).
    set_option("disable-x86-domain-reassignment", "true");
    set_option("dse-memoryssa-defs-per-block-limit", "200");
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
  });
}

/// Feature string of this machine. AMX is left out: nothing sets up its tile state.
std::string host_features() {
  std::string text;
  for (const auto& feature : llvm::sys::getHostCPUFeatures()) {
    const bool on = feature.second && !feature.first().starts_with("amx");
    text += (text.empty() ? "" : ",") + std::string(on ? "+" : "-") + feature.first().str();
  }
  return text + ",-prefer-256-bit";
}

/// What TargetMachine::addPassesToEmitFile does, with a pass of ours before instruction selection.
void add_emit_passes(llvm::legacy::PassManager& passes, llvm::TargetMachine& target,
                     llvm::raw_pwrite_stream& out, llvm::CodeGenFileType type) {
  auto& machine = static_cast<llvm::LLVMTargetMachine&>(target);
  auto* functions = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* config = machine.createPassConfig(passes);
  config->setDisableVerify(true);
  passes.add(config);
  passes.add(functions);
  // Where code isn't optimised nothing joins the blocks again, nor is there that last pass on IR.
  const std::unique_ptr<llvm::Pass> last_on_ir(llvm::createCodeGenPrepareLegacyPass());
  if (target.getOptLevel() == llvm::CodeGenOptLevel::None)
    passes.add(create_cut_blocks_pass());
  else
    config->insertPass(last_on_ir->getPassID(), create_cut_blocks_pass());
  bool failed = config->addISelPasses();
  config->addMachinePasses();
  config->setInitialized();
  failed |= machine.addAsmPrinter(passes, out, nullptr, type, functions->getMMI().getContext());
  if (failed) llvm::report_fatal_error("the x86-64 target cannot emit this file type");
  passes.add(llvm::createFreeMachineFunctionPass());
}

}  // namespace

Result<std::unique_ptr<llvm::TargetMachine>> make_target(Cpu cpu, int opt_level) {
  initialise_llvm();
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(kTriple, error);
  if (!target) return bug("LLVM has no x86-64 target: " + error);
  const bool avx512 = cpu == Cpu::kAvx512;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // PTX fuses by fma only
  options.ExceptionModel = llvm::ExceptionHandling::None;
  options.FunctionSections = false;
  std::unique_ptr<llvm::TargetMachine> machine(target->createTargetMachine(
      kTriple, avx512 ? llvm::sys::getHostCPUName() : "x86-64-v3", avx512 ? host_features() : "", options,
      llvm::Reloc::PIC_, llvm::CodeModel::Small,
      opt_level < 2 ? llvm::CodeGenOptLevel::None : llvm::CodeGenOptLevel::Default, /*JIT=*/false));
  if (!machine) return bug("LLVM made no x86-64 target machine");
  return machine;
}

void set_target_attributes(llvm::Module& module, const llvm::TargetMachine& target, Cpu cpu) {
  module.setTargetTriple(kTriple);
  module.setDataLayout(target.createDataLayout());
  const char* width = cpu == Cpu::kAvx512 ? "512" : "256";
  for (llvm::Function& f : module) {
    f.addFnAttr(llvm::Attribute::NoUnwind);
    if (f.isDeclaration()) continue;
    f.addFnAttr("target-cpu", target.getTargetCPU());
    if (!target.getTargetFeatureString().empty())
      f.addFnAttr("target-features", target.getTargetFeatureString());
    f.addFnAttr("prefer-vector-width", width);
    f.addFnAttr("min-legal-vector-width", width);
    f.addFnAttr("frame-pointer", "none");
    f.addFnAttr("no-trapping-math", "true");
  }
}

std::vector<std::byte> emit_object(llvm::Module& module, llvm::TargetMachine& target) {
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream out(buffer);
  pass_times_wanted();
  {
    llvm::legacy::PassManager passes;
    add_emit_passes(passes, target, out, llvm::CodeGenFileType::ObjectFile);
    passes.run(module);
  }
  log_pass_times();
  std::vector<std::byte> bytes(buffer.size());
  std::memcpy(bytes.data(), buffer.data(), buffer.size());
  return bytes;
}

std::string emit_assembly(const llvm::Module& module, llvm::TargetMachine& target) {
  const std::unique_ptr<llvm::Module> copy = llvm::CloneModule(module);
  llvm::SmallVector<char, 0> buffer;
  llvm::raw_svector_ostream out(buffer);
  llvm::legacy::PassManager passes;
  add_emit_passes(passes, target, out, llvm::CodeGenFileType::AssemblyFile);
  passes.run(*copy);
  return std::string(buffer.begin(), buffer.end());
}

}  // namespace ppu::codegen

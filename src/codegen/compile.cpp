// The compiler's list of steps, from PTX tree to kernel image; see compiler.h. PPU_DUMP prints the module
// after any of them, PPU_LOG=jit=info their times.
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Target/TargetMachine.h>

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <stdexcept>

#include "base/log.h"
#include "codegen/compiler.h"
#include "codegen/cpu.h"
#include "codegen/dump.h"
#include "codegen/llvm_faults.h"
#include "codegen/optimise.h"
#include "codegen/prepare.h"
#include "codegen/split_sums.h"
#include "codegen/target.h"
#include "exec/kernel_image.h"
#include "lower/lower.h"
#include "ptx/ptx.h"
#include "simt/simt.h"

namespace ppu::codegen {
namespace {

/// What LLVM calls before it would abort the process. Its code has unwind tables, so a throw reaches
/// ppu_compile_v1; what it held is leaked, which is the smaller evil in somebody else's process.
void on_fatal_error(void*, const char* reason, bool) {
  throw std::runtime_error(reason);
}

void install_fatal_handler() {
  static std::once_flag once;
  std::call_once(once, [] { llvm::install_fatal_error_handler(on_fatal_error); });
}

/// Collects LLVM's error diagnostics (an instruction it cannot select, a bad inline assembly).
void collect_errors(const llvm::DiagnosticInfo* info, void* text) {
  if (info->getSeverity() != llvm::DS_Error) return;
  llvm::raw_string_ostream out(*static_cast<std::string*>(text));
  llvm::DiagnosticPrinterRawOStream printer(out);
  info->print(printer);
}

Status verify(const llvm::Module& module, const char* step) {
  std::string why;
  llvm::raw_string_ostream out(why);
  if (!llvm::verifyModule(module, &out)) return Unit{};
  return bug(std::string("invalid IR after ") + step + ": " + out.str());
}

/// Processor time of this thread in milliseconds: what a compilation costs, however busy the machine is.
double thread_time() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return double(t.tv_sec) * 1e3 + double(t.tv_nsec) / 1e6;
}

/// One compilation: keeps each step's time, dumps what it left, verifies what our own passes made.
class Steps {
 public:
  explicit Steps(const std::string& kernel) : kernel_(kernel), started_(thread_time()), last_(started_) {}
  Status done(const char* step, const llvm::Module& module, bool ours) {
    note(step);
    if (dump_wanted(step, kernel_)) dump_module(step, kernel_, module);
    return ours ? verify(module, step) : Unit{};
  }
  void note(const char* step) {
    const double now = thread_time();
    char text[48];
    std::snprintf(text, sizeof text, " %s %.1f", step, now - last_);
    times_ += text;
    last_ = now;
  }
  void finish(size_t bytes) {
    log("jit", LogLevel::kInfo, "compiled %s in %.1f ms (%s ), %zu bytes", kernel_.c_str(),
        thread_time() - started_, times_.c_str(), bytes);
  }

 private:
  std::string kernel_, times_;
  double started_, last_;
};

exec::KernelInfo describe(const CompileRequest& request, const lower::Lowered& lowered, uint32_t local_bytes,
                          const simt::Outcome& outcome) {
  exec::KernelInfo info;
  info.kernel = request.kernel;
  std::memcpy(info.block, request.block, sizeof info.block);
  info.static_shared_bytes = lowered.static_shared_bytes;
  info.local_bytes = local_bytes;
  info.frame_bytes = outcome.frame_bytes;
  info.frame_per_warp = outcome.frame_per_warp;
  info.may_yield = outcome.may_yield;
  info.registers = lowered.registers;
  info.globals = lowered.globals;
  return info;
}

}  // namespace

Result<std::vector<std::byte>> compile(const CompileRequest& request) {
  install_fatal_handler();
  Result<Cpu> cpu = resolve_cpu(request.cpu);
  if (!cpu) return cpu.error();
  Result<std::unique_ptr<llvm::TargetMachine>> target = make_target(*cpu, request.opt_level);
  if (!target) return target.error();
  Steps steps(request.kernel);
  if (dump_wanted("ptx", request.kernel))
    dump_text("ptx", request.kernel, ptx::print_reachable(*request.module, request.kernel));

  llvm::LLVMContext context;
  std::string diagnostics;
  context.setDiagnosticHandlerCallBack(collect_errors, &diagnostics);

  Result<lower::Lowered> lowered = lower::lower_kernel(context, *request.module, request.kernel,
                                                       request.block, request.count, request.check);
  if (!lowered) return lowered.error();
  llvm::Module& module = *lowered->module;
  set_target_attributes(module, **target, *cpu);
  if (Status s = steps.done("ir", module, true); !s) return s.error();

  const uint32_t local_bytes = prepare(module, **target, request.kernel, request.call_stack_bytes);
  if (Status s = steps.done("prepared", module, false); !s) return s.error();

  simt::Options options;
  std::memcpy(options.block, request.block, sizeof options.block);
  options.avx512 = *cpu == Cpu::kAvx512;
  options.gang = request.gang;
  options.brief = request.opt_level == 0 && request.gang == 0;
  options.check = request.check;
  Result<simt::Lanes> lanes = resolve_lanes(request.lanes);
  if (!lanes) return lanes.error();
  options.lanes = *lanes;
  const simt::Outcome outcome = simt::widen_module(module, request.kernel, options);
  if (!outcome.error.empty()) return unsupported(request.kernel + ": " + outcome.error);
  if (!outcome.why_narrow.empty()) {
    // Where lanes in lockstep would compute something else, the interpreter can. A loop that polls may end
    // by itself, and is given the chance.
    if (outcome.lockstep_is_wrong)
      return unsupported(request.kernel + " must run one lane at a time: " + outcome.why_narrow);
    log("jit", outcome.narrow ? LogLevel::kInfo : LogLevel::kWarn, "%s %s one lane at a time: %s",
        request.kernel.c_str(), outcome.narrow ? "runs" : "should run", outcome.why_narrow.c_str());
  }
  set_target_attributes(module, **target, *cpu);
  if (Status s = steps.done("simt", module, true); !s) return s.error();

  optimise(module, **target, request.opt_level);
  if (request.opt_level > 0) split_sums(module, options.avx512);
  avoid_llvm_faults(module);
  if (Status s = steps.done("opt", module, false); !s) return s.error();

  if (dump_wanted("asm", request.kernel)) dump_text("asm", request.kernel, emit_assembly(module, **target));
  const std::vector<std::byte> object = emit_object(module, **target);
  if (!diagnostics.empty()) return bug("code generation of " + request.kernel + ": " + diagnostics);
  steps.note("emit");
  steps.finish(object.size());
  return exec::serialize(describe(request, *lowered, local_bytes, outcome), object);
}

}  // namespace ppu::codegen

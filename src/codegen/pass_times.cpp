// See pass_times.h.
#include "codegen/pass_times.h"

#include <llvm/IR/PassTimingInfo.h>
#include <llvm/Pass.h>
#include <llvm/Support/raw_ostream.h>

#include <string>

#include "base/log.h"

namespace ppu::codegen {

bool pass_times_wanted() {
  static const bool wanted = [] {
    const bool debug = log_enabled("jit", LogLevel::kDebug);
    if (debug) llvm::TimePassesIsEnabled = true;
    return debug;
  }();
  return wanted;
}

void log_pass_times() {
  if (!pass_times_wanted()) return;
  std::string text;
  llvm::raw_string_ostream out(text);
  llvm::reportAndResetTimings(&out);
  log("jit", LogLevel::kDebug, "%s", text.c_str());
}

}  // namespace ppu::codegen

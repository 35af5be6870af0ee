// See dump.h.
#include "codegen/dump.h"

#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

#include <cstdio>
#include <cstdlib>

#include "base/log.h"

namespace ppu::codegen {

bool dump_wanted(std::string_view step, std::string_view kernel) {
  const char* setting = std::getenv("PPU_DUMP");
  if (!setting) return false;
  std::string_view list = setting;
  if (const size_t colon = list.find(':'); colon != list.npos) {
    if (list.substr(colon + 1) != kernel) return false;
    list = list.substr(0, colon);
  }
  for (;;) {
    const size_t comma = list.find(',');
    if (list.substr(0, comma) == step) return true;
    if (comma == list.npos) return false;
    list.remove_prefix(comma + 1);
  }
}

void dump_text(std::string_view step, const std::string& kernel, const std::string& text) {
  FILE* out = stderr;
  if (const char* folder = std::getenv("PPU_DUMP_DIR")) {
    // Kernel names may be longer than a file name may be, and hold no '/'.
    const std::string path = std::string(folder) + "/" + kernel.substr(0, 200) + "." + std::string(step);
    out = std::fopen(path.c_str(), "w");
    if (!out) {
      log("jit", LogLevel::kWarn, "PPU_DUMP: cannot write %s", path.c_str());
      return;
    }
  } else {
    std::fprintf(out, "; ---- %s: %s\n", kernel.c_str(), std::string(step).c_str());
  }
  std::fwrite(text.data(), 1, text.size(), out);
  if (out != stderr) std::fclose(out);
}

void dump_module(std::string_view step, const std::string& kernel, const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module.print(out, nullptr);
  dump_text(step, kernel, out.str());
}

}  // namespace ppu::codegen

// PPU_DUMP=ir,simt,asm[:kernel]: what the compiler has in hand after a step (ptx, ir, prepared, simt, opt,
// asm), to stderr, or to files <kernel>.<step> in the folder PPU_DUMP_DIR.
#pragma once
#include <string>
#include <string_view>

namespace llvm {
class Module;
}

namespace ppu::codegen {

bool dump_wanted(std::string_view step, std::string_view kernel);
void dump_text(std::string_view step, const std::string& kernel, const std::string& text);
void dump_module(std::string_view step, const std::string& kernel, const llvm::Module& module);

}  // namespace ppu::codegen

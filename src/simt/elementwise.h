// Operations whose result's lanes each depend on the same lane of their operands only.
#pragma once

namespace llvm {
class Instruction;
}

namespace ppu::simt {

/// Of a vector of `lanes`; operands are vectors of as many, or scalars.
bool is_elementwise(const llvm::Instruction& inst, unsigned lanes);

}  // namespace ppu::simt

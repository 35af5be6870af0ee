// The LLVM meanings of each chapter's rows: joined by row_emit.cpp, defined in rows_<chapter>.cpp.
#pragma once
#include <span>

#include "isa/host_rows.h"
#include "lower/ir_value.h"

namespace ppu::lower {

struct IrRow {
  uint16_t row;
  isa::Out<Ir> (*meaning)(const isa::Args<Ir>&);
};

#define CHAPTER(name) std::span<const IrRow> ir_rows_##name();
PPU_ELEMENT_CHAPTERS(CHAPTER)
#undef CHAPTER

}  // namespace ppu::lower

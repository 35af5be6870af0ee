// The host meanings of each chapter's rows: joined by host_table.cpp, defined in host_<chapter>.cpp.
#pragma once
#include <span>

#include "isa/meaning.h"

namespace ppu::isa {

struct HostRow {
  uint16_t row;
  Out<Host> (*meaning)(const Args<Host>&);
};

/// The chapters with element-wise rows.
#define PPU_ELEMENT_CHAPTERS(CHAPTER) \
  CHAPTER(int)                        \
  CHAPTER(carry) CHAPTER(logic) CHAPTER(compare) CHAPTER(float) CHAPTER(half) CHAPTER(convert) CHAPTER(video)

#define CHAPTER(name) std::span<const HostRow> host_rows_##name();
PPU_ELEMENT_CHAPTERS(CHAPTER)
#undef CHAPTER

}  // namespace ppu::isa

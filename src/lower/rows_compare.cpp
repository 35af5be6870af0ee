// LLVM meanings of isa/compare.inc.
#define PPU_CHAPTER "isa/compare.inc"
#define PPU_CHAPTER_ROWS ir_rows_compare
#include "lower/ir_chapter.h"

// LLVM meanings of isa/carry.inc.
#define PPU_CHAPTER "isa/carry.inc"
#define PPU_CHAPTER_ROWS ir_rows_carry
#include "lower/ir_chapter.h"

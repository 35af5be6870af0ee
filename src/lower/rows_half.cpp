// LLVM meanings of isa/half.inc.
#define PPU_CHAPTER "isa/half.inc"
#define PPU_CHAPTER_ROWS ir_rows_half
#include "lower/ir_chapter.h"

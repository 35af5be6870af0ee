// LLVM meanings of isa/int.inc.
#define PPU_CHAPTER "isa/int.inc"
#define PPU_CHAPTER_ROWS ir_rows_int
#include "lower/ir_chapter.h"

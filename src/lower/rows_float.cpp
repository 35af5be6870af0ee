// LLVM meanings of isa/float.inc.
#define PPU_CHAPTER "isa/float.inc"
#define PPU_CHAPTER_ROWS ir_rows_float
#include "lower/ir_chapter.h"

// LLVM meanings of isa/convert.inc.
#define PPU_CHAPTER "isa/convert.inc"
#define PPU_CHAPTER_ROWS ir_rows_convert
#include "lower/ir_chapter.h"

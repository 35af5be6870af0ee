// LLVM meanings of isa/logic.inc.
#define PPU_CHAPTER "isa/logic.inc"
#define PPU_CHAPTER_ROWS ir_rows_logic
#include "lower/ir_chapter.h"

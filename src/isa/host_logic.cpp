// Host meanings of isa/logic.inc.
#define PPU_CHAPTER "isa/logic.inc"
#define PPU_CHAPTER_ROWS host_rows_logic
#include "isa/host_chapter.h"

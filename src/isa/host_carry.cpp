// Host meanings of isa/carry.inc.
#define PPU_CHAPTER "isa/carry.inc"
#define PPU_CHAPTER_ROWS host_rows_carry
#include "isa/host_chapter.h"

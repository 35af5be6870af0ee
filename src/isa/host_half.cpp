// Host meanings of isa/half.inc.
#define PPU_CHAPTER "isa/half.inc"
#define PPU_CHAPTER_ROWS host_rows_half
#include "isa/host_chapter.h"

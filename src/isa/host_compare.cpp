// Host meanings of isa/compare.inc.
#define PPU_CHAPTER "isa/compare.inc"
#define PPU_CHAPTER_ROWS host_rows_compare
#include "isa/host_chapter.h"

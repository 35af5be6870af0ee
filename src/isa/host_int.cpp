// Host meanings of isa/int.inc.
#define PPU_CHAPTER "isa/int.inc"
#define PPU_CHAPTER_ROWS host_rows_int
#include "isa/host_chapter.h"

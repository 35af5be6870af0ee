// Host meanings of isa/float.inc.
#define PPU_CHAPTER "isa/float.inc"
#define PPU_CHAPTER_ROWS host_rows_float
#include "isa/host_chapter.h"

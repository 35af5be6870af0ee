// Host meanings of isa/convert.inc.
#define PPU_CHAPTER "isa/convert.inc"
#define PPU_CHAPTER_ROWS host_rows_convert
#include "isa/host_chapter.h"

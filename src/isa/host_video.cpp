// Host meanings of isa/video.inc.
#define PPU_CHAPTER "isa/video.inc"
#define PPU_CHAPTER_ROWS host_rows_video
#include "isa/host_chapter.h"

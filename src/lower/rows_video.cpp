// LLVM meanings of isa/video.inc.
#define PPU_CHAPTER "isa/video.inc"
#define PPU_CHAPTER_ROWS ir_rows_video
#include "lower/ir_chapter.h"

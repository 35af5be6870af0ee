/* Kept for programs that include it by name. */
#ifndef PPU_CUDAPROFILER_H
#define PPU_CUDAPROFILER_H
#include "cuda.h"
#endif

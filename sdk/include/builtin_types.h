/* Kept for programs that include it by name. */
#ifndef PPU_BUILTIN_TYPES_H
#define PPU_BUILTIN_TYPES_H
#include "driver_types.h"
#include "surface_types.h"
#include "texture_types.h"
#include "vector_types.h"
#endif

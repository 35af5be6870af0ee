/* Small constructors for pitched memory, positions and extents. Widths in bytes unless an array is meant. */
#ifndef PPU_DRIVER_FUNCTIONS_H
#define PPU_DRIVER_FUNCTIONS_H

#include "driver_types.h"

static inline struct cudaPitchedPtr make_cudaPitchedPtr(void* address, size_t pitch, size_t width,
                                                        size_t height) {
  struct cudaPitchedPtr p;
  p.ptr = address, p.pitch = pitch, p.xsize = width, p.ysize = height;
  return p;
}

static inline struct cudaPos make_cudaPos(size_t x, size_t y, size_t z) {
  struct cudaPos p;
  p.x = x, p.y = y, p.z = z;
  return p;
}

static inline struct cudaExtent make_cudaExtent(size_t width, size_t height, size_t depth) {
  struct cudaExtent e;
  e.width = width, e.height = height, e.depth = depth;
  return e;
}

#endif

// Fat binary wrappers as nvcc and clang leave them in programs (see docs/formats.md): one image, or pieces of
// relocatable device code that must be linked.
#pragma once
#include "runtime/context.h"

namespace ppu::runtime {

/// Loads the image of a registered wrapper. For pieces of relocatable code: links them through cuLink*.
CUresult load_wrapper(const Driver& driver, const void* wrapper, CUlibrary* library);

}  // namespace ppu::runtime

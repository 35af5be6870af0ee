// The runtime's channel descriptors as the driver's array formats.
#pragma once
#include "runtime/runtime_api.h"

namespace ppu::runtime {

/// False for descriptors that no array or texture has: widths that differ, three channels, unknown kinds.
bool format_of(const cudaChannelFormatDesc& descriptor, CUarray_format* format, unsigned* channels);

cudaChannelFormatDesc descriptor_of(CUarray_format format, unsigned channels);

}  // namespace ppu::runtime

// From the descriptors of texture and surface objects to what the sampler reads (exec::TextureState), with
// the checks that cuTexObjectCreate and cuSurfObjectCreate document.
#pragma once
#include "device/array.h"

namespace ppu::device {

/// What an object reads: exactly one of the pointers is set, or `linear` or `pitch2d` holds memory.
struct TextureSource {
  const Array* array = nullptr;
  const MipmappedArray* mipmap = nullptr;
  const CUDA_RESOURCE_DESC* memory = nullptr;  ///< of type LINEAR or PITCH2D
};

/// CUDA_ERROR_INVALID_VALUE for what the manual doesn't allow; NOT_SUPPORTED for formats we lack.
CUresult texture_state(const Device& device, const TextureSource& source, const CUDA_TEXTURE_DESC& texture,
                       const CUDA_RESOURCE_VIEW_DESC* view, exec::TextureState* state);

/// CUDA_ERROR_INVALID_VALUE if the array wasn't made with CUDA_ARRAY3D_SURFACE_LDST.
CUresult surface_state(const Array& array, exec::TextureState* state);

}  // namespace ppu::device

// CUDA arrays and mipmapped arrays: images in device memory whose layout is ours to choose. Texels lie in
// rows (64-byte aligned), rows in slices (z planes, layers, cube faces), slices in mip levels, all in one
// allocation.
#pragma once
#include <memory>
#include <vector>

#include "device/context.h"
#include "exec/texture.h"

namespace ppu::device {

/// The texel of an array format; false for formats that aren't supported (multi-planar, packed, compressed)
/// or a channel count that doesn't go with the format.
bool texel_format(CUarray_format format, unsigned channels, exec::TexelFormat* texel);

/// The same of a resource view's format.
bool view_format(CUresourceViewFormat format, exec::TexelFormat* texel);

/// One image: an array of its own, or a level of a mipmapped array.
class Array {
 public:
  /// CUDA_ERROR_INVALID_VALUE for descriptors that cuArray3DCreate doesn't allow, or beyond the device's
  /// limits; NOT_SUPPORTED for formats and flags we lack; OUT_OF_MEMORY.
  static CUresult create(Context& context, const CUDA_ARRAY3D_DESCRIPTOR& descriptor,
                         std::unique_ptr<Array>* array);
  Array(const CUDA_ARRAY3D_DESCRIPTOR& d, const exec::TexelFormat& f, const exec::TextureLevel& l)
      : descriptor_(d), format_(f), level_(l) {}
  ~Array();

  /// Width, Height and Depth as the program gave them: 0 where it has no such extent.
  const CUDA_ARRAY3D_DESCRIPTOR& descriptor() const { return descriptor_; }
  const exec::TexelFormat& format() const { return format_; }
  const exec::TextureLevel& level() const { return level_; }
  size_t row_bytes() const { return size_t(level_.width) * format_.bytes(); }
  /// Rows and slices that copies address: at least 1.
  size_t rows() const { return size_t(level_.height); }
  size_t slices() const { return size_t(level_.depth > 1 ? level_.depth : level_.slices); }
  bool is_level() const { return owned_ == 0; }  ///< of a mipmapped array
  /// From the first to behind the last texel's slice.
  size_t bytes() const { return slices() * level_.slice_pitch; }

 private:
  CUDA_ARRAY3D_DESCRIPTOR descriptor_;
  exec::TexelFormat format_;
  exec::TextureLevel level_;
  uint64_t context_ = 0;
  uint64_t owned_ = 0;  ///< its allocation; 0: a level's memory is its mipmapped array's
};

class MipmappedArray {
 public:
  /// As Array::create; `levels` is cut to what the extents allow (cuMipmappedArrayCreate).
  static CUresult create(Context& context, const CUDA_ARRAY3D_DESCRIPTOR& descriptor, unsigned levels,
                         std::unique_ptr<MipmappedArray>* array);
  ~MipmappedArray();
  size_t levels() const { return levels_.size(); }
  Array* level(size_t n) const { return levels_[n].get(); }
  const CUDA_ARRAY3D_DESCRIPTOR& descriptor() const { return levels_[0]->descriptor(); }
  uint64_t memory() const { return memory_; }
  size_t bytes() const { return bytes_; }

 private:
  std::vector<std::unique_ptr<Array>> levels_;
  uint64_t memory_ = 0, context_ = 0;
  size_t bytes_ = 0;
};

/// Alignment of arrays in memory.
constexpr size_t kArrayAlignment = 512;

}  // namespace ppu::device

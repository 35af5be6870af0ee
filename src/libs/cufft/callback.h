// The program's own functions at the ends of a transform (cuFFT documentation, "cuFFT LTO Callback
// Routines"): one gives each element that a transform reads, one takes each that it makes. Here they are
// linked with a kernel that calls them once an element, from or into a dense copy.
#pragma once
#include <cuda.h>
#include <cufftXt.h>

#include <memory>
#include <string>

namespace ppu::cufft {

class Callback {
 public:
  /// Links the piece with the kernel. `status` says why there is none.
  static std::shared_ptr<const Callback> make(const char* name, const void* piece, size_t bytes,
                                              cufftXtCallbackType type, void* info, cufftResult* status);
  ~Callback();
  Callback(const Callback&) = delete;

  cufftXtCallbackType type() const { return type_; }

  /// Queues one call for each of `count` elements of `batches` batches. Element x of batch b is at
  /// offsets[x] + b * distance in the program's array `data`, and at b * count + x in `dense`.
  CUresult run(CUstream stream, const void* data, CUdeviceptr dense, CUdeviceptr offsets, int64_t count,
               int64_t distance, int64_t batches, size_t shared_bytes) const;

 private:
  Callback() = default;
  CUmodule module_ = nullptr;
  CUfunction kernel_ = nullptr;
  cufftXtCallbackType type_ = CUFFT_CB_UNDEFINED;
  void* info_ = nullptr;
};

inline bool is_load(cufftXtCallbackType type) {
  return type <= CUFFT_CB_LD_REAL_DOUBLE;
}
/// The type of a side of a transform.
inline cufftXtCallbackType callback_type(bool load, bool real, bool is_double) {
  return cufftXtCallbackType((load ? 0 : 4) + (real ? 2 : 0) + is_double);
}

}  // namespace ppu::cufft

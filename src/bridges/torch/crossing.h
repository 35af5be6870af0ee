// Takes the tensors of one call across the border: CUDA tensors become CPU tensors over the same bytes, the
// CPU kernel's results become CUDA tensors that own their memory. Nothing is copied.
//
// What is the same object on one side is the same object on the other, and tensors that share a storage keep
// sharing it, so that aliases, views and in-place results keep their meaning. Dense, quantized, nested,
// sparse and compressed sparse tensors; conjugate and negative bits and wrapped numbers go along.
#pragma once
#include "bridges/torch/torch_headers.h"

namespace ppu::bridge {

class Crossing {
 public:
  explicit Crossing(c10::Device device) : device_(device) {}
  ~Crossing();
  Crossing(const Crossing&) = delete;
  Crossing& operator=(const Crossing&) = delete;

  /// A CPU tensor over the bytes of `t`; `t` itself where it is no CUDA tensor.
  at::Tensor to_cpu(at::Tensor t);
  /// The CUDA tensor for a result of the CPU kernel: the argument it came from, a view of one, or a new one.
  at::Tensor to_cuda(const at::Tensor& t);
  /// Gives CUDA arguments the sizes, strides and storage that the kernel gave their CPU side (out=,
  /// in-place).
  void write_back();

  /// CPU tensors among the arguments, which went across as they are.
  const c10::SmallVector<at::Tensor, 2>& strangers() const { return strangers_; }
  /// True when a CUDA tensor came.
  bool any_cuda() const { return any_cuda_; }
  /// The CUDA device of a tensor that isn't on the call's device, if there was one.
  const std::optional<c10::Device>& other_device() const { return other_device_; }

 private:
  struct StoragePair {
    c10::Storage cpu, cuda;
    void* address;  // of the CPU side when it was made
  };
  struct TensorPair {
    at::Tensor cpu, cuda;
  };
  at::Tensor find_cpu(const at::Tensor& cuda) const;
  at::Tensor find_cuda(const at::Tensor& cpu) const;
  at::Tensor remember(at::Tensor cpu, at::Tensor cuda);
  at::Tensor dense_to_cpu(const at::Tensor& t);
  c10::Storage find_storage(const c10::Storage& cuda) const;
  c10::Storage storage_to_cpu(const c10::Storage& cuda);
  /// Takes `spare`, which nothing else uses, for a storage that isn't known yet.
  c10::Storage storage_to_cpu(const c10::Storage& cuda, const c10::Storage& spare);
  c10::Storage storage_to_cuda(const c10::Storage& cpu);
  at::Tensor convert_layout(const at::Tensor& t, bool in);
  at::Tensor convert_quantized(const at::Tensor& t, c10::Storage storage, c10::DispatchKey key, bool in);
  void write_back_sparse(const at::Tensor& cpu, const at::Tensor& cuda);
  void write_back_compressed(const at::Tensor& cpu, const at::Tensor& cuda);

  c10::Device device_;
  c10::SmallVector<StoragePair, 6> storages_;
  c10::SmallVector<TensorPair, 6> tensors_;
  c10::SmallVector<at::Tensor, 2> strangers_;
  std::unordered_map<const c10::TensorImpl*, size_t> index_;  // of tensors_ by CUDA side, once there are many
  bool any_cuda_ = false;
  std::optional<c10::Device> other_device_;
};

}  // namespace ppu::bridge

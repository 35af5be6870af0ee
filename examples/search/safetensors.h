// Reads safetensors files: a JSON header (name -> type, shape, place) and raw little-endian tensors. The file
// stays mapped; tensors point into it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace search {

struct Tensor {
  std::vector<size_t> shape;
  const float* data = nullptr;
  size_t size() const;
};

class Safetensors {
 public:
  /// Maps the file and checks its header against its size. Fails with kBadModel.
  explicit Safetensors(const std::filesystem::path& path);
  ~Safetensors();
  Safetensors(const Safetensors&) = delete;
  Safetensors& operator=(const Safetensors&) = delete;

  /// The f32 tensor of this name and shape. Fails with kBadModel, naming it.
  const Tensor& get(const std::string& name, const std::vector<size_t>& shape) const;

  const std::byte* bytes() const { return bytes_; }
  size_t byte_count() const { return byte_count_; }

 private:
  std::filesystem::path path_;
  const std::byte* bytes_ = nullptr;
  size_t byte_count_ = 0;
  std::map<std::string, Tensor> tensors_;
};

}  // namespace search

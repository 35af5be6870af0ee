// Every number of the header is checked before it is used: a damaged download must end in a message, not a
// crash.
#include "safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "failure.h"

namespace search {
namespace {

std::string shape_text(const std::vector<size_t>& shape) {
  std::string text = "[";
  for (size_t extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

}  // namespace

size_t Tensor::size() const {
  size_t count = 1;
  for (size_t extent : shape) count *= extent;
  return count;
}

Safetensors::Safetensors(const std::filesystem::path& path) : path_(path) {
  const auto damaged = [&](const std::string& what) {
    return Failure(kBadModel, path.string() + ": " + what);
  };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw damaged(std::string("can't open the weights: ") + std::strerror(errno));
  struct stat info;
  if (fstat(file, &info) == 0 && info.st_size > 8) {
    void* mapped = mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    if (mapped != MAP_FAILED)
      bytes_ = static_cast<const std::byte*>(mapped), byte_count_ = size_t(info.st_size);
  }
  close(file);
  if (!bytes_) throw damaged("no safetensors file (too short, or can't be mapped)");

  uint64_t header_size = 0;
  std::memcpy(&header_size, bytes_, 8);
  if (header_size > byte_count_ - 8) throw damaged("damaged: the header is longer than the file");
  const char* text = reinterpret_cast<const char*>(bytes_ + 8);
  const auto header = nlohmann::json::parse(text, text + header_size, nullptr, false);
  if (!header.is_object()) throw damaged("damaged: the header is no JSON object");
  const size_t data_size = byte_count_ - 8 - header_size;
  try {
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__" || entry.at("dtype") != "F32") continue;
      Tensor tensor;
      tensor.shape = entry.at("shape").get<std::vector<size_t>>();
      const auto offsets = entry.at("data_offsets").get<std::vector<size_t>>();
      if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data_size ||
          offsets[1] - offsets[0] != tensor.size() * sizeof(float))
        throw damaged("damaged: tensor " + name + " doesn't fit the file");
      tensor.data = reinterpret_cast<const float*>(bytes_ + 8 + header_size + offsets[0]);
      tensors_.emplace(name, std::move(tensor));
    }
  } catch (const nlohmann::json::exception& error) {
    throw damaged(std::string("damaged header: ") + error.what());
  }
}

Safetensors::~Safetensors() {
  if (bytes_) munmap(const_cast<std::byte*>(bytes_), byte_count_);
}

const Tensor& Safetensors::get(const std::string& name, const std::vector<size_t>& shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Failure(kBadModel, path_.string() + ": no f32 tensor " + name);
  if (found->second.shape != shape)
    throw Failure(kBadModel, path_.string() + ": " + name + " has shape " + shape_text(found->second.shape) +
                                 ", expected " + shape_text(shape));
  return found->second;
}

}  // namespace search

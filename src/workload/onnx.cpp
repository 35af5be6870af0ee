#include "workload/onnx.h"
namespace ppu::workload {
Result<Model> read_onnx(const std::string& path, const ReadOptions& options) {
  return unsupported(path + ": ONNX files aren't read yet");
}
}  // namespace ppu::workload

#include "workload/onnx.h"
namespace ppu::workload {
Result<Model> read_onnx(const std::string& path) {
  return unsupported(path + ": ONNX files aren't read yet");
}
}  // namespace ppu::workload

// The same kernels as OpenCL C on PoCL, the other way to run GPU code on a CPU. Found at run time.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>

namespace bench {

/// What a kernel is given: a buffer over host memory, or a number.
struct OpenClArgument {
  void* memory = nullptr;
  size_t bytes = 0;
  int number = 0;
  float real = 0;
  enum class Kind { kMemory, kInt, kFloat } kind = Kind::kInt;
  static OpenClArgument buffer(void* p, size_t n) { return {p, n, 0, 0, Kind::kMemory}; }
  static OpenClArgument of(int n) { return {nullptr, 0, n, 0, Kind::kInt}; }
  static OpenClArgument of(float x) { return {nullptr, 0, 0, x, Kind::kFloat}; }
};

class OpenClDevice;

/// A kernel with its arguments, ready to run.
class OpenClKernel {
 public:
  virtual ~OpenClKernel() = default;
  /// Runs it to its end; its buffers' host memory has the results then.
  virtual void run() = 0;
};

/// PoCL's CPU device; null, with the reason in *why, where there is none.
std::shared_ptr<OpenClDevice> open_pocl(std::string* why);

/// Two-dimensional: `global` threads in groups of `local`.
std::unique_ptr<OpenClKernel> make_kernel(const std::shared_ptr<OpenClDevice>& device, const char* name,
                                          std::initializer_list<size_t> global,
                                          std::initializer_list<size_t> local,
                                          std::initializer_list<OpenClArgument> arguments);

}  // namespace bench

// Our kernels beside the same ones on PoCL.
#include "others.h"

#include <string>

#include "harness.h"
#include "kernels.h"
#include "opencl.h"

namespace bench {
namespace {

using Argument = OpenClArgument;
using Device = std::shared_ptr<OpenClDevice>;

template <class T>
Argument memory(const Arrays<T>& a) {
  return Argument::buffer(a.host, a.size * sizeof(T));
}

void against_pocl(const char* name, int repeats, const std::function<void()>& ours, OpenClKernel& kernel,
                  const std::function<bool()>& same) {
  measure({name, "PoCL"}, repeats, ours, [&] { kernel.run(); }, same);
}

void saxpy(const Device& pocl, int repeats) {
  Arrays<float> x(kSaxpyN, unit), y(kSaxpyN, [](size_t i) { return unit(i + 7); });
  const auto kernel = make_kernel(pocl, "saxpy", {size_t{kSaxpyN}}, {256},
                                  {Argument::of(kSaxpyN), Argument::of(1e-3f), memory(x), memory(y)});
  against_pocl(
      "saxpy", repeats, [&] { device::saxpy(1e-3f, x.device, y.device); }, *kernel,
      [&] { return close(y, 1e-6); });
}

void sgemm(const Device& pocl, int repeats) {
  const size_t n = size_t{kSgemmN} * kSgemmN;
  Arrays<float> a(n, unit), b(n, [](size_t i) { return unit(i * 3 + 1) - 0.5f; }), c(n);
  const auto kernel = make_kernel(pocl, "sgemm", {size_t{kSgemmN}, size_t{kSgemmN}}, {16, 16},
                                  {Argument::of(kSgemmN), memory(a), memory(b), memory(c)});
  against_pocl(
      "sgemm 16x16 tiles", repeats, [&] { device::sgemm(a.device, b.device, c.device); }, *kernel,
      [&] { return close(c, 1e-4); });
}

void mandelbrot(const Device& pocl, int repeats) {
  Arrays<int> out(size_t{kMandelbrotSize} * kMandelbrotSize);
  const auto kernel =
      make_kernel(pocl, "mandelbrot", {size_t{kMandelbrotSize}, size_t{kMandelbrotSize}}, {32, 8},
                  {Argument::of(kMandelbrotSize), Argument::of(kMandelbrotLimit), memory(out)});
  against_pocl(
      "mandelbrot", repeats, [&] { device::mandelbrot(out.device); }, *kernel,
      [&] {  // contraction moves single pixels on the border of the set
        const std::vector<int> got = out.result();
        size_t differ = 0;
        for (size_t i = 0; i < got.size(); ++i) differ += got[i] != out.host[i];
        return differ < got.size() / 50;
      });
}

void softmax(const Device& pocl, int repeats) {
  const size_t n = size_t{kSoftmaxRows} * kSoftmaxColumns;
  Arrays<float> in(n, [](size_t i) { return unit(i) * 20 - 10; }), out(n);
  const auto kernel = make_kernel(pocl, "softmax", {size_t{kSoftmaxRows} * 256}, {256},
                                  {Argument::of(kSoftmaxColumns), memory(in), memory(out)});
  against_pocl(
      "softmax", repeats, [&] { device::softmax(in.device, out.device); }, *kernel,
      [&] { return close(out, 1e-5); });
}

}  // namespace

void measure_pocl(int repeats) {
  std::string why;
  const Device pocl = open_pocl(&why);
  if (!pocl) return absent("PoCL", why.c_str());
  saxpy(pocl, repeats);
  sgemm(pocl, repeats / 3 + 1);
  mandelbrot(pocl, repeats / 3 + 1);
  softmax(pocl, repeats / 3 + 1);
}

}  // namespace bench

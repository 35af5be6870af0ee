// See plan.h. A transform of several dimensions is made line by line in a dense complex copy.
#include "libs/cufft/plan.h"

#include <algorithm>
#include <vector>

#include "libs/cufft/transform.h"
#include "libs/shell/stream_work.h"

namespace ppu::cufft {
namespace {

/// The layout for a side: as given, or dense. Of a complex side of a real transform, only half the last
/// dimension is there.
Layout resolve(const Plan& p, const Layout& given, bool real, bool in_place) {
  if (given.given) return given;
  const bool halved = p.real_in || p.real_out;
  const int64_t half = p.n[2] / 2 + 1;
  Layout l;
  l.embed[0] = p.n[0], l.embed[1] = p.n[1];
  l.embed[2] = !halved ? p.n[2] : real ? (in_place ? 2 * half : p.n[2]) : half;
  l.distance = l.embed[0] * l.embed[1] * l.embed[2];
  return l;
}

int64_t offset(const Layout& l, int64_t batch, int64_t x0, int64_t x1, int64_t x2) {
  return batch * l.distance + ((x0 * l.embed[1] + x1) * l.embed[2] + x2) * l.stride;
}

template <class T>
struct Work {
  const Plan& plan;
  Layout in, out;
  std::vector<Complex<T>> numbers;

  /// Calls f(x0, x1, x2, number) for each element with x2 below `last`.
  template <class F>
  void each(int64_t last, F f) {
    for (int64_t x0 = 0; x0 < plan.n[0]; ++x0)
      for (int64_t x1 = 0; x1 < plan.n[1]; ++x1)
        for (int64_t x2 = 0; x2 < last; ++x2)
          f(x0, x1, x2, numbers[size_t((x0 * plan.n[1] + x1) * plan.n[2] + x2)]);
  }

  void load(const void* from, int64_t batch) {
    if (plan.real_in)
      return each(plan.n[2], [&](int64_t a, int64_t b, int64_t c, Complex<T>& x) {
        x = {static_cast<const T*>(from)[offset(in, batch, a, b, c)], 0};
      });
    const auto* z = static_cast<const Complex<T>*>(from);
    each(plan.n[2], [&](int64_t a, int64_t b, int64_t c, Complex<T>& x) {
      if (!plan.real_out || c <= plan.n[2] / 2) {
        x = z[offset(in, batch, a, b, c)];
        return;
      }
      // The half that isn't there is the conjugate of its mirror image.
      const auto mirror = [](int64_t i, int64_t n) { return i == 0 ? 0 : n - i; };
      x = z[offset(in, batch, mirror(a, plan.n[0]), mirror(b, plan.n[1]), plan.n[2] - c)];
      x.im = -x.im;
    });
  }

  void store(void* to, int64_t batch) {
    if (plan.real_out)
      return each(plan.n[2], [&](int64_t a, int64_t b, int64_t c, const Complex<T>& x) {
        static_cast<T*>(to)[offset(out, batch, a, b, c)] = x.re;
      });
    each(plan.real_in ? plan.n[2] / 2 + 1 : plan.n[2],
         [&](int64_t a, int64_t b, int64_t c, const Complex<T>& x) {
           static_cast<Complex<T>*>(to)[offset(out, batch, a, b, c)] = x;
         });
  }

  void transform(const Transform<T>& t, int dimension, int sign) {
    const auto n = size_t(plan.n[dimension]);
    if (n == 1) return;
    size_t stride = 1;
    for (int d = dimension + 1; d < 3; ++d) stride *= size_t(plan.n[d]);
    std::vector<Complex<T>> line(n);
    for (size_t block = 0; block < numbers.size(); block += n * stride)
      for (size_t i = 0; i < stride; ++i) {
        Complex<T>* first = numbers.data() + block + i;
        t.run(first, stride, line.data(), sign);
        for (size_t k = 0; k < n; ++k) first[k * stride] = line[k];
      }
  }
};

template <class T>
struct Transforms {
  Transform<T> by_dimension[3];
  explicit Transforms(const int64_t* n)
      : by_dimension{Transform<T>(size_t(n[0])), Transform<T>(size_t(n[1])), Transform<T>(size_t(n[2]))} {}
};

template <class T>
void run(Plan& plan, const void* from, void* to, int sign) {
  std::shared_ptr<const void> transforms;
  {
    const std::lock_guard lock(plan.mutex);
    if (!plan.transforms) plan.transforms = std::make_shared<Transforms<T>>(plan.n);
    transforms = plan.transforms;
  }
  const auto& all = *static_cast<const Transforms<T>*>(transforms.get());
  const bool in_place = from == to;
  Work<T> work = {plan, resolve(plan, plan.in, plan.real_in, in_place),
                  resolve(plan, plan.out, plan.real_out, in_place),
                  std::vector<Complex<T>>(size_t(plan.n[0] * plan.n[1] * plan.n[2]))};
  for (int64_t batch = 0; batch < plan.batch; ++batch) {
    work.load(from, batch);
    for (int d = 0; d < 3; ++d) work.transform(all.by_dimension[d], d, sign);
    work.store(to, batch);
  }
}

bool reach(const Plan& p, const Layout& given, bool real, bool in_place, const void* data) {
  const Layout l = resolve(p, given, real, in_place);
  const int64_t last = real || !(p.real_in || p.real_out) ? p.n[2] : p.n[2] / 2 + 1;
  const int64_t end = std::max<int64_t>(offset(l, p.batch - 1, p.n[0] - 1, p.n[1] - 1, last - 1),
                                        offset(l, 0, p.n[0] - 1, p.n[1] - 1, last - 1)) +
                      1;
  return shell::reachable("cufft", data, size_t(end) * (p.is_double ? 8 : 4) * (real ? 1 : 2));
}

}  // namespace

cufftResult execute(const std::shared_ptr<Plan>& plan, const void* in, void* out, int direction) {
  if (!in || !out) return CUFFT_INVALID_VALUE;
  if (plan->real_in) direction = CUFFT_FORWARD;
  if (plan->real_out) direction = CUFFT_INVERSE;
  if (direction != CUFFT_FORWARD && direction != CUFFT_INVERSE) return CUFFT_INVALID_VALUE;
  if (!reach(*plan, plan->in, plan->real_in, in == out, in) ||
      !reach(*plan, plan->out, plan->real_out, in == out, out))
    return CUFFT_EXEC_FAILED;
  const CUresult queued = shell::enqueue(plan->stream, [=] {
    plan->is_double ? run<double>(*plan, in, out, direction) : run<float>(*plan, in, out, direction);
  });
  return queued == CUDA_SUCCESS ? CUFFT_SUCCESS : CUFFT_EXEC_FAILED;
}

}  // namespace ppu::cufft

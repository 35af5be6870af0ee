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
void run(Plan& plan, const void* from, void* to, const Layout& in, const Layout& out, int sign) {
  std::shared_ptr<const void> transforms;
  {
    const std::lock_guard lock(plan.mutex);
    if (!plan.transforms) plan.transforms = std::make_shared<Transforms<T>>(plan.n);
    transforms = plan.transforms;
  }
  const auto& all = *static_cast<const Transforms<T>*>(transforms.get());
  Work<T> work = {plan, in, out, std::vector<Complex<T>>(size_t(plan.n[0] * plan.n[1] * plan.n[2]))};
  for (int64_t batch = 0; batch < plan.batch; ++batch) {
    work.load(from, batch);
    for (int d = 0; d < 3; ++d) work.transform(all.by_dimension[d], d, sign);
    work.store(to, batch);
  }
}

/// How many of the last dimension's elements are in memory.
int64_t last_of(const Plan& p, bool real) {
  return real || !(p.real_in || p.real_out) ? p.n[2] : p.n[2] / 2 + 1;
}

/// One end of a transform, and the program's function there, if there is one.
struct Side {
  Layout layout;
  int64_t last = 0;
  size_t element = 0;  ///< bytes
  const Callback* callback = nullptr;
  size_t shared = 0;
};
Side side_of(const Plan& p, bool load, bool in_place) {
  const bool real = load ? p.real_in : p.real_out;
  return {resolve(p, load ? p.in : p.out, real, in_place), last_of(p, real),
          size_t(p.is_double ? 8 : 4) * (real ? 1 : 2), load ? p.load.get() : p.store.get(),
          load ? p.load_shared : p.store_shared};
}

bool reach(const Plan& p, const Side& s, const void* data) {
  if (s.callback) return true;  // what it does with the address is its affair
  const int64_t end = std::max<int64_t>(offset(s.layout, p.batch - 1, p.n[0] - 1, p.n[1] - 1, s.last - 1),
                                        offset(s.layout, 0, p.n[0] - 1, p.n[1] - 1, s.last - 1)) +
                      1;
  return shell::reachable("cufft", data, size_t(end) * s.element);
}

/// A dense copy of a side, in order of the plan's stream, and where each element lies in the program's array.
class Copy {
 public:
  Copy(const std::shared_ptr<Plan>& plan, const Side& side) : plan_(plan), side_(side) {}
  ~Copy() {
    for (const CUdeviceptr p : {dense_, offsets_})
      if (p) cuMemFreeAsync(p, plan_->stream);
  }
  Copy(const Copy&) = delete;

  CUresult make() {
    const size_t count = size_t(elements());
    const size_t bytes = count * size_t(plan_->batch) * side_.element;
    if (const CUresult bad = cuMemAllocAsync(&dense_, bytes, plan_->stream)) return bad;
    if (const CUresult bad = cuMemAllocAsync(&offsets_, count * sizeof(int64_t), plan_->stream)) return bad;
    return shell::enqueue(plan_->stream, [plan = plan_, side = side_, at = offsets_] {
      auto* next = reinterpret_cast<int64_t*>(at);
      for (int64_t x0 = 0; x0 < plan->n[0]; ++x0)
        for (int64_t x1 = 0; x1 < plan->n[1]; ++x1)
          for (int64_t x2 = 0; x2 < side.last; ++x2) *next++ = offset(side.layout, 0, x0, x1, x2);
    });
  }
  CUresult call(const void* data) const {
    return side_.callback->run(plan_->stream, data, dense_, offsets_, elements(), side_.layout.distance,
                               plan_->batch, side_.shared);
  }
  void* data() const { return reinterpret_cast<void*>(dense_); }
  Layout layout() const { return {true, {plan_->n[0], plan_->n[1], side_.last}, 1, elements()}; }

 private:
  int64_t elements() const { return plan_->n[0] * plan_->n[1] * side_.last; }

  std::shared_ptr<Plan> plan_;
  Side side_;
  CUdeviceptr dense_ = 0, offsets_ = 0;
};

}  // namespace

cufftResult execute(const std::shared_ptr<Plan>& plan, const void* in, void* out, int direction) {
  if (!in || !out) return CUFFT_INVALID_VALUE;
  if (plan->real_in) direction = CUFFT_FORWARD;
  if (plan->real_out) direction = CUFFT_INVERSE;
  if (direction != CUFFT_FORWARD && direction != CUFFT_INVERSE) return CUFFT_INVALID_VALUE;
  const Side from = side_of(*plan, true, in == out), to = side_of(*plan, false, in == out);
  if (!reach(*plan, from, in) || !reach(*plan, to, out)) return CUFFT_EXEC_FAILED;
  Copy loaded(plan, from), stored(plan, to);
  if (from.callback && (loaded.make() != CUDA_SUCCESS || loaded.call(in) != CUDA_SUCCESS))
    return CUFFT_EXEC_FAILED;
  if (to.callback && stored.make() != CUDA_SUCCESS) return CUFFT_EXEC_FAILED;
  const void* source = from.callback ? loaded.data() : in;
  void* target = to.callback ? stored.data() : out;
  const Layout source_layout = from.callback ? loaded.layout() : from.layout;
  const Layout target_layout = to.callback ? stored.layout() : to.layout;
  const CUresult queued = shell::enqueue(plan->stream, [=] {
    (plan->is_double ? run<double> : run<float>)(*plan, source, target, source_layout, target_layout,
                                                 direction);
  });
  if (queued != CUDA_SUCCESS || (to.callback && stored.call(out) != CUDA_SUCCESS)) return CUFFT_EXEC_FAILED;
  return CUFFT_SUCCESS;
}

}  // namespace ppu::cufft

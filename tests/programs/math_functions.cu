// The math library in kernels, in units of the last place against the host's double (for float) or long
// double (for double) functions. Bounds: CUDA C++ programming guide, appendix "Mathematical functions".
#include "check.h"

enum { kFloatFunctions = 26, kDoubleFunctions = 18 };

template <class T>
__device__ void evaluate_common(T x, T y, T* out, int n) {
  int k = 0;
  const auto put = [&](T v) { out[n * k++] = v; };
  put(sqrt(x));
  put(exp(y));
  put(exp2(y));
  put(log(x));
  put(log2(x));
  put(log10(x));
  put(log1p(x));
  put(sin(y));
  put(cos(y));
  put(tan(y));
  put(atan(y));
  put(atan2(y, x));
  put(tanh(y));
  put(pow(x, y));
  put(cbrt(y));
  put(fmod(x * 50, fabs(y) + T(0.5)));
  put(floor(y) + ceil(x) * 10 + trunc(y) * 100 + rint(y) * 1000 + round(y) * 10000);
  put(hypot(x, y));
}

__global__ void floats(const float* x, const float* y, float* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  evaluate_common<float>(x[i], y[i], out + i, n);
  int k = kDoubleFunctions;
  const auto put = [&](float v) { out[n * k++ + i] = v; };
  put(rsqrtf(x[i]));
  put(erff(y[i]));
  put(asinf(y[i] * 0.05f));
  put(acosf(y[i] * 0.05f));
  put(sinhf(y[i]));
  put(expm1f(y[i]));
  put(exp10f(y[i]));
  put(x[i] / y[i]);
}

__global__ void doubles(const double* x, const double* y, double* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) evaluate_common<double>(x[i], y[i], out + i, n);
}

/// The hardware's approximations: only an absolute bound.
__global__ void fast(const float* y, float* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const float v = y[i] * 0.15f;
  out[i] = __sinf(v);
  out[n + i] = __cosf(v);
  out[2 * n + i] = __expf(v);
  out[3 * n + i] = __logf(fabsf(v) + 1.5f);
  out[4 * n + i] = __fdividef(1.0f, v * v + 1.0f);
  out[5 * n + i] = __powf(fabsf(v) + 1.0f, 1.5f);
}

template <class Wide>
std::vector<Wide> host_common(Wide x, Wide y, Wide x50, Wide divisor) {
  return {
      std::sqrt(x),
      std::exp(y),
      std::exp2(y),
      std::log(x),
      std::log2(x),
      std::log10(x),
      std::log1p(x),
      std::sin(y),
      std::cos(y),
      std::tan(y),
      std::atan(y),
      std::atan2(y, x),
      std::tanh(y),
      std::pow(x, y),
      std::cbrt(y),
      std::fmod(x50, divisor),
      std::floor(y) + std::ceil(x) * 10 + std::trunc(y) * 100 + std::rint(y) * 1000 + std::round(y) * 10000,
      std::hypot(x, y)};
}

const char* const kNames[kFloatFunctions] = {"sqrt", "exp",  "exp2",  "log",   "log2",  "log10", "log1p",
                                             "sin",  "cos",  "tan",   "atan",  "atan2", "tanh",  "pow",
                                             "cbrt", "fmod", "round", "hypot", "rsqrt", "erf",   "asin",
                                             "acos", "sinh", "expm1", "exp10", "divide"};
/// Largest error in ulps that the guide gives, float and double.
const int kFloatUlp[kFloatFunctions] = {0, 2, 2, 1, 1, 2, 1, 2, 2, 4, 2, 3, 2,
                                        4, 1, 0, 0, 3, 2, 2, 2, 2, 3, 1, 2, 0};
const int kDoubleUlp[kDoubleFunctions] = {0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 1, 0, 0, 2};

template <class T, class Wide>
double ulps(T got, Wide want) {
  const T nearest = static_cast<T>(want);
  if (got == nearest) return 0;
  int exponent;
  std::frexp(nearest, &exponent);
  const int digits = sizeof(T) == 4 ? 24 : 53;
  const int lowest = sizeof(T) == 4 ? -125 : -1021;
  const Wide unit = std::ldexp(Wide(1), (exponent < lowest ? lowest : exponent) - digits);
  return static_cast<double>(std::fabs((got - want) / unit));
}

template <class T, class Wide>
void compare(const std::vector<T>& got, int n, int i, const std::vector<Wide>& want, const int* bound,
             const char* type) {
  for (size_t k = 0; k < want.size(); ++k) {
    const double off = ulps<T, Wide>(got[n * k + i], want[k]);
    // The rounded reference itself may be half an ulp off.
    if (!(off <= bound[k] + 0.51))
      check::fail("%s %s [%d]: %.9g, not %.9g (%.2f ulp)\n", type, kNames[k], i,
                  static_cast<double>(got[n * k + i]), static_cast<double>(want[k]), off);
  }
}

int main() {
  const int n = 2000;
  check::Random random;
  std::vector<float> x(n), y(n);
  std::vector<double> dx(n), dy(n);
  for (int i = 0; i < n; ++i) {
    dx[i] = x[i] = random.unit() * 30.0f + 0.01f;
    dy[i] = y[i] = random.unit() * 36.0f - 18.0f;
  }
  DeviceArray<float> fx(x), fy(y), fout(n * kFloatFunctions), quick(n * 6);
  DeviceArray<double> ddx(dx), ddy(dy), dout(n * kDoubleFunctions);
  floats<<<(n + 127) / 128, 128>>>(fx, fy, fout, n);
  doubles<<<(n + 127) / 128, 128>>>(ddx, ddy, dout, n);
  fast<<<(n + 127) / 128, 128>>>(fy, quick, n);
  CUDA_SYNC();
  const std::vector<float> f = fout.host(), q = quick.host();
  const std::vector<double> d = dout.host();
  for (int i = 0; i < n; ++i) {
    const double a = x[i], b = y[i];
    std::vector<double> want = host_common<double>(a, b, x[i] * 50, std::fabs(y[i]) + 0.5f);
    for (double v : {1 / std::sqrt(a), std::erf(b), std::asin(static_cast<double>(y[i] * 0.05f)),
                     std::acos(static_cast<double>(y[i] * 0.05f)), std::sinh(b), std::expm1(b),
                     std::pow(10.0, b), a / b})
      want.push_back(v);
    compare<float, double>(f, n, i, want, kFloatUlp, "float");
    const long double la = dx[i], lb = dy[i];
    compare<double, long double>(
        d, n, i, host_common<long double>(la, lb, dx[i] * 50, std::fabs(dy[i]) + 0.5), kDoubleUlp, "double");
    const double v = y[i] * 0.15f;
    const double wanted[6] = {std::sin(v),     std::cos(v),
                              std::exp(v),     std::log(std::fabs(v) + 1.5),
                              1 / (v * v + 1), std::pow(std::fabs(v) + 1, 1.5)};
    for (int k = 0; k < 6; ++k)
      if (!(std::fabs(q[n * k + i] - wanted[k]) <= 3e-6 * std::fmax(1.0, std::fabs(wanted[k]))))
        check::fail("fast %d [%d]: %.9g, not %.9g\n", k, i, q[n * k + i], wanted[k]);
  }
  check::digest(f.data(), f.size() * sizeof(float));
  check::digest(d.data(), d.size() * sizeof(double));
  check::digest(q.data(), q.size() * sizeof(float));
  return check::verdict("math_functions");
}

// thrust::complex, of Thrust's documentation: a complex number for host and device, with the functions of
// <complex>. Nothing else of Thrust is here; PyTorch's headers want this one. The inverse functions are their
// textbook formulas: some digits are lost close to their branch points.
#pragma once
#include <cuda_runtime.h>
#include <math.h>
#include <complex>

namespace thrust {

template <class T>
struct complex {
  using value_type = T;
  T re_, im_;

  __host__ __device__ constexpr complex(const T& re = T(), const T& im = T()) : re_(re), im_(im) {}
  constexpr complex(const complex&) = default;
  constexpr complex& operator=(const complex&) = default;
  template <class U>
  __host__ __device__ constexpr complex(const complex<U>& z) : re_(T(z.real())), im_(T(z.imag())) {}
  template <class U>
  __host__ complex(const std::complex<U>& z) : re_(T(z.real())), im_(T(z.imag())) {}
  __host__ operator std::complex<T>() const { return {re_, im_}; }

  __host__ __device__ constexpr T real() const { return re_; }
  __host__ __device__ constexpr T imag() const { return im_; }
  __host__ __device__ void real(T re) { re_ = re; }
  __host__ __device__ void imag(T im) { im_ = im; }

  __host__ __device__ complex& operator+=(const complex& z) { return *this = *this + z; }
  __host__ __device__ complex& operator-=(const complex& z) { return *this = *this - z; }
  __host__ __device__ complex& operator*=(const complex& z) { return *this = *this * z; }
  __host__ __device__ complex& operator/=(const complex& z) { return *this = *this / z; }

  friend __host__ __device__ complex operator+(const complex& a, const complex& b) {
    return {a.re_ + b.re_, a.im_ + b.im_};
  }
  friend __host__ __device__ complex operator-(const complex& a, const complex& b) {
    return {a.re_ - b.re_, a.im_ - b.im_};
  }
  friend __host__ __device__ complex operator*(const complex& a, const complex& b) {
    return {a.re_ * b.re_ - a.im_ * b.im_, a.re_ * b.im_ + a.im_ * b.re_};
  }
  /// Scaled by the larger part of `b`, so that its square neither overflows nor vanishes.
  friend __host__ __device__ complex operator/(const complex& a, const complex& b) {
    if (fabs(b.re_) >= fabs(b.im_)) {
      const T r = b.im_ / b.re_, d = b.re_ + b.im_ * r;
      return {(a.re_ + a.im_ * r) / d, (a.im_ - a.re_ * r) / d};
    }
    const T r = b.re_ / b.im_, d = b.re_ * r + b.im_;
    return {(a.re_ * r + a.im_) / d, (a.im_ * r - a.re_) / d};
  }
  friend __host__ __device__ complex operator+(const complex& z) { return z; }
  friend __host__ __device__ complex operator-(const complex& z) { return {-z.re_, -z.im_}; }
  friend __host__ __device__ bool operator==(const complex& a, const complex& b) {
    return a.re_ == b.re_ && a.im_ == b.im_;
  }
  friend __host__ __device__ bool operator!=(const complex& a, const complex& b) { return !(a == b); }
};

// clang-format off
template <class T> __host__ __device__ T abs(const complex<T>& z) { return hypot(z.real(), z.imag()); }
template <class T> __host__ __device__ T arg(const complex<T>& z) { return atan2(z.imag(), z.real()); }
template <class T> __host__ __device__ T norm(const complex<T>& z) { return z.real() * z.real() + z.imag() * z.imag(); }
template <class T> __host__ __device__ complex<T> conj(const complex<T>& z) { return {z.real(), -z.imag()}; }
template <class T> __host__ __device__ complex<T> polar(const T& r, const T& angle = T()) { return {r * cos(angle), r * sin(angle)}; }
template <class T> __host__ __device__ complex<T> exp(const complex<T>& z) { return polar(T(::exp(z.real())), z.imag()); }
template <class T> __host__ __device__ complex<T> log(const complex<T>& z) { return {T(::log(abs(z))), arg(z)}; }
template <class T> __host__ __device__ complex<T> log10(const complex<T>& z) { return log(z) * complex<T>(T(0.43429448190325182765)); }
template <class T> __host__ __device__ complex<T> sinh(const complex<T>& z) {
  return {T(::sinh(z.real()) * ::cos(z.imag())), T(::cosh(z.real()) * ::sin(z.imag()))};
}
template <class T> __host__ __device__ complex<T> cosh(const complex<T>& z) {
  return {T(::cosh(z.real()) * ::cos(z.imag())), T(::sinh(z.real()) * ::sin(z.imag()))};
}
template <class T> __host__ __device__ complex<T> times_i(const complex<T>& z) { return {-z.imag(), z.real()}; }
template <class T> __host__ __device__ complex<T> over_i(const complex<T>& z) { return {z.imag(), -z.real()}; }
template <class T> __host__ __device__ complex<T> sin(const complex<T>& z) { return over_i(sinh(times_i(z))); }
template <class T> __host__ __device__ complex<T> cos(const complex<T>& z) { return cosh(times_i(z)); }
// clang-format on

/// Of twice the argument; beyond |re| = 20 the tangent is +-1 to more than double precision.
template <class T>
__host__ __device__ complex<T> tanh(const complex<T>& z) {
  if (::fabs(z.real()) > T(20)) return {T(::copysign(T(1), z.real())), T(0)};
  const T d = T(::cosh(2 * z.real()) + ::cos(2 * z.imag()));
  return {T(::sinh(2 * z.real())) / d, T(::sin(2 * z.imag())) / d};
}
template <class T>
__host__ __device__ complex<T> tan(const complex<T>& z) {
  return over_i(tanh(times_i(z)));
}
/// The principal root, the half sum taken where nothing cancels.
template <class T>
__host__ __device__ complex<T> sqrt(const complex<T>& z) {
  if (z == complex<T>()) return {T(0), z.imag()};
  const T t = T(::sqrt((::fabs(z.real()) + abs(z)) / 2));
  if (z.real() >= 0) return {t, z.imag() / (2 * t)};
  return {T(::fabs(z.imag())) / (2 * t), T(::copysign(t, z.imag()))};
}
template <class T>
__host__ __device__ complex<T> asinh(const complex<T>& z) {
  return log(z + sqrt(z * z + complex<T>(1)));
}
template <class T>
__host__ __device__ complex<T> acosh(const complex<T>& z) {
  return log(z + sqrt(z + complex<T>(1)) * sqrt(z - complex<T>(1)));
}
template <class T>
__host__ __device__ complex<T> atanh(const complex<T>& z) {
  return (log(complex<T>(1) + z) - log(complex<T>(1) - z)) * complex<T>(T(0.5));
}
template <class T>
__host__ __device__ complex<T> asin(const complex<T>& z) {
  return over_i(asinh(times_i(z)));
}
template <class T>
__host__ __device__ complex<T> acos(const complex<T>& z) {
  return complex<T>(T(1.57079632679489661923)) - asin(z);
}
template <class T>
__host__ __device__ complex<T> atan(const complex<T>& z) {
  return over_i(atanh(times_i(z)));
}
/// 0 to any power is 0, to the power of 0 it is 1.
template <class T>
__host__ __device__ complex<T> pow(const complex<T>& a, const complex<T>& b) {
  if (a == complex<T>()) return complex<T>(b == complex<T>() ? T(1) : T(0));
  return exp(b * log(a));
}
template <class T>
__host__ __device__ complex<T> pow(const complex<T>& a, const T& b) {
  return pow(a, complex<T>(b));
}
template <class T>
__host__ __device__ complex<T> pow(const T& a, const complex<T>& b) {
  return pow(complex<T>(a), b);
}

}  // namespace thrust

// See transform.h.
#include "libs/cufft/transform.h"

#include <cmath>
#include <numbers>

namespace ppu::cufft {
namespace {

constexpr size_t kLargestFactor = 64;  ///< beyond it a convolution is cheaper

template <class T>
Complex<T> operator+(Complex<T> a, Complex<T> b) {
  return {a.re + b.re, a.im + b.im};
}
template <class T>
Complex<T> operator-(Complex<T> a, Complex<T> b) {
  return {a.re - b.re, a.im - b.im};
}
template <class T>
Complex<T> operator*(Complex<T> a, Complex<T> b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
template <class T>
Complex<T> conjugate_if(bool is, Complex<T> a) {
  return {a.re, is ? -a.im : a.im};
}

/// e^(-2 pi i k/n), in double whatever T is.
template <class T>
Complex<T> root(size_t k, size_t n) {
  const double angle = -2 * std::numbers::pi * double(k) / double(n);
  return {T(std::cos(angle)), T(std::sin(angle))};
}

/// Fours first, then the other primes; a factor beyond kLargestFactor ends the list.
std::vector<size_t> factors_of(size_t n) {
  std::vector<size_t> factors;
  for (; n % 4 == 0; n /= 4) factors.push_back(4);
  for (size_t p = 2; p * p <= n; ++p)
    for (; n % p == 0; n /= p) factors.push_back(p);
  if (n > 1) factors.push_back(n);
  return factors;
}

}  // namespace

/// The transform as a convolution with e^(i pi k^2/n), which one of a length of powers of two does.
template <class T>
struct Transform<T>::Convolution {
  Transform inner;
  std::vector<Complex<T>> chirp, spectrum;

  static size_t room(size_t n) {
    size_t m = 1;
    while (m < 2 * n) m *= 2;
    return m;
  }
  explicit Convolution(size_t n) : inner(room(n)), chirp(n), spectrum(inner.size()) {
    // k^2 modulo 2n keeps the angle small and exact.
    for (size_t k = 0; k < n; ++k) chirp[k] = root<T>(k * k % (2 * n), 2 * n);
    std::vector<Complex<T>> kernel(inner.size(), Complex<T>{0, 0});
    for (size_t k = 0; k < n; ++k) {
      const Complex<T> c = conjugate_if(true, chirp[k]);
      kernel[k] = c;
      if (k > 0) kernel[inner.size() - k] = c;
    }
    inner.run(kernel.data(), 1, spectrum.data(), -1);
  }
};

template <class T>
Transform<T>::Transform(size_t n) : n_(n), factors_(factors_of(n)) {
  if (!factors_.empty() && factors_.back() > kLargestFactor) {
    convolution_ = std::make_shared<Convolution>(n);
    return;
  }
  roots_.resize(n);
  for (size_t k = 0; k < n; ++k) roots_[k] = root<T>(k, n);
}

template <class T>
void Transform<T>::run(const Complex<T>* from, size_t stride, Complex<T>* to, int sign) const {
  if (convolution_) return convolve(from, stride, to, sign > 0);
  if (n_ == 1) {
    *to = *from;
    return;
  }
  split(from, stride, to, 0, n_, sign > 0);
}

template <class T>
void Transform<T>::split(const Complex<T>* from, size_t stride, Complex<T>* to, size_t level, size_t n,
                         bool inverse) const {
  const size_t p = factors_[level], m = n / p;
  for (size_t q = 0; q < p; ++q) {
    if (m == 1)
      to[q] = from[q * stride];
    else
      split(from + q * stride, stride * p, to + q * m, level + 1, m, inverse);
  }
  combine(to, p, m, inverse);
}

/// p transforms of length m, one behind the other, become one of length p m.
template <class T>
void Transform<T>::combine(Complex<T>* to, size_t p, size_t m, bool inverse) const {
  const size_t step = n_ / (p * m);
  const auto twiddle = [&](size_t k) { return conjugate_if(inverse, roots_[k]); };
  if (p == 2) {
    for (size_t k = 0; k < m; ++k) {
      const Complex<T> a = to[k], b = to[k + m] * twiddle(step * k);
      to[k] = a + b, to[k + m] = a - b;
    }
    return;
  }
  if (p == 4) {
    for (size_t k = 0; k < m; ++k) {
      const Complex<T> a = to[k], b = to[k + m] * twiddle(step * k),
                       c = to[k + 2 * m] * twiddle(2 * step * k), d = to[k + 3 * m] * twiddle(3 * step * k);
      const Complex<T> even = a + c, odd = a - c, sum = b + d, difference = b - d;
      const Complex<T> turned =
          inverse ? Complex<T>{-difference.im, difference.re} : Complex<T>{difference.im, -difference.re};
      to[k] = even + sum, to[k + 2 * m] = even - sum;
      to[k + m] = odd + turned, to[k + 3 * m] = odd - turned;
    }
    return;
  }
  Complex<T> parts[kLargestFactor];
  for (size_t k = 0; k < m; ++k) {
    for (size_t q = 0; q < p; ++q) parts[q] = to[k + q * m] * twiddle(step * q * k);
    for (size_t r = 0; r < p; ++r) {
      Complex<T> sum = parts[0];
      for (size_t q = 1; q < p; ++q) sum = sum + parts[q] * twiddle(q * r % p * (n_ / p));
      to[k + r * m] = sum;
    }
  }
}

template <class T>
void Transform<T>::convolve(const Complex<T>* from, size_t stride, Complex<T>* to, bool inverse) const {
  const Convolution& c = *convolution_;
  const size_t room = c.inner.size();
  std::vector<Complex<T>> a(room, Complex<T>{0, 0}), b(room);
  // The inverse is the conjugate of the transform of the conjugate.
  for (size_t k = 0; k < n_; ++k) a[k] = conjugate_if(inverse, from[k * stride]) * c.chirp[k];
  c.inner.run(a.data(), 1, b.data(), -1);
  for (size_t k = 0; k < room; ++k) b[k] = b[k] * c.spectrum[k];
  c.inner.run(b.data(), 1, a.data(), 1);
  const T scale = T(1) / T(room);
  for (size_t k = 0; k < n_; ++k) {
    const Complex<T> x = a[k] * c.chirp[k];
    to[k] = conjugate_if(inverse, Complex<T>{x.re * scale, x.im * scale});
  }
}

template class Transform<float>;
template class Transform<double>;

}  // namespace ppu::cufft

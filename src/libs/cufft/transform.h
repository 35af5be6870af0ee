// The discrete Fourier transform of a line of any length: by the prime factors of the length (J. W. Cooley
// and J. W. Tukey, 1965), and for large ones by a convolution (L. I. Bluestein, 1970). Unscaled in both
// directions.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

namespace ppu::cufft {

template <class T>
struct Complex {
  T re, im;
};

template <class T>
class Transform {
 public:
  explicit Transform(size_t n);
  /// to[k] = sum over j of from[j * stride] e^(sign 2 pi i jk/n), sign -1 or +1. `to` is dense and not
  /// `from`.
  void run(const Complex<T>* from, size_t stride, Complex<T>* to, int sign) const;
  size_t size() const { return n_; }

 private:
  struct Convolution;
  void split(const Complex<T>* from, size_t stride, Complex<T>* to, size_t level, size_t n,
             bool inverse) const;
  void combine(Complex<T>* to, size_t p, size_t m, bool inverse) const;
  void convolve(const Complex<T>* from, size_t stride, Complex<T>* to, bool inverse) const;

  size_t n_;
  std::vector<size_t> factors_;
  std::vector<Complex<T>> roots_;  ///< e^(-2 pi i k/n)
  std::shared_ptr<Convolution> convolution_;
};

}  // namespace ppu::cufft

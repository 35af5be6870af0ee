// The number types behind the public ones of rows: cuComplex is std::complex<float> to the bodies.
// native(argument) is a row's argument as its body takes it.
#pragma once
#include <cuComplex.h>

#include <complex>

namespace ppu::shell {

template <class T>
struct Public {
  using Number = T;
};
template <>
struct Public<cuComplex> {
  using Number = std::complex<float>;
};
template <>
struct Public<cuDoubleComplex> {
  using Number = std::complex<double>;
};
template <class T>
using NumberOf = typename Public<T>::Number;

template <class A>
A native(A a) {
  return a;
}
inline std::complex<float> native(cuComplex a) {
  return {a.x, a.y};
}
inline std::complex<double> native(cuDoubleComplex a) {
  return {a.x, a.y};
}
template <class T>
NumberOf<T>* native(T* a) {
  return reinterpret_cast<NumberOf<T>*>(a);
}
template <class T>
const NumberOf<T>* native(const T* a) {
  return reinterpret_cast<const NumberOf<T>*>(a);
}
template <class T>
NumberOf<T>** native(T** a) {
  return reinterpret_cast<NumberOf<T>**>(a);
}

}  // namespace ppu::shell

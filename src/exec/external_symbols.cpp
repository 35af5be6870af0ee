// The functions that generated code may call by name: memory helpers, libm functions and compiler-support
// routines that LLVM's x86-64 back end can emit for the IR we give it. A name that isn't here is an error at
// load, so this list is also the promise of what a kernel can reach.
#include <cmath>
#include <cstring>
#include <string_view>

#include "exec/elf_loader.h"

extern "C" {
// 128-bit integer support of the compiler's runtime library (libgcc or compiler-rt).
__int128 __divti3(__int128, __int128);
__int128 __modti3(__int128, __int128);
unsigned __int128 __udivti3(unsigned __int128, unsigned __int128);
unsigned __int128 __umodti3(unsigned __int128, unsigned __int128);
float __floattisf(__int128);
double __floattidf(__int128);
float __floatuntisf(unsigned __int128);
double __floatuntidf(unsigned __int128);
__int128 __fixsfti(float);
__int128 __fixdfti(double);
float __powisf2(float, int);
double __powidf2(double, int);
}

namespace ppu::exec {
namespace {

// bfloat16 and half conversions, round to nearest even. Own code: libgcc 12 lacks the bf16 ones.
uint16_t bf16_bits(float f) {
  uint32_t u;
  std::memcpy(&u, &f, 4);
  if ((u & 0x7fffffff) > 0x7f800000) return uint16_t(u >> 16) | 0x40;
  return uint16_t((u + 0x7fff + ((u >> 16) & 1)) >> 16);
}

template <class To, class From>
To bit_copy(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

__bf16 truncsfbf2(float f) {
  return bit_copy<__bf16>(bf16_bits(f));
}

__bf16 truncdfbf2(double d) {
  // Round to odd in f32 first: the second rounding then equals a single one.
  float f = float(d);
  uint32_t u = bit_copy<uint32_t>(f);
  if (double(f) != d && std::isfinite(d) && std::isfinite(f) && !(u & 1)) {
    const bool grew = std::fabs(double(f)) > std::fabs(d);
    u = grew ? u - 1 : u + 1;
  }
  return truncsfbf2(bit_copy<float>(u));
}

float extendhfsf2(_Float16 h) {
  const uint16_t b = bit_copy<uint16_t>(h);
  const uint32_t sign = uint32_t(b & 0x8000) << 16, exponent = (b >> 10) & 31, fraction = b & 0x3ff;
  if (exponent == 31) return bit_copy<float>(sign | 0x7f800000 | (fraction << 13));
  if (exponent == 0) {
    const float magnitude = float(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return bit_copy<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

_Float16 truncdfhf2(double d) {
  const uint64_t u = bit_copy<uint64_t>(d);
  const uint16_t sign = uint16_t((u >> 48) & 0x8000);
  const double a = std::fabs(d);
  if (a != a) return bit_copy<_Float16>(uint16_t(sign | 0x7e00));
  if (a >= 65520.0) return bit_copy<_Float16>(uint16_t(sign | 0x7c00));
  // The unit in the last place of the result; nearbyint rounds half to even in the default mode.
  const int exponent = a < 0x1p-14 ? -14 : std::ilogb(a);
  const double units = std::nearbyint(std::ldexp(a, 10 - exponent));
  const uint32_t bits =
      a < 0x1p-14 ? uint32_t(units) : (uint32_t(exponent + 15) << 10) + uint32_t(units) - 0x400;
  return bit_copy<_Float16>(uint16_t(sign | bits));
}

_Float16 truncsfhf2(float f) {
  return truncdfhf2(double(f));
}

struct External {
  std::string_view name;
  void* address;
};

template <class F>
void* address_of(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

void* external_symbol(std::string_view name) {
#define F1(f)                                 \
  {#f, address_of<double(double)>(std::f)}, { \
    #f "f", address_of<float(float)>(std::f)  \
  }
#define F2(f)                                         \
  {#f, address_of<double(double, double)>(std::f)}, { \
    #f "f", address_of<float(float, float)>(std::f)   \
  }
#define RT(f) {#f, address_of(f)}
  static const External kExternals[] = {
      {"memcpy", address_of(::memcpy)},
      {"memmove", address_of(::memmove)},
      {"memset", address_of(::memset)},
      {"memcmp", address_of<int(const void*, const void*, size_t)>(::memcmp)},
      F1(sin),
      F1(cos),
      F1(tan),
      F1(exp),
      F1(exp2),
      F1(log),
      F1(log2),
      F1(log10),
      F1(sqrt),
      F1(floor),
      F1(ceil),
      F1(trunc),
      F1(round),
      F1(rint),
      F1(nearbyint),
      F2(fmod),
      F2(pow),
      F2(fmin),
      F2(fmax),
      F2(copysign),
      {"fma", address_of<double(double, double, double)>(std::fma)},
      {"fmaf", address_of<float(float, float, float)>(std::fma)},
      {"ldexp", address_of<double(double, int)>(std::ldexp)},
      {"ldexpf", address_of<float(float, int)>(std::ldexp)},
      RT(__divti3),
      RT(__modti3),
      RT(__udivti3),
      RT(__umodti3),
      RT(__floattisf),
      RT(__floattidf),
      RT(__floatuntisf),
      RT(__floatuntidf),
      RT(__fixsfti),
      RT(__fixdfti),
      RT(__powisf2),
      RT(__powidf2),
      {"__truncsfbf2", address_of(truncsfbf2)},
      {"__truncdfbf2", address_of(truncdfbf2)},
      {"__truncsfhf2", address_of(truncsfhf2)},
      {"__truncdfhf2", address_of(truncdfhf2)},
      {"__extendhfsf2", address_of(extendhfsf2)},
  };
#undef F1
#undef F2
#undef RT
  for (const External& e : kExternals)
    if (e.name == name) return e.address;
  return nullptr;
}

}  // namespace ppu::exec

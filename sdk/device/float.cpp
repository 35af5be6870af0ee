// Device library, part 2: the single-precision functions by their __nv_* names.
#include "math_float.h"

using namespace ppu_math;

#define NV extern "C" __attribute__((always_inline))
#define NV1(name, body)           \
  NV float __nv_##name(float x) { \
    return body;                  \
  }

NV1(expf, exp_float(x))
NV1(exp2f, exp2_float(x))
NV1(logf, log_float(x))
NV1(log2f, log2_float(x))
NV1(log10f, log10_float(x))
NV1(sinf, sin_float(x))
NV1(cosf, cos_float(x))
NV1(tanf, tan_float(x))
NV void __nv_sincosf(float x, float* s, float* c) {
  sincos_float(x, s, c);
}
NV1(tanhf, tanh_float(x))
NV1(erff, erf_float(x))
NV1(atanf, atan_float(x))

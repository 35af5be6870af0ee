// Half and bfloat16 to integers of every width, and integers to both, in every rounding, against long double.
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "check.h"

constexpr int kTo = 18, kFrom = 8, kIntegers = 4096;

#define TO_INTEGERS(prefix, a)                                                                            \
  put(prefix##2short_rn(a)), put(prefix##2short_rz(a)), put(prefix##2short_rd(a)),                        \
      put(prefix##2short_ru(a));                                                                          \
  put(prefix##2ushort_rn(a)), put(prefix##2ushort_rz(a)), put(prefix##2ushort_rd(a)),                     \
      put(prefix##2ushort_ru(a));                                                                         \
  put(prefix##2int_rn(a)), put(prefix##2int_rz(a)), put(prefix##2int_rd(a)), put(prefix##2int_ru(a));     \
  put(prefix##2uint_rn(a)), put(prefix##2uint_rz(a)), put(prefix##2uint_rd(a)), put(prefix##2uint_ru(a)); \
  put(prefix##2char_rz(a)), put(prefix##2uchar_rz(a));

__global__ void to_integers(long long* out) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  int k = 0;
  const auto put = [&](long long v) { out[(k++ << 16) + i] = v; };
  const __half h = __ushort_as_half((unsigned short)i);
  TO_INTEGERS(__half, h)
  const __nv_bfloat16 b = __ushort_as_bfloat16((unsigned short)i);
  TO_INTEGERS(__bfloat16, b)
}

__global__ void from_integers(const long long* in, unsigned short* out) {
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  const long long x = in[i];
  int k = 0;
  const auto put = [&](__nv_bfloat16 v) { out[i * kFrom + k++] = __bfloat16_as_ushort(v); };
  put(__ll2bfloat16_rn(x)), put(__ll2bfloat16_rz(x)), put(__ll2bfloat16_rd(x)), put(__ll2bfloat16_ru(x));
  put(__ull2bfloat16_rn((unsigned long long)x)), put(__int2bfloat16_rd((int)x));
  put(__uint2bfloat16_ru((unsigned)x)), put(__short2bfloat16_rz((short)x));
}

using Real = long double;
enum Way { kNearest, kZero, kDown, kUp };

Real rounded(Real x, Way way) {
  return way == kNearest ? nearbyintl(x) : way == kZero ? truncl(x) : way == kDown ? floorl(x) : ceill(x);
}

long long integer(Real x, Way way, Real least, Real most) {
  if (std::isnan(x)) return 0;
  return (long long)std::fmin(std::fmax(rounded(x, way), least), most);
}

/// The bfloat16 of x: eight bits of it, rounded.
unsigned short bf16(Real x, Way way) {
  if (x == 0) return 0;
  int exponent = 0;
  frexpl(x, &exponent);
  const float f = float(ldexpl(rounded(ldexpl(x, 8 - exponent), way), exponent - 8));
  unsigned bits;
  std::memcpy(&bits, &f, 4);
  return (unsigned short)(bits >> 16);
}

int main() {
  const DeviceArray<long long> integers(2 * kTo << 16);
  to_integers<<<65536 / 256, 256>>>(integers);
  CUDA_SYNC();
  const std::vector<long long> got = integers.host();
  check::digest(got.data(), got.size() * sizeof got[0]);
  for (int format = 0; format < 2; ++format)
    for (int i = 0; i < 65536; ++i) {
      const Real x = format ? __bfloat162float(__ushort_as_bfloat16((unsigned short)i))
                            : __half2float(__ushort_as_half((unsigned short)i));
      const auto at = [&](int k) { return got[size_t(((format * kTo + k) << 16) + i)]; };
      for (int way = 0; way < 4; ++way) {
        EXPECT(at(way) == integer(x, Way(way), -32768, 32767));
        EXPECT(at(4 + way) == integer(x, Way(way), 0, 65535));
        EXPECT(at(8 + way) == integer(x, Way(way), -2147483648.0L, 2147483647.0L));
        EXPECT(at(12 + way) == integer(x, Way(way), 0, 4294967295.0L));
      }
      EXPECT(at(16) == integer(x, kZero, -128, 127));
      EXPECT(at(17) == integer(x, kZero, 0, 255));
    }

  std::vector<long long> in(kIntegers);
  check::Random random;
  for (int i = 0; i < kIntegers; ++i) {
    const unsigned long long wide = (unsigned long long)random.next() << 32 | random.next();
    in[size_t(i)] = (long long)wide >> random.below(64);
    // One beyond the middle between two values: rounding twice would lose the one.
    if (i % 4 == 0)
      in[size_t(i)] =
          (long long)(((256ull + random.below(128)) * 2 + 1) << random.below(53)) + (i % 8 ? 1 : -1);
  }
  const DeviceArray<long long> from(in);
  const DeviceArray<unsigned short> to(kIntegers * kFrom);
  from_integers<<<kIntegers / 128, 128>>>(from, to);
  CUDA_SYNC();
  std::vector<unsigned short> want;
  for (long long x : in) {
    for (Way way : {kNearest, kZero, kDown, kUp}) want.push_back(bf16(Real(x), way));
    want.push_back(bf16(Real((unsigned long long)x), kNearest));
    want.push_back(bf16(Real(int(x)), kDown));
    want.push_back(bf16(Real(unsigned(x)), kUp));
    want.push_back(bf16(Real(short(x)), kZero));
  }
  check::equal(to.host(), want, "from integers");
  return check::verdict("small_integers");
}

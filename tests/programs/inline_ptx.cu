// Instructions that programs reach by asm: carry chains, bit fields, lop3, prmt, shf, set, saturation,
// directed rounding, vector loads, predicates and labels inside one block.
#include "check.h"

enum { kResults = 18 };

__global__ void evaluate(const unsigned* a, const unsigned* b, unsigned* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const unsigned x = a[i], y = b[i];
  unsigned r, s;
  int k = 0;
  const auto put = [&](unsigned v) { out[n * k++ + i] = v; };
  asm("add.cc.u32 %0, %2, %3;\n\taddc.u32 %1, %2, 0;" : "=&r"(r), "=r"(s) : "r"(x), "r"(y));
  put(r);
  put(s);
  asm("sub.cc.u32 %0, %2, %3;\n\tsubc.u32 %1, %3, 1;" : "=&r"(r), "=r"(s) : "r"(x), "r"(y));
  put(s);
  asm("mad.lo.cc.u32 %0, %2, %3, %2;\n\tmadc.hi.u32 %1, %2, %3, 7;" : "=&r"(r), "=r"(s) : "r"(x), "r"(y));
  put(r);
  put(s);
  asm("bfe.u32 %0, %1, 5, 11;" : "=r"(r) : "r"(x));
  put(r);
  asm("bfe.s32 %0, %1, %2, 9;" : "=r"(r) : "r"(x), "r"(i % 40));
  put(r);
  asm("bfi.b32 %0, %1, %2, %3, 7;" : "=r"(r) : "r"(x), "r"(y), "r"(i % 32));
  put(r);
  asm("lop3.b32 %0, %1, %2, %3, 0xe8;" : "=r"(r) : "r"(x), "r"(y), "r"(x * 3));
  put(r);
  asm("prmt.b32.f4e %0, %1, %2, %3;" : "=r"(r) : "r"(x), "r"(y), "r"(i));
  put(r);
  asm("shf.r.clamp.b32 %0, %1, %2, %3;" : "=r"(r) : "r"(x), "r"(y), "r"(i % 40));
  put(r);
  asm("set.lt.u32.u32 %0, %1, %2;" : "=r"(r) : "r"(x), "r"(y));
  put(r);
  asm("add.sat.s32 %0, %1, %2;" : "=r"(r) : "r"(x), "r"(y));
  put(r);
  asm("{\n\t.reg .pred p, q;\n\tsetp.gt.and.u32 p|q, %1, %2, 1;\n\tselp.u32 %0, 5, 9, p;\n\t@q add.u32 %0, "
      "%0, 100;\n\t}"
      : "=r"(r)
      : "r"(x), "r"(y));
  put(r);
  asm("{\n\t.reg .pred p;\n\t.reg .u32 t;\n\tmov.u32 %0, 0;\n\tand.b32 t, %1, 7;\nAGAIN%=:\n\tadd.u32 %0, "
      "%0, t;\n\t"
      "sub.u32 t, t, 1;\n\tsetp.gt.s32 p, t, 0;\n\t@p bra AGAIN%=;\n\t}"
      : "=&r"(r)
      : "r"(x));
  put(r);
  float f;
  asm("add.rz.f32 %0, %1, %2;" : "=f"(f) : "f"(1.0f), "f"(5.9e-8f));
  put(__float_as_uint(f));
  asm("add.rp.f32 %0, %1, %2;" : "=f"(f) : "f"(1.0f), "f"(1e-12f));
  put(__float_as_uint(f));
  asm("cvt.rzi.sat.u8.f32 %0, %1;" : "=r"(r) : "f"(static_cast<float>(static_cast<int>(x)) * 0.001f));
  put(r);
}

unsigned four_extract(unsigned long long bytes, unsigned mode) {
  unsigned v = 0;
  for (unsigned k = 0; k < 4; ++k) v |= static_cast<unsigned>(bytes >> ((mode & 3) + k) * 8 & 0xff) << 8 * k;
  return v;
}

std::vector<unsigned> expected(unsigned x, unsigned y, unsigned i) {
  std::vector<unsigned> v;
  const unsigned long long sum = static_cast<unsigned long long>(x) + y;
  v.push_back(static_cast<unsigned>(sum));
  v.push_back(x + static_cast<unsigned>(sum >> 32));
  v.push_back(y - 1 - (x < y));
  const unsigned long long product = static_cast<unsigned long long>(x) * y;
  const unsigned long long low = (product & 0xffffffffull) + x;
  v.push_back(static_cast<unsigned>(low));
  v.push_back(static_cast<unsigned>(product >> 32) + 7 + static_cast<unsigned>(low >> 32));
  v.push_back(x >> 5 & 0x7ff);
  const unsigned start = i % 40, sign = start + 8 > 31 ? x >> 31 : x >> (start + 8) & 1;
  unsigned field = sign ? ~0u : 0u;
  for (unsigned k = 0; k < 9; ++k)
    if (start + k < 32) field = (field & ~(1u << k)) | (x >> (start + k) & 1) << k;
  v.push_back(field);
  const unsigned mask = static_cast<unsigned>(0x7full << (i % 32));
  v.push_back((y & ~mask) | (x << (i % 32) & mask));
  v.push_back((x & y) | (x & x * 3) | (y & x * 3));
  const unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
  v.push_back(four_extract(bytes, i));
  v.push_back(i % 40 >= 32 ? y : static_cast<unsigned>(bytes >> (i % 40)));
  v.push_back(x < y ? ~0u : 0u);
  const long long signed_sum = static_cast<long long>(static_cast<int>(x)) + static_cast<int>(y);
  v.push_back(static_cast<unsigned>(signed_sum > INT32_MAX   ? INT32_MAX
                                    : signed_sum < INT32_MIN ? INT32_MIN
                                                             : signed_sum));
  v.push_back(x > y ? 5 : 109);
  unsigned t = x & 7, total = 0;
  do total += t--;
  while (static_cast<int>(t) > 0);
  v.push_back(total);
  v.push_back(0x3f800000u);
  v.push_back(0x3f800001u);
  const float f = static_cast<float>(static_cast<int>(x)) * 0.001f;
  v.push_back(f <= 0 ? 0u : f >= 255.0f ? 255u : static_cast<unsigned>(f));
  return v;
}

int main() {
  const int n = 2000;
  check::Random random;
  std::vector<unsigned> a(n), b(n), want(n * kResults);
  for (int i = 0; i < n; ++i) {
    a[i] = random.next() >> random.below(30);
    b[i] = random.next() >> random.below(30);
    const std::vector<unsigned> v = expected(a[i], b[i], i);
    for (int k = 0; k < kResults; ++k) want[n * k + i] = v[k];
  }
  DeviceArray<unsigned> da(a), db(b), out(n * kResults);
  evaluate<<<(n + 127) / 128, 128>>>(da, db, out, n);
  CUDA_SYNC();
  check::equal(out.host(), want, "results");
  return check::verdict("inline_ptx");
}

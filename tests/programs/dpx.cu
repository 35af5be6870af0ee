// DPX intrinsics and the vector forms of the dot products, on the device and on the host, against 64-bit
// arithmetic.
#include "check.h"

constexpr int kCount = 2048, kResults = 48;

__host__ __device__ void evaluate(unsigned a, unsigned b, unsigned c, unsigned* out) {
  const int x = int(a), y = int(b), z = int(c);
  bool p = false, q = false;
  int k = 0;
  const auto put = [&](unsigned v) { out[k++] = v; };
  put(unsigned(__vimax3_s32(x, y, z))), put(__vimax3_u32(a, b, c)), put(unsigned(__vimax3_s32_relu(x, y, z)));
  put(unsigned(__vimin3_s32(x, y, z))), put(__vimin3_u32(a, b, c)), put(unsigned(__vimin3_s32_relu(x, y, z)));
  put(unsigned(__viaddmax_s32(x, y, z))), put(__viaddmax_u32(a, b, c)),
      put(unsigned(__viaddmax_s32_relu(x, y, z)));
  put(unsigned(__viaddmin_s32(x, y, z))), put(__viaddmin_u32(a, b, c)),
      put(unsigned(__viaddmin_s32_relu(x, y, z)));
  put(__vimax3_s16x2(a, b, c)), put(__vimax3_u16x2(a, b, c)), put(__vimax3_s16x2_relu(a, b, c));
  put(__vimin3_s16x2(a, b, c)), put(__vimin3_u16x2(a, b, c)), put(__vimin3_s16x2_relu(a, b, c));
  put(__viaddmax_s16x2(a, b, c)), put(__viaddmax_u16x2(a, b, c)), put(__viaddmax_s16x2_relu(a, b, c));
  put(__viaddmin_s16x2(a, b, c)), put(__viaddmin_u16x2(a, b, c)), put(__viaddmin_s16x2_relu(a, b, c));
  put(unsigned(__vimax_s32_relu(x, y))), put(unsigned(__vimin_s32_relu(x, y)));
  put(__vimax_s16x2_relu(a, b)), put(__vimin_s16x2_relu(a, b));
  put(unsigned(__vibmax_s32(x, y, &p))), put(p), put(__vibmax_u32(a, b, &p)), put(p);
  put(unsigned(__vibmin_s32(x, y, &p))), put(p), put(__vibmin_u32(a, b, &p)), put(p);
  put(__vibmax_s16x2(a, b, &p, &q)), put(p * 2u + q), put(__vibmax_u16x2(a, b, &p, &q)), put(p * 2u + q);
  put(__vibmin_s16x2(a, b, &p, &q)), put(p * 2u + q), put(__vibmin_u16x2(a, b, &p, &q)), put(p * 2u + q);
  while (k < kResults) put(0);
}

using Wide = long long;
Wide largest(Wide a, Wide b) {
  return a > b ? a : b;
}
Wide least(Wide a, Wide b) {
  return a < b ? a : b;
}

/// f on numbers of `bits` bits, signed or not, for each part of the words.
template <class F>
unsigned parts(int bits, bool is_signed, F f, unsigned a, unsigned b, unsigned c) {
  unsigned out = 0;
  const Wide mask = (Wide(1) << bits) - 1;
  const auto number = [&](unsigned word, int at) {
    const Wide v = Wide(word) >> at & mask;
    return is_signed && v >> (bits - 1) ? v - mask - 1 : v;
  };
  for (int at = 0; at < 32; at += bits)
    out |= unsigned((f(number(a, at), number(b, at), number(c, at)) & mask) << at);
  return out;
}

std::vector<unsigned> wanted(unsigned a, unsigned b, unsigned c) {
  std::vector<unsigned> out;
  for (int bits : {32, 16}) {
    const Wide mask = (Wide(1) << bits) - 1;
    const auto sum = [&](Wide x, Wide y, bool is_signed) {
      const Wide s = (x + y) & mask;
      return is_signed && s >> (bits - 1) ? s - mask - 1 : s;
    };
    for (int kind = 0; kind < 4; ++kind)
      for (int form = 0; form < 3; ++form) {  // signed, unsigned, signed with relu
        const bool is_signed = form != 1;
        out.push_back(parts(
            bits, is_signed,
            [&](Wide x, Wide y, Wide z) {
              Wide r = kind == 0   ? largest(largest(x, y), z)
                       : kind == 1 ? least(least(x, y), z)
                       : kind == 2 ? largest(sum(x, y, is_signed), z)
                                   : least(sum(x, y, is_signed), z);
              return form == 2 ? largest(r, 0) : r;
            },
            a, b, c));
      }
  }
  for (int bits : {32, 16}) {
    out.push_back(parts(bits, true, [](Wide x, Wide y, Wide) { return largest(largest(x, y), 0); }, a, b, 0));
    out.push_back(parts(bits, true, [](Wide x, Wide y, Wide) { return largest(least(x, y), 0); }, a, b, 0));
  }
  for (int bits : {32, 16})
    for (bool max : {true, false})
      for (bool is_signed : {true, false}) {
        const auto first = [&](Wide x, Wide y, Wide) { return Wide(max ? x >= y : x <= y); };
        out.push_back(parts(
            bits, is_signed, [&](Wide x, Wide y, Wide) { return max ? largest(x, y) : least(x, y); }, a, b,
            0));
        const unsigned flags = parts(bits, is_signed, first, a, b, 0);
        out.push_back(bits == 32 ? flags : (flags >> 16 & 1) * 2 + (flags & 1));
      }
  out.resize(kResults);
  return out;
}

__global__ void run(const unsigned* in, unsigned* out, int* dots) {
  const int i = int(blockIdx.x * blockDim.x + threadIdx.x);
  const unsigned a = in[i], b = in[i + 1], c = in[i + 2];
  unsigned results[kResults];
  evaluate(a, b, c, results);
  for (int k = 0; k < kResults; ++k) out[i * kResults + k] = results[k];
  const auto bytes = [](unsigned v) {
    return make_char4((signed char)v, (signed char)(v >> 8), (signed char)(v >> 16), (signed char)(v >> 24));
  };
  const auto ubytes = [](unsigned v) {
    return make_uchar4((unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16),
                       (unsigned char)(v >> 24));
  };
  const short2 s = make_short2((short)a, (short)(a >> 16));
  const ushort2 u = make_ushort2((unsigned short)a, (unsigned short)(a >> 16));
  const bool same = __dp4a(bytes(a), bytes(b), int(c)) == __dp4a(int(a), int(b), int(c)) &&
                    __dp4a(ubytes(a), ubytes(b), c) == __dp4a(a, b, c) &&
                    __dp2a_lo(s, bytes(b), int(c)) == __dp2a_lo(int(a), int(b), int(c)) &&
                    __dp2a_hi(s, bytes(b), int(c)) == __dp2a_hi(int(a), int(b), int(c)) &&
                    __dp2a_lo(u, ubytes(b), c) == __dp2a_lo(a, b, c) &&
                    __dp2a_hi(u, ubytes(b), c) == __dp2a_hi(a, b, c);
  dots[i] = same && __dp2a_hi(a, b, c) == c + (a & 0xffff) * (b >> 16 & 0xff) + (a >> 16) * (b >> 24);
}

int main() {
  std::vector<unsigned> in(kCount + 2);
  check::Random random;
  for (size_t i = 0; i < in.size(); ++i) {
    in[i] = random.next();
    if (i % 7 == 0) in[i] = random.below(5) - 2;  // ties and small numbers
    if (i % 11 == 0 && i) in[i] = in[i - 1] ^ 0x80000000u * (i & 1);
  }
  const DeviceArray<unsigned> from(in), out(kCount * kResults);
  const DeviceArray<int> dots(kCount);
  run<<<kCount / 128, 128>>>(from, out, dots);
  CUDA_SYNC();
  std::vector<unsigned> want, on_host(kCount * kResults);
  for (int i = 0; i < kCount; ++i) {
    const auto row = wanted(in[i], in[i + 1], in[i + 2]);
    want.insert(want.end(), row.begin(), row.end());
    evaluate(in[i], in[i + 1], in[i + 2], &on_host[size_t(i * kResults)]);
  }
  check::equal(out.host(), want, "device");
  check::equal(on_host, want, "host");
  check::equal(dots.host(), std::vector<int>(kCount, 1), "dot products");
  return check::verdict("dpx");
}

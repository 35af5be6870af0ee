// 64-bit content checksum (the XXH64 algorithm by its published description): guards kernel images and cache
// files against damage. Not a defence against an adversary; file ownership checks are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace ppu::exec {

namespace checksum_detail {
constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87u, kPrime2 = 0xC2B2AE3D27D4EB4Fu,
                   kPrime3 = 0x165667B19E3779F9u, kPrime4 = 0x85EBCA77C2B2AE63u,
                   kPrime5 = 0x27D4EB2F165667C5u;
inline uint64_t rotate(uint64_t x, int n) {
  return (x << n) | (x >> (64 - n));
}
inline uint64_t round(uint64_t acc, uint64_t lane) {
  return rotate(acc + lane * kPrime2, 31) * kPrime1;
}
inline uint64_t merge(uint64_t h, uint64_t acc) {
  return (h ^ round(0, acc)) * kPrime1 + kPrime4;
}
template <class T>
T read(const unsigned char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
}  // namespace checksum_detail

/// XXH64 of `bytes`, little-endian machines.
inline uint64_t checksum(std::span<const std::byte> bytes, uint64_t seed = 0) {
  using namespace checksum_detail;
  const unsigned char* p = reinterpret_cast<const unsigned char*>(bytes.data());
  size_t left = bytes.size();
  uint64_t h = seed + kPrime5;
  if (left >= 32) {
    uint64_t acc[4] = {seed + kPrime1 + kPrime2, seed + kPrime2, seed, seed - kPrime1};
    for (; left >= 32; left -= 32)
      for (uint64_t& a : acc) {
        a = round(a, read<uint64_t>(p));
        p += 8;
      }
    h = rotate(acc[0], 1) + rotate(acc[1], 7) + rotate(acc[2], 12) + rotate(acc[3], 18);
    for (uint64_t a : acc) h = merge(h, a);
  }
  h += bytes.size();
  for (; left >= 8; left -= 8, p += 8) h = rotate(h ^ round(0, read<uint64_t>(p)), 27) * kPrime1 + kPrime4;
  if (left >= 4) {
    h = rotate(h ^ (read<uint32_t>(p) * kPrime1), 23) * kPrime2 + kPrime3;
    p += 4;
    left -= 4;
  }
  for (; left > 0; left--, p++) h = rotate(h ^ (*p * kPrime5), 11) * kPrime1;
  h = (h ^ (h >> 33)) * kPrime2;
  h = (h ^ (h >> 29)) * kPrime3;
  return h ^ (h >> 32);
}

}  // namespace ppu::exec

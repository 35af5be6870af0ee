// How the accesses of a warp are judged, against the plainest possible counting, on patterns and at random.
#include "exec/counters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

namespace ppu::exec {
namespace {

using Addresses = std::array<uint64_t, 32>;
constexpr uint64_t kBase = 0x7f0000000000;

uint32_t plain_sectors(const Addresses& a, uint32_t mask, uint32_t bytes) {
  std::set<uint64_t> sectors;
  for (int l = 0; l < 32; l++)
    for (uint32_t b = 0; b < bytes && mask >> l & 1; b++) sectors.insert((a[size_t(l)] + b) / 32);
  return uint32_t(sectors.size());
}

uint32_t plain_passes(const Addresses& a, uint32_t mask, uint32_t bytes) {
  std::map<uint64_t, std::set<uint64_t>> words;
  for (int l = 0; l < 32; l++)
    for (uint32_t b = 0; b < bytes && mask >> l & 1; b++) {
      const uint64_t word = (a[size_t(l)] + b) / 4;
      words[word % 32].insert(word);
    }
  size_t most = 0;
  for (const auto& [bank, wanted] : words) most = std::max(most, wanted.size());
  return uint32_t(most);
}

uint32_t plain_same(const Addresses& a, uint32_t mask) {
  std::map<uint64_t, uint32_t> count;
  uint32_t most = 0;
  for (int l = 0; l < 32; l++)
    if (mask >> l & 1) most = std::max(most, ++count[a[size_t(l)]]);
  return most;
}

void judge(const Addresses& a, uint32_t mask, uint32_t bytes) {
  EXPECT_EQ(count_sectors(a.data(), mask, bytes), plain_sectors(a, mask, bytes))
      << bytes << " bytes, mask " << mask;
  EXPECT_EQ(count_bank_passes(a.data(), mask, bytes), plain_passes(a, mask, bytes))
      << bytes << " bytes, mask " << mask;
  EXPECT_EQ(count_same_address(a.data(), mask), plain_same(a, mask)) << "mask " << mask;
}

TEST(Counters, Patterns) {
  for (const uint32_t bytes : {1u, 2u, 4u, 8u, 16u, 32u})
    for (const uint64_t stride : {0, 1, 2, 3, 8, 31, 32, 33, 64})
      for (const uint32_t mask : {~0u, 1u, 0x80000000u, 0xffu, 0xff00ff00u, 0u}) {
        Addresses up, down;
        for (size_t l = 0; l < 32; l++) {
          up[l] = kBase + 5 * 64 + l * stride * bytes;
          down[31 - l] = up[l];
        }
        judge(up, mask, bytes);
        judge(down, mask, bytes);
      }
}

TEST(Counters, Random) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 3000; i++) {
    const uint32_t bytes = 1u << random() % 6;
    const uint64_t span = uint64_t(1) << random() % 40;  // beyond 32 bits too: two pieces of memory far apart
    Addresses a;
    for (uint64_t& x : a) x = kBase + random() % span / bytes * bytes;
    judge(a, uint32_t(random() | (i % 3 ? 0 : ~0u)), bytes);
  }
}

TEST(Counters, WorkedExamples) {
  Addresses a;
  for (size_t l = 0; l < 32; l++) a[l] = kBase + 4 * l;
  EXPECT_EQ(count_sectors(a.data(), ~0u, 4), 4u);  // 128 bytes in a row
  EXPECT_EQ(count_bank_passes(a.data(), ~0u, 4), 1u);
  for (size_t l = 0; l < 32; l++) a[l] = kBase + 128 * l;  // a column of 32 floats a row
  EXPECT_EQ(count_sectors(a.data(), ~0u, 4), 32u);
  EXPECT_EQ(count_bank_passes(a.data(), ~0u, 4), 32u);
  a.fill(kBase);
  EXPECT_EQ(count_sectors(a.data(), ~0u, 4), 1u);
  EXPECT_EQ(count_same_address(a.data(), 0xffff), 16u);
}

}  // namespace
}  // namespace ppu::exec

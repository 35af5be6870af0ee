// The generators of the SDK's cuRAND headers: known answers, and every jump proved from the one before it.
#include <gtest/gtest.h>

#include <cstring>

#include "ppu/random_generators.h"

namespace {

using namespace ppu_random;

// The test vectors of the authors (Random123, "kat_vectors").
TEST(Random, PhiloxKnownAnswers) {
  const auto is = [](Four have, Four want) { return std::memcmp(&have, &want, sizeof have) == 0; };
  EXPECT_TRUE(is(philox({{0, 0, 0, 0}}, 0, 0), {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}));
  EXPECT_TRUE(
      is(philox({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u), {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}));
}

// The first numbers of the paper's program (Marsaglia, 2003), whose state it lists.
TEST(Random, XorwowStepIsThePapers) {
  Xorwow s = {6615241, {123456789, 362436069, 521288629, 88675123, 5783321}};
  const u32 t = 123456789 ^ (123456789 >> 2);
  const u32 v = (5783321 ^ (5783321 << 4)) ^ (t ^ (t << 1));
  EXPECT_EQ(xorwow_next(&s), v + 6615241 + 362437);
  EXPECT_EQ(s.word[0], 362436069u);
  EXPECT_EQ(s.word[3], 5783321u);
}

// L'Ecuyer's package prints this sum of its first hundred numbers in no place we know of; the recurrence in
// 128 bits is the definition.
TEST(Random, MrgStepIsTheRecurrence) {
  Mrg s;
  mrg_seed(&s, 7);
  for (int i = 0; i < 1000; ++i) {
    const Mrg old = s;
    const u32 z = mrg_next(&s);
    const __int128 p =
        (__int128(1403580) * old.word[0][1] - __int128(810728) * old.word[0][0]) % 4294967087ll;
    const __int128 q =
        (__int128(527612) * old.word[1][2] - __int128(1370589) * old.word[1][0]) % 4294944443ll;
    EXPECT_EQ(s.word[0][2], u32(p < 0 ? p + 4294967087ll : p));
    EXPECT_EQ(s.word[1][2], u32(q < 0 ? q + 4294944443ll : q));
    EXPECT_EQ(z, u32(s.word[0][2] > s.word[1][2] ? s.word[0][2] - s.word[1][2]
                                                 : s.word[0][2] + (4294967087ll - s.word[1][2])));
  }
}

template <class State>
bool same(const State& a, const State& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

/// Jump 2^0 is a step, and jump 2^(k+1) is jump 2^k twice, for several states.
template <class State, class Seed, class Step, class Skip>
void check_jumps(int rows, Seed seed, Step step, Skip skip) {
  for (u64 number : {1ull, 0ull, ~0ull, 123456789ull}) {
    State start;
    seed(&start, number);
    State stepped = start, jumped = start;
    step(&stepped);
    skip(&jumped, 1, 0);
    EXPECT_TRUE(same(stepped, jumped)) << number;
    for (int k = 0; k + 1 < rows; ++k) {
      State twice = start, once = start;
      skip(&twice, 1, k);
      skip(&twice, 1, k);
      skip(&once, 1, k + 1);
      ASSERT_TRUE(same(twice, once)) << k;
    }
    State many = start, by_one = start;
    for (int i = 0; i < 1001; ++i) step(&by_one);
    skip(&many, 1001, 0);
    EXPECT_TRUE(same(by_one, many)) << number;
  }
}

TEST(Random, XorwowJumps) {
  EXPECT_EQ(std::size(kXorwowJumps), size_t(kXorwowSequence + 64));
  check_jumps<Xorwow>(int(std::size(kXorwowJumps)), xorwow_seed, xorwow_next, xorwow_skip);
}
TEST(Random, MrgJumps) {
  EXPECT_EQ(std::size(kMrgJumps), size_t(kMrgSequence + 64));
  check_jumps<Mrg>(int(std::size(kMrgJumps)), mrg_seed, mrg_next, mrg_skip);
}

}  // namespace

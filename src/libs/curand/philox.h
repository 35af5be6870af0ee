// Philox4x32-10: ten rounds on a counter under a key (J. Salmon and others, "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011). Any number of the sequence can be had at once.
#pragma once
#include <array>
#include <cstdint>

namespace ppu::curand {

inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t(0xD2511F53) * counter[0], b = uint64_t(0xCD9E8D57) * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ key[0], uint32_t(b), uint32_t(a >> 32) ^ counter[3] ^ key[1],
               uint32_t(a)};
    key[0] += 0x9E3779B9, key[1] += 0xBB67AE85;
  }
  return counter;
}

/// Word `index` of the sequence of a seed.
class Words {
 public:
  explicit Words(uint64_t seed) : key_{uint32_t(seed), uint32_t(seed >> 32)} {}
  uint32_t at(uint64_t index) {
    const uint64_t block = index / 4;
    if (block != block_) {
      block_ = block;
      words_ = philox({uint32_t(block), uint32_t(block >> 32), 0, 0}, key_);
    }
    return words_[index % 4];
  }

 private:
  std::array<uint32_t, 2> key_;
  uint64_t block_ = ~uint64_t(0);
  std::array<uint32_t, 4> words_{};
};

}  // namespace ppu::curand

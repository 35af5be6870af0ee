// The sequence of libcurand's generators: any number of it can be had at once.
#pragma once
#include <cstdint>

#include "ppu/random_generators.h"

namespace ppu::curand {

/// Word `index` of the sequence of a seed.
class Words {
 public:
  explicit Words(uint64_t seed) : seed_(seed) {}
  uint32_t at(uint64_t index) {
    const uint64_t block = index / 4;
    if (block != block_) {
      block_ = block;
      words_ = ppu_random::philox_block(seed_, 0, block);
    }
    return words_.word[index % 4];
  }

 private:
  uint64_t seed_;
  uint64_t block_ = ~uint64_t(0);
  ppu_random::Four words_{};
};

}  // namespace ppu::curand

// Words of pinned memory that streams wait on. A word that was given back keeps its value, and its next user
// counts on from there: a stream may still be about to look at it.
#pragma once
#include <cstdint>

namespace ppu::nccl {

enum class WordUse { kCounter, kSwitch };

/// Null when there is no memory.
uint64_t* take_word(WordUse use);
void give_back_word(WordUse use, uint64_t* word);

uint64_t word_value(const uint64_t* word);
void set_word(uint64_t* word, uint64_t value);

}  // namespace ppu::nccl

// A 64-bit fingerprint of bytes, to tell whether a file or a corpus is the one an index was made from. No
// cryptography.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace search {

/// Eight bytes a step, so that hashing the 90 MB of weights costs a few hundredths of a second.
inline uint64_t fingerprint(const void* data, size_t size, uint64_t seed = 0) {
  const unsigned char* bytes = static_cast<const unsigned char*>(data);
  uint64_t hash = seed ^ 0x9e3779b97f4a7c15ull ^ size;
  const auto mix = [&hash](uint64_t word) {
    hash = (hash ^ word) * 0xff51afd7ed558ccdull;
    hash ^= hash >> 32;
  };
  for (; size >= 8; bytes += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    mix(word);
  }
  uint64_t rest = 0;
  std::memcpy(&rest, bytes, size);
  mix(rest);
  return hash;
}
inline uint64_t fingerprint(std::string_view text, uint64_t seed = 0) {
  return fingerprint(text.data(), text.size(), seed);
}

}  // namespace search

// See words.h.
#include "libs/nccl/words.h"

#include <cuda.h>

#include <atomic>
#include <mutex>
#include <vector>

namespace ppu::nccl {
namespace {

struct Words {
  std::mutex mutex;
  std::vector<uint64_t*> free[2];
};
Words& words() {
  static auto* all = new Words;  // streams may outlive everything else
  return *all;
}

}  // namespace

uint64_t* take_word(WordUse use) {
  constexpr size_t kPage = 4096, kApart = 64;  // one to a cache line
  Words& w = words();
  const std::lock_guard lock(w.mutex);
  std::vector<uint64_t*>& free = w.free[size_t(use)];
  if (free.empty()) {
    void* page = nullptr;
    if (cuMemHostAlloc(&page, kPage, CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP) != CUDA_SUCCESS)
      return nullptr;
    for (size_t at = 0; at < kPage; at += kApart) {
      free.push_back(reinterpret_cast<uint64_t*>(static_cast<char*>(page) + at));
      set_word(free.back(), 0);
    }
  }
  uint64_t* const word = free.back();
  free.pop_back();
  return word;
}

void give_back_word(WordUse use, uint64_t* word) {
  Words& w = words();
  const std::lock_guard lock(w.mutex);
  w.free[size_t(use)].push_back(word);
}

uint64_t word_value(const uint64_t* word) {
  return std::atomic_ref(*const_cast<uint64_t*>(word)).load(std::memory_order_acquire);
}

void set_word(uint64_t* word, uint64_t value) {
  std::atomic_ref(*word).store(value, std::memory_order_release);
}

}  // namespace ppu::nccl

// Handles of texture and surface objects. A slot's number is in the handle's low bits, and a count of its
// uses above, so that a stale handle is not mistaken for the slot's new object. Slots are never freed: a
// kernel may look at a state while it is destroyed.
#include <array>
#include <atomic>
#include <deque>
#include <mutex>

#include "exec/texture.h"

namespace ppu::exec {
namespace {

constexpr unsigned kSlotBits = 20, kChunkBits = 8;
constexpr uint64_t kSlots = uint64_t(1) << kSlotBits, kChunkSlots = uint64_t(1) << kChunkBits;

struct Slot {
  std::atomic<uint64_t> handle{0};  ///< 0 = free
  uint64_t uses = 0;
  TextureState state;
};

struct Table {
  std::array<std::atomic<Slot*>, kSlots / kChunkSlots> chunks{};
  std::mutex mutex;  ///< of the rest
  std::deque<uint32_t> free;
  uint32_t used = 1;  ///< slot 0 stays unused: its handles would look like small numbers
  Slot* slot(uint64_t number) {
    Slot* chunk = chunks[number >> kChunkBits].load(std::memory_order_acquire);
    return chunk ? chunk + (number & (kChunkSlots - 1)) : nullptr;
  }
};

Table& table() {
  static auto* t = new Table;  // never destroyed: kernels may run during exit
  return *t;
}

}  // namespace

uint64_t register_texture(const TextureState& state) {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  uint64_t number = 0;
  if (t.free.size() > kChunkSlots || (t.used == kSlots && !t.free.empty())) {
    number = t.free.front();  // the slot that has been free longest
    t.free.pop_front();
  } else if (t.used < kSlots) {
    number = t.used++;
  } else {
    return 0;
  }
  std::atomic<Slot*>& chunk = t.chunks[number >> kChunkBits];
  if (!chunk.load(std::memory_order_relaxed)) chunk.store(new Slot[kChunkSlots], std::memory_order_release);
  Slot& s = *t.slot(number);
  s.state = state;
  const uint64_t handle = (++s.uses << kSlotBits) | number;
  s.handle.store(handle, std::memory_order_release);
  return handle;
}

bool unregister_texture(uint64_t handle) {
  Table& t = table();
  std::lock_guard lock(t.mutex);
  if (!find_texture(handle)) return false;
  t.slot(handle & (kSlots - 1))->handle.store(0, std::memory_order_release);
  t.free.push_back(uint32_t(handle & (kSlots - 1)));
  return true;
}

const TextureState* find_texture(uint64_t handle) {
  Slot* s = handle ? table().slot(handle & (kSlots - 1)) : nullptr;
  return s && s->handle.load(std::memory_order_acquire) == handle ? &s->state : nullptr;
}

}  // namespace ppu::exec

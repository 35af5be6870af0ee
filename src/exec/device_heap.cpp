#include "exec/device_heap.h"

#include <algorithm>

namespace ppu::exec {
namespace {

size_t room_of(size_t bytes) {
  return std::max<size_t>(16, (bytes + 15) / 16 * 16);
}

}  // namespace

uint64_t DeviceHeap::malloc(size_t bytes) {
  if (bytes > limit_) return 0;
  const size_t asked = bytes;
  bytes = room_of(bytes);
  std::lock_guard lock(mutex_);
  if (!started_) {
    started_ = true;
    base_ = allocate_(limit_);
    if (base_) free_[base_] = limit_;
  }
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    if (it->second < bytes) continue;
    const uint64_t address = it->first;
    const size_t rest = it->second - bytes;
    free_.erase(it);
    if (rest) free_[address + bytes] = rest;
    live_[address] = asked;
    return address;
  }
  return 0;
}

bool DeviceHeap::free(uint64_t address) {
  if (address == 0) return true;
  std::lock_guard lock(mutex_);
  const auto it = live_.find(address);
  if (it == live_.end()) return false;
  size_t bytes = room_of(it->second);
  live_.erase(it);
  auto after = free_.lower_bound(address);
  if (after != free_.end() && after->first == address + bytes) {
    bytes += after->second;
    after = free_.erase(after);
  }
  if (after != free_.begin()) {
    auto before = std::prev(after);
    if (before->first + before->second == address) {
      before->second += bytes;
      return true;
    }
  }
  free_[address] = bytes;
  return true;
}

DeviceHeap::Block DeviceHeap::block_below(uint64_t address) {
  std::lock_guard lock(mutex_);
  const auto it = live_.upper_bound(address);
  if (it == live_.begin()) return {};
  return {std::prev(it)->first, std::prev(it)->second};
}

bool DeviceHeap::holds(uint64_t address) {
  std::lock_guard lock(mutex_);
  return base_ && address - base_ < limit_;
}

std::map<uint64_t, size_t> DeviceHeap::live() {
  std::lock_guard lock(mutex_);
  return live_;
}

bool DeviceHeap::set_limit(size_t bytes) {
  std::lock_guard lock(mutex_);
  if (started_) return false;
  limit_ = (bytes + 15) / 16 * 16;
  return true;
}

}  // namespace ppu::exec

// Which objects of a kind exist: handles that programs keep may be stale, and are looked up before they are
// followed.
#pragma once
#include <mutex>
#include <unordered_set>

namespace ppu::device {

/// Addresses of live objects. Thread-safe.
class LiveSet {
 public:
  void add(const void* object) {
    const std::lock_guard lock(mutex_);
    objects_.insert(object);
  }
  void remove(const void* object) {
    const std::lock_guard lock(mutex_);
    objects_.erase(object);
  }
  bool has(const void* object) {
    const std::lock_guard lock(mutex_);
    return objects_.contains(object);
  }

 private:
  std::mutex mutex_;
  std::unordered_set<const void*> objects_;
};

}  // namespace ppu::device

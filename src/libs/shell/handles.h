// The handles and descriptors that a stand-in library has given out: a call with one that was never made, or
// was taken back, gets the library's error instead of wild memory.
#pragma once
#include <memory>
#include <mutex>
#include <unordered_map>

namespace ppu::shell {

/// Owns objects of type T that C programs know by opaque pointers of type Handle (T* in disguise). Any
/// thread.
template <class T, class Handle = T*>
class Handles {
 public:
  template <class... A>
  Handle make(A&&... arguments) {
    auto object = std::make_unique<T>(std::forward<A>(arguments)...);
    const Handle handle = reinterpret_cast<Handle>(object.get());
    const std::lock_guard lock(mutex_);
    live_.emplace(handle, std::move(object));
    return handle;
  }
  /// Null for what isn't (or no longer) a handle of ours. The owner sees to it that nobody destroys it
  /// meanwhile.
  T* find(Handle handle) const {
    const std::lock_guard lock(mutex_);
    const auto at = live_.find(handle);
    return at == live_.end() ? nullptr : at->second.get();
  }
  bool destroy(Handle handle) {
    std::unique_ptr<T> dead;  // dies outside of the lock
    const std::lock_guard lock(mutex_);
    const auto at = live_.find(handle);
    if (at == live_.end()) return false;
    dead = std::move(at->second);
    live_.erase(at);
    return true;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<Handle, std::unique_ptr<T>> live_;
};

/// The one table of a type. Never destroyed: other libraries' exit handlers still use it.
template <class T, class Handle = T*>
Handles<T, Handle>& handles() {
  static auto* table = new Handles<T, Handle>;
  return *table;
}

}  // namespace ppu::shell

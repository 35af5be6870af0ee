// Memory of objects that one thread makes and another one destroys, over and over: a list of free ones
// instead of the heap, whose arenas the two threads would fight for.
#pragma once
#include <cstddef>
#include <mutex>
#include <new>

#include "base/brief_mutex.h"

namespace ppu {

/// Base of T (which names itself) that gives it operator new and delete.
template <class T>
class Recycled {
 public:
  static void* operator new(size_t bytes) { return take(bytes); }
  static void* operator new(size_t bytes, std::align_val_t) { return take(bytes); }
  static void operator delete(void* p) { give(p); }
  static void operator delete(void* p, std::align_val_t) { give(p); }

 private:
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  static constexpr size_t kMostFree = 0;  // a sanitizer is to see each object's life
#else
  static constexpr size_t kMostFree = 1024;
#endif
#else
  static constexpr size_t kMostFree = 1024;
#endif
  struct Free {
    Free* next;
  };
  static void* take(size_t bytes) {
    static_assert(sizeof(T) >= sizeof(Free));
    if (bytes != sizeof(T)) throw std::bad_alloc();  // a class derived from T wants its own
    {
      const std::lock_guard lock(mutex);
      if (Free* f = free_list) {
        free_list = f->next;
        free_count--;
        return f;
      }
    }
    return ::operator new(sizeof(T), std::align_val_t(alignof(T)));
  }
  static void give(void* p) {
    {
      const std::lock_guard lock(mutex);
      if (free_count < kMostFree) {
        free_list = new (p) Free{free_list};
        free_count++;
        return;
      }
    }
    ::operator delete(p, std::align_val_t(alignof(T)));
  }
  static inline BriefMutex mutex;
  static inline Free* free_list = nullptr;
  static inline size_t free_count = 0;
};

}  // namespace ppu

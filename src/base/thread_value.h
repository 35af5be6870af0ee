// Values each thread has for itself that outlive its thread_local destructors where they must: static
// destructors of a program still call CUDA after the main thread's thread_local objects are gone.
#pragma once
#include <unistd.h>

namespace ppu {

/// The calling thread's T, made at first use. Destroyed when the thread ends, except the main thread's, which
/// lives as long as the process. `Tag` tells values of one type apart.
template <class T, class Tag = T>
T& thread_value() {
  thread_local T* value = nullptr;  // trivial: readable even after the owner below is gone
  if (!value) {
    struct Owner {
      T** value;
      ~Owner() {
        if (::getpid() == ::gettid()) return;
        delete *value;
        *value = nullptr;
      }
    };
    value = new T;
    thread_local Owner owner{&value};
    owner.value = &value;
  }
  return *value;
}

}  // namespace ppu

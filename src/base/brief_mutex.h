// A mutex for critical sections of some instructions: who finds it locked spins for a moment before it
// sleeps. Two system calls and a change of threads cost a hundred times what is waited for.
#pragma once
#include <pthread.h>

namespace ppu {

class BriefMutex {
 public:
  BriefMutex() = default;
  BriefMutex(const BriefMutex&) = delete;
  BriefMutex& operator=(const BriefMutex&) = delete;
  void lock() { pthread_mutex_lock(&mutex_); }
  void unlock() { pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t mutex_ = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
};

}  // namespace ppu

// redirect_program COMMAND [ARG]: what redirect_test runs under the audit library.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int embedded_check(void);

static void* check_in_thread(void* result) {
  *(int*)result = embedded_check();
  return NULL;
}

static int in_threads(void) {
  enum { kThreads = 8 };
  pthread_t threads[kThreads];
  int results[kThreads];
  for (int i = 0; i < kThreads; ++i) pthread_create(&threads[i], NULL, check_in_thread, &results[i]);
  int worst = 0;
  for (int i = 0; i < kThreads; ++i) {
    pthread_join(threads[i], NULL);
    if (results[i]) worst = results[i];
  }
  return worst;
}

/// Opens a library and calls its int function(void).
static int open_and_call(const char* library, const char* function) {
  void* handle = dlopen(library, RTLD_NOW);
  if (!handle) {
    puts(dlerror());
    return 100;
  }
  int (*call)(void) = (int (*)(void))dlsym(handle, function);
  return call ? call() : 101;
}

static int which(const char* library) {
  void* handle = dlopen(library, RTLD_NOW);
  const char* (*call)(void) = handle ? (const char* (*)(void))dlsym(handle, "which_library") : NULL;
  puts(call ? call() : "not ours");
  return 0;
}

int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "self")) return embedded_check();
  if (argc > 1 && !strcmp(argv[1], "threads")) return in_threads();
  if (argc > 2 && !strcmp(argv[1], "open")) return open_and_call(argv[2], "embedded_check");
  if (argc > 2 && !strcmp(argv[1], "which")) return which(argv[2]);
  if (argc > 1 && !strcmp(argv[1], "child")) {
    execl("/proc/self/exe", "child", "self", (char*)NULL);
    return 102;
  }
  return 103;
}

// A backward pass on device 'cuda' runs in a thread of autograd's, which hands its result over first and
// drops its graph behind that, for which it wants the interpreter. If the program ends just then, CPython
// before 3.14 answers with pthread_exit(3), whose unwinding ends the process: "terminate called without an
// active exception" (github.com/python/cpython/issues/87135). Where launches take their time that is rare;
// here a script whose last line is a backward pass would meet it every other time on a busy machine.
#include "bridges/torch/python_exit.h"

#include <dlfcn.h>

namespace ppu::bridge {
namespace {

/// While the main thread sleeps the others have the interpreter. An expression: it leaves no name behind.
constexpr char kLetThemFinish[] = "__import__('atexit').register(__import__('time').sleep, 0.01)";

int run_in_python(void*) {
  using Run = int (*)(const char*);
  if (const auto run = reinterpret_cast<Run>(::dlsym(RTLD_DEFAULT, "PyRun_SimpleString")))
    run(kLetThemFinish);
  return 0;
}

}  // namespace

void let_threads_finish_before_python() {
  // Python may be absent, and this thread may not have the interpreter: a pending call waits for its main
  // thread.
  using AddPendingCall = int (*)(int (*)(void*), void*);
  if (const auto add = reinterpret_cast<AddPendingCall>(::dlsym(RTLD_DEFAULT, "Py_AddPendingCall")))
    add(run_in_python, nullptr);
}

}  // namespace ppu::bridge

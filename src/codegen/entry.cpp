// libppu_compiler.so's one exported function: errors and bytes in C form, no exception leaves. Each
// compilation runs on a thread of its own: the caller's may have a small stack, signals of the program's own,
// or floating-point modes (flush to zero) that would change folded constants.
#include <pthread.h>
#include <signal.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "codegen/compiler.h"

namespace ppu::codegen {
namespace {

constexpr size_t kStackBytes = size_t{64} << 20;  // reserved, not used: LLVM recurses over deep expressions
constexpr unsigned kDefaultMxcsr = 0x1f80;        // round to nearest, no flushing, exceptions masked

struct Job {
  const CompileRequest* request;
  void** image;
  size_t* size;
  ErrorKind kind;
  std::string message;
};

void run(Job& job) {
  try {
    Result<std::vector<std::byte>> compiled = compile(*job.request);
    if (!compiled) {
      job.kind = compiled.error().kind;
      job.message = compiled.error().message;
      return;
    }
    *job.image = std::malloc(compiled->size());
    *job.size = compiled->size();
    if (*job.image) {
      std::memcpy(*job.image, compiled->data(), compiled->size());
      return;
    }
    job.kind = ErrorKind::kResource;
    job.message = "no memory for the compiled kernel";
  } catch (const std::bad_alloc&) {
    job.kind = ErrorKind::kResource;
    job.message = "out of memory while compiling " + job.request->kernel;
  } catch (const std::exception& e) {
    job.message = "compiler failed on " + job.request->kernel + ": " + e.what();
  }
}

void* thread_main(void* job) {
  __builtin_ia32_ldmxcsr(kDefaultMxcsr);
  run(*static_cast<Job*>(job));
  return nullptr;
}

/// False if no thread could be started.
bool run_on_thread(Job& job) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes)) return false;
  sigset_t all, before;
  sigfillset(&all);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) sigdelset(&all, fault);
  pthread_t thread;
  bool started = false;
  if (!pthread_attr_setstacksize(&attributes, kStackBytes)) {
    pthread_sigmask(SIG_BLOCK, &all, &before);
    started = !pthread_create(&thread, &attributes, thread_main, &job);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  pthread_attr_destroy(&attributes);
  if (started) pthread_join(thread, nullptr);
  return started;
}

}  // namespace
}  // namespace ppu::codegen

/// Takes the place of libc's for this library (and the LLVM in it): nothing is destroyed when the process
/// exits, since a thread of the device may be compiling then.
extern "C" __attribute__((visibility("hidden"))) int __cxa_atexit(void (*)(void*), void*, void*) {
  return 0;
}

extern "C" __attribute__((visibility("default"))) char* ppu_compile_v1(
    const ppu::codegen::CompileRequest* request, void** image, size_t* size) {
  if (request->fingerprint != ppu::codegen::interface_fingerprint())
    return strdup(
        "0libppu_compiler.so and libcuda.so.1 are of different builds of OpenPPU; install both from one "
        "build");
  ppu::codegen::Job job{request, image, size, ppu::ErrorKind::kBug, {}};
  if (!run_on_thread(job)) ppu::codegen::run(job);
  if (job.message.empty()) return nullptr;
  return strdup((std::string(1, char('0' + int(job.kind))) + job.message).c_str());
}

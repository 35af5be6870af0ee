#include "device/kernel_build.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "codegen/compiler.h"
#include "codegen/cpu.h"
#include "codegen/object_cache.h"
#include "device/profile.h"
#include "ref/ref.h"

namespace ppu::device {
namespace {

using CompileFunction = char* (*)(const codegen::CompileRequest*, void**, size_t*);

/// The compiler library lies beside this one. It is opened at the first kernel that isn't in the cache.
std::string compiler_path() {
  if (const char* env = std::getenv("PPU_COMPILER")) return env;
  Dl_info info = {};
  if (!::dladdr(reinterpret_cast<void*>(&compiler_path), &info) || !info.dli_fname)
    return "libppu_compiler.so";
  std::string path = info.dli_fname;
  if (char* real = ::realpath(path.c_str(), nullptr)) {
    path = real;
    std::free(real);
  }
  const size_t slash = path.rfind('/');
  return (slash == std::string::npos ? "" : path.substr(0, slash + 1)) + "libppu_compiler.so";
}

const std::string& cached_compiler_path() {
  static const auto* path = new std::string(compiler_path());
  return *path;
}

CompileFunction load_compiler(std::string* why) {
  static std::mutex mutex;
  static CompileFunction compile = nullptr;
  std::lock_guard lock(mutex);
  if (compile) return compile;
  void* library = ::dlopen(cached_compiler_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    *why = ::dlerror();
    return nullptr;
  }
  compile = reinterpret_cast<CompileFunction>(::dlsym(library, "ppu_compile_v1"));
  if (!compile) *why = cached_compiler_path() + " has no ppu_compile_v1";
  return compile;
}

Result<std::vector<std::byte>> run_compiler(const codegen::CompileRequest& request) {
  std::string why;
  const CompileFunction function = load_compiler(&why);
  if (!function) return unsupported("the compiler library can't be loaded: " + why);
  void* image = nullptr;
  size_t size = 0;
  if (char* message = function(&request, &image, &size)) {
    const int kind = message[0] - '0';
    Error error{kind >= 0 && kind <= 3 ? ErrorKind(kind) : ErrorKind::kBug, message + (message[0] ? 1 : 0)};
    std::free(message);
    return error;
  }
  const auto* bytes = static_cast<const std::byte*>(image);
  std::vector<std::byte> result(bytes, bytes + size);
  std::free(image);
  return result;
}

/// Compiled code from the cache or the compiler.
Result<std::unique_ptr<exec::LoadedKernel>> obtain_code(const Function& f, const uint32_t block[3]) {
  static const auto* cache = new codegen::ObjectCache;
  static const auto* identity = new std::string(codegen::compiler_identity(cached_compiler_path()));
  const Result<codegen::Cpu> cpu = codegen::resolve_cpu(codegen::Cpu::kNative);
  if (!cpu) return cpu.error();
  const std::string text =
      ptx::print_reachable(f.module().tree(), f.name()) + ptx::function_numbers(f.module().tree(), f.name());
  const std::string cpu_text = codegen::cpu_key(cpu.value());
  codegen::CacheKey key;
  key.ptx = text;
  key.kernel = f.name();
  std::copy(block, block + 3, key.block);
  key.cpu = cpu_text;
  key.compiler = *identity;
  key.count = profile::counting();
  if (const auto found = cache->find(key)) {
    auto loaded = exec::LoadedKernel::load(*found);
    if (loaded) return loaded;
    log("device", LogLevel::kInfo, "cached code of %s is not usable: %s", f.name().c_str(),
        loaded.error().message.c_str());
  }
  codegen::CompileRequest request;
  request.module = &f.module().tree();
  request.kernel = f.name();
  std::copy(block, block + 3, request.block);
  request.cpu = cpu.value();
  request.count = profile::counting();
  Result<std::vector<std::byte>> image = run_compiler(request);
  if (!image) return image.error();
  auto loaded = exec::LoadedKernel::load(*image);
  if (loaded) cache->store(key, *image);
  return loaded;
}

CUresult code_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kBadInput:
      return CUDA_ERROR_INVALID_PTX;
    case ErrorKind::kUnsupported:
      return CUDA_ERROR_NOT_SUPPORTED;
    case ErrorKind::kResource:
      return CUDA_ERROR_OUT_OF_MEMORY;
    case ErrorKind::kBug:
      break;
  }
  return CUDA_ERROR_UNKNOWN;
}

/// Addresses for LaunchArgs::globals.
bool bind_globals(const Function& f, Executable& e) {
  for (const std::string& name : e.info.globals) {
    const uint64_t value = f.module().symbol_value(name);
    if (!value) {
      log("device", LogLevel::kError, "kernel %s refers to %s, which no module defines", f.name().c_str(),
          name.c_str());
      return false;
    }
    e.globals.push_back(value);
  }
  return true;
}

Result<std::unique_ptr<Executable>> interpret(const Function& f) {
  Result<std::unique_ptr<ref::RefKernel>> made =
      ref::RefKernel::make(f.module().tree(), f.name(), profile::counting());
  if (!made) return made.error();
  auto e = std::make_unique<Executable>();
  e->info = (*made)->info();
  e->interpreter =
      std::shared_ptr<void>(made->release(), [](void* p) { delete static_cast<ref::RefKernel*>(p); });
  e->interpreted = [](void* self, const exec::LaunchArgs* launch, exec::BlockState* block) {
    return static_cast<ref::RefKernel*>(self)->run_block(launch, block);
  };
  return e;
}

Result<std::unique_ptr<Executable>> translate(const Function& f, const uint32_t block[3]) {
  Result<std::unique_ptr<exec::LoadedKernel>> code = obtain_code(f, block);
  if (!code) return code.error();
  auto e = std::make_unique<Executable>();
  e->info = (*code)->info();
  e->code = std::move(*code);
  if (profile::counting()) e->plan = std::make_unique<ptx::ProfilePlan>(f.module().tree(), f.name());
  return e;
}

}  // namespace

size_t Executable::counter_words() const {
  if (!profile::counting()) return 0;
  return interpreted ? sizeof(exec::Counters) / sizeof(uint64_t) : plan->words();
}

exec::Counters Executable::counters(std::span<const uint64_t> words) const {
  if (plan) return plan->sum(words);
  exec::Counters c;  // the interpreter counts in place
  std::memcpy(&c, words.data(), words.size_bytes());
  return c;
}

Engine engine() {
  static const Engine chosen = [] {
    const char* env = std::getenv("PPU_ENGINE");
    if (!env || !*env) return Engine::kDefault;
    if (std::strcmp(env, "ref") == 0) return Engine::kRef;
    if (std::strcmp(env, "jit") == 0) return Engine::kJit;
    log("device", LogLevel::kWarn, "PPU_ENGINE=%s is unknown (jit, ref); the default is used", env);
    return Engine::kDefault;
  }();
  return chosen;
}

std::unique_ptr<Executable> build_executable(const Function& f, const uint32_t block[3], CUresult* result) {
  Result<std::unique_ptr<Executable>> built = engine() == Engine::kRef ? interpret(f) : translate(f, block);
  if (!built && engine() == Engine::kDefault) {
    log_once("device", f.name().c_str(), "kernel %s runs on the slow reference interpreter: %s",
             f.name().c_str(), built.error().message.c_str());
    built = interpret(f);
  }
  if (!built) {
    log("device", LogLevel::kError, "kernel %s can't run: %s", f.name().c_str(),
        built.error().message.c_str());
    *result = code_of(built.error());
    return nullptr;
  }
  if (!bind_globals(f, **built)) {
    *result = CUDA_ERROR_NOT_FOUND;
    return nullptr;
  }
  *result = CUDA_SUCCESS;
  return std::move(*built);
}

std::unique_ptr<Executable> build_interpreter(const Function& f) {
  Result<std::unique_ptr<Executable>> built = interpret(f);
  if (!built || !bind_globals(f, **built)) return nullptr;
  return std::move(*built);
}

}  // namespace ppu::device

#include "device/kernel_code.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "base/log.h"
#include "codegen/compiler.h"
#include "codegen/cpu.h"
#include "codegen/object_cache.h"
#include "device/profile.h"
#include "ptx/ptx.h"

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
  if (!function) return unsupported(kNoCompiler + why);
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

int opt_level(Tier tier) {
  return tier == Tier::kQuick ? 0 : 2;
}

std::string cpu_text_of(codegen::Cpu cpu, Tier tier) {
  return codegen::cpu_key(cpu) + (tier == Tier::kNarrow ? ";one lane at a time" : "");
}

const codegen::ObjectCache& object_cache() {
  static const auto* cache = new codegen::ObjectCache;
  return *cache;
}

/// The key points into `source` and `cpu_text`.
codegen::CacheKey key_of(const KernelSource& source, Tier tier, const std::string& cpu_text) {
  static const auto* identity = new std::string(codegen::compiler_identity(cached_compiler_path()));
  codegen::CacheKey key;
  key.ptx = source.text;
  key.kernel = source.kernel;
  std::copy(source.block, source.block + 3, key.block);
  key.cpu = cpu_text;
  key.compiler = *identity;
  key.opt_level = opt_level(tier);
  key.count = profile::counting();
  key.check = source.check;
  key.call_stack_bytes = source.call_stack_bytes;
  return key;
}

}  // namespace

KernelSource::KernelSource(std::shared_ptr<const ptx::Module> t, const std::string& k, const uint32_t b[3],
                           bool c, uint32_t stack)
    : tree(std::move(t)),
      kernel(k),
      block{b[0], b[1], b[2]},
      check(c),
      call_stack_bytes(stack),
      text(ptx::print_reachable(*tree, kernel) + ptx::function_numbers(*tree, kernel)) {}

std::unique_ptr<exec::LoadedKernel> cached_code(const KernelSource& source, Tier tier) {
  const Result<codegen::Cpu> cpu = codegen::resolve_cpu(codegen::Cpu::kNative);
  if (!cpu) return nullptr;  // compile_code() says why
  const std::string cpu_text = cpu_text_of(cpu.value(), tier);
  const auto found = object_cache().find(key_of(source, tier, cpu_text));
  if (!found) return nullptr;
  auto loaded = exec::LoadedKernel::load(*found);
  if (loaded) return std::move(*loaded);
  log("device", LogLevel::kInfo, "cached code of %s is not usable: %s", source.kernel.c_str(),
      loaded.error().message.c_str());
  return nullptr;
}

Result<std::unique_ptr<exec::LoadedKernel>> compile_code(const KernelSource& source, Tier tier) {
  const Result<codegen::Cpu> cpu = codegen::resolve_cpu(codegen::Cpu::kNative);
  if (!cpu) return cpu.error();
  codegen::CompileRequest request;
  request.module = source.tree.get();
  request.kernel = source.kernel;
  std::copy(source.block, source.block + 3, request.block);
  request.cpu = cpu.value();
  request.opt_level = uint8_t(opt_level(tier));
  if (tier == Tier::kNarrow) request.lanes = simt::Lanes::kNarrow;
  request.count = profile::counting();
  request.check = source.check;
  request.call_stack_bytes = source.call_stack_bytes;
  Result<std::vector<std::byte>> image = run_compiler(request);
  if (!image) return image.error();
  auto loaded = exec::LoadedKernel::load(*image);
  if (loaded) object_cache().store(key_of(source, tier, cpu_text_of(cpu.value(), tier)), *image);
  return loaded;
}

}  // namespace ppu::device

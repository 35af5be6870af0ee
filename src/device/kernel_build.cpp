#include "device/kernel_build.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "device/kernel_code.h"
#include "device/profile.h"
#include "ref/ref.h"

namespace ppu::device {
namespace {

CUresult code_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kBadInput:
      return CUDA_ERROR_INVALID_PTX;
    case ErrorKind::kUnsupported:
      return error.message.starts_with(kNoCompiler) ? CUDA_ERROR_JIT_COMPILER_NOT_FOUND
                                                    : CUDA_ERROR_NOT_SUPPORTED;
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

Result<std::unique_ptr<Executable>> interpret(const Function& f, bool check) {
  Result<std::unique_ptr<ref::RefKernel>> made =
      ref::RefKernel::make(f.module().tree(), f.name(), profile::counting(), check, f.call_stack_bytes());
  if (!made) return made.error();
  auto e = std::make_unique<Executable>();
  e->call_stack_bytes = f.call_stack_bytes();
  e->info = (*made)->info();
  e->checked = check;
  e->interpreter =
      std::shared_ptr<void>(made->release(), [](void* p) { delete static_cast<ref::RefKernel*>(p); });
  e->interpreted = [](void* self, const exec::LaunchArgs* launch, exec::BlockState* block) {
    return static_cast<ref::RefKernel*>(self)->run_block(launch, block);
  };
  return e;
}

/// Frame of launches that begin on quick code. Full code has several versions and warps in step, and may keep
/// more from one barrier to the next; it replaces the other only where its frame fits.
uint32_t room_for_full_code(uint32_t quick_frame_bytes) {
  return 4 * quick_frame_bytes + (16 << 10);
}

/// Full code if it is there or soon made; else quick code, which may be replaced.
Result<std::unique_ptr<Executable>> translate(const Function& f, const uint32_t block[3], bool check) {
  KernelSource source(f.module().shared_tree(), f.name(), block, check, f.call_stack_bytes());
  auto e = std::make_unique<Executable>();
  e->checked = check;
  e->call_stack_bytes = source.call_stack_bytes;
  if (profile::counting()) e->plan = std::make_unique<ptx::ProfilePlan>(f.module().tree(), f.name());
  const TierChoice choice = check ? TierChoice::kFull : tier_choice();
  Tier tier = Tier::kFull;
  if (choice != TierChoice::kQuick) e->code = cached_code(source, Tier::kFull);
  if (!e->code &&
      (choice == TierChoice::kQuick || (choice == TierChoice::kBoth && wants_quick_code(source)))) {
    e->code = cached_code(source, Tier::kQuick);
    if (!e->code)
      if (auto quick = compile_code(source, Tier::kQuick)) e->code = std::move(*quick);
    if (e->code) tier = Tier::kQuick;
  }
  if (!e->code) {
    Result<std::unique_ptr<exec::LoadedKernel>> full = compile_code(source, Tier::kFull);
    if (!full) return full.error();
    e->code = std::move(*full);
  }
  e->info = e->code->info();
  if (choice != TierChoice::kBoth) return e;
  if (tier == Tier::kQuick) e->info.frame_bytes = room_for_full_code(e->info.frame_bytes);
  const bool may_be_narrow = may_suit_narrow_code(source);
  if (may_be_narrow) e->info.frame_bytes = std::max(e->info.frame_bytes, narrow_frame_bytes(source));
  if (tier == Tier::kQuick || may_be_narrow)
    e->upgrade = std::make_shared<Upgrade>(source, *e->code, tier, e->info);
  return e;
}

}  // namespace

exec::BlockFunction Executable::entry() const {
  return upgrade ? upgrade->now() : code ? code->entry() : nullptr;
}

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

std::unique_ptr<Executable> build_executable(const Function& f, const uint32_t block[3], bool check,
                                             CUresult* result) {
  Result<std::unique_ptr<Executable>> built =
      engine() == Engine::kRef ? interpret(f, check) : translate(f, block, check);
  if (!built && engine() == Engine::kDefault) {
    log_once("device", f.name().c_str(), "kernel %s runs on the slow reference interpreter: %s",
             f.name().c_str(), built.error().message.c_str());
    built = interpret(f, check);
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
  Result<std::unique_ptr<Executable>> built = interpret(f, false);
  if (!built || !bind_globals(f, **built)) return nullptr;
  return std::move(*built);
}

}  // namespace ppu::device

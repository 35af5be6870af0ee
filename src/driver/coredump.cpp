// Settings of GPU core dumps (CUDA Driver API, "Coredump Attributes Control API"): taken, kept and given
// back, for the process and for each context. No dump is written: a fault is described on stderr, with its
// place and its thread.
#include <unistd.h>

#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "base/log.h"
#include "driver/handles.h"

namespace ppu::driver {
namespace {

constexpr size_t kTextBytes = 1024;  // "String of up to 1023 characters"

struct Settings {
  bool on_exception = false, trigger_host = true, user_trigger = false;
  std::string file, pipe;
  unsigned flags = CU_COREDUMP_DEFAULT_FLAGS;
};

std::string default_name(const char* start) {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return std::string(start) + ".cuda." + host + "." + std::to_string(getpid());
}

struct All {
  std::mutex mutex;
  Settings global;
  std::map<uint64_t, Settings> of_context;  ///< by Context::id; those that differ from the global ones
  All() {
    global.file = default_name("core");
    global.pipe = default_name("corepipe");
  }
  Settings& of(uint64_t context) { return of_context.try_emplace(context, global).first->second; }
};
All& all() {
  static auto* a = new All;
  return *a;
}

bool is_text(CUcoredumpSettings which) {
  return which == CU_COREDUMP_FILE || which == CU_COREDUMP_PIPE;
}

/// Bytes of a value; 0 for settings that don't exist.
size_t bytes_of(CUcoredumpSettings which) {
  if (which < CU_COREDUMP_ENABLE_ON_EXCEPTION || which >= CU_COREDUMP_MAX) return 0;
  if (is_text(which)) return kTextBytes;
  return which == CU_COREDUMP_GENERATION_FLAGS ? sizeof(unsigned) : sizeof(bool);
}

/// The checks both directions share. True when there is no more to do: *result is the answer.
bool answered(CUcoredumpSettings which, const void* value, size_t* bytes, CUresult* result) {
  const size_t wanted = bytes_of(which);
  *result = CUDA_ERROR_INVALID_VALUE;
  if (!wanted || !bytes) return true;
  if (value) return false;
  *bytes = wanted;  // the question how much it takes
  *result = CUDA_SUCCESS;
  return true;
}

CUresult get(const Settings& s, CUcoredumpSettings which, void* value, size_t* bytes) {
  if (is_text(which)) {
    const std::string& text = which == CU_COREDUMP_FILE ? s.file : s.pipe;
    if (*bytes < text.size() + 1) return CUDA_ERROR_INVALID_VALUE;
    std::memcpy(value, text.c_str(), text.size() + 1);
    return CUDA_SUCCESS;
  }
  if (*bytes < bytes_of(which)) return CUDA_ERROR_INVALID_VALUE;
  if (which == CU_COREDUMP_GENERATION_FLAGS) {
    std::memcpy(value, &s.flags, sizeof s.flags);
    return CUDA_SUCCESS;
  }
  const bool lightweight = (s.flags & CU_COREDUMP_LIGHTWEIGHT_FLAGS) == CU_COREDUMP_LIGHTWEIGHT_FLAGS;
  *static_cast<bool*>(value) = which == CU_COREDUMP_ENABLE_ON_EXCEPTION   ? s.on_exception
                               : which == CU_COREDUMP_TRIGGER_HOST        ? s.trigger_host
                               : which == CU_COREDUMP_ENABLE_USER_TRIGGER ? s.user_trigger
                                                                          : lightweight;
  return CUDA_SUCCESS;
}

CUresult set(Settings& s, CUcoredumpSettings which, const void* value, size_t bytes) {
  if (is_text(which)) {
    const auto* text = static_cast<const char*>(value);
    const size_t length = strnlen(text, bytes);
    if (length >= kTextBytes) return CUDA_ERROR_INVALID_VALUE;
    (which == CU_COREDUMP_FILE ? s.file : s.pipe).assign(text, length);
    return CUDA_SUCCESS;
  }
  if (bytes < bytes_of(which)) return CUDA_ERROR_INVALID_VALUE;
  if (which == CU_COREDUMP_GENERATION_FLAGS) {
    unsigned flags;
    std::memcpy(&flags, value, sizeof flags);
    if (flags & ~unsigned(CU_COREDUMP_LIGHTWEIGHT_FLAGS | CU_COREDUMP_SKIP_ABORT))
      return CUDA_ERROR_INVALID_VALUE;
    s.flags = flags;
    return CUDA_SUCCESS;
  }
  const bool on = *static_cast<const bool*>(value);
  switch (which) {
    case CU_COREDUMP_ENABLE_ON_EXCEPTION:
      s.on_exception = on;
      break;
    case CU_COREDUMP_TRIGGER_HOST:
      s.trigger_host = on;
      break;
    case CU_COREDUMP_ENABLE_USER_TRIGGER:
      s.user_trigger = on;
      break;
    default:
      s.flags =
          on ? s.flags | CU_COREDUMP_LIGHTWEIGHT_FLAGS : s.flags & ~unsigned(CU_COREDUMP_LIGHTWEIGHT_FLAGS);
      break;
  }
  if (on && (which == CU_COREDUMP_ENABLE_ON_EXCEPTION || which == CU_COREDUMP_ENABLE_USER_TRIGGER))
    log_once("driver", "coredump", "core dumps are asked for; none is written, faults are described here");
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuCoredumpGetAttribute(CUcoredumpSettings which, void* value, size_t* bytes) {
  device::Context* c;
  CUresult result;
  PPU_TRY(current(&c));
  if (answered(which, value, bytes, &result)) return result;
  const std::lock_guard lock(all().mutex);
  return get(all().of(c->id()), which, value, bytes);
}

CUresult cuCoredumpGetAttributeGlobal(CUcoredumpSettings which, void* value, size_t* bytes) {
  CUresult result;
  if (answered(which, value, bytes, &result)) return result;
  const std::lock_guard lock(all().mutex);
  return get(all().global, which, value, bytes);
}

CUresult cuCoredumpSetAttribute(CUcoredumpSettings which, void* value, size_t* bytes) {
  device::Context* c;
  CUresult result;
  PPU_TRY(current(&c));
  if (answered(which, value, bytes, &result)) return result;
  // "cannot be set on a per-context basis"
  if (which == CU_COREDUMP_ENABLE_USER_TRIGGER || which == CU_COREDUMP_PIPE) return CUDA_ERROR_NOT_PERMITTED;
  const std::lock_guard lock(all().mutex);
  return set(all().of(c->id()), which, value, *bytes);
}

CUresult cuCoredumpSetAttributeGlobal(CUcoredumpSettings which, void* value, size_t* bytes) {
  CUresult result;
  if (answered(which, value, bytes, &result)) return result;
  const std::lock_guard lock(all().mutex);
  // "This value may not be changed after CU_COREDUMP_ENABLE_USER_TRIGGER is set to true."
  if (which == CU_COREDUMP_PIPE && all().global.user_trigger) return CUDA_ERROR_NOT_PERMITTED;
  return set(all().global, which, value, *bytes);
}

}  // namespace ppu::driver

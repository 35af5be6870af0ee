// CUDA's error log (driver API, "Error Log Management Functions"): what we warn of goes to the callbacks a
// program has registered, as well as to stderr. The log that is kept and dumped isn't there yet.
#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "device/device.h"
#include "driver/entry.h"

/// What a CUlogsCallbackHandle points to.
struct CUlogsCallbackEntry_st {
  CUlogsCallback function;
  void* data;
};

namespace ppu::driver {
namespace {

struct Callbacks {
  std::mutex mutex;
  std::vector<std::unique_ptr<CUlogsCallbackEntry_st>> entries;
};

/// Never destroyed: lines may come during exit.
Callbacks& callbacks() {
  static auto* all = new Callbacks;
  return *all;
}

void tell(LogLevel level, std::string_view line) {
  std::vector<CUlogsCallbackEntry_st> now;
  {
    const std::lock_guard lock(callbacks().mutex);
    for (const auto& e : callbacks().entries) now.push_back(*e);
  }
  std::string text(line);
  for (const CUlogsCallbackEntry_st& e : now)
    e.function(e.data, level == LogLevel::kError ? CU_LOG_LEVEL_ERROR : CU_LOG_LEVEL_WARNING, text.data(),
               text.size());
}

}  // namespace

CUresult cuLogsRegisterCallback(CUlogsCallback callback, void* data, CUlogsCallbackHandle* out) {
  if (!callback) return CUDA_ERROR_INVALID_VALUE;
  auto entry = std::make_unique<CUlogsCallbackEntry_st>(callback, data);
  if (out) *out = entry.get();
  {
    const std::lock_guard lock(callbacks().mutex);
    callbacks().entries.push_back(std::move(entry));
  }
  listen_to_log(tell);
  return CUDA_SUCCESS;
}

CUresult cuLogsUnregisterCallback(CUlogsCallbackHandle handle) {
  const std::lock_guard lock(callbacks().mutex);
  const size_t gone = std::erase_if(callbacks().entries, [&](const auto& e) { return e.get() == handle; });
  return gone ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace ppu::driver

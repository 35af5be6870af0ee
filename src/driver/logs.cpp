// CUDA's error log (driver API, "Error Log Management Functions"): what we warn of goes to the callbacks a
// program has registered and into a buffer that it can dump, as well as to stderr.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
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

/// The last lines. A line's number is what a CUlogIterator stands for.
struct Kept {
  static constexpr size_t kBytes = 25600;  // "The maximum size of the buffer is 25600 bytes."
  std::mutex mutex;
  std::deque<std::string> lines;  ///< each with its newline
  CUlogIterator first = 0;        ///< number of lines.front()
  size_t bytes = 0;

  CUlogIterator end() const { return first + CUlogIterator(lines.size()); }
  void add(std::string_view line) {
    lines.emplace_back(line).push_back('\n');
    bytes += lines.back().size();
    for (; bytes > kBytes && lines.size() > 1; first++) {
      bytes -= lines.front().size();
      lines.pop_front();
    }
  }
};
Kept& kept() {
  static auto* k = new Kept;
  return *k;
}

constexpr char kCut[] = "[earlier lines are missing]\n";

/// The last lines from *from (null: all) that fit into `room` bytes, behind a note where some are missing.
/// Advances *from. False when there are lines and none fits.
bool take(CUlogIterator* from, size_t room, std::string* text) {
  Kept& k = kept();
  const std::lock_guard lock(k.mutex);
  const CUlogIterator wanted = from ? std::min(*from, k.end()) : 0;
  CUlogIterator at = k.end();
  size_t bytes = 0;
  while (at > std::max(wanted, k.first) && bytes + k.lines[at - 1 - k.first].size() <= room)
    bytes += k.lines[--at - k.first].size();
  const size_t note = sizeof kCut - 1;
  if (at > wanted)
    for (; at < k.end() && bytes + note > room; at++) bytes -= k.lines[at - k.first].size();
  if (at == k.end() && at > wanted) return false;
  if (at > wanted) *text += kCut;
  for (; at < k.end(); at++) *text += k.lines[at - k.first];
  if (from) *from = k.end();
  return true;
}

void tell(LogLevel level, std::string_view line) {
  {
    const std::lock_guard lock(kept().mutex);
    kept().add(line);
  }
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

void keep_log() {
  listen_to_log(tell);
}

CUresult cuLogsCurrent(CUlogIterator* iterator, unsigned int flags) {
  if (!iterator || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(kept().mutex);
  *iterator = kept().end();
  return CUDA_SUCCESS;
}

CUresult cuLogsDumpToFile(CUlogIterator* iterator, const char* path, unsigned int flags) {
  if (!path || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  std::FILE* file = std::fopen(path, "we");
  if (!file) return CUDA_ERROR_INVALID_VALUE;
  std::string text;
  take(iterator, ~size_t(0) >> 1, &text);
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && whole ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuLogsDumpToMemory(CUlogIterator* iterator, char* buffer, size_t* bytes, unsigned int flags) {
  if (!buffer || !bytes || *bytes == 0 || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  std::string text;
  const bool fits = take(iterator, *bytes - 1, &text);
  std::memcpy(buffer, text.c_str(), text.size() + 1);
  *bytes = text.size();
  return fits ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuLogsRegisterCallback(CUlogsCallback callback, void* data, CUlogsCallbackHandle* out) {
  if (!callback) return CUDA_ERROR_INVALID_VALUE;
  auto entry = std::make_unique<CUlogsCallbackEntry_st>(callback, data);
  if (out) *out = entry.get();
  {
    const std::lock_guard lock(callbacks().mutex);
    callbacks().entries.push_back(std::move(entry));
  }
  keep_log();
  return CUDA_SUCCESS;
}

CUresult cuLogsUnregisterCallback(CUlogsCallbackHandle handle) {
  const std::lock_guard lock(callbacks().mutex);
  const size_t gone = std::erase_if(callbacks().entries, [&](const auto& e) { return e.get() == handle; });
  return gone ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace ppu::driver

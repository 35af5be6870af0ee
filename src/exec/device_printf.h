// Device-side printf: formats on the device side of a launch, prints on the host side at the next
// synchronisation (CUDA C++ Programming Guide, "Formatted Output").
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace ppu::exec {

/// Output waiting to be printed. One a context; holds at most its limit and drops the oldest lines, as the
/// device's circular buffer does.
class PrintfBuffer {
 public:
  void append(std::string text);
  /// Writes everything to stdout, in order, through stdio (so it mixes rightly with the program's own
  /// output).
  void flush();
  void set_limit(size_t bytes);
  size_t limit() const { return limit_; }
  bool empty() const { return empty_; }

 private:
  std::mutex mutex_;
  std::deque<std::string> lines_;
  size_t bytes_ = 0;
  size_t limit_ = size_t(1) << 20;  ///< cudaLimitPrintfFifoSize
  std::atomic<bool> empty_{true};
};

/// Reads every byte the call will read (format, %s strings), so that a bad pointer faults here, where nothing
/// is held. Returns the number of conversions, or -1 if `format` is null.
int check_printf(const char* format, const char* args);

/// Formats as C does. Arguments lie at their natural alignment in `args`; long is 64 bits.
std::string format_printf(const char* format, const char* args);

}  // namespace ppu::exec

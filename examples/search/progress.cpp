// Redraws in place with a carriage return; the bar is taken away at the end.
#include "progress.h"

#include <unistd.h>

#include <cstdio>
#include <string>

namespace search {

Progress::Progress(size_t total, bool quiet) : total_(total), draw_(!quiet && isatty(STDERR_FILENO)) {}

Progress::~Progress() {
  if (draw_) std::fputs("\r\033[K", stderr);
}

void Progress::show(size_t done, size_t tokens) {
  if (!draw_ || total_ == 0) return;
  constexpr size_t kWidth = 30;
  const size_t filled = kWidth * done / total_;
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  const double elapsed = seconds();
  std::fprintf(stderr, "\r[%s] %zu/%zu documents  %.0f tokens/s\033[K", bar.c_str(), done, total_,
               elapsed > 0 ? double(tokens) / elapsed : 0.0);
  std::fflush(stderr);
}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

}  // namespace search

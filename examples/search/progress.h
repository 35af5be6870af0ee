// A one-line progress bar on standard error, drawn only where that is a terminal.
#pragma once
#include <chrono>
#include <cstddef>

namespace search {

class Progress {
 public:
  /// `quiet` never draws.
  Progress(size_t total, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` documents of the total and `tokens` tokens since the start.
  void show(size_t done, size_t tokens);

  double seconds() const;

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  size_t total_;
  bool draw_;
};

}  // namespace search

// Copies and fills, split over the worker pool when they are large, and safe against bad addresses.
#pragma once
#include <cstddef>
#include <cstdint>

#include "exec/pool.h"

namespace ppu::exec {

/// A copy or fill of up to three dimensions. Pitches in bytes; rows of `width` bytes.
struct Transfer {
  uint64_t dst = 0, src = 0;
  size_t width = 0, height = 1, depth = 1;
  size_t dst_pitch = 0, dst_slice = 0;  ///< bytes from row to row, from plane to plane
  size_t src_pitch = 0, src_slice = 0;
  bool fill = false;
  uint32_t value = 0;          ///< fill: the element
  uint32_t element_bytes = 1;  ///< fill: 1, 2 or 4; width is a multiple
  size_t bytes() const { return width * height * depth; }
};

/// Runs the whole transfer on this thread. False when an address faulted; fault tells which.
bool run_transfer(const Transfer& transfer, Fault* fault);

/// Transfers of at least this many bytes are worth the pool.
constexpr size_t kParallelBytes = size_t(1) << 20;

class TransferJob : public Job {
 public:
  explicit TransferJob(const Transfer& transfer);
  Share run_share(Runner& runner) override;
  uint32_t worth_waking() const override;

 protected:
  /// Called once by the thread that ended the last share; `fault` is null when all went well.
  virtual void finished(const Fault* fault) = 0;

 private:
  Transfer transfer_;
  size_t rows_ = 0, pieces_per_row_ = 1, shares_ = 0, rows_per_share_ = 1;
  std::atomic<size_t> next_{0}, done_{0};
  std::mutex mutex_;
  bool faulted_ = false;
  Fault fault_;
};

}  // namespace ppu::exec

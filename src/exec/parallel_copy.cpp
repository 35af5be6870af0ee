#include "exec/parallel_copy.h"

#include <algorithm>
#include <cstring>

namespace ppu::exec {
namespace {

constexpr size_t kShareBytes = size_t(512) << 10;

void fill_row(char* to, size_t bytes, uint32_t value, uint32_t element) {
  const uint8_t byte = uint8_t(value);
  const bool same = element == 1 || (element == 2 && uint16_t(byte * 0x0101u) == uint16_t(value)) ||
                    (element == 4 && byte * 0x01010101u == value);
  if (same) {
    std::memset(to, byte, bytes);
  } else if (element == 2) {
    std::fill_n(reinterpret_cast<uint16_t*>(to), bytes / 2, uint16_t(value));
  } else {
    std::fill_n(reinterpret_cast<uint32_t*>(to), bytes / 4, value);
  }
}

/// Bytes [from, from + bytes) of row `row`.
void run_piece(const Transfer& t, size_t row, size_t from, size_t bytes) {
  const size_t y = row % t.height, z = row / t.height;
  char* dst = reinterpret_cast<char*>(t.dst) + z * t.dst_slice + y * t.dst_pitch + from;
  if (t.fill) return fill_row(dst, bytes, t.value, t.element_bytes);
  const char* src = reinterpret_cast<const char*>(t.src) + z * t.src_slice + y * t.src_pitch + from;
  std::memmove(dst, src, bytes);
}

}  // namespace

bool run_transfer(const Transfer& t, Fault* fault) {
  ProtectedRegion region;
  const bool ok = run_protected(region, [&] {
    for (size_t row = 0; row < t.height * t.depth; row++) run_piece(t, row, 0, t.width);
  });
  if (!ok && fault) *fault = region.fault;
  return ok;
}

TransferJob::TransferJob(const Transfer& t) : transfer_(t) {
  rows_ = t.height * t.depth;
  if (t.width > kShareBytes)
    pieces_per_row_ = (t.width + kShareBytes - 1) / kShareBytes;
  else
    rows_per_share_ = std::max<size_t>(1, kShareBytes / std::max<size_t>(1, t.width));
  shares_ = pieces_per_row_ > 1 ? rows_ * pieces_per_row_ : (rows_ + rows_per_share_ - 1) / rows_per_share_;
}

uint32_t TransferJob::worth_waking() const {
  const size_t taken = next_.load() + 1;
  return taken < shares_ ? uint32_t(std::min<size_t>(shares_ - taken, UINT32_MAX)) : 0;
}

Share TransferJob::run_share(Runner&) {
  const size_t share = next_.fetch_add(1);
  if (share >= shares_) return Share::kExhausted;
  ProtectedRegion region;
  const bool ok = run_protected(region, [&] {
    if (pieces_per_row_ > 1) {
      const size_t from = share % pieces_per_row_ * kShareBytes;
      run_piece(transfer_, share / pieces_per_row_, from, std::min(kShareBytes, transfer_.width - from));
    } else {
      const size_t first = share * rows_per_share_;
      for (size_t row = first; row < std::min(rows_, first + rows_per_share_); row++)
        run_piece(transfer_, row, 0, transfer_.width);
    }
  });
  if (!ok) {
    std::lock_guard lock(mutex_);
    faulted_ = true;
    fault_ = region.fault;
  }
  if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == shares_) {
    finished(faulted_ ? &fault_ : nullptr);
    release();
  }
  return share + 1 >= shares_ ? Share::kExhausted : Share::kMore;
}

}  // namespace ppu::exec

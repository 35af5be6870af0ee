// See zero_pages.h. Pages that were given back come back as zeros at the first touch, for about what writing
// them would have cost; given back again untouched, they cost nothing.
#include "device/zero_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "device/address_space.h"
#include "exec/parallel_copy.h"

namespace ppu::device {
namespace {

constexpr size_t kWorth = 4 * kHugePage;  // below it writing takes less than a call or two
constexpr size_t kRemembered = 16;
constexpr uint32_t kMostSkipped = 64;

/// A range that was cleared.
struct Range {
  uint64_t address = 0;
  size_t bytes = 0;
  bool given_back = false;  ///< by the last clearing
  uint32_t skip = 0;        ///< so many clearings are written before pages are given back again
  uint32_t patience = 1;    ///< doubled each time somebody had touched it
  uint64_t last_use = 0;
};

std::mutex mutex;
std::array<Range, kRemembered> ranges;
uint64_t uses = 0;

/// The range's entry; null and a new entry, if it wasn't known.
Range* known_range(uint64_t address, size_t bytes) {
  uses++;
  for (Range& r : ranges)
    if (r.address == address && r.bytes == bytes) {
      r.last_use = uses;
      return &r;
    }
  Range& oldest = *std::min_element(ranges.begin(), ranges.end(),
                                    [](const Range& a, const Range& b) { return a.last_use < b.last_use; });
  oldest = {address, bytes};
  oldest.last_use = uses;
  return nullptr;
}

/// Whether a page of it is in memory.
bool touched(uint64_t from, uint64_t to) {
  constexpr size_t kPage = 4096, kStep = size_t(64) << 20;
  std::vector<unsigned char> resident(kStep / kPage);
  for (uint64_t at = from; at < to; at += kStep) {
    const size_t bytes = std::min<uint64_t>(kStep, to - at);
    if (::mincore(reinterpret_cast<void*>(at), bytes, resident.data()) != 0) return true;
    const auto end = resident.begin() + ptrdiff_t(bytes / kPage);
    if (std::any_of(resident.begin(), end, [](unsigned char r) { return r & 1; })) return true;
  }
  return false;
}

/// Whether this clearing is one for giving back.
bool is_worth_it(Range& r, uint64_t from, uint64_t to) {
  if (r.skip > 0) {
    r.skip--;
    return false;
  }
  if (r.given_back && touched(from, to)) {
    r.given_back = false;
    r.skip = r.patience;
    r.patience = std::min(2 * r.patience, kMostSkipped);
    return false;
  }
  return true;
}

void write_zeros(uint64_t address, uint64_t end) {
  exec::Transfer edge;
  edge.fill = true;
  edge.dst = address;
  edge.width = end - address;
  if (edge.width) exec::run_transfer(edge, nullptr);
}

}  // namespace

bool zero_by_pages(uint64_t address, size_t bytes) {
  if (bytes < kWorth) return false;
  const uint64_t end = address + bytes;
  const uint64_t from = (address + kHugePage - 1) / kHugePage * kHugePage, to = end / kHugePage * kHugePage;
  if (to <= from || to - from < kWorth / 2) return false;
  const std::lock_guard lock(mutex);
  Range* const range = known_range(address, bytes);
  if (!range || !is_worth_it(*range, from, to)) return false;
  if (!AddressSpace::instance().give_back_pages(from, to)) return false;
  range->given_back = true;
  write_zeros(address, from);
  write_zeros(to, end);
  return true;
}

}  // namespace ppu::device

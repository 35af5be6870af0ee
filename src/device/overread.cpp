#include "device/overread.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>

#include "device/address_space.h"
#include "device/checking.h"
#include "exec/overread.h"

namespace ppu::device {
namespace {

constexpr uint64_t kPage = 4096;
std::atomic<uint64_t> last_overread{0};

/// The allocation whose unmapped pages `page` is one of: small ones have some behind them (address_space.h).
std::optional<Allocation> allocation_before(uint64_t page) {
  constexpr uint64_t kMostPages = 16;
  const AddressSpace& space = AddressSpace::instance();
  for (uint64_t k = 1; k <= kMostPages; k++)
    for (const uint64_t within : {uint64_t{0}, kPage - 512})  // it may begin or end inside its page
      if (auto a = space.find(page - k * kPage + within)) return a;
  return std::nullopt;
}

/// Where a page can be lent to a read at `address`; 0 where it can't.
uint64_t page_to_lend(uint64_t address) {
  const uint64_t page = address / kPage * kPage;
  if (!AddressSpace::instance().in_window(address)) return 0;
  const std::optional<Allocation> a = allocation_before(page);
  if (!a || a->slab || a->mapped_bytes == 0 || page < a->mapped || page + kPage > a->mapped + a->mapped_bytes)
    return 0;
  constexpr size_t kHuge = size_t{2} << 20;  // those end where a GPU's page ends, or are as large as many
  return a->bytes >= kHuge || a->physical || a->fd >= 0 ? 0 : page;
}

/// Called by the signal handler of a thread that runs a kernel, which holds no lock of ours.
bool lend_page(uint64_t address, bool write) {
  const uint64_t page = write ? 0 : page_to_lend(address);
  if (!page) return false;
  void* p = ::mmap(reinterpret_cast<void*>(page), kPage, PROT_READ,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (p == MAP_FAILED) return false;
  last_overread.store(address, std::memory_order_relaxed);
  return true;
}

/// Under `ppu check` the access has been reported, and the kernel goes on to the next mistake.
bool lend_to_checked(uint64_t address, bool) {
  if (!AddressSpace::instance().in_window(address)) return false;
  return ::mmap(reinterpret_cast<void*>(address / kPage * kPage), kPage, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
}

}  // namespace

void allow_overreads_if_asked() {
  if (checking::tools().memory) return exec::set_overread_hook(&lend_to_checked);

  static const bool asked = [] {
    const char* set = std::getenv("PPU_OVERREADS");
    return set && *set && *set != '0';
  }();
  if (asked) exec::set_overread_hook(&lend_page);
}

bool is_overread(uint64_t address) {
  return page_to_lend(address) != 0;
}

uint64_t take_overread() {
  if (last_overread.load(std::memory_order_relaxed) == 0) return 0;
  return last_overread.exchange(0, std::memory_order_relaxed);
}

}  // namespace ppu::device

#include "device/managed_advice.h"

#include <map>
#include <mutex>

#include "device/address_space.h"
#include "device/device.h"

namespace ppu::device {
namespace {

struct Part {
  uint64_t end = 0;
  Advice advice;
};
/// By first address; what lies between the parts has no advice.
struct Allocated {
  uint64_t address = 0;
  std::map<uint64_t, Part> parts;
};

std::mutex advice_mutex;
/// By allocation id, which is never used again.
std::map<uint64_t, Allocated>& allocations() {
  static auto* all = new std::map<uint64_t, Allocated>;
  return *all;
}

/// Forgets allocations that are gone, now and then.
void forget_freed() {
  constexpr size_t kMany = 256;
  if (allocations().size() < kMany) return;
  std::erase_if(allocations(), [](const auto& item) {
    const auto now = AddressSpace::instance().find(item.second.address);
    return !now || now->id != item.first;
  });
}

/// Makes `at` a border between parts.
void split(std::map<uint64_t, Part>& parts, uint64_t at) {
  auto it = parts.upper_bound(at);
  if (it == parts.begin()) return;
  --it;
  if (it->first == at || it->second.end <= at) return;
  Part rest = it->second;
  it->second.end = at;
  parts[at] = rest;
}

template <class Change>
CUresult change(uint64_t address, size_t bytes, Change&& apply) {
  const auto a = AddressSpace::instance().find(address);
  if (!a) return CUDA_ERROR_INVALID_VALUE;
  const std::lock_guard lock(advice_mutex);
  forget_freed();
  Allocated& known = allocations()[a->id];
  known.address = a->address;
  std::map<uint64_t, Part>& parts = known.parts;
  const uint64_t end = address + bytes;
  split(parts, address);
  split(parts, end);
  for (uint64_t at = address; at < end;) {
    const auto next = parts.lower_bound(at);
    if (next == parts.end() || next->first != at) {  // a hole
      const uint64_t hole_end = next == parts.end() ? end : std::min(end, next->first);
      parts[at].end = hole_end;
    }
    Part& part = parts[at];
    apply(part.advice);
    at = part.end;
  }
  return CUDA_SUCCESS;
}

CUresult check(CUmemLocation location) {
  switch (location.type) {
    case CU_MEM_LOCATION_TYPE_DEVICE:
      return location.id >= 0 && location.id < device_count() ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
    case CU_MEM_LOCATION_TYPE_HOST:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA:
    case CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT:
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

}  // namespace

CUresult advise(uint64_t address, size_t bytes, CUmem_advise advice, CUmemLocation location) {
  const bool anywhere = advice == CU_MEM_ADVISE_SET_READ_MOSTLY ||
                        advice == CU_MEM_ADVISE_UNSET_READ_MOSTLY ||
                        advice == CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION;
  if (const CUresult r = anywhere ? CUDA_SUCCESS : check(location); r != CUDA_SUCCESS) return r;
  const int ordinal = location.type == CU_MEM_LOCATION_TYPE_DEVICE ? location.id : CU_DEVICE_CPU;
  switch (advice) {
    case CU_MEM_ADVISE_SET_READ_MOSTLY:
    case CU_MEM_ADVISE_UNSET_READ_MOSTLY:
      return change(address, bytes,
                    [&](Advice& a) { a.read_mostly = advice == CU_MEM_ADVISE_SET_READ_MOSTLY; });
    case CU_MEM_ADVISE_SET_PREFERRED_LOCATION:
      return change(address, bytes, [&](Advice& a) { a.preferred = location; });
    case CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION:
      return change(address, bytes, [](Advice& a) { a.preferred = {CU_MEM_LOCATION_TYPE_INVALID, 0}; });
    case CU_MEM_ADVISE_SET_ACCESSED_BY:
      return change(address, bytes, [&](Advice& a) { a.accessed_by.insert(ordinal); });
    case CU_MEM_ADVISE_UNSET_ACCESSED_BY:
      return change(address, bytes, [&](Advice& a) { a.accessed_by.erase(ordinal); });
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult note_prefetch(uint64_t address, size_t bytes, CUmemLocation location) {
  if (const CUresult r = check(location); r != CUDA_SUCCESS) return r;
  return change(address, bytes, [&](Advice& a) { a.prefetched = location; });
}

std::vector<Advice> advice_of(uint64_t address, size_t bytes) {
  std::vector<Advice> found;
  const auto a = AddressSpace::instance().find(address);
  const std::lock_guard lock(advice_mutex);
  const auto known = a ? allocations().find(a->id) : allocations().end();
  uint64_t covered = address;
  if (known != allocations().end()) {
    const std::map<uint64_t, Part>& parts = known->second.parts;
    auto it = parts.upper_bound(address);
    if (it != parts.begin() && std::prev(it)->second.end > address) --it;
    for (; it != parts.end() && it->first < address + bytes; ++it) {
      if (it->first > covered) found.emplace_back();
      found.push_back(it->second.advice);
      covered = it->second.end;
    }
  }
  if (covered < address + bytes) found.emplace_back();
  return found;
}

}  // namespace ppu::device

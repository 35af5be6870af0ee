// What a program said about where managed memory should be (cuMemAdvise, prefetches). Nothing moves here,
// host and devices share the memory; the advice is kept by ranges so that it can be asked for.
#pragma once
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "device/cuda_types.h"

namespace ppu::device {

struct Advice {
  bool read_mostly = false;
  CUmemLocation preferred = {CU_MEM_LOCATION_TYPE_INVALID, 0};
  CUmemLocation prefetched = {CU_MEM_LOCATION_TYPE_INVALID, 0};
  std::set<int> accessed_by;  ///< device ordinals, CU_DEVICE_CPU
};

/// Takes advice for [address, address + bytes) of a managed allocation. CUDA_ERROR_INVALID_VALUE,
/// CUDA_ERROR_INVALID_DEVICE.
CUresult advise(uint64_t address, size_t bytes, CUmem_advise advice, CUmemLocation location);
CUresult note_prefetch(uint64_t address, size_t bytes, CUmemLocation location);
/// The advice of each part of the range, at least one.
std::vector<Advice> advice_of(uint64_t address, size_t bytes);

}  // namespace ppu::device

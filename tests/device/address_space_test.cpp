// Device memory: alignment, accounting, unmapped neighbours, freed ranges, many small allocations.
#include "device/address_space.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "device/device.h"

#include "exec/fault.h"

namespace ppu::device {
namespace {

AddressSpace& space() {
  return AddressSpace::instance();
}

uint64_t make(size_t bytes, MemoryKind kind = MemoryKind::kDevice) {
  uint64_t a = 0;
  EXPECT_EQ(space().allocate(kind, 0, 1, bytes, 0, &a), CUDA_SUCCESS);
  return a;
}

bool faults(uint64_t address) {
  exec::ensure_fault_handlers();
  exec::ProtectedRegion region;
  return !exec::run_protected(region, [&] { *reinterpret_cast<volatile char*>(address) = 1; });
}

TEST(AddressSpace, AllocationsAreAlignedWritableAndZero) {
  for (size_t bytes :
       {size_t(1), size_t(255), size_t(4096), size_t(4097), size_t(1) << 20, size_t(3) << 20}) {
    const uint64_t a = make(bytes);
    EXPECT_EQ(a % 256, 0u);
    if (bytes >= (2 << 20)) EXPECT_EQ(a % (2 << 20), 0u);
    for (size_t i = 0; i < bytes; i += 997) EXPECT_EQ(reinterpret_cast<char*>(a)[i], 0);
    std::memset(reinterpret_cast<void*>(a), 7, bytes);
    const auto found = space().find(a + bytes / 2);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->address, a);
    EXPECT_EQ(found->bytes, bytes);
    EXPECT_EQ(space().release(a, false), CUDA_SUCCESS);
  }
}

TEST(AddressSpace, OverrunsAndUsesAfterFreeFault) {
  for (size_t bytes : {size_t(512), size_t(4096), size_t(100000), size_t(4) << 20}) {
    const uint64_t a = make(bytes);
    EXPECT_FALSE(faults(a + bytes - 1));
    EXPECT_TRUE(faults(a + (bytes + 4095) / 4096 * 4096 + 511));
    EXPECT_FALSE(space().find(a + bytes));
    EXPECT_EQ(space().release(a, false), CUDA_SUCCESS);
    EXPECT_TRUE(faults(a));
    EXPECT_FALSE(space().find(a));
    EXPECT_EQ(space().release(a, false), CUDA_ERROR_INVALID_VALUE);
  }
}

TEST(AddressSpace, FreedAddressesAreNotReusedSoon) {
  const uint64_t a = make(8192);
  EXPECT_EQ(space().release(a, false), CUDA_SUCCESS);
  for (int i = 0; i < 1000; i++) {
    const uint64_t b = make(8192);
    EXPECT_NE(a, b);
    EXPECT_EQ(space().release(b, false), CUDA_SUCCESS);
  }
}

TEST(AddressSpace, TheDevicesMemoryEnds) {
  uint64_t a = 0;
  EXPECT_EQ(space().allocate(MemoryKind::kDevice, 0, 1, device_memory_bytes(0) + 1, 0, &a),
            CUDA_ERROR_OUT_OF_MEMORY);
  const size_t before = space().used(0);
  a = make(1 << 20);
  EXPECT_EQ(space().used(0), before + (1 << 20));
  space().release(a, false);
  EXPECT_EQ(space().used(0), before);
}

TEST(AddressSpace, ManySmallAllocationsDoNotExhaustTheKernelsMappings) {
  std::vector<uint64_t> all;
  std::mt19937 random(7);
  for (int i = 0; i < 100000; i++) {
    all.push_back(make(1 + random() % 3000));
    *reinterpret_cast<volatile uint32_t*>(all.back() & ~3ull) = uint32_t(i);
  }
  std::shuffle(all.begin(), all.end(), random);
  for (uint64_t a : all) ASSERT_EQ(space().release(a, false), CUDA_SUCCESS);
}

TEST(AddressSpace, KindsAreToldApart) {
  const uint64_t d = make(100), m = make(100, MemoryKind::kManaged), h = make(100, MemoryKind::kHost);
  EXPECT_EQ(space().find(d)->kind, MemoryKind::kDevice);
  EXPECT_EQ(space().find(m)->kind, MemoryKind::kManaged);
  EXPECT_EQ(space().find(h)->kind, MemoryKind::kHost);
  EXPECT_EQ(space().release(h, false), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(space().release(d, true), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(space().release(h, true), CUDA_SUCCESS);
  EXPECT_EQ(space().release(m, false), CUDA_SUCCESS);
  EXPECT_EQ(space().release(d, false), CUDA_SUCCESS);
  std::vector<char> host(10000);
  const uint64_t r = reinterpret_cast<uint64_t>(host.data());
  EXPECT_EQ(space().register_host(r, 10000, 1, 0), CUDA_SUCCESS);
  EXPECT_EQ(space().register_host(r + 5000, 100, 1, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
  EXPECT_EQ(space().find(r + 9999)->kind, MemoryKind::kRegistered);
  EXPECT_EQ(space().unregister_host(r), CUDA_SUCCESS);
  EXPECT_EQ(space().unregister_host(r), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
}

}  // namespace
}  // namespace ppu::device

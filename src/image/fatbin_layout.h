// The bytes of wrappers, containers and entries, as measured (fatbin.h has the overview). Private to
// src/image.
#pragma once
#include <cstdint>

namespace ppu::image {

inline constexpr uint32_t kWrapperMagic = 0x466243B1;
inline constexpr uint32_t kContainerMagic = 0xBA55ED50;
inline constexpr uint32_t kElfMagic = 0x464C457F;
inline constexpr uint16_t kElfMachineCuda = 190;
inline constexpr uint16_t kRawPtx = 1;
inline constexpr uint16_t kRawElf = 2;

inline constexpr uint64_t kFlag64Bit = 0x1;
inline constexpr uint64_t kFlagLinux = 0x10;
inline constexpr uint64_t kFlagLz4 = 0x2000;
inline constexpr uint64_t kFlagZstd = 0x8000;
inline constexpr uint64_t kFlagArchA = 0x100000;
inline constexpr uint64_t kFlagArchF = 0x200000;

/// No entry seen expands beyond a few MB; a header that claims more than this is damaged.
inline constexpr uint64_t kMaxExpanded = uint64_t(1) << 30;

struct Wrapper {
  uint32_t magic;
  uint32_t version;
  const void* container;
  const void* extra;
};
static_assert(sizeof(Wrapper) == 24);

struct ContainerHeader {
  uint32_t magic;
  uint16_t version;
  uint16_t header_size;
  uint64_t payload_size;
};
static_assert(sizeof(ContainerHeader) == 16);

struct EntryHeader {
  uint16_t kind;
  uint16_t version;
  uint32_t header_size;
  uint64_t payload_size;
  uint32_t packed_size;     ///< 0 when stored; payload_size is this rounded up to 8
  uint32_t options_offset;  ///< 64 or 0
  uint16_t version_minor;
  uint16_t version_major;
  uint32_t arch;
  uint32_t name_offset;
  uint32_t name_length;
  uint64_t flags;
  uint64_t reserved;
  uint64_t expanded_size;  ///< 0 when stored
};
static_assert(sizeof(EntryHeader) == 64);

}  // namespace ppu::image

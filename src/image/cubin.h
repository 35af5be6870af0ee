// Cubins: the ELF files that assemblers write and cuModuleLoadData takes. NVIDIA's hold SASS, of which we
// only read the architecture; ours (`ptxas`, for compilers that insist on an assembler) hold the PTX they
// were made from. Layout of ours: docs/formats.md.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/fatbin.h"

namespace ppu::image {

/// Bytes of the ELF header, all of which every cubin has.
constexpr size_t kCubinHeaderBytes = 64;

/// The length that the header of a cubin states: all of it for one of ours, the header for another's (nothing
/// else of it is read). `header` has kCubinHeaderBytes.
size_t cubin_bytes(std::span<const std::byte> header);

/// Reads a cubin as one entry: PTX for one of ours, SASS for another's. Errors: kBadInput when it is cut off,
/// is ELF for something else, or is one of ours and damaged.
Result<Entry> read_cubin(std::span<const std::byte> bytes);

/// A cubin of ours for `arch` (80 for sm_80) that carries `ptx`.
std::vector<std::byte> write_cubin(std::string_view ptx, unsigned arch);

}  // namespace ppu::image

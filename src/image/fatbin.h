// What programs carry for the device: fatbin wrappers and containers, bare PTX, bare cubins. Reads them from
// memory (a registered program) or from bytes (a file), lists the entries and chooses the PTX to compile. Not
// here: PTX itself (src/ptx), the executables around all this (program.h). SASS is named, never translated.
//
// Layout (measured on shipped files; little endian):
//   wrapper   u32 0x466243B1, u32 version, ptr container, ptr extra
//             version 2 (-rdc=true): extra = null-terminated array of containers, one per object file
//   container u32 0xBA55ED50, u16 1, u16 16, u64 payload size; then entries. May be empty.
//   entry     64 bytes (EntryHeader in fatbin.cpp), options, payload
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ppu::image {

enum class CodeKind : uint8_t { kPtx, kSass, kOther };
enum class Packing : uint8_t { kStored, kLz4, kZstd };

/// One entry of a container. `payload`, `name` and `options` point into the memory that was read and live as
/// long.
struct Entry {
  CodeKind kind = CodeKind::kOther;
  Packing packing = Packing::kStored;
  char arch_suffix = 0;        ///< 'a' or 'f' for architecture- and family-specific code, else 0
  unsigned arch = 0;           ///< 80 for compute_80 / sm_80; 0 when a bare PTX text names no target
  unsigned version_major = 0;  ///< PTX ISA version, or the ELF's
  unsigned version_minor = 0;
  uint64_t flags = 0;                    ///< as found in the entry
  uint64_t expanded_size = 0;            ///< bytes after decompression
  std::span<const std::byte> payload{};  ///< as stored, padding removed
  std::string_view name{};               ///< source file the compiler recorded; often empty
  std::string_view options{};            ///< ptxas options recorded for PTX, such as "-maxrregcount=96"
};

/// The same code for several architectures: what one object file carries.
using Piece = std::vector<Entry>;

/// A program or file as the loader gets it. One piece usually; several for -rdc=true programs, to be linked.
struct CodeImage {
  std::vector<Piece> pieces;
  bool relocatable = false;  ///< the pieces are to be linked into one module (wrapper version 2)

  /// "PTX for compute_80; SASS for sm_75, sm_90" or "SASS for sm_75; no PTX" or "no device code".
  std::string describe() const;
};

/// One PTX text ready to be parsed.
struct PtxText {
  std::string text;     ///< without trailing NULs
  unsigned arch = 0;    ///< as Entry::arch
  std::string options;  ///< as Entry::options
  std::string name;     ///< Entry::name, or "ptx"
};

/// Reads what `memory` points to: a fatbin wrapper (__fatBinC_Wrapper_t), a container, a cubin, or
/// NUL-terminated PTX. The size comes from the headers, as in cuModuleLoadData. Nothing is decompressed yet;
/// entries point into `memory`. Errors: kBadInput when it is none of these or a header contradicts itself.
Result<CodeImage> read_memory(const void* memory);

/// As read_memory for the contents of a file (no wrapper there). Every offset is checked against `bytes`.
Result<CodeImage> read_bytes(std::span<const std::byte> bytes);

/// All containers of a section (.nv_fatbin, __nv_relfatbin), in order, one image each; zero padding between
/// them is skipped.
Result<std::vector<CodeImage>> read_section(std::span<const std::byte> bytes);

/// The payload, decompressed. Errors: kBadInput (damaged, or another size than the header states).
Result<std::string> expand(const Entry& entry);

/// Index in `piece` of the PTX to compile for compute capability `cc` (80 for 8.0): the highest architecture
/// <= cc, else the lowest above it; plain targets before 'a' and 'f' ones. -1 when the piece has no PTX.
int best_ptx(const Piece& piece, unsigned cc);

/// The PTX of every piece, expanded; cudadevrt (NVIDIA's device runtime, linked into -rdc programs) is left
/// out. Empty when the image is. Errors: kUnsupported when a piece has code but no PTX ("found SASS for
/// sm_75; ...").
Result<std::vector<PtxText>> choose_ptx(const CodeImage& image, unsigned cc);

/// An entry for write_fatbin. `code` is PTX text or an ELF; a NUL is appended to PTX as the tools do.
struct NewEntry {
  CodeKind kind = CodeKind::kPtx;
  unsigned arch = 80;
  std::string_view code{};
  std::string_view options{};
};

/// A container with these entries, stored or packed. PTX ISA versions are read from the text.
Result<std::vector<std::byte>> write_fatbin(std::span<const NewEntry> entries,
                                            Packing packing = Packing::kStored);

}  // namespace ppu::image

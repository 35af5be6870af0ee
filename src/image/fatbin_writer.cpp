// Writes containers: what ppucc and the tests need in place of NVIDIA's `fatbinary`.
#include <lz4.h>
#include <zstd.h>

#include <cstring>

#include "image/fatbin.h"
#include "image/fatbin_layout.h"

namespace ppu::image {
namespace {

size_t rounded_up(size_t size) {
  return (size + 7) & ~size_t(7);
}

Result<std::string> pack(std::string_view code, Packing packing) {
  if (code.size() > kMaxExpanded)
    return bad_input("fatbin: code of " + std::to_string(code.size()) + " bytes");
  if (packing == Packing::kStored) return std::string(code);
  std::string out;
  if (packing == Packing::kZstd) {
    out.resize(ZSTD_compressBound(code.size()));
    const size_t n = ZSTD_compress(out.data(), out.size(), code.data(), code.size(), ZSTD_CLEVEL_DEFAULT);
    if (ZSTD_isError(n)) return resource(std::string("fatbin: zstd: ") + ZSTD_getErrorName(n));
    out.resize(n);
  } else {
    out.resize(size_t(LZ4_compressBound(int(code.size()))));
    out.resize(size_t(LZ4_compress_default(code.data(), out.data(), int(code.size()), int(out.size()))));
  }
  return out;
}

void append(std::vector<std::byte>& out, const void* data, size_t size) {
  const std::byte* bytes = static_cast<const std::byte*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

/// The options block: u32 offset from the header's start, u32 length, text, padding. Empty when there are
/// none.
std::string options_block(std::string_view options) {
  if (options.empty()) return {};
  const uint32_t place[2] = {sizeof(EntryHeader) + 8, uint32_t(options.size())};
  std::string block(reinterpret_cast<const char*>(place), sizeof place);
  block += options;
  block.resize(rounded_up(block.size() + 1));
  return block;
}

Status append_entry(std::vector<std::byte>& out, const NewEntry& entry, Packing packing) {
  std::string code(entry.code);
  EntryHeader header{};
  if (entry.kind == CodeKind::kPtx) {
    // Bare PTX goes through the reader, which finds .version and refuses what is no PTX.
    const auto read = read_bytes({reinterpret_cast<const std::byte*>(code.data()), code.size()});
    if (!read) return read.error();
    const Entry& seen = read.value().pieces[0][0];
    if (seen.kind != CodeKind::kPtx)
      return bad_input("fatbin: PTX was expected, found " + read.value().describe());
    header.version_major = uint16_t(seen.version_major);
    header.version_minor = uint16_t(seen.version_minor);
    header.kind = kRawPtx;
    if (code.back() != '\0') code += '\0';
  } else {
    header.kind = kRawElf;
    header.version_major = 1;
    header.version_minor = 8;
  }
  auto packed = pack(code, packing);
  if (!packed) return packed.error();
  const std::string options = options_block(entry.options);
  header.version = 0x101;
  header.header_size = uint32_t(sizeof header + options.size());
  header.payload_size = rounded_up(packed->size());
  header.arch = entry.arch;
  header.flags = kFlag64Bit | kFlagLinux;
  header.options_offset = options.empty() ? 0 : sizeof header;
  if (packing != Packing::kStored) {
    header.flags |= packing == Packing::kZstd ? kFlagZstd : kFlagLz4;
    header.packed_size = uint32_t(packed->size());
    header.expanded_size = code.size();
  }
  packed->resize(header.payload_size);
  append(out, &header, sizeof header);
  append(out, options.data(), options.size());
  append(out, packed->data(), packed->size());
  return Unit{};
}

}  // namespace

Result<std::vector<std::byte>> write_fatbin(std::span<const NewEntry> entries, Packing packing) {
  std::vector<std::byte> payload;
  for (const NewEntry& entry : entries) {
    const Status status = append_entry(payload, entry, packing);
    if (!status) return status.error();
  }
  const ContainerHeader header{kContainerMagic, 1, sizeof(ContainerHeader), payload.size()};
  std::vector<std::byte> out;
  append(out, &header, sizeof header);
  append(out, payload.data(), payload.size());
  return out;
}

}  // namespace ppu::image

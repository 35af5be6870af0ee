// Walks wrappers, containers and entries; chooses PTX. Decompression is in packing.cpp, writing in
// fatbin_writer.cpp.
#include "image/fatbin.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>
#include <tuple>

#include "image/cubin.h"
#include "image/fatbin_layout.h"

namespace ppu::image {
namespace {

using Bytes = std::span<const std::byte>;

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Error damaged(size_t offset, const std::string& what) {
  return bad_input("fatbin:" + hex(offset) + ": " + what + "; the file is damaged or not a CUDA fat binary");
}

/// The NUL-terminated or cut-off text at [offset, offset + length) of an entry's header; empty when outside
/// it.
std::string_view text_in(Bytes header, size_t offset, size_t length) {
  if (offset > header.size() || length > header.size() - offset) return {};
  std::string_view text = as_text(header.subspan(offset, length));
  while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.remove_suffix(1);
  return text;
}

/// The options block that follows a long header: u32 offset of the text, u32 its length.
std::string_view options_of(Bytes header, const EntryHeader& raw) {
  if (raw.kind != kRawPtx || raw.options_offset == 0) return {};
  if (raw.options_offset > header.size() || header.size() - raw.options_offset < 8) return {};
  uint32_t place[2];
  std::memcpy(place, header.data() + raw.options_offset, sizeof place);
  return text_in(header, place[0], place[1]);
}

CodeKind kind_of(uint16_t raw) {
  if (raw == kRawPtx) return CodeKind::kPtx;
  return raw == kRawElf ? CodeKind::kSass : CodeKind::kOther;
}

/// Reads the entry at `rest` (which ends with its container). On success `*used` is its length in bytes.
Result<Entry> read_entry(Bytes rest, size_t at, size_t* used) {
  EntryHeader raw;
  if (rest.size() < sizeof raw) return damaged(at, "an entry header is cut off");
  std::memcpy(&raw, rest.data(), sizeof raw);
  if (raw.header_size < sizeof raw || raw.header_size > rest.size())
    return damaged(at, "an entry header of " + std::to_string(raw.header_size) + " bytes");
  if (raw.payload_size > rest.size() - raw.header_size)
    return damaged(at,
                   "an entry of " + std::to_string(raw.payload_size) + " bytes ends outside its container");
  const uint64_t stored = raw.packed_size ? raw.packed_size : raw.payload_size;
  if (stored > raw.payload_size) return damaged(at, "a packed size above the stored size");

  Entry entry;
  entry.kind = kind_of(raw.kind);
  if (raw.packed_size) {
    if (raw.flags & kFlagZstd)
      entry.packing = Packing::kZstd;
    else if (raw.flags & kFlagLz4)
      entry.packing = Packing::kLz4;
    else
      return damaged(at, "a packed entry whose flags " + hex(raw.flags) + " name neither LZ4 nor zstd");
  }
  entry.arch = raw.arch;
  entry.arch_suffix = raw.flags & kFlagArchA ? 'a' : raw.flags & kFlagArchF ? 'f' : 0;
  entry.version_major = raw.version_major;
  entry.version_minor = raw.version_minor;
  entry.flags = raw.flags;
  entry.expanded_size = raw.packed_size ? raw.expanded_size : stored;
  entry.payload = rest.subspan(raw.header_size, stored);
  const Bytes header = rest.first(raw.header_size);
  entry.name = text_in(header, raw.name_offset, raw.name_length);
  entry.options = options_of(header, raw);
  *used = raw.header_size + raw.payload_size;
  return entry;
}

/// Reads the container at the start of `bytes`; `*used` becomes its length with the header.
Result<Piece> read_container(Bytes bytes, size_t* used) {
  ContainerHeader header;
  if (bytes.size() < sizeof header) return damaged(0, "a container header is cut off");
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kContainerMagic) return damaged(0, "a container that starts with " + hex(header.magic));
  if (header.header_size < sizeof header || header.header_size > bytes.size())
    return damaged(0, "a container header of " + std::to_string(header.header_size) + " bytes");
  if (header.payload_size > bytes.size() - header.header_size)
    return damaged(0, "a container of " + std::to_string(header.payload_size) + " bytes, only " +
                          std::to_string(bytes.size() - header.header_size) + " are there");
  Piece piece;
  Bytes rest = bytes.subspan(header.header_size, header.payload_size);
  size_t at = header.header_size;
  while (!rest.empty()) {
    size_t length = 0;
    Result<Entry> entry = read_entry(rest, at, &length);
    if (!entry) return entry.error();
    piece.push_back(*entry);
    at += length;
    rest = rest.subspan(length);
  }
  *used = header.header_size + header.payload_size;
  return piece;
}

Result<Piece> container_in_memory(const void* memory) {
  ContainerHeader header;
  std::memcpy(&header, memory, sizeof header);
  if (header.magic != kContainerMagic)
    return bad_input("fatbin: the wrapper points to data that starts with " + hex(header.magic) +
                     ", not to a container");
  size_t used = 0;
  return read_container({static_cast<const std::byte*>(memory), header.header_size + header.payload_size},
                        &used);
}

Result<CodeImage> read_wrapper(const void* memory) {
  Wrapper wrapper;
  std::memcpy(&wrapper, memory, sizeof wrapper);
  CodeImage image;
  if (wrapper.version == 2 && wrapper.extra) {
    image.relocatable = true;
    for (const void* const* piece = static_cast<const void* const*>(wrapper.extra); *piece; ++piece) {
      Result<Piece> entries = container_in_memory(*piece);
      if (!entries) return entries.error();
      if (!entries->empty()) image.pieces.push_back(std::move(*entries));
    }
    // The device linker's own output is SASS (or nothing); the pieces are what can be linked again from PTX.
    if (!image.pieces.empty()) return image;
  } else if (wrapper.version != 1 && wrapper.version != 2) {
    return bad_input("fatbin: wrapper version " + std::to_string(wrapper.version) + "; 1 and 2 are known");
  }
  image.relocatable = false;
  if (!wrapper.container) return image;
  Result<Piece> entries = container_in_memory(wrapper.container);
  if (!entries) return entries.error();
  if (!entries->empty()) image.pieces.push_back(std::move(*entries));
  return image;
}

CodeImage single(const Entry& entry) {
  CodeImage image;
  image.pieces.push_back({entry});
  return image;
}

/// A cubin, named with its SM, or one of ours with the PTX in it.
Result<CodeImage> cubin(Bytes bytes) {
  const Result<Entry> entry = read_cubin(bytes);
  if (!entry) return entry.error();
  return single(entry.value());
}

/// The text after `directive` up to the end of its line; empty when the directive is missing.
std::string_view directive(std::string_view text, std::string_view name) {
  const size_t at = text.find(name);
  if (at == text.npos) return {};
  std::string_view rest = text.substr(at + name.size());
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  return rest.substr(0, rest.find_first_of("\r\n/"));
}

Result<CodeImage> read_text(Bytes bytes) {
  std::string_view text = as_text(bytes);
  text = text.substr(0, text.find('\0'));
  // .version comes first, after comments only (PTX ISA, "PTX Module Directives").
  const std::string_view version = directive(text, ".version");
  if (version.empty()) {
    std::string start;
    for (const char c : text.substr(0, 16)) start += c >= ' ' && c < 127 ? c : '.';
    return bad_input("image: neither a fat binary, a cubin nor PTX text (no .version); it starts with \"" +
                     start + "\"");
  }
  Entry entry;
  entry.kind = CodeKind::kPtx;
  entry.payload = bytes.first(text.size());
  entry.expanded_size = text.size();
  std::sscanf(std::string(version.substr(0, 16)).c_str(), "%u.%u", &entry.version_major,
              &entry.version_minor);
  const std::string target(directive(text, ".target").substr(0, 16));
  char suffix = 0;
  const int fields = std::sscanf(target.c_str(), "sm_%u%c", &entry.arch, &suffix);
  if (fields == 2 && (suffix == 'a' || suffix == 'f')) entry.arch_suffix = suffix;
  return single(entry);
}

bool starts_with(Bytes bytes, uint32_t magic) {
  uint32_t first = 0;
  if (bytes.size() < sizeof first) return false;
  std::memcpy(&first, bytes.data(), sizeof first);
  return first == magic;
}

/// NVIDIA's device runtime comes along with every -rdc link; programs that don't call it don't need it.
bool is_device_runtime(std::string_view ptx) {
  return ptx.find("_cuda_device_runtime_cu_") != ptx.npos && ptx.find("cnpGetLimit") != ptx.npos;
}

std::string arch_list(const std::set<std::pair<unsigned, char>>& archs, const char* prefix) {
  std::string out;
  for (const auto& [arch, suffix] : archs) {
    out += out.empty() ? "" : ", ";
    out += arch ? prefix + std::to_string(arch) : std::string("an unnamed target");
    if (suffix) out += suffix;
  }
  return out;
}

}  // namespace

std::string CodeImage::describe() const {
  std::set<std::pair<unsigned, char>> ptx, sass;
  size_t others = 0;
  for (const Piece& piece : pieces)
    for (const Entry& entry : piece) {
      if (entry.kind == CodeKind::kOther)
        ++others;
      else
        (entry.kind == CodeKind::kPtx ? ptx : sass).insert({entry.arch, entry.arch_suffix});
    }
  if (ptx.empty() && sass.empty() && !others) return "no device code";
  std::string out;
  if (!ptx.empty()) out = "PTX for " + arch_list(ptx, "compute_");
  if (!sass.empty()) out += (out.empty() ? "" : "; ") + ("SASS for " + arch_list(sass, "sm_"));
  if (others) out += (out.empty() ? "" : "; ") + std::to_string(others) + " entries of another kind (LTO IR)";
  if (ptx.empty()) out += "; no PTX";
  return out;
}

Result<CodeImage> read_memory(const void* memory) {
  if (!memory) return bad_input("image: a null pointer");
  // A text may be shorter than a magic number and end where its page does.
  const char* text = static_cast<const char*>(memory);
  if (!text[0] || !text[1] || !text[2])
    return read_text({static_cast<const std::byte*>(memory), std::strlen(text)});
  uint32_t magic;
  std::memcpy(&magic, memory, sizeof magic);
  if (magic == kWrapperMagic) return read_wrapper(memory);
  if (magic == kContainerMagic) {
    Result<Piece> piece = container_in_memory(memory);
    if (!piece) return piece.error();
    CodeImage image;
    if (!piece->empty()) image.pieces.push_back(std::move(*piece));
    return image;
  }
  if (magic == kElfMagic) {
    const Bytes header(static_cast<const std::byte*>(memory), kCubinHeaderBytes);
    return cubin({header.data(), cubin_bytes(header)});
  }
  return read_text({static_cast<const std::byte*>(memory), std::strlen(text)});
}

Result<CodeImage> read_bytes(std::span<const std::byte> bytes) {
  if (starts_with(bytes, kElfMagic)) return cubin(bytes);
  if (!starts_with(bytes, kContainerMagic)) return read_text(bytes);
  size_t used = 0;
  Result<Piece> piece = read_container(bytes, &used);
  if (!piece) return piece.error();
  CodeImage image;
  if (!piece->empty()) image.pieces.push_back(std::move(*piece));
  return image;
}

Result<std::vector<CodeImage>> read_section(std::span<const std::byte> bytes) {
  std::vector<CodeImage> images;
  while (bytes.size() >= sizeof(ContainerHeader)) {
    if (!starts_with(bytes, kContainerMagic)) {
      if (!starts_with(bytes, 0)) return damaged(0, "section data that is no container");
      bytes = bytes.subspan(4);
      continue;
    }
    size_t used = 0;
    Result<Piece> piece = read_container(bytes, &used);
    if (!piece) return piece.error();
    CodeImage image;
    if (!piece->empty()) image.pieces.push_back(std::move(*piece));
    images.push_back(std::move(image));
    bytes = bytes.subspan(used);
  }
  return images;
}

int best_ptx(const Piece& piece, unsigned cc) {
  int best = -1;
  // Smaller is better: within reach before above, then nearest, then plain before specific.
  auto rank = [&](const Entry& entry) {
    const bool above = entry.arch > cc;
    return std::tuple(above, above ? entry.arch - cc : cc - entry.arch, entry.arch_suffix != 0);
  };
  for (size_t i = 0; i < piece.size(); ++i) {
    if (piece[i].kind != CodeKind::kPtx) continue;
    if (best < 0 || rank(piece[i]) < rank(piece[size_t(best)])) best = int(i);
  }
  return best;
}

Result<std::vector<PtxText>> choose_ptx(const CodeImage& image, unsigned cc) {
  std::vector<PtxText> out;
  for (const Piece& piece : image.pieces) {
    if (piece.empty()) continue;
    const int chosen = best_ptx(piece, cc);
    if (chosen < 0) {
      CodeImage alone;
      alone.pieces.push_back(piece);
      return unsupported("image: found " + alone.describe() +
                         "; OpenPPU compiles PTX, it does not translate SASS: rebuild with "
                         "-gencode arch=compute_80,code=compute_80");
    }
    const Entry& entry = piece[size_t(chosen)];
    Result<std::string> text = expand(entry);
    if (!text) return text.error();
    while (!text->empty() && text->back() == '\0') text->pop_back();
    if (is_device_runtime(*text)) continue;
    out.push_back({std::move(*text), entry.arch, std::string(entry.options),
                   entry.name.empty() ? "ptx" : std::string(entry.name)});
  }
  return out;
}

}  // namespace ppu::image

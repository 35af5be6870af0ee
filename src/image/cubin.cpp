// See cubin.h. Ours are told by "OpenPPU" in the seven bytes of e_ident that ELF leaves free.
#include "image/cubin.h"

#include <elf.h>

#include <cstring>
#include <iterator>
#include <string>

#include "image/elf_view.h"
#include "image/fatbin_layout.h"

namespace ppu::image {
namespace {

constexpr char kMark[] = "OpenPPU";
constexpr size_t kMarkBytes = sizeof kMark - 1;
static_assert(EI_PAD + kMarkBytes == EI_NIDENT);
constexpr char kPtxSection[] = ".openppu.ptx";
constexpr char kNames[] = "\0.openppu.ptx\0.shstrtab";
constexpr uint8_t kCudaAbi = 8;  // the architecture stands in bits 8-15 of e_flags
constexpr uint8_t kCudaOsAbi = 0x41;

bool is_ours(const Elf64_Ehdr& header) {
  return std::memcmp(header.e_ident + EI_PAD, kMark, kMarkBytes) == 0;
}

Elf64_Ehdr header_of(std::span<const std::byte> bytes) {
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

Elf64_Shdr section(uint32_t name, uint32_t type, uint64_t offset, uint64_t size) {
  Elf64_Shdr s{};
  s.sh_name = name, s.sh_type = type, s.sh_offset = offset, s.sh_size = size, s.sh_addralign = 1;
  return s;
}

Status find_ptx(std::span<const std::byte> bytes, Entry* entry) {
  const ElfView elf(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  Elf64_Shdr s;
  if (!elf.find_section(kPtxSection, &s)) return bad_input("cubin: made by OpenPPU, but its PTX is missing");
  const ElfBytes found = elf.section_bytes(s);
  if (found.size == 0 || found.data[found.size - 1] != 0)
    return bad_input("cubin: made by OpenPPU, but its PTX is cut off");
  entry->kind = CodeKind::kPtx;
  entry->payload = {reinterpret_cast<const std::byte*>(found.data), found.size - 1};
  entry->expanded_size = entry->payload.size();
  return Unit{};
}

}  // namespace

size_t cubin_bytes(std::span<const std::byte> bytes) {
  const Elf64_Ehdr header = header_of(bytes);
  if (!is_ours(header)) return kCubinHeaderBytes;
  return header.e_shoff + size_t(header.e_shnum) * sizeof(Elf64_Shdr);
}

Result<Entry> read_cubin(std::span<const std::byte> bytes) {
  if (bytes.size() < kCubinHeaderBytes)
    return bad_input("cubin: an ELF header of 64 bytes was expected, only " + std::to_string(bytes.size()) +
                     " are there");
  const Elf64_Ehdr header = header_of(bytes);
  if (header.e_machine != kElfMachineCuda)
    return bad_input("cubin: an ELF file for machine " + std::to_string(header.e_machine) +
                     ", not for CUDA (190)");
  Entry entry;
  entry.kind = CodeKind::kSass;
  entry.arch =
      header.e_ident[EI_ABIVERSION] >= kCudaAbi ? (header.e_flags >> 8) & 0xff : header.e_flags & 0xff;
  entry.payload = bytes;
  entry.expanded_size = bytes.size();
  if (!is_ours(header)) return entry;
  if (const Status found = find_ptx(bytes, &entry); !found) return found.error();
  return entry;
}

std::vector<std::byte> write_cubin(std::string_view ptx, unsigned arch) {
  const uint64_t ptx_at = sizeof(Elf64_Ehdr), names_at = ptx_at + ptx.size() + 1;
  const uint64_t sections_at = (names_at + sizeof kNames + 7) & ~uint64_t(7);
  const Elf64_Shdr sections[] = {Elf64_Shdr{}, section(1, SHT_PROGBITS, ptx_at, ptx.size() + 1),
                                 section(1 + sizeof kPtxSection, SHT_STRTAB, names_at, sizeof kNames)};
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64, header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT, header.e_version = EV_CURRENT;
  header.e_ident[EI_OSABI] = kCudaOsAbi, header.e_ident[EI_ABIVERSION] = kCudaAbi;
  std::memcpy(header.e_ident + EI_PAD, kMark, kMarkBytes);
  header.e_type = ET_EXEC, header.e_machine = kElfMachineCuda, header.e_flags = (arch & 0xff) << 8;
  header.e_ehsize = sizeof header, header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shoff = sections_at, header.e_shnum = std::size(sections), header.e_shstrndx = 2;
  std::vector<std::byte> out(sections_at + sizeof sections);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + ptx_at, ptx.data(), ptx.size());
  std::memcpy(out.data() + names_at, kNames, sizeof kNames);
  std::memcpy(out.data() + sections_at, sections, sizeof sections);
  return out;
}

}  // namespace ppu::image

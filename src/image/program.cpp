// Reads an executable's headers, sections and symbol names into ProgramFacts.
#include "image/program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "image/cudart_evidence.h"
#include "image/elf_view.h"

namespace ppu::image {
namespace {

std::span<const std::byte> as_bytes(ElfBytes bytes) {
  return {reinterpret_cast<const std::byte*>(bytes.data), bytes.size};
}

/// Only what is asked about: kinds and architectures. The mapping the payloads point into is about to go.
Entry without_payload(Entry entry) {
  entry.payload = {};
  entry.name = {};
  entry.options = {};
  return entry;
}

/// The device runtime that -rdc links in has PTX of its own (compiled "--compile-only -maxrregcount=32" and
/// with SASS for eight or more architectures): it says nothing about the program's own code.
bool looks_like_device_runtime(const Piece& piece) {
  constexpr size_t kManyArchitectures = 8;
  bool restricted = false;
  for (const Entry& entry : piece)
    restricted |=
        entry.kind == CodeKind::kPtx && entry.options.find("-maxrregcount=32") != entry.options.npos;
  return restricted && piece.size() >= kManyArchitectures;
}

void add_code(ProgramFacts& facts, const ElfView& elf, const char* section_name) {
  Elf64_Shdr section;
  if (!elf.find_section(section_name, &section)) return;
  auto images = read_section(as_bytes(elf.section_bytes(section)));
  if (!images) return;
  for (const CodeImage& image : images.value())
    for (const Piece& piece : image.pieces) {
      if (looks_like_device_runtime(piece)) continue;
      facts.has_fatbin = true;
      Piece kept;
      for (const Entry& entry : piece) {
        facts.has_ptx |= entry.kind == CodeKind::kPtx;
        kept.push_back(without_payload(entry));
      }
      facts.code.pieces.push_back(std::move(kept));
    }
}

std::string interpreter_of(const ElfView& elf) {
  for (size_t i = 0; i < elf.segment_count(); ++i) {
    if (elf.segment(i).p_type != PT_INTERP) continue;
    const ElfBytes bytes = elf.segment_bytes(elf.segment(i));
    const std::string path(reinterpret_cast<const char*>(bytes.data), bytes.size);
    return path.substr(0, path.find('\0'));
  }
  return {};
}

void find_cudart(ProgramFacts& facts, const ElfView& elf) {
  for (const std::string& name : facts.needed) {
    const char prefix[] = "libcudart.so.";
    if (name.rfind(prefix, 0) != 0) continue;
    facts.cudart = CudartUse::kShared;
    facts.cudart_major = std::atoi(name.c_str() + sizeof prefix - 1);
    return;
  }
  Elf64_Shdr table;
  CudartNames names;
  facts.has_symbol_table = elf.find_section_type(SHT_SYMTAB, &table);
  if (facts.has_symbol_table)
    elf.symbols(table, [&](const char* name, const Elf64_Sym& symbol) { names.see(name, symbol); });
  if (names.embedded()) {
    facts.cudart = CudartUse::kKept;
    facts.cudart_major = names.major();
  } else if (names.registers) {
    facts.cudart = CudartUse::kOurs;
  } else if (!facts.has_symbol_table && has_cudart_text(elf)) {
    facts.cudart = CudartUse::kStripped;
  }
}

}  // namespace

ProgramFacts inspect_bytes(std::span<const std::byte> bytes, unsigned mode) {
  ProgramFacts facts;
  facts.set_id = (mode & (S_ISUID | S_ISGID)) != 0;
  const unsigned char* data = reinterpret_cast<const unsigned char*>(bytes.data());
  if (bytes.size() >= 2 && data[0] == '#' && data[1] == '!') facts.kind = FileKind::kScript;
  const ElfView elf(data, bytes.size());
  if (elf.is_32bit()) facts.kind = FileKind::kElf32;
  if (!elf.valid()) return facts;
  facts.machine = elf.header().e_machine;
  if (facts.machine != EM_X86_64) {
    facts.kind = FileKind::kElfOther;
    return facts;
  }
  facts.kind = FileKind::kElf;
  facts.fully_static =
      elf.header().e_type == ET_EXEC || elf.header().e_type == ET_DYN ? !elf.has_segment(PT_INTERP) : false;
  facts.interpreter = interpreter_of(elf);
  elf.needed([&](const char* name) { facts.needed.emplace_back(name); });
  if (facts.fully_static && !facts.needed.empty()) facts.fully_static = false;  // a shared library
  add_code(facts, elf, ".nv_fatbin");
  add_code(facts, elf, "__nv_relfatbin");
  find_cudart(facts, elf);
  return facts;
}

Result<ProgramFacts> inspect_program(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return bad_input(path + ": " + std::strerror(errno));
  struct stat info{};
  ::fstat(fd, &info);
  if (!S_ISREG(info.st_mode) || info.st_size == 0) {
    ::close(fd);
    return ProgramFacts{};
  }
  const size_t size = size_t(info.st_size);
  void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (map == MAP_FAILED) return bad_input(path + ": can't be read: " + std::strerror(errno));
  ProgramFacts facts = inspect_bytes({static_cast<const std::byte*>(map), size}, info.st_mode);
  ::munmap(map, size);
  // The loader distrusts its environment only when the bits change who the process is.
  facts.set_id = ((info.st_mode & S_ISUID) && info.st_uid != ::geteuid()) ||
                 ((info.st_mode & S_ISGID) && info.st_gid != ::getegid());
  return facts;
}

}  // namespace ppu::image

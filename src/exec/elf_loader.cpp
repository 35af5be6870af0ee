// See elf_loader.h. Layout of the mapping, each part page-aligned so that it gets its own protection:
//   code sections + call stubs (r-x) | read-only sections + GOT (r--) | writable sections (rw-)
// Reference: System V ABI, AMD64 supplement, "Relocation" (table of types and their calculations).
#include "exec/elf_loader.h"

#include <elf.h>
#include <sys/mman.h>

#include <cstring>
#include <string>
#include <vector>

namespace ppu::exec {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kMaxObject = size_t{1} << 30;  // the small code model's 32-bit distances need < 2 GB
constexpr size_t kStubBytes = 16;               // jmp *got(%rip) padded
constexpr size_t kLeadIn = 64;  // before the first function: sanitizers of the caller look there for its type
constexpr uint32_t kUnwindSection = 0x70000001;  // SHT_X86_64_UNWIND: kernels don't unwind

Error damaged(const char* what) {
  return bad_input(std::string("kernel object is damaged: ") + what);
}

enum Part { kCode, kConst, kData, kParts };

struct Section {
  const Elf64_Shdr* header = nullptr;
  int part = -1;      ///< -1: not loaded
  size_t offset = 0;  ///< within its part
  char* address = nullptr;
};

class Loader {
 public:
  explicit Loader(std::span<const std::byte> object) : object_(object) {}
  ~Loader() {
    if (base_) munmap(base_, bytes_);
  }
  Result<MappedObject> load(std::string_view entry_symbol);

 private:
  Status read_sections();
  Status read_symbols();
  Status lay_out();
  Status map();
  Status relocate_all();
  Status relocate(const Section& target, const Elf64_Rela& rela);
  Status protect();
  Result<char*> symbol_address(uint32_t index);
  Result<char*> got_slot(uint32_t symbol);
  Result<char*> call_stub(uint32_t symbol);
  bool in_file(uint64_t offset, uint64_t size) const {
    return offset <= object_.size() && size <= object_.size() - offset;
  }
  /// The NUL-terminated name at `offset` of string table `section`, or nothing.
  std::string_view name_at(uint32_t section, uint64_t offset) const;

  std::span<const std::byte> object_;
  std::vector<Section> sections_;
  std::vector<Elf64_Sym> symbols_;
  uint32_t string_section_ = 0;
  size_t part_bytes_[kParts] = {kLeadIn, 0, 0};
  size_t part_start_[kParts] = {0, 0, 0};
  char* base_ = nullptr;
  size_t bytes_ = 0;
  std::vector<int32_t> slot_of_symbol_;  ///< GOT index, or -1
  size_t slots_ = 0;                     ///< used GOT entries
  size_t got_offset_ = 0, stub_offset_ = 0;
};

std::string_view Loader::name_at(uint32_t section, uint64_t offset) const {
  if (section >= sections_.size()) return {};
  const Elf64_Shdr& h = *sections_[section].header;
  if (h.sh_type != SHT_STRTAB || offset >= h.sh_size) return {};
  const char* begin = reinterpret_cast<const char*>(object_.data()) + h.sh_offset + offset;
  const size_t most = h.sh_size - offset;
  const size_t length = strnlen(begin, most);
  if (length == most) return {};
  return {begin, length};
}

Status Loader::read_sections() {
  if (object_.size() < sizeof(Elf64_Ehdr)) return damaged("shorter than an ELF header");
  if (object_.size() > kMaxObject) return damaged("larger than 1 GB");
  if (reinterpret_cast<uintptr_t>(object_.data()) % alignof(Elf64_Ehdr)) return damaged("bytes not aligned");
  const Elf64_Ehdr& e = *reinterpret_cast<const Elf64_Ehdr*>(object_.data());
  if (std::memcmp(e.e_ident, ELFMAG, SELFMAG) || e.e_ident[EI_CLASS] != ELFCLASS64 ||
      e.e_ident[EI_DATA] != ELFDATA2LSB || e.e_type != ET_REL || e.e_machine != EM_X86_64)
    return damaged("not an x86-64 relocatable ELF file");
  if (e.e_shentsize != sizeof(Elf64_Shdr) || e.e_shoff % alignof(Elf64_Shdr) || e.e_shnum == 0 ||
      !in_file(e.e_shoff, uint64_t{e.e_shnum} * sizeof(Elf64_Shdr)))
    return damaged("section headers outside the file");
  const auto* headers = reinterpret_cast<const Elf64_Shdr*>(object_.data() + e.e_shoff);
  sections_.resize(e.e_shnum);
  for (size_t i = 0; i < sections_.size(); i++) {
    const Elf64_Shdr& h = headers[i];
    if (h.sh_type != SHT_NOBITS && h.sh_type != SHT_NULL && !in_file(h.sh_offset, h.sh_size))
      return damaged("a section outside the file");
    sections_[i].header = &h;
    if (!(h.sh_flags & SHF_ALLOC) || h.sh_type == kUnwindSection || h.sh_size == 0) continue;
    if (h.sh_flags & SHF_TLS) return unsupported("kernel object has thread-local data");
    if (h.sh_type != SHT_PROGBITS && h.sh_type != SHT_NOBITS) continue;
    if (h.sh_size > kMaxObject || h.sh_addralign > kPage || (h.sh_addralign & (h.sh_addralign - 1)))
      return damaged("a section's size or alignment");
    if ((h.sh_flags & SHF_EXECINSTR) && (h.sh_flags & SHF_WRITE)) return damaged("writable code");
    sections_[i].part = h.sh_flags & SHF_EXECINSTR ? kCode : h.sh_flags & SHF_WRITE ? kData : kConst;
  }
  return Unit{};
}

Status Loader::read_symbols() {
  for (const Section& s : sections_) {
    const Elf64_Shdr& h = *s.header;
    if (h.sh_type != SHT_SYMTAB) continue;
    if (!symbols_.empty()) return damaged("two symbol tables");
    if (h.sh_entsize != sizeof(Elf64_Sym) || h.sh_size % sizeof(Elf64_Sym))
      return damaged("symbol table size");
    symbols_.resize(h.sh_size / sizeof(Elf64_Sym));
    std::memcpy(symbols_.data(), object_.data() + h.sh_offset, h.sh_size);
    string_section_ = h.sh_link;
  }
  slot_of_symbol_.assign(symbols_.size(), -1);
  return Unit{};
}

Status Loader::lay_out() {
  for (Section& s : sections_) {
    if (s.part < 0) continue;
    const size_t align = std::max<size_t>(s.header->sh_addralign, 1);
    size_t& size = part_bytes_[s.part];
    s.offset = (size + align - 1) & ~(align - 1);
    size = s.offset + s.header->sh_size;
    if (size > kMaxObject) return damaged("sections larger than 1 GB");
  }
  // Room for one GOT slot and one stub per symbol: a few dozen bytes, and no second pass over relocations.
  const size_t symbols = symbols_.size();
  stub_offset_ = (part_bytes_[kCode] + kStubBytes - 1) & ~(kStubBytes - 1);
  part_bytes_[kCode] = stub_offset_ + symbols * kStubBytes;
  got_offset_ = (part_bytes_[kConst] + 7) & ~size_t{7};
  part_bytes_[kConst] = got_offset_ + symbols * 8;
  size_t at = 0;
  for (int p = 0; p < kParts; p++) {
    part_start_[p] = at;
    at += (part_bytes_[p] + kPage - 1) & ~(kPage - 1);
  }
  bytes_ = at;
  if (bytes_ == 0 || bytes_ > kMaxObject) return damaged("nothing to load, or more than 1 GB");
  return Unit{};
}

Status Loader::map() {
  void* p = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return resource("no memory for " + std::to_string(bytes_) + " bytes of kernel code");
  base_ = static_cast<char*>(p);
  for (Section& s : sections_) {
    if (s.part < 0) continue;
    s.address = base_ + part_start_[s.part] + s.offset;
    if (s.header->sh_type == SHT_PROGBITS)
      std::memcpy(s.address, object_.data() + s.header->sh_offset, s.header->sh_size);
  }
  return Unit{};
}

Result<char*> Loader::symbol_address(uint32_t index) {
  if (index >= symbols_.size()) return damaged("symbol number");
  const Elf64_Sym& s = symbols_[index];
  if (s.st_shndx == SHN_UNDEF) {
    const std::string_view name = name_at(string_section_, s.st_name);
    if (name.empty()) return damaged("undefined symbol without a name");
    if (void* p = external_symbol(name)) return static_cast<char*>(p);
    return unsupported("kernel code calls '" + std::string(name) + "', which the loader doesn't provide");
  }
  const int type = ELF64_ST_TYPE(s.st_info);
  if (type == STT_TLS || type == STT_GNU_IFUNC) return unsupported("kernel object has a TLS or IFUNC symbol");
  if (s.st_shndx >= sections_.size()) return damaged("symbol's section");
  const Section& in = sections_[s.st_shndx];
  if (in.part < 0) return damaged("symbol in a section that isn't loaded");
  if (s.st_value > in.header->sh_size) return damaged("symbol outside its section");
  return in.address + s.st_value;
}

Result<char*> Loader::got_slot(uint32_t symbol) {
  Result<char*> address = symbol_address(symbol);
  if (!address) return address;
  if (slot_of_symbol_[symbol] < 0) {
    slot_of_symbol_[symbol] = int32_t(slots_++);
    char* slot = base_ + part_start_[kConst] + got_offset_ + size_t(slot_of_symbol_[symbol]) * 8;
    std::memcpy(slot, &*address, 8);
  }
  return base_ + part_start_[kConst] + got_offset_ + size_t(slot_of_symbol_[symbol]) * 8;
}

Result<char*> Loader::call_stub(uint32_t symbol) {
  Result<char*> slot = got_slot(symbol);
  if (!slot) return slot;
  char* stub = base_ + part_start_[kCode] + stub_offset_ + size_t(slot_of_symbol_[symbol]) * kStubBytes;
  const int32_t distance = int32_t(*slot - (stub + 6));
  stub[0] = char(0xFF);  // jmp *distance(%rip)
  stub[1] = char(0x25);
  std::memcpy(stub + 2, &distance, 4);
  std::memset(stub + 6, 0xCC, kStubBytes - 6);
  return stub;
}

Status Loader::relocate(const Section& target, const Elf64_Rela& rela) {
  const uint32_t type = ELF64_R_TYPE(rela.r_info), symbol = uint32_t(ELF64_R_SYM(rela.r_info));
  const size_t width = type == R_X86_64_64 || type == R_X86_64_PC64 ? 8 : 4;
  if (type == R_X86_64_NONE) return Unit{};
  if (rela.r_offset > target.header->sh_size || width > target.header->sh_size - rela.r_offset)
    return damaged("relocation outside its section");
  if (symbol >= symbols_.size()) return damaged("symbol number");
  char* place = target.address + rela.r_offset;
  const bool external = symbols_[symbol].st_shndx == SHN_UNDEF;
  Result<char*> s = [&]() -> Result<char*> {
    switch (type) {
      case R_X86_64_64:
      case R_X86_64_PC64:
        return symbol_address(symbol);
      case R_X86_64_PC32:
      case R_X86_64_PLT32:
        return external ? call_stub(symbol) : symbol_address(symbol);
      case R_X86_64_GOTPCREL:
      case R_X86_64_GOTPCRELX:
      case R_X86_64_REX_GOTPCRELX:
        return got_slot(symbol);
      default:
        return unsupported("kernel object has relocation type " + std::to_string(type));
    }
  }();
  if (!s) return s.error();
  // Unsigned arithmetic: a damaged addend must wrap, not be undefined; the range check below refuses it.
  uint64_t value = reinterpret_cast<uint64_t>(*s) + uint64_t(rela.r_addend);
  if (type != R_X86_64_64) value -= reinterpret_cast<uint64_t>(place);
  if (width == 4 && int64_t(value) != int64_t(int32_t(value))) return damaged("relocation out of range");
  std::memcpy(place, &value, width);
  return Unit{};
}

Status Loader::relocate_all() {
  for (const Section& s : sections_) {
    const Elf64_Shdr& h = *s.header;
    if (h.sh_type == SHT_REL) return unsupported("kernel object has REL relocations");
    if (h.sh_type != SHT_RELA) continue;
    if (h.sh_info >= sections_.size() || h.sh_entsize != sizeof(Elf64_Rela) || h.sh_size % sizeof(Elf64_Rela))
      return damaged("relocation section");
    const Section& target = sections_[h.sh_info];
    if (target.part < 0) continue;
    for (uint64_t at = 0; at < h.sh_size; at += sizeof(Elf64_Rela)) {
      Elf64_Rela rela;
      std::memcpy(&rela, object_.data() + h.sh_offset + at, sizeof rela);
      if (Status done = relocate(target, rela); !done) return done;
    }
  }
  return Unit{};
}

Status Loader::protect() {
  constexpr int kProtection[kParts] = {PROT_READ | PROT_EXEC, PROT_READ, PROT_READ | PROT_WRITE};
  for (int p = 0; p < kParts; p++) {
    const size_t size = (part_bytes_[p] + kPage - 1) & ~(kPage - 1);
    if (size && mprotect(base_ + part_start_[p], size, kProtection[p]))
      return resource("cannot make kernel code executable (mprotect refused)");
  }
  return Unit{};
}

Result<MappedObject> Loader::load(std::string_view entry_symbol) {
  for (auto step : {&Loader::read_sections, &Loader::read_symbols, &Loader::lay_out, &Loader::map,
                    &Loader::relocate_all, &Loader::protect})
    if (Status done = (this->*step)(); !done) return done.error();
  for (uint32_t i = 0; i < symbols_.size(); i++) {
    if (symbols_[i].st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbols_[i].st_info) != STT_FUNC) continue;
    if (name_at(string_section_, symbols_[i].st_name) != entry_symbol) continue;
    Result<char*> entry = symbol_address(i);
    if (!entry) return entry.error();
    if (sections_[symbols_[i].st_shndx].part != kCode) return damaged("entry is not code");
    MappedObject object{base_, bytes_, *entry};
    base_ = nullptr;
    return object;
  }
  return damaged("no entry function");
}

}  // namespace

Result<MappedObject> map_object(std::span<const std::byte> object, std::string_view entry_symbol) {
  return Loader(object).load(entry_symbol);
}

void unmap_object(const MappedObject& object) {
  if (object.base) munmap(object.base, object.bytes);
}

}  // namespace ppu::exec

// A bounds-checked view of an ELF64 x86-64 file: header, sections, symbols, dynamic entries. Nothing is
// copied or allocated and no library is called, so the audit library (which has no libc) uses it as the tools
// do. A damaged file gives empty answers, never a read outside `size`.
#pragma once
#include <elf.h>

#include <cstddef>
#include <cstdint>

namespace ppu::image {

/// A piece of the file, or nothing (size 0).
struct ElfBytes {
  const unsigned char* data = nullptr;
  size_t size = 0;
};

inline bool same_text(const char* a, const char* b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}

class ElfView {
 public:
  ElfView(const unsigned char* data, size_t size) : data_(data), size_(size) {
    if (size < sizeof(Elf64_Ehdr) || !has_magic() || data[EI_CLASS] != ELFCLASS64 ||
        data[EI_DATA] != ELFDATA2LSB)
      return;
    __builtin_memcpy(&header_, data, sizeof header_);
    valid_ = header_.e_phentsize == sizeof(Elf64_Phdr) || header_.e_phnum == 0;
  }

  /// Starts with the ELF magic, of any class.
  bool has_magic() const {
    return size_ >= EI_NIDENT && data_[0] == 0x7f && data_[1] == 'E' && data_[2] == 'L' && data_[3] == 'F';
  }
  bool is_32bit() const { return has_magic() && data_[EI_CLASS] == ELFCLASS32; }
  /// A 64-bit little-endian file whose header makes sense; everything below wants this.
  bool valid() const { return valid_; }
  const Elf64_Ehdr& header() const { return header_; }

  size_t section_count() const {
    return valid_ && header_.e_shentsize == sizeof(Elf64_Shdr) ? header_.e_shnum : 0;
  }
  Elf64_Shdr section(size_t i) const { return read<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr)); }
  ElfBytes section_bytes(const Elf64_Shdr& s) const {
    if (s.sh_type == SHT_NOBITS) return {};
    return range(s.sh_offset, s.sh_size);
  }
  /// A section's name; "" when the table is damaged.
  const char* section_name(const Elf64_Shdr& s) const {
    return text(section_bytes(section(header_.e_shstrndx)), s.sh_name);
  }
  /// Finds by name; false when there is none.
  bool find_section(const char* name, Elf64_Shdr* found) const {
    for (size_t i = 0; i < section_count(); ++i) {
      *found = section(i);
      if (same_text(section_name(*found), name)) return true;
    }
    return false;
  }
  bool has_section(const char* name) const {
    Elf64_Shdr ignored;
    return find_section(name, &ignored);
  }
  /// The first section of a type such as SHT_SYMTAB; false when there is none.
  bool find_section_type(uint32_t type, Elf64_Shdr* found) const {
    for (size_t i = 0; i < section_count(); ++i) {
      *found = section(i);
      if (found->sh_type == type) return true;
    }
    return false;
  }

  size_t segment_count() const { return valid_ ? header_.e_phnum : 0; }
  Elf64_Phdr segment(size_t i) const { return read<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr)); }
  ElfBytes segment_bytes(const Elf64_Phdr& p) const { return range(p.p_offset, p.p_filesz); }
  bool has_segment(uint32_t type) const {
    for (size_t i = 0; i < segment_count(); ++i)
      if (segment(i).p_type == type) return true;
    return false;
  }

  /// Calls visit(name, symbol) for each symbol of a SHT_SYMTAB or SHT_DYNSYM section.
  template <class Visit>
  void symbols(const Elf64_Shdr& table, Visit visit) const {
    const ElfBytes names = section_bytes(section(table.sh_link));
    const ElfBytes rows = section_bytes(table);
    for (size_t i = 0; i + 1 <= rows.size / sizeof(Elf64_Sym); ++i) {
      Elf64_Sym symbol;
      __builtin_memcpy(&symbol, rows.data + i * sizeof symbol, sizeof symbol);
      visit(text(names, symbol.st_name), symbol);
    }
  }

  /// Calls visit(name) for each DT_NEEDED library.
  template <class Visit>
  void needed(Visit visit) const {
    Elf64_Shdr dynamic;
    if (!find_section_type(SHT_DYNAMIC, &dynamic)) return;
    const ElfBytes names = section_bytes(section(dynamic.sh_link));
    const ElfBytes rows = section_bytes(dynamic);
    for (size_t i = 0; i < rows.size / sizeof(Elf64_Dyn); ++i) {
      Elf64_Dyn entry;
      __builtin_memcpy(&entry, rows.data + i * sizeof entry, sizeof entry);
      if (entry.d_tag == DT_NULL) return;
      if (entry.d_tag == DT_NEEDED) visit(text(names, entry.d_un.d_val));
    }
  }

 private:
  ElfBytes range(uint64_t offset, uint64_t size) const {
    if (offset > size_ || size > size_ - offset) return {};
    return {data_ + offset, size_t(size)};
  }
  template <class T>
  T read(uint64_t offset) const {
    T value{};
    const ElfBytes bytes = range(offset, sizeof(T));
    if (bytes.size) __builtin_memcpy(&value, bytes.data, sizeof(T));
    return value;
  }
  /// The NUL-terminated name at `offset` of a string table; "" when it isn't terminated inside the table.
  static const char* text(ElfBytes table, uint64_t offset) {
    if (offset >= table.size) return "";
    for (size_t i = offset; i < table.size; ++i)
      if (!table.data[i]) return reinterpret_cast<const char*>(table.data + offset);
    return "";
  }

  const unsigned char* data_;
  size_t size_;
  Elf64_Ehdr header_{};
  bool valid_ = false;
};

}  // namespace ppu::image

// How an embedded copy of NVIDIA's runtime (nvcc's default, -cudart static) is recognised, for the tools and
// for the audit library. Only names are looked at.
//
//   kept       .symtab defines __cudaRegisterFatBinary or cudaGetExportTable, and NVIDIA's internal names
//   start with
//              "libcudart_static_"
//   stripped   no such names, but the text "/cudart.shm." (a name its runtime formats) is in the read-only
//   data version    the runtime states none. CUDA 13 dropped the *_v2 names of CUDA 12 and
//   cudaThreadSynchronize:
//                cudaGetDeviceProperties_v2 present        -> 12
//                else cudaThreadSynchronize present        -> 11 or older
//                else                                      -> 13
//              Checked on the archives of 12.9 (435 names), 13.0 (422) and 13.5 (458); members of the archive
//              are pulled in as a whole, so the names are there even if unused.
#pragma once
#include "image/elf_view.h"

namespace ppu::image {

inline bool has_prefix(const char* text, const char* prefix) {
  while (*prefix)
    if (*text++ != *prefix++) return false;
  return true;
}

/// True when the read-only data holds the text that only NVIDIA's runtime has. What is left of it after
/// `strip`.
inline bool has_cudart_text(const ElfView& elf) {
  constexpr char kText[] = "/cudart.shm.";
  constexpr size_t kLength = sizeof kText - 1;
  Elf64_Shdr section;
  if (!elf.find_section(".rodata", &section)) return false;
  const ElfBytes bytes = elf.section_bytes(section);
  for (size_t i = 0; i + kLength <= bytes.size; ++i) {
    if (bytes.data[i] != kText[0]) continue;
    size_t n = 1;
    while (n < kLength && bytes.data[i + n] == static_cast<unsigned char>(kText[n])) ++n;
    if (n == kLength) return true;
  }
  return false;
}

/// What the symbol table says about an embedded runtime.
struct CudartNames {
  bool registers = false;  ///< defines __cudaRegisterFatBinary or cudaGetExportTable
  bool internals = false;  ///< defines NVIDIA's internal names
  bool properties_v2 = false;
  bool thread_synchronize = false;

  void see(const char* name, const Elf64_Sym& symbol) {
    if (symbol.st_shndx == SHN_UNDEF) return;
    if (has_prefix(name, "libcudart_static_"))
      internals = true;
    else if (same_text(name, "__cudaRegisterFatBinary") || same_text(name, "cudaGetExportTable"))
      registers = true;
    else if (same_text(name, "cudaGetDeviceProperties_v2"))
      properties_v2 = true;
    else if (same_text(name, "cudaThreadSynchronize"))
      thread_synchronize = true;
  }
  bool embedded() const { return registers && internals; }
  int major() const { return properties_v2 ? 12 : thread_synchronize ? 11 : 13; }
};

}  // namespace ppu::image

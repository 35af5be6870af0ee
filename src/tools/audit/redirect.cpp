// How a call travels after the patch:
//
//   cudaMalloc in the program: jmp rel32 ──► stub near the program: mov r11, &slot; jmp [r11] ──► our
//   cudaMalloc
//
// A slot first points to ppu_audit_first_call, which loads our libcudart into the program's namespace and
// fills all slots of that version. Loading happens at the first call, which is the registration of device
// code by a constructor: the loader's own callbacks are no place for dlopen.
#include "tools/audit/redirect.h"

#include <sys/mman.h>

#include "image/cudart_evidence.h"
#include "tools/audit/freestanding.h"
#include "tools/audit/libraries.h"

namespace ppu::audit {

/// What a stub jumps through. `target` is the first member: ppu_audit_first_call and the stubs rely on it.
struct Slot {
  void* target;
  const char* name;
  unsigned runtime;
};

}  // namespace ppu::audit

extern "C" {
void ppu_audit_first_call();
__attribute__((visibility("hidden"), used)) void* ppu_audit_resolve(ppu::audit::Slot* slot);
}

// Keeps every register that may carry an argument (integers, al, xmm0-7) around the call that resolves the
// slot in r11. r11 itself is the scratch register of the calling convention.
__asm__(R"(
  .text
  .hidden ppu_audit_first_call
  .globl ppu_audit_first_call
  .type ppu_audit_first_call, @function
ppu_audit_first_call:
  push %rbp
  mov %rsp, %rbp
  sub $192, %rsp
  and $-16, %rsp
  mov %rdi, 0(%rsp)
  mov %rsi, 8(%rsp)
  mov %rdx, 16(%rsp)
  mov %rcx, 24(%rsp)
  mov %r8, 32(%rsp)
  mov %r9, 40(%rsp)
  mov %rax, 48(%rsp)
  movups %xmm0, 64(%rsp)
  movups %xmm1, 80(%rsp)
  movups %xmm2, 96(%rsp)
  movups %xmm3, 112(%rsp)
  movups %xmm4, 128(%rsp)
  movups %xmm5, 144(%rsp)
  movups %xmm6, 160(%rsp)
  movups %xmm7, 176(%rsp)
  mov %r11, %rdi
  call ppu_audit_resolve
  mov %rax, %r11
  mov 0(%rsp), %rdi
  mov 8(%rsp), %rsi
  mov 16(%rsp), %rdx
  mov 24(%rsp), %rcx
  mov 32(%rsp), %r8
  mov 40(%rsp), %r9
  mov 48(%rsp), %rax
  movups 64(%rsp), %xmm0
  movups 80(%rsp), %xmm1
  movups 96(%rsp), %xmm2
  movups 112(%rsp), %xmm3
  movups 128(%rsp), %xmm4
  movups 144(%rsp), %xmm5
  movups 160(%rsp), %xmm6
  movups 176(%rsp), %xmm7
  leave
  jmp *%r11
  .size ppu_audit_first_call, .-ppu_audit_first_call
)");

namespace ppu::audit {
namespace {

constexpr size_t kSlots = 2048;  // power of two; our libcudart exports about 460 names
constexpr size_t kStubSize = 16;
constexpr size_t kPage = 4096;
constexpr size_t kJumpSize = 5;

/// One version of our runtime: the names it exports, each with the slot that leads to it.
struct Runtime {
  const char* path;  ///< null until its exports are listed
  Slot slots[kSlots];
};
constexpr const char* kSonames[] = {"libcudart.so.12", "libcudart.so.13"};
Runtime runtimes[2];  // all zero: costs no page until one is needed

const struct link_map* program_libc = nullptr;

const char* soname_of(const Runtime& runtime) {
  return kSonames[&runtime - runtimes];
}

size_t hash_of(const char* name) {
  uint64_t h = 1469598103934665603u;  // FNV-1a
  for (; *name; ++name) h = (h ^ static_cast<unsigned char>(*name)) * 1099511628211u;
  return size_t(h ^ (h >> 32));
}

/// The slot of `name`, or the free one where it belongs.
Slot* slot_of(Runtime& runtime, const char* name) {
  size_t i = hash_of(name) % kSlots;
  while (runtime.slots[i].name && !equal(runtime.slots[i].name, name)) i = (i + 1) % kSlots;
  return &runtime.slots[i];
}

/// Lists what our libcudart exports. The file stays mapped: the slots point to its names.
bool list_exports(Runtime& runtime) {
  if (runtime.path) return true;
  const char* path = own_library(soname_of(runtime));
  if (!path) return false;
  const MappedFile file = map_file(path);
  const image::ElfView elf(file.data, file.size);
  Elf64_Shdr table;
  if (!elf.find_section_type(SHT_DYNSYM, &table)) return false;
  size_t count = 0;
  elf.symbols(table, [&](const char* name, const Elf64_Sym& symbol) {
    const bool ours = symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
                      (starts_with(name, "cuda") || starts_with(name, "__cuda"));
    if (!ours || count >= kSlots / 2) return;
    ++count;
    Slot* slot = slot_of(runtime, name);
    slot->name = name;
    slot->runtime = unsigned(&runtime - runtimes);
    slot->target = reinterpret_cast<void*>(&ppu_audit_first_call);
  });
  runtime.path = path;
  return true;
}

/// What a call returns when our libcudart could not be loaded: cudaErrorInitializationError.
int not_available() {
  return 3;
}

void fill_slots(Runtime& runtime) {
  using Dlmopen = void* (*)(Lmid_t, const char*, int);
  using Dlsym = void* (*)(void*, const char*);
  using Dlerror = char* (*)();
  void* handle = nullptr;
  Dlsym dlsym = nullptr;
  if (program_libc) {
    const auto dlmopen = reinterpret_cast<Dlmopen>(symbol_in(program_libc, "dlmopen"));
    dlsym = reinterpret_cast<Dlsym>(symbol_in(program_libc, "dlsym"));
    constexpr int kNow = 2;  // RTLD_NOW
    if (dlmopen && dlsym) handle = dlmopen(LM_ID_BASE, runtime.path, kNow);
    if (!handle) {
      const auto dlerror = reinterpret_cast<Dlerror>(symbol_in(program_libc, "dlerror"));
      const char* reason = dlerror && dlmopen ? dlerror() : nullptr;
      say(runtime.path, " can't be loaded: ",
          reason ? reason : "the program's libc has no dlmopen (glibc 2.34 or later is needed)");
    }
  }
  for (Slot& slot : runtime.slots) {
    if (!slot.name) continue;
    void* target = handle ? dlsym(handle, slot.name) : nullptr;
    if (!target) target = reinterpret_cast<void*>(&not_available);
    __atomic_store_n(&slot.target, target, __ATOMIC_RELEASE);
  }
}

/// Where an object's segments lie in memory.
struct Span {
  uintptr_t begin = ~uintptr_t(0);
  uintptr_t end = 0;
};

Span span_of(const image::ElfView& elf, uintptr_t base) {
  Span span;
  for (size_t i = 0; i < elf.segment_count(); ++i) {
    const Elf64_Phdr s = elf.segment(i);
    if (s.p_type != PT_LOAD) continue;
    const uintptr_t begin = base + s.p_vaddr, end = begin + s.p_memsz;
    if (begin < span.begin) span.begin = begin;
    if (end > span.end) span.end = end;
  }
  return span;
}

/// Room for `size` bytes of stubs within reach of a 32-bit jump, searched downwards from the object: above it
/// the heap of a program may grow.
unsigned char* stub_room(Span object, size_t size) {
  constexpr uintptr_t kReach = uintptr_t(1) << 30, kStep = 64 * 1024;
  if (object.end - object.begin > kReach) return nullptr;
  const uintptr_t lowest = object.begin > kReach ? object.begin - kReach : kStep;
  uintptr_t at = (object.begin & ~(kPage - 1)) - size;
  for (; at > lowest && at < object.begin; at -= kStep)
    if (void* room = map_at(at, size)) return static_cast<unsigned char*>(room);
  return nullptr;
}

/// Makes the object's code writable, or what it was before. False when the system forbids it.
bool protect_text(const image::ElfView& elf, uintptr_t base, bool writable) {
  bool done = true;
  for (size_t i = 0; i < elf.segment_count(); ++i) {
    const Elf64_Phdr s = elf.segment(i);
    if (s.p_type != PT_LOAD || !(s.p_flags & PF_X)) continue;
    const uintptr_t begin = (base + s.p_vaddr) & ~(kPage - 1);
    const uintptr_t end = (base + s.p_vaddr + s.p_memsz + kPage - 1) & ~(kPage - 1);
    const int normal = (s.p_flags & PF_R ? PROT_READ : 0) | (s.p_flags & PF_W ? PROT_WRITE : 0) | PROT_EXEC;
    done &= protect(begin, end - begin, writable ? PROT_READ | PROT_WRITE : normal);
  }
  return done;
}

bool in_text(const image::ElfView& elf, uint64_t value) {
  for (size_t i = 0; i < elf.segment_count(); ++i) {
    const Elf64_Phdr s = elf.segment(i);
    if (s.p_type == PT_LOAD && (s.p_flags & PF_X) && value >= s.p_vaddr &&
        value - s.p_vaddr + kJumpSize <= s.p_filesz)
      return true;
  }
  return false;
}

/// mov r11, &slot; jmp [r11]
void write_stub(unsigned char* stub, const Slot* slot) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(slot);
  stub[0] = 0x49, stub[1] = 0xBB;
  __builtin_memcpy(stub + 2, &address, 8);
  stub[10] = 0x41, stub[11] = 0xFF, stub[12] = 0x23;
}

void write_jump(uintptr_t function, const unsigned char* stub) {
  const int32_t distance = int32_t(reinterpret_cast<intptr_t>(stub) - intptr_t(function + kJumpSize));
  unsigned char* code = reinterpret_cast<unsigned char*>(function);
  code[0] = 0xE9;
  __builtin_memcpy(code + 1, &distance, 4);
}

void report(const char* who, Runtime& runtime, size_t redirected, size_t total) {
  if (!wants_info()) return;
  char counts[64] = "";
  append(counts, sizeof counts, redirected);
  append(counts, sizeof counts, " of ");
  append(counts, sizeof counts, total);
  say(who, ": redirected ", counts, " entries of its embedded CUDA runtime to ", soname_of(runtime));
}

void redirect(const struct link_map* object, const char* who, const image::ElfView& elf,
              const Elf64_Shdr& table, Runtime& runtime) {
  size_t wanted = 0, total = 0, done = 0;
  const auto exported = [&](const char* name, const Elf64_Sym& symbol) -> Slot* {
    const bool entry = symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
                       (starts_with(name, "cuda") || starts_with(name, "__cuda"));
    if (!entry) return nullptr;
    Slot* slot = slot_of(runtime, name);
    return slot->name ? slot : nullptr;
  };
  elf.symbols(
      table, [&](const char* name, const Elf64_Sym& symbol) { wanted += exported(name, symbol) != nullptr; });
  const size_t size = (wanted * kStubSize + kPage - 1) & ~(kPage - 1);
  unsigned char* stubs = wanted ? stub_room(span_of(elf, object->l_addr), size) : nullptr;
  if (!stubs) {
    say(who,
        ": no room within 1 GiB of its code to redirect its embedded CUDA runtime; rebuild it with -cudart "
        "shared");
    return;
  }
  if (!protect_text(elf, object->l_addr, true)) {
    protect_text(elf, object->l_addr, false);
    say(who, ": the system forbids changes to its code, so its embedded CUDA runtime can't be redirected; ",
        "rebuild it with -cudart shared");
    return;
  }
  elf.symbols(table, [&](const char* name, const Elf64_Sym& symbol) {
    const Slot* slot = exported(name, symbol);
    if (!slot) return;
    ++total;
    if ((symbol.st_size != 0 && symbol.st_size < kJumpSize) || !in_text(elf, symbol.st_value)) return;
    unsigned char* stub = stubs + done++ * kStubSize;
    write_stub(stub, slot);
    write_jump(object->l_addr + symbol.st_value, stub);
  });
  protect_text(elf, object->l_addr, false);
  protect(reinterpret_cast<uintptr_t>(stubs), size, PROT_READ | PROT_EXEC);
  report(who, runtime, done, total);
}

/// No names left, device code there, registration isn't imported, and NVIDIA's text: a static runtime,
/// stripped.
bool is_stripped(const image::ElfView& elf) {
  if (!elf.has_section(".nvFatBinSegment")) return false;
  Elf64_Shdr table;
  bool imported = false;
  if (elf.find_section_type(SHT_DYNSYM, &table))
    elf.symbols(table, [&](const char* name, const Elf64_Sym& symbol) {
      imported |= symbol.st_shndx == SHN_UNDEF && starts_with(name, "__cudaRegisterFatBinary");
    });
  return !imported && image::has_cudart_text(elf);
}

void say_stripped(const char* who) {
  if (is_nvidia_library(who))
    say(who, ": NVIDIA's own library, which can't run here: its code is SASS and its CUDA runtime has no ",
        "names left; what the program calls in it will fail");
  else
    say(who,
        ": carries NVIDIA's CUDA runtime with its names stripped, which can't be redirected to OpenPPU: ",
        "keep the symbol table (no strip, no -s), or build it with -cudart shared");
}

void look_into(const struct link_map* object, const char* who, const image::ElfView& elf) {
  Elf64_Shdr table;
  if (!elf.find_section_type(SHT_SYMTAB, &table)) {
    if (is_stripped(elf)) say_stripped(who);
    return;
  }
  image::CudartNames names;
  elf.symbols(table, [&](const char* name, const Elf64_Sym& symbol) { names.see(name, symbol); });
  if (!names.embedded()) return;
  if (names.major() < 12) {
    say(who,
        ": carries the runtime of CUDA 11 or older; OpenPPU has those of CUDA 12 and 13: rebuild it with one "
        "of them");
    return;
  }
  Runtime& runtime = runtimes[names.major() - 12];
  if (!list_exports(runtime)) {
    say(who, ": carries NVIDIA's CUDA runtime, but ", soname_of(runtime), " is missing in ", own_folder());
    return;
  }
  redirect(object, who, elf, table, runtime);
}

}  // namespace

void* symbol_in(const struct link_map* object, const char* name, size_t* size) {
  const Elf64_Sym* symbols = nullptr;
  const char* strings = nullptr;
  const uint32_t* table = nullptr;
  for (const ElfW(Dyn)* d = object->l_ld; d->d_tag != DT_NULL; ++d) {
    // glibc relocates these pointers in place; others leave offsets.
    const uintptr_t at = d->d_un.d_ptr < object->l_addr ? d->d_un.d_ptr + object->l_addr : d->d_un.d_ptr;
    if (d->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const Elf64_Sym*>(at);
    if (d->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(at);
    if (d->d_tag == DT_GNU_HASH) table = reinterpret_cast<const uint32_t*>(at);
  }
  if (!symbols || !strings || !table) return nullptr;
  uint32_t h = 5381;
  for (const char* c = name; *c; ++c) h = h * 33 + static_cast<unsigned char>(*c);
  const uint32_t buckets = table[0], first = table[1], bloom_words = table[2];
  const uint32_t* bucket = table + 4 + 2 * bloom_words;
  const uint32_t* chain = bucket + buckets;
  for (uint32_t i = bucket[h % buckets]; i >= first; ++i) {
    const uint32_t entry = chain[i - first];
    if ((entry | 1) == (h | 1) && equal(strings + symbols[i].st_name, name) &&
        symbols[i].st_shndx != SHN_UNDEF) {
      if (size) *size = symbols[i].st_size;
      return reinterpret_cast<void*>(object->l_addr + symbols[i].st_value);
    }
    if (entry & 1) break;
  }
  return nullptr;
}

void redirect_embedded_runtime(const struct link_map* object, const char* path, const char* name) {
  const MappedFile file = map_file(path);
  if (!file.data) return;
  const image::ElfView elf(file.data, file.size);
  if (elf.valid()) look_into(object, name, elf);
  unmap_file(file);
}

void remember_libc(const struct link_map* object) {
  program_libc = object;
}

}  // namespace ppu::audit

/// Called once a slot still points to ppu_audit_first_call; several threads may be here at once, which is
/// harmless.
void* ppu_audit_resolve(ppu::audit::Slot* slot) {
  ppu::audit::fill_slots(ppu::audit::runtimes[slot->runtime]);
  return __atomic_load_n(&slot->target, __ATOMIC_ACQUIRE);
}

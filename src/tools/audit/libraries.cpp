// The table of replaced libraries. A name matches by its last part: soname, development name, a full version
// (libcudart.so.12.4.127) and the names wheels are repaired to (libcudart-9335f6a2.so.12,
// libcudart.3eda8113.so.13) mean the same library.
#include "tools/audit/libraries.h"

#include "tools/audit/freestanding.h"

namespace ppu::audit {
namespace {

constexpr size_t kPathRoom = 1024;
char folder[kPathRoom];
char asked_path[kPathRoom];

/// `majors` lists what we may have, the one for a name without version first.
struct Library {
  const char* stem;
  const char* majors[3];
};
constexpr Library kLibraries[] = {
    {"libcuda", {"1"}},
    {"libcudart", {"13", "12"}},
    {"libnvidia-ml", {"1"}},
    {"libnvrtc", {"13", "12"}},
    {"libnvJitLink", {"13", "12"}},
    {"libnvvm", {"4"}},
    {"libcublas", {"13", "12"}},
    {"libcublasLt", {"13", "12"}},
    {"libcufft", {"12", "11"}},
    {"libcurand", {"10"}},
    {"libcusparse", {"12"}},
    {"libcusparseLt", {"0"}},
    {"libcusolver", {"12", "11"}},
    {"libcusolverMg", {"12", "11"}},
    {"libcudnn", {"9"}},
    {"libnccl", {"2"}},
    {"libcupti", {"13", "12"}},
    {"libcufile", {"0"}},
    {"libnvjpeg", {"13", "12"}},
    {"libnvshmem_host", {"3"}},
};
constexpr size_t kCount = sizeof kLibraries / sizeof kLibraries[0];

/// One answer per library and major: made once, then only read.
char paths[kCount][3][kPathRoom];

/// Skips the hash that wheel repair tools put behind a stem: "-9335f6a2" (auditwheel), ".3eda8113"
/// (torchvision's).
const char* after_hash(const char* text) {
  if (*text != '-' && *text != '.') return text;
  const char* end = text + 1;
  while ((*end >= '0' && *end <= '9') || (*end >= 'a' && *end <= 'f')) ++end;
  return end - text > 4 ? end : text;
}

bool same_major(const char* version, const char* major) {
  const size_t n = length(major);
  return starts_with(version, major) && (version[n] == '\0' || version[n] == '.');
}

const char* path_of(size_t library, size_t major) {
  char* path = paths[library][major];
  if (*path) return path;
  char built[kPathRoom] = "";
  const bool fits = append(built, kPathRoom, folder) && append(built, kPathRoom, "/") &&
                    append(built, kPathRoom, kLibraries[library].stem) && append(built, kPathRoom, ".so.") &&
                    append(built, kPathRoom, kLibraries[library].majors[major]);
  if (!fits || !file_exists(built)) return nullptr;
  append(path, kPathRoom, built);
  return path;
}

}  // namespace

bool find_own_folder() {
  const char* list = environment("LD_AUDIT");
  while (list && *list) {
    size_t n = 0;
    while (list[n] && list[n] != ':') ++n;
    char path[kPathRoom] = "";
    if (n < kPathRoom) {
      for (size_t i = 0; i < n; ++i) path[i] = list[i];
      path[n] = '\0';
    }
    const char* name = base_name(path);
    if (equal(name, "libppu_audit.so") && name != path) {
      path[name - path - 1] = '\0';
      append(folder, kPathRoom, path);
      return true;
    }
    list += n;
    if (*list) ++list;
  }
  return false;
}

bool is_hashed(const char* name) {
  const char* base = base_name(name);
  for (const Library& library : kLibraries) {
    const char* rest = starts_with(base, library.stem) ? base + length(library.stem) : nullptr;
    if (rest && after_hash(rest) != rest && starts_with(after_hash(rest), ".so")) return true;
  }
  return false;
}

bool is_nvidia_library(const char* name) {
  const char* base = base_name(name);
  for (const Library& library : kLibraries)
    if (starts_with(base, library.stem) && starts_with(after_hash(base + length(library.stem)), ".so"))
      return true;
  return false;
}

void remember_asked_path(const char* name) {
  const char* base = base_name(name);
  if (*name != '/' || !starts_with(base, "libnvrtc") || starts_with(name, folder)) return;
  *asked_path = '\0';
  append(asked_path, kPathRoom, name);
}

void tell_asked_path(char* room) {
  if (room) append(room, kPathRoom, asked_path);
}

const char* own_folder() {
  return folder;
}

const char* own_library(const char* name) {
  const char* base = base_name(name);
  if (!starts_with(base, "lib")) return nullptr;
  for (size_t i = 0; i < kCount; ++i) {
    const Library& library = kLibraries[i];
    if (!starts_with(base, library.stem)) continue;
    const char* rest = after_hash(base + length(library.stem));
    if (!starts_with(rest, ".so")) continue;
    const char* version = rest + 3;
    for (size_t m = 0; m < 3 && library.majors[m]; ++m) {
      const bool matches =
          *version == '\0' || (*version == '.' && same_major(version + 1, library.majors[m]));
      if (!matches) continue;
      if (const char* path = path_of(i, m)) return path;
    }
    return nullptr;
  }
  return nullptr;
}

}  // namespace ppu::audit

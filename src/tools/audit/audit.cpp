// libppu_audit.so: the dynamic loader asks it, by LD_AUDIT, where each library is (rtld-audit(7)). It answers
// with ours for libcuda, libcudart, NVML and their kin, whether asked for by soname, development name or
// absolute path, redirects embedded runtimes (redirect.h) and shows the device files that programs look for
// (device_files.h). It is the only means that also wins against DT_RPATH and absolute paths.
#include <link.h>

#include "tools/audit/device_files.h"
#include "tools/audit/freestanding.h"
#include "tools/audit/libraries.h"
#include "tools/audit/redirect.h"

using namespace ppu::audit;

#define PPU_EXPORT extern "C" __attribute__((visibility("default")))

PPU_EXPORT unsigned la_version(unsigned version) {
  if (!find_own_folder()) return 0;  // tells the loader to go on without us
  return version < LAV_CURRENT ? version : LAV_CURRENT;
}

/// A name with a hash stays as it is while the loader searches, for the versions that the asking library
/// wants are bound to that name (_dl_check_map_versions looks it up); "found" is ours, in our folder or,
/// where that isn't searched, in the last ones.
static const char* answer_in_search(const char* candidate, unsigned flag) {
  const char* ours = own_library(candidate);
  if (!ours) return candidate;
  const bool in_own_folder =
      starts_with(candidate, own_folder()) && candidate + length(own_folder()) + 1 == base_name(candidate);
  return in_own_folder || flag == LA_SER_DEFAULT ? ours : nullptr;
}

PPU_EXPORT char* la_objsearch(const char* name, uintptr_t* cookie, unsigned flag) {
  // A path through here means the file itself: our NVRTC opens NVIDIA's compiler that way.
  if (starts_with(name, "/proc/self/root/")) return const_cast<char*>(name);
  const bool hashed = is_hashed(name);
  if (flag != LA_SER_ORIG) return const_cast<char*>(hashed ? answer_in_search(name, flag) : name);
  const char* ours = hashed && base_name(name) == name ? nullptr : own_library(name);
  if (ours) remember_asked_path(name);
  return const_cast<char*>(ours ? ours : name);
}

PPU_EXPORT unsigned la_objopen(struct link_map* object, Lmid_t space, uintptr_t* cookie) {
  if (space != LM_ID_BASE) return 0;
  static bool seen_program = false;
  const char* path = object->l_name;
  if (!seen_program) {
    seen_program = true;  // the program itself comes first and has no name
    redirect_embedded_runtime(object, "/proc/self/exe", program_name());
    return 0;
  }
  const char* name = base_name(path);
  if (equal(name, "libc.so.6")) {
    remember_libc(object);
    show_device_files(object);
  }
  const bool file = name != path;  // the vDSO has no folder
  const bool system = starts_with(name, "ld-linux") || equal(name, "libc.so.6") || equal(name, "libm.so.6");
  const bool ours = (starts_with(path, own_folder()) && path + length(own_folder()) + 1 == name) ||
                    (is_hashed(path) && own_library(path));  // under a folder's name that it isn't in
  if (ours && starts_with(name, "libnvrtc"))
    tell_asked_path(static_cast<char*>(symbol_in(object, "ppu_nvrtc_asked_path")));
  if (file && !system && !ours) redirect_embedded_runtime(object, path, path);
  return 0;  // no symbol bindings are to be reported
}

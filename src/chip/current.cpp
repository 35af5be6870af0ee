// The chip that CUDA programs of this process see.
//
// A chip file is read by libppu_chip_file.so beside this library, opened when there is one to read: the TOML
// reader would cost every process that uses libcuda.so.1 half a megabyte.
#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "base/log.h"
#include "chip/chip.h"
#include "chip/chip_file_library.h"
#include "chip/names.h"

namespace ppu::chip {
namespace {

std::string library_path() {
  constexpr const char* kName = "libppu_chip_file.so";
  Dl_info info{};
  if (!::dladdr(reinterpret_cast<void*>(&library_path), &info) || !info.dli_fname) return kName;
  const std::string own = info.dli_fname;
  const size_t slash = own.rfind('/');
  return (slash == own.npos ? "" : own.substr(0, slash + 1)) + kName;
}

const Chip* load_by_library(const char* path, char* error, size_t room) {
  void* library = ::dlopen(library_path().c_str(), RTLD_NOW | RTLD_LOCAL);
  const auto load = library ? reinterpret_cast<LoadChipFile>(::dlsym(library, kLoadChipFile)) : nullptr;
  if (load) return load(path, error, room);
  std::snprintf(error, room, "%s: a chip file can't be read: %s", path, ::dlerror());
  return nullptr;
}

const Chip* chosen_by(const char* wanted, char* error, size_t room) {
  const Chip* chip = is_path(wanted) ? load_by_library(wanted, error, room) : find(wanted);
  if (chip && chip->runs_cuda()) return chip;
  if (chip)
    std::snprintf(error, room, "%s runs no CUDA programs", chip->name);
  else if (!is_path(wanted))
    std::snprintf(error, room, "%s names no chip (see `ppu chips`)", wanted);
  return nullptr;
}

}  // namespace

const Chip& current() {
  static const Chip& chosen = []() -> const Chip& {
    const char* wanted = std::getenv("PPU_CHIP");
    if (!wanted || !*wanted) return all().front();
    char error[512] = "";
    if (const Chip* chip = chosen_by(wanted, error, sizeof error)) return *chip;
    log_once("chip", "PPU_CHIP", "PPU_CHIP: %s; using %s", error, all().front().name);
    return all().front();
  }();
  return chosen;
}

}  // namespace ppu::chip

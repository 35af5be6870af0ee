// Finds the parts ppucc drives. Build tree: build/bin/ppucc, build/sdk/{include,lib}, build/lib. Installed:
// PREFIX/bin/ppucc, PREFIX/share/openppu/sdk/{include,lib}, PREFIX/lib.
#include "toolchain.h"

#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace ppu::ppucc {
namespace fs = std::filesystem;
namespace {

std::string find_clang() {
  if (const char* named = std::getenv("PPU_CLANG")) return named;
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path ? path : "") + ":/usr/bin:/usr/lib/llvm-19/bin";
  for (size_t start = 0; start <= folders.size();) {
    const size_t end = std::min(folders.find(':', start), folders.size());
    const std::string candidate = folders.substr(start, end - start) + "/clang++-19";
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    start = end + 1;
  }
  const char* plain = "/usr/lib/llvm-19/bin/clang++";
  return access(plain, X_OK) == 0 ? plain : "";
}

}  // namespace

Result<Toolchain> find_toolchain() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const fs::path root = self.parent_path().parent_path();
  Toolchain found;
  found.clang = find_clang();
  if (found.clang.empty())
    return resource("ppucc: clang++-19 not found in PATH; install Debian's clang-19 or set PPU_CLANG");
  std::vector<fs::path> places;
  if (const char* named = std::getenv("PPU_SDK")) places.push_back(named);
  places.push_back(root / "sdk");
  places.push_back(root / "share/openppu/sdk");
  for (const fs::path& place : places) {
    if (!fs::exists(place / "include/cuda_runtime.h", error)) continue;
    found.include = place / "include";
    found.device_library = place / "lib/libdevice.bc";
    found.lib = root / "lib";
    found.plugin = found.lib / "libppucc_plugin.so";
    return found;
  }
  return resource("ppucc: no SDK: sought " + places.front().string() +
                  "/include/cuda_runtime.h; set PPU_SDK");
}

}  // namespace ppu::ppucc

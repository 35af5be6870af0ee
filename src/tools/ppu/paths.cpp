// Finds bin/ and lib/ from /proc/self/exe.
#include "tools/ppu/paths.h"

#include <unistd.h>

#include <climits>

namespace ppu::tools {

std::string own_bin_folder() {
  char path[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  const std::string file(path, n > 0 ? size_t(n) : 0);
  return file.substr(0, file.find_last_of('/'));
}

std::string own_lib_folder() {
  const std::string bin = own_bin_folder();
  return bin.substr(0, bin.find_last_of('/')) + "/lib";
}

bool readable(const std::string& path) {
  return ::access(path.c_str(), R_OK) == 0;
}

}  // namespace ppu::tools

// Where clang, our headers, the device library and the runtime libraries are: beside ppucc, in a build tree
// or installed. PPU_SDK and PPU_CLANG override.
#pragma once
#include <filesystem>
#include <string>

#include "base/result.h"

namespace ppu::ppucc {

struct Toolchain {
  std::string clang;                     ///< clang++ 19
  std::filesystem::path include;         ///< our CUDA headers
  std::filesystem::path device_library;  ///< libdevice.bc
  std::filesystem::path lib;             ///< libcudart.so, libcudart_static.a
  std::filesystem::path plugin;          ///< libppucc_plugin.so, our passes in clang (plugin/passes.h)
};

/// Looks next to the running program. Errors: kResource, naming what is missing and where it was sought.
Result<Toolchain> find_toolchain();

}  // namespace ppu::ppucc

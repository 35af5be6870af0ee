// NVRTC's options, turned into what yields PTX: for a real NVRTC, or for ppucc. Text in, text out; nothing is
// run. NVRTC manual, "Supported Compile Options".
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace ppu::nvrtc {

/// For a real NVRTC.
struct RealOptions {
  std::vector<std::string> options;
  bool dropped_lto = false;  ///< -dlto was asked for; it is -rdc=true now, and there will be no LTO-IR
};

/// Every sm_XX becomes compute_XX (machine code would be SASS), -dlto becomes -rdc=true. Errors: kUnsupported
/// for options whose result isn't PTX in any way (--optix-ir).
Result<RealOptions> real_options(const std::vector<std::string>& options);

/// For ppucc.
struct ClangOptions {
  std::vector<std::string> arguments;
  bool default_device = false;  ///< --device-as-default-execution-space
  bool dropped_lto = false;
};

/// Errors: kBadInput for an option that NVRTC doesn't have either, kUnsupported for one we can't do.
Result<ClangOptions> clang_options(const std::vector<std::string>& options);

}  // namespace ppu::nvrtc

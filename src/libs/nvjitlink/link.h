// One nvJitLink link: pieces of device code in, one cubin of ours (the PTX of all of them) out. Not here:
// NVIDIA's LTO-IR, which only its own compiler reads; ours is PTX.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace ppu::nvjitlink {

/// nvJitLink documentation, nvJitLinkInputType.
enum class Input : int { kCubin = 1, kPtx, kLtoIr, kFatbin, kObject, kLibrary, kIndex, kAny = 10 };

class Link {
 public:
  /// Reads "-arch=sm_80" and the like; options that tune machine code have no effect. False: one that isn't
  /// an option. arch() is 0 when none was named.
  bool take_option(const std::string& option);
  unsigned arch() const { return arch_; }

  /// Errors: kBadInput for what isn't of that kind, kUnsupported for LTO-IR and for code without PTX.
  Status add(Input kind, std::span<const std::byte> bytes, const std::string& name);
  /// Links what was added. Errors: kBadInput (the PTX is wrong, a name is missing or there twice).
  Status complete();

  const std::vector<std::byte>& cubin() const { return cubin_; }
  const std::string& ptx() const { return ptx_; }
  bool is_complete() const { return !cubin_.empty(); }
  std::string error_log, info_log;

 private:
  struct Piece {
    std::string text, name;
  };
  Status add_image(std::span<const std::byte> bytes, const std::string& name);
  Status add_object(std::span<const std::byte> bytes, const std::string& name);

  unsigned arch_ = 0;
  std::vector<Piece> pieces_;
  std::vector<std::byte> cubin_;
  std::string ptx_;
};

}  // namespace ppu::nvjitlink

// One libNVVM program: modules of NVVM IR in, PTX out, through ppucc. Where LTO-IR is asked for (-gen-lto),
// PTX is the answer too: NVIDIA's LTO-IR is private, and our nvJitLink takes PTX in its place.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ppu::nvvm {

/// What nvvmCompileProgram's options mean for ppucc.
struct Flags {
  std::vector<std::string> arguments;  ///< for ppucc
  std::string target;                  ///< that the PTX shall name: sm_80
  bool lto = false;                    ///< -gen-lto

  bool operator==(const Flags&) const = default;
};
/// Errors: kBadInput naming an option that libNVVM doesn't have or a value it doesn't take.
Result<Flags> read_options(int count, const char** options);

class Program {
 public:
  /// `lazy`: linked only where the others use it.
  void add(std::string_view bytes, std::string name, bool lazy);
  bool empty() const { return modules_.empty(); }

  /// Compiles all modules into one PTX text, unless that is what result() is: numba verifies each program
  /// before it compiles it. Errors: kBadInput (the compiler's messages are in log()), kResource when there is
  /// no compiler or no room.
  Status compile(const Flags& flags);

  /// PTX with its NUL, or without one where it stands for LTO-IR. Empty before a compilation.
  const std::string& result() const { return result_; }
  const std::string& log() const { return log_; }
  void say(const std::string& line) { log_ += line + "\n"; }

 private:
  struct Module {
    std::string text, name;
    bool lazy;
  };
  std::vector<Module> modules_;
  std::optional<Flags> made_with_;  ///< what result() is of, as long as no module comes
  std::string result_, log_;
};

}  // namespace ppu::nvvm

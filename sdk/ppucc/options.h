// The command line of ppucc: nvcc's names where programs' build files use them, clang's for the rest. Parsing
// only; what a flag means for clang is decided in steps.cpp.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"

namespace ppu::ppucc {

enum class Goal { kLink, kObject, kPtx, kFatbin, kPreprocess };
enum class Cudart { kShared, kStatic, kNone };

struct Options {
  Goal goal = Goal::kLink;
  std::vector<std::string> inputs;  ///< sources, objects and archives, in the order given
  std::string output;               ///< empty: nvcc's default name
  std::vector<unsigned> archs;      ///< compute capabilities to compile for; {80} by default
  std::string optimisation = "-O2";
  std::string standard = "-std=c++17";
  std::vector<std::string> compile_flags;  ///< for host and device passes alike: -I -D -U -include ...
  std::vector<std::string> host_flags;     ///< -Xcompiler and what only the host pass understands
  std::vector<std::string> device_flags;   ///< -use_fast_math, -fmad=false ...
  std::vector<std::string> link_flags;     ///< -L -l -Xlinker -shared ...; libraries keep their order
  std::vector<std::string> link_if_used;   ///< LLVM IR of which a compiled .ll or .bc takes what it uses
  bool relocatable = false;                ///< -rdc=true or -dc
  bool treat_as_cuda = false;              ///< -x cu
  Cudart cudart = Cudart::kShared;
  unsigned cuda_release = 12;  ///< --cuda-release: level of the runtime's interface, 12 or 13
  bool verbose = false;        ///< -v: print each command
  bool dry_run = false;        ///< --dryrun: print, don't run
  bool keep = false;           ///< -keep: leave the PTX beside the output
  bool help = false, version = false;
};

/// Reads `args` (without the program's name). Errors: kBadInput naming the flag.
Result<Options> parse_options(const std::vector<std::string>& args);

/// What --help prints.
const char* help_text();

}  // namespace ppu::ppucc

// ppucc: compiles CUDA C++ for OpenPPU with clang 19 and our own headers; the driver in the place of nvcc.
#include <cstdio>
#include <string>
#include <vector>

#include "options.h"
#include "steps.h"
#include "toolchain.h"

int main(int argc, char** argv) {
  using namespace ppu;
  const auto parsed = ppucc::parse_options(std::vector<std::string>(argv + 1, argv + argc));
  if (!parsed) {
    std::fprintf(stderr, "%s\n", parsed.error().message.c_str());
    return 1;
  }
  const ppucc::Options& options = parsed.value();
  if (options.help) {
    std::fputs(ppucc::help_text(), stdout);
    return 0;
  }
  const auto toolchain = ppucc::find_toolchain();
  if (options.version) {
    // "release X.Y" is what build systems look for in a CUDA compiler's answer.
    const char* release = options.cuda_release == 13 ? "13.0" : "12.5";
    std::printf(
        "ppucc: OpenPPU CUDA C++ compiler driver\nCuda compilation tools, release %s, V%s.0 (headers of "
        "OpenPPU)\n",
        release, release);
    if (toolchain) std::printf("clang: %s\n", toolchain.value().clang.c_str());
    return 0;
  }
  if (!toolchain) {
    std::fprintf(stderr, "%s\n", toolchain.error().message.c_str());
    return 1;
  }
  if (options.inputs.empty()) {
    std::fprintf(stderr, "ppucc: no input file; ppucc --help\n");
    return 1;
  }
  return ppucc::build(options, toolchain.value());
}

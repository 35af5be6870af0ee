// build/bin/ptxas: stands in for NVIDIA's assembler where a program runs one by itself (Triton, XLA). The
// "cubin" it writes is the PTX it was given: such programs pass it unread to cuModuleLoadData, where PTX is
// welcome. It assembles nothing; options that shape SASS are accepted and have no effect.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

namespace {

// Triton reads the release to choose the PTX version it writes: 12.8 asks for PTX 8.7, which we know all of.
constexpr char kVersion[] =
    "ptxas: OpenPPU stand-in for the PTX assembler\n"
    "Cuda compilation tools, release 12.8, V12.8.0\n";

/// Options whose value is the next word.
bool takes_value(const std::string& option) {
  for (const char* known : {"-o", "--output-file", "-arch", "--gpu-name", "-maxrregcount", "--maxrregcount",
                            "-O", "--opt-level", "--regAllocOptLevel", "-m", "--machine"})
    if (option == known) return true;
  return false;
}

int copy(const std::string& in, const std::string& out) {
  std::ifstream source(in, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(source), {}};
  if (!source && text.empty()) {
    std::fprintf(stderr, "ptxas fatal   : Could not open input file '%s'\n", in.c_str());
    return 255;
  }
  if (text.find(".version") == text.npos) {
    std::fprintf(stderr, "ptxas %s: error   : no .version: this is no PTX\n", in.c_str());
    return 255;
  }
  std::ofstream target(out, std::ios::binary);
  target << text;
  if (target.flush()) return 0;
  std::fprintf(stderr, "ptxas fatal   : Could not open output file '%s'\n", out.c_str());
  return 255;
}

}  // namespace

int main(int argc, char** argv) {
  std::string in, out = "elf.o";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--version" || word == "-V") {
      std::fputs(kVersion, stdout);
      return 0;
    }
    if ((word == "-o" || word == "--output-file") && i + 1 < argc) {
      out = argv[++i];
    } else if (takes_value(word)) {
      ++i;
    } else if (word[0] != '-') {
      in = word;
    }
  }
  if (!in.empty()) return copy(in, out);
  std::fprintf(stderr, "ptxas fatal   : no input file\n");
  return 255;
}

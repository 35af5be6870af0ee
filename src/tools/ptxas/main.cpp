// build/bin/ptxas: stands in for NVIDIA's assembler where a compiler runs one by itself (Triton, Inductor,
// XLA). It reads the PTX with our parser, reports what is wrong as ptxas does, and writes a cubin of ours,
// which carries the PTX (docs/formats.md): code is made when it is launched. Options that shape SASS have no
// effect.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "image/cubin.h"
#include "ptx/ptx.h"

namespace {

using ppu::Error;
using ppu::ErrorKind;
using ppu::Result;
using ppu::Status;
using ppu::Unit;

constexpr int kFailed = 255;  // as ptxas: Triton reads its log on this code

// Triton reads the release to choose the PTX version it writes: 12.8 asks for PTX 8.7, which we know all of.
constexpr char kVersion[] =
    "ptxas: OpenPPU stand-in for the PTX assembler\n"
    "Cuda compilation tools, release 12.8, V12.8.0\n";

enum Takes { kNone, kWord };
struct Option {
  const char* name;
  const char* brief;
  Takes takes;
};
constexpr Option kOptions[] = {
#define OPTION(name, brief, takes) {name, brief, takes},
#include "tools/ptxas/options.inc"
#undef OPTION
};

struct Request {
  std::string input, output = "elf.o";
  std::map<std::string, std::string> given;  ///< by long name
  bool has(const char* name) const { return given.count(name) != 0; }
};

int fatal(const std::string& what) {
  std::fprintf(stderr, "ptxas fatal   : %s\n", what.c_str());
  return kFailed;
}

const Option* find(const std::string& word) {
  for (const Option& o : kOptions)
    if (word == o.name || (o.brief[0] && word == o.brief)) return &o;
  return nullptr;
}

/// `-O3` and `-m64` are the only options with a value in the same word.
const Option* find_glued(const std::string& word, std::string* value) {
  if (word.size() != 2 && word != "m64" && word != "m32") return nullptr;
  *value = word.substr(1);
  return value->find_first_not_of("0123456789") == value->npos ? find(word.substr(0, 1)) : nullptr;
}

Status read_option(int argc, char** argv, int* at, Request* out) {
  const std::string whole = argv[*at], word = whole.substr(whole.rfind("--", 0) == 0 ? 2 : 1);
  const size_t equals = word.find('=');
  std::string value;
  const Option* option = find(word.substr(0, equals));
  if (option && option->takes == kNone && equals != word.npos)
    return ppu::bad_input("Option '" + whole.substr(0, whole.find('=')) + "' takes no value");
  if (option && option->takes == kWord) {
    if (equals == word.npos && ++*at >= argc)
      return ppu::bad_input("Option '" + whole + "' requires a value");
    value = equals == word.npos ? argv[*at] : word.substr(equals + 1);
  }
  if (!option) option = find_glued(word, &value);
  if (!option) return ppu::bad_input("Unknown option '" + whole + "'");
  out->given[option->name] = value;
  return Unit{};
}

Result<Request> read_command_line(int argc, char** argv) {
  Request out;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.size() > 1 && word[0] == '-') {
      if (const Status read = read_option(argc, argv, &i, &out); !read) return read.error();
    } else if (out.input.empty()) {
      out.input = word;
    } else {
      return ppu::bad_input("More than one input file: '" + out.input + "' and '" + word + "'");
    }
  }
  if (out.has("output-file")) out.output = out.given["output-file"];
  return out;
}

/// "sm_80", "compute_90a": 80, 90. 0 when it is none.
unsigned arch_of(const std::string& name) {
  for (const char* prefix : {"sm_", "compute_"})
    if (name.rfind(prefix, 0) == 0) return unsigned(std::atoi(name.c_str() + std::string(prefix).size()));
  return 0;
}

/// The parser's "FILE:LINE:COLUMN: what" as ptxas writes it, with the column kept.
int report(const std::string& file, const Error& error) {
  unsigned line = 0, column = 0;
  int used = 0;
  const bool placed =
      error.message.rfind(file + ":", 0) == 0 &&
      std::sscanf(error.message.c_str() + file.size(), ":%u:%u: %n", &line, &column, &used) == 2;
  if (!placed) return fatal(error.message);
  std::fprintf(stderr, "ptxas %s, line %u; error   : column %u: %s\n", file.c_str(), line, column,
               error.message.c_str() + file.size() + size_t(used));
  return fatal("Ptx assembly aborted due to errors");
}

uint64_t bytes_in(const std::vector<ppu::ptx::Variable>& variables, ppu::ptx::Space space) {
  uint64_t sum = 0;
  for (const ppu::ptx::Variable& v : variables)
    if (v.space == space) sum += v.size();
  return sum;
}

/// -v, on stderr as ptxas has it. There are no registers to count: code is made at launch, for the CPU.
void describe(const ppu::ptx::Module& module, const std::string& gpu) {
  using ppu::ptx::Space;
  std::fprintf(stderr, "ptxas info    : %llu bytes gmem\n",
               (unsigned long long)bytes_in(module.variables, Space::kGlobal));
  for (const ppu::ptx::Function& f : module.functions) {
    if (!f.is_entry) continue;
    std::fprintf(stderr, "ptxas info    : Compiling entry function '%s' for '%s'\n", f.name.c_str(),
                 gpu.c_str());
    std::fprintf(
        stderr,
        "ptxas info    : Function properties for %s\n"
        "    %llu bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
        "ptxas info    : Used 0 registers, %llu bytes smem, %u bytes cmem[0]\n",
        f.name.c_str(), (unsigned long long)bytes_in(f.locals, Space::kLocal),
        (unsigned long long)(bytes_in(f.locals, Space::kShared) + bytes_in(module.variables, Space::kShared)),
        ppu::ptx::param_layout(f).total);
  }
}

int assemble(const Request& request) {
  const std::string gpu = request.has("gpu-name") ? request.given.at("gpu-name") : "sm_80";
  const unsigned arch = arch_of(gpu);
  if (!arch) return fatal("Value '" + gpu + "' is not defined for option 'gpu-name'");
  std::ifstream source(request.input, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(source), {}};
  if (!source && text.empty()) return fatal("Could not open input file '" + request.input + "'");
  Result<ppu::ptx::Module> module = ppu::ptx::parse(text, request.input);
  if (!module) return report(request.input, module.error());
  if (arch_of(module->target) > arch)
    return fatal("Program with .target '" + module->target + "' cannot be compiled to architecture '" + gpu +
                 "'");
  if (!request.has("compile-only")) {
    const Result<ppu::ptx::Module> linked = ppu::ptx::link({&module.value(), 1});
    if (!linked) return report(request.input, linked.error());
  }
  if (request.has("verbose")) describe(module.value(), gpu);
  const std::vector<std::byte> cubin = ppu::image::write_cubin(text, arch);
  std::ofstream target(request.output, std::ios::binary);
  target.write(reinterpret_cast<const char*>(cubin.data()), std::streamsize(cubin.size()));
  if (target.flush()) return 0;
  return fatal("Could not open output file '" + request.output + "'");
}

void help() {
  std::puts(
      "Usage: ptxas [options] FILE.ptx -o FILE.cubin\n\nOptions without effect here are taken all the same:");
  for (const Option& o : kOptions) std::printf("  --%s%s\n", o.name, o.takes == kWord ? " VALUE" : "");
}

}  // namespace

int main(int argc, char** argv) {
  const Result<Request> request = read_command_line(argc, argv);
  if (!request) return fatal(request.error().message);
  if (request.value().has("version")) {
    std::fputs(kVersion, stdout);
    return 0;
  }
  if (request.value().has("help")) {
    help();
    return 0;
  }
  return request.value().input.empty() ? fatal("no input file") : assemble(request.value());
}

// Compiles kernels of PTX files and prints one JSON object a kernel: processor time of the compilation, size
// of what came out. Nothing runs, so any PTX will do.
//   ppu-bench-compile [--quick] [--cpu avx512|avx2] [--block X,Y,Z] [--kernel PART-OF-NAME] FILE.ptx...
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "codegen/compiler.h"
#include "ptx/ptx.h"

namespace ppu {
namespace {

constexpr uint32_t kUsualBlock = 256;

struct Arguments {
  std::vector<const char*> files;
  std::string kernel;
  uint32_t block[3] = {0, 0, 0};
  codegen::Cpu cpu = codegen::Cpu::kNative;
  bool quick = false;
};

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "ppu-bench-compile: %s\n", why.c_str());
  std::exit(1);
}

Arguments read_arguments(int argc, char** argv) {
  Arguments a;
  const auto value = [&](int& i) -> const char* {
    if (i + 1 == argc) die(std::string("no value after ") + argv[i]);
    return argv[++i];
  };
  for (int i = 1; i < argc; i++) {
    const std::string word = argv[i];
    if (word == "--quick") {
      a.quick = true;
    } else if (word == "--cpu") {
      const std::string cpu = value(i);
      if (cpu != "avx512" && cpu != "avx2") die("unknown CPU " + cpu);
      a.cpu = cpu == "avx2" ? codegen::Cpu::kAvx2 : codegen::Cpu::kAvx512;
    } else if (word == "--kernel") {
      a.kernel = value(i);
    } else if (word == "--block") {
      a.block[1] = a.block[2] = 1;
      if (std::sscanf(value(i), "%u,%u,%u", &a.block[0], &a.block[1], &a.block[2]) < 1)
        die("--block wants X,Y,Z");
    } else {
      a.files.push_back(argv[i]);
    }
  }
  if (a.files.empty()) die("no PTX file named");
  return a;
}

double now_ms() {
  timespec t;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);  // a compilation runs on a thread of its own
  return double(t.tv_sec) * 1e3 + double(t.tv_nsec) * 1e-6;
}

/// The block shape a launch of `f` would have: what it was asked for, else what the kernel says of itself.
void choose_block(const Arguments& a, const ptx::Function& f, uint32_t block[3]) {
  const uint32_t usual[3] = {kUsualBlock, 1, 1};
  const uint32_t* from = a.block[0] ? a.block : f.reqntid[0] ? f.reqntid : f.maxntid[0] ? f.maxntid : usual;
  for (int i = 0; i < 3; i++) block[i] = from[i] ? from[i] : 1;
}

void compile_kernel(const Arguments& a, const ptx::Module& module, const ptx::Function& f) {
  codegen::CompileRequest request;
  request.module = &module;
  request.kernel = f.name;
  choose_block(a, f, request.block);
  request.cpu = a.cpu;
  request.opt_level = a.quick ? 0 : 2;
  void* image = nullptr;
  size_t size = 0;
  const double start = now_ms();
  char* error = ppu_compile_v1(&request, &image, &size);
  const double took = now_ms() - start;
  std::printf("{\"kernel\": \"%s\", \"instructions\": %zu, \"ms\": %.2f, \"bytes\": %zu, \"failed\": %s}\n",
              f.name.c_str(), f.body.size(), took, size, error ? "true" : "false");
  if (error) std::fprintf(stderr, "%s: %s\n", f.name.c_str(), error + 1);
  std::fflush(stdout);
  std::free(error);
  std::free(image);
}

void compile_file(const Arguments& a, const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) die(std::string("can't read ") + path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const double start = now_ms();
  Result<ptx::Module> module = ptx::parse(text, path);
  if (!module) die(module.error().message);
  std::printf("{\"file\": \"%s\", \"bytes\": %zu, \"parse_ms\": %.2f}\n", path, text.size(),
              now_ms() - start);
  for (const ptx::Function& f : module->functions)
    if (f.is_entry && f.has_body && f.name.find(a.kernel) != std::string::npos) compile_kernel(a, *module, f);
}

}  // namespace
}  // namespace ppu

int main(int argc, char** argv) {
  const ppu::Arguments arguments = ppu::read_arguments(argc, argv);
  for (const char* file : arguments.files) ppu::compile_file(arguments, file);
}

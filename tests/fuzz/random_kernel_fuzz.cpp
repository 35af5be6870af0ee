// Compares the reference interpreter with the compiled engine on random kernels, bit by bit.
//   random_kernel_fuzz file.ptx ...      (kernels that once differed, see found/)
//   random_kernel_fuzz [--seed N] [--seconds S] [--kernels N] [--statements N] [--cpu avx512|avx2|both]
//   [--print]
// A difference is reduced by leaving out lines, and printed with the seed that made it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "codegen/compiler.h"
#include "ref/ref.h"
#include "tests/fuzz/random_kernel.h"
#include "tests/ref/kernel_harness.h"

namespace ppu::fuzz {
namespace {

struct Config {
  const char* name;
  codegen::Cpu cpu;
  bool specialise;
  uint32_t gang = 1;
};

/// What one engine left in `out`, or why it didn't.
struct EngineResult {
  std::string error;
  exec::Trap trap = exec::Trap::kNone;
  std::vector<uint32_t> out;
};

size_t threads_of(const RandomKernel& k) {
  return size_t(k.block[0]) * k.block[1] * k.block[2] * k.grid[0];
}

EngineResult run_engine(const harness::Engine& engine, const RandomKernel& k, std::vector<uint32_t> data) {
  EngineResult r;
  r.out.assign(threads_of(k) * kSlotBytes / 4, 0);
  harness::Shape shape;
  for (int i = 0; i < 3; i++) shape.grid[i] = k.grid[i], shape.block[i] = k.block[i];
  harness::Params params;
  params.add(uint64_t(data.data())).add(uint64_t(r.out.data()));
  r.trap = harness::launch(engine, shape, params.data(), nullptr).trap;
  return r;
}

EngineResult run_ref(const ptx::Module& m, const RandomKernel& k, const std::vector<uint32_t>& data) {
  auto made = ref::RefKernel::make(m, "k");
  if (!made) return {made.error().message, {}, {}};
  ref::RefKernel& kernel = **made;
  return run_engine(
      {kernel.info(), [&](const exec::LaunchArgs* l, exec::BlockState* b) { return kernel.run_block(l, b); }},
      k, data);
}

EngineResult run_compiled(const ptx::Module& m, const RandomKernel& k, const std::vector<uint32_t>& data,
                          const Config& config) {
  codegen::CompileRequest request;
  request.module = &m;
  request.kernel = "k";
  request.cpu = config.cpu;
  request.gang = config.gang;
  if (config.specialise)
    for (int i = 0; i < 3; i++) request.block[i] = k.block[i];
  auto image = codegen::compile(request);
  if (!image) return {image.error().message, {}, {}};
  auto loaded = exec::LoadedKernel::load(*image);
  if (!loaded) return {loaded.error().message, {}, {}};
  exec::LoadedKernel& kernel = **loaded;
  return run_engine({kernel.info(), kernel.entry()}, k, data);
}

/// Words that two results differ in; NaNs are equal whatever their payload only in the rows' own tests.
std::string compare(const EngineResult& want, const EngineResult& got) {
  if (!got.error.empty()) return "error: " + got.error;
  if (want.trap != got.trap)
    return "ref ended with trap " + std::to_string(int(want.trap)) + ", compiled with " +
           std::to_string(int(got.trap));
  for (size_t i = 0; i < want.out.size(); i++) {
    if (want.out[i] == got.out[i]) continue;
    char text[160];
    snprintf(text, sizeof text, "thread %zu, out byte %zu: ref %08x, compiled %08x", i * 4 / kSlotBytes,
             i * 4 % kSlotBytes, want.out[i], got.out[i]);
    return text;
  }
  return "";
}

/// Empty if the engines agree; `refused`: the interpreter doesn't take the text.
std::string check(const RandomKernel& k, uint64_t seed, const Config& config, bool* refused) {
  Result<ptx::Module> m = ptx::parse(k.text, "random");
  *refused = !m;
  if (!m) return m.error().message;
  const std::vector<uint32_t> data = make_random_data(seed, threads_of(k) * kSlotBytes / 4);
  const EngineResult want = run_ref(*m, k, data);
  *refused = !want.error.empty();
  if (*refused) return want.error;
  return compare(want, run_compiled(*m, k, data, config));
}

/// Leaves out ever smaller stretches of lines while the engines still differ.
RandomKernel reduce(RandomKernel k, uint64_t seed, const Config& config, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::string> lines;
  for (size_t at = 0; at < k.text.size();) {
    const size_t end = k.text.find('\n', at);
    lines.push_back(k.text.substr(at, end - at + 1));
    at = end + 1;
  }
  const auto join = [](const std::vector<std::string>& v) {
    std::string s;
    for (const std::string& l : v) s += l;
    return s;
  };
  size_t first = 0;
  while (lines[first++] != kBodyMark) {
  }
  const auto last = [&] {
    size_t i = lines.size();
    while (lines[--i] != kBodyMark) {
    }
    return i;
  };
  for (size_t size = lines.size() / 2; size >= 1; size /= 2) {
    for (size_t at = first; at + size <= last();) {
      if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > seconds) return k;
      std::vector<std::string> fewer(lines.begin(), lines.begin() + ptrdiff_t(at));
      fewer.insert(fewer.end(), lines.begin() + ptrdiff_t(at + size), lines.end());
      RandomKernel candidate = k;
      candidate.text = join(fewer);
      bool refused = false;
      const std::string problem = check(candidate, seed, config, &refused);
      if (!refused && !problem.empty()) {
        lines = std::move(fewer);
        k = std::move(candidate);
      } else {
        at += size;
      }
    }
  }
  return k;
}

struct Options {
  uint64_t seed = 1;
  double seconds = 10;
  uint64_t kernels = UINT64_MAX;
  int statements = 60;
  double reduce_seconds = 60;
  bool print = false, keep_going = false;
  std::string cpu = "both";
  std::vector<std::string> files;
};

std::vector<Config> configs_for(const Options& o) {
  std::vector<Config> configs;
  if (o.cpu != "avx2") configs.push_back({"avx512", codegen::Cpu::kAvx512, true});
  if (o.cpu != "avx512") configs.push_back({"avx2", codegen::Cpu::kAvx2, true});
  if (o.cpu != "avx2") configs.push_back({"avx512, any block", codegen::Cpu::kAvx512, false});
  if (o.cpu != "avx2") configs.push_back({"avx512, gangs of 2", codegen::Cpu::kAvx512, true, 2});
  if (o.cpu != "avx512") configs.push_back({"avx2, gangs of 4", codegen::Cpu::kAvx2, true, 4});
  return configs;
}

/// Runs a stored kernel on every configuration; its first line says `// block x y z`.
int run_file(const std::string& path, const Options& o) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  RandomKernel k;
  k.text = text.str();
  if (std::sscanf(k.text.c_str(), "// block %u %u %u", &k.block[0], &k.block[1], &k.block[2]) != 3) {
    std::fprintf(stderr, "%s: expected '// block x y z' in the first line\n", path.c_str());
    return 1;
  }
  int failures = 0;
  for (const Config& config : configs_for(o)) {
    bool refused = false;
    const std::string problem = check(k, o.seed, config, &refused);
    if (!problem.empty()) std::fprintf(stderr, "%s (%s): %s\n", path.c_str(), config.name, problem.c_str());
    failures += !problem.empty();
  }
  return failures != 0;
}

int run(const Options& o) {
  const std::vector<Config> configs = configs_for(o);
  const auto start = std::chrono::steady_clock::now();
  uint64_t done = 0, failures = 0;
  for (; done < o.kernels &&
         std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < o.seconds;
       done++) {
    const uint64_t seed = o.seed + done;
    const RandomKernel k = make_random_kernel(seed, o.statements);
    if (o.print) std::printf("%s", k.text.c_str());
    const Config& config = configs[done % configs.size()];
    bool refused = false;
    const std::string problem = check(k, seed, config, &refused);
    if (problem.empty()) continue;
    std::fprintf(stderr, "random_kernel_fuzz: seed %llu (%s), block %ux%ux%u: %s\n", (unsigned long long)seed,
                 config.name, k.block[0], k.block[1], k.block[2], problem.c_str());
    const RandomKernel small = refused ? k : reduce(k, seed, config, o.reduce_seconds);
    bool again = false;
    std::fprintf(stderr, "--- reduced: %s\n%s", check(small, seed, config, &again).c_str(),
                 small.text.c_str());
    failures++;
    if (!o.keep_going) return 1;
  }
  std::printf("random_kernel_fuzz: %llu kernels from seed %llu, %llu failures\n", (unsigned long long)done,
              (unsigned long long)o.seed, (unsigned long long)failures);
  return failures != 0;
}

}  // namespace
}  // namespace ppu::fuzz

int main(int argc, char** argv) {
  ppu::fuzz::Options o;
  for (int i = 1; i < argc; i++) {
    const std::string a = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "0";
    if (a == "--print") {
      o.print = true;
      continue;
    }
    if (a == "--keep-going") {
      o.keep_going = true;
      continue;
    }
    if (!a.starts_with("--")) {
      o.files.push_back(a);
      continue;
    }
    i++;
    if (a == "--seed") o.seed = std::strtoull(value, nullptr, 0);
    if (a == "--seconds") o.seconds = std::atof(value);
    if (a == "--kernels") o.kernels = std::strtoull(value, nullptr, 0);
    if (a == "--statements") o.statements = std::atoi(value);
    if (a == "--reduce-seconds") o.reduce_seconds = std::atof(value);
    if (a == "--cpu") o.cpu = value;
  }
  int failures = 0;
  for (const std::string& file : o.files) failures += ppu::fuzz::run_file(file, o);
  if (!o.files.empty()) return failures != 0;
  return ppu::fuzz::run(o);
}

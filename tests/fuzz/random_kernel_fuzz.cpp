// Compares the reference interpreter with the compiled engine on random kernels, bit by bit.
//   random_kernel_fuzz file.ptx ...      (kernels that once differed, see found/)
//   random_kernel_fuzz [--seed N] [--seconds S] [--kernels N] [--jobs N] [--statements N] [--config TEXT]
//                      [--opt 0|2] [--every-config] [--reduce-seconds S] [--keep-going] [--print]
// A kernel runs in one configuration, the next kernel in the next (or each in all of them); --config takes
// those whose name contains TEXT ("avx2", "narrow"). Without --statements and --opt a seed draws its own:
// most kernels are small and compiled with few passes, since what the engines differ in is mostly a matter of
// two or three statements and of our own passes, and some are large and fully optimised. --jobs shares the
// seeds out to so many processes. A difference is reduced by leaving out statements, and printed with the
// seed that made it.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
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
  simt::Lanes lanes = simt::Lanes::kChosen;
};

constexpr Config kConfigs[] = {{"avx512", codegen::Cpu::kAvx512, true},
                               {"avx2", codegen::Cpu::kAvx2, true},
                               {"avx512, any block", codegen::Cpu::kAvx512, false},
                               {"avx512, gangs as chosen", codegen::Cpu::kAvx512, true, 0},
                               {"avx512, gangs of 2", codegen::Cpu::kAvx512, true, 2},
                               {"avx2, gangs of 4", codegen::Cpu::kAvx2, true, 4},
                               {"avx2, narrow", codegen::Cpu::kAvx2, true, 1, simt::Lanes::kNarrow}};

/// A module to run, with the launch shape.
struct Case {
  std::string text;
  uint32_t grid[3] = {1, 1, 1}, block[3] = {32, 1, 1};
  uint64_t seed = 1;  ///< of the data
};

struct Options {
  uint64_t seed = 1;
  double seconds = 10;
  uint64_t kernels = UINT64_MAX;
  int statements = 0;  ///< 0: drawn
  int opt_level = -1;  ///< -1: drawn
  uint64_t jobs = 1, job = 0;
  double reduce_seconds = 60;
  bool print = false, keep_going = false, every_config = false;
  std::string config;
  std::vector<std::string> files;
};

/// What one engine left in `out`, or why it didn't.
struct EngineResult {
  std::string error;
  exec::Trap trap = exec::Trap::kNone;
  std::vector<uint32_t> out;
};

size_t threads_of(const Case& k) {
  return size_t(k.block[0]) * k.block[1] * k.block[2] * k.grid[0];
}

EngineResult run_engine(const harness::Engine& engine, const Case& k, std::vector<uint32_t> data) {
  EngineResult r;
  r.out.assign(threads_of(k) * kThreadBytes / 4, 0);
  harness::Shape shape;
  for (int i = 0; i < 3; i++) shape.grid[i] = k.grid[i], shape.block[i] = k.block[i];
  harness::Params params;
  params.add(uint64_t(data.data())).add(uint64_t(r.out.data()));
  r.trap = harness::launch(engine, shape, params.data(), nullptr).trap;
  return r;
}

EngineResult run_ref(const ptx::Module& m, const Case& k, const std::vector<uint32_t>& data) {
  auto made = ref::RefKernel::make(m, "k");
  if (!made) return {made.error().message, {}, {}};
  ref::RefKernel& kernel = **made;
  return run_engine(
      {kernel.info(), [&](const exec::LaunchArgs* l, exec::BlockState* b) { return kernel.run_block(l, b); }},
      k, data);
}

EngineResult run_compiled(const ptx::Module& m, const Case& k, const std::vector<uint32_t>& data,
                          const Config& config, int opt_level) {
  codegen::CompileRequest request;
  request.module = &m;
  request.kernel = "k";
  request.cpu = config.cpu;
  request.gang = config.gang;
  request.lanes = config.lanes;
  request.opt_level = uint8_t(opt_level);
  if (config.specialise)
    for (int i = 0; i < 3; i++) request.block[i] = k.block[i];
  auto image = codegen::compile(request);
  if (!image) return {image.error().message, {}, {}};
  auto loaded = exec::LoadedKernel::load(*image);
  if (!loaded) return {loaded.error().message, {}, {}};
  exec::LoadedKernel& kernel = **loaded;
  return run_engine({kernel.info(), kernel.entry()}, k, data);
}

/// The first word that two results differ in, and how many there are.
std::string compare(const EngineResult& want, const EngineResult& got) {
  if (!got.error.empty()) return "error: " + got.error;
  if (want.trap != got.trap)
    return "ref ended with trap " + std::to_string(int(want.trap)) + ", compiled with " +
           std::to_string(int(got.trap));
  size_t differences = 0, first = 0;
  for (size_t i = want.out.size(); i-- > 0;)
    if (want.out[i] != got.out[i]) differences++, first = i;
  if (!differences) return "";
  char text[160];
  snprintf(text, sizeof text,
           "%zu words differ, first out byte %zu (of %zu threads): ref %08x, compiled %08x", differences,
           4 * first, want.out.size() * 4 / kThreadBytes, want.out[first], got.out[first]);
  return text;
}

/// The interpreter's answer, once for all configurations.
struct Judged {
  Result<ptx::Module> module = bad_input("not parsed");
  std::vector<uint32_t> data;
  EngineResult want;
};

/// What the seed draws where the command line doesn't say.
void draw(uint64_t seed, Options& o) {
  std::mt19937_64 random(seed * 0x9e3779b97f4a7c15u);
  static const int kStatements[] = {4, 6, 8, 10, 12, 15, 20, 30, 60, 100};
  const int statements = kStatements[random() % std::size(kStatements)], opt_level = random() % 4 ? 0 : 2;
  if (o.statements == 0) o.statements = statements;
  if (o.opt_level < 0) o.opt_level = opt_level;
}

/// Empty if the interpreter takes the text.
std::string judge(const Case& k, Judged& j) {
  j.module = ptx::parse(k.text, "random");
  if (!j.module) return j.module.error().message;
  j.data = make_random_data(k.seed, threads_of(k) * kThreadBytes / 4);
  j.want = run_ref(*j.module, k, j.data);
  return j.want.error;
}

/// Empty if the engines agree.
std::string differs(const Case& k, const Judged& j, const Config& config, int opt_level) {
  return compare(j.want, run_compiled(j.module.value(), k, j.data, config, opt_level));
}

void list_nodes(Node& n, std::vector<Node*>& to) {
  for (std::vector<Node>* children : {&n.body, &n.other})
    for (Node& child : *children) {
      if (!child.fixed) to.push_back(&child);
      list_nodes(child, to);
    }
}

/// Leaves out statements for as long as the engines still differ.
void reduce(RandomKernel& k, Case& c, const Config& config, const Options& o) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Node*> nodes;
  list_nodes(k.root, nodes);
  const auto still_differs = [&] {
    Case smaller = c;
    smaller.text = k.text();
    Judged j;
    if (!judge(smaller, j).empty() || differs(smaller, j, config, o.opt_level).empty()) return false;
    c = std::move(smaller);
    return true;
  };
  // Long runs of statements first, then single ones; a statement that has gone takes its parts along.
  for (size_t run = nodes.size() / 2; run >= 1; run = run > 1 ? run / 2 : 0)
    for (size_t at = 0; at < nodes.size(); at += run) {
      if (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() > o.reduce_seconds)
        return;
      std::vector<Node*> now;
      for (size_t i = at; i < std::min(at + run, nodes.size()); i++)
        if (!nodes[i]->left_out) now.push_back(nodes[i]);
      for (Node* n : now) n->left_out = true;
      const std::string text = k.text();
      if (now.empty() || text == c.text || still_differs()) continue;
      for (Node* n : now) n->left_out = false;
    }
}

std::vector<Config> configs_for(const Options& o) {
  std::vector<Config> configs;
  for (const Config& c : kConfigs)
    if (std::strstr(c.name, o.config.c_str())) configs.push_back(c);
  return configs;
}

/// Runs a stored kernel; its first line says `// block x y z`, and may go on with `seed n`, `grid n` and
/// `config TEXT`.
int run_file(const std::string& path, Options o) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  Case k;
  k.text = text.str();
  if (std::sscanf(k.text.c_str(), "// block %u %u %u", &k.block[0], &k.block[1], &k.block[2]) != 3) {
    std::fprintf(stderr, "%s: expected '// block x y z' in the first line\n", path.c_str());
    return 1;
  }
  const std::string first = k.text.substr(0, k.text.find('\n'));
  const auto behind = [&](const std::string& word) {
    const size_t at = first.find(word);
    return at == first.npos ? std::string() : first.substr(at + word.size());
  };
  k.seed = o.seed;
  if (const std::string seed = behind(" seed "); !seed.empty())
    k.seed = std::strtoull(seed.c_str(), nullptr, 0);
  if (const std::string grid = behind(" grid "); !grid.empty())
    k.grid[0] = uint32_t(std::strtoul(grid.c_str(), nullptr, 0));
  if (o.config.empty()) o.config = behind(" config ");
  Judged j;
  if (const std::string why = judge(k, j); !why.empty()) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), why.c_str());
    return 1;
  }
  int failures = 0;
  for (const Config& config : configs_for(o)) {
    const std::string problem = differs(k, j, config, o.opt_level < 0 ? 2 : o.opt_level);
    if (!problem.empty()) std::fprintf(stderr, "%s (%s): %s\n", path.c_str(), config.name, problem.c_str());
    failures += !problem.empty();
  }
  return failures != 0;
}

bool has_matrix(const std::string& text) {
  return text.find("matrix.sync.") != text.npos || text.find("mma.sync.") != text.npos;
}

/// False if some engine disagrees; says so.
bool run_seed(uint64_t seed, const std::vector<Config>& configs, Options o) {
  draw(seed, o);
  RandomKernel k = make_random_kernel(seed, o.statements);
  Case c{k.text(), {k.grid[0], 1, 1}, {k.block[0], k.block[1], k.block[2]}, seed};
  if (o.print) std::printf("%s", c.text.c_str());
  Judged j;
  if (const std::string why = judge(c, j); !why.empty()) {
    std::fprintf(stderr, "random_kernel_fuzz: seed %llu: the interpreter refuses it: %s\n%s",
                 (unsigned long long)seed, why.c_str(), c.text.c_str());
    return false;
  }
  for (const Config& config : configs) {
    if (config.lanes == simt::Lanes::kNarrow && has_matrix(c.text)) continue;  // no form for one lane
    const std::string problem = differs(c, j, config, o.opt_level);
    if (problem.empty()) continue;
    std::fprintf(stderr, "random_kernel_fuzz: seed %llu (%s), block %ux%ux%u: %s\n", (unsigned long long)seed,
                 config.name, k.block[0], k.block[1], k.block[2], problem.c_str());
    if (o.reduce_seconds > 0) {
      reduce(k, c, config, o);
      judge(c, j);
      std::fprintf(stderr, "--- reduced: %s\n// block %u %u %u seed %llu\n%s",
                   differs(c, j, config, o.opt_level).c_str(), k.block[0], k.block[1], k.block[2],
                   (unsigned long long)seed, c.text.c_str());
    }
    return false;
  }
  return true;
}

int run(const Options& o) {
  const std::vector<Config> configs = configs_for(o);
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  uint64_t done = 0, failures = 0;
  for (; done * o.jobs + o.job < o.kernels && elapsed() < o.seconds; done++) {
    const uint64_t index = done * o.jobs + o.job;
    const Config& one = configs[index % configs.size()];
    if (run_seed(o.seed + index, o.every_config ? configs : std::vector<Config>{one}, o)) continue;
    failures++;
    if (!o.keep_going) return 1;
  }
  std::printf("random_kernel_fuzz: %llu kernels from seed %llu in %.0f s, %llu failures\n",
              (unsigned long long)done, (unsigned long long)o.seed, elapsed(), (unsigned long long)failures);
  return failures != 0;
}

/// One process a job: what LLVM leaks or a kernel breaks stays in one of them.
int run_jobs(Options o) {
  std::vector<pid_t> children;
  for (o.job = 0; o.job < o.jobs; o.job++) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child == 0) std::exit(run(o));
    if (child > 0) children.push_back(child);
  }
  int failures = children.size() != o.jobs;
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    failures += status != 0;
  }
  return failures != 0;
}

}  // namespace
}  // namespace ppu::fuzz

int main(int argc, char** argv) {
  ppu::fuzz::Options o;
  for (int i = 1; i < argc; i++) {
    const std::string a = argv[i];
    if (a == "--print") {
      o.print = true;
    } else if (a == "--keep-going") {
      o.keep_going = true;
    } else if (a == "--every-config") {
      o.every_config = true;
    } else if (!a.starts_with("--")) {
      o.files.push_back(a);
    } else {
      const char* value = i + 1 < argc ? argv[++i] : "0";
      if (a == "--seed") o.seed = std::strtoull(value, nullptr, 0);
      if (a == "--seconds") o.seconds = std::atof(value);
      if (a == "--kernels") o.kernels = std::strtoull(value, nullptr, 0);
      if (a == "--jobs") o.jobs = std::max<uint64_t>(1, std::strtoull(value, nullptr, 0));
      if (a == "--statements") o.statements = std::atoi(value);
      if (a == "--reduce-seconds") o.reduce_seconds = std::atof(value);
      if (a == "--opt") o.opt_level = std::atoi(value);
      if (a == "--config") o.config = value;
    }
  }
  int failures = 0;
  for (const std::string& file : o.files) failures += ppu::fuzz::run_file(file, o);
  if (!o.files.empty()) return failures != 0;
  return o.jobs > 1 ? ppu::fuzz::run_jobs(o) : ppu::fuzz::run(o);
}

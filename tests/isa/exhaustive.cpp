// Every input of rows with one source: all 2^32 values of .f32, all of the 16-bit types (both halves of the
// packed ones). The host's meaning, AVX-512 code and AVX2 code must agree bit by bit, and with a truth of
// exhaustive_truth.h where there is one: correctly rounded results exactly, approximate ones within the
// manual's bound.
//   isa_exhaustive [--only TEXT] [--stride N] [--threads N] [--list]
// A spelling takes a minute or two of one processor; --stride takes every N-th .f32 value. Two-operand f16
// and bf16 spellings run on all pairs whose number is a multiple of N.
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cases.h"
#include "codegen/compiler.h"
#include "codegen/cpu.h"
#include "exhaustive_truth.h"
#include "tests/ref/kernel_harness.h"

namespace ppu::isa::test {
namespace {

constexpr uint64_t kChunk = 1 << 18;  ///< inputs a launch
constexpr uint32_t kBlock = 256;

struct Options {
  std::string only;
  uint64_t stride = 1;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  bool list = false;
};

/// A spelling with what its kernel needs to know.
struct Sweep {
  Spelling spelling;
  std::vector<Type> sources;
  Type dest;
  uint64_t inputs = 0;  ///< how many there are; input `i` is number i * step
  uint64_t step = 1;

  int source_bits() const { return sources[0].total_bits(); }
  int dest_bits() const {
    return dest.kind == Kind::kPred ? 32 : dest.total_bits() <= 16 ? 16 : dest.total_bits();
  }
};

/// The operands of number `n`. The high half of a packed value is another number than the low one.
void operands_of(const Sweep& s, uint64_t n, uint64_t (&args)[2]) {
  args[0] = s.source_bits() == 16 && s.sources.size() == 1 ? n & 0xffff : n;
  args[1] = 0;
  if (s.sources.size() == 2) {
    args[0] = n & 0xffff;
    args[1] = n >> 16;
  } else if (s.source_bits() == 32 && s.sources[0].packed == 2) {
    args[0] = (n & 0xffff) | (((n * 40503) + 12345) & 0xffff) << 16;
  }
}

/// k(out, first, step): thread t computes number first + t * step.
std::string kernel_of(const Sweep& s) {
  std::string text =
      ".version 8.6\n.target sm_90\n.address_size 64\n"
      ".visible .entry k(.param .u64 p_out, .param .u32 p_first, .param .u32 p_step) {\n"
      ".reg .b32 %t, %c, %n, %m, %w; .reg .b64 %out, %at, %dd; .reg .b32 %dw; .reg .b16 %dh, %h, %g; "
      ".reg .pred %dp;\n"
      "ld.param.u64 %out, [p_out]; ld.param.u32 %n, [p_first]; ld.param.u32 %m, [p_step];\n"
      "mov.u32 %t, %tid.x; mov.u32 %c, %ctaid.x; mad.lo.u32 %t, %c, " +
      std::to_string(kBlock) + ", %t; mad.lo.u32 %n, %t, %m, %n; mul.wide.u32 %at, %t, " +
      std::to_string(s.dest_bits() / 8) +
      "; add.u64 %out, %out, %at;\ncvt.u16.u32 %h, %n; shr.u32 %w, %n, 16; "
      "cvt.u16.u32 %g, %w;\n";
  if (s.source_bits() == 32 && s.sources[0].packed == 2)
    text += "mad.lo.u32 %w, %n, 40503, 12345; prmt.b32 %n, %n, %w, 0x5410;\n";
  const char* d = s.dest.kind == Kind::kPred ? "%dp"
                  : s.dest_bits() == 16      ? "%dh"
                  : s.dest_bits() == 64      ? "%dd"
                                             : "%dw";
  text += s.spelling.opcode + " " + d + ", " + (s.source_bits() == 16 ? "%h" : "%n") +
          (s.sources.size() == 2 ? ", %g" : "") + ";\n";
  if (s.dest.kind == Kind::kPred) text += "selp.u32 %dw, 1, 0, %dp;\n";
  const char* stored = s.dest.kind == Kind::kPred ? "%dw" : d;
  return text + "st.global.b" + std::to_string(s.dest_bits()) + " [%out], " + stored + ";\nret;\n}\n";
}

uint64_t result_at(const std::vector<uint8_t>& out, size_t i, int bits) {
  uint64_t v = 0;
  std::memcpy(&v, out.data() + i * size_t(bits / 8), size_t(bits / 8));
  return v;
}

struct Engine {
  const char* name;
  codegen::Cpu cpu;
};
constexpr Engine kEngines[] = {{"avx512", codegen::Cpu::kAvx512}, {"avx2", codegen::Cpu::kAvx2}};

/// The sweep on both engines; one line on stderr a kind of difference.
class Run {
 public:
  Run(const Sweep& s, const Options& o) : s_(s), o_(o), truth_(find_truth(s.spelling.opcode)) {}

  bool go() {
    const std::string text = kernel_of(s_);
    Result<ptx::Module> module = ptx::parse(text, "sweep");
    if (!module) return fail(module.error().message + "\n" + text);
    for (const Engine& engine : kEngines) {
      if (!codegen::cpu_supports(engine.cpu)) continue;
      codegen::CompileRequest request;
      request.module = &*module;
      request.kernel = "k";
      request.cpu = engine.cpu;
      request.block[0] = kBlock, request.block[1] = request.block[2] = 1;
      auto image = codegen::compile(request);
      if (!image) return fail(image.error().message);
      auto loaded = exec::LoadedKernel::load(*image);
      if (!loaded) return fail(loaded.error().message);
      kernels_.push_back(std::move(*loaded));
      names_.push_back(engine.name);
    }
    std::vector<std::thread> threads;
    const unsigned n = unsigned(std::min<uint64_t>(o_.threads, (s_.inputs + kChunk - 1) / kChunk));
    for (unsigned i = 1; i < n; i++) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& t : threads) t.join();
    return !failed_;
  }

  double worst() const { return worst_; }

 private:
  bool fail(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (!failed_) std::fprintf(stderr, "isa_exhaustive: %s: %s\n", s_.spelling.opcode.c_str(), why.c_str());
    failed_ = true;
    return false;
  }

  void work() {
    const HostOp host(s_.spelling.row, s_.spelling.mods, s_.sources.size());
    const int bits = s_.dest_bits();
    std::vector<uint8_t> out(kChunk * size_t(bits / 8));
    std::vector<uint64_t> want(kChunk);
    double worst = 0;
    for (uint64_t first; !failed_ && (first = next_.fetch_add(kChunk)) < s_.inputs;) {
      const uint64_t count = std::min(kChunk, s_.inputs - first);
      for (uint64_t i = 0; i < count; i++) {
        uint64_t args[2];
        operands_of(s_, (first + i) * s_.step, args);
        const HostResult r = host.run({args, s_.sources.size()});
        want[i] = to_register(r.out[0], r.type[0], bits);
        if (truth_) worst = std::max(worst, check_truth(uint32_t(args[0]), r.out[0]));
      }
      for (size_t k = 0; k < kernels_.size(); k++) compare(k, first, count, want, out);
    }
    const std::lock_guard lock(mutex_);
    worst_ = std::max(worst_, worst);
  }

  double check_truth(uint32_t arg, uint64_t got) {
    const double error = truth_->error(arg, got);
    if (error > 1)
      fail("of " + hex(arg) + " is " + hex(got) + ", " + std::to_string(error) + " of the bound away");
    return error;
  }

  void compare(size_t k, uint64_t first, uint64_t count, const std::vector<uint64_t>& want,
               std::vector<uint8_t>& out) {
    harness::Shape shape;
    shape.grid[0] = uint32_t((count + kBlock - 1) / kBlock);
    shape.block[0] = kBlock;
    harness::Params params;
    params.add(uint64_t(out.data())).add(uint32_t(first * s_.step)).add(uint32_t(s_.step));
    const harness::Engine engine{kernels_[k]->info(), kernels_[k]->entry()};
    if (harness::launch(engine, shape, params.data(), nullptr).trap != exec::Trap::kNone) fail("trapped");
    for (uint64_t i = 0; i < count; i++) {
      const uint64_t got = result_at(out, i, s_.dest_bits());
      if (got == want[i] || same(got, want[i], s_.dest)) continue;
      uint64_t args[2];
      operands_of(s_, (first + i) * s_.step, args);
      fail("of " + hex(args[0]) + (s_.sources.size() == 2 ? " and " + hex(args[1]) : std::string()) + " is " +
           hex(want[i]) + " on the host, " + hex(got) + " in " + names_[k] + " code");
      return;
    }
  }

  const Sweep& s_;
  const Options& o_;
  const std::optional<Truth> truth_;
  std::vector<std::unique_ptr<exec::LoadedKernel>> kernels_;
  std::vector<const char*> names_;
  std::atomic<uint64_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;
  double worst_ = 0;
};

/// What is swept: one source of at most 32 bits, or two of 16.
std::vector<Sweep> sweeps(const Options& o) {
  std::vector<Sweep> all;
  for (uint16_t r = 0; r < table().size(); r++) {
    const Row& row = table()[r];
    if (row.kind != RowKind::kElement || reads_carry(row) || constant_source(row) >= 0) continue;
    if (!row.form.operands[0].second.empty() && !row.form.operands[0].second_optional) continue;
    for (const Spelling& spelling : spellings(r, 4000)) {
      Sweep s{spelling, source_types(spelling), operand_type(row, spelling.mods, 0)};
      if (s.sources.empty() || s.sources.size() > 2 || s.dest.total_bits() > 64) continue;
      const Type t = s.sources[0];
      const bool narrow = t.total_bits() == 16 && t.kind != Kind::kPred;
      if (!t.is_float() && t.kind != Kind::kE4M3 && t.kind != Kind::kE5M2) continue;
      if (s.sources.size() == 2 && (!narrow || t.packed > 1 || s.sources[1].total_bits() != 16)) continue;
      if (s.sources.size() == 1 && narrow) {
        s.inputs = 1 << 16;
      } else if (t.total_bits() == 32 && t.packed == 2) {
        s.inputs = 1 << 16;
      } else if (narrow || (t.total_bits() == 32 && t.packed == 1)) {
        s.step = o.stride;
        s.inputs = ((uint64_t(1) << 32) + s.step - 1) / s.step;
      } else {
        continue;
      }
      if (spelling.opcode.find(o.only) != std::string::npos) all.push_back(std::move(s));
    }
  }
  return all;
}

int run(const Options& o) {
  int failures = 0;
  size_t done = 0;
  for (const Sweep& s : sweeps(o)) {
    if (o.list) {
      std::printf("%s\n", s.spelling.opcode.c_str());
      continue;
    }
    const auto start = std::chrono::steady_clock::now();
    Run run(s, o);
    const bool fine = run.go();
    failures += !fine;
    done++;
    if (o.stride > 1) continue;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%-32s %s", s.spelling.opcode.c_str(), fine ? "agrees" : "DIFFERS");
    if (find_truth(s.spelling.opcode)) std::printf(", largest error %.3f of the bound", run.worst());
    std::printf(" (%llu inputs, %.0f s)\n", (unsigned long long)s.inputs, seconds);
    std::fflush(stdout);
  }
  if (!o.list) std::printf("isa_exhaustive: %zu spellings, %d failures\n", done, failures);
  return failures != 0 || (done == 0 && !o.list);
}

}  // namespace
}  // namespace ppu::isa::test

int main(int argc, char** argv) {
  ppu::isa::test::Options o;
  for (int i = 1; i < argc; i++) {
    const std::string a = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (a == "--list") {
      o.list = true;
      continue;
    }
    if (a == "--only") o.only = value;
    if (a == "--stride") o.stride = std::max<uint64_t>(1, std::strtoull(value, nullptr, 10));
    if (a == "--threads") o.threads = unsigned(std::max(1, std::atoi(value)));
    i++;
  }
  return ppu::isa::test::run(o);
}

// Fuzzes the PTX parser: mutated texts must parse or be refused with a message, never crash; what parses must
// print to text that parses to an equal tree, and every kernel in it must be refused or run by the
// interpreter, where it may touch no memory but its own.
//   ptx_fuzz [--seed N] [--seconds S] [file.ptx ...]       (files: more texts to start from)
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "ptx/ptx.h"
#include "ref/ref.h"
#include "tests/fuzz/ptx_corpus.h"
#include "tests/ref/ref_samples.h"

namespace ppu {
namespace {

using Random = std::mt19937_64;

std::vector<std::string> start_texts(const std::vector<std::string>& files) {
  std::vector<std::string> out(std::begin(kPtxCorpus), std::end(kPtxCorpus));
  const std::string header = ".version 8.0\n.target sm_80\n.address_size 64\n";
  for (const char* text :
       {kSaxpy, kDivergentLoop, kReverse, kShuffles, kCalls, kSpinLock, kGridBarrier, kMisaligned, kDeadlock,
        kNamedBarrier, kBarrierReduce, kAtomics, kStructs, kBranchTable, kDuplicatedShuffle})
    out.push_back(header + text);
  for (const std::string& name : files) {
    std::ifstream in(name);
    std::stringstream text;
    text << in.rdbuf();
    out.push_back(text.str());
  }
  return out;
}

/// Words of a text, for moving about: runs of identifier characters, or single others.
std::vector<std::pair<size_t, size_t>> words_of(const std::string& text) {
  std::vector<std::pair<size_t, size_t>> words;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    const auto is_word = [](char c) {
      return isalnum(uint8_t(c)) || c == '_' || c == '%' || c == '.' || c == ':' || c == '$';
    };
    if (is_word(text[i]))
      while (end < text.size() && is_word(text[end])) end++;
    if (!isspace(uint8_t(text[i]))) words.emplace_back(i, end - i);
    i = end;
  }
  return words;
}

size_t below(Random& random, size_t n) {
  return n ? random() % n : 0;
}

/// Changes that often leave a valid text: statements move, words give way to others of their kind.
void mutate_gently(std::string& text, Random& random) {
  const auto words = words_of(text);
  if (words.empty()) return;
  if (below(random, 3) == 0) {
    const size_t from = text.find(';', below(random, text.size()));
    const size_t end = from == text.npos ? from : text.find(';', from + 1);
    if (end == text.npos) return;
    const std::string statement = text.substr(from + 1, end - from);
    if (below(random, 2)) text.erase(from + 1, end - from);
    const size_t to = text.find(';', below(random, text.size()));
    if (to != text.npos && below(random, 4)) text.insert(to + 1, statement);
    return;
  }
  const auto kind = [&](std::pair<size_t, size_t> w) {
    const char c = text[w.first];
    if (c == '%') return 0;
    if (isdigit(uint8_t(c))) return 1;
    return isalpha(uint8_t(c)) || c == '_' ? 2 : 3 + uint8_t(c);
  };
  for (int attempt = 0; attempt < 20; attempt++) {
    const auto a = words[below(random, words.size())], b = words[below(random, words.size())];
    if (kind(a) != kind(b) || a == b) continue;
    text.replace(a.first, a.second, text.substr(b.first, b.second));
    return;
  }
}

constexpr const char* kOdd[] = {"0",
                                "-1",
                                "0x7fffffffffffffff",
                                "18446744073709551615",
                                "4294967296",
                                "0f7f800000",
                                "0d0000000000000001",
                                "{",
                                "}",
                                "[",
                                "]",
                                "(",
                                ")",
                                ";",
                                ",",
                                "|",
                                "!",
                                "@",
                                "_",
                                "<99999999>",
                                "[1000000000000]",
                                ".v8",
                                ".b128",
                                ".pred",
                                "%tid.x",
                                "%envreg31",
                                "-",
                                "~",
                                "?",
                                ":",
                                "\"\\",
                                "/*",
                                ".loc",
                                ".section x {",
                                ".align 64",
                                "WARP_SZ"};

void mutate_once(std::string& text, const std::vector<std::string>& corpus, Random& random) {
  if (text.empty()) return;
  const auto words = words_of(text);
  const auto word = [&] { return words[below(random, words.size())]; };
  const auto piece = [&](const std::string& from) {
    const auto w = words_of(from);
    if (w.empty()) return std::string();
    const auto [at, size] = w[below(random, w.size())];
    return from.substr(at, size);
  };
  if (words.empty()) return;
  switch (below(random, 8)) {
    case 0: {  // a byte
      text[below(random, text.size())] = char(random());
      break;
    }
    case 1: {  // remove a word
      const auto [at, size] = word();
      text.erase(at, size);
      break;
    }
    case 2: {  // a word becomes another one of the text
      const auto [at, size] = word();
      text.replace(at, size, piece(text));
      break;
    }
    case 3: {  // a word of another text
      const auto [at, size] = word();
      text.replace(at, size, piece(corpus[below(random, corpus.size())]));
      break;
    }
    case 4: {  // something odd
      const auto [at, size] = word();
      text.replace(at, below(random, 2) ? size : 0,
                   std::string(" ") + kOdd[below(random, std::size(kOdd))] + " ");
      break;
    }
    case 5: {  // a stretch is copied to another place
      const size_t from = below(random, text.size()), size = below(random, 200);
      text.insert(below(random, text.size()), text.substr(from, size));
      break;
    }
    case 6: {  // a stretch is lost
      text.erase(below(random, text.size()), below(random, 60));
      break;
    }
    default: {  // a stretch of another text
      const std::string& other = corpus[below(random, corpus.size())];
      text.insert(below(random, text.size()), other.substr(below(random, other.size()), below(random, 300)));
      break;
    }
  }
}

/// Lets a run touch nothing but its own memory.
class Fence : public ref::AccessHook {
 public:
  Fence(uint64_t base, uint64_t size) : base_(base), size_(size) {}
  bool load(const Access& a, void* out) override {
    if (!inside(a)) return false;
    std::memcpy(out, reinterpret_cast<const void*>(a.address), a.bytes);
    return true;
  }
  bool store(const Access& a, const void* in) override {
    if (!inside(a)) return false;
    std::memcpy(reinterpret_cast<void*>(a.address), in, a.bytes);
    return true;
  }

 private:
  bool inside(const Access& a) const {
    return a.address >= base_ && a.address - base_ <= size_ && size_ - (a.address - base_) >= a.bytes;
  }
  uint64_t base_, size_;
};

/// Runs a kernel that may do anything, for a few thousand steps.
void run_fenced(ref::RefKernel& kernel) {
  constexpr size_t kBytes = 1 << 20;
  static std::vector<uint64_t> memory(kBytes / 8);  // parameters, shared, local and the variables' addresses
  exec::RuntimeTable rt{};
  rt.globaltimer = [](exec::BlockState*) { return uint64_t{1}; };
  rt.texture = [](exec::BlockState*, uint64_t, const uint64_t*, const uint32_t*, uint32_t*, uint32_t,
                  uint32_t) {
    return uint32_t(exec::Trap::kIllegalAddress);  // no object is alive here
  };
  const exec::KernelInfo& info = kernel.info();
  const uint64_t base = uint64_t(memory.data());
  if (kernel.param_bytes() + info.static_shared_bytes + 40ull * info.local_bytes + 4096 > kBytes) return;
  const std::vector<uint64_t> globals(info.globals.size() + 1, base);
  exec::LaunchArgs launch{};
  launch.params = memory.data();
  launch.globals = globals.data();
  launch.rt = &rt;
  launch.grid[0] = launch.grid[1] = launch.grid[2] = launch.block[1] = launch.block[2] = 1;
  launch.block[0] = 40;
  launch.shared_bytes = info.static_shared_bytes;
  exec::BlockState state{};
  uint64_t frame[8] = {};
  state.frame = reinterpret_cast<char*>(frame);
  state.shared = reinterpret_cast<char*>((base + kernel.param_bytes() + 255) / 256 * 256);
  state.local = state.shared + (info.static_shared_bytes + 255) / 256 * 256;
  state.launch = &launch;
  for (size_t i = 0; i < kernel.param_bytes() / 8 + 1; i++) memory[i] = base + 4096 * i;
  Fence fence(base, kBytes);
  kernel.run_hooked(&launch, &state, &fence, 1);
}

/// Empty if all is well.
std::string check(const std::string& text, size_t& parsed) {
  Result<ptx::Module> m = ptx::parse(text, "fuzz");
  if (!m) return m.error().message.empty() ? "an error without a message" : "";
  parsed++;
  const std::string printed = ptx::print(*m);
  Result<ptx::Module> again = ptx::parse(printed, "printed");
  if (!again) return "printed text doesn't parse: " + again.error().message;
  if (!(*m == *again)) return "printed text parses to another tree";
  for (const ptx::Function& f : m.value().functions) {
    if (!f.is_entry) continue;
    (void)ptx::print_reachable(*m, f.name);
    auto made = ref::RefKernel::make(*m, f.name);
    if (!made && made.error().message.empty()) return "an error without a message";
    if (made) run_fenced(**made);
  }
  const ptx::Module both[] = {*m, *m};
  (void)ptx::link(both);
  return "";
}

int run(uint64_t seed, double seconds, const std::vector<std::string>& files) {
  const std::vector<std::string> corpus = start_texts(files);
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  size_t texts = 0, parsed = 0;
  for (const std::string& text : corpus) {
    const std::string problem = check(text, parsed);
    if (problem.empty() && parsed == ++texts) continue;
    std::fprintf(stderr, "ptx_fuzz: start text %zu: %s\n", texts,
                 problem.empty() ? ptx::parse(text, "fuzz").error().message.c_str() : problem.c_str());
    return 1;
  }
  for (uint64_t round = 0; elapsed() < seconds; round++, texts++) {
    Random random(seed + round * 0x9e3779b97f4a7c15ull);
    std::string text = corpus[below(random, corpus.size())];
    const bool gentle = below(random, 2) != 0;
    for (size_t n = 1 + below(random, 6); n; n--)
      gentle ? mutate_gently(text, random) : mutate_once(text, corpus, random);
    if (const char* path = std::getenv("PTX_FUZZ_TEXT"))
      std::ofstream(path) << text;  // to look at after a crash
    const std::string problem = check(text, parsed);
    if (problem.empty()) continue;
    std::fprintf(stderr, "ptx_fuzz: %s\n--- seed %llu\n%s\n", problem.c_str(),
                 (unsigned long long)(seed + round * 0x9e3779b97f4a7c15ull), text.c_str());
    return 1;
  }
  std::printf("ptx_fuzz: seed %llu: %zu texts, %zu parsed, nothing found\n", (unsigned long long)seed, texts,
              parsed);
  return 0;
}

}  // namespace
}  // namespace ppu

int main(int argc, char** argv) {
  uint64_t seed = 1;
  double seconds = 5;
  std::vector<std::string> files;
  for (int i = 1; i < argc; i++) {
    if (!std::strcmp(argv[i], "--seed") && i + 1 < argc)
      seed = std::strtoull(argv[++i], nullptr, 0);
    else if (!std::strcmp(argv[i], "--seconds") && i + 1 < argc)
      seconds = std::atof(argv[++i]);
    else
      files.push_back(argv[i]);
  }
  return ppu::run(seed, seconds, files);
}

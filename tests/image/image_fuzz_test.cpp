// Damaged containers and executables: bytes flipped, cut and overwritten by a seeded generator. Any answer is
// fine, a crash or a huge allocation is not (run the sanitizer build for the full strength of it).
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <random>

#include "elf_sample.h"
#include "image/fatbin.h"
#include "image/program.h"

namespace ppu::image {
namespace {

using Bytes = std::vector<std::byte>;

int rounds() {
  const char* wanted = std::getenv("PPU_FUZZ_ROUNDS");
  return wanted ? std::atoi(wanted) : 4000;
}

void damage(Bytes& bytes, std::mt19937& random) {
  const auto below = [&](size_t n) { return size_t(random() % n); };
  if (below(4) == 0) bytes.resize(below(bytes.size()) + 1);
  for (size_t n = below(6) + 1; n; --n) {
    const size_t at = below(bytes.size());
    switch (below(3)) {
      case 0:
        bytes[at] = std::byte(random());
        break;
      case 1:
        bytes[at] ^= std::byte(1u << below(8));
        break;
      default: {
        const uint64_t values[] = {0, 1, 0x7fffffff, 0xffffffff, ~uint64_t(0), bytes.size()};
        const uint64_t value = values[below(std::size(values))];
        std::memcpy(bytes.data() + at, &value, std::min<size_t>(below(8) + 1, bytes.size() - at));
      }
    }
  }
}

void read_everything(const Bytes& bytes) {
  if (const auto image = read_bytes(bytes)) {
    (void)image.value().describe();
    (void)choose_ptx(image.value(), 80);
    for (const Piece& piece : image.value().pieces)
      for (const Entry& entry : piece) (void)expand(entry);
  }
  (void)read_section(bytes);
  (void)inspect_bytes(bytes, 0);
}

TEST(ImageFuzz, DamagedContainers) {
  const std::string text = ".version 8.0\n.target sm_80\n" + std::string(300, 'x');
  std::vector<Bytes> samples;
  for (const Packing packing : {Packing::kStored, Packing::kLz4, Packing::kZstd}) {
    const NewEntry entries[] = {{CodeKind::kPtx, 80, text, "-O3"}, {CodeKind::kSass, 90, text}};
    samples.push_back(write_fatbin(entries, packing).value());
  }
  std::mt19937 random(20261);
  for (int i = 0; i < rounds(); ++i) {
    Bytes bytes = samples[size_t(i) % samples.size()];
    damage(bytes, random);
    read_everything(bytes);
  }
}

TEST(ImageFuzz, DamagedExecutables) {
  ElfSample sample;
  sample.needed = {"libc.so.6"};
  sample.symbols = {"__cudaRegisterFatBinary", "libcudart_static_1"};
  const NewEntry entry{CodeKind::kPtx, 80, ".version 8.0\n.target sm_80\n"};
  sample.fatbin = write_fatbin({&entry, 1}, Packing::kZstd).value();
  const Bytes whole = sample.build();
  std::mt19937 random(20262);
  for (int i = 0; i < rounds(); ++i) {
    Bytes bytes = whole;
    damage(bytes, random);
    read_everything(bytes);
  }
}

}  // namespace
}  // namespace ppu::image

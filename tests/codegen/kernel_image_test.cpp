// Kernel images: what was written loads and runs; what was damaged is refused, whatever the damage.
#include "exec/kernel_image.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include "exec/elf_loader.h"

namespace ppu::exec {
namespace {

std::vector<std::byte> sample_object() {
  std::ifstream file(SAMPLE_OBJECT, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(chars.empty()) << SAMPLE_OBJECT;
  std::vector<std::byte> bytes(chars.size());
  std::memcpy(bytes.data(), chars.data(), chars.size());
  return bytes;
}

KernelInfo sample_info() {
  KernelInfo info;
  info.kernel = "sample";
  info.block[0] = 256;
  info.block[1] = info.block[2] = 1;
  info.static_shared_bytes = 1024;
  info.local_bytes = 48;
  info.frame_bytes = 640;
  info.frame_per_warp = true;
  info.may_yield = true;
  info.registers = 31;
  info.globals = {"table", "", "counter"};
  return info;
}

TEST(KernelImage, RunsAfterTheRoundTrip) {
  auto kernel = LoadedKernel::load(serialize(sample_info(), sample_object()));
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  unsigned index = 2;
  double out[4] = {9, 9, 9, 9};
  const auto run = [&] {
    return (*kernel)->entry()(reinterpret_cast<const LaunchArgs*>(&index),
                              reinterpret_cast<BlockState*>(out));
  };
  EXPECT_EQ(run(), 2u);
  EXPECT_EQ(out[0], 3.5);
  EXPECT_EQ(out[1], 2.5);
  EXPECT_EQ(out[2], 0.5);
  EXPECT_EQ(out[3], 8);
  run();
  EXPECT_EQ(out[3], 9) << "writable data keeps its value";
}

TEST(KernelImage, KeepsTheDescription) {
  const auto kernel = LoadedKernel::load(serialize(sample_info(), sample_object()));
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  const KernelInfo want = sample_info();
  const KernelInfo& got = kernel.value()->info();
  EXPECT_EQ(got.kernel, want.kernel);
  EXPECT_EQ(got.block[0], 256u);
  EXPECT_EQ(got.static_shared_bytes, want.static_shared_bytes);
  EXPECT_EQ(got.local_bytes, want.local_bytes);
  EXPECT_EQ(got.frame_bytes, want.frame_bytes);
  EXPECT_TRUE(got.frame_per_warp);
  EXPECT_TRUE(got.may_yield);
  EXPECT_EQ(got.registers, want.registers);
  EXPECT_EQ(got.globals, want.globals);
}

TEST(KernelImage, RefusesEveryFlippedBit) {
  const std::vector<std::byte> good = serialize(sample_info(), sample_object());
  for (size_t at = 0; at < good.size(); at++)
    for (int bit = 0; bit < 8; bit += 3) {
      std::vector<std::byte> bad = good;
      bad[at] ^= std::byte(1 << bit);
      EXPECT_FALSE(LoadedKernel::load(bad).ok()) << "byte " << at << " bit " << bit;
    }
}

TEST(KernelImage, RefusesEveryTruncation) {
  const std::vector<std::byte> good = serialize(sample_info(), sample_object());
  for (size_t size = 0; size < good.size(); size += 7)
    EXPECT_FALSE(LoadedKernel::load(std::span(good).first(size)).ok()) << size;
  std::vector<std::byte> longer = good;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(LoadedKernel::load(longer).ok());
}

// The checksum stops accidents; the loader below it must stand on its own as well: damage may load (a changed
// constant is no structural fault), but must never read or write outside the object and its mapping.
TEST(ElfLoader, SurvivesDamagedObjects) {
  const std::vector<std::byte> good = sample_object();
  std::mt19937 random(7);
  int refused = 0;
  constexpr int kTries = 20000;
  for (int n = 0; n < kTries; n++) {
    std::vector<std::byte> bad = good;
    const int changes = 1 + int(random() % 4);
    for (int k = 0; k < changes; k++) bad[random() % bad.size()] = std::byte(random());
    auto mapped = map_object(bad, "sample.block");
    if (mapped)
      EXPECT_NE(mapped->entry, nullptr);
    else
      refused++;
    if (mapped) unmap_object(*mapped);
  }
  EXPECT_GT(refused, 0);
}

TEST(ElfLoader, NamesTheUnknownSymbol) {
  std::vector<std::byte> object = sample_object();
  const std::string from = "fmod";
  const auto at = std::search(object.begin(), object.end(), reinterpret_cast<const std::byte*>(from.data()),
                              reinterpret_cast<const std::byte*>(from.data() + from.size()));
  ASSERT_NE(at, object.end());
  std::memcpy(&*at, "f0od", 4);
  const auto mapped = map_object(object, "sample.block");
  ASSERT_FALSE(mapped.ok());
  EXPECT_EQ(mapped.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(mapped.error().message.find("'f0od'"), std::string::npos) << mapped.error().message;
}

TEST(ElfLoader, KnowsItsExternals) {
  EXPECT_NE(external_symbol("memcpy"), nullptr);
  EXPECT_NE(external_symbol("__udivti3"), nullptr);
  EXPECT_EQ(external_symbol("system"), nullptr);
}

}  // namespace
}  // namespace ppu::exec

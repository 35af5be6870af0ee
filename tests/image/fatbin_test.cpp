// Reading what we write, choosing PTX, wrappers, bare PTX and cubins, and the messages for what is refused.
#include "image/fatbin.h"

#include <gtest/gtest.h>

#include <cstring>

#include "image/cubin.h"
#include "image/fatbin_layout.h"

namespace ppu::image {
namespace {

std::string ptx_for(unsigned arch, const std::string& body = "") {
  return "//\n.version 8.5\n.target sm_" + std::to_string(arch) + "\n.address_size 64\n" + body;
}

std::vector<std::byte> container(const std::vector<NewEntry>& entries, Packing packing = Packing::kStored) {
  auto bytes = write_fatbin(entries, packing);
  EXPECT_TRUE(bytes.ok()) << (bytes ? "" : bytes.error().message);
  return bytes ? *bytes : std::vector<std::byte>{};
}

std::string chosen(const CodeImage& image, unsigned cc = 80) {
  auto texts = choose_ptx(image, cc);
  if (!texts) return "error: " + texts.error().message;
  std::string out;
  for (const PtxText& text : *texts) out += text.text + "|";
  return out;
}

TEST(Fatbin, RoundTripsEveryPacking) {
  const std::string text = ptx_for(80, std::string(5000, '/') + "\n");
  for (const Packing packing : {Packing::kStored, Packing::kLz4, Packing::kZstd}) {
    const auto bytes = container({{CodeKind::kPtx, 80, text, "-maxrregcount=96"}}, packing);
    const auto image = read_bytes(bytes);
    ASSERT_TRUE(image.ok()) << image.error().message;
    const Entry& entry = image.value().pieces.at(0).at(0);
    EXPECT_EQ(entry.packing, packing);
    EXPECT_EQ(entry.version_major, 8u);
    EXPECT_EQ(entry.version_minor, 5u);
    EXPECT_EQ(entry.options, "-maxrregcount=96");
    EXPECT_EQ(chosen(image.value()), text + "|");
  }
}

TEST(Fatbin, ChoosesTheNearestPtxWithinReachElseAnyAbove) {
  const std::string a = ptx_for(70), b = ptx_for(80), c = ptx_for(90), d = ptx_for(120);
  const auto all = container(
      {{CodeKind::kPtx, 120, d}, {CodeKind::kPtx, 70, a}, {CodeKind::kPtx, 80, b}, {CodeKind::kPtx, 90, c}});
  EXPECT_EQ(chosen(read_bytes(all).value(), 80), b + "|");
  EXPECT_EQ(chosen(read_bytes(all).value(), 89), b + "|");
  EXPECT_EQ(chosen(read_bytes(all).value(), 75), a + "|");
  EXPECT_EQ(chosen(read_bytes(all).value(), 60), a + "|");
  const auto above = container({{CodeKind::kPtx, 120, d}, {CodeKind::kPtx, 90, c}});
  EXPECT_EQ(chosen(read_bytes(above).value(), 80), c + "|");
}

TEST(Fatbin, SassAloneIsNamed) {
  const std::string elf(64, 'x');
  const auto bytes = container({{CodeKind::kSass, 75, elf}, {CodeKind::kSass, 90, elf}});
  const auto image = read_bytes(bytes);
  EXPECT_EQ(image.value().describe(), "SASS for sm_75, sm_90; no PTX");
  EXPECT_EQ(chosen(image.value()),
            "error: image: found SASS for sm_75, sm_90; no PTX; OpenPPU compiles PTX, it does not translate "
            "SASS: rebuild with -gencode arch=compute_80,code=compute_80");
}

TEST(Fatbin, EmptyContainerIsAnEmptyModule) {
  const auto bytes = container({});
  EXPECT_EQ(bytes.size(), 16u);
  EXPECT_EQ(chosen(read_bytes(bytes).value()), "");
  EXPECT_EQ(read_bytes(bytes).value().describe(), "no device code");
}

TEST(Fatbin, WrapperVersion1And2) {
  const std::string a = ptx_for(80, "// a\n"), b = ptx_for(80, "// b\n");
  const std::string runtime = ptx_for(121, "// _cuda_device_runtime_cu_ cnpGetLimit\n");
  const auto one = container({{CodeKind::kPtx, 80, a}}), two = container({{CodeKind::kPtx, 80, b}});
  const auto three = container({{CodeKind::kPtx, 121, runtime}}),
             sass = container({{CodeKind::kSass, 80, "x"}});
  const Wrapper plain{kWrapperMagic, 1, one.data(), nullptr};
  EXPECT_EQ(chosen(read_memory(&plain).value()), a + "|");
  EXPECT_FALSE(read_memory(&plain).value().relocatable);

  const void* pieces[] = {one.data(), two.data(), three.data(), nullptr};
  const Wrapper linked{kWrapperMagic, 2, sass.data(), pieces};
  const auto image = read_memory(&linked);
  EXPECT_TRUE(image.value().relocatable);
  EXPECT_EQ(image.value().pieces.size(), 3u);
  EXPECT_EQ(chosen(image.value()), a + "|" + b + "|") << "cudadevrt is left out";

  EXPECT_EQ(chosen(read_memory(three.data()).value()), "") << "also where pieces are linked one by one";

  const void* none[] = {nullptr};
  const Wrapper empty{kWrapperMagic, 2, two.data(), none};
  EXPECT_EQ(chosen(read_memory(&empty).value()), b + "|");
  const Wrapper newer{kWrapperMagic, 3, one.data(), nullptr};
  EXPECT_EQ(read_memory(&newer).error().message, "fatbin: wrapper version 3; 1 and 2 are known");
}

TEST(Fatbin, BarePtxAndCubin) {
  const std::string text = ".version 7.8 // comment\n.target sm_90a, debug\n";
  const auto image = read_memory(text.c_str());
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image.value().describe(), "PTX for compute_90a");
  EXPECT_EQ(chosen(image.value()), text + "|");

  std::byte cubin[64] = {};
  std::memcpy(cubin,
              "\x7f"
              "ELF\x02\x01\x01\x41\x08",
              9);
  cubin[18] = std::byte(190);
  cubin[49] = std::byte(0x59);
  EXPECT_EQ(read_bytes(cubin).value().describe(), "SASS for sm_89; no PTX");
  EXPECT_EQ(read_memory(cubin).value().describe(), "SASS for sm_89; no PTX");
  cubin[18] = std::byte(62);
  EXPECT_EQ(read_bytes(cubin).error().message, "cubin: an ELF file for machine 62, not for CUDA (190)");
}

TEST(Cubin, OursCarryTheirPtx) {
  const std::string text = ptx_for(80, std::string(777, ' ') + "// end\n");
  auto bytes = write_cubin(text, 86);
  EXPECT_EQ(cubin_bytes(bytes), bytes.size());
  EXPECT_EQ(chosen(read_bytes(bytes).value()), text + "|");
  EXPECT_EQ(chosen(read_memory(bytes.data()).value()), text + "|");
  const auto cut = read_bytes(std::span(bytes).first(bytes.size() - 1));
  EXPECT_EQ(cut.error().message, "cubin: made by OpenPPU, but its PTX is missing");
  bytes[64 + text.size()] = std::byte('x');
  EXPECT_EQ(read_bytes(bytes).error().message, "cubin: made by OpenPPU, but its PTX is cut off");
}

TEST(Fatbin, NoiseIsRefusedWithItsFirstBytes) {
  EXPECT_EQ(read_memory("hello\n").error().message,
            "image: neither a fat binary, a cubin nor PTX text (no .version); it starts with \"hello.\"");
  EXPECT_FALSE(read_memory("").ok());
  EXPECT_FALSE(read_memory(nullptr).ok());
}

TEST(Fatbin, ClaimedSizesAreNotBelieved) {
  const std::string text = ptx_for(80, std::string(2000, ' '));
  for (const Packing packing : {Packing::kLz4, Packing::kZstd})
    for (const uint64_t claim : {uint64_t(0), uint64_t(10), uint64_t(100) << 20, ~uint64_t(0)}) {
      auto bytes = container({{CodeKind::kPtx, 80, text}}, packing);
      std::memcpy(bytes.data() + 16 + 56, &claim, sizeof claim);
      const auto image = read_bytes(bytes);
      ASSERT_TRUE(image.ok());
      EXPECT_FALSE(choose_ptx(image.value(), 80).ok()) << claim;
    }
}

TEST(Fatbin, SectionsHoldSeveralContainers) {
  const std::string a = ptx_for(80), b = ptx_for(90);
  auto bytes = container({{CodeKind::kPtx, 80, a}});
  bytes.resize(bytes.size() + 8);
  const auto second = container({{CodeKind::kPtx, 90, b}});
  bytes.insert(bytes.end(), second.begin(), second.end());
  const auto images = read_section(bytes);
  ASSERT_TRUE(images.ok());
  ASSERT_EQ(images.value().size(), 2u);
  EXPECT_EQ(images.value()[1].describe(), "PTX for compute_90");
}

}  // namespace
}  // namespace ppu::image

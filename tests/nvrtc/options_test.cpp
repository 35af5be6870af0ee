// The translation of NVRTC's options, without a compiler.
#include "libs/nvrtc/options.h"

#include <gtest/gtest.h>

namespace ppu::nvrtc {
namespace {

using Texts = std::vector<std::string>;

TEST(NvrtcOptions, RealNvrtcIsAskedForPtx) {
  const auto translate = [](const Texts& texts) { return real_options(texts).value().options; };
  const Texts wanted = {"--gpu-architecture=compute_90a"};
  EXPECT_EQ(translate({"-arch=sm_90a"}), wanted);
  EXPECT_EQ(translate({"-arch", "sm_90a"}), wanted);
  EXPECT_EQ(translate({"--gpu-architecture=sm_90a"}), wanted);
  EXPECT_EQ(translate({"--gpu-architecture", "sm_90a"}), wanted);
  EXPECT_EQ(translate({"-arch sm_90a"}), wanted);
  EXPECT_EQ(translate({"-arch=compute_80", "-I", "-odd", "-Ia b"}),
            (Texts{"-arch=compute_80", "-I", "-odd", "-Ia b"}));
  EXPECT_EQ(translate({"-DARCH=sm_80", "-include", "sm_80"}), (Texts{"-DARCH=sm_80", "-include", "sm_80"}));
}

TEST(NvrtcOptions, LinkTimeCodeBecomesRelocatablePtx) {
  const auto alone = real_options({"-dlto"}),
             both = real_options({"--relocatable-device-code=true", "-dlto"});
  EXPECT_EQ(alone.value().options, Texts{"-rdc=true"});
  EXPECT_EQ(both.value().options, Texts{"--relocatable-device-code=true"});
  EXPECT_TRUE(alone.value().dropped_lto && both.value().dropped_lto);
  EXPECT_FALSE(real_options({"--optix-ir"}));
}

TEST(NvrtcOptions, PpuccIsToldTheSame) {
  const auto translate = [](const Texts& texts) { return clang_options(texts).value().arguments; };
  EXPECT_EQ(translate({"--gpu-architecture=compute_90a"}), Texts{"-arch=sm_90"});
  EXPECT_EQ(translate({"--define-macro=A=1", "-DB", "-D C"}), (Texts{"-D", "A=1", "-D", "B", "-D", "C"}));
  EXPECT_EQ(translate({"--include-path=/x y", "-I/z", "-I", "/w"}),
            (Texts{"-I", "/x y", "-I", "/z", "-I", "/w"}));
  EXPECT_EQ(
      translate({"--std=c++20", "--fmad=false", "-lineinfo", "--maxrregcount", "32", "-Xptxas", "-O1", "-w"}),
      (Texts{"-std=c++20", "-fmad=false", "-w"}));
  EXPECT_TRUE(clang_options({"--device-as-default-execution-space"}).value().default_device);
  for (const char* wrong : {"-arch=sm_x", "-arch=native", "--bogus", "stray"})
    EXPECT_FALSE(clang_options({wrong}));
}

}  // namespace
}  // namespace ppu::nvrtc

// Programs as nvcc really makes them, run under `ppu run`: what lies in them differs with each option. Built
// here, so only where an nvcc is found; NVIDIA's runtime inside them is never entered.
#include <gtest/gtest.h>

#include "command.h"

namespace ppu::test {
namespace {

const std::string kPpu = PPU_COMMAND;
const std::string kSources = NVCC_SOURCES;
const std::string kPtx80 = " -gencode arch=compute_80,code=compute_80 ";

/// Builds with nvcc in `folder`; the sources are named without their folder.
void build(const TemporaryFolder& folder, const std::string& arguments) {
  const Outcome outcome = run_command("S=" + kSources + "; " NVCC " " + arguments, folder.path());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
}

void expect_right(const TemporaryFolder& folder, const std::string& command) {
  const Outcome outcome = run_command(kPpu + " run " + command, folder.path());
  EXPECT_EQ(outcome.out, "right\n") << outcome.err;
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST(Nvcc, EveryWayOfPackingCode) {
  for (const char* mode : {"none", "speed", "size"}) {
    const TemporaryFolder folder;
    build(folder, kPtx80 + "--compress-mode=" + mode + " $S/vector_add.cu -o app");
    expect_right(folder, "./app");
  }
}

TEST(Nvcc, CodeForNewerDevicesOnly) {
  const TemporaryFolder folder;
  build(folder, "-gencode arch=compute_120,code=compute_120 $S/vector_add.cu -o app");
  expect_right(folder, "./app");
}

TEST(Nvcc, ProgramsAtAFixedAddress) {
  const TemporaryFolder folder;
  build(folder, kPtx80 + "-Xcompiler -no-pie -Xlinker -no-pie $S/vector_add.cu -o app");
  expect_right(folder, "./app");
}

TEST(Nvcc, KernelsLaunchKernelsAndEndLoops) {
  const TemporaryFolder folder;
  build(folder, kPtx80 + "-rdc=true $S/launches.cu -o app -lcudadevrt");
  expect_right(folder, "./app");
}

TEST(Nvcc, RelocatableCodeIsLinkedFromPtx) {
  const TemporaryFolder folder;
  build(folder, kPtx80 + "-rdc=true $S/pieces_main.cu $S/pieces_part.cu -o ptx_only");
  expect_right(folder, "./ptx_only");
  build(folder, "-arch=sm_80 -rdc=true $S/pieces_main.cu $S/pieces_part.cu -o linked_by_nvcc");
  expect_right(folder, "./linked_by_nvcc");
}

TEST(Nvcc, LibrariesOpenedLater) {
  const TemporaryFolder folder;
  build(folder, kPtx80 + "-DAS_LIBRARY -shared -Xcompiler -fPIC $S/vector_add.cu -o libsums.so");
  build(folder, "-cudart none $S/open_library.c -o app -ldl");
  expect_right(folder, "./app ./libsums.so");
}

TEST(Nvcc, WhatCannotRunIsRefused) {
  const TemporaryFolder folder;
  build(folder, kPtx80 + "$S/vector_add.cu -o app && strip app");
  const Outcome stripped = run_command(kPpu + " run ./app", folder.path());
  EXPECT_EQ(stripped.code, 126);
  EXPECT_NE(stripped.err.find("with its names stripped"), std::string::npos) << stripped.err;
  build(folder, "-gencode arch=compute_90,code=sm_90 $S/vector_add.cu -o app");
  const Outcome sass = run_command(kPpu + " run ./app", folder.path());
  EXPECT_EQ(sass.code, 126);
  EXPECT_NE(sass.err.find("found SASS for sm_90; no PTX"), std::string::npos) << sass.err;
}

}  // namespace
}  // namespace ppu::test

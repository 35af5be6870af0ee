// What the inspection of an executable finds: class, linkage, runtime and device code.
#include "image/program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "elf_sample.h"

namespace ppu::image {
namespace {

std::vector<std::byte> fatbin(CodeKind kind) {
  const NewEntry entry{kind, 80, ".version 8.0\n.target sm_80\n"};
  return write_fatbin({&entry, 1}).value();
}

TEST(Program, KindsOfFile) {
  const char script[] = "#!/bin/sh\n";
  EXPECT_EQ(inspect_bytes({reinterpret_cast<const std::byte*>(script), sizeof script}, 0).kind,
            FileKind::kScript);
  ElfSample sample;
  EXPECT_EQ(inspect_bytes(sample.build(), 0).kind, FileKind::kElf);
  sample.machine = EM_AARCH64;
  EXPECT_EQ(inspect_bytes(sample.build(), 0).kind, FileKind::kElfOther);
  sample.elf_class = ELFCLASS32;
  EXPECT_EQ(inspect_bytes(sample.build(), 0).kind, FileKind::kElf32);
  EXPECT_EQ(inspect_bytes({}, 0).kind, FileKind::kUnknown);
}

TEST(Program, LinkageAndMode) {
  ElfSample sample;
  EXPECT_FALSE(inspect_bytes(sample.build(), 0755).fully_static);
  sample.interpreter = false;
  EXPECT_TRUE(inspect_bytes(sample.build(), 0755).fully_static);
  EXPECT_FALSE(inspect_bytes(sample.build(), 0755).set_id);
  EXPECT_TRUE(inspect_bytes(sample.build(), S_ISUID | 0755).set_id);
}

TEST(Program, FindsTheRuntime) {
  ElfSample sample;
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart, CudartUse::kNone);
  sample.rodata = "/cudart.shm.%x";
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart, CudartUse::kStripped);
  sample.needed = {"libc.so.6", "libcudart.so.12"};
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart, CudartUse::kShared);
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart_major, 12);
  sample.needed.clear();
  sample.symbols = {"main", "__cudaRegisterFatBinary"};
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart, CudartUse::kOurs);
  sample.symbols.push_back("libcudart_static_00aa");
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart, CudartUse::kKept);
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart_major, 13);
  sample.symbols.push_back("cudaThreadSynchronize");
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart_major, 11);
  sample.symbols.push_back("cudaGetDeviceProperties_v2");
  EXPECT_EQ(inspect_bytes(sample.build(), 0).cudart_major, 12);
}

TEST(Program, FindsDeviceCode) {
  ElfSample sample;
  EXPECT_FALSE(inspect_bytes(sample.build(), 0).has_fatbin);
  sample.fatbin = fatbin(CodeKind::kPtx);
  EXPECT_TRUE(inspect_bytes(sample.build(), 0).has_ptx);
  sample.fatbin = fatbin(CodeKind::kSass);
  EXPECT_TRUE(inspect_bytes(sample.build(), 0).has_fatbin);
  EXPECT_FALSE(inspect_bytes(sample.build(), 0).has_ptx);
  EXPECT_EQ(inspect_bytes(sample.build(), 0).code.describe(), "SASS for sm_80; no PTX");
}

TEST(Program, MissingFileSaysWhy) {
  EXPECT_EQ(inspect_program("/nonexistent/x").error().message, "/nonexistent/x: No such file or directory");
}

}  // namespace
}  // namespace ppu::image

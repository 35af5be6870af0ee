// The ptxas stand-in: the command lines that compilers use, the cubin it writes, and what it says to PTX that
// is wrong. That the driver runs such a cubin: tests/driver.
#include <gtest/gtest.h>

#include "command.h"
#include "image/fatbin.h"

namespace ppu::test {
namespace {

const std::string kPtxas = PTXAS_COMMAND;
const std::string kHeader = ".version 8.0\n.target sm_80\n.address_size 64\n";
const std::string kPtx = kHeader +
                         ".global .b32 counter;\n.visible .entry k(.param .u64 p, .param .u32 n) {\n"
                         "  .shared .b32 tile[4];\n  .reg .b32 %r<2>;\n  ld.param.u32 %r1, [n];\n  ret;\n}\n";

/// The PTX in a cubin, and what its container says of itself.
std::string carried(const std::string& path, std::string* described = nullptr) {
  const std::string bytes = read_text(path);
  const auto image = image::read_bytes({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()});
  if (!image) return "error: " + image.error().message;
  if (described) *described = image.value().describe();
  const auto texts = image::choose_ptx(image.value(), 80);
  return texts && texts.value().size() == 1 ? texts.value()[0].text : "no PTX";
}

TEST(Ptxas, CommandLinesOfCompilers) {
  const TemporaryFolder folder;
  folder.write("a.ptx", kPtx);
  for (const char* line : {
           "-lineinfo -v --gpu-name=sm_80 a.ptx -o a.cubin",  // Triton
           "-lineinfo -g --fmad=false --regAllocOptLevel=2 --gpu-name=sm_80 a.ptx -o a.cubin",
           "-m64 --gpu-name=sm_80 -O3 --output-file a.cubin a.ptx",                    // numba
           "--generate-line-info -arch sm_80 -O 3 a.ptx -maxrregcount=96 -o=a.cubin",  // nvcc, XLA
       }) {
    const Outcome outcome = run_command("rm -f a.cubin; " + kPtxas + " " + line, folder.path());
    EXPECT_EQ(outcome.code, 0) << line << outcome.err;
    EXPECT_EQ(outcome.out, "") << line;
    std::string described;
    EXPECT_EQ(carried(folder.path() + "/a.cubin", &described), kPtx) << line;
    EXPECT_EQ(described, "PTX for compute_80");
  }
  EXPECT_EQ(run_command(kPtxas + " a.ptx && cmp elf.o a.cubin | head -0", folder.path()).code, 0);
}

TEST(Ptxas, VersionAndVerbose) {
  const TemporaryFolder folder;
  folder.write("a.ptx", kPtx);
  EXPECT_NE(run_command(kPtxas + " --version").out.find("release 12.8, V12.8"), std::string::npos);
  EXPECT_EQ(run_command(kPtxas + " -v -arch=sm_80 a.ptx", folder.path()).err,
            "ptxas info    : 4 bytes gmem\n"
            "ptxas info    : Compiling entry function 'k' for 'sm_80'\n"
            "ptxas info    : Function properties for k\n"
            "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
            "ptxas info    : Used 0 registers, 16 bytes smem, 12 bytes cmem[0]\n");
}

TEST(Ptxas, AFileToReadElfOf) {
  const TemporaryFolder folder;
  folder.write("a.ptx", kPtx);
  ASSERT_EQ(run_command(kPtxas + " a.ptx -o a.cubin", folder.path()).code, 0);
  const Outcome elf = run_command("readelf -hSW a.cubin", folder.path());
  EXPECT_EQ(elf.code, 0);
  EXPECT_EQ(elf.err, "");
  EXPECT_NE(elf.out.find("NVIDIA CUDA"), std::string::npos) << elf.out;
  EXPECT_NE(elf.out.find(".openppu.ptx"), std::string::npos) << elf.out;
}

TEST(Ptxas, WrongPtxIsNamedWithItsLine) {
  const TemporaryFolder folder;
  folder.write("a.ptx", kHeader + ".entry k() {\n  .reg .b32 %r<2>;\n  add.s32 %r1, %r1, %q;\n}\n");
  const Outcome outcome = run_command(kPtxas + " -arch=sm_80 a.ptx -o a.cubin", folder.path());
  EXPECT_EQ(outcome.code, 255);
  EXPECT_EQ(outcome.err.find("ptxas a.ptx, line 6; error   : column 21: "), 0u) << outcome.err;
  EXPECT_NE(outcome.err.find("\nptxas fatal   : Ptx assembly aborted due to errors\n"), std::string::npos);
  EXPECT_NE(run_command("test -e a.cubin", folder.path()).code, 0);
}

TEST(Ptxas, WhatCannotBeAssembled) {
  const TemporaryFolder folder;
  folder.write("a.ptx", kPtx);
  folder.write("b.ptx", "noise");
  folder.write("c.ptx", kHeader + ".extern .func far;\n.entry k() { call far; ret; }\n");
  folder.write("d.ptx", ".version 8.0\n.target sm_90\n.address_size 64\n");
  const auto refused = [&](const std::string& line) {
    const Outcome outcome = run_command(kPtxas + " -o x.cubin " + line, folder.path());
    EXPECT_EQ(outcome.code, 255) << line;
    return outcome.err;
  };
  EXPECT_NE(refused("b.ptx").find(".version"), std::string::npos);
  EXPECT_EQ(refused("c.ptx"),
            "ptxas fatal   : 'far' is called, and no piece defines it: add the file that does\n");
  EXPECT_EQ(run_command(kPtxas + " -c c.ptx -o x.cubin", folder.path()).code, 0);
  EXPECT_EQ(refused("--gpu-name=sm_80 d.ptx"),
            "ptxas fatal   : Program with .target 'sm_90' cannot be compiled to architecture 'sm_80'\n");
  EXPECT_EQ(refused("none.ptx"), "ptxas fatal   : Could not open input file 'none.ptx'\n");
  EXPECT_EQ(refused(""), "ptxas fatal   : no input file\n");
  EXPECT_EQ(refused("a.ptx --nonsense"), "ptxas fatal   : Unknown option '--nonsense'\n");
  EXPECT_EQ(refused("a.ptx -maxrregcount"), "ptxas fatal   : Option '-maxrregcount' requires a value\n");
  EXPECT_EQ(refused("a.ptx --gpu-name=host"),
            "ptxas fatal   : Value 'host' is not defined for option 'gpu-name'\n");
  EXPECT_EQ(refused("a.ptx b.ptx"), "ptxas fatal   : More than one input file: 'a.ptx' and 'b.ptx'\n");
  EXPECT_EQ(run_command(kPtxas + " a.ptx -o /nonexistent/x", folder.path()).err,
            "ptxas fatal   : Could not open output file '/nonexistent/x'\n");
}

}  // namespace
}  // namespace ppu::test

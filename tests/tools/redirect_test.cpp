// The audit library: embedded runtimes are redirected in programs and in libraries opened later, the right
// version is chosen, libraries are found by every kind of name, and what can't be helped is said in one line.
#include <gtest/gtest.h>

#include "command.h"

namespace ppu::test {
namespace {

const std::string kFolder = REDIRECT_FOLDER;

Outcome audited(const std::string& arguments, const std::string& environment = "") {
  return run_command(
      "env LD_AUDIT=" + kFolder + "/libppu_audit.so " + environment + " ./redirect_program " + arguments,
      kFolder);
}

TEST(Redirect, WithoutTheAuditLibraryTheEmbeddedOneAnswers) {
  EXPECT_EQ(run_command("./redirect_program self", kFolder).code, 1);
}

TEST(Redirect, TheProgramItself) {
  const Outcome outcome = audited("self");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST(Redirect, FirstCallsFromManyThreads) {
  EXPECT_EQ(audited("threads").code, 0);
}

TEST(Redirect, ChildrenInheritIt) {
  EXPECT_EQ(audited("child").code, 0);
}

TEST(Redirect, ALibraryOpenedLaterWithAnotherVersion) {
  EXPECT_EQ(audited("open ./app/libembedded_12.so").code, 0);
  EXPECT_EQ(audited("open " + kFolder + "/app/libembedded_12.so").code, 0);
}

TEST(Redirect, TellsHowManyEntriesOnRequest) {
  EXPECT_EQ(audited("self", "PPU_LOG=loader=info").err,
            "openppu: loader: ./redirect_program: redirected 6 of 6 entries of its embedded CUDA runtime to "
            "libcudart.so.13\n");
  EXPECT_EQ(audited("self", "PPU_LOG=device=info").err, "");
}

TEST(Redirect, OlderRuntimesAndStrippedOnesAreNamed) {
  EXPECT_EQ(audited("open ./app/libembedded_11.so").err,
            "openppu: loader: ./app/libembedded_11.so: carries the runtime of CUDA 11 or older; OpenPPU has "
            "those of CUDA "
            "12 and 13: rebuild it with one of them\n");
  EXPECT_EQ(
      audited("open ./app/libembedded_stripped.so").err,
      "openppu: loader: ./app/libembedded_stripped.so: carries NVIDIA's CUDA runtime with its names "
      "stripped, "
      "which "
      "can't be redirected to OpenPPU: keep the symbol table (no strip, no -s), or build it with -cudart "
      "shared\n");
}

TEST(Redirect, NvidiasOwnLibrariesAreNotToBeRebuilt) {
  const Outcome outcome = run_command("cp app/libembedded_stripped.so app/libcublasLt.so.99", kFolder);
  ASSERT_EQ(outcome.code, 0);
  EXPECT_EQ(audited("open ./app/libcublasLt.so.99").err,
            "openppu: loader: ./app/libcublasLt.so.99: NVIDIA's own library, which can't run here: its code "
            "is SASS and "
            "its CUDA runtime has no names left; what the program calls in it will fail\n");
}

TEST(Libraries, EveryKindOfNameLeadsToOurs) {
  for (const char* name :
       {"libcuda.so.1", "libcuda.so", "/usr/lib/x86_64-linux-gnu/libcuda.so.1", "/nonexistent/libcuda.so",
        "libcuda.so.1.1", "libcuda-0a9f.so.1", "libcuda.4a0b5c81.so.1"})
    EXPECT_EQ(audited(std::string("which ") + name).out, "ours\n") << name;
}

TEST(Libraries, WhatNeedsAHashedNameAndAVersionGetsOurs) {
  for (const std::string& path :
       {std::string(), "LD_LIBRARY_PATH=" + kFolder, "LD_LIBRARY_PATH=" + kFolder + "/wheel"}) {
    const Outcome outcome = audited("open ./app/libneeds_hashed.so", path);
    EXPECT_EQ(outcome.code, 0) << path << ": " << outcome.out;
    EXPECT_EQ(outcome.err, "") << path;
  }
}

TEST(Libraries, OthersAreLeftAlone) {
  for (const char* name :
       {"libcudax.so.1", "libcuda.so.2", "xlibcuda.so.1", "libcuda.plugin.so.1", "libcublas.so.13"})
    EXPECT_EQ(audited(std::string("which ") + name).out, "not ours\n") << name;
}

}  // namespace
}  // namespace ppu::test

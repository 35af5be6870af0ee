// Every message of the ppu command, word by word: programs that can't run (code 126), aren't there (127), and
// command lines that make no sense (2). The sample programs are built byte by byte; none of them is ever
// started.
#include <gtest/gtest.h>
#include <unistd.h>

#include "image/elf_sample.h"
#include "image/fatbin.h"
#include "tools/command.h"

namespace ppu::test {
namespace {

const std::string kPpu = PPU_COMMAND;

std::vector<std::byte> fatbin(std::initializer_list<image::NewEntry> entries) {
  return image::write_fatbin({entries.begin(), entries.size()}).value();
}

/// The message for a program of these bytes, without the parts that all have.
std::string refusal(const std::vector<std::byte>& bytes, const std::string& mode = "755") {
  const TemporaryFolder folder;
  folder.write("app", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), true);
  const Outcome outcome = run_command("chmod " + mode + " app; " + kPpu + " run ./app", folder.path());
  EXPECT_EQ(outcome.code, 126);
  EXPECT_EQ(outcome.out, "");
  const std::string start = "ppu: ./app: ", end = " (--no-check starts it all the same)\n";
  const bool framed = outcome.err.size() > start.size() + end.size() && outcome.err.rfind(start, 0) == 0 &&
                      outcome.err.substr(outcome.err.size() - end.size()) == end;
  EXPECT_TRUE(framed) << outcome.err;
  return framed ? outcome.err.substr(start.size(), outcome.err.size() - start.size() - end.size())
                : outcome.err;
}

TEST(Refused, ProgramsOfTheWrongKind) {
  image::ElfSample sample;
  sample.elf_class = ELFCLASS32;
  EXPECT_EQ(refusal(sample.build()),
            "a 32-bit program; OpenPPU, like CUDA since version 12, is 64-bit only: rebuild it for x86-64");
  sample.elf_class = ELFCLASS64;
  sample.machine = EM_AARCH64;
  EXPECT_EQ(refusal(sample.build()),
            "a program for another processor (ELF machine 183); OpenPPU runs x86-64 programs");
  sample.machine = EM_X86_64;
  sample.interpreter = false;
  EXPECT_EQ(
      refusal(sample.build()),
      "a fully static program, which loads no libraries, so no libcuda either: link it dynamically (without "
      "-static); CUDA's own runtime may stay static");
}

TEST(Refused, SetuidProgramsOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a file another user's";
  image::ElfSample sample;
  EXPECT_EQ(
      refusal(sample.build(), "4755 app; chown 65534 app; chmod 4755"),
      "a setuid or setgid program, for which the system ignores OpenPPU's settings: put `ppu run` behind it "
      "(sudo ppu run PROGRAM), or take the bit away");
}

TEST(Refused, RuntimesThatCannotBeRedirected) {
  image::ElfSample sample;
  sample.rodata = "/cudart.shm.%x.%x.%llx";
  EXPECT_EQ(
      refusal(sample.build()),
      "carries NVIDIA's CUDA runtime with its names stripped, which can't be redirected to OpenPPU: keep the "
      "symbol table (no strip, no -s), or build with nvcc -cudart shared");
  sample.symbols = {"__cudaRegisterFatBinary", "libcudart_static_0", "cudaThreadSynchronize"};
  EXPECT_EQ(refusal(sample.build()),
            "carries the runtime of CUDA 11 or older; OpenPPU has those of CUDA 12 and 13: rebuild it with "
            "one of them");
  sample.symbols.clear();
  sample.needed = {"libcudart.so.11.0"};
  EXPECT_EQ(refusal(sample.build()),
            "needs libcudart.so.11; OpenPPU has those of CUDA 12 and 13: rebuild it with one of them");
}

TEST(Refused, DeviceCodeWithoutPtx) {
  image::ElfSample sample;
  sample.fatbin = fatbin({{image::CodeKind::kSass, 75, "x"}, {image::CodeKind::kSass, 90, "x"}});
  EXPECT_EQ(
      refusal(sample.build()),
      "found SASS for sm_75, sm_90; no PTX; OpenPPU compiles PTX and doesn't translate SASS: rebuild with "
      "-gencode arch=compute_80,code=compute_80");
}

TEST(Refused, NothingThatCouldRun) {
  image::ElfSample sample;  // the kernel refuses it later, but that is the kernel's message
  sample.needed = {"libcudart.so.13"};
  sample.fatbin = fatbin({{image::CodeKind::kPtx, 120, ".version 8.0\n.target sm_120\n"}});
  const TemporaryFolder folder;
  const auto bytes = sample.build();
  folder.write("app", std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), true);
  EXPECT_EQ(run_command(kPpu + " run ./app", folder.path()).err.find("PTX"), std::string::npos);
}

TEST(Refused, MissingPrograms) {
  const Outcome missing = run_command(kPpu + " run no-such-program-anywhere x");
  EXPECT_EQ(missing.code, 127);
  EXPECT_EQ(missing.err, "ppu: no-such-program-anywhere: no such program\n");
  const TemporaryFolder folder;
  folder.write("data", "text");
  const Outcome data = run_command(kPpu + " run ./data", folder.path());
  EXPECT_EQ(data.code, 126);
  EXPECT_EQ(data.err, "ppu: ./data: not executable\n");
}

TEST(Usage, WrongCommandLines) {
  const std::string hint = "ppu: `ppu --help` lists commands and options\n";
  const struct {
    const char* arguments;
    std::string message;
  } cases[] = {
      {"", "ppu: A subcommand is required\n" + hint},
      {"run", "ppu: run: wants a program: ppu run [OPTIONS] PROGRAM [ARGS...]\n"},
      {"run --", "ppu: run: wants a program: ppu run [OPTIONS] PROGRAM [ARGS...]\n"},
      {"run --nonsense true", "ppu: run: unknown option --nonsense; `ppu run --help` lists them\n"},
      {"run --devices 17 true", "ppu: --devices: Value 17 not in range 0 to 16\n" + hint},
      {"run --chip h9000 true",
       "ppu: --chip: h9000: no such chip (h100-sxm, h800-sxm, h200-sxm, …: `ppu chips` lists them); a file "
       "of your own is given by its path\n"},
      {"run --engine fast true", "ppu: --engine: fast not in {jit,ref}\n" + hint},
      {"chips h9000",
       "ppu: chips: h9000: no such chip (h100-sxm, h800-sxm, h200-sxm, …: `ppu chips` lists them); a file of "
       "your own is given by its path\n"},
      {"fatbin --ptx a",
       "ppu: fatbin: wants --ptx FILE --arch NN for each entry and -o OUT, or --list FILE\n"},
  };
  for (const auto& c : cases) {
    const Outcome outcome = run_command(kPpu + " " + c.arguments);
    EXPECT_EQ(outcome.code, 2) << c.arguments;
    EXPECT_EQ(outcome.err, c.message) << c.arguments;
    EXPECT_EQ(outcome.out, "") << c.arguments;
  }
  EXPECT_EQ(run_command(kPpu + " dance").code, 2);
}

TEST(Fatbin, FilesThatHoldNoDeviceCode) {
  const TemporaryFolder folder;
  folder.write("noise", "hello");
  const Outcome noise = run_command(kPpu + " fatbin --list noise", folder.path());
  EXPECT_EQ(noise.code, 1);
  EXPECT_EQ(
      noise.err,
      "ppu: fatbin: noise: image: neither a fat binary, a cubin nor PTX text (no .version); it starts with "
      "\"hello\"\n");
  EXPECT_EQ(run_command(kPpu + " fatbin --list none", folder.path()).err,
            "ppu: fatbin: none: can't be read\n");
  const Outcome pack = run_command(kPpu + " fatbin --ptx noise --arch 80 -o out", folder.path());
  EXPECT_EQ(pack.code, 1);
}

}  // namespace
}  // namespace ppu::test

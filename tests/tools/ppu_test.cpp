// The ppu command: exit codes, passing through, environment, listing. Messages that refuse something
// are in tests/errors.
#include <gtest/gtest.h>
#include <unistd.h>

#include "command.h"

namespace ppu::test {
namespace {

const std::string kPpu = PPU_COMMAND;
const std::string kPtx = ".version 8.0\n.target sm_80\n.address_size 64\n";

TEST(PpuRun, ExitCodesAndSignalsAreTheProgramsOwn) {
  EXPECT_EQ(run_command(kPpu + " run true").code, 0);
  EXPECT_EQ(run_command(kPpu + " run sh -c 'exit 37'").code, 37);
  EXPECT_EQ(run_command("exec " + kPpu + " run sh -c 'kill -TERM $$'").code, 128 + 15);
}

TEST(PpuRun, ArgumentsAndStreamsPassThrough) {
  EXPECT_EQ(run_command(kPpu + " run echo -n a --devices 3 -- b").out, "a --devices 3 -- b");
  EXPECT_EQ(run_command(kPpu + " run -- echo x").out, "x\n");
  EXPECT_EQ(run_command("echo in | " + kPpu + " run cat").out, "in\n");
}

TEST(PpuRun, OptionsBecomeEnvironment) {
  const std::string all =
      kPpu +
      " run --devices 2 --chip ppu810e --engine ref --cpu avx2 --workers 3 --memory 512 --log jit=debug "
      "sh -c 'echo $PPU_DEVICES $PPU_CHIP $PPU_ENGINE $PPU_CPU $PPU_WORKERS $PPU_MEMORY_MB $PPU_LOG'";
  EXPECT_EQ(run_command(all).out, "2 ppu810e ref avx2 3 512 jit=debug\n");
  EXPECT_EQ(run_command("unset PPU_DEVICES; " + kPpu + " run sh -c 'echo ${PPU_DEVICES-unset}'").out,
            "unset\n");
  EXPECT_EQ(run_command("PPU_WORKERS=7 " + kPpu + " run sh -c 'echo $PPU_WORKERS'").out, "7\n");
}

TEST(PpuRun, NestingAddsNothingTwice) {
  const Outcome once =
      run_command("unset LD_AUDIT; " + kPpu + " run sh -c 'echo $LD_AUDIT $LD_LIBRARY_PATH'");
  const Outcome twice = run_command("unset LD_AUDIT; " + kPpu + " run " + kPpu +
                                    " run sh -c 'echo $LD_AUDIT $LD_LIBRARY_PATH'");
  EXPECT_EQ(once.out, twice.out);
  EXPECT_NE(once.out.find("/libppu_audit.so"), std::string::npos);
}

TEST(PpuRun, DeviceFilesAreThereForThoseWhoLook) {
  EXPECT_EQ(run_command(kPpu + " run sh -c 'test -e /dev/nvidia0 && test -e /dev/nvidiactl'").code, 0);
  EXPECT_NE(run_command(kPpu + " run sh -c 'test -e /dev/nvidia0x'").code, 0);
}

TEST(PpuRun, XlaIsToldOfOurCompilerAndTheUsersFlagsStay) {
  const std::string bin = kPpu.substr(0, kPpu.find_last_of('/'));
  const std::string toolkit = bin.substr(0, bin.find_last_of('/')) + "/cuda-13";
  EXPECT_EQ(run_command("XLA_FLAGS=--xla_gpu_autotune_level=4 " + kPpu + " run sh -c 'echo $XLA_FLAGS'").out,
            "--xla_gpu_autotune_level=4 --xla_gpu_cuda_data_dir=" + toolkit + "\n");
}

TEST(PpuRun, WorksFromAnyFolderAndForScripts) {
  const TemporaryFolder folder;
  folder.write("with_header", "#!/bin/sh\necho header $1\n", true);
  folder.write("without_header", "echo none $1\n", true);
  EXPECT_EQ(run_command(kPpu + " run ./with_header a", folder.path()).out, "header a\n");
  EXPECT_EQ(run_command(kPpu + " run ./without_header a", folder.path()).out, "none a\n");
  EXPECT_EQ(run_command("PATH=$PWD:$PATH; " + kPpu + " run with_header b", folder.path()).out, "header b\n");
}

TEST(PpuRun, MovesWithItsFolder) {
  const TemporaryFolder folder;
  const std::string bin = kPpu.substr(0, kPpu.find_last_of('/'));
  const std::string copy =
      "mkdir bin lib && cp " + kPpu + " bin/ && cp " + bin + "/../lib/libppu_audit.so lib/";
  ASSERT_EQ(run_command(copy, folder.path()).code, 0);
  EXPECT_EQ(run_command("unset LD_AUDIT; bin/ppu run sh -c 'echo $LD_AUDIT'", folder.path()).out,
            folder.path() + "/lib/libppu_audit.so\n");
}

TEST(Ppu, VersionAndHelp) {
  EXPECT_EQ(run_command(kPpu + " --version").out, "ppu (OpenPPU) " PPU_VERSION "\n");
  const Outcome help = run_command(kPpu + " --help");
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"run", "check", "smi", "doctor", "chips", "decide", "claims", "fatbin"})
    EXPECT_NE(help.out.find(std::string("\n  ") + command + " "), std::string::npos) << command;
  EXPECT_NE(run_command(kPpu + " run --help").out.find("ppu run [OPTIONS] PROGRAM [ARGS...]"),
            std::string::npos);
}

TEST(Ppu, SmiNeedsNoProgram) {
  const TemporaryFolder folder;
  const Outcome idle = run_command("XDG_RUNTIME_DIR=" + folder.path() + " " + kPpu + " smi");
  EXPECT_EQ(idle.code, 0);
  EXPECT_NE(idle.out.find("PPU 810E"), std::string::npos);
  EXPECT_NE(idle.out.find("0 MiB / 98304 MiB"), std::string::npos);
  EXPECT_NE(idle.out.find("no process is using a device\n"), std::string::npos);
}

TEST(Ppu, SmiSaysWhatIsModelled) {
  const TemporaryFolder folder;
  const std::string smi = "PPU_INLET_C=30 XDG_RUNTIME_DIR=" + folder.path() + " " + kPpu + " smi";
  const std::string once = run_command(smi + " -q").out;
  EXPECT_NE(once.find("power                   : 80.0 W   modelled"), std::string::npos) << once;
  EXPECT_NE(once.find("slow-down at            : 85 C   official"), std::string::npos) << once;
  EXPECT_NE(once.find("busy with kernels       : 0 %   measured, last second"), std::string::npos) << once;
  const std::string json = run_command(smi + " --json").out;
  EXPECT_NE(json.find("\"modelled\": {"), std::string::npos) << json;
  const std::string twice = run_command(smi + " --loop 0.05 --count 2").out;
  EXPECT_NE(twice.find("OpenPPU", twice.find("OpenPPU") + 1), std::string::npos) << twice;
}

TEST(Ppu, SmiShowsUsersAndForgetsTheDead) {
  const TemporaryFolder folder;
  const std::string script = "export XDG_RUNTIME_DIR=$PWD; " REGISTRY_USER
                             " 44040192 > said & user=$!\n"
                             "while ! grep -q holding said 2>/dev/null; do sleep 0.01; done\n" +
                             kPpu + " smi; kill -KILL $user; wait $user 2>/dev/null; echo then; " + kPpu +
                             " smi; ls openppu | grep -v telemetry | wc -l";
  const Outcome outcome = run_command(script, folder.path());
  const std::string alive = outcome.out.substr(0, outcome.out.find("then\n"));
  const std::string dead = outcome.out.substr(alive.size());
  EXPECT_NE(alive.find("42 MiB / 98304 MiB |   0% |"), std::string::npos) << alive;
  EXPECT_NE(alive.find("W / 400 W |  340 MHz |         1 |        1 |"), std::string::npos) << alive;
  EXPECT_NE(alive.find(" registry_user "), std::string::npos) << alive;
  EXPECT_NE(alive.find(" 42.0 MiB\n"), std::string::npos) << alive;
  EXPECT_NE(dead.find("no process is using a device\n0\n"), std::string::npos) << dead;
}

TEST(Ppu, ChipsShowSourcesAndIntervals) {
  EXPECT_NE(run_command(kPpu + " chips").out.find("ppu-810e"), std::string::npos);
  const Outcome one = run_command(kPpu + " chips show 'PPU 810E'");
  EXPECT_NE(one.out.find(" 119-223 "), std::string::npos);
  EXPECT_NE(one.out.find("inferred"), std::string::npos);
  EXPECT_NE(run_command(kPpu + " chips compare ppu h20").out.find("197 (119-223) i"), std::string::npos);
  EXPECT_EQ(
      run_command(kPpu + " chips show ppu --csv").out.find("chip,number,value,unit,interval,kind,source\n"),
      0u);
  // Words and numbers that nobody published have the same kind.
  EXPECT_EQ(run_command(kPpu + " chips show ppu --json").out.find("\"kind\": \"assumed\""),
            std::string::npos);
}

TEST(Ppu, ChipsThatAreNoneAreRefusedWithTheReason) {
  const TemporaryFolder folder;
  const std::string bad = folder.write("bad.toml", "base = \"a100\"\ntdp_w = \"400\"\n");
  const std::string good = folder.write("good.toml", "base = \"a100\"\ntdp_w = 300\n");
  for (const std::string& command : {" chips show " + bad, " run --chip " + bad + " true"}) {
    const Outcome refused = run_command(kPpu + command);
    EXPECT_EQ(refused.code, 2) << command;
    EXPECT_NE(refused.err.find(bad + ":2: tdp_w"), std::string::npos) << refused.err;
  }
  EXPECT_EQ(run_command(kPpu + " run --chip " + good + " true").code, 0);
  const Outcome npu = run_command(kPpu + " run --chip ascend-910b true");
  EXPECT_EQ(npu.code, 2);
  EXPECT_NE(npu.err.find("runs no CUDA programs"), std::string::npos) << npu.err;
}

TEST(Ppu, FatbinWritesWhatItLists) {
  const TemporaryFolder folder;
  folder.write("a.ptx", kPtx);
  for (const char* how : {"none", "lz4", "zstd"}) {
    const std::string pack =
        kPpu + " fatbin --ptx a.ptx --arch 80 --ptx a.ptx --arch 90 --compress " + how + " -o out";
    EXPECT_EQ(run_command(pack, folder.path()).code, 0);
    const Outcome list = run_command(kPpu + " fatbin --list out", folder.path());
    EXPECT_EQ(list.out.substr(0, list.out.find('\n')), "PTX for compute_80, compute_90");
  }
}

}  // namespace
}  // namespace ppu::test

// The compiler as a whole: tiers, threads, errors, and the shared library's C entry.
#include <dlfcn.h>
#include <pthread.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/codegen/kernel_runner.h"

namespace ppu::codegen {
namespace {

constexpr const char* kScale = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry scale(.param .u64 p_data, .param .f32 p_factor, .param .u32 p_n) {
  .reg .pred %p; .reg .b32 %r<5>; .reg .b64 %d<3>; .reg .f32 %f<4>;
  ld.param.u64 %d1, [p_data]; ld.param.f32 %f1, [p_factor]; ld.param.u32 %r1, [p_n];
  mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.s32 %r2, %r2, %r3, %r4;
  setp.ge.s32 %p, %r2, %r1; @%p bra DONE;
  mul.wide.s32 %d2, %r2, 4; add.s64 %d1, %d1, %d2; ld.global.f32 %f2, [%d1]; mul.rn.f32 %f2, %f2, %f1;
  st.global.f32 [%d1], %f2;
  DONE: ret;
})";

void expect_scaled(KernelRunner& k, const char* what) {
  std::vector<float> data(1000);
  for (size_t i = 0; i < data.size(); i++) data[i] = float(i);
  const RunResult r = k.run("scale", {8}, {128}, data.data(), 1.5f, int(data.size()) - 1);
  ASSERT_EQ(r.error, "") << what;
  for (size_t i = 0; i < data.size(); i++)
    ASSERT_EQ(data[i], i + 1 < data.size() ? float(i) * 1.5f : float(i)) << what << " element " << i;
}

TEST(Compile, EveryTierAndLevel) {
  for (const Cpu cpu : {Cpu::kAvx512, Cpu::kAvx2})
    for (const int level : {0, 2}) {
      if (!cpu_supports(cpu)) continue;
      KernelRunner k(kScale);
      k.cpu = cpu;
      k.opt_level = level;
      expect_scaled(k, cpu_name(cpu));
    }
}

// Lanes of one member mask that come along different branches can't be in lockstep, and a product of matrices
// has no form for one lane: the kernel is refused, and the device gives it to the interpreter.
TEST(Compile, WhatCanOnlyRunLaneByLaneAndHasNoSuchFormIsRefused) {
  const std::string head = ".version 8.0\n.target sm_80\n.address_size 64\n";
  const std::string split = R"(
.visible .entry k(.param .u64 out) {
  .reg .pred %p<3>; .reg .b32 %r<8>; .reg .b64 %d<2>;
  ld.param.u64 %d1, [out]; mov.u32 %r1, %tid.x; ld.global.u32 %r2, [%d1];
  setp.gt.u32 %p1, %r1, 7;
  @%p1 bra HIGH;
  vote.sync.ballot.b32 %r3, %p1, -1;
  bra JOIN;
HIGH:
  vote.sync.ballot.b32 %r3, %p1, -1;
JOIN:
  )";
  const std::string tail = "st.global.u32 [%d1], %r3;\n ret;\n}\n";
  KernelRunner alone(head + split + tail);
  std::vector<uint32_t> out(1);
  EXPECT_EQ(alone.run("k", {1}, {32}, out.data()).error, "");
  EXPECT_EQ(out[0], 0xffffff00u);
  KernelRunner both(head + split + "movmatrix.sync.aligned.m8n8.trans.b16 %r3, %r2;\n" + tail);
  EXPECT_NE(both.run("k", {1}, {32}, out.data()).error.find("must run one lane at a time"),
            std::string::npos);
}

TEST(Compile, TheEnvironmentPicksTheTier) {
  setenv("PPU_CPU", "avx2", 1);
  const Result<Cpu> chosen = resolve_cpu(Cpu::kNative);
  setenv("PPU_CPU", "z80", 1);
  const Result<Cpu> wrong = resolve_cpu(Cpu::kNative);
  unsetenv("PPU_CPU");
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen.value(), Cpu::kAvx2);
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("PPU_CPU=z80"), std::string::npos);
  EXPECT_NE(cpu_key(Cpu::kAvx2), cpu_key(Cpu::kAvx512));
}

TEST(Compile, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; t++)
    threads.emplace_back([t] {
      KernelRunner k(kScale);
      if (t % 2) k.cpu = Cpu::kAvx2;
      for (int round = 0; round < 3; round++) expect_scaled(k, "thread");
    });
  for (std::thread& t : threads) t.join();
}

TEST(Compile, WritesWhatItHasInHand) {
  std::string folder = std::filesystem::temp_directory_path() / "ppu-dump-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  setenv("PPU_DUMP", "ptx,ir,prepared,simt,opt,asm:scale", 1);
  setenv("PPU_DUMP_DIR", folder.c_str(), 1);
  KernelRunner k(kScale);
  expect_scaled(k, "dump");
  unsetenv("PPU_DUMP");
  unsetenv("PPU_DUMP_DIR");
  const auto text = [&](const char* step) {
    std::ifstream in(folder + "/scale." + step);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_NE(text("ptx").find("p_factor"), std::string::npos);
  EXPECT_NE(text("ir").find("@ppu.tid.x"), std::string::npos);
  EXPECT_NE(text("simt").find("scale.block"), std::string::npos);
  EXPECT_NE(text("asm").find("scale.block:"), std::string::npos);
  std::filesystem::remove_all(folder);
}

/// Calls the library the way src/device does.
class Library {
 public:
  Library()
      : handle_(dlopen(COMPILER_LIBRARY,
                       RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)) {  // LLVM isn't made to be unloaded
    if (handle_) compile_ = reinterpret_cast<decltype(&ppu_compile_v1)>(dlsym(handle_, "ppu_compile_v1"));
  }
  ~Library() {
    if (handle_) dlclose(handle_);
  }
  /// The message, or empty and `*image` filled.
  std::string compile(const CompileRequest& request, std::vector<std::byte>* image) const {
    void* bytes = nullptr;
    size_t size = 0;
    char* error = compile_(&request, &bytes, &size);
    const std::string message = error ? error : "";
    std::free(error);
    if (bytes) image->assign(static_cast<std::byte*>(bytes), static_cast<std::byte*>(bytes) + size);
    std::free(bytes);
    return message;
  }
  void* handle_ = nullptr;
  decltype(&ppu_compile_v1) compile_ = nullptr;
};

TEST(CompilerLibrary, CompilesAndReportsErrors) {
  const Library library;
  ASSERT_NE(library.compile_, nullptr) << dlerror();
  const Result<ptx::Module> module = ptx::parse(kScale, "test");
  ASSERT_TRUE(module.ok());
  CompileRequest request;
  request.module = &module.value();
  request.kernel = "scale";
  request.block[0] = 64;
  request.block[1] = request.block[2] = 1;
  std::vector<std::byte> image;
  EXPECT_EQ(library.compile(request, &image), "");
  EXPECT_TRUE(exec::LoadedKernel::load(image).ok());
  request.kernel = "nothing";
  const std::string message = library.compile(request, &image);
  ASSERT_FALSE(message.empty());
  EXPECT_EQ(message[0], char('0' + int(ErrorKind::kBadInput)));
  EXPECT_NE(message.find("'nothing'"), std::string::npos) << message;
}

TEST(CompilerLibrary, RefusesARequestOfAnotherBuild) {
  const Library library;
  ASSERT_NE(library.compile_, nullptr) << dlerror();
  const Result<ptx::Module> module = ptx::parse(kScale, "test");
  ASSERT_TRUE(module.ok());
  CompileRequest request;
  request.module = &module.value();
  request.kernel = "scale";
  request.fingerprint ^= 1;
  std::vector<std::byte> image;
  EXPECT_NE(library.compile(request, &image).find("different builds"), std::string::npos);
  EXPECT_TRUE(image.empty());
}

TEST(CompilerLibrary, NeedsLittleOfTheCallersStack) {
  const Library library;
  ASSERT_NE(library.compile_, nullptr) << dlerror();
  const Result<ptx::Module> module = ptx::parse(kScale, "test");
  CompileRequest request;
  request.module = &module.value();
  request.kernel = "scale";
  struct Call {
    const Library& library;
    const CompileRequest& request;
    std::string message = "not run";
  } call{library, request};
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 << 10);
  pthread_t thread;
  const auto body = [](void* p) -> void* {
    std::vector<std::byte> image;
    Call& c = *static_cast<Call*>(p);
    c.message = c.library.compile(c.request, &image);
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &small, body, &call), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&small);
  EXPECT_EQ(call.message, "");
}

TEST(CompilerLibrary, ExportsNothingElse) {
  const Library library;
  ASSERT_NE(library.handle_, nullptr) << dlerror();
  for (const char* name : {"LLVMContextCreate", "LLVMInitializeX86Target", "_ZN4llvm11LLVMContextC1Ev",
                           "_ZN3ppu7codegen7compileERKNS0_14CompileRequestE"})
    EXPECT_EQ(dlsym(library.handle_, name), nullptr) << name;
}

}  // namespace
}  // namespace ppu::codegen

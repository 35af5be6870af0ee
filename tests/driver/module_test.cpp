// Modules, libraries and the linker: globals, names, images that must be refused with the reason in the log.
#include <cstdio>
#include <cstring>

#include "driver_fixture.h"

namespace {

using ModuleTest = DriverTest;

TEST_F(ModuleTest, GlobalsAreInitialisedAndShared) {
  CUdeviceptr counter = 0;
  size_t bytes = 0;
  OK(cuModuleGetGlobal(&counter, &bytes, module, "counter"));
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(read(counter, 1)[0], 7u);
  OK(run("count", 10, 32, nullptr));
  EXPECT_EQ(read(counter, 1)[0], 7u + 320);
  CUdeviceptr table = 0;
  OK(cuModuleGetGlobal(&table, &bytes, module, "table"));
  EXPECT_EQ(read(table, 4), (std::vector<uint32_t>{1, 2, 3, 4}));
  IS(cuModuleGetGlobal(&table, &bytes, module, "nothing"), CUDA_ERROR_NOT_FOUND);
}

TEST_F(ModuleTest, UnknownNamesAndStaleHandles) {
  CUfunction f = nullptr;
  IS(cuModuleGetFunction(&f, module, "nothing"), CUDA_ERROR_NOT_FOUND);
  CUmodule m = nullptr;
  OK(cuModuleLoadData(&m, kTestPtx));
  OK(cuModuleUnload(m));
  IS(cuModuleUnload(m), CUDA_ERROR_INVALID_HANDLE);
  IS(cuModuleGetFunction(&f, m, "fill"), CUDA_ERROR_INVALID_HANDLE);
  IS(cuModuleLoad(&m, "/nonexistent.ptx"), CUDA_ERROR_FILE_NOT_FOUND);
}

TEST_F(ModuleTest, BadPtxIsRefusedWithLineAndColumn) {
  char log[1024] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  CUmodule m = nullptr;
  const char* bad =
      ".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry k() {\n  add.s32 %r1, %r2;\n}\n";
  IS(cuModuleLoadDataEx(&m, bad, 2, options, values), CUDA_ERROR_INVALID_PTX);
  EXPECT_NE(std::string(log).find(":5:"), std::string::npos) << log;
  EXPECT_EQ(reinterpret_cast<size_t>(values[1]), std::strlen(log));
  char tiny[8];
  values[0] = tiny;
  values[1] = reinterpret_cast<void*>(sizeof tiny);
  IS(cuModuleLoadDataEx(&m, bad, 2, options, values), CUDA_ERROR_INVALID_PTX);
  EXPECT_EQ(std::strlen(tiny), 7u);
  IS(cuModuleLoadData(&m, "hello"), CUDA_ERROR_INVALID_IMAGE);
}

TEST_F(ModuleTest, LibrariesServeEveryContext) {
  CUlibrary library = nullptr;
  OK(cuLibraryLoadData(&library, kTestPtx, nullptr, nullptr, 0, nullptr, nullptr, 0));
  CUkernel kernel = nullptr;
  OK(cuLibraryGetKernel(&kernel, library, "fill"));
  IS(cuLibraryGetKernel(&kernel, library, "nothing"), CUDA_ERROR_NOT_FOUND);
  OK(cuLibraryGetKernel(&kernel, library, "fill"));
  for (int i = 0; i < 2; i++) {
    CUcontext other = nullptr;
    OK(cuCtxCreate(&other, 0, device));
    CUdeviceptr out = allocate(400);
    unsigned value = 9, count = 100;
    void* params[] = {&out, &value, &count};
    OK(cuLaunchKernel(reinterpret_cast<CUfunction>(kernel), 1, 1, 1, 100, 1, 1, 0, nullptr, params, nullptr));
    EXPECT_EQ(read(out, 100)[99], 9u);
    CUfunction f = nullptr;
    OK(cuKernelGetFunction(&f, kernel));
    int threads = 0;
    OK(cuKernelGetAttribute(&threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, kernel, device));
    EXPECT_EQ(threads, 1024);
    CUdeviceptr global = 0;
    OK(cuLibraryGetGlobal(&global, nullptr, library, "counter"));
    EXPECT_EQ(read(global, 1)[0], 7u);
    OK(cuCtxDestroy(other));
  }
  unsigned count = 0;
  OK(cuLibraryGetKernelCount(&count, library));
  EXPECT_GE(count, 10u);
  OK(cuLibraryUnload(library));
  IS(cuLibraryUnload(library), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(ModuleTest, TheLinkerJoinsPieces) {
  const char* callee =
      ".version 7.0\n.target sm_80\n.address_size 64\n"
      ".visible .func (.param .b32 r) twice(.param .b32 a) { .reg .b32 %r<3>; ld.param.b32 %r1, [a];\n"
      "  add.s32 %r2, %r1, %r1; st.param.b32 [r], %r2; ret; }\n";
  const char* caller =
      ".version 7.0\n.target sm_80\n.address_size 64\n"
      ".extern .func (.param .b32 r) twice(.param .b32 a);\n"
      ".visible .entry k(.param .u64 out) { .reg .b32 %r<3>; .reg .b64 %rd<2>; ld.param.u64 %rd1, [out];\n"
      "  { .param .b32 a0; st.param.b32 [a0], 21; .param .b32 r0; call.uni (r0), twice, (a0);\n"
      "    ld.param.b32 %r1, [r0]; } st.global.u32 [%rd1], %r1; ret; }\n";
  CUlinkState link = nullptr;
  OK(cuLinkCreate(0, nullptr, nullptr, &link));
  const auto add = [&](const char* text, const char* name) {
    return cuLinkAddData(link, CU_JIT_INPUT_PTX, const_cast<char*>(text), std::strlen(text) + 1, name, 0,
                         nullptr, nullptr);
  };
  OK(add(callee, "callee"));
  OK(add(caller, "caller"));
  void* image = nullptr;
  size_t bytes = 0;
  OK(cuLinkComplete(link, &image, &bytes));
  CUmodule m = nullptr;
  OK(cuModuleLoadData(&m, image));
  OK(cuLinkDestroy(link));
  CUfunction f = nullptr;
  OK(cuModuleGetFunction(&f, m, "k"));
  CUdeviceptr out = allocate(4);
  void* params[] = {&out};
  OK(cuLaunchKernel(f, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  EXPECT_EQ(read(out, 1)[0], 42u);
}

}  // namespace

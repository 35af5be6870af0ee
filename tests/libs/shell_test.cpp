// The stand-ins as a loader and a program see them: soname, every row's name under its version tag, the
// answer of what isn't written, and the few calls that frameworks make at start.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>

#include <string>
#include <vector>

namespace {

struct Row {
  const char* name;
  bool written, pointer;
};
#define API(name, params, args) {#name, true, false},
#define ANY(type, name, params, args) {#name, true, false},
#define STUB(name) {#name, false, false},
#define STUB_NULL(name) {#name, false, true},
const std::vector<Row> kCublasLt = {
#include <ppu/cublaslt_functions.inc>
};
const std::vector<Row> kCudnn = {
#include "libs/cudnn/api.inc"
};
const std::vector<Row> kCufft = {
#include "libs/cufft/api.inc"
};
const std::vector<Row> kCurand = {
#include <ppu/curand_functions.inc>
};
const std::vector<Row> kCusparse = {
#include "libs/cusparse/api.inc"
};
const std::vector<Row> kCusolver = {
#include "libs/cusolver/api.inc"
};
const std::vector<Row> kCusolverMg = {
#include <ppu/cusolvermg_functions.inc>
};
const std::vector<Row> kCusparseLt = {
#include "libs/cusparselt/api.inc"
};
const std::vector<Row> kNccl = {
#include <ppu/nccl_functions.inc>
};
const std::vector<Row> kNvJitLink = {
#include "libs/nvjitlink/api.inc"
};
const std::vector<Row> kNvshmem = {
#include "libs/nvshmem/api.inc"
};
const std::vector<Row> kCupti = {
#include "libs/cupti/api.inc"
};
const std::vector<Row> kCufile = {
#include "libs/cufile/api.inc"
};
const std::vector<Row> kNvjpeg = {
#include "libs/nvjpeg/api.inc"
};

struct Library {
  const char* soname;
  const char* tag;  ///< version tag; null: none
  const std::vector<Row>& rows;
  int not_written;  ///< the documented status
};
const Library kLibraries[] = {
    {"libcublasLt.so.13", "libcublasLt.so.13", kCublasLt, 15},
    {"libcublasLt.so.12", "libcublasLt.so.12", kCublasLt, 15},
    {"libcudnn.so.9", "libcudnn.so.9", kCudnn, 3000},
    {"libcufft.so.12", "libcufft.so.12", kCufft, 14},
    {"libcufft.so.11", "libcufft.so.11", kCufft, 14},
    {"libcurand.so.10", "libcurand.so.10", kCurand, 999},
    {"libcusparse.so.12", "libcusparse.so.12", kCusparse, 10},
    {"libcusolver.so.12", "libcusolver.so.12", kCusolver, 9},
    {"libcusolver.so.11", "libcusolver.so.11", kCusolver, 9},
    {"libcusolverMg.so.12", "libcusolverMg.so.12", kCusolverMg, 9},
    {"libcusolverMg.so.11", "libcusolverMg.so.11", kCusolverMg, 9},
    {"libcusparseLt.so.0", nullptr, kCusparseLt, 10},
    {"libnccl.so.2", nullptr, kNccl, 3},
    {"libnvJitLink.so.13", "libnvJitLink.so.13", kNvJitLink, 6},
    {"libnvJitLink.so.12", "libnvJitLink.so.12", kNvJitLink, 6},
    {"libnvshmem_host.so.3", "NVSHMEM", kNvshmem, 3},
    {"libcupti.so.13", "libcupti.so.13", kCupti, 27},
    {"libcupti.so.12", "libcupti.so.12", kCupti, 27},
    {"libcufile.so.0", nullptr, kCufile, 5007},
    {"libnvjpeg.so.13", "libnvjpeg.so.13", kNvjpeg, 9},
    {"libnvjpeg.so.12", "libnvjpeg.so.12", kNvjpeg, 9},
};

std::string soname_of(void* handle) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) return {};
  const char* strings = nullptr;
  size_t offset = 0;
  for (const ElfW(Dyn)* d = map->l_ld; d->d_tag != DT_NULL; ++d) {
    if (d->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(d->d_un.d_ptr);
    if (d->d_tag == DT_SONAME) offset = d->d_un.d_val;
  }
  return strings ? strings + offset : "";
}

/// The entry's own type is another, which UBSan would report: the ABI lets a caller give no arguments.
[[clang::no_sanitize("function")]] intptr_t call_without_arguments(void* entry) {
  return reinterpret_cast<intptr_t (*)()>(entry)();
}

class Shell : public testing::TestWithParam<Library> {
 protected:
  void SetUp() override {
    handle = dlopen((std::string(PPU_LIB_FOLDER "/") + GetParam().soname).c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle, nullptr) << dlerror();
  }
  void* address(const char* name) const {
    return GetParam().tag ? dlvsym(handle, name, GetParam().tag) : dlsym(handle, name);
  }
  void* handle = nullptr;
};

TEST_P(Shell, HasItsSonameAndEveryRowUnderItsTag) {
  EXPECT_EQ(soname_of(handle), GetParam().soname);
  for (const Row& row : GetParam().rows) EXPECT_NE(address(row.name), nullptr) << row.name;
}

TEST_P(Shell, SaysByNameWhatIsNotWritten) {
  for (const Row& row : GetParam().rows) {
    if (row.written) continue;
    void* entry = address(row.name);
    ASSERT_NE(entry, nullptr) << row.name;
    testing::internal::CaptureStderr();
    const intptr_t answer = call_without_arguments(entry);
    const std::string said = testing::internal::GetCapturedStderr();
    if (row.pointer)
      EXPECT_EQ(answer, 0) << row.name;
    else
      EXPECT_EQ(int(answer), GetParam().not_written) << row.name;
    EXPECT_NE(said.find(std::string(row.name) + " isn't written yet"), said.npos) << row.name << ": " << said;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Shell, testing::ValuesIn(kLibraries), [](const auto& instance) {
  std::string name = instance.param.soname;
  for (char& c : name)
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

}  // namespace

// Every exported name of libcuda.so.1: resolvable by dlsym and by cuGetProcAddress, with the version rules of
// the CUDA Driver API manual ("Driver Entry Point Access").
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

struct Row {
  const char* name;
  int since;
};

const Row kRows[] = {
#define API(group, since, name, params, args) {#name, since},
#define STUB(group, since, name, params, args) {#name, since},
#define NAME(since, name) {#name, since},
#include "driver/api.inc"
};

/// The name without _ptds/_ptsz and without _vN.
std::string base_of(std::string name, bool* per_thread) {
  *per_thread = name.ends_with("_ptds") || name.ends_with("_ptsz");
  if (*per_thread) name.resize(name.size() - 5);
  const size_t v = name.rfind("_v");
  if (v != name.npos && name.find_first_not_of("0123456789", v + 2) == name.npos) name.resize(v);
  return name;
}

void* ask(const char* name, int version, cuuint64_t flags, CUdriverProcAddressQueryResult* why) {
  void* address = reinterpret_cast<void*>(1);
  EXPECT_EQ(cuGetProcAddress_v2(name, &address, version, flags, why), CUDA_SUCCESS) << name;
  return address;
}

TEST(DriverNames, EveryRowIsExportedAndUnique) {
  std::set<std::string> seen;
  for (const Row& row : kRows) {
    EXPECT_TRUE(seen.insert(row.name).second) << row.name << " has two rows";
    EXPECT_NE(dlsym(RTLD_DEFAULT, row.name), nullptr) << row.name;
  }
  EXPECT_GE(seen.size(), 637u);
}

TEST(DriverNames, EveryVariantIsFoundByItsVersion) {
  for (const Row& row : kRows) {
    bool per_thread = false;
    const std::string base = base_of(row.name, &per_thread);
    CUdriverProcAddressQueryResult why;
    const cuuint64_t flags =
        per_thread ? CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM : CU_GET_PROC_ADDRESS_LEGACY_STREAM;
    EXPECT_EQ(ask(base.c_str(), row.since, flags, &why), dlsym(RTLD_DEFAULT, row.name)) << row.name;
    EXPECT_EQ(why, CU_GET_PROC_ADDRESS_SUCCESS) << row.name;
  }
}

TEST(DriverNames, VersionRules) {
  CUdriverProcAddressQueryResult why;
  EXPECT_EQ(ask("cuMemAlloc", 13000, 0, &why), dlsym(RTLD_DEFAULT, "cuMemAlloc_v2"));
  EXPECT_EQ(ask("cuMemAlloc", 3010, 0, &why), dlsym(RTLD_DEFAULT, "cuMemAlloc"));
  EXPECT_EQ(ask("cuMemAlloc", 1000, 0, &why), nullptr);
  EXPECT_EQ(why, CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
  EXPECT_EQ(ask("cuNoSuchThing", 13000, 0, &why), nullptr);
  EXPECT_EQ(why, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  // No per-thread variant: the plain one.
  EXPECT_EQ(ask("cuMemAlloc", 13000, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, &why),
            dlsym(RTLD_DEFAULT, "cuMemAlloc_v2"));
  EXPECT_EQ(ask("cuMemcpyHtoD", 13000, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, &why),
            dlsym(RTLD_DEFAULT, "cuMemcpyHtoD_v2_ptds"));
  void* address = nullptr;
  EXPECT_EQ(cuGetProcAddress_v2("", &address, 13000, 0, &why), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuGetProcAddress_v2(nullptr, &address, 13000, 0, &why), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuGetProcAddress("cuNoSuchThing", &address, 13000, 0), CUDA_ERROR_NOT_FOUND);
}

TEST(DriverNames, ExportTablesAreRefused) {
  const CUuuid id{};
  const void* table = &id;
  EXPECT_EQ(cuGetExportTable(&table, &id), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(table, nullptr);
}

TEST(DriverNames, ResultsHaveNamesAndTexts) {
  const char* text = nullptr;
  EXPECT_EQ(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "CUDA_ERROR_ILLEGAL_ADDRESS");
  EXPECT_EQ(cuGetErrorString(CUDA_ERROR_ILLEGAL_ADDRESS, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "an illegal memory access was encountered");
  EXPECT_EQ(cuGetErrorString(static_cast<CUresult>(12345), &text), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(text, nullptr);
  int version = 0;
  EXPECT_EQ(cuDriverGetVersion(&version), CUDA_SUCCESS);
  EXPECT_GE(version, 13000);
}

}  // namespace

// Every row of src/runtime/api.inc of one level is exported by the library of that level, with its symbol
// version.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

const char* const kNames[] = {
#define API(name, params, args) #name,
#define PER_THREAD(name, base, params, args) #name,
#define PLAIN(name) #name,
#define STUB(name) #name,
#include "runtime/api.inc"
};

TEST(RuntimeNames, EveryRowIsExportedWithItsVersion) {
  const std::string soname = "libcudart.so." + std::to_string(PPU_CUDART_LEVEL);
  void* library = dlopen((std::string(PPU_LIB) + "/" + soname).c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  std::set<std::string> seen;
  for (const char* name : kNames) {
    EXPECT_TRUE(seen.insert(name).second) << name << " has two rows";
    EXPECT_NE(dlvsym(library, name, soname.c_str()), nullptr) << name;
  }
  EXPECT_GE(seen.size(), 420u);
}

TEST(RuntimeNames, NothingElseIsExported) {
  const std::string soname = "libcudart.so." + std::to_string(PPU_CUDART_LEVEL);
  void* library = dlopen((std::string(PPU_LIB) + "/" + soname).c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  for (const char* name : {"cudaTotallyMadeUp", "cuInit", "_ZN3ppu13trace_enabledEv"}) {
    Dl_info info;
    void* found = dlsym(library, name);
    EXPECT_FALSE(found && dladdr(found, &info) && std::string(info.dli_fname).ends_with(soname)) << name;
  }
}

}  // namespace

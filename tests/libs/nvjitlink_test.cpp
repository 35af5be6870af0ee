// libnvJitLink over its C interface: pieces of PTX become one cubin of ours, and what can't be linked is
// said.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "image/fatbin.h"

namespace {

constexpr int kPtx = 2, kLtoIr = 3, kAny = 10;  // nvJitLinkInputType
constexpr int kMissingArch = 2, kInvalidInput = 3, kPtxCompile = 4, kNvvmCompile = 5;
const std::string kHeader = ".version 8.0\n.target sm_80\n.address_size 64\n";
const std::string kCaller = kHeader + ".extern .func far;\n.visible .entry k() { call far; ret; }\n";
const std::string kCalled = kHeader + ".visible .func far { ret; }\n";

class NvJitLink : public ::testing::Test {
 protected:
  void SetUp() override {
    library_ = dlopen(PPU_LIB_FOLDER "/libnvJitLink.so.13", RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library_, nullptr) << dlerror();
  }
  // The library's own handle types are not the test's, which UBSan would report.
  template <class... A>
  [[clang::no_sanitize("function")]] int call(const char* name, A... arguments) {
    const auto f = reinterpret_cast<int (*)(A...)>(dlsym(library_, name));
    EXPECT_NE(f, nullptr) << name;
    return f ? f(arguments...) : -1;
  }
  void create() {
    const char* options[] = {"-arch=sm_80", "-lineinfo"};
    ASSERT_EQ(call("nvJitLinkCreate", &link_, 2u, &options[0]), 0);
  }
  int add(int kind, const std::string& text) {
    return call("nvJitLinkAddData", link_, kind, static_cast<const void*>(text.data()), text.size(), "piece");
  }
  std::string error_log() {
    size_t size = 0;
    EXPECT_EQ(call("nvJitLinkGetErrorLogSize", link_, &size), 0);
    std::string log(size, 'x');
    EXPECT_EQ(call("nvJitLinkGetErrorLog", link_, log.data()), 0);
    EXPECT_EQ(log.back(), '\0');
    return log.substr(0, size - 1);
  }
  void* library_ = nullptr;
  void* link_ = nullptr;
};

// nvJitLink.h of CUDA 13.0 calls every function but the version's by such names.
TEST_F(NvJitLink, AnswersToTheNamesOfAToolkitsHeader) {
  const char* options[] = {"-arch=sm_80"};
  ASSERT_EQ(call("__nvJitLinkCreate_13_0", &link_, 1u, &options[0]), 0);
  ASSERT_EQ(call("__nvJitLinkAddData_13_0", link_, kPtx, static_cast<const void*>(kCaller.data()),
                 kCaller.size(), "a"),
            0);
  ASSERT_EQ(call("__nvJitLinkAddData_13_0", link_, kPtx, static_cast<const void*>(kCalled.data()),
                 kCalled.size(), "b"),
            0);
  EXPECT_EQ(call("__nvJitLinkComplete_13_0", link_), 0);
  size_t size = 0;
  EXPECT_EQ(call("__nvJitLinkGetLinkedCubinSize_13_0", link_, &size), 0);
  EXPECT_GT(size, 0u);
}

TEST_F(NvJitLink, LinksPiecesIntoACubin) {
  create();
  EXPECT_EQ(add(kPtx, kCaller), 0);
  EXPECT_EQ(add(kAny, kCalled), 0);
  size_t size = 0;
  EXPECT_EQ(call("nvJitLinkGetLinkedCubinSize", link_, &size), kInvalidInput) << "before it is complete";
  ASSERT_EQ(call("nvJitLinkComplete", link_), 0) << error_log();
  ASSERT_EQ(call("nvJitLinkGetLinkedCubinSize", link_, &size), 0);
  std::vector<std::byte> cubin(size);
  ASSERT_EQ(call("nvJitLinkGetLinkedCubin", link_, static_cast<void*>(cubin.data())), 0);
  const auto image = ppu::image::read_bytes(cubin);
  ASSERT_TRUE(image.ok());
  const auto texts = ppu::image::choose_ptx(image.value(), 80);
  ASSERT_TRUE(texts.ok());
  EXPECT_NE(texts.value().at(0).text.find(".entry"), std::string::npos);
  EXPECT_NE(texts.value().at(0).text.find("far"), std::string::npos);
  EXPECT_EQ(texts.value().at(0).text.find(".extern"), std::string::npos);
  EXPECT_EQ(call("nvJitLinkDestroy", &link_), 0);
  EXPECT_EQ(link_, nullptr);
}

TEST_F(NvJitLink, SaysWhatIsWrong) {
  const char* options[] = {"-lineinfo"};
  EXPECT_EQ(call("nvJitLinkCreate", &link_, 1u, &options[0]), kMissingArch);
  create();
  EXPECT_EQ(add(kLtoIr, "BC"), kNvvmCompile);
  EXPECT_NE(error_log().find("LTO-IR"), std::string::npos);
  EXPECT_EQ(add(kPtx, "noise"), kInvalidInput);
  EXPECT_EQ(add(kPtx, kCaller), 0);
  EXPECT_EQ(call("nvJitLinkComplete", link_), kPtxCompile);
  EXPECT_NE(error_log().find("'far' is called, and no piece defines it"), std::string::npos) << error_log();
  EXPECT_EQ(call("nvJitLinkComplete", static_cast<void*>(this)), kInvalidInput);
}

}  // namespace

// The object cache: keys, damage, other people's files, concurrent writers, folders that can't be written.
#include "codegen/object_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ppu::codegen {
namespace {

namespace fs = std::filesystem;

std::vector<std::byte> image_of(int seed, size_t bytes = 5000) {
  std::vector<std::byte> image(bytes);
  for (size_t i = 0; i < bytes; i++) image[i] = std::byte(i * 31 + size_t(seed));
  return image;
}

class ObjectCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "ppu-cache-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    directory_ = root_ / "deep" / "openppu";
  }
  void TearDown() override {
    std::error_code ignored;
    fs::permissions(root_, fs::perms::owner_all, ignored);
    fs::remove_all(root_, ignored);
  }
  CacheKey key(const char* kernel = "k") const {
    CacheKey k;
    k.ptx = ".version 8.0";
    k.kernel = kernel;
    k.block[0] = 256;
    k.cpu = "avx512";
    k.compiler = "1";
    return k;
  }
  fs::path root_, directory_;
};

TEST_F(ObjectCacheTest, FindsWhatWasStored) {
  const ObjectCache cache(directory_);
  EXPECT_FALSE(cache.find(key()));
  cache.store(key(), image_of(1));
  EXPECT_EQ(cache.find(key()), image_of(1));
  cache.store(key(), image_of(2));
  EXPECT_EQ(cache.find(key()), image_of(2));
}

TEST_F(ObjectCacheTest, KeysDifferInEveryPart) {
  const ObjectCache cache(directory_);
  std::vector<CacheKey> keys(7, key());
  keys[1].kernel = "k2";
  keys[2].block[1] = 2;
  keys[3].cpu = "avx2";
  keys[4].compiler = "2";
  keys[5].opt_level = 0;
  keys[6].ptx = ".version 8.1";
  for (size_t i = 0; i < keys.size(); i++) cache.store(keys[i], image_of(int(i)));
  for (size_t i = 0; i < keys.size(); i++) EXPECT_EQ(cache.find(keys[i]), image_of(int(i))) << i;
}

TEST_F(ObjectCacheTest, FilesAreForTheOwnerOnly) {
  const ObjectCache cache(directory_);
  cache.store(key(), image_of(1));
  EXPECT_EQ(fs::status(directory_).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(cache.path_of(key())).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ObjectCacheTest, IgnoresDamageAndRepairsIt) {
  const ObjectCache cache(directory_);
  cache.store(key(), image_of(1, 300));
  const std::string path = cache.path_of(key());
  std::string good;
  {
    std::ifstream in(path, std::ios::binary);
    good.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto write = [&](const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; };
  for (size_t at = 0; at < good.size(); at++) {
    std::string bad = good;
    bad[at] = char(bad[at] ^ 0x10);
    write(bad);
    EXPECT_FALSE(cache.find(key())) << "byte " << at;
  }
  for (size_t size = 0; size < good.size(); size += 11) {
    write(good.substr(0, size));
    EXPECT_FALSE(cache.find(key())) << "size " << size;
  }
  cache.store(key(), image_of(1, 300));
  EXPECT_TRUE(cache.find(key()));
}

TEST_F(ObjectCacheTest, RefusesFilesOthersCouldHaveWritten) {
  const ObjectCache cache(directory_);
  cache.store(key(), image_of(1));
  const std::string path = cache.path_of(key());
  ASSERT_EQ(chmod(path.c_str(), 0620), 0);
  EXPECT_FALSE(cache.find(key()));
  ASSERT_EQ(chmod(path.c_str(), 0602), 0);
  EXPECT_FALSE(cache.find(key()));
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_TRUE(cache.find(key()));
  ASSERT_EQ(chmod(directory_.c_str(), 0777), 0);
  EXPECT_FALSE(cache.find(key()));
  cache.store(key("other"), image_of(2));
  EXPECT_FALSE(fs::exists(cache.path_of(key("other"))));
  ASSERT_EQ(chmod(directory_.c_str(), 0700), 0);
  if (geteuid() == 0) {  // only root can give files away
    ASSERT_EQ(chown(path.c_str(), 12345, gid_t(-1)), 0);
    EXPECT_FALSE(cache.find(key()));
  }
}

TEST_F(ObjectCacheTest, FollowsNoLinkAndHangsOnNoPipe) {
  const ObjectCache cache(directory_);
  cache.store(key(), image_of(1));
  const fs::path path = cache.path_of(key());
  fs::rename(path, root_ / "elsewhere");
  fs::create_symlink(root_ / "elsewhere", path);
  EXPECT_FALSE(cache.find(key()));
  fs::remove(path);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(cache.find(key()));
  fs::rename(directory_, root_ / "moved");
  fs::create_directory_symlink(root_ / "moved", directory_);
  cache.store(key("other"), image_of(1));
  EXPECT_FALSE(cache.find(key("other")));
}

TEST_F(ObjectCacheTest, ConcurrentWritersAndReaders) {
  constexpr int kProcesses = 6, kRounds = 150;
  for (int p = 0; p < kProcesses; p++) {
    if (fork() != 0) continue;
    const ObjectCache cache(directory_);
    int wrong = 0;
    for (int r = 0; r < kRounds; r++) {
      cache.store(key(), image_of(p, 20000));
      const auto got = cache.find(key());
      if (!got) {
        wrong++;
        continue;
      }
      bool known = false;
      for (int q = 0; q < kProcesses; q++) known |= *got == image_of(q, 20000);
      wrong += !known;
    }
    _exit(wrong == 0 ? 0 : 1);
  }
  for (int p = 0; p < kProcesses; p++) {
    int status = 1;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  int files = 0;
  for (const auto& entry : fs::directory_iterator(directory_)) files += !entry.path().empty();
  EXPECT_EQ(files, 1) << "temporary files are left";
}

TEST_F(ObjectCacheTest, WithoutAWritableFolderThereIsNoCache) {
  const ObjectCache nowhere("/proc/openppu");
  nowhere.store(key(), image_of(1));
  EXPECT_FALSE(nowhere.find(key()));
  std::ofstream(root_ / "file") << "x";
  const ObjectCache below_a_file((root_ / "file" / "openppu").string());
  below_a_file.store(key(), image_of(1));
  EXPECT_FALSE(below_a_file.find(key()));
  const ObjectCache off("");
  off.store(key(), image_of(1));
  EXPECT_FALSE(off.find(key()));
}

TEST_F(ObjectCacheTest, OldFilesGoFirstWhenItIsFull) {
  const ObjectCache cache(directory_, 64 << 10);
  for (int i = 0; i < 200; i++) cache.store(key(std::to_string(i).c_str()), image_of(i, 4000));
  uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(directory_)) bytes += entry.file_size();
  EXPECT_LE(bytes, (64u << 10) + 32 * 4200) << "bounded, give or take the stores between two looks";
  EXPECT_TRUE(cache.find(key("199")));
  EXPECT_FALSE(cache.find(key("0")));
}

TEST(CompilerIdentity, TellsFilesApart) {
  EXPECT_EQ(compiler_identity("/nonexistent"), "missing");
  EXPECT_NE(compiler_identity("/proc/self/exe"), "missing");
}

}  // namespace
}  // namespace ppu::codegen

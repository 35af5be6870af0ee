// `ppu doctor`: one line for each thing OpenPPU depends on, with what was found and, where it is wrong, what
// to do.
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "chip/chip.h"
#include "codegen/object_cache.h"
#include "tools/ppu/commands.h"
#include "tools/ppu/paths.h"

namespace ppu::tools {
namespace {

int problems = 0;

void good(const char* what, const std::string& found) {
  std::printf("ok    %-14s %s\n", what, found.c_str());
}
void note(const char* what, const std::string& found) {
  std::printf("note  %-14s %s\n", what, found.c_str());
}
void bad(const char* what, const std::string& found) {
  std::printf("BAD   %-14s %s\n", what, found.c_str());
  ++problems;
}

std::string first_line(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

void check_cpu() {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (avx512)
    good("cpu", cpu_name() + ": AVX-512");
  else if (avx2)
    good("cpu", cpu_name() + ": AVX2 (AVX-512 would be faster)");
  else
    bad("cpu", cpu_name() + ": neither AVX-512 nor AVX2 with FMA; kernels can't be compiled for it");
}

void check_workers() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int usable = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  const char* wanted = std::getenv("PPU_WORKERS");
  good("workers", wanted ? std::string("PPU_WORKERS=") + wanted + " of " + std::to_string(usable) + " CPUs"
                         : std::to_string(usable) + ", one for each CPU this process may use");
}

void check_memory() {
  struct sysinfo info{};
  ::sysinfo(&info);
  const double gib = double(info.totalram) * info.mem_unit / double(1 << 30);
  char text[160];
  std::snprintf(text, sizeof text, "%.1f GiB; the device shows %g GiB, pages are taken as they are used", gib,
                chip::current().memory_gib.value);
  good("memory", text);
  const std::string huge = first_line("/sys/kernel/mm/transparent_hugepage/enabled");
  const std::string shared = first_line("/sys/kernel/mm/transparent_hugepage/shmem_enabled");
  if (huge.empty())
    note("huge pages", "this kernel has none; large copies are slower");
  else
    (huge.find("[never]") == huge.npos ? good : note)("huge pages",
                                                      "anonymous " + huge + ", shared " + shared);
}

void check_library(const char* name, bool needed, const char* without) {
  const std::string path = own_lib_folder() + "/" + name;
  if (readable(path))
    good("library", path);
  else
    (needed ? bad : note)("library", path + " is missing: " + without);
}

/// Asks the driver itself, as a program would.
void check_driver() {
  const std::string path = own_lib_folder() + "/libcuda.so.1";
  if (!readable(path)) return bad("driver", path + " is missing: no program finds a device");
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return bad("driver", std::string("can't be loaded: ") + ::dlerror());
  const auto init = reinterpret_cast<int (*)(unsigned)>(::dlsym(handle, "cuInit"));
  const auto count_of = reinterpret_cast<int (*)(int*)>(::dlsym(handle, "cuDeviceGetCount"));
  int count = 0;
  const int result = init ? init(0) : -1;
  if (result == 0 && count_of) count_of(&count);
  if (result == 0 && count > 0)
    good("driver", path + ": " + std::to_string(count) + (count == 1 ? " device" : " devices"));
  else
    bad("driver", path + ": cuInit gives " + std::to_string(result) + ", devices: " + std::to_string(count));
}

void check_compiler() {
  const std::string path = own_lib_folder() + "/libppu_compiler.so";
  if (!readable(path)) {
    bad("compiler", path + " is missing: only kernels already in the cache run, or --engine ref");
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  if (!handle)
    bad("compiler", std::string("can't be loaded: ") + ::dlerror());
  else if (!::dlsym(handle, "ppu_compile_v1"))
    bad("compiler", path + " lacks ppu_compile_v1: another version's library");
  else
    good("compiler", path + " loads in " + std::to_string(int(took.count() + 0.5)) + " ms");
}

void check_cache() {
  const std::string path = codegen::ObjectCache::default_directory();
  struct stat info{};
  if (path.empty()) {
    note("object cache", "none (PPU_CACHE=off, or no home folder): every start compiles anew");
    return;
  }
  if (::stat(path.c_str(), &info) != 0) {
    note("object cache", path + " isn't there yet; it is made by the first program that compiles a kernel");
    return;
  }
  struct statvfs disk{};
  ::statvfs(path.c_str(), &disk);
  const unsigned long long free_mib = disk.f_bavail * disk.f_frsize >> 20;
  if (info.st_uid != ::geteuid() || (info.st_mode & 022))
    bad("object cache",
        path + " belongs to or can be written by another user: it isn't used; remove it or chmod 700");
  else if (::access(path.c_str(), W_OK) != 0)
    bad("object cache", path + " can't be written: every start compiles anew");
  else
    good("object cache", path + ", " + std::to_string(free_mib) + " MiB free");
}

/// Starts this executable as `ppu run true` and looks at its exit code.
void check_start() {
  const std::string self = own_bin_folder() + "/ppu";
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(self.c_str(), "ppu", "run", "true", nullptr);
    ::_exit(kNotFound);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  if (status == 0)
    good("ppu run", "`ppu run true` works and takes " + std::to_string(int(took.count() + 0.5)) + " ms");
  else
    bad("ppu run", "`ppu run true` failed; run it by hand to see why");
}

void check_limits() {
  const std::string maps = first_line("/proc/sys/vm/max_map_count");
  constexpr int kEnoughMaps = 65530;
  (std::atoi(maps.c_str()) >= kEnoughMaps ? good : note)("vm.max_map_count", maps);
  good("libc", std::string("glibc ") + gnu_get_libc_version());
}

}  // namespace

int doctor() {
  problems = 0;
  const chip::Chip& c = chip::current();
  good("chip", std::string(c.name) + ", compute capability " + std::to_string(c.cc_major) + "." +
                   std::to_string(c.cc_minor));
  check_cpu();
  check_workers();
  check_memory();
  check_limits();
  check_library("libppu_audit.so", true, "`ppu run` can't start programs");
  check_driver();
  check_library("libcudart.so.13", true, "programs built with CUDA 13 don't run");
  check_library("libcudart.so.12", false, "programs built with CUDA 12 don't run");
  check_library("libnvidia-ml.so.1", false, "programs that ask NVML see no device");
  check_compiler();
  check_cache();
  check_start();
  std::fflush(stdout);
  if (problems) std::fprintf(stderr, "ppu: doctor: %d problem%s found\n", problems, problems == 1 ? "" : "s");
  return problems ? kFailed : kOk;
}

}  // namespace ppu::tools

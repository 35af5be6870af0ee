// See diagnose.h.
#include "ref/diagnose.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <unordered_map>

#include "ref/program.h"

namespace ppu::ref {
namespace {

struct Window {
  uint64_t base = 0, size = 0;
  bool contains(uint64_t address, uint32_t bytes) const {
    return address >= base && address - base <= size && size - (address - base) >= bytes;
  }
};

/// Stores of the run, by 8-byte word; the rest is read from memory.
class Overlay {
 public:
  void write(uint64_t address, const void* in, uint32_t bytes) {
    const uint8_t* from = static_cast<const uint8_t*>(in);
    for (uint32_t i = 0; i < bytes; i++) bytes_[address + i] = from[i];
  }
  void patch(uint64_t address, void* out, uint32_t bytes) const {
    if (bytes_.empty()) return;
    for (uint32_t i = 0; i < bytes; i++) {
      const auto it = bytes_.find(address + i);
      if (it != bytes_.end()) static_cast<uint8_t*>(out)[i] = it->second;
    }
  }

 private:
  std::unordered_map<uint64_t, uint8_t> bytes_;
};

class Checker : public AccessHook {
 public:
  Checker(const AddressCheck& valid, std::vector<Window> own) : valid_(valid), own_(std::move(own)) {}

  bool load(const Access& access, void* out) override {
    if (!check(access)) return false;
    std::memcpy(out, reinterpret_cast<const void*>(access.address), access.bytes);
    overlay_.patch(access.address, out, access.bytes);
    return true;
  }
  bool store(const Access& access, const void* in) override {
    if (!check(access)) return false;
    overlay_.write(access.address, in, access.bytes);
    return true;
  }
  void trapped(const Access& access, exec::Trap kind) override {
    if (!bad) record(access, kind);
  }

  std::optional<BadAccess> bad;

 private:
  bool check(const Access& access) {
    for (const Window& w : own_)
      if (w.contains(access.address, access.bytes)) return true;
    if (valid_(access.address, access.bytes, access.is_write)) return true;
    record(access, exec::Trap::kIllegalAddress);
    return false;
  }
  void record(const Access& a, exec::Trap kind) {
    bad = BadAccess{kind, a.address, a.bytes, a.is_write, a.thread, a.pos, a.function};
  }

  const AddressCheck& valid_;
  std::vector<Window> own_;
  Overlay overlay_;
};

struct Free {
  void operator()(char* p) const { std::free(p); }
};

std::unique_ptr<char, Free> allocate(uint64_t bytes) {
  const uint64_t size = (bytes + 4096 + 255) / 256 * 256;
  char* p = static_cast<char*>(std::aligned_alloc(256, size));
  if (p) std::memset(p, 0, size);
  return std::unique_ptr<char, Free>(p);
}

}  // namespace

std::optional<BadAccess> diagnose(RefKernel& kernel, const exec::LaunchArgs& launch, const uint32_t ctaid[3],
                                  const AddressCheck& valid) {
  const uint64_t threads = uint64_t(launch.block[0]) * launch.block[1] * launch.block[2];
  const uint64_t local_bytes = kernel.info().local_bytes * threads;
  const auto shared = allocate(launch.shared_bytes), local = allocate(local_bytes), frame = allocate(64);
  if (!shared || !local || !frame) return {};
  exec::BlockState state{};
  std::memcpy(state.ctaid, ctaid, sizeof state.ctaid);
  state.shared = shared.get();
  state.local = local.get();
  state.frame = frame.get();
  state.launch = &launch;
  Checker checker(valid, {{uint64_t(state.shared), launch.shared_bytes},
                          {uint64_t(state.local), local_bytes},
                          {uint64_t(launch.params), kernel.param_bytes()}});
  kernel.run_hooked(&launch, &state, &checker);
  return checker.bad;
}

std::string describe(const BadAccess& bad, const uint32_t block[3]) {
  const uint32_t x = bad.thread % block[0], y = bad.thread / block[0] % block[1],
                 z = bad.thread / (block[0] * block[1]);
  char text[400];
  if (bad.kind == exec::Trap::kIllegalAddress || bad.kind == exec::Trap::kMisaligned) {
    std::snprintf(text, sizeof text,
                  "thread (%u,%u,%u) %s %u bytes at %s0x%" PRIx64 ", in function %.200s, PTX line %u", x, y,
                  z, bad.is_write ? "wrote" : "read", bad.bytes,
                  bad.kind == exec::Trap::kMisaligned ? "misaligned " : "", bad.address, bad.function.c_str(),
                  bad.pos.line);
  } else {
    std::snprintf(text, sizeof text, "thread (%u,%u,%u) stopped (%d), in function %.200s, PTX line %u", x, y,
                  z, int(bad.kind), bad.function.c_str(), bad.pos.line);
  }
  return text;
}

}  // namespace ppu::ref

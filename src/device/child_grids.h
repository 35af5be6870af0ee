// What a running grid launches itself (CUDA dynamic parallelism, version 2): kernels, copies and fills. They
// are kept until the grid's own blocks have ended, which the model allows, for a grid can't wait for its
// children. What one block gave to its streams then runs in the order it was given; blocks, and
// fire-and-forget launches, run side by side; tail launches come last. The grid is over when all of that is.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "device/grid.h"
#include "exec/parallel_copy.h"

namespace ppu::device {

class ChildGrids {
 public:
  /// cudaStreamTailLaunch and cudaStreamFireAndForget of the device runtime.
  static constexpr uint64_t kTailLaunch = 3, kFireAndForget = 4;

  explicit ChildGrids(Context& context) : context_(context) {}

  /// Room for a child's parameters, at an address that kernels can write to; `prepared` is what a later
  /// launch by this buffer alone starts.
  struct Buffer {
    Function* function = nullptr;
    LaunchConfig config;
    std::unique_ptr<std::byte[]> memory;
    size_t bytes = 0;
  };
  uint64_t add_buffer(Buffer buffer);
  /// Takes a buffer back; false when there is none at `address`.
  bool take_buffer(uint64_t address, Buffer* buffer);
  /// True if `address` lies in a buffer.
  bool lends(uint64_t address);

  void add(uint64_t block, uint64_t stream, std::unique_ptr<Grid> grid);
  void add(uint64_t block, uint64_t stream, const exec::Transfer& transfer);

  /// Per thread of the grid: the last error of the device runtime.
  void set_error(uint64_t thread, uint32_t error);
  uint32_t error(uint64_t thread, bool clear);

  /// When everything has run: its place on the chip's clock, behind the launching grid's `parent`. Gives the
  /// time at which the last is over, and records the grids if asked to.
  uint64_t place_on_chip(const profile::Span& parent) const;

  /// The grid's blocks have ended: runs everything, then calls `done`, which may delete this.
  void run(const void* owner, std::function<void()> done);

 private:
  struct Task {
    std::unique_ptr<Grid> grid;  ///< null: a transfer
    exec::Transfer transfer;
  };
  /// Tasks that follow each other.
  struct Chain {
    std::vector<Task> tasks;
    size_t next = 0;
  };
  void add(uint64_t block, uint64_t stream, Task task);
  bool advance(Chain& chain);
  Chain* take_chain();
  void give_place_back();
  void go_on();

  Context& context_;
  std::mutex mutex_;
  std::unordered_map<uint64_t, Buffer> buffers_;
  std::unordered_map<uint64_t, uint32_t> errors_;
  std::deque<Chain> chains_;
  std::unordered_map<uint64_t, Chain*> chain_of_block_;
  Chain tail_;
  // While they run.
  size_t next_chain_ = 0, active_ = 0;
  bool tail_started_ = false;
  const void* owner_ = nullptr;
  std::function<void()> done_;
};

}  // namespace ppu::device

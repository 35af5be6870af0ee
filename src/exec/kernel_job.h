// One grid as a job of the worker pool: hands out consecutive blocks, keeps blocks that wait, stops at the
// first fault.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "exec/kernel_abi.h"
#include "exec/live_entry.h"
#include "exec/pool.h"

namespace ppu::exec {

class Checker;
class PrintfBuffer;
class DeviceHeap;

/// What a call of the device runtime gives back: its result, and bytes for an address the kernel named.
struct DeviceAnswer {
  uint64_t value = 0;
  uint64_t address = 0;
  uint32_t bytes = 0;
  std::byte data[96] = {};
};

/// LaunchArgs::user: what runtime helpers need of the context a kernel runs in.
struct LaunchServices {
  PrintfBuffer* printf_buffer = nullptr;
  DeviceHeap* heap = nullptr;
  Checker* checker = nullptr;  ///< of code built to be checked
  /// Launches from kernels and their kin; `words` are the parameters, 64 bits each.
  DeviceAnswer (*device_call)(void* grid, const BlockState& block, uint32_t call,
                              const uint64_t* words) = nullptr;
  void* grid = nullptr;  ///< whose blocks they are: device_call's first argument
};

/// A kernel that isn't machine code (the reference interpreter): called with `self` in place of a
/// BlockFunction.
using InterpretedBlock = uint32_t (*)(void* self, const LaunchArgs*, BlockState*);

struct KernelLaunch {
  LaunchArgs args = {};
  BlockFunction entry = nullptr;
  LiveEntry* live = nullptr;  ///< where later blocks of a grid that doesn't yield begin, if that may change
  InterpretedBlock interpreted = nullptr;
  void* self = nullptr;
  size_t local_bytes = 0;  ///< of a whole block
  size_t frame_bytes = 0;  ///< of a whole block
  bool may_yield = false;
  bool cooperative = false;    ///< all blocks must be resident at once
  uint32_t most_resident = 0;  ///< of a grid that isn't but may yield: blocks that the chip holds at once
  /// What a block of this kernel takes, as measured lately; 0: not known. Null: nobody keeps it.
  std::atomic<uint32_t>* block_ns = nullptr;
  size_t counter_words = 0;  ///< length of BlockState::counters; 0: the kernel doesn't count
  const char* kernel = "";   ///< name for reports; outlives the job
};

/// Where and why a grid stopped.
struct GridFault {
  Fault fault;
  uint32_t ctaid[3] = {0, 0, 0};
};

/// Address of the table compiled kernels call through.
const RuntimeTable* runtime_table();

class KernelJob : public Job {
 public:
  explicit KernelJob(const KernelLaunch& launch);
  ~KernelJob() override;
  Share run_share(Runner& runner) override;
  uint32_t worth_waking() const override;
  bool is_brief() const override;

  const KernelLaunch& launch() const { return launch_; }
  /// Records a fault that doesn't end the block at once (device assert). The first fault of a grid counts.
  void record_fault(const Fault& fault, const uint32_t ctaid[3]);
  /// Ends the grid with Trap::kTimeout: blocks that haven't started are dropped, the others are to be
  /// interrupted. Once or more.
  void expire();
  bool expired() const { return stop_word_.load(std::memory_order_relaxed) != 0; }

 protected:
  /// Called once, by the thread that finished the last block. `fault` is null when all went well.
  virtual void finished(const GridFault* fault) = 0;
  /// What all blocks counted together, word by word. From finished() on.
  std::vector<uint64_t> counted() const;
  KernelLaunch launch_;

 private:
  /// *launch_.block_ns for those who ask when the grid may have ended and the kernel be gone.
  std::atomic<uint32_t> known_ns_{0};

  uint64_t take_blocks(uint64_t* first);
  void run_blocks(Runner& runner, uint64_t first, uint64_t count);
  void note_time(uint64_t ns, uint64_t blocks);
  bool start_block(Runner& runner, BlockStorage& storage, uint64_t index);
  bool run_waiting_kind(Runner& runner, BlockStorage* storage);
  void got_on() {
    fruitless_.store(0);
    stuck_since_.store(0);
  }
  void started_or_ended() {
    waits_.store(0);
    got_on();
  }
  bool has_room();
  bool waits_in_vain(BlockStorage& storage);
  void say_if_stuck(const BlockState& state);
  /// Runs a block from where it is; `entry` is the code it began in.
  uint32_t call(BlockFunction entry, BlockState& state) {
    return entry ? entry(&launch_.args, &state) : launch_.interpreted(launch_.self, &launch_.args, &state);
  }
  void stop(const Fault& fault, const uint32_t ctaid[3]);
  void done(uint64_t blocks);
  /// An array to count in that no other thread has; null if the kernel doesn't count.
  uint64_t* lend_counters();
  void return_counters(uint64_t* counters);

  uint64_t total_ = 0;
  uint64_t parts_ = 1;         ///< of what is left, a share is one
  uint64_t least_blocks_ = 1;  ///< of a share
  std::atomic<uint64_t> next_{0}, done_{0};
  std::atomic<bool> stopped_{false};
  std::atomic<uint32_t> stop_word_{0};  ///< LaunchArgs::stop
  std::atomic<bool> watched_{false};
  std::mutex mutex_;  ///< fault_, waiting_, room_
  bool faulted_ = false;
  GridFault fault_;
  std::unique_ptr<std::deque<BlockStorage*>> waiting_;  ///< of a grid that yields
  std::vector<std::unique_ptr<uint64_t[]>> counters_;   ///< one a thread that ran blocks at the same time
  std::vector<uint64_t*> free_counters_;
  std::atomic<uint32_t> resident_{0};   ///< started and unfinished blocks of a yielding grid
  uint32_t room_ = 0;                   ///< for so many
  std::atomic<uint32_t> waits_{0};      ///< yields since a block last started or ended
  std::atomic<uint32_t> fruitless_{0};  ///< yields since a block last started, ended or got on
  std::atomic<time_t> stuck_since_{0};  ///< monotonic seconds at one of the first of these; 0: none yet
};

}  // namespace ppu::exec

#include "device/child_grids.h"

#include <algorithm>

#include "base/log.h"
#include "device/address_space.h"
#include "device/chip_clock.h"

namespace ppu::device {
namespace {

/// Chains that run at the same time: enough for every worker, few enough for the pool's list.
constexpr size_t kAtOnce = 64;

}  // namespace

uint64_t ChildGrids::add_buffer(Buffer buffer) {
  const uint64_t address = reinterpret_cast<uint64_t>(buffer.memory.get());
  const std::lock_guard lock(mutex_);
  buffers_[address] = std::move(buffer);
  return address;
}

bool ChildGrids::take_buffer(uint64_t address, Buffer* buffer) {
  const std::lock_guard lock(mutex_);
  const auto it = buffers_.find(address);
  if (it == buffers_.end()) return false;
  *buffer = std::move(it->second);
  buffers_.erase(it);
  return true;
}

bool ChildGrids::lends(uint64_t address) {
  const std::lock_guard lock(mutex_);
  return std::any_of(buffers_.begin(), buffers_.end(),
                     [&](const auto& b) { return address - b.first < b.second.bytes; });
}

void ChildGrids::add(uint64_t block, uint64_t stream, std::unique_ptr<Grid> grid) {
  Task task;
  task.grid = std::move(grid);
  add(block, stream, std::move(task));
}

void ChildGrids::add(uint64_t block, uint64_t stream, const exec::Transfer& transfer) {
  Task task;
  task.transfer = transfer;
  add(block, stream, std::move(task));
}

void ChildGrids::add(uint64_t block, uint64_t stream, Task task) {
  const std::lock_guard lock(mutex_);
  if (stream == kTailLaunch) return tail_.tasks.push_back(std::move(task));
  Chain* chain = stream == kFireAndForget ? nullptr : chain_of_block_[block];
  if (!chain) {
    chain = &chains_.emplace_back();
    if (stream != kFireAndForget) chain_of_block_[block] = chain;
  }
  chain->tasks.push_back(std::move(task));
}

void ChildGrids::set_error(uint64_t thread, uint32_t error) {
  const std::lock_guard lock(mutex_);
  errors_[thread] = error;
}

uint32_t ChildGrids::error(uint64_t thread, bool clear) {
  const std::lock_guard lock(mutex_);
  const auto it = errors_.find(thread);
  if (it == errors_.end()) return 0;
  const uint32_t error = it->second;
  if (clear) errors_.erase(it);
  return error;
}

void ChildGrids::run(const void* owner, std::function<void()> done) {
  owner_ = owner;
  done_ = std::move(done);
  active_ = 1;  // this call, until it has started what may start at once
  for (size_t started = 0; started < kAtOnce;) {
    Chain* chain = take_chain();
    if (!chain) break;
    if (advance(*chain))
      give_place_back();
    else
      started++;
  }
  go_on();
}

// Chains run side by side as the chip has room, the tail after all of them. Copies by kernels aren't counted.
uint64_t ChildGrids::place_on_chip(const profile::Span& parent) const {
  const auto place = [&](const Chain& chain, uint64_t ready) {
    for (size_t i = 0; i < chain.next; i++) {
      if (!chain.tasks[i].grid) continue;
      const Grid& grid = *chain.tasks[i].grid;
      const ChipSpan at = ChipClock::instance().place(int(parent.device), grid.chip_use(), ready);
      profile::Span span = parent;
      span.chip_begin_ns = at.begin_ns;
      span.chip_end_ns = at.end_ns;
      if (profile::recording()) grid.record(span);
      ready = grid.place_children(span);
    }
    return ready;
  };
  uint64_t end = parent.chip_end_ns;
  for (const Chain& chain : chains_) end = std::max(end, place(chain, parent.chip_end_ns));
  return place(tail_, end);
}

ChildGrids::Chain* ChildGrids::take_chain() {
  const std::lock_guard lock(mutex_);
  if (next_chain_ == chains_.size()) return nullptr;
  active_++;
  return &chains_[next_chain_++];
}

void ChildGrids::give_place_back() {
  const std::lock_guard lock(mutex_);
  active_--;
}

/// Gives up the place of what has ended, for the next chain, the tail, or the end of it all.
void ChildGrids::go_on() {
  while (true) {
    Chain* chain = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (next_chain_ < chains_.size()) {
        chain = &chains_[next_chain_++];
      } else if (--active_ > 0) {
        return;
      } else if (!tail_started_) {
        tail_started_ = true;
        active_ = 1;
        chain = &tail_;
      }
    }
    if (!chain) break;
    if (!advance(*chain)) return;
  }
  const std::function<void()> done = std::move(done_);
  done();  // may delete this
}

/// True when the chain has ended; false when a grid of it runs, whose end comes back here.
bool ChildGrids::advance(Chain& chain) {
  while (chain.next < chain.tasks.size()) {
    Task& task = chain.tasks[chain.next++];
    if (context_.error() != CUDA_SUCCESS) continue;
    if (task.grid) {
      task.grid->start(owner_, [this, &chain] {
        if (advance(chain)) go_on();
      });
      return false;
    }
    exec::Fault fault;
    if (exec::run_transfer(task.transfer, &fault)) continue;
    log("device", LogLevel::kError, "copy of %zu bytes by a kernel: illegal address 0x%llx, %s",
        task.transfer.bytes(), static_cast<unsigned long long>(fault.info),
        AddressSpace::instance().describe(fault.info).c_str());
    context_.fail(CUDA_ERROR_ILLEGAL_ADDRESS);
  }
  return true;
}

}  // namespace ppu::device

// See communicator.h.
#include "libs/nccl/communicator.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <tuple>

#include "base/log.h"
#include "libs/nccl/words.h"
#include "libs/shell/stream_work.h"

namespace ppu::nccl {
namespace {

/// Above every number of a launch; the comparison that streams make is a signed one.
constexpr uint64_t kReleased = uint64_t(1) << 62;

std::string short_name(const std::string& text) {
  uint64_t h = 1469598103934665603ull;  // FNV-1a
  for (const unsigned char c : text) h = (h ^ c) * 1099511628211ull;
  char name[32];
  std::snprintf(name, sizeof name, "%016" PRIx64, h);
  return name;
}

/// A context current for as long as this lives.
class Current {
 public:
  explicit Current(CUcontext context) { cuCtxPushCurrent(context); }
  ~Current() {
    CUcontext popped;
    cuCtxPopCurrent(&popped);
  }
};

CUresult wait_for(CUstream stream, const uint64_t* word, uint64_t value) {
  return cuStreamWaitValue64(stream, reinterpret_cast<CUdeviceptr>(word), value, CU_STREAM_WAIT_VALUE_GEQ);
}

}  // namespace

/// A launch that a graph repeats: its own word says that it is done.
struct Communicator::Captured {
  Launch launch;
  uint64_t* word = take_word(WordUse::kSwitch);
  explicit Captured(Launch l) : launch(std::move(l)) {}
  ~Captured() {
    if (word) give_back_word(WordUse::kSwitch, word);
  }
};

Listener::Listener() : socket_(listen_anywhere(&address_)) {}

Listener::~Listener() {
  if (socket_ >= 0) ::close(socket_);
  for (const auto& [name, socket] : arrived_) ::close(socket);
}

std::unique_ptr<Link> Listener::take(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::string other;
  for (int socket; (socket = accept_named(socket_, &other)) >= 0;) arrived_[other] = socket;
  const auto at = arrived_.find(name);
  if (at == arrived_.end()) return nullptr;
  const int socket = at->second;
  arrived_.erase(at);
  return tcp_link(socket);
}

Communicator::Communicator(std::string name, int rank, std::vector<RankInfo> ranks,
                           std::shared_ptr<Listener> listener)
    : name_(std::move(name)), rank_(rank), ranks_(std::move(ranks)), listener_(std::move(listener)) {
  cuCtxGetCurrent(&context_);
  completed_ = take_word(WordUse::kCounter);
  if (completed_)
    issued_ = done_ = word_value(completed_);
  else
    error_ = ncclUnhandledCudaError;
  if (size() > 1) thread_ = std::thread([this] { work(); });
}

Communicator::~Communicator() {
  close();
  if (completed_ && !aborted_) give_back_word(WordUse::kCounter, completed_);
}

void Communicator::close() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

/// Null, with error() set, when it can't be had. A connection from another host may still have to come.
Link* Communicator::link(int peer, bool is_sender, bool control) {
  const std::lock_guard lock(link_mutex_);
  std::unique_ptr<Link>& link = links_[{peer, is_sender, control}];
  if (link) return link.get();
  const RankInfo &self = ranks_[size_t(rank_)], &other = ranks_[size_t(peer)];
  const std::string name = "/ppu-nccl-" + name_ + "-" + std::to_string(is_sender ? rank_ : peer) + "-" +
                           std::to_string(is_sender ? peer : rank_) + (control ? "-c" : "");
  ncclResult_t result = ncclSuccess;
  if (self.host == other.host)
    link = memory_link(name, self, other, is_sender, &result);
  else if (is_sender)
    link = tcp_link_to(other.address, name, &result);
  else
    while (!(link = listener_->take(name)) && !aborted_) ::usleep(100);
  if (!link) fail(result == ncclSuccess ? ncclInternalError : result);
  return link.get();
}

void Communicator::fail(ncclResult_t result) {
  ncclResult_t none = ncclSuccess;
  error_.compare_exchange_strong(none, result);
}

void Communicator::run(const Launch& launch) {
  if (error_ != ncclSuccess || aborted_) return;
  const ncclResult_t result = run_launch(*this, launch);
  if (result != ncclSuccess) fail(result);
}

void Communicator::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto next = [this] { return !arrived_.empty() && arrived_.begin()->first == done_ + 1; };
    wake_.wait(lock, [&] { return stop_ || next() || !captured_arrived_.empty(); });
    if (next()) {
      const Launch launch = std::move(arrived_.begin()->second);
      arrived_.erase(arrived_.begin());
      lock.unlock();
      run(launch);
      lock.lock();
      ++done_;
      set_word(completed_, aborted_ ? kReleased : done_);
      idle_.notify_all();
    } else if (!captured_arrived_.empty()) {
      const std::shared_ptr<Captured> captured = std::move(captured_arrived_.front());
      captured_arrived_.pop_front();
      busy_ = true;
      lock.unlock();
      run(captured->launch);
      set_word(captured->word, 1);
      lock.lock();
      busy_ = false;
      idle_.notify_all();
    } else if (stop_) {
      return;
    }
  }
}

ncclResult_t Communicator::enqueue(CUstream stream, Launch launch) {
  if (error_ != ncclSuccess) return error_;
  const Current current(context_);
  const auto as_result = [](CUresult r) { return r == CUDA_SUCCESS ? ncclSuccess : ncclUnhandledCudaError; };
  if (size() == 1)
    return as_result(shell::enqueue(
        stream, [self = shared_from_this(), launch = std::move(launch)] { self->run(launch); }));
  CUstreamCaptureStatus capture = CU_STREAM_CAPTURE_STATUS_NONE;
  if (cuStreamIsCapturing(stream, &capture) != CUDA_SUCCESS) return ncclUnhandledCudaError;
  if (capture != CU_STREAM_CAPTURE_STATUS_NONE) {
    auto captured = std::make_shared<Captured>(std::move(launch));
    uint64_t* const word = captured->word;
    if (!word) return ncclUnhandledCudaError;
    const CUresult queued = shell::enqueue(stream, [self = shared_from_this(), captured] {
      const std::lock_guard lock(self->mutex_);
      set_word(captured->word, self->stop_ || self->aborted_ ? 1 : 0);
      self->captured_arrived_.push_back(captured);
      self->wake_.notify_all();
    });
    return as_result(queued != CUDA_SUCCESS ? queued : wait_for(stream, word, 1));
  }
  const std::lock_guard order(issue_mutex_);
  const uint64_t number = issued_ + 1;
  const CUresult queued =
      shell::enqueue(stream, [self = shared_from_this(), number, launch = std::move(launch)] {
        const std::lock_guard lock(self->mutex_);
        self->arrived_.emplace(number, launch);
        self->wake_.notify_all();
      });
  if (queued != CUDA_SUCCESS) return ncclUnhandledCudaError;
  issued_ = number;
  return as_result(wait_for(stream, completed_, number));
}

void Communicator::finish() {
  const uint64_t all = [this] {
    const std::lock_guard order(issue_mutex_);
    return issued_;
  }();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return aborted_ || (done_ >= all && captured_arrived_.empty() && !busy_); });
}

void Communicator::abort() {
  aborted_ = true;
  const std::lock_guard lock(mutex_);
  if (completed_) set_word(completed_, kReleased);
  for (const auto& captured : captured_arrived_) set_word(captured->word, 1);
  captured_arrived_.clear();
  idle_.notify_all();
}

ncclRedOp_t Communicator::add_reduction(const Reduction& reduction) {
  const std::lock_guard lock(reduction_mutex_);
  reductions_[next_reduction_] = reduction;
  return ncclRedOp_t(next_reduction_++);
}

bool Communicator::remove_reduction(ncclRedOp_t op) {
  const std::lock_guard lock(reduction_mutex_);
  return reductions_.erase(int(op)) != 0;
}

bool Communicator::find_reduction(ncclRedOp_t op, Reduction* reduction) {
  if (int(op) >= 0 && int(op) < ncclNumOps) {
    *reduction = {};
    reduction->op = op;
    return true;
  }
  const std::lock_guard lock(reduction_mutex_);
  const auto at = reductions_.find(int(op));
  if (at == reductions_.end()) return false;
  *reduction = at->second;
  return true;
}

/// An all-gather on the caller's thread, over links of its own: work may be under way on the others.
ncclResult_t Communicator::share(const void* own, void* all, size_t bytes) {
  std::memcpy(static_cast<char*>(all) + size_t(rank_) * bytes, own, bytes);
  Exchange messages = exchange();
  for (int peer = 0; peer < size(); ++peer) {
    if (peer == rank_) continue;
    Link* out = link(peer, true, true);
    if (!out) return error_;
    messages.send(*out, own, bytes);
  }
  for (int peer = 0; peer < size(); ++peer) {
    if (peer == rank_) continue;
    Link* in = link(peer, false, true);
    if (!in) return error_;
    messages.receive(*in, static_cast<char*>(all) + size_t(peer) * bytes, bytes);
  }
  return messages.run();
}

std::shared_ptr<Communicator> Communicator::derive(const std::string& path, const std::vector<int>& members) {
  std::vector<RankInfo> ranks;
  int rank = 0;
  for (const int member : members) {
    if (member == rank_) rank = int(ranks.size());
    ranks.push_back(ranks_[size_t(member)]);
  }
  const Current current(context_);
  return std::make_shared<Communicator>(short_name(name_ + "/" + path), rank, std::move(ranks), listener_);
}

ncclResult_t Communicator::split(int color, int key, std::shared_ptr<Communicator>* made) {
  struct Choice {
    int32_t color, key;
  };
  const Choice own = {color, key};
  std::vector<Choice> choices(static_cast<size_t>(size()));
  const int number = ++derived_;
  if (const ncclResult_t shared = share(&own, choices.data(), sizeof own); shared != ncclSuccess)
    return shared;
  made->reset();
  if (color == NCCL_SPLIT_NOCOLOR) return ncclSuccess;
  std::vector<int> members;
  for (int r = 0; r < size(); ++r)
    if (choices[size_t(r)].color == color) members.push_back(r);
  std::sort(members.begin(), members.end(), [&](int a, int b) {
    return std::pair(choices[size_t(a)].key, a) < std::pair(choices[size_t(b)].key, b);
  });
  *made = derive("split" + std::to_string(number) + "." + std::to_string(color), members);
  return ncclSuccess;
}

ncclResult_t Communicator::shrink(const std::vector<int>& excluded, std::shared_ptr<Communicator>* made) {
  std::string path = "shrink" + std::to_string(++derived_);
  std::vector<int> members;
  for (int r = 0; r < size(); ++r)
    if (std::find(excluded.begin(), excluded.end(), r) == excluded.end())
      members.push_back(r);
    else
      path += "." + std::to_string(r);
  if (std::find(members.begin(), members.end(), rank_) == members.end()) return ncclInvalidArgument;
  *made = derive(path, members);
  return ncclSuccess;
}

}  // namespace ppu::nccl

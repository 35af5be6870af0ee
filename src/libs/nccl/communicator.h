// One rank of a communicator: who the others are, the links to them, and the thread that does its work in the
// order in which it was issued. Streams wait for that thread by a value in memory, because the host functions
// of a process run one at a time and ranks of one process must wait for each other.
#pragma once
#include <cuda.h>
#include <nccl.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "libs/nccl/exchange.h"

namespace ppu::nccl {

/// How elements are combined.
struct Reduction {
  ncclRedOp_t op = ncclSum;         ///< one of the plain ones; ncclAvg divides at the end
  bool scaled = false;              ///< each rank's numbers times its scalar first
  alignas(8) char scalar[8] = {};   ///< its value, or
  const void* scalar_at = nullptr;  ///< where it is when the work runs
};

struct Operation {
  enum class Kind { kAllReduce, kReduce, kReduceScatter, kAllGather, kBroadcast, kSend, kReceive };
  Kind kind;
  const void* from;
  void* to;
  size_t count;
  ncclDataType_t type;
  Reduction reduction = {};
  int peer = 0;  ///< root of a collective
  bool is_point_to_point() const { return kind == Kind::kSend || kind == Kind::kReceive; }
};
/// What one call, or all calls of a group for one stream, asks for.
using Launch = std::vector<Operation>;

/// The socket that ranks of other hosts connect to; a communicator shares it with those split from it.
class Listener {
 public:
  Listener();
  ~Listener();
  const sockaddr_in& address() const { return address_; }
  bool works() const { return socket_ >= 0; }
  /// The connection of that name once it has come; null before.
  std::unique_ptr<Link> take(const std::string& name);

 private:
  sockaddr_in address_ = {};  // filled in by the next one's initialiser
  int socket_;
  std::mutex mutex_;
  std::map<std::string, int> arrived_;
};

class Communicator : public std::enable_shared_from_this<Communicator> {
 public:
  /// `ranks`: who they are, this one at `rank`. `name` is the same in all ranks and no other communicator's.
  Communicator(std::string name, int rank, std::vector<RankInfo> ranks, std::shared_ptr<Listener> listener);
  ~Communicator();

  int rank() const { return rank_; }
  int size() const { return int(ranks_.size()); }
  int device() const { return ranks_[size_t(rank_)].device; }
  CUcontext context() const { return context_; }
  ncclResult_t error() const { return error_; }

  /// Puts work into the stream.
  ncclResult_t enqueue(CUstream stream, Launch launch);
  /// Waits for all that was issued.
  void finish();
  /// Ends everything under way; streams go on.
  void abort();
  /// Ends the thread. What streams bring after this is not done.
  void close();

  ncclRedOp_t add_reduction(const Reduction& reduction);
  bool remove_reduction(ncclRedOp_t op);
  /// False for an operation that isn't one.
  bool find_reduction(ncclRedOp_t op, Reduction* reduction);

  /// A communicator of those that name the same color, in the order of their keys; null for
  /// NCCL_SPLIT_NOCOLOR. All ranks call it.
  ncclResult_t split(int color, int key, std::shared_ptr<Communicator>* made);
  /// One of all but the excluded, which don't call it.
  ncclResult_t shrink(const std::vector<int>& excluded, std::shared_ptr<Communicator>* made);

  /// Used by the work itself.
  Link* out(int peer) { return link(peer, true, false); }
  Link* in(int peer) { return link(peer, false, false); }
  Exchange exchange() const { return Exchange({&aborted_}); }

 private:
  struct Captured;
  Link* link(int peer, bool is_sender, bool control);
  ncclResult_t share(const void* own, void* all, size_t bytes);
  void work();
  void run(const Launch& launch);
  void fail(ncclResult_t result);
  std::shared_ptr<Communicator> derive(const std::string& path, const std::vector<int>& members);

  const std::string name_;
  const int rank_;
  const std::vector<RankInfo> ranks_;
  const std::shared_ptr<Listener> listener_;
  CUcontext context_ = nullptr;

  std::mutex link_mutex_;
  std::map<std::tuple<int, bool, bool>, std::unique_ptr<Link>> links_;

  std::mutex issue_mutex_;
  uint64_t issued_ = 0;
  uint64_t* completed_ = nullptr;  ///< a word that streams wait on

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::map<uint64_t, Launch> arrived_;                      ///< by number: done in order
  std::deque<std::shared_ptr<Captured>> captured_arrived_;  ///< launches of graphs
  uint64_t done_ = 0;
  bool stop_ = false, busy_ = false;
  std::thread thread_;

  std::atomic<bool> aborted_{false};
  std::atomic<ncclResult_t> error_{ncclSuccess};

  std::mutex reduction_mutex_;
  std::map<int, Reduction> reductions_;
  int next_reduction_ = ncclNumOps, derived_ = 0;
};

/// Runs a launch of `comm` on this thread.
ncclResult_t run_launch(Communicator& comm, const Launch& launch);

}  // namespace ppu::nccl

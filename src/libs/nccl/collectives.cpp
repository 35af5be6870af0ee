// The collectives, as rings: all-reduce is a reduce-scatter and an all-gather (P. Patarasuk and X. Yuan,
// "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009), a broadcast or reduction
// goes down a chain in pieces. Every rank ends with the same bits, because each number is summed along one
// path.
#include <algorithm>
#include <cstring>

#include "libs/nccl/communicator.h"
#include "libs/nccl/reduce.h"

namespace ppu::nccl {
namespace {

using Kind = Operation::Kind;
constexpr size_t kPiece = 256 * 1024;

const std::byte* at(const void* p, size_t offset) {
  return static_cast<const std::byte*>(p) + offset;
}
std::byte* at(void* p, size_t offset) {
  return static_cast<std::byte*>(p) + offset;
}

/// The ring's two neighbours and the messages to and from them.
class Ring {
 public:
  explicit Ring(Communicator& comm) : comm_(comm) {
    const int n = comm.size();
    next_ = comm.out((comm.rank() + 1) % n), previous_ = comm.in((comm.rank() + n - 1) % n);
  }
  bool works() const { return next_ && previous_; }
  /// Sends one block and receives another; `take` as Exchange's.
  ncclResult_t turn(const void* from, size_t bytes, size_t bytes_in,
                    std::function<void(const std::byte*, size_t)> take) {
    Exchange messages = comm_.exchange();
    messages.send(*next_, from, bytes);
    messages.receive(*previous_, bytes_in, std::move(take));
    return messages.run();
  }
  ncclResult_t turn(const void* from, size_t bytes, void* to, size_t bytes_in) {
    Exchange messages = comm_.exchange();
    messages.send(*next_, from, bytes);
    messages.receive(*previous_, to, bytes_in);
    return messages.run();
  }
  ncclResult_t send(const void* from, size_t bytes) {
    Exchange messages = comm_.exchange();
    messages.send(*next_, from, bytes);
    return messages.run();
  }
  ncclResult_t receive(void* to, size_t bytes) {
    Exchange messages = comm_.exchange();
    messages.receive(*previous_, to, bytes);
    return messages.run();
  }

 private:
  Communicator& comm_;
  Link *next_, *previous_;
};

/// Combines what arrives with `own` into `to`, element by element.
auto combine_into(const Operation& o, const std::byte* own, std::byte* to) {
  return [&o, own, to, done = size_t(0)](const std::byte* arrived, size_t n) mutable {
    reduce(o.type, o.reduction.op, arrived, own + done, to + done, n / element_bytes(o.type));
    done += n;
  };
}

/// The numbers that this rank brings: its own, or times its scalar, which go into `room`.
const void* brought(const Operation& o, size_t count, void* room) {
  if (!o.reduction.scaled) return o.from;
  multiply(o.type, o.reduction.scalar_at ? o.reduction.scalar_at : o.reduction.scalar, o.from, room, count);
  return room;
}

void finish_average(const Operation& o, const Communicator& comm, void* x, size_t count) {
  if (o.reduction.op == ncclAvg) divide(o.type, x, count, comm.size());
}

ncclResult_t all_reduce(Communicator& comm, const Operation& o) {
  const size_t element = element_bytes(o.type), n = size_t(comm.size()), rank = size_t(comm.rank());
  Ring ring(comm);
  if (!ring.works()) return comm.error();
  const void* from = brought(o, o.count, o.to);
  const size_t block = (o.count + n - 1) / n;
  const auto begin = [&](size_t i) { return std::min(i % n * block, o.count) * element; };
  const auto bytes = [&](size_t i) { return std::min((i % n + 1) * block, o.count) * element - begin(i); };
  for (size_t s = 0; s + 1 < n; ++s) {
    const size_t out = rank + n - s, in = out + n - 1;
    const void* source = s == 0 ? at(from, begin(out)) : at(o.to, begin(out));
    const ncclResult_t turned =
        ring.turn(source, bytes(out), bytes(in), combine_into(o, at(from, begin(in)), at(o.to, begin(in))));
    if (turned != ncclSuccess) return turned;
  }
  finish_average(o, comm, at(o.to, begin(rank + 1)), bytes(rank + 1) / element);
  for (size_t s = 0; s + 1 < n; ++s) {
    const size_t out = rank + 1 + n - s, in = out + n - 1;
    const ncclResult_t turned = ring.turn(at(o.to, begin(out)), bytes(out), at(o.to, begin(in)), bytes(in));
    if (turned != ncclSuccess) return turned;
  }
  return ncclSuccess;
}

ncclResult_t reduce_scatter(Communicator& comm, const Operation& o) {
  const size_t block = o.count * element_bytes(o.type), n = size_t(comm.size()), rank = size_t(comm.rank());
  Ring ring(comm);
  if (!ring.works()) return comm.error();
  std::vector<std::byte> scaled(o.reduction.scaled ? block * n : 0), sums[2];
  const void* from = brought(o, o.count * n, scaled.data());
  const auto own = [&](size_t i) { return at(from, i % n * block); };
  for (auto& s : sums) s.resize(n > 2 ? block : 0);
  const void* source = own(rank + n - 1);
  for (size_t s = 0; s + 1 < n; ++s) {
    const size_t in = rank + 2 * n - 2 - s;
    std::byte* to = s + 2 == n ? static_cast<std::byte*>(o.to) : sums[s % 2].data();
    const ncclResult_t turned = ring.turn(source, block, block, combine_into(o, own(in), to));
    if (turned != ncclSuccess) return turned;
    source = to;
  }
  finish_average(o, comm, o.to, o.count);
  return ncclSuccess;
}

ncclResult_t all_gather(Communicator& comm, const Operation& o) {
  const size_t block = o.count * element_bytes(o.type), n = size_t(comm.size()), rank = size_t(comm.rank());
  Ring ring(comm);
  if (!ring.works()) return comm.error();
  std::byte* const own = at(o.to, rank * block);
  if (own != o.from) std::memmove(own, o.from, block);
  for (size_t s = 0; s + 1 < n; ++s) {
    const size_t out = (rank + n - s) % n, in = (rank + 2 * n - s - 1) % n;
    const ncclResult_t turned = ring.turn(at(o.to, out * block), block, at(o.to, in * block), block);
    if (turned != ncclSuccess) return turned;
  }
  return ncclSuccess;
}

ncclResult_t broadcast(Communicator& comm, const Operation& o) {
  const size_t bytes = o.count * element_bytes(o.type);
  const int place = (comm.rank() - o.peer + comm.size()) % comm.size();  // in the chain from the root
  Ring ring(comm);
  if (!ring.works()) return comm.error();
  if (place == 0 && o.to && o.to != o.from) std::memmove(o.to, o.from, bytes);
  for (size_t done = 0; done < bytes; done += kPiece) {
    const size_t n = std::min(kPiece, bytes - done);
    if (place > 0)
      if (const ncclResult_t got = ring.receive(at(o.to, done), n); got != ncclSuccess) return got;
    if (place + 1 == comm.size()) continue;
    const void* source = place == 0 ? at(o.from, done) : at(o.to, done);
    if (const ncclResult_t sent = ring.send(source, n); sent != ncclSuccess) return sent;
  }
  return ncclSuccess;
}

ncclResult_t reduce_to_root(Communicator& comm, const Operation& o) {
  const size_t element = element_bytes(o.type), bytes = o.count * element;
  const int place = (comm.rank() - o.peer - 1 + comm.size()) % comm.size();  // the root is the chain's last
  const bool last = place + 1 == comm.size();
  Ring ring(comm);
  if (!ring.works()) return comm.error();
  std::vector<std::byte> scaled(o.reduction.scaled ? bytes : 0), sum(last ? 0 : std::min(kPiece, bytes));
  const void* from = brought(o, o.count, scaled.data());
  for (size_t done = 0; done < bytes; done += kPiece) {
    const size_t n = std::min(kPiece, bytes - done);
    const std::byte* own = at(from, done);
    std::byte* to = last ? at(o.to, done) : sum.data();
    if (place > 0) {
      std::vector<std::byte> arrived(n);
      if (const ncclResult_t got = ring.receive(arrived.data(), n); got != ncclSuccess) return got;
      reduce(o.type, o.reduction.op, arrived.data(), own, to, n / element);
    }
    if (last) continue;
    if (const ncclResult_t sent = ring.send(place > 0 ? to : own, n); sent != ncclSuccess) return sent;
  }
  if (last) finish_average(o, comm, o.to, o.count);
  return ncclSuccess;
}

/// A communicator of one rank: the numbers it brings are the result.
ncclResult_t alone(const Communicator& comm, const Operation& o) {
  const size_t bytes = o.count * element_bytes(o.type);
  if (o.kind == Kind::kSend || o.kind == Kind::kReceive) return ncclSuccess;
  const void* from = brought(o, o.count, o.to);
  if (from != o.to && o.to) std::memmove(o.to, from, bytes);
  finish_average(o, comm, o.to, o.count);
  return ncclSuccess;
}

ncclResult_t run_collective(Communicator& comm, const Operation& o) {
  if (comm.size() == 1) return alone(comm, o);
  switch (o.kind) {
    case Kind::kAllReduce:
      return all_reduce(comm, o);
    case Kind::kReduce:
      return reduce_to_root(comm, o);
    case Kind::kReduceScatter:
      return reduce_scatter(comm, o);
    case Kind::kAllGather:
      return all_gather(comm, o);
    case Kind::kBroadcast:
      return broadcast(comm, o);
    default:
      return ncclInternalError;
  }
}

/// Sends and receives of one group are under way together. A rank may send to itself: the n-th send to the
/// n-th receive.
ncclResult_t run_point_to_point(Communicator& comm, const std::vector<const Operation*>& operations) {
  Exchange messages = comm.exchange();
  std::vector<const Operation*> own_sends, own_receives;
  for (const Operation* o : operations) {
    const bool sends = o->kind == Kind::kSend;
    const size_t bytes = o->count * element_bytes(o->type);
    if (o->peer == comm.rank()) {
      (sends ? own_sends : own_receives).push_back(o);
      continue;
    }
    Link* link = sends ? comm.out(o->peer) : comm.in(o->peer);
    if (!link) return comm.error();
    if (sends)
      messages.send(*link, o->from, bytes);
    else
      messages.receive(*link, o->to, bytes);
  }
  if (own_sends.size() != own_receives.size()) return ncclInvalidUsage;
  for (size_t i = 0; i < own_sends.size(); ++i) {
    const size_t bytes = own_sends[i]->count * element_bytes(own_sends[i]->type);
    if (bytes != own_receives[i]->count * element_bytes(own_receives[i]->type)) return ncclInvalidUsage;
    std::memmove(own_receives[i]->to, own_sends[i]->from, bytes);
  }
  return messages.run();
}

}  // namespace

ncclResult_t run_launch(Communicator& comm, const Launch& launch) {
  std::vector<const Operation*> point_to_point;
  for (const Operation& o : launch) {
    if (o.is_point_to_point()) {
      point_to_point.push_back(&o);
    } else if (const ncclResult_t result = run_collective(comm, o); result != ncclSuccess) {
      return result;
    }
  }
  return point_to_point.empty() ? ncclSuccess : run_point_to_point(comm, point_to_point);
}

}  // namespace ppu::nccl

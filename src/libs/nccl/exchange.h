// Messages between ranks that are under way at the same time: whatever can move moves, so that no order of
// sends and receives on the two sides can lock up.
#pragma once
#include <atomic>
#include <functional>
#include <vector>

#include "libs/nccl/link.h"

namespace ppu::nccl {

/// What a wait looks at now and then.
struct Watch {
  const std::atomic<bool>* aborted;
};

class Exchange {
 public:
  explicit Exchange(Watch watch) : watch_(watch) {}
  void send(Link& link, const void* from, size_t bytes);
  void receive(Link& link, void* to, size_t bytes);
  /// `take` gets the message in pieces, of multiples of 16 bytes but for the last.
  void receive(Link& link, size_t bytes, std::function<void(const std::byte*, size_t)> take);
  /// Until all have arrived. ncclRemoteError: a rank is gone; ncclInvalidUsage: the sides disagree about a
  /// size; ncclInternalError: aborted.
  ncclResult_t run();

 private:
  /// Precedes each message, so that a receiver of another size says so instead of reading nonsense.
  struct Header {
    uint64_t magic = 0x6c636e7570700001, bytes = 0;
  };
  struct Outgoing {
    Link* link;
    Header header;
    const std::byte* at;
    size_t done = 0;  ///< of header, message and padding to 16 bytes together
    bool over() const;
  };
  struct Incoming {
    Link* link;
    size_t bytes;
    std::function<void(const std::byte*, size_t)> take;
    bool begun = false;
    size_t done = 0;
    bool over() const;
  };
  bool step(Outgoing& m);
  bool step(Incoming& m, ncclResult_t* result);
  template <class Messages, class Step>
  bool step_all(Messages& messages, Step step, bool* left);
  bool any_broken() const;

  Watch watch_;
  std::vector<Outgoing> outgoing_;
  std::vector<Incoming> incoming_;
};

}  // namespace ppu::nccl

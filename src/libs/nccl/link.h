// One direction between two ranks: a stream of bytes through memory that both see (of the process, or of the
// host), or through a TCP connection. Nothing here waits.
#pragma once
#include <nccl.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace ppu::nccl {

/// Where a rank is. Exchanged as it lies in memory.
struct RankInfo {
  uint64_t host = 0;     ///< equal: the same shared memory and process numbers
  uint64_t process = 0;  ///< equal as well: one process
  int32_t pid = 0;
  int32_t device = 0;
  sockaddr_in address = {};  ///< where it takes connections
};
RankInfo this_process();

class Link {
 public:
  virtual ~Link() = default;
  /// Takes as many of the bytes as there is room for, without waiting.
  virtual size_t send_some(const std::byte* from, size_t n) = 0;
  /// Bytes that have come; stays as it is until consume().
  virtual std::span<const std::byte> arrived() = 0;
  virtual void consume(size_t n) = 0;
  /// True once the other side is known to be gone.
  virtual bool broken() = 0;
};

/// A ring buffer in this process's memory or in shared memory. Both sides make it by the same name.
std::unique_ptr<Link> memory_link(const std::string& name, const RankInfo& self, const RankInfo& peer,
                                  bool is_sender, ncclResult_t* result);

/// A listening socket on the address that other hosts reach; -1 and errno on failure.
int listen_anywhere(sockaddr_in* address);

/// A connection that begins with `name`, so that the other side knows what it is for.
std::unique_ptr<Link> tcp_link_to(const sockaddr_in& address, const std::string& name, ncclResult_t* result);
std::unique_ptr<Link> tcp_link(int socket);
/// The next connection that has come, with its name; -1: none.
int accept_named(int listener, std::string* name);

/// All of it, waiting; false when the other side is gone.
bool send_all(int socket, const void* from, size_t n);
bool receive_all(int socket, void* to, size_t n);
int connect_to(const sockaddr_in& address);

}  // namespace ppu::nccl

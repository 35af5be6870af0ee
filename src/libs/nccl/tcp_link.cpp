// The TCP connections of link.h, and where this process is.
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/log.h"
#include "libs/nccl/link.h"

namespace ppu::nccl {
namespace {

constexpr size_t kNameRoom = 128;

class TcpLink : public Link {
 public:
  explicit TcpLink(int socket) : socket_(socket), buffer_(256 * 1024) {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK);
  }
  ~TcpLink() override { ::close(socket_); }

  size_t send_some(const std::byte* from, size_t n) override {
    const ssize_t sent = ::send(socket_, from, n, MSG_NOSIGNAL);
    if (sent < 0) note_error();
    return sent < 0 ? 0 : size_t(sent);
  }
  std::span<const std::byte> arrived() override {
    if (begin_ > 0 && begin_ == end_) begin_ = end_ = 0;
    if (end_ - begin_ < 16 && begin_ > 0) {  // less than the longest element: more is needed behind it
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_, begin_ = 0;
    }
    if (end_ < buffer_.size() && !broken_) {
      const ssize_t n = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_, 0);
      if (n == 0) broken_ = true;
      if (n < 0) note_error();
      if (n > 0) end_ += size_t(n);
    }
    return {buffer_.data() + begin_, end_ - begin_};
  }
  void consume(size_t n) override { begin_ += n; }
  bool broken() override { return broken_ && begin_ == end_; }

 private:
  void note_error() {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) broken_ = true;
  }
  int socket_;
  bool broken_ = false;
  std::vector<std::byte> buffer_;
  size_t begin_ = 0, end_ = 0;
};

uint64_t hash_of(const std::string& text) {
  uint64_t h = 1469598103934665603ull;  // FNV-1a
  for (const unsigned char c : text) h = (h ^ c) * 1099511628211ull;
  return h;
}

/// Boot, shared memory and process numbers: equal for processes that can meet in /dev/shm.
uint64_t host_hash() {
  std::string text;
  if (FILE* file = std::fopen("/proc/sys/kernel/random/boot_id", "r")) {
    char boot[64] = "";
    if (std::fgets(boot, sizeof boot, file)) text = boot;
    std::fclose(file);
  }
  struct stat info{};
  if (::stat("/dev/shm", &info) == 0) text += std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  if (::stat("/proc/self/ns/pid", &info) == 0) text += ":" + std::to_string(info.st_ino);
  return hash_of(text);
}

/// NCCL_SOCKET_IFNAME, the beginning of an interface's name; else the first that isn't the loopback, else
/// that.
sockaddr_in own_address() {
  sockaddr_in found = {};
  found.sin_family = AF_INET, found.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const char* wanted = std::getenv("NCCL_SOCKET_IFNAME");
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return found;
  for (const ifaddrs* i = list; i; i = i->ifa_next) {
    if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP)) continue;
    const bool named = wanted && std::strncmp(i->ifa_name, wanted, std::strlen(wanted)) == 0;
    if (!named && (wanted || (i->ifa_flags & IFF_LOOPBACK))) continue;
    std::memcpy(&found, i->ifa_addr, sizeof found);
    break;
  }
  ::freeifaddrs(list);
  return found;
}

}  // namespace

RankInfo this_process() {
  static const uint64_t host = host_hash();
  RankInfo info;
  info.host = host, info.pid = ::getpid();
  info.process = uint64_t(info.pid) ^ host;
  const char* disabled = std::getenv("NCCL_SHM_DISABLE");
  if (disabled && std::strcmp(disabled, "1") == 0) info.host = hash_of(std::to_string(info.process));
  return info;
}

int listen_anywhere(sockaddr_in* address) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  *address = own_address();
  address->sin_port = 0;
  socklen_t size = sizeof *address;
  if (socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(address), size) == 0 &&
      ::listen(socket, 1024) == 0 && ::getsockname(socket, reinterpret_cast<sockaddr*>(address), &size) == 0)
    return socket;
  if (socket >= 0) ::close(socket);
  return -1;
}

int connect_to(const sockaddr_in& address) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  while (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EINTR) continue;
    char text[INET_ADDRSTRLEN] = "?";
    ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
    log("nccl", LogLevel::kError, "no connection to %s:%d: %s", text, ntohs(address.sin_port),
        std::strerror(errno));
    ::close(socket);
    return -1;
  }
  return socket;
}

bool send_all(int socket, const void* from, size_t n) {
  for (const char* at = static_cast<const char*>(from); n > 0;) {
    const ssize_t sent = ::send(socket, at, n, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent, n -= size_t(sent);
  }
  return true;
}

bool receive_all(int socket, void* to, size_t n) {
  for (char* at = static_cast<char*>(to); n > 0;) {
    const ssize_t got = ::recv(socket, at, n, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got, n -= size_t(got);
  }
  return true;
}

std::unique_ptr<Link> tcp_link(int socket) {
  return std::make_unique<TcpLink>(socket);
}

std::unique_ptr<Link> tcp_link_to(const sockaddr_in& address, const std::string& name, ncclResult_t* result) {
  const int socket = connect_to(address);
  char text[kNameRoom] = "";
  std::snprintf(text, sizeof text, "%s", name.c_str());
  if (socket >= 0 && send_all(socket, text, sizeof text)) return tcp_link(socket);
  if (socket >= 0) ::close(socket);
  *result = ncclSystemError;
  return nullptr;
}

int accept_named(int listener, std::string* name) {
  pollfd waiting = {listener, POLLIN, 0};
  if (::poll(&waiting, 1, 0) <= 0) return -1;
  const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return -1;
  char text[kNameRoom] = "";
  // A stranger that connects and says nothing must not hold us.
  const timeval patience = {5, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (!receive_all(socket, text, sizeof text)) {
    ::close(socket);
    return -1;
  }
  text[kNameRoom - 1] = '\0';
  *name = text;
  return socket;
}

}  // namespace ppu::nccl

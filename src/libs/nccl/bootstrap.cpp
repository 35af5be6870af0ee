// See bootstrap.h.
#include "libs/nccl/bootstrap.h"

#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "base/log.h"

namespace ppu::nccl {
namespace {

/// What an id holds.
struct Meeting {
  char magic[8] = {'p', 'p', 'u', 'n', 'c', 'c', 'l', '1'};
  uint64_t number = 0;
  sockaddr_in address = {};
};
static_assert(sizeof(Meeting) <= NCCL_UNIQUE_ID_BYTES);

struct Hello {
  uint64_t number;
  int32_t rank, size;
  RankInfo info;
};

/// Takes the hellos of one communicator and answers each with the table. Ends when all are in.
void host_meeting(int listener, Meeting meeting) {
  std::vector<int> sockets;
  std::vector<RankInfo> table;
  size_t in = 0;
  while (table.empty() || in < table.size()) {
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) break;
    Hello hello;
    if (!receive_all(socket, &hello, sizeof hello) || hello.number != meeting.number || hello.size < 1 ||
        hello.rank < 0 || hello.rank >= hello.size ||
        (!table.empty() && size_t(hello.size) != table.size())) {
      ::close(socket);  // a stranger
      continue;
    }
    if (table.empty()) table.resize(size_t(hello.size)), sockets.assign(size_t(hello.size), -1);
    if (sockets[size_t(hello.rank)] >= 0) {
      log("nccl", LogLevel::kError, "rank %d came twice", hello.rank);
      ::close(socket);
      continue;
    }
    table[size_t(hello.rank)] = hello.info;
    sockets[size_t(hello.rank)] = socket;
    ++in;
  }
  ::close(listener);
  for (const int socket : sockets) {
    if (socket < 0) continue;
    send_all(socket, table.data(), table.size() * sizeof(RankInfo));
    ::close(socket);
  }
}

}  // namespace

ncclResult_t make_unique_id(ncclUniqueId* id) {
  Meeting meeting;
  if (::getrandom(&meeting.number, sizeof meeting.number, 0) != sizeof meeting.number) return ncclSystemError;
  const int listener = listen_anywhere(&meeting.address);
  if (listener < 0) {
    log("nccl", LogLevel::kError, "can't listen for the ranks: %s", std::strerror(errno));
    return ncclSystemError;
  }
  std::memset(id, 0, sizeof *id);
  std::memcpy(id, &meeting, sizeof meeting);
  std::thread(host_meeting, listener, meeting).detach();
  return ncclSuccess;
}

ncclResult_t join(const ncclUniqueId& id, int rank, int size, std::shared_ptr<Communicator>* made) {
  Meeting meeting;
  std::memcpy(&meeting, &id, sizeof meeting);
  if (std::memcmp(meeting.magic, Meeting().magic, sizeof meeting.magic) != 0) {
    log("nccl", LogLevel::kError, "a unique id that ncclGetUniqueId of this library didn't make");
    return ncclInvalidArgument;
  }
  const auto listener = std::make_shared<Listener>();
  if (!listener->works()) return ncclSystemError;
  Hello hello = {meeting.number, rank, size, this_process()};
  hello.info.address = listener->address();
  CUdevice device = 0;
  if (cuCtxGetDevice(&device) != CUDA_SUCCESS) return ncclUnhandledCudaError;
  hello.info.device = device;
  std::vector<RankInfo> ranks(static_cast<size_t>(size));
  const int socket = connect_to(meeting.address);
  const bool met = socket >= 0 && send_all(socket, &hello, sizeof hello) &&
                   receive_all(socket, ranks.data(), ranks.size() * sizeof(RankInfo));
  if (socket >= 0) ::close(socket);
  if (!met) {
    log("nccl", LogLevel::kError,
        "rank %d of %d didn't meet the others: the process that made the id is gone, or "
        "another one has this rank",
        rank, size);
    return ncclSystemError;
  }
  char name[32];
  std::snprintf(name, sizeof name, "%016" PRIx64, meeting.number);
  *made = std::make_shared<Communicator>(name, rank, std::move(ranks), listener);
  return (*made)->error();
}

}  // namespace ppu::nccl

// ncclGroupStart and ncclGroupEnd: calls in between are put together and begin at the end, so that one thread
// can serve several ranks.
#pragma once
#include <functional>

#include "libs/nccl/communicator.h"

namespace ppu::nccl {

void begin_group();
/// Runs what the outermost group has gathered.
ncclResult_t end_group();

/// Work for a stream: now, or with the rest of the group.
ncclResult_t submit(Communicator& comm, CUstream stream, Operation operation);
/// Something that waits for other ranks (making a communicator): now, or at the group's end, where each such
/// job has a thread.
ncclResult_t submit_job(std::function<ncclResult_t()> job);

}  // namespace ppu::nccl

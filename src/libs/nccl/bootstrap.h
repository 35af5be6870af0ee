// How the ranks of a new communicator find each other: the process that made the unique id listens at the
// address in it until all have told where they are, and tells everyone.
#pragma once
#include <memory>

#include "libs/nccl/communicator.h"

namespace ppu::nccl {

ncclResult_t make_unique_id(ncclUniqueId* id);

/// Waits for all ranks. The caller's current context is the communicator's.
ncclResult_t join(const ncclUniqueId& id, int rank, int size, std::shared_ptr<Communicator>* made);

}  // namespace ppu::nccl

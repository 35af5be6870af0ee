// What one rank of a communicator checks: every collective, type and operation against what all ranks must
// agree on. The ranks are threads of one process or processes of their own.
#pragma once
#include <nccl.h>

#include <string>

namespace nccl_test {

/// Runs all checks as `rank` of `size`, on device `rank` modulo the number of devices. Empty, or what went
/// wrong.
std::string check_rank(const ncclUniqueId& id, int rank, int size);

}  // namespace nccl_test

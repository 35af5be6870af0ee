// See group.h.
#include "libs/nccl/group.h"

namespace ppu::nccl {
namespace {

struct Group {
  struct Work {
    Communicator* comm;
    CUstream stream;
    Launch launch;
  };
  int depth = 0;
  std::vector<Work> work;
  std::vector<std::function<ncclResult_t()>> jobs;
};
thread_local Group group;

/// All at once: they wait for each other. The first error of any.
ncclResult_t run_jobs(const std::vector<std::function<ncclResult_t()>>& jobs) {
  if (jobs.size() == 1) return jobs.front()();
  std::vector<ncclResult_t> results(jobs.size(), ncclSuccess);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < jobs.size(); ++i) threads.emplace_back([&, i] { results[i] = jobs[i](); });
  for (std::thread& thread : threads) thread.join();
  for (const ncclResult_t result : results)
    if (result != ncclSuccess) return result;
  return ncclSuccess;
}

}  // namespace

void begin_group() {
  ++group.depth;
}

ncclResult_t end_group() {
  if (group.depth == 0) return ncclInvalidUsage;
  if (--group.depth > 0) return ncclSuccess;
  const Group ended = std::move(group);
  group = {};
  if (!ended.jobs.empty())
    if (const ncclResult_t result = run_jobs(ended.jobs); result != ncclSuccess) return result;
  for (const Group::Work& w : ended.work)
    if (const ncclResult_t result = w.comm->enqueue(w.stream, w.launch); result != ncclSuccess) return result;
  return ncclSuccess;
}

ncclResult_t submit(Communicator& comm, CUstream stream, Operation operation) {
  if (group.depth == 0) return comm.enqueue(stream, {operation});
  for (Group::Work& w : group.work) {
    if (w.comm != &comm || w.stream != stream) continue;
    w.launch.push_back(operation);
    return ncclSuccess;
  }
  group.work.push_back({&comm, stream, {operation}});
  return ncclSuccess;
}

ncclResult_t submit_job(std::function<ncclResult_t()> job) {
  if (group.depth == 0) return job();
  group.jobs.push_back(std::move(job));
  return ncclSuccess;
}

}  // namespace ppu::nccl

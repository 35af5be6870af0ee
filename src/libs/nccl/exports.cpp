// libnccl.so.2 in host memory: device memory is host memory, so ranks of one host talk through shared memory
// and those of several by TCP. The exports and the bodies that check arguments.
#include <cstring>

#include "base/log.h"
#include "libs/nccl/bootstrap.h"
#include "libs/nccl/group.h"
#include "libs/nccl/reduce.h"
#include "libs/shell/handles.h"
#include "libs/shell/stream_work.h"

#define PPU_ROWS <ppu/nccl_functions.inc>
#define PPU_LIBRARY nccl
#define PPU_STATUS ncclResult_t
#define PPU_NOT_WRITTEN ncclInternalError
#define PPU_FAULT ncclInternalError
#include "libs/shell/exports.inc"

// The second names, which profilers call from a library of the first ones.
#define API(name, params, args) PPU_EXPORT decltype(name) p##name __attribute__((alias(#name)));
#define ANY(type, name, params, args) PPU_EXPORT decltype(name) p##name __attribute__((alias(#name)));
#define STUB(name) PPU_EXPORT decltype(name) p##name __attribute__((alias(#name)));
#include PPU_ROWS
#undef API
#undef ANY
#undef STUB

namespace ppu::nccl {
namespace {

using Kind = Operation::Kind;
auto& communicators = shell::handles<std::shared_ptr<Communicator>, ncclComm_t>();

/// Null for what isn't a communicator.
Communicator* find(ncclComm_t comm) {
  const std::shared_ptr<Communicator>* kept = communicators.find(comm);
  return kept ? kept->get() : nullptr;
}

ncclResult_t keep(ncclResult_t result, std::shared_ptr<Communicator> made, ncclComm_t* comm) {
  *comm = result == ncclSuccess && made ? communicators.make(std::move(made)) : nullptr;
  return result;
}

ncclResult_t invalid(const char* what) {
  log("nccl", LogLevel::kError, "invalid argument: %s", what);
  return ncclInvalidArgument;
}

bool reach(const void* p, size_t bytes) {
  return shell::reachable("nccl", p, bytes);
}

ncclResult_t start(Operation o, ncclComm_t comm, CUstream stream, ncclRedOp_t op = ncclSum) {
  Communicator* c = find(comm);
  if (!c) return invalid("the communicator");
  const size_t bytes = o.count * element_bytes(o.type), all = bytes * size_t(c->size());
  if (element_bytes(o.type) == 0) return invalid("the data type");
  if (o.peer < 0 || o.peer >= c->size()) return invalid("the root or peer");
  if (!c->find_reduction(op, &o.reduction)) return invalid("the reduction");
  if (o.count == 0 && !o.is_point_to_point()) return ncclSuccess;
  const bool reads = o.kind != Kind::kReceive && !(o.kind == Kind::kBroadcast && o.peer != c->rank());
  const bool writes = o.kind != Kind::kSend && !(o.kind == Kind::kReduce && o.peer != c->rank());
  if (reads && !reach(o.from, o.kind == Kind::kReduceScatter ? all : bytes))
    return invalid("the send buffer");
  if (writes && !reach(o.to, o.kind == Kind::kAllGather ? all : bytes)) return invalid("the receive buffer");
  return submit(*c, stream, o);
}

ncclResult_t init_rank(ncclComm_t* comm, int nranks, const ncclUniqueId& id, int rank) {
  if (!comm || nranks < 1 || rank < 0 || rank >= nranks) return invalid("the rank or their number");
  if (shell::need_context() != CUDA_SUCCESS) return ncclUnhandledCudaError;
  CUcontext context;
  cuCtxGetCurrent(&context);
  *comm = nullptr;
  return submit_job([=] {
    cuCtxSetCurrent(context);
    std::shared_ptr<Communicator> made;
    const ncclResult_t result = join(id, rank, nranks, &made);
    return keep(result, std::move(made), comm);
  });
}

/// The calls that are sends and receives between all and one, or all.
ncclResult_t to_each(const void* from, void* to, size_t count, ncclDataType_t type, ncclComm_t comm,
                     CUstream stream, int only_sends_to, int only_receives_from) {
  const Communicator* c = find(comm);
  if (!c) return invalid("the communicator");
  const size_t block = count * element_bytes(type);
  begin_group();
  ncclResult_t result = ncclSuccess;
  for (int peer = 0; peer < c->size() && result == ncclSuccess; ++peer) {
    const bool sends = (only_sends_to < 0 || only_sends_to == peer) &&
                       (only_receives_from < 0 || only_receives_from == c->rank());
    const bool receives = (only_receives_from < 0 || only_receives_from == peer) &&
                          (only_sends_to < 0 || only_sends_to == c->rank());
    const size_t out = only_sends_to < 0 ? size_t(peer) * block : 0,
                 in = only_receives_from < 0 ? size_t(peer) * block : 0;
    if (sends)
      result = start({Kind::kSend, static_cast<const char*>(from) + out, nullptr, count, type, {}, peer},
                     comm, stream);
    if (receives && result == ncclSuccess)
      result =
          start({Kind::kReceive, nullptr, static_cast<char*>(to) + in, count, type, {}, peer}, comm, stream);
  }
  const ncclResult_t ended = end_group();
  return result != ncclSuccess ? result : ended;
}

}  // namespace

ncclResult_t ncclGetVersion(int* version) {
  if (!version) return ncclInvalidArgument;
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t result) {
  switch (result) {
    case ncclSuccess:
      return "no error";
    case ncclUnhandledCudaError:
      return "unhandled cuda error";
    case ncclSystemError:
      return "unhandled system error";
    case ncclInternalError:
      return "internal error";
    case ncclInvalidArgument:
      return "invalid argument";
    case ncclInvalidUsage:
      return "invalid usage";
    case ncclRemoteError:
      return "remote process exited or there was a network error";
    case ncclInProgress:
      return "operation in progress";
    default:
      return "unknown result code";
  }
}

const char* ncclGetLastError(ncclComm_t) {
  return "OpenPPU's NCCL writes its errors to stderr when they happen";
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  return id ? make_unique_id(id) : ncclInvalidArgument;
}

ncclResult_t ncclCommInitRank(ncclComm_t* comm, int nranks, ncclUniqueId id, int rank) {
  return init_rank(comm, nranks, id, rank);
}
ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int nranks, ncclUniqueId id, int rank, ncclConfig_t*) {
  return init_rank(comm, nranks, id, rank);
}
ncclResult_t ncclCommInitRankScalable(ncclComm_t* comm, int nranks, int rank, int nids, ncclUniqueId* ids,
                                      ncclConfig_t*) {
  return nids < 1 || !ids ? invalid("the ids") : init_rank(comm, nranks, ids[0], rank);
}

ncclResult_t ncclCommInitAll(ncclComm_t* comms, int ndevices, const int* devices) {
  if (!comms || ndevices < 1) return invalid("the number of devices");
  if (shell::need_context() != CUDA_SUCCESS) return ncclUnhandledCudaError;
  ncclUniqueId id;
  if (const ncclResult_t made = make_unique_id(&id); made != ncclSuccess) return made;
  begin_group();
  for (int i = 0; i < ndevices; ++i)
    submit_job([=] {
      CUdevice device;
      CUcontext context;
      if (cuDeviceGet(&device, devices ? devices[i] : i) != CUDA_SUCCESS ||
          cuDevicePrimaryCtxRetain(&context, device) != CUDA_SUCCESS ||
          cuCtxSetCurrent(context) != CUDA_SUCCESS)
        return ncclUnhandledCudaError;
      std::shared_ptr<Communicator> made;
      const ncclResult_t result = join(id, i, ndevices, &made);
      return keep(result, std::move(made), &comms[i]);
    });
  return end_group();
}

ncclResult_t ncclCommSplit(ncclComm_t comm, int color, int key, ncclComm_t* made, ncclConfig_t*) {
  Communicator* c = find(comm);
  if (!c || !made || color < NCCL_SPLIT_NOCOLOR) return invalid("the communicator or color");
  *made = nullptr;
  return submit_job([=] {
    std::shared_ptr<Communicator> part;
    const ncclResult_t result = c->split(color, key, &part);
    return keep(result, std::move(part), made);
  });
}

ncclResult_t ncclCommShrink(ncclComm_t comm, int* excluded, int nexcluded, ncclComm_t* made, ncclConfig_t*,
                            int) {
  Communicator* c = find(comm);
  if (!c || !made || nexcluded < 0 || (nexcluded && !excluded))
    return invalid("the communicator or excluded ranks");
  std::shared_ptr<Communicator> rest;
  const ncclResult_t result = c->shrink({excluded, excluded + nexcluded}, &rest);
  return keep(result, std::move(rest), made);
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  Communicator* c = find(comm);
  if (!c) return invalid("the communicator");
  c->finish();
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  if (!comm) return ncclSuccess;
  Communicator* c = find(comm);
  if (!c) return invalid("the communicator");
  c->finish();
  c->close();
  return communicators.destroy(comm) ? ncclSuccess : ncclInvalidArgument;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (!comm) return ncclSuccess;
  Communicator* c = find(comm);
  if (!c) return invalid("the communicator");
  c->abort();
  c->close();
  return communicators.destroy(comm) ? ncclSuccess : ncclInvalidArgument;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* error) {
  const Communicator* c = find(comm);
  if (!c || !error) return invalid("the communicator");
  *error = c->error();
  return ncclSuccess;
}
ncclResult_t ncclCommCount(const ncclComm_t comm, int* count) {
  const Communicator* c = find(comm);
  if (!c || !count) return invalid("the communicator");
  *count = c->size();
  return ncclSuccess;
}
ncclResult_t ncclCommCuDevice(const ncclComm_t comm, int* device) {
  const Communicator* c = find(comm);
  if (!c || !device) return invalid("the communicator");
  *device = c->device();
  return ncclSuccess;
}
ncclResult_t ncclCommUserRank(const ncclComm_t comm, int* rank) {
  const Communicator* c = find(comm);
  if (!c || !rank) return invalid("the communicator");
  *rank = c->rank();
  return ncclSuccess;
}

// Registration makes transfers faster on NVIDIA's hardware; here all memory is alike.
ncclResult_t ncclCommRegister(const ncclComm_t comm, void* memory, size_t bytes, void** handle) {
  if (!find(comm) || !handle || !reach(memory, bytes)) return invalid("the communicator or memory");
  *handle = memory;
  return ncclSuccess;
}
ncclResult_t ncclCommDeregister(const ncclComm_t comm, void*) {
  return find(comm) ? ncclSuccess : invalid("the communicator");
}

ncclResult_t ncclMemAlloc(void** memory, size_t bytes) {
  if (!memory || !bytes) return invalid("the pointer or size");
  if (shell::need_context() != CUDA_SUCCESS) return ncclUnhandledCudaError;
  CUdeviceptr made = 0;
  const CUresult result = cuMemAlloc(&made, bytes);
  *memory = reinterpret_cast<void*>(made);
  return result == CUDA_SUCCESS ? ncclSuccess : ncclUnhandledCudaError;
}
ncclResult_t ncclMemFree(void* memory) {
  return cuMemFree(reinterpret_cast<CUdeviceptr>(memory)) == CUDA_SUCCESS ? ncclSuccess
                                                                          : ncclUnhandledCudaError;
}

ncclResult_t ncclRedOpCreatePreMulSum(ncclRedOp_t* op, void* scalar, ncclDataType_t type,
                                      ncclScalarResidence_t residence, ncclComm_t comm) {
  Communicator* c = find(comm);
  const size_t bytes = element_bytes(type);
  if (!c || !op || !scalar || bytes == 0) return invalid("the communicator, scalar or type");
  Reduction reduction;
  reduction.scaled = true;
  if (residence == ncclScalarHostImmediate)
    std::memcpy(reduction.scalar, scalar, bytes);
  else if (reach(scalar, bytes))
    reduction.scalar_at = scalar;
  else
    return invalid("the scalar");
  *op = c->add_reduction(reduction);
  return ncclSuccess;
}
ncclResult_t ncclRedOpDestroy(ncclRedOp_t op, ncclComm_t comm) {
  Communicator* c = find(comm);
  return c && c->remove_reduction(op) ? ncclSuccess : invalid("the communicator or operation");
}

ncclResult_t ncclGroupStart() {
  begin_group();
  return ncclSuccess;
}
ncclResult_t ncclGroupEnd() {
  return end_group();
}

ncclResult_t ncclAllReduce(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream) {
  return start({Kind::kAllReduce, from, to, count, type}, comm, stream, op);
}
ncclResult_t ncclReduce(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op,
                        int root, ncclComm_t comm, cudaStream_t stream) {
  return start({Kind::kReduce, from, to, count, type, {}, root}, comm, stream, op);
}
ncclResult_t ncclReduceScatter(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op,
                               ncclComm_t comm, cudaStream_t stream) {
  return start({Kind::kReduceScatter, from, to, count, type}, comm, stream, op);
}
ncclResult_t ncclAllGather(const void* from, void* to, size_t count, ncclDataType_t type, ncclComm_t comm,
                           cudaStream_t stream) {
  return start({Kind::kAllGather, from, to, count, type}, comm, stream);
}
ncclResult_t ncclBroadcast(const void* from, void* to, size_t count, ncclDataType_t type, int root,
                           ncclComm_t comm, cudaStream_t stream) {
  return start({Kind::kBroadcast, from, to, count, type, {}, root}, comm, stream);
}
ncclResult_t ncclBcast(void* memory, size_t count, ncclDataType_t type, int root, ncclComm_t comm,
                       cudaStream_t stream) {
  return start({Kind::kBroadcast, memory, memory, count, type, {}, root}, comm, stream);
}
ncclResult_t ncclSend(const void* from, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return start({Kind::kSend, from, nullptr, count, type, {}, peer}, comm, stream);
}
ncclResult_t ncclRecv(void* to, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return start({Kind::kReceive, nullptr, to, count, type, {}, peer}, comm, stream);
}
ncclResult_t ncclAlltoAll(const void* from, void* to, size_t count, ncclDataType_t type, ncclComm_t comm,
                          cudaStream_t stream) {
  return to_each(from, to, count, type, comm, stream, -1, -1);
}
ncclResult_t ncclGather(const void* from, void* to, size_t count, ncclDataType_t type, int root,
                        ncclComm_t comm, cudaStream_t stream) {
  return to_each(from, to, count, type, comm, stream, root, -1);
}
ncclResult_t ncclScatter(const void* from, void* to, size_t count, ncclDataType_t type, int root,
                         ncclComm_t comm, cudaStream_t stream) {
  return to_each(from, to, count, type, comm, stream, -1, root);
}

}  // namespace ppu::nccl

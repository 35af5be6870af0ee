// libnccl.so.2: versions and texts, and every other name of it, not written.
// NCCL user guide, ncclResult_t: it has no value for what isn't written.
enum ncclResult_t : int {
  ncclSuccess = 0,
  ncclUnhandledCudaError = 1,
  ncclSystemError = 2,
  ncclInternalError = 3,
  ncclInvalidArgument = 4,
  ncclInvalidUsage = 5,
  ncclRemoteError = 6,
  ncclInProgress = 7
};
struct ncclComm;

#define PPU_ROWS "libs/nccl/api.inc"
#define PPU_LIBRARY nccl
#define PPU_STATUS ncclResult_t
#define PPU_NOT_WRITTEN ncclInternalError
#define PPU_FAULT ncclInternalError
#include "libs/shell/exports.inc"

namespace ppu::nccl {

ncclResult_t ncclGetVersion(int* version) {
  if (!version) return ncclInvalidArgument;
  *version = 22800;  // 2.28.0
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
  }
  return "unknown result code";
}

const char* ncclGetLastError(ncclComm*) {
  return "";
}

}  // namespace ppu::nccl

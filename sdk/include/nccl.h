/* NCCL for programs built with ppucc: types and functions of the NCCL user guide. The functions are the rows
   of ppu/nccl_functions.inc, which the library is built from. */
#pragma once
#include <cuda_runtime_api.h>
#include <limits.h>
#include <stddef.h>

#define NCCL_MAJOR 2
#define NCCL_MINOR 28
#define NCCL_PATCH 0
#define NCCL_VERSION(major, minor, patch) ((major) * 10000 + (minor) * 100 + (patch))
#define NCCL_VERSION_CODE NCCL_VERSION(NCCL_MAJOR, NCCL_MINOR, NCCL_PATCH)
#define NCCL_UNIQUE_ID_BYTES 128
#define NCCL_CONFIG_UNDEF_INT INT_MIN
#define NCCL_SPLIT_NOCOLOR (-1)

typedef struct ncclComm* ncclComm_t;
typedef struct {
  char internal[NCCL_UNIQUE_ID_BYTES];
} ncclUniqueId;
typedef enum {
  ncclSuccess = 0,
  ncclUnhandledCudaError = 1,
  ncclSystemError = 2,
  ncclInternalError = 3,
  ncclInvalidArgument = 4,
  ncclInvalidUsage = 5,
  ncclRemoteError = 6,
  ncclInProgress = 7,
  ncclNumResults = 8
} ncclResult_t;
typedef enum {
  ncclSum = 0,
  ncclProd = 1,
  ncclMax = 2,
  ncclMin = 3,
  ncclAvg = 4,
  ncclNumOps = 5,
  ncclMaxRedOp = 0x7fffffff
} ncclRedOp_t;
typedef enum {
  ncclInt8 = 0,
  ncclChar = 0,
  ncclUint8 = 1,
  ncclInt32 = 2,
  ncclInt = 2,
  ncclUint32 = 3,
  ncclInt64 = 4,
  ncclUint64 = 5,
  ncclFloat16 = 6,
  ncclHalf = 6,
  ncclFloat32 = 7,
  ncclFloat = 7,
  ncclFloat64 = 8,
  ncclDouble = 8,
  ncclBfloat16 = 9,
  ncclFloat8e4m3 = 10,
  ncclFloat8e5m2 = 11,
  ncclNumTypes = 12
} ncclDataType_t;
typedef enum { ncclScalarDevice = 0, ncclScalarHostImmediate = 1 } ncclScalarResidence_t;
/* Where a program sets the members up by NCCL_CONFIG_INITIALIZER; none of them changes what is computed. */
typedef struct {
  size_t size;
  unsigned int magic, version;
  int blocking, cgaClusterSize, minCTAs, maxCTAs;
  const char* netName;
  int splitShare, trafficClass;
  const char* commName;
  int collnetEnable, CTAPolicy, shrinkShare, nvlsCTAs;
} ncclConfig_t;
#define NCCL_CONFIG_INITIALIZER \
  {sizeof(ncclConfig_t),        \
   0xcafebeef,                  \
   NCCL_VERSION_CODE,           \
   NCCL_CONFIG_UNDEF_INT,       \
   NCCL_CONFIG_UNDEF_INT,       \
   NCCL_CONFIG_UNDEF_INT,       \
   NCCL_CONFIG_UNDEF_INT,       \
   NULL,                        \
   NCCL_CONFIG_UNDEF_INT,       \
   NCCL_CONFIG_UNDEF_INT,       \
   NULL,                        \
   NCCL_CONFIG_UNDEF_INT,       \
   NCCL_CONFIG_UNDEF_INT,       \
   NCCL_CONFIG_UNDEF_INT,       \
   NCCL_CONFIG_UNDEF_INT}

#ifdef __cplusplus
extern "C" {
#endif
#define API(name, params, args) ncclResult_t name params;
#define ANY(type, name, params, args) type name params;
#define STUB(name)
#include <ppu/nccl_functions.inc>
#undef API
#undef ANY
#undef STUB
#ifdef __cplusplus
}
#endif

// cuSOLVER, sparse: the handle and its stream; the routines aren't written, so that what a program calls is
// named by its compiler.
#pragma once
#include <cusolver_common.h>
#include <cusparse.h>

typedef struct cusolverSpContext* cusolverSpHandle_t;

#ifdef __cplusplus
extern "C" {
#endif
cusolverStatus_t cusolverSpCreate(cusolverSpHandle_t* handle);
cusolverStatus_t cusolverSpDestroy(cusolverSpHandle_t handle);
cusolverStatus_t cusolverSpSetStream(cusolverSpHandle_t handle, cudaStream_t stream);
cusolverStatus_t cusolverSpGetStream(cusolverSpHandle_t handle, cudaStream_t* stream);
#ifdef __cplusplus
}
#endif

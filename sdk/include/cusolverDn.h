// cuSOLVER, dense: handles and streams, as its documentation names them, for headers that mention them
// (PyTorch's). The routines themselves aren't declared: what a program calls is then named by its compiler.
#pragma once
#include <cusolver_common.h>

struct cusolverDnContext;
typedef struct cusolverDnContext* cusolverDnHandle_t;

#ifdef __cplusplus
extern "C" {
#endif
cusolverStatus_t cusolverDnCreate(cusolverDnHandle_t* handle);
cusolverStatus_t cusolverDnDestroy(cusolverDnHandle_t handle);
cusolverStatus_t cusolverDnSetStream(cusolverDnHandle_t handle, cudaStream_t stream);
cusolverStatus_t cusolverDnGetStream(cusolverDnHandle_t handle, cudaStream_t* stream);
#ifdef __cplusplus
}
#endif

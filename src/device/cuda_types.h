// CUDA's result codes, enumerations and structures for src/device: what a device answers is defined by the
// CUDA Driver API manual, so it answers in its terms. Functions of cuda.h are not called here.
#pragma once
#ifndef __CUDA_API_VERSION_INTERNAL
#define __CUDA_API_VERSION_INTERNAL
#endif
#include <cuda.h>

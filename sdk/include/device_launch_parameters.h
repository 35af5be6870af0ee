// threadIdx, blockIdx, blockDim, gridDim and warpSize are the compiler's own; nothing to declare here.
#pragma once
#include "cuda_runtime.h"

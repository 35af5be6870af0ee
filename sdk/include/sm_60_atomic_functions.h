// Everything in it is there with cuda_runtime.h.
#pragma once
#include <cuda_runtime.h>

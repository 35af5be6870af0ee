// What every CUDA C++ source sees, as with nvcc: the runtime API, its C++ templates, and (in a CUDA pass)
// all device functions. ppucc includes this file before the first line of a .cu file.
// Plain C and C++ files may include it too; they get the host API only.
#pragma once
// Programs ask by this name whether the header is in.
#define __CUDA_RUNTIME_H__

#if defined(__CUDA__) && defined(__clang__)
#include "ppu/device_begin.h"
#endif

// clang-format off
#include "host_defines.h"
#include "vector_types.h"
#include "vector_functions.h"
#include "driver_types.h"
#include "library_types.h"
#include "cuda_runtime_api.h"
#include "channel_descriptor.h"
#include "driver_functions.h"
// clang-format on

#if defined(__CUDA__) && defined(__clang__)
#include "ppu/device_functions.h"
// Programs rely on nvcc's header having brought these.
#include <assert.h>
#include <stdio.h>
#include <time.h>
#include <functional>
#include <utility>
#endif

#ifdef __cplusplus
#include "ppu/runtime_templates.h"
#endif

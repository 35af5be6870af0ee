// The bodies behind the rows of ppu/cublaslt_functions.inc.
#pragma once
#include "libs/cublaslt/descriptors.h"

namespace ppu::cublaslt {
#define API(name, params, args) cublasStatus_t name params;
#define ANY(type, name, params, args) type name params;
#define STUB(name)
#include <ppu/cublaslt_functions.inc>
#undef API
#undef ANY
#undef STUB
}  // namespace ppu::cublaslt

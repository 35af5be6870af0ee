// Declarations of the bodies of api.inc. A body is ppu::runtime::<exported name>; it returns a cudaError_t
// and does not touch the last error: the exported function records it.
#pragma once
#include "runtime/context.h"
#include "runtime/launch.h"
#include "runtime/registry.h"

namespace ppu::runtime {

#define API(name, params, args) cudaError_t name params;
#define PER_THREAD(name, base, params, args)
#define STUB(name)
#define PLAIN(name)
#include "runtime/api.inc"
#undef API
#undef PER_THREAD
#undef STUB
#undef PLAIN

}  // namespace ppu::runtime

// See stream_work.h.
#include "libs/shell/stream_work.h"

#include <dlfcn.h>

#include <memory>

#include "base/log.h"

namespace ppu::shell {
namespace {

using Work = std::function<void()>;

void run_once(void* work) {
  const std::unique_ptr<Work> owned(static_cast<Work*>(work));
  (*owned)();
}

void run_again(void* work) {
  (*static_cast<Work*>(work))();
}

void destroy(void* work) {
  delete static_cast<Work*>(work);
}

// Graphs may be launched any number of times: the graph keeps the work (CUDA driver API,
// "cuUserObjectCreate").
CUresult add_to_capture(CUstream stream, CUgraph graph, std::unique_ptr<Work> work) {
  Work* raw = work.release();
  CUuserObject object;
  if (const CUresult made = cuUserObjectCreate(&object, raw, destroy, 1, CU_USER_OBJECT_NO_DESTRUCTOR_SYNC)) {
    delete raw;
    return made;
  }
  if (const CUresult kept = cuGraphRetainUserObject(graph, object, 1, CU_GRAPH_USER_OBJECT_MOVE)) return kept;
  return cuLaunchHostFunc(stream, run_again, raw);
}

/// All of one allocation: the usual case, and one call.
bool is_inside(const void* at, size_t bytes) {
  CUdeviceptr base = 0;
  size_t size = 0;
  const auto p = reinterpret_cast<CUdeviceptr>(at);
  return cuMemGetAddressRange(&base, &size, p) == CUDA_SUCCESS && bytes <= base + size - p;
}

bool is_known(const void* p) {
  CUmemorytype type{};
  return cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, reinterpret_cast<CUdeviceptr>(p)) ==
         CUDA_SUCCESS;
}

}  // namespace

CUresult need_context() {
  if (const CUresult started = cuInit(0)) return started;
  CUcontext context = nullptr;
  if (const CUresult asked = cuCtxGetCurrent(&context)) return asked;
  if (context) return CUDA_SUCCESS;
  if (const CUresult made = cuDevicePrimaryCtxRetain(&context, 0)) return made;
  return cuCtxSetCurrent(context);
}

void declare_indifferent() {
  static const bool once = [] {
    void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    if (!driver) return false;
    const auto declare = reinterpret_cast<void (*)(void (*)(void*))>(dlsym(driver, "ppu_library_work_v1"));
    for (const auto function : {run_once, run_again})
      if (declare) declare(function);
    return true;
  }();
  (void)once;
}

CUresult enqueue(CUstream stream, Work work) {
  if (const CUresult none = need_context()) return none;
  auto owned = std::make_unique<Work>(std::move(work));
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  cuuint64_t id = 0;
  CUgraph graph = nullptr;
  const CUresult asked = cuStreamGetCaptureInfo_v2(stream, &status, &id, &graph, nullptr, nullptr);
  if (asked != CUDA_SUCCESS) return asked;
  if (status == CU_STREAM_CAPTURE_STATUS_ACTIVE) return add_to_capture(stream, graph, std::move(owned));
  Work* raw = owned.release();
  const CUresult queued = cuLaunchHostFunc(stream, run_once, raw);
  if (queued != CUDA_SUCCESS) delete raw;
  return queued;
}

bool reachable(const char* channel, const void* at, size_t bytes) {
  if (bytes == 0 || (at && is_inside(at, bytes))) return true;
  need_context();  // a thread may begin with a library's call
  if (at && is_known(at) && is_known(static_cast<const char*>(at) + bytes - 1)) return true;
  log(channel, LogLevel::kError, "an operand's %zu bytes at %p aren't all device memory", bytes, at);
  return false;
}

}  // namespace ppu::shell

// See handle.h.
#include "libs/cublas/handle.h"

#include <dlfcn.h>

#include <memory>
#include <mutex>
#include <set>

#include "base/log.h"

namespace ppu::cublas {
namespace {

std::mutex mutex;
std::set<cublasHandle_t>& live() {
  static auto* handles = new std::set<cublasHandle_t>;  // used by other libraries' exit handlers
  return *handles;
}

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

/// Tells our driver that products mind neither threads nor company: they run on the thread that waits for
/// them, and those of several streams at once.
void declare_work() {
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

// Graphs may be launched any number of times: the graph keeps the work (CUDA runtime API, "User Objects").
Status add_to_capture(cudaStream_t stream, std::unique_ptr<Work> work) {
  cudaStreamCaptureStatus status;
  cudaGraph_t graph = nullptr;
#if CUDART_VERSION >= 13000
  const cudaError_t asked =
      cudaStreamGetCaptureInfo(stream, &status, nullptr, &graph, nullptr, nullptr, nullptr);
#else
  const cudaError_t asked = cudaStreamGetCaptureInfo_v2(stream, &status, nullptr, &graph, nullptr, nullptr);
#endif
  if (asked != cudaSuccess || !graph) return CUBLAS_STATUS_EXECUTION_FAILED;
  cudaUserObject_t object;
  Work* raw = work.release();
  if (cudaUserObjectCreate(&object, raw, destroy, 1, cudaUserObjectNoDestructorSync) != cudaSuccess) {
    delete raw;
    return CUBLAS_STATUS_ALLOC_FAILED;
  }
  if (cudaGraphRetainUserObject(graph, object, 1, cudaGraphUserObjectMove) != cudaSuccess)
    return CUBLAS_STATUS_INTERNAL_ERROR;
  return cudaLaunchHostFunc(stream, run_again, raw) == cudaSuccess ? CUBLAS_STATUS_SUCCESS
                                                                   : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // namespace

bool is_live(cublasHandle_t handle) {
  const std::lock_guard lock(mutex);
  return live().contains(handle);
}

void add_live(cublasHandle_t handle) {
  const std::lock_guard lock(mutex);
  live().insert(handle);
}

bool remove_live(cublasHandle_t handle) {
  const std::lock_guard lock(mutex);
  return live().erase(handle) != 0;
}

Status enqueue(cudaStream_t stream, Work work) {
  declare_work();
  auto owned = std::make_unique<Work>(std::move(work));
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  if (cudaStreamIsCapturing(stream, &capture) != cudaSuccess) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (capture != cudaStreamCaptureStatusNone) return add_to_capture(stream, std::move(owned));
  Work* raw = owned.release();
  if (cudaLaunchHostFunc(stream, run_once, raw) == cudaSuccess) return CUBLAS_STATUS_SUCCESS;
  delete raw;
  return CUBLAS_STATUS_EXECUTION_FAILED;
}

Status enqueue(cublasHandle_t handle, Work work) {
  return enqueue(handle->stream, std::move(work));
}

bool reachable(const void* at, size_t bytes) {
  if (bytes == 0) return true;
  const auto known = [](const void* p) {
    cudaPointerAttributes a;
    const bool ok = cudaPointerGetAttributes(&a, p) == cudaSuccess && a.type != cudaMemoryTypeUnregistered;
    if (!ok) cudaGetLastError();
    return ok;
  };
  if (at && known(at) && known(static_cast<const char*>(at) + bytes - 1)) return true;
  log("cublas", LogLevel::kError, "an operand's %zu bytes at %p aren't all device memory", bytes, at);
  return false;
}

}  // namespace ppu::cublas

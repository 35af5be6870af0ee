// See handle.h.
#include "libs/cublas/handle.h"

#include <mutex>
#include <set>

#include "libs/shell/stream_work.h"

namespace ppu::cublas {
namespace {

std::mutex mutex;
std::set<cublasHandle_t>& live() {
  static auto* handles = new std::set<cublasHandle_t>;  // used by other libraries' exit handlers
  return *handles;
}
thread_local bool any_operands = false;

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

Status enqueue(cublasHandle_t handle, std::function<void()> work) {
  shell::declare_indifferent();
  switch (shell::enqueue(handle->stream, std::move(work))) {
    case CUDA_SUCCESS:
      return CUBLAS_STATUS_SUCCESS;
    case CUDA_ERROR_OUT_OF_MEMORY:
      return CUBLAS_STATUS_ALLOC_FAILED;
    default:
      return CUBLAS_STATUS_EXECUTION_FAILED;
  }
}

AnyOperands::AnyOperands() {
  any_operands = true;
}
AnyOperands::~AnyOperands() {
  any_operands = false;
}
bool reachable(const void* at, size_t bytes) {
  return any_operands ? at || !bytes : shell::reachable("cublas", at, bytes);
}

}  // namespace ppu::cublas

// cuBLAS's first interface: one handle for the program, the last error kept, characters for options (cuBLAS
// documentation, "Using the cuBLAS Legacy API"). The functions are the rows of ppu/cublas_legacy_rows.inc.
#pragma once
#include "libs/cublas/handle.h"

namespace ppu::cublas::legacy {

/// The handle of cublasInit, null before it.
cublasHandle_t handle();
/// Keeps what cublasGetError will say, unless there is an older error.
void keep(cublasStatus_t status);

/// Options from their letters; others become values that every function refuses.
cublasOperation_t op(char letter);
cublasFillMode_t fill(char letter);
cublasDiagType_t diag(char letter);
cublasSideMode_t side(char letter);

/// Calls `body(handle, where the value goes)` and returns the value: 0 after an error.
template <class T, class Body>
T call(Body body) {
  if constexpr (std::is_void_v<T>) {
    keep(body(handle(), static_cast<void*>(nullptr)));
  } else {
    T value{};
    keep(body(handle(), &value));
    return value;
  }
}

}  // namespace ppu::cublas::legacy

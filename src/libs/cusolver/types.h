// cuSOLVER's public types for the library itself: the SDK's headers without the CUDA runtime's functions, and
// the objects behind the handles.
#pragma once
#include <cuda.h>
#include <cusolverDn.h>
#include <cusolverRf.h>
#include <cusolverSp.h>
#include <cusolverSp_LOWLEVEL_PREVIEW.h>

#include <memory>

struct cusolverDnContext {
  CUstream stream = nullptr;
  cusolverDeterministicMode_t deterministic = CUSOLVER_DETERMINISTIC_RESULTS;
  cusolverMathMode_t math = CUSOLVER_DEFAULT_MATH;
};
struct cusolverSpContext {
  CUstream stream = nullptr;
};

namespace ppu::cusolver {

/// What an iteration has found, written when the work runs; the work holds it too, in case the program
/// destroys its parameters first.
struct Found {
  double residual = 0;
  int sweeps = 0;
};
/// The parameters of a Jacobi method. LAPACK's own methods take their place: tolerance and sweeps are kept to
/// their documented ranges, and results are always sorted.
struct Jacobi {
  double tolerance = 0;
  int sweeps = 100, sort = 1;
  bool tells = true;  ///< false after a batch: what was found isn't kept
  std::shared_ptr<Found> found = std::make_shared<Found>();
};

}  // namespace ppu::cusolver
struct syevjInfo : ppu::cusolver::Jacobi {};
struct gesvdjInfo : ppu::cusolver::Jacobi {};
struct cusolverDnParams {
  cusolverAlgMode_t algorithms[3] = {};
};

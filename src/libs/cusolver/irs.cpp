// cuSOLVER's iterative refinement with parameters: what solver and precisions a program asks for is kept to
// the documented combinations, and the system is solved in the main precision, where nothing is left to
// refine.
#include "libs/cusolver/linear.h"

struct cusolverDnIRSParams {
  cusolverIRSRefinement_t solver = CUSOLVER_IRS_REFINE_NOT_SET;
  int main = 0, lowest = 0;  ///< cusolverPrecType_t, or 0: not set
  double tolerance = 0, inner_tolerance = 0;
  int most = 50, inner_most = 50;
  bool fallback = true;
};
struct cusolverDnIRSInfos {
  int iterations = 0, most = 0;
};

namespace ppu::cusolver {
namespace {

using Params = cusolverDnIRSParams_t;
auto& all_params = shell::handles<cusolverDnIRSParams>();
auto& all_infos = shell::handles<cusolverDnIRSInfos>();

template <class F>
Status with(Params handle, F body) {
  cusolverDnIRSParams* params = all_params.find(handle);
  return params ? body(*params) : CUSOLVER_STATUS_IRS_PARAMS_NOT_INITIALIZED;
}
template <class F>
Status with(cusolverDnIRSInfos_t handle, F body) {
  cusolverDnIRSInfos* infos = all_infos.find(handle);
  return infos ? body(*infos) : CUSOLVER_STATUS_IRS_INFOS_NOT_INITIALIZED;
}
template <class Value>
Status set(Params handle, Value cusolverDnIRSParams::* field, Value value) {
  return with(handle, [&](cusolverDnIRSParams& params) {
    params.*field = value;
    return kOk;
  });
}
bool is_complex_precision(int p) {
  return p > CUSOLVER_C_8I;
}
/// Main precisions are those of LAPACK; lower ones of the same kind follow them in the enumeration (cuSOLVER
/// documentation, "cusolverPrecType_t").
bool is_main(int p) {
  return p == CUSOLVER_R_64F || p == CUSOLVER_R_32F || p == CUSOLVER_C_64F || p == CUSOLVER_C_32F;
}
bool is_lowest(int p) {
  return (p >= CUSOLVER_R_64F && p <= CUSOLVER_R_TF32) || (p >= CUSOLVER_C_64F && p <= CUSOLVER_C_TF32);
}
/// What a solution checks of its parameters.
Status check(const cusolverDnIRSParams& params) {
  const bool fit = is_main(params.main) && is_lowest(params.lowest) && params.lowest >= params.main &&
                   is_complex_precision(params.main) == is_complex_precision(params.lowest);
  if (!fit) return CUSOLVER_STATUS_IRS_PARAMS_INVALID_PREC;
  if (params.solver == CUSOLVER_IRS_REFINE_NOT_SET) return CUSOLVER_STATUS_IRS_PARAMS_INVALID_REFINE;
  return kOk;
}
/// Calls body(a number of the main precision).
template <class F>
Status with_main(Handle h, Params handle, F body) {
  if (!contexts.find(h)) return CUSOLVER_STATUS_NOT_INITIALIZED;
  return with(handle, [&](const cusolverDnIRSParams& params) -> Status {
    if (const Status bad = check(params)) return bad;
    switch (params.main) {
      case CUSOLVER_R_64F:
        return body(double());
      case CUSOLVER_R_32F:
        return body(float());
      case CUSOLVER_C_64F:
        return body(std::complex<double>());
      default:
        return body(std::complex<float>());
    }
  });
}
/// Notes in `infos` that nothing was refined.
Status begin_solution(cusolverDnIRSInfos_t infos, Params params, int* iterations) {
  if (!iterations) return kBad;
  *iterations = 0;
  return with(infos, [&](cusolverDnIRSInfos& found) {
    found.iterations = 0, found.most = all_params.find(params)->most;
    return kOk;
  });
}

}  // namespace

Status cusolverDnIRSParamsCreate(Params* params) {
  if (!params) return kBad;
  *params = all_params.make();
  return kOk;
}
Status cusolverDnIRSParamsDestroy(Params params) {
  return all_params.destroy(params) ? kOk : CUSOLVER_STATUS_IRS_PARAMS_NOT_INITIALIZED;
}
Status cusolverDnIRSParamsSetRefinementSolver(Params params, cusolverIRSRefinement_t solver) {
  if (solver < CUSOLVER_IRS_REFINE_NONE || solver > CUSOLVER_IRS_REFINE_GMRES_NOPCOND)
    return CUSOLVER_STATUS_IRS_PARAMS_INVALID_REFINE;
  return set(params, &cusolverDnIRSParams::solver, solver);
}
Status cusolverDnIRSParamsSetSolverMainPrecision(Params params, cusolverPrecType_t main) {
  if (!is_main(main)) return CUSOLVER_STATUS_IRS_PARAMS_INVALID_PREC;
  return set(params, &cusolverDnIRSParams::main, int(main));
}
Status cusolverDnIRSParamsSetSolverLowestPrecision(Params params, cusolverPrecType_t lowest) {
  if (!is_lowest(lowest)) return CUSOLVER_STATUS_IRS_PARAMS_INVALID_PREC;
  return set(params, &cusolverDnIRSParams::lowest, int(lowest));
}
Status cusolverDnIRSParamsSetSolverPrecisions(Params params, cusolverPrecType_t main,
                                              cusolverPrecType_t lowest) {
  if (const Status bad = cusolver::cusolverDnIRSParamsSetSolverMainPrecision(params, main)) return bad;
  return cusolver::cusolverDnIRSParamsSetSolverLowestPrecision(params, lowest);
}
Status cusolverDnIRSParamsSetTol(Params params, double tolerance) {
  return set(params, &cusolverDnIRSParams::tolerance, tolerance);
}
Status cusolverDnIRSParamsSetTolInner(Params params, double tolerance) {
  return set(params, &cusolverDnIRSParams::inner_tolerance, tolerance);
}
Status cusolverDnIRSParamsSetMaxIters(Params params, int most) {
  return set(params, &cusolverDnIRSParams::most, most);
}
Status cusolverDnIRSParamsSetMaxItersInner(Params params, int most) {
  return set(params, &cusolverDnIRSParams::inner_most, most);
}
Status cusolverDnIRSParamsGetMaxIters(Params params, int* most) {
  return with(params, [&](const cusolverDnIRSParams& kept) {
    if (!most) return kBad;
    *most = kept.most;
    return kOk;
  });
}
Status cusolverDnIRSParamsEnableFallback(Params params) {
  return set(params, &cusolverDnIRSParams::fallback, true);
}
Status cusolverDnIRSParamsDisableFallback(Params params) {
  return set(params, &cusolverDnIRSParams::fallback, false);
}
Status cusolverDnIRSInfosCreate(cusolverDnIRSInfos_t* infos) {
  if (!infos) return kBad;
  *infos = all_infos.make();
  return kOk;
}
Status cusolverDnIRSInfosDestroy(cusolverDnIRSInfos_t infos) {
  return all_infos.destroy(infos) ? kOk : CUSOLVER_STATUS_IRS_INFOS_NOT_INITIALIZED;
}
Status cusolverDnIRSInfosGetNiters(cusolverDnIRSInfos_t infos, int* iterations) {
  return with(infos, [&](const cusolverDnIRSInfos& found) {
    if (!iterations) return kBad;
    *iterations = found.iterations;
    return kOk;
  });
}
Status cusolverDnIRSInfosGetOuterNiters(cusolverDnIRSInfos_t infos, int* iterations) {
  return cusolver::cusolverDnIRSInfosGetNiters(infos, iterations);
}
Status cusolverDnIRSInfosGetMaxIters(cusolverDnIRSInfos_t infos, int* most) {
  return with(infos, [&](const cusolverDnIRSInfos& found) {
    if (!most) return kBad;
    *most = found.most;
    return kOk;
  });
}

Status cusolverDnIRSXgesv_bufferSize(Handle h, Params params, int n, int nrhs, size_t* bytes) {
  return with_main(h, params, [&](auto number) {
    using T = decltype(number);
    return gesv_bufferSize<T>(h, n, nrhs, nullptr, std::max(1, n), nullptr, nullptr, std::max(1, n), nullptr,
                              std::max(1, n), nullptr, bytes);
  });
}
Status cusolverDnIRSXgesv(Handle h, Params params, cusolverDnIRSInfos_t infos, int n, int nrhs, void* a,
                          int lda, void* b, int ldb, void* x, int ldx, void*, size_t, int* iterations,
                          int* info) {
  return with_main(h, params, [&](auto number) -> Status {
    using T = decltype(number);
    const auto *from = static_cast<const T*>(a), *right = static_cast<const T*>(b);
    auto* to = static_cast<T*>(x);
    if (nrhs < 0 || !holds(lda, n) || !holds(ldb, n) || !holds(ldx, n) || !reach(from, n, n, lda) ||
        !reach(right, n, nrhs, ldb) || !reach(to, n, nrhs, ldx) || !reach(info, 1))
      return kBad;
    if (const Status bad = begin_solution(infos, params, iterations)) return bad;
    return queue(h, [=] {
      std::vector<int> pivots(size_t(std::max(1, n)));
      *info = solve_beside<T>(n, nrhs, from, lda, pivots.data(), right, ldb, to, ldx);
    });
  });
}
Status cusolverDnIRSXgels_bufferSize(Handle h, Params params, int m, int n, int nrhs, size_t* bytes) {
  return with_main(h, params, [&](auto number) {
    using T = decltype(number);
    return gels_bufferSize<T>(h, m, n, nrhs, nullptr, std::max(1, m), nullptr, std::max(1, m), nullptr,
                              std::max(1, n), nullptr, bytes);
  });
}
Status cusolverDnIRSXgels(Handle h, Params params, cusolverDnIRSInfos_t infos, int m, int n, int nrhs,
                          void* a, int lda, void* b, int ldb, void* x, int ldx, void* work, size_t bytes,
                          int* iterations, int* info) {
  return with_main(h, params, [&](auto number) -> Status {
    using T = decltype(number);
    if (const Status bad = begin_solution(infos, params, iterations)) return bad;
    return gels<T>(h, m, n, nrhs, static_cast<T*>(a), lda, static_cast<T*>(b), ldb, static_cast<T*>(x), ldx,
                   work, bytes, iterations, info);
  });
}

}  // namespace ppu::cusolver

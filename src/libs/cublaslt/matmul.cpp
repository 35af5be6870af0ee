// cublasLtMatmul and what chooses its algorithm: there is one, which needs no workspace.
#include <algorithm>
#include <cstring>

#include "libs/cublas/fast.h"
#include "libs/cublas/level3.h"
#include "libs/cublas/numbers.h"
#include "libs/cublaslt/finish.h"
#include "libs/cublaslt/functions.h"
#include "libs/shell/stream_work.h"

namespace ppu::cublaslt {
namespace {

constexpr int kAlgorithm = 0;
constexpr uint64_t kMagic = 0x7070752d6c743031;  ///< in data[0]: an algorithm of ours

/// D by the tensor units in one go, where bias and activation are what oneDNN has.
bool run_fast(const Request& r, const void* alpha, const void* beta) {
  const MatmulDesc& d = r.desc;
  constexpr unsigned kSimple = kRelu | kGelu | kBias | CUBLASLT_EPILOGUE_DEFAULT;
  if (r.alpha_is_vector() || (d.epilogue & ~kSimple) || (r.has(kBias) && (r.transposed || d.bias_stride)))
    return false;
  if (d.a_scale || d.b_scale || d.c_scale || d.d_scale || d.d_amax) return false;
  float a, b;
  cublas::to_float(r.product.scale, alpha, &a, 1), cublas::to_float(r.product.scale, beta, &b, 1);
  cublas::FastFinish finish;
  if (r.has(kRelu)) finish.function = onednn::Function::kRelu;
  if (r.has(kGelu)) finish.function = onednn::Function::kGelu;
  if (r.has(kBias)) finish.bias = d.bias, finish.bias_type = r.bias_type;
  return cublas::fast_multiply(r.product, a, b, finish);
}

/// Some columns at a time, so that a product is still in the cache when it is finished.
void run_in_pieces(const Request& r, const void* alpha, const void* beta) {
  constexpr int64_t kPiece = 128 * 1024;  // numbers
  const cublas::Product& p = r.product;
  const int64_t wide =
      std::clamp<int64_t>(kPiece / std::max<int64_t>(1, p.m), std::min<int64_t>(64, p.n), p.n);
  const bool integers = p.a.type == CUDA_R_8I && p.b.type == CUDA_R_8I;
  std::vector<float> numbers(size_t(p.m * wide), 0.0f);
  for (int64_t i = 0; i < p.count; ++i) {
    Finish finish(r, alpha, beta, i);
    for (int64_t first = 0; first < p.n; first += wide) {
      cublas::Product piece = p;
      piece.n = std::min(wide, p.n - first);
      piece.a.data = p.a.of(i);
      piece.b.data =
          p.b.of(i) + size_t(first * (p.tb == CUBLAS_OP_N ? p.b.ld : 1)) * cublas::element_bytes(p.b.type);
      if (integers) {
        auto* sums = reinterpret_cast<int32_t*>(numbers.data());
        cublas::multiply(piece, 0, sums);
        for (int64_t x = 0; x < p.m * piece.n; ++x) numbers[size_t(x)] = float(sums[x]);
      } else {
        cublas::multiply(piece, 0, numbers.data());
      }
      for (int64_t j = 0; j < piece.n; ++j) finish.column(numbers.data() + j * p.m, first + j);
    }
    finish.end();
  }
}

bool reach(const cublas::Operand& x, int64_t rows, int64_t columns, int64_t count) {
  const size_t element = cublas::element_bytes(x.type),
               bytes = cublas::matrix_bytes(rows, columns, x.ld, element);
  return shell::reachable("cublaslt", x.of(0), bytes) && shell::reachable("cublaslt", x.of(count - 1), bytes);
}

/// What a kernel would fault on.
bool reach_all(const Request& r, bool reads_c) {
  const cublas::Product& p = r.product;
  const cublas::Stored a = cublas::stored(p.ta, p.m, p.k), b = cublas::stored(p.tb, p.k, p.n);
  const bool needs_bias = r.has(kBias | kBiasGradient | kBiasGradientOfA | kBiasGradientOfB);
  return reach(p.a, a.rows, a.columns, p.count) && reach(p.b, b.rows, b.columns, p.count) &&
         reach(p.d, p.m, p.n, p.count) && (!reads_c || reach(p.c, p.m, p.n, p.count)) &&
         (!needs_bias || shell::reachable("cublaslt", r.desc.bias, cublas::element_bytes(r.bias_type))) &&
         (!r.has(kAux) || shell::reachable("cublaslt", r.desc.aux, 1));
}

/// alpha and beta: their values under a host pointer mode, read when the call is made.
struct Scalars {
  alignas(16) unsigned char alpha[16] = {}, beta[16] = {};
  const void *alpha_at, *beta_at;  ///< null: the values

  Scalars(const MatmulDesc& d, cudaDataType type, const void* a, const void* b) : alpha_at(a), beta_at(b) {
    const size_t size = cublas::element_bytes(type);
    if (d.pointer_mode == CUBLASLT_POINTER_MODE_HOST) std::memcpy(alpha, a, size), alpha_at = nullptr;
    if (b && (d.pointer_mode == CUBLASLT_POINTER_MODE_HOST ||
              d.pointer_mode == CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_HOST))
      std::memcpy(beta, b, size), beta_at = nullptr;
    if (d.pointer_mode == CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_ZERO) beta_at = nullptr;
  }
};

Status check(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
             cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d, Request* request) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!desc || !a || !b || !c || !d) return kBad;
  return make_request(of(desc), of(a), of(b), of(c), of(d), request);
}

void write_algorithm(cublasLtMatmulAlgo_t* algo) {
  *algo = {};
  algo->data[0] = kMagic;
}

bool types_multiply(cublasComputeType_t compute, cudaDataType scale, cudaDataType a, cudaDataType b,
                    cudaDataType c, cudaDataType d) {
  Layout la, lb, lc, ld;
  for (Layout* l : {&la, &lb, &lc, &ld}) l->rows = l->columns = 1, l->ld = 1;
  la.type = a, lb.type = b, lc.type = c, ld.type = d;
  MatmulDesc desc;
  desc.compute = compute, desc.scale = scale;
  Request unused;
  return make_request(desc, la, lb, lc, ld, &unused) == kOk;
}

}  // namespace

void run(Request r, const Operands& o) {
  cublas::Product& p = r.product;
  p.a.data = const_cast<void*>(r.transposed ? o.b : o.a),
  p.b.data = const_cast<void*>(r.transposed ? o.a : o.b);
  p.c.data = const_cast<void*>(o.c ? o.c : o.d), p.d.data = o.d;
  const bool int8_out = p.a.type == CUDA_R_8I && p.d.type == CUDA_R_8I;
  if (r.has(kBiasGradientOfA | kBiasGradientOfB))
    for (int64_t i = 0; i < p.count; ++i) sum_input(r, i);
  if (r.is_plain() && !int8_out) return cublas::run(p, o.alpha, o.beta);
  if (!run_fast(r, o.alpha, o.beta)) run_in_pieces(r, o.alpha, o.beta);
}

Status cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void* alpha, const void* a,
                      cublasLtMatrixLayout_t alayout, const void* b, cublasLtMatrixLayout_t blayout,
                      const void* beta, const void* c, cublasLtMatrixLayout_t clayout, void* d,
                      cublasLtMatrixLayout_t dlayout, const cublasLtMatmulAlgo_t* algo, void*, size_t,
                      cudaStream_t stream) {
  Request r;
  if (const Status bad = check(handle, desc, alayout, blayout, clayout, dlayout, &r); bad != kOk) return bad;
  const bool beta_is_zero = of(desc).pointer_mode == CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_ZERO;
  if (!alpha || (!beta && !beta_is_zero) || (algo && algo->data[0] != kMagic)) return kBad;
  cublas::Product& p = r.product;
  if (p.m == 0 || p.n == 0 || p.count == 0) return kOk;
  const Scalars scalars(r.desc, p.scale, alpha, beta);
  p.a.data = const_cast<void*>(r.transposed ? b : a), p.b.data = const_cast<void*>(r.transposed ? a : b);
  p.c.data = const_cast<void*>(c), p.d.data = d;
  if (!d || !reach_all(r, c && c != d)) return CUBLAS_STATUS_EXECUTION_FAILED;
  const CUresult queued = shell::enqueue(stream, [=] {
    run(r, {scalars.alpha_at ? scalars.alpha_at : scalars.alpha,
            scalars.beta_at ? scalars.beta_at : scalars.beta, a, b, c, d});
  });
  return queued == CUDA_SUCCESS ? kOk : CUBLAS_STATUS_EXECUTION_FAILED;
}

Status cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                      cublasLtMatrixLayout_t alayout, cublasLtMatrixLayout_t blayout,
                                      cublasLtMatrixLayout_t clayout, cublasLtMatrixLayout_t dlayout,
                                      cublasLtMatmulPreference_t preference, int wanted,
                                      cublasLtMatmulHeuristicResult_t results[], int* count) {
  if (!preference || wanted <= 0 || !results || !count) return kBad;
  *count = 0;
  Request unused;
  if (const Status bad = check(handle, desc, alayout, blayout, clayout, dlayout, &unused); bad != kOk)
    return bad;
  results[0] = {};
  write_algorithm(&results[0].algo);
  results[0].wavesCount = 1;
  *count = 1;
  return kOk;
}

Status cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                               cublasLtMatrixLayout_t alayout, cublasLtMatrixLayout_t blayout,
                               cublasLtMatrixLayout_t clayout, cublasLtMatrixLayout_t dlayout,
                               const cublasLtMatmulAlgo_t* algo, cublasLtMatmulHeuristicResult_t* result) {
  if (!algo || !result || algo->data[0] != kMagic) return kBad;
  Request unused;
  const Status status = check(handle, desc, alayout, blayout, clayout, dlayout, &unused);
  *result = {};
  result->algo = *algo, result->state = status, result->wavesCount = 1;
  return status;
}

Status cublasLtMatmulAlgoGetIds(cublasLtHandle_t handle, cublasComputeType_t compute, cudaDataType scale,
                                cudaDataType atype, cudaDataType btype, cudaDataType ctype,
                                cudaDataType dtype, int wanted, int ids[], int* count) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (wanted <= 0 || !ids || !count) return kBad;
  *count = 0;
  if (!types_multiply(compute, scale, atype, btype, ctype, dtype)) return kNotDone;
  ids[0] = kAlgorithm, *count = 1;
  return kOk;
}

Status cublasLtMatmulAlgoInit(cublasLtHandle_t handle, cublasComputeType_t compute, cudaDataType scale,
                              cudaDataType atype, cudaDataType btype, cudaDataType ctype, cudaDataType dtype,
                              int id, cublasLtMatmulAlgo_t* algo) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!algo || id != kAlgorithm) return kBad;
  if (!types_multiply(compute, scale, atype, btype, ctype, dtype)) return kNotDone;
  write_algorithm(algo);
  return kOk;
}

// Tiles, stages and the like mean nothing on a CPU: they are kept in data[1 ...] to be answered.
Status cublasLtMatmulAlgoConfigSetAttribute(cublasLtMatmulAlgo_t* algo,
                                            cublasLtMatmulAlgoConfigAttributes_t attribute, const void* value,
                                            size_t size) {
  const bool read_only = attribute == CUBLASLT_ALGO_CONFIG_ID;
  if (!algo || !value || read_only || unsigned(attribute) > CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID)
    return kBad;
  if (size != sizeof(uint32_t) && size != sizeof(uint16_t)) return kBad;
  auto* kept = reinterpret_cast<unsigned char*>(&algo->data[1]) + 4 * unsigned(attribute);
  std::memset(kept, 0, 4);
  std::memcpy(kept, value, size);
  return kOk;
}

Status cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t* algo,
                                            cublasLtMatmulAlgoConfigAttributes_t attribute, void* value,
                                            size_t size, size_t* written) {
  if (!algo || unsigned(attribute) > CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID) return kBad;
  const size_t room = attribute >= CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID ? sizeof(uint16_t) : sizeof(uint32_t);
  if (written) *written = room;
  if (size == 0) return written ? kOk : kBad;
  if (!value || size != room) return kBad;
  std::memcpy(value, reinterpret_cast<const unsigned char*>(&algo->data[1]) + 4 * unsigned(attribute), size);
  return kOk;
}

Status cublasLtMatmulAlgoCapGetAttribute(const cublasLtMatmulAlgo_t* algo,
                                         cublasLtMatmulAlgoCapAttributes_t attribute, void* value,
                                         size_t size, size_t* written) {
  if (!algo) return kBad;
  // Of tiles and stages there are none to choose from.
  const bool list = attribute == CUBLASLT_ALGO_CAP_TILE_IDS || attribute == CUBLASLT_ALGO_CAP_STAGES_IDS;
  if (written) *written = list ? 0 : sizeof(int32_t);
  if (size == 0) return written ? kOk : kBad;
  if (!value || (!list && size < sizeof(int32_t))) return kBad;
  if (!list) std::memset(value, 0, sizeof(int32_t));
  return kOk;
}

}  // namespace ppu::cublaslt

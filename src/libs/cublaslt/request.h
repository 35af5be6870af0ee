// What a cublasLtMatmul asks for, checked and brought to the column-major form of libs/cublas/matmul.h.
#pragma once
#include "libs/cublas/matmul.h"
#include "libs/cublaslt/descriptors.h"

namespace ppu::cublaslt {

/// D = f(alpha scale_a scale_b op(A) op(B) + beta scale_c C + bias). A row-major D is computed as the
/// column-major D transposed: then A and B have changed places in `product`, and what belongs to D's rows
/// belongs to its columns.
struct Request {
  cublas::Product product;
  MatmulDesc desc;
  bool transposed = false;
  cudaDataType bias_type = CUDA_R_32F, aux_type = CUDA_R_32F;

  bool has(unsigned epilogue_bits) const { return desc.epilogue & epilogue_bits; }
  bool alpha_is_vector() const { return desc.pointer_mode >= CUBLASLT_POINTER_MODE_DEVICE_VECTOR; }
  /// Nothing but alpha and beta happens to the product.
  bool is_plain() const;
};

/// The bits that cublasLtEpilogue_t's values are made of.
enum EpilogueBit : unsigned {
  kRelu = 2,
  kBias = 4,
  kReluGradient = 8,
  kBiasGradient = 16,
  kGelu = 32,
  kGeluGradient = 64,
  kAux = 128,
  kBiasGradientOfA = 256,
  kBiasGradientOfB = 512
};

/// Fills in all but the operands' addresses. CUBLAS_STATUS_INVALID_VALUE for what doesn't fit together,
/// CUBLAS_STATUS_NOT_SUPPORTED (logged by name) for what isn't written.
Status make_request(const MatmulDesc& desc, const Layout& a, const Layout& b, const Layout& c,
                    const Layout& d, Request* request);

/// The addresses of D's scalars and operands.
struct Operands {
  const void *alpha, *beta;  ///< host or device, as the pointer mode says
  const void *a, *b, *c;
  void* d;
};

/// Runs it on this thread. `alpha` and `beta` can be read now.
void run(Request request, const Operands& operands);

}  // namespace ppu::cublaslt

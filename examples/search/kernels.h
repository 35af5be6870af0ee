// The device side of ppu-search: launchers for its own CUDA kernels. All matrices are row-major f32 on the
// device; a batch is `sequences` rows of `length` token places, short sentences padded at the end.
#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace search {

constexpr int kHidden = 384;   ///< width of the model
constexpr int kHeadSize = 32;  ///< kHidden / 12 heads: one lane of a warp per element
constexpr int kHeads = kHidden / kHeadSize;
constexpr int kLongestSentence = 256;

/// What a matrix product does to its result on the way out.
enum class Epilogue { kBias, kBiasGelu, kBiasResidual };

/// c[m][n] = epilogue(a[m][k] * w[k][n] + bias[n] (+ residual[m][n])). n is a multiple of 64, k of 32.
void launch_gemm(Epilogue epilogue, const float* a, const float* w, const float* bias, const float* residual,
                 float* c, int m, int n, int k, cudaStream_t stream);

/// out[t] = LayerNorm(word[ids[t]] + position[t mod length] + type0) for every token place.
void launch_embedding(const int32_t* ids, const float* word, const float* position, const float* type0,
                      const float* gamma, const float* beta, float epsilon, float* out, int sequences,
                      int length, cudaStream_t stream);

/// out[t] = LayerNorm(x[t]); in place is fine.
void launch_layer_norm(const float* x, const float* gamma, const float* beta, float epsilon, float* out,
                       int tokens, cudaStream_t stream);

/// Multi-head self-attention. qkv[t] = query, key and value of a token, kHidden each; keys from lengths[s] on
/// are masked; rows of padding come out as zeros.
void launch_attention(const float* qkv, const int32_t* lengths, float* out, int sequences, int length,
                      cudaStream_t stream);

/// Mean over each sentence's tokens, then scaled to length 1: out[sequences][kHidden].
void launch_pooling(const float* x, const int32_t* lengths, float* out, int sequences, int length,
                    cudaStream_t stream);

/// scores[i] = rows[i] . query
void launch_scores(const float* rows, const float* query, float* scores, int count, cudaStream_t stream);

/// Each block sorts kTopTile of the `count` (score, id) pairs and writes its best `top` to out, best first.
/// `ids` null: the ids are 0, 1, 2... Returns the number of pairs written; call again on those until one
/// block is left.
constexpr int kTopTile = 1024;
int launch_top(const float* scores, const int32_t* ids, int count, int top, float* out_scores,
               int32_t* out_ids, cudaStream_t stream);

}  // namespace search

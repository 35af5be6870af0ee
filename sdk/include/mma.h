// Warp matrix functions (CUDA C++ guide, "Warp Matrix Functions"): nvcuda::wmma fragments of half, bfloat16,
// tf32, double, 8-bit, 4-bit and 1-bit elements. A fragment's elements may be changed one by one, all in the
// same way; which element of the matrix x[i] is, is left open, as the guide says.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#ifdef __CUDA__
#define PPU_WMMA static __device__ __forceinline__

namespace nvcuda {
namespace wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major, mem_col_major };

namespace precision {
struct tf32;
}
namespace experimental {
namespace precision {
struct u4;
struct s4;
struct b1;
}  // namespace precision
enum bmmaBitOp { bmmaBitOpXOR = 1, bmmaBitOpAND = 2 };
enum bmmaAccumulateOp { bmmaAccumulateOpPOPC = 1 };
}  // namespace experimental

namespace details {

/// How an element type is stored: as itself, or several to a word.
template <class T>
struct storage {
  using element = T;
  using word = T;
  static constexpr int per_word = 1;
};
template <>
struct storage<precision::tf32> {
  using element = float;
  using word = float;
  static constexpr int per_word = 1;
};
template <class Word, int kBits>
struct packed_storage {
  using element = Word;
  using word = Word;
  static constexpr int per_word = 32 / kBits;
};
template <>
struct storage<experimental::precision::u4> : packed_storage<unsigned, 4> {};
template <>
struct storage<experimental::precision::s4> : packed_storage<int, 4> {};
template <>
struct storage<experimental::precision::b1> : packed_storage<unsigned, 1> {};

/// Elements of a fragment that one lane holds; halves of A and B always take 16.
template <class Use, class T>
constexpr int elements(int m, int n, int k) {
  if (__is_same(Use, accumulator)) return m * n / 32;
  if (__is_same(T, __half)) return 16;
  return (__is_same(Use, matrix_a) ? m : n) * k / 32;
}

template <class Layout>
constexpr int column = __is_same(Layout, col_major) ? 1 : 0;
/// The layouts of A and B in one number, as the compiler's builtins take them.
template <class A, class B>
constexpr int both = 2 * column<A> + column<B>;

}  // namespace details

template <class Use, int m, int n, int k, class T, class Layout = void>
class fragment {
 public:
  using element_type = typename details::storage<T>::element;
  using storage_element_type = typename details::storage<T>::word;
  static constexpr int num_elements = details::elements<Use, T>(m, n, k);
  static constexpr int num_storage_elements = num_elements / details::storage<T>::per_word;
  storage_element_type x[num_storage_elements];
};

template <class Use, int m, int n, int k, class T, class Layout, class V>
PPU_WMMA void fill_fragment(fragment<Use, m, n, k, T, Layout>& f, const V& value) {
#pragma unroll
  for (int i = 0; i < f.num_storage_elements; i++)
    f.x[i] = static_cast<typename fragment<Use, m, n, k, T, Layout>::storage_element_type>(value);
}

// Each macro below defines the functions of one kind of matrix: the shape, its element type as the program
// names it, the type the builtin takes, and the builtin's name.

#define PPU_WMMA_LOAD(use, M, N, K, T, memory, word, builtin)                                         \
  template <class L>                                                                                  \
  PPU_WMMA void load_matrix_sync(fragment<use, M, N, K, T, L>& f, const memory* p, unsigned ldm) {    \
    builtin(reinterpret_cast<word*>(f.x), reinterpret_cast<const word*>(p), ldm, details::column<L>); \
  }

#define PPU_WMMA_ACCUMULATOR(M, N, K, T, word, load, store)                                       \
  PPU_WMMA void load_matrix_sync(fragment<accumulator, M, N, K, T>& f, const T* p, unsigned ldm,  \
                                 layout_t layout) {                                               \
    word* x = reinterpret_cast<word*>(f.x);                                                       \
    const word* from = reinterpret_cast<const word*>(p);                                          \
    layout == mem_row_major ? load(x, from, ldm, 0) : load(x, from, ldm, 1);                      \
  }                                                                                               \
  PPU_WMMA void store_matrix_sync(T* p, const fragment<accumulator, M, N, K, T>& f, unsigned ldm, \
                                  layout_t layout) {                                              \
    const word* x = reinterpret_cast<const word*>(f.x);                                           \
    word* to = reinterpret_cast<word*>(p);                                                        \
    layout == mem_row_major ? store(to, x, ldm, 0) : store(to, x, ldm, 1);                        \
  }

#define PPU_WMMA_MULTIPLY(M, N, K, T, D, C, word, d_word, c_word, builtin)                                 \
  template <class A, class B>                                                                              \
  PPU_WMMA void mma_sync(fragment<accumulator, M, N, K, D>& d, const fragment<matrix_a, M, N, K, T, A>& a, \
                         const fragment<matrix_b, M, N, K, T, B>& b,                                       \
                         const fragment<accumulator, M, N, K, C>& c) {                                     \
    builtin(reinterpret_cast<d_word*>(d.x), reinterpret_cast<const word*>(a.x),                            \
            reinterpret_cast<const word*>(b.x), reinterpret_cast<const c_word*>(c.x), details::both<A, B>, \
            0);                                                                                            \
  }

#define PPU_WMMA_MULTIPLY_INTEGERS(M, N, K, T, builtin)                                                      \
  template <class A, class B>                                                                                \
  PPU_WMMA void mma_sync(fragment<accumulator, M, N, K, int>& d, const fragment<matrix_a, M, N, K, T, A>& a, \
                         const fragment<matrix_b, M, N, K, T, B>& b,                                         \
                         const fragment<accumulator, M, N, K, int>& c, bool satf = false) {                  \
    const int *x = reinterpret_cast<const int*>(a.x), *y = reinterpret_cast<const int*>(b.x);                \
    satf ? builtin(d.x, x, y, c.x, details::both<A, B>, 1)                                                   \
         : builtin(d.x, x, y, c.x, details::both<A, B>, 0);                                                  \
  }

#define PPU_WMMA_SHAPE(M, N, K, shape)                                                                     \
  PPU_WMMA_LOAD(matrix_a, M, N, K, __half, __half, int, __hmma_##shape##_ld_a)                             \
  PPU_WMMA_LOAD(matrix_b, M, N, K, __half, __half, int, __hmma_##shape##_ld_b)                             \
  PPU_WMMA_ACCUMULATOR(M, N, K, __half, int, __hmma_##shape##_ld_c_f16, __hmma_##shape##_st_c_f16)         \
  PPU_WMMA_ACCUMULATOR(M, N, K, float, float, __hmma_##shape##_ld_c_f32, __hmma_##shape##_st_c_f32)        \
  PPU_WMMA_MULTIPLY(M, N, K, __half, __half, __half, int, int, int, __hmma_##shape##_mma_f16f16)           \
  PPU_WMMA_MULTIPLY(M, N, K, __half, float, __half, int, float, int, __hmma_##shape##_mma_f32f16)          \
  PPU_WMMA_MULTIPLY(M, N, K, __half, __half, float, int, int, float, __hmma_##shape##_mma_f16f32)          \
  PPU_WMMA_MULTIPLY(M, N, K, __half, float, float, int, float, float, __hmma_##shape##_mma_f32f32)         \
  PPU_WMMA_LOAD(matrix_a, M, N, K, __nv_bfloat16, __nv_bfloat16, int, __mma_bf16_##shape##_ld_a)           \
  PPU_WMMA_LOAD(matrix_b, M, N, K, __nv_bfloat16, __nv_bfloat16, int, __mma_bf16_##shape##_ld_b)           \
  PPU_WMMA_MULTIPLY(M, N, K, __nv_bfloat16, float, float, int, float, float, __mma_bf16_##shape##_mma_f32) \
  PPU_WMMA_LOAD(matrix_a, M, N, K, signed char, signed char, int, __imma_##shape##_ld_a_s8)                \
  PPU_WMMA_LOAD(matrix_b, M, N, K, signed char, signed char, int, __imma_##shape##_ld_b_s8)                \
  PPU_WMMA_LOAD(matrix_a, M, N, K, unsigned char, unsigned char, int, __imma_##shape##_ld_a_u8)            \
  PPU_WMMA_LOAD(matrix_b, M, N, K, unsigned char, unsigned char, int, __imma_##shape##_ld_b_u8)            \
  PPU_WMMA_ACCUMULATOR(M, N, K, int, int, __imma_##shape##_ld_c, __imma_##shape##_st_c_i32)                \
  PPU_WMMA_MULTIPLY_INTEGERS(M, N, K, signed char, __imma_##shape##_mma_s8)                                \
  PPU_WMMA_MULTIPLY_INTEGERS(M, N, K, unsigned char, __imma_##shape##_mma_u8)

PPU_WMMA_SHAPE(16, 16, 16, m16n16k16)
PPU_WMMA_SHAPE(32, 8, 16, m32n8k16)
PPU_WMMA_SHAPE(8, 32, 16, m8n32k16)

PPU_WMMA_LOAD(matrix_a, 16, 16, 8, precision::tf32, float, int, __mma_tf32_m16n16k8_ld_a)
PPU_WMMA_LOAD(matrix_b, 16, 16, 8, precision::tf32, float, int, __mma_tf32_m16n16k8_ld_b)
PPU_WMMA_ACCUMULATOR(16, 16, 8, float, float, __mma_tf32_m16n16k8_ld_c, __mma_m16n16k8_st_c_f32)
PPU_WMMA_MULTIPLY(16, 16, 8, precision::tf32, float, float, int, float, float, __mma_tf32_m16n16k8_mma_f32)

PPU_WMMA_LOAD(matrix_a, 8, 8, 4, double, double, double, __dmma_m8n8k4_ld_a)
PPU_WMMA_LOAD(matrix_b, 8, 8, 4, double, double, double, __dmma_m8n8k4_ld_b)
PPU_WMMA_ACCUMULATOR(8, 8, 4, double, double, __dmma_m8n8k4_ld_c, __dmma_m8n8k4_st_c_f64)
PPU_WMMA_MULTIPLY(8, 8, 4, double, double, double, double, double, double, __dmma_m8n8k4_mma_f64)

PPU_WMMA_LOAD(matrix_a, 8, 8, 32, experimental::precision::s4, void, int, __imma_m8n8k32_ld_a_s4)
PPU_WMMA_LOAD(matrix_b, 8, 8, 32, experimental::precision::s4, void, int, __imma_m8n8k32_ld_b_s4)
PPU_WMMA_LOAD(matrix_a, 8, 8, 32, experimental::precision::u4, void, int, __imma_m8n8k32_ld_a_u4)
PPU_WMMA_LOAD(matrix_b, 8, 8, 32, experimental::precision::u4, void, int, __imma_m8n8k32_ld_b_u4)
PPU_WMMA_ACCUMULATOR(8, 8, 32, int, int, __imma_m8n8k32_ld_c, __imma_m8n8k32_st_c_i32)
PPU_WMMA_MULTIPLY_INTEGERS(8, 8, 32, experimental::precision::s4, __imma_m8n8k32_mma_s4)
PPU_WMMA_MULTIPLY_INTEGERS(8, 8, 32, experimental::precision::u4, __imma_m8n8k32_mma_u4)

PPU_WMMA_LOAD(matrix_a, 8, 8, 128, experimental::precision::b1, void, int, __bmma_m8n8k128_ld_a_b1)
PPU_WMMA_LOAD(matrix_b, 8, 8, 128, experimental::precision::b1, void, int, __bmma_m8n8k128_ld_b_b1)
PPU_WMMA_ACCUMULATOR(8, 8, 128, int, int, __bmma_m8n8k128_ld_c, __bmma_m8n8k128_st_c_i32)

#undef PPU_WMMA_SHAPE
#undef PPU_WMMA_MULTIPLY_INTEGERS
#undef PPU_WMMA_MULTIPLY
#undef PPU_WMMA_ACCUMULATOR
#undef PPU_WMMA_LOAD

/// d += popc(a op b) over k, of single bits. The layouts are row-major A and column-major B.
template <class A, class B>
PPU_WMMA void bmma_sync(fragment<accumulator, 8, 8, 128, int>& d,
                        const fragment<matrix_a, 8, 8, 128, experimental::precision::b1, A>& a,
                        const fragment<matrix_b, 8, 8, 128, experimental::precision::b1, B>& b,
                        const fragment<accumulator, 8, 8, 128, int>& c,
                        experimental::bmmaBitOp op = experimental::bmmaBitOpXOR,
                        experimental::bmmaAccumulateOp = experimental::bmmaAccumulateOpPOPC) {
  const int *x = reinterpret_cast<const int*>(a.x), *y = reinterpret_cast<const int*>(b.x);
  if (op == experimental::bmmaBitOpXOR)
    __bmma_m8n8k128_mma_xor_popc_b1(d.x, x, y, c.x, 1);
  else
    __bmma_m8n8k128_mma_and_popc_b1(d.x, x, y, c.x, 1);
}

/// The nearest tf32, ties away from zero.
PPU_WMMA float __float_to_tf32(float x) {
  int bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return __int_as_float(bits);
}

}  // namespace wmma
}  // namespace nvcuda

#undef PPU_WMMA
#endif

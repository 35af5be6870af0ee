// Texture objects in device code: tex1D ... texCubemapLayered with their Lod, Grad and gather forms (CUDA C++
// Programming Guide, "Texture Functions"), for every element type and both read modes. Each is one PTX
// instruction. The forms with bool* tell whether the texels are resident; those with T* first store there.
#pragma once

#if defined(__CUDA__) && defined(__clang__)
#include "ppu/texel_traits.h"

namespace ppu_sdk {

// One function a base type: `ptx` is the type's name in the instruction, `letter` its register class. The
// predicate (resident) comes back as 0 or 1.
#define PPU_FETCH(base, ptx, letter, name, op, coordinate, params, operands, ...)                            \
  __device__ __forceinline__ Texel<base> name(base, cudaTextureObject_t t, PPU_OPEN params, int* resident) { \
    Texel<base> v;                                                                                           \
    asm("{ .reg .pred %%ppu_p; " op ".v4." ptx "." coordinate " {%0, %1, %2, %3}|%%ppu_p, [%5, " operands    \
        "; selp.b32 %4, 1, 0, %%ppu_p; }"                                                                    \
        : "=" letter(v.x), "=" letter(v.y), "=" letter(v.z), "=" letter(v.w), "=r"(*resident)                \
        : "l"(t), __VA_ARGS__);                                                                              \
    return v;                                                                                                \
  }
#define PPU_OPEN(...) __VA_ARGS__
#define PPU_FETCHES(...)                    \
  PPU_FETCH(float, "f32", "f", __VA_ARGS__) \
  PPU_FETCH(int, "s32", "r", __VA_ARGS__)   \
  PPU_FETCH(unsigned, "u32", "r", __VA_ARGS__)

// clang-format off
PPU_FETCHES(fetch_1d_texel, "tex.1d", "s32", (int x), "{%6}]", "r"(x))

PPU_FETCHES(fetch_1d, "tex.1d", "f32", (float x), "{%6}]", "f"(x))
PPU_FETCHES(fetch_1d_lod, "tex.level.1d", "f32", (float x, float l), "{%6}], %7", "f"(x), "f"(l))
PPU_FETCHES(fetch_1d_grad, "tex.grad.1d", "f32", (float x, float dx, float dy), "{%6}], {%7}, {%8}", "f"(x), "f"(dx), "f"(dy))

PPU_FETCHES(fetch_2d, "tex.2d", "f32", (float x, float y), "{%6, %7}]", "f"(x), "f"(y))
PPU_FETCHES(fetch_2d_lod, "tex.level.2d", "f32", (float x, float y, float l), "{%6, %7}], %8", "f"(x), "f"(y), "f"(l))
PPU_FETCHES(fetch_2d_grad, "tex.grad.2d", "f32", (float x, float y, float2 dx, float2 dy), "{%6, %7}], {%8, %9}, {%10, %11}",
            "f"(x), "f"(y), "f"(dx.x), "f"(dx.y), "f"(dy.x), "f"(dy.y))

PPU_FETCHES(fetch_3d, "tex.3d", "f32", (float x, float y, float z), "{%6, %7, %8, %8}]", "f"(x), "f"(y), "f"(z))
PPU_FETCHES(fetch_3d_lod, "tex.level.3d", "f32", (float x, float y, float z, float l), "{%6, %7, %8, %8}], %9", "f"(x), "f"(y), "f"(z), "f"(l))
PPU_FETCHES(fetch_3d_grad, "tex.grad.3d", "f32", (float x, float y, float z, float4 dx, float4 dy),
            "{%6, %7, %8, %8}], {%9, %10, %11, %11}, {%12, %13, %14, %14}",
            "f"(x), "f"(y), "f"(z), "f"(dx.x), "f"(dx.y), "f"(dx.z), "f"(dy.x), "f"(dy.y), "f"(dy.z))

PPU_FETCHES(fetch_1d_layered, "tex.a1d", "f32", (float x, int layer), "{%6, %7}]", "r"(layer), "f"(x))
PPU_FETCHES(fetch_1d_layered_lod, "tex.level.a1d", "f32", (float x, int layer, float l), "{%6, %7}], %8", "r"(layer), "f"(x), "f"(l))
PPU_FETCHES(fetch_1d_layered_grad, "tex.grad.a1d", "f32", (float x, int layer, float dx, float dy), "{%6, %7}], {%8}, {%9}",
            "r"(layer), "f"(x), "f"(dx), "f"(dy))

PPU_FETCHES(fetch_2d_layered, "tex.a2d", "f32", (float x, float y, int layer), "{%6, %7, %8, %8}]", "r"(layer), "f"(x), "f"(y))
PPU_FETCHES(fetch_2d_layered_lod, "tex.level.a2d", "f32", (float x, float y, int layer, float l), "{%6, %7, %8, %8}], %9",
            "r"(layer), "f"(x), "f"(y), "f"(l))
PPU_FETCHES(fetch_2d_layered_grad, "tex.grad.a2d", "f32", (float x, float y, int layer, float2 dx, float2 dy),
            "{%6, %7, %8, %8}], {%9, %10}, {%11, %12}",
            "r"(layer), "f"(x), "f"(y), "f"(dx.x), "f"(dx.y), "f"(dy.x), "f"(dy.y))

PPU_FETCHES(fetch_cube, "tex.cube", "f32", (float x, float y, float z), "{%6, %7, %8, %8}]", "f"(x), "f"(y), "f"(z))
PPU_FETCHES(fetch_cube_lod, "tex.level.cube", "f32", (float x, float y, float z, float l), "{%6, %7, %8, %8}], %9",
            "f"(x), "f"(y), "f"(z), "f"(l))
PPU_FETCHES(fetch_cube_grad, "tex.grad.cube", "f32", (float x, float y, float z, float4 dx, float4 dy),
            "{%6, %7, %8, %8}], {%9, %10, %11, %11}, {%12, %13, %14, %14}",
            "f"(x), "f"(y), "f"(z), "f"(dx.x), "f"(dx.y), "f"(dx.z), "f"(dy.x), "f"(dy.y), "f"(dy.z))

PPU_FETCHES(fetch_cube_layered, "tex.acube", "f32", (float x, float y, float z, int layer), "{%6, %7, %8, %9}]",
            "r"(layer), "f"(x), "f"(y), "f"(z))
PPU_FETCHES(fetch_cube_layered_lod, "tex.level.acube", "f32", (float x, float y, float z, int layer, float l), "{%6, %7, %8, %9}], %10",
            "r"(layer), "f"(x), "f"(y), "f"(z), "f"(l))
PPU_FETCHES(fetch_cube_layered_grad, "tex.grad.acube", "f32", (float x, float y, float z, int layer, float4 dx, float4 dy),
            "{%6, %7, %8, %9}], {%10, %11, %12, %12}, {%13, %14, %15, %15}",
            "r"(layer), "f"(x), "f"(y), "f"(z), "f"(dx.x), "f"(dx.y), "f"(dx.z), "f"(dy.x), "f"(dy.y), "f"(dy.z))

PPU_FETCHES(gather_r, "tld4.r.2d", "f32", (float x, float y), "{%6, %7}]", "f"(x), "f"(y))
PPU_FETCHES(gather_g, "tld4.g.2d", "f32", (float x, float y), "{%6, %7}]", "f"(x), "f"(y))
PPU_FETCHES(gather_b, "tld4.b.2d", "f32", (float x, float y), "{%6, %7}]", "f"(x), "f"(y))
PPU_FETCHES(gather_a, "tld4.a.2d", "f32", (float x, float y), "{%6, %7}]", "f"(x), "f"(y))
// clang-format on
#undef PPU_FETCHES
#undef PPU_FETCH

}  // namespace ppu_sdk

// The three forms of each function.
#define PPU_TEXTURE(name, fetch, params, args)                                                              \
  template <class T>                                                                                        \
  static __device__ __forceinline__ T name(cudaTextureObject_t object, PPU_OPEN params) {                   \
    int resident;                                                                                           \
    return ppu_sdk::TexelTraits<T>::make(                                                                   \
        ppu_sdk::fetch(ppu_sdk::BaseOf<T>(), object, PPU_OPEN args, &resident));                            \
  }                                                                                                         \
  template <class T>                                                                                        \
  static __device__ __forceinline__ void name(T* value, cudaTextureObject_t object, PPU_OPEN params) {      \
    *value = name<T>(object, PPU_OPEN args);                                                                \
  }                                                                                                         \
  template <class T>                                                                                        \
  static __device__ __forceinline__ T name(cudaTextureObject_t object, PPU_OPEN params, bool* isResident) { \
    int resident;                                                                                           \
    const auto v = ppu_sdk::fetch(ppu_sdk::BaseOf<T>(), object, PPU_OPEN args, &resident);                  \
    *isResident = resident;                                                                                 \
    return ppu_sdk::TexelTraits<T>::make(v);                                                                \
  }

// clang-format off
PPU_TEXTURE(tex1Dfetch, fetch_1d_texel, (int x), (x))
PPU_TEXTURE(tex1D, fetch_1d, (float x), (x))
PPU_TEXTURE(tex1DLod, fetch_1d_lod, (float x, float level), (x, level))
PPU_TEXTURE(tex1DGrad, fetch_1d_grad, (float x, float dPdx, float dPdy), (x, dPdx, dPdy))
PPU_TEXTURE(tex2D, fetch_2d, (float x, float y), (x, y))
PPU_TEXTURE(tex2DLod, fetch_2d_lod, (float x, float y, float level), (x, y, level))
PPU_TEXTURE(tex2DGrad, fetch_2d_grad, (float x, float y, float2 dPdx, float2 dPdy), (x, y, dPdx, dPdy))
PPU_TEXTURE(tex3D, fetch_3d, (float x, float y, float z), (x, y, z))
PPU_TEXTURE(tex3DLod, fetch_3d_lod, (float x, float y, float z, float level), (x, y, z, level))
PPU_TEXTURE(tex3DGrad, fetch_3d_grad, (float x, float y, float z, float4 dPdx, float4 dPdy), (x, y, z, dPdx, dPdy))
PPU_TEXTURE(tex1DLayered, fetch_1d_layered, (float x, int layer), (x, layer))
PPU_TEXTURE(tex1DLayeredLod, fetch_1d_layered_lod, (float x, int layer, float level), (x, layer, level))
PPU_TEXTURE(tex1DLayeredGrad, fetch_1d_layered_grad, (float x, int layer, float dPdx, float dPdy), (x, layer, dPdx, dPdy))
PPU_TEXTURE(tex2DLayered, fetch_2d_layered, (float x, float y, int layer), (x, y, layer))
PPU_TEXTURE(tex2DLayeredLod, fetch_2d_layered_lod, (float x, float y, int layer, float level), (x, y, layer, level))
PPU_TEXTURE(tex2DLayeredGrad, fetch_2d_layered_grad, (float x, float y, int layer, float2 dPdx, float2 dPdy), (x, y, layer, dPdx, dPdy))
PPU_TEXTURE(texCubemap, fetch_cube, (float x, float y, float z), (x, y, z))
PPU_TEXTURE(texCubemapLod, fetch_cube_lod, (float x, float y, float z, float level), (x, y, z, level))
PPU_TEXTURE(texCubemapGrad, fetch_cube_grad, (float x, float y, float z, float4 dPdx, float4 dPdy), (x, y, z, dPdx, dPdy))
PPU_TEXTURE(texCubemapLayered, fetch_cube_layered, (float x, float y, float z, int layer), (x, y, z, layer))
PPU_TEXTURE(texCubemapLayeredLod, fetch_cube_layered_lod, (float x, float y, float z, int layer, float level), (x, y, z, layer, level))
PPU_TEXTURE(texCubemapLayeredGrad, fetch_cube_layered_grad, (float x, float y, float z, int layer, float4 dPdx, float4 dPdy),
            (x, y, z, layer, dPdx, dPdy))
// clang-format on
#undef PPU_TEXTURE
#undef PPU_OPEN

namespace ppu_sdk {
template <class Base>
__device__ __forceinline__ Texel<Base> gather(cudaTextureObject_t t, float x, float y, int component,
                                              int* resident) {
  switch (component) {
    case 1:
      return gather_g(Base(), t, x, y, resident);
    case 2:
      return gather_b(Base(), t, x, y, resident);
    case 3:
      return gather_a(Base(), t, x, y, resident);
    default:
      return gather_r(Base(), t, x, y, resident);
  }
}
}  // namespace ppu_sdk

template <class T>
static __device__ __forceinline__ T tex2Dgather(cudaTextureObject_t object, float x, float y, int comp = 0) {
  int resident;
  return ppu_sdk::TexelTraits<T>::make(ppu_sdk::gather<ppu_sdk::BaseOf<T>>(object, x, y, comp, &resident));
}
template <class T>
static __device__ __forceinline__ void tex2Dgather(T* value, cudaTextureObject_t object, float x, float y,
                                                   int comp = 0) {
  *value = tex2Dgather<T>(object, x, y, comp);
}
template <class T>
static __device__ __forceinline__ T tex2Dgather(cudaTextureObject_t object, float x, float y,
                                                bool* isResident, int comp = 0) {
  int resident;
  const auto v = ppu_sdk::gather<ppu_sdk::BaseOf<T>>(object, x, y, comp, &resident);
  *isResident = resident;
  return ppu_sdk::TexelTraits<T>::make(v);
}
#endif

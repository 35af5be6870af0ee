// Surface objects in device code: surf1Dread ... surfCubemapLayeredwrite (CUDA C++ Programming Guide,
// "Surface Functions"). x counts bytes; what lies outside is handled by the boundary mode.
#pragma once

#if defined(__CUDA__) && defined(__clang__)
namespace ppu_sdk {

// What carries an element of so many bytes.
template <int kBytes>
struct SurfaceElement;
template <>
struct SurfaceElement<1> {
  unsigned short v;
};
template <>
struct SurfaceElement<2> {
  unsigned short v;
};
template <>
struct SurfaceElement<4> {
  unsigned v;
};
template <>
struct SurfaceElement<8> {
  unsigned long long v;
};
template <>
struct SurfaceElement<16> {
  unsigned long long v, w;
};

#define PPU_OPEN(...) __VA_ARGS__
// `value` is the instruction's register list, `out` and `in` its operands; `place` names [x], [y], [z].
#define PPU_READ(opcode, mode, value, out, place, ...)                    \
  asm volatile("suld.b." opcode "." mode " " value ", [%[s], " place "];" \
               : PPU_OPEN out                                             \
               : [s] "l"(s), __VA_ARGS__                                  \
               : "memory")
#define PPU_WRITE(opcode, mode, value, in, place, ...)                    \
  asm volatile("sust.b." opcode "." mode " [%[s], " place "], " value ";" \
               :                                                          \
               : PPU_OPEN in, [s] "l"(s), __VA_ARGS__                     \
               : "memory")
#define PPU_BY_MODE(ACCESS, opcode, value, operands, place, ...)  \
  if (mode == cudaBoundaryModeClamp)                              \
    ACCESS(opcode, "clamp", value, operands, place, __VA_ARGS__); \
  else if (mode == cudaBoundaryModeZero)                          \
    ACCESS(opcode, "zero", value, operands, place, __VA_ARGS__);  \
  else                                                            \
    ACCESS(opcode, "trap", value, operands, place, __VA_ARGS__);
#define PPU_ELEMENT(kBytes, opcode, value, out, in, name, params, place, ...)                             \
  __device__ __forceinline__ void read_##name(SurfaceElement<kBytes>& e, cudaSurfaceObject_t s,           \
                                              PPU_OPEN params, cudaSurfaceBoundaryMode mode){PPU_BY_MODE( \
      PPU_READ, opcode, value, out, place,                                                                \
      __VA_ARGS__)} __device__ __forceinline__ void write_##name(const SurfaceElement<kBytes>& e,         \
                                                                 cudaSurfaceObject_t s, PPU_OPEN params,  \
                                                                 cudaSurfaceBoundaryMode mode) {          \
    PPU_BY_MODE(PPU_WRITE, opcode, value, in, place, __VA_ARGS__)                                         \
  }
#define PPU_GEOMETRY(geometry, ...)                                                     \
  PPU_ELEMENT(1, geometry ".b8", "%[v]", ([v] "=h"(e.v)), ([v] "h"(e.v)), __VA_ARGS__)  \
  PPU_ELEMENT(2, geometry ".b16", "%[v]", ([v] "=h"(e.v)), ([v] "h"(e.v)), __VA_ARGS__) \
  PPU_ELEMENT(4, geometry ".b32", "%[v]", ([v] "=r"(e.v)), ([v] "r"(e.v)), __VA_ARGS__) \
  PPU_ELEMENT(8, geometry ".b64", "%[v]", ([v] "=l"(e.v)), ([v] "l"(e.v)), __VA_ARGS__) \
  PPU_ELEMENT(16, geometry ".v2.b64", "{%[v], %[w]}", ([v] "=l"(e.v), [w] "=l"(e.w)),   \
              ([v] "l"(e.v), [w] "l"(e.w)), __VA_ARGS__)

// clang-format off
PPU_GEOMETRY("1d", 1d, (int x), "{%[x]}", [x] "r"(x))
PPU_GEOMETRY("2d", 2d, (int x, int y), "{%[x], %[y]}", [x] "r"(x), [y] "r"(y))
PPU_GEOMETRY("3d", 3d, (int x, int y, int z), "{%[x], %[y], %[z], %[z]}", [x] "r"(x), [y] "r"(y), [z] "r"(z))
PPU_GEOMETRY("a1d", a1d, (int x, int layer), "{%[layer], %[x]}", [layer] "r"(layer), [x] "r"(x))
PPU_GEOMETRY("a2d", a2d, (int x, int y, int layer), "{%[layer], %[x], %[y], %[y]}", [layer] "r"(layer), [x] "r"(x), [y] "r"(y))
// clang-format on
#undef PPU_GEOMETRY
#undef PPU_ELEMENT
#undef PPU_BY_MODE
#undef PPU_WRITE
#undef PPU_READ

template <class To, class From>
__device__ __forceinline__ To surface_cast(const From& from) {
  To to;
  __builtin_memcpy(&to, &from, sizeof(To) < sizeof(From) ? sizeof(To) : sizeof(From));
  return to;
}

}  // namespace ppu_sdk

#define PPU_SURFACE(name, access, params, args)                                                             \
  template <class T>                                                                                        \
  static __device__ __forceinline__ T name##read(cudaSurfaceObject_t object, PPU_OPEN params,               \
                                                 cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap) {     \
    ppu_sdk::SurfaceElement<sizeof(T)> e;                                                                   \
    ppu_sdk::read_##access(e, object, PPU_OPEN args, mode);                                                 \
    return ppu_sdk::surface_cast<T>(e);                                                                     \
  }                                                                                                         \
  template <class T>                                                                                        \
  static __device__ __forceinline__ void name##read(T* value, cudaSurfaceObject_t object, PPU_OPEN params,  \
                                                    cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap) {  \
    *value = name##read<T>(object, PPU_OPEN args, mode);                                                    \
  }                                                                                                         \
  template <class T>                                                                                        \
  static __device__ __forceinline__ void name##write(T value, cudaSurfaceObject_t object, PPU_OPEN params,  \
                                                     cudaSurfaceBoundaryMode mode = cudaBoundaryModeTrap) { \
    const auto e = ppu_sdk::surface_cast<ppu_sdk::SurfaceElement<sizeof(T)>>(value);                        \
    ppu_sdk::write_##access(e, object, PPU_OPEN args, mode);                                                \
  }

PPU_SURFACE(surf1D, 1d, (int x), (x))
PPU_SURFACE(surf2D, 2d, (int x, int y), (x, y))
PPU_SURFACE(surf3D, 3d, (int x, int y, int z), (x, y, z))
PPU_SURFACE(surf1DLayered, a1d, (int x, int layer), (x, layer))
PPU_SURFACE(surf2DLayered, a2d, (int x, int y, int layer), (x, y, layer))
PPU_SURFACE(surfCubemap, a2d, (int x, int y, int face), (x, y, face))
PPU_SURFACE(surfCubemapLayered, a2d, (int x, int y, int layerFace), (x, y, layerFace))
#undef PPU_SURFACE
#undef PPU_OPEN
#endif

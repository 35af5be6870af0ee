// The CUDA function and variable qualifiers as attributes clang knows, for device and host passes alike.
// In a plain C or C++ file (no CUDA pass) they vanish, so shared headers compile everywhere.
#pragma once

#if defined(__CUDA__) && defined(__clang__)
#define __host__ __attribute__((host))
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __constant__ __attribute__((constant))
// clang has it for HIP only; ppucc's plugin finds such variables by the section.
#define __managed__ __attribute__((device)) __attribute__((section("ppu_managed")))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
// Parameters are never copied by us either way; the qualifier only promises that a kernel doesn't write them.
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#else
#ifndef __host__
#define __host__
#endif
#ifndef __device__
#define __device__
#endif
#ifndef __forceinline__
#define __forceinline__ inline __attribute__((always_inline))
#endif
#endif

#ifndef __align__
#define __align__(n) __attribute__((aligned(n)))
#endif
#ifndef __builtin_align__
#define __builtin_align__(n) __align__(n)
#endif
#ifndef CUDARTAPI
#define CUDARTAPI
#endif
#ifndef CUDARTAPI_CDECL
#define CUDARTAPI_CDECL
#endif
#ifndef CUDART_CB
#define CUDART_CB
#endif

// Copies and fills, in one, two and three dimensions. Linear copies of arrays: array_copy.cpp.
#include "driver/array_handles.h"

namespace ppu::driver {

using device::CopyRequest;
using device::Side;
using device::Stream;

namespace {

uint64_t number(const void* p) {
  return reinterpret_cast<uint64_t>(p);
}

CUresult linear(uint64_t dst, Side dst_side, uint64_t src, Side src_side, size_t bytes, CUstream handle,
                bool async) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  return device::copy(device::linear_copy(dst, dst_side, src, src_side, bytes), *s, async);
}

/// One side of a 2-D or 3-D copy, with the fields that say where it lies.
struct Place {
  CUmemorytype type;
  uint64_t host;
  CUdeviceptr device;
  CUarray array;
  size_t x, y, z, pitch, height;
};

/// Where a side of `t` starts, and its pitches; a pitch of 0 means tightly packed.
CUresult resolve(const Place& p, const exec::Transfer& t, uint64_t* start, size_t* pitch, size_t* slice,
                 Side* side) {
  uint64_t base = p.device;
  *pitch = p.pitch ? p.pitch : t.width;
  size_t height = p.height ? p.height : t.height;
  switch (p.type) {
    case CU_MEMORYTYPE_HOST:
      base = p.host;
      *side = Side::kHost;
      break;
    case CU_MEMORYTYPE_DEVICE:
      *side = Side::kDevice;
      break;
    case CU_MEMORYTYPE_UNIFIED:
      *side = Side::kAny;
      break;
    case CU_MEMORYTYPE_ARRAY: {
      const device::Array* a = find_array(p.array);
      const auto fits = [](size_t at, size_t n, size_t room) { return at <= room && n <= room - at; };
      if (!a || !fits(p.x, t.width, a->row_bytes()) || !fits(p.y, t.height, a->rows()) ||
          !fits(p.z, t.depth, a->slices()))
        return CUDA_ERROR_INVALID_VALUE;
      base = a->level().base;
      *pitch = a->level().row_pitch;
      height = a->rows();
      *side = Side::kDevice;
      break;
    }
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
  if (t.height > 1 && *pitch < t.width) return CUDA_ERROR_INVALID_VALUE;
  *slice = *pitch * height;
  *start = base + p.z * *slice + p.y * *pitch + p.x;
  return CUDA_SUCCESS;
}

/// CUDA_MEMCPY3D and CUDA_MEMCPY3D_PEER have the same fields but for the contexts.
template <class Params>
CUresult translate_3d(const Params* p, CopyRequest& r) {
  exec::Transfer& t = r.transfer;
  t.width = p->WidthInBytes;
  t.height = p->Height;
  t.depth = p->Depth;
  const Place src = {p->srcMemoryType, number(p->srcHost), p->srcDevice, p->srcArray, p->srcXInBytes, p->srcY,
                     p->srcZ,          p->srcPitch,        p->srcHeight};
  const Place dst = {p->dstMemoryType, number(p->dstHost), p->dstDevice, p->dstArray, p->dstXInBytes, p->dstY,
                     p->dstZ,          p->dstPitch,        p->dstHeight};
  PPU_TRY(resolve(src, t, &t.src, &t.src_pitch, &t.src_slice, &r.src));
  return resolve(dst, t, &t.dst, &t.dst_pitch, &t.dst_slice, &r.dst);
}

template <class Params>
CUresult copy_3d(const Params* p, CUstream handle, bool async) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!p) return CUDA_ERROR_INVALID_VALUE;
  CopyRequest r;
  PPU_TRY(translate_3d(p, r));
  if (r.transfer.bytes() == 0) return CUDA_SUCCESS;
  return device::copy(r, *s, async);
}

CUresult copy_2d(const CUDA_MEMCPY2D* p, CUstream handle, bool async) {
  if (!p) return CUDA_ERROR_INVALID_VALUE;
  CUDA_MEMCPY3D c{};
  c.srcXInBytes = p->srcXInBytes, c.srcY = p->srcY, c.srcMemoryType = p->srcMemoryType;
  c.srcHost = p->srcHost, c.srcDevice = p->srcDevice, c.srcArray = p->srcArray, c.srcPitch = p->srcPitch;
  c.dstXInBytes = p->dstXInBytes, c.dstY = p->dstY, c.dstMemoryType = p->dstMemoryType;
  c.dstHost = p->dstHost, c.dstDevice = p->dstDevice, c.dstArray = p->dstArray, c.dstPitch = p->dstPitch;
  c.WidthInBytes = p->WidthInBytes, c.Height = p->Height, c.Depth = 1;
  return copy_3d(&c, handle, async);
}

CUresult set_memory(CUdeviceptr dst, size_t pitch, uint32_t value, uint32_t element, size_t width,
                    size_t height, CUstream handle, bool async) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  return device::fill(dst, pitch, value, element, width, height, *s, async);
}

}  // namespace

CUresult copy_request_of(const CUDA_MEMCPY3D& p, CopyRequest* request) {
  return translate_3d(&p, *request);
}

// The sync and async forms of a linear copy, each in its legacy and its per-thread variant.
#define LINEAR(name, sync, sync_thread, async, async_thread, Dst, Src, dst_side, src_side, DST, SRC) \
  CUresult sync(Dst dst, Src src, size_t n) {                                                        \
    return linear(DST, dst_side, SRC, src_side, n, nullptr, false);                                  \
  }                                                                                                  \
  CUresult sync_thread(Dst dst, Src src, size_t n) {                                                 \
    return linear(DST, dst_side, SRC, src_side, n, CU_STREAM_PER_THREAD, false);                     \
  }                                                                                                  \
  CUresult async(Dst dst, Src src, size_t n, CUstream s) {                                           \
    return linear(DST, dst_side, SRC, src_side, n, s, true);                                         \
  }                                                                                                  \
  CUresult async_thread(Dst dst, Src src, size_t n, CUstream s) {                                    \
    return linear(DST, dst_side, SRC, src_side, n, per_thread(s), true);                             \
  }
LINEAR(any, cuMemcpy, cuMemcpy_ptds, cuMemcpyAsync, cuMemcpyAsync_ptsz, CUdeviceptr, CUdeviceptr, Side::kAny,
       Side::kAny, dst, src)
LINEAR(up, cuMemcpyHtoD_v2, cuMemcpyHtoD_v2_ptds, cuMemcpyHtoDAsync_v2, cuMemcpyHtoDAsync_v2_ptsz,
       CUdeviceptr, const void*, Side::kDevice, Side::kHost, dst, number(src))
LINEAR(down, cuMemcpyDtoH_v2, cuMemcpyDtoH_v2_ptds, cuMemcpyDtoHAsync_v2, cuMemcpyDtoHAsync_v2_ptsz, void*,
       CUdeviceptr, Side::kHost, Side::kDevice, number(dst), src)
LINEAR(within, cuMemcpyDtoD_v2, cuMemcpyDtoD_v2_ptds, cuMemcpyDtoDAsync_v2, cuMemcpyDtoDAsync_v2_ptsz,
       CUdeviceptr, CUdeviceptr, Side::kDevice, Side::kDevice, dst, src)
#undef LINEAR

// Peers share the address space: the contexts add nothing.
CUresult cuMemcpyPeer(CUdeviceptr dst, CUcontext, CUdeviceptr src, CUcontext, size_t n) {
  return ppu::driver::cuMemcpyDtoD_v2(dst, src, n);
}
CUresult cuMemcpyPeer_ptds(CUdeviceptr dst, CUcontext, CUdeviceptr src, CUcontext, size_t n) {
  return ppu::driver::cuMemcpyDtoD_v2_ptds(dst, src, n);
}
CUresult cuMemcpyPeerAsync(CUdeviceptr dst, CUcontext, CUdeviceptr src, CUcontext, size_t n, CUstream s) {
  return ppu::driver::cuMemcpyDtoDAsync_v2(dst, src, n, s);
}
CUresult cuMemcpyPeerAsync_ptsz(CUdeviceptr dst, CUcontext, CUdeviceptr src, CUcontext, size_t n,
                                CUstream s) {
  return ppu::driver::cuMemcpyDtoDAsync_v2_ptsz(dst, src, n, s);
}

CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D* p) {
  return copy_2d(p, nullptr, false);
}
CUresult cuMemcpy2D_v2_ptds(const CUDA_MEMCPY2D* p) {
  return copy_2d(p, CU_STREAM_PER_THREAD, false);
}
CUresult cuMemcpy2DUnaligned_v2(const CUDA_MEMCPY2D* p) {
  return copy_2d(p, nullptr, false);
}
CUresult cuMemcpy2DUnaligned_v2_ptds(const CUDA_MEMCPY2D* p) {
  return copy_2d(p, CU_STREAM_PER_THREAD, false);
}
CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* p, CUstream s) {
  return copy_2d(p, s, true);
}
CUresult cuMemcpy2DAsync_v2_ptsz(const CUDA_MEMCPY2D* p, CUstream s) {
  return copy_2d(p, per_thread(s), true);
}
CUresult cuMemcpy3D_v2(const CUDA_MEMCPY3D* p) {
  return copy_3d(p, nullptr, false);
}
CUresult cuMemcpy3D_v2_ptds(const CUDA_MEMCPY3D* p) {
  return copy_3d(p, CU_STREAM_PER_THREAD, false);
}
CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D* p, CUstream s) {
  return copy_3d(p, s, true);
}
CUresult cuMemcpy3DAsync_v2_ptsz(const CUDA_MEMCPY3D* p, CUstream s) {
  return copy_3d(p, per_thread(s), true);
}
CUresult cuMemcpy3DPeer(const CUDA_MEMCPY3D_PEER* p) {
  return copy_3d(p, nullptr, false);
}
CUresult cuMemcpy3DPeer_ptds(const CUDA_MEMCPY3D_PEER* p) {
  return copy_3d(p, CU_STREAM_PER_THREAD, false);
}
CUresult cuMemcpy3DPeerAsync(const CUDA_MEMCPY3D_PEER* p, CUstream s) {
  return copy_3d(p, s, true);
}
CUresult cuMemcpy3DPeerAsync_ptsz(const CUDA_MEMCPY3D_PEER* p, CUstream s) {
  return copy_3d(p, per_thread(s), true);
}

// Fills: one element type a row, in four variants each, flat and with a pitch.
#define FILL(bits, T)                                                                                    \
  CUresult cuMemsetD##bits##_v2(CUdeviceptr dst, T value, size_t count) {                                \
    return set_memory(dst, 0, value, bits / 8, count, 1, nullptr, false);                                \
  }                                                                                                      \
  CUresult cuMemsetD##bits##_v2_ptds(CUdeviceptr dst, T value, size_t count) {                           \
    return set_memory(dst, 0, value, bits / 8, count, 1, CU_STREAM_PER_THREAD, false);                   \
  }                                                                                                      \
  CUresult cuMemsetD##bits##Async(CUdeviceptr dst, T value, size_t count, CUstream s) {                  \
    return set_memory(dst, 0, value, bits / 8, count, 1, s, true);                                       \
  }                                                                                                      \
  CUresult cuMemsetD##bits##Async_ptsz(CUdeviceptr dst, T value, size_t count, CUstream s) {             \
    return set_memory(dst, 0, value, bits / 8, count, 1, per_thread(s), true);                           \
  }                                                                                                      \
  CUresult cuMemsetD2D##bits##_v2(CUdeviceptr dst, size_t pitch, T value, size_t width, size_t height) { \
    return set_memory(dst, pitch, value, bits / 8, width, height, nullptr, false);                       \
  }                                                                                                      \
  CUresult cuMemsetD2D##bits##_v2_ptds(CUdeviceptr dst, size_t pitch, T value, size_t width,             \
                                       size_t height) {                                                  \
    return set_memory(dst, pitch, value, bits / 8, width, height, CU_STREAM_PER_THREAD, false);          \
  }                                                                                                      \
  CUresult cuMemsetD2D##bits##Async(CUdeviceptr dst, size_t pitch, T value, size_t width, size_t height, \
                                    CUstream s) {                                                        \
    return set_memory(dst, pitch, value, bits / 8, width, height, s, true);                              \
  }                                                                                                      \
  CUresult cuMemsetD2D##bits##Async_ptsz(CUdeviceptr dst, size_t pitch, T value, size_t width,           \
                                         size_t height, CUstream s) {                                    \
    return set_memory(dst, pitch, value, bits / 8, width, height, per_thread(s), true);                  \
  }
FILL(8, unsigned char)
FILL(16, unsigned short)
FILL(32, unsigned int)
#undef FILL

}  // namespace ppu::driver

// Linear copies from, to and between arrays: `offset` bytes from the start of an array whose rows follow each
// other without gaps, however they lie in memory.
#include <algorithm>

#include "driver/array_handles.h"

namespace ppu::driver {

using device::Array;
using device::CopyRequest;
using device::Side;

namespace {

/// One end of a copy: an array and where in it, or memory.
struct End {
  const Array* array = nullptr;
  uint64_t address = 0;  ///< of memory
  Side side = Side::kAny;
  size_t offset = 0;  ///< in the array
};

/// Null addresses make the copy itself fail.
End in_array(CUarray handle, size_t offset) {
  return {find_array(handle), 0, Side::kDevice, offset};
}
End in_memory(uint64_t address, Side side) {
  return {nullptr, address, side, 0};
}
End in_host(const void* p) {
  return in_memory(reinterpret_cast<uint64_t>(p), Side::kHost);
}

bool holds(const End& e, size_t bytes) {
  if (!e.array) return e.address != 0;
  const size_t all = e.array->row_bytes() * e.array->rows() * e.array->slices();
  return e.offset <= all && bytes <= all - e.offset;
}

/// Bytes that lie together at an end, `done` bytes on, and whether whole rows follow.
size_t run_at(const End& e, size_t done, size_t left) {
  if (!e.array) return left;
  const size_t row = e.array->row_bytes();
  return std::min(left, row - (e.offset + done) % row);
}

uint64_t address_at(const End& e, size_t done) {
  if (!e.array) return e.address + done;
  const size_t at = e.offset + done, row = e.array->row_bytes();
  return e.array->level().base + at / row * e.array->level().row_pitch + at % row;
}

/// Whole rows from here on: more than one only where both ends stand at the start of equal rows.
size_t rows_at(const End& dst, const End& src, size_t done, size_t left, size_t run) {
  for (const End* e : {&dst, &src})
    if (e->array && (run != e->array->row_bytes() || (e->offset + done) % run)) return 1;
  return left / run;
}

CUresult copy(const End& dst, const End& src, size_t bytes, CUstream handle, bool async) {
  device::Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!holds(dst, bytes) || !holds(src, bytes)) return CUDA_ERROR_INVALID_VALUE;
  for (size_t done = 0; done < bytes;) {
    const size_t left = bytes - done, run = std::min(run_at(dst, done, left), run_at(src, done, left));
    CopyRequest r =
        device::linear_copy(address_at(dst, done), dst.side, address_at(src, done), src.side, run);
    r.transfer.height = rows_at(dst, src, done, left, run);
    r.transfer.dst_pitch = dst.array ? dst.array->level().row_pitch : run;
    r.transfer.src_pitch = src.array ? src.array->level().row_pitch : run;
    PPU_TRY(device::copy(r, *s, async));
    done += run * r.transfer.height;
  }
  return CUDA_SUCCESS;
}

}  // namespace

CUresult cuMemcpyDtoA_v2(CUarray dst, size_t offset, CUdeviceptr src, size_t bytes) {
  return copy(in_array(dst, offset), in_memory(src, Side::kDevice), bytes, nullptr, false);
}
CUresult cuMemcpyDtoA_v2_ptds(CUarray dst, size_t offset, CUdeviceptr src, size_t bytes) {
  return copy(in_array(dst, offset), in_memory(src, Side::kDevice), bytes, CU_STREAM_PER_THREAD, false);
}
CUresult cuMemcpyAtoD_v2(CUdeviceptr dst, CUarray src, size_t offset, size_t bytes) {
  return copy(in_memory(dst, Side::kDevice), in_array(src, offset), bytes, nullptr, false);
}
CUresult cuMemcpyAtoD_v2_ptds(CUdeviceptr dst, CUarray src, size_t offset, size_t bytes) {
  return copy(in_memory(dst, Side::kDevice), in_array(src, offset), bytes, CU_STREAM_PER_THREAD, false);
}
CUresult cuMemcpyHtoA_v2(CUarray dst, size_t offset, const void* src, size_t bytes) {
  return copy(in_array(dst, offset), in_host(src), bytes, nullptr, false);
}
CUresult cuMemcpyHtoA_v2_ptds(CUarray dst, size_t offset, const void* src, size_t bytes) {
  return copy(in_array(dst, offset), in_host(src), bytes, CU_STREAM_PER_THREAD, false);
}
CUresult cuMemcpyHtoAAsync_v2(CUarray dst, size_t offset, const void* src, size_t bytes, CUstream s) {
  return copy(in_array(dst, offset), in_host(src), bytes, s, true);
}
CUresult cuMemcpyHtoAAsync_v2_ptsz(CUarray dst, size_t offset, const void* src, size_t bytes, CUstream s) {
  return copy(in_array(dst, offset), in_host(src), bytes, per_thread(s), true);
}
CUresult cuMemcpyAtoH_v2(void* dst, CUarray src, size_t offset, size_t bytes) {
  return copy(in_host(dst), in_array(src, offset), bytes, nullptr, false);
}
CUresult cuMemcpyAtoH_v2_ptds(void* dst, CUarray src, size_t offset, size_t bytes) {
  return copy(in_host(dst), in_array(src, offset), bytes, CU_STREAM_PER_THREAD, false);
}
CUresult cuMemcpyAtoHAsync_v2(void* dst, CUarray src, size_t offset, size_t bytes, CUstream s) {
  return copy(in_host(dst), in_array(src, offset), bytes, s, true);
}
CUresult cuMemcpyAtoHAsync_v2_ptsz(void* dst, CUarray src, size_t offset, size_t bytes, CUstream s) {
  return copy(in_host(dst), in_array(src, offset), bytes, per_thread(s), true);
}
CUresult cuMemcpyAtoA_v2(CUarray dst, size_t dst_offset, CUarray src, size_t src_offset, size_t bytes) {
  return copy(in_array(dst, dst_offset), in_array(src, src_offset), bytes, nullptr, false);
}
CUresult cuMemcpyAtoA_v2_ptds(CUarray dst, size_t dst_offset, CUarray src, size_t src_offset, size_t bytes) {
  return copy(in_array(dst, dst_offset), in_array(src, src_offset), bytes, CU_STREAM_PER_THREAD, false);
}

// The forms of CUDA before 3.2, with 32-bit sizes.
CUresult cuMemcpyHtoA(CUarray dst, unsigned int offset, const void* src, unsigned int bytes) {
  return ppu::driver::cuMemcpyHtoA_v2(dst, offset, src, bytes);
}
CUresult cuMemcpyAtoH(void* dst, CUarray src, unsigned int offset, unsigned int bytes) {
  return ppu::driver::cuMemcpyAtoH_v2(dst, src, offset, bytes);
}
CUresult cuMemcpyAtoA(CUarray dst, unsigned int dst_offset, CUarray src, unsigned int src_offset,
                      unsigned int bytes) {
  return ppu::driver::cuMemcpyAtoA_v2(dst, dst_offset, src, src_offset, bytes);
}
CUresult cuMemcpyHtoAAsync(CUarray dst, unsigned int offset, const void* src, unsigned int bytes,
                           CUstream s) {
  return ppu::driver::cuMemcpyHtoAAsync_v2(dst, offset, src, bytes, s);
}
CUresult cuMemcpyAtoHAsync(void* dst, CUarray src, unsigned int offset, unsigned int bytes, CUstream s) {
  return ppu::driver::cuMemcpyAtoHAsync_v2(dst, src, offset, bytes, s);
}

}  // namespace ppu::driver

// Memory operations in streams: write a value, wait for a value (CUDA Driver API, "Stream Memory
// Operations").
#include "device/polling.h"
#include "driver/handles.h"

namespace ppu::driver {

using device::Stream;

namespace {

class ValueWrite : public device::Operation {
 public:
  ValueWrite(uint64_t address, uint64_t value, bool wide) : address_(address), value_(value), wide_(wide) {}

 protected:
  void start() override {
    if (wide_)
      __atomic_store_n(reinterpret_cast<uint64_t*>(address_), value_, __ATOMIC_SEQ_CST);
    else
      __atomic_store_n(reinterpret_cast<uint32_t*>(address_), uint32_t(value_), __ATOMIC_SEQ_CST);
    complete();
  }

 private:
  uint64_t address_, value_;
  bool wide_;
};

/// Holds the stream until memory has a value.
class ValueWait : public device::PollingOperation {
 public:
  ValueWait(uint64_t address, uint64_t value, bool wide, unsigned flags, device::Context& context)
      : PollingOperation(context), address_(address), value_(value), wide_(wide), test_(flags & 3) {}

 protected:
  bool ready() const override {
    const uint64_t now = wide_ ? __atomic_load_n(reinterpret_cast<uint64_t*>(address_), __ATOMIC_SEQ_CST)
                               : __atomic_load_n(reinterpret_cast<uint32_t*>(address_), __ATOMIC_SEQ_CST);
    const uint64_t mask = wide_ ? ~uint64_t(0) : 0xffffffffu;
    switch (test_) {
      case CU_STREAM_WAIT_VALUE_GEQ:
        return wide_ ? int64_t(now - value_) >= 0 : int32_t(uint32_t(now) - uint32_t(value_)) >= 0;
      case CU_STREAM_WAIT_VALUE_EQ:
        return now == value_;
      case CU_STREAM_WAIT_VALUE_AND:
        return (now & value_) != 0;
      default:
        return (~(now | value_) & mask) != 0;
    }
  }

 private:
  uint64_t address_, value_;
  bool wide_;
  unsigned test_;
};

CUresult check(CUdeviceptr address, bool wide) {
  const size_t bytes = wide ? 8 : 4;
  const auto a = device::AddressSpace::instance().find(address);
  return a && address % bytes == 0 && a->contains(address, bytes) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult write_value(CUstream handle, CUdeviceptr address, uint64_t value, bool wide) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  PPU_TRY(check(address, wide));
  s->submit(new ValueWrite(address, value, wide));
  return CUDA_SUCCESS;
}

CUresult wait_value(CUstream handle, CUdeviceptr address, uint64_t value, unsigned flags, bool wide) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  PPU_TRY(check(address, wide));
  s->submit(new ValueWait(address, value, wide, flags, s->context()));
  return CUDA_SUCCESS;
}

CUresult batch(CUstream handle, unsigned count, const CUstreamBatchMemOpParams* ops) {
  if (!ops && count) return CUDA_ERROR_INVALID_VALUE;
  for (unsigned i = 0; i < count; i++) {
    const CUstreamBatchMemOpParams& o = ops[i];
    switch (o.operation) {
      case CU_STREAM_MEM_OP_WAIT_VALUE_32:
        PPU_TRY(wait_value(handle, o.waitValue.address, o.waitValue.value, o.waitValue.flags, false));
        break;
      case CU_STREAM_MEM_OP_WAIT_VALUE_64:
        PPU_TRY(wait_value(handle, o.waitValue.address, o.waitValue.value64, o.waitValue.flags, true));
        break;
      case CU_STREAM_MEM_OP_WRITE_VALUE_32:
        PPU_TRY(write_value(handle, o.writeValue.address, o.writeValue.value, false));
        break;
      case CU_STREAM_MEM_OP_WRITE_VALUE_64:
        PPU_TRY(write_value(handle, o.writeValue.address, o.writeValue.value64, true));
        break;
      case CU_STREAM_MEM_OP_BARRIER:
      case CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES:
        break;  // memory is coherent
      default:
        return CUDA_ERROR_INVALID_VALUE;
    }
  }
  return CUDA_SUCCESS;
}

}  // namespace

// One body for each name: two widths, two versions, two meanings of a null stream.
#define VALUE_OPS(bits, suffix, stream)                                                              \
  CUresult cuStreamWriteValue##bits##suffix(CUstream s, CUdeviceptr address, cuuint##bits##_t value, \
                                            unsigned int) {                                          \
    return write_value(stream, address, value, bits == 64);                                          \
  }                                                                                                  \
  CUresult cuStreamWaitValue##bits##suffix(CUstream s, CUdeviceptr address, cuuint##bits##_t value,  \
                                           unsigned int flags) {                                     \
    return wait_value(stream, address, value, flags, bits == 64);                                    \
  }
VALUE_OPS(32, , s)
VALUE_OPS(64, , s)
VALUE_OPS(32, _v2, s)
VALUE_OPS(64, _v2, s)
VALUE_OPS(32, _ptsz, per_thread(s))
VALUE_OPS(64, _ptsz, per_thread(s))
VALUE_OPS(32, _v2_ptsz, per_thread(s))
VALUE_OPS(64, _v2_ptsz, per_thread(s))
#undef VALUE_OPS

CUresult cuStreamBatchMemOp(CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int) {
  return batch(s, n, p);
}
CUresult cuStreamBatchMemOp_v2(CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int) {
  return batch(s, n, p);
}
CUresult cuStreamBatchMemOp_ptsz(CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int) {
  return batch(per_thread(s), n, p);
}
CUresult cuStreamBatchMemOp_v2_ptsz(CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int) {
  return batch(per_thread(s), n, p);
}

}  // namespace ppu::driver

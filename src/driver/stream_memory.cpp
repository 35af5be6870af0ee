// Memory operations in streams: write a value, wait for a value (CUDA Driver API, "Stream Memory
// Operations").
#include "device/capture.h"
#include "device/polling.h"
#include "driver/graph_handles.h"

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

CUresult batch(CUstream handle, unsigned count, const CUstreamBatchMemOpParams* operations, unsigned flags) {
  constexpr unsigned kMost = 256;  // cuStreamBatchMemOp: "Must be less than 256", and one more is taken
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if ((!operations && count) || count > kMost || flags != 0) return CUDA_ERROR_INVALID_VALUE;
  const std::span<const CUstreamBatchMemOpParams> all(operations, count);
  PPU_TRY(check_memory_operations(all));
  CUresult result = CUDA_SUCCESS;
  const auto node = [&] {
    const CUDA_BATCH_MEM_OP_NODE_PARAMS p = {to_handle(&s->context()), count,
                                             const_cast<CUstreamBatchMemOpParams*>(operations), 0};
    std::unique_ptr<device::Work> work;
    make_batch(&p, &work);
    return work;
  };
  if (device::ask_capture(*s, &result, node) != device::Fate::kRun) return result;
  return submit_memory_operations(*s, all);
}

CUstreamBatchMemOpParams describe(bool write, CUdeviceptr address, uint64_t value, unsigned flags,
                                  bool wide) {
  CUstreamBatchMemOpParams o = {};
  if (write) {
    o.operation = wide ? CU_STREAM_MEM_OP_WRITE_VALUE_64 : CU_STREAM_MEM_OP_WRITE_VALUE_32;
    o.writeValue.address = address;
    o.writeValue.value64 = value;
    o.writeValue.flags = flags;
  } else {
    o.operation = wide ? CU_STREAM_MEM_OP_WAIT_VALUE_64 : CU_STREAM_MEM_OP_WAIT_VALUE_32;
    o.waitValue.address = address;
    o.waitValue.value64 = value;
    o.waitValue.flags = flags;
  }
  return o;
}

CUresult single(CUstream stream, bool write, CUdeviceptr address, uint64_t value, unsigned flags, bool wide) {
  const CUstreamBatchMemOpParams o = describe(write, address, value, flags, wide);
  return batch(stream, 1, &o, 0);
}

}  // namespace

CUresult check_memory_operations(std::span<const CUstreamBatchMemOpParams> operations) {
  for (const CUstreamBatchMemOpParams& o : operations) {
    switch (o.operation) {
      case CU_STREAM_MEM_OP_WAIT_VALUE_32:
      case CU_STREAM_MEM_OP_WAIT_VALUE_64:
        if (o.waitValue.flags & ~(unsigned(CU_STREAM_WAIT_VALUE_NOR) | unsigned(CU_STREAM_WAIT_VALUE_FLUSH)))
          return CUDA_ERROR_INVALID_VALUE;
        PPU_TRY(check(o.waitValue.address, o.operation == CU_STREAM_MEM_OP_WAIT_VALUE_64));
        break;
      case CU_STREAM_MEM_OP_WRITE_VALUE_32:
      case CU_STREAM_MEM_OP_WRITE_VALUE_64:
        if (o.writeValue.flags & ~unsigned(CU_STREAM_WRITE_VALUE_NO_MEMORY_BARRIER))
          return CUDA_ERROR_INVALID_VALUE;
        PPU_TRY(check(o.writeValue.address, o.operation == CU_STREAM_MEM_OP_WRITE_VALUE_64));
        break;
      case CU_STREAM_MEM_OP_BARRIER:
      case CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES:
        break;
      default:
        return CUDA_ERROR_INVALID_VALUE;
    }
  }
  return CUDA_SUCCESS;
}

CUresult submit_memory_operations(Stream& s, std::span<const CUstreamBatchMemOpParams> operations) {
  for (const CUstreamBatchMemOpParams& o : operations) {
    const bool wide =
        o.operation == CU_STREAM_MEM_OP_WAIT_VALUE_64 || o.operation == CU_STREAM_MEM_OP_WRITE_VALUE_64;
    if (o.operation == CU_STREAM_MEM_OP_WAIT_VALUE_32 || o.operation == CU_STREAM_MEM_OP_WAIT_VALUE_64)
      s.submit(new ValueWait(o.waitValue.address, wide ? o.waitValue.value64 : o.waitValue.value, wide,
                             o.waitValue.flags, s.context()));
    if (o.operation == CU_STREAM_MEM_OP_WRITE_VALUE_32 || o.operation == CU_STREAM_MEM_OP_WRITE_VALUE_64)
      s.submit(new ValueWrite(o.writeValue.address, wide ? o.writeValue.value64 : o.writeValue.value, wide));
    // Barriers and flushes: memory is coherent.
  }
  return CUDA_SUCCESS;
}

// One body for each name: two widths, two versions, two meanings of a null stream.
#define VALUE_OPS(bits, suffix, stream)                                                              \
  CUresult cuStreamWriteValue##bits##suffix(CUstream s, CUdeviceptr address, cuuint##bits##_t value, \
                                            unsigned int flags) {                                    \
    return single(stream, true, address, value, flags, bits == 64);                                  \
  }                                                                                                  \
  CUresult cuStreamWaitValue##bits##suffix(CUstream s, CUdeviceptr address, cuuint##bits##_t value,  \
                                           unsigned int flags) {                                     \
    return single(stream, false, address, value, flags, bits == 64);                                 \
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

CUresult cuStreamBatchMemOp(CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int f) {
  return batch(s, n, p, f);
}
CUresult cuStreamBatchMemOp_v2(CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int f) {
  return batch(s, n, p, f);
}
CUresult cuStreamBatchMemOp_ptsz(CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int f) {
  return batch(per_thread(s), n, p, f);
}
CUresult cuStreamBatchMemOp_v2_ptsz(CUstream s, unsigned int n, CUstreamBatchMemOpParams* p, unsigned int f) {
  return batch(per_thread(s), n, p, f);
}

}  // namespace ppu::driver

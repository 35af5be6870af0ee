// Answers to kernels that call the device runtime: launches, and the few functions beside them. The codes are
// the runtime's (cudaError_t), which where both have one are the driver's.
//
// Streams and events of a block are names only: child_grids.h keeps a block's order whatever the stream.
#include "ptx/device_runtime.h"

#include <cstring>

#include "base/log.h"
#include "device/child_grids.h"
#include "device/graph.h"

namespace ppu::device {
namespace {

using exec::DeviceAnswer;
using ptx::DeviceCall;

constexpr uint32_t kInvalidConfiguration = 9, kMaxDepthExceeded = 65, kInvalidDeviceFunction = 98;
constexpr uint32_t kMaxDepth = 24;
constexpr uint64_t kFirstHandle = 16;  ///< below are the names of streams that CUDA defines

struct ErrorText {
  CUresult code;
  const char* runtime_name;
  const char* text;
};
constexpr ErrorText kErrors[] = {
#define RESULT(driver, runtime, text) {driver, #runtime, text},
#include "base/cuda_results.inc"
#undef RESULT
};

class Call {
 public:
  Call(Grid& grid, const exec::BlockState& block, const uint64_t* words)
      : grid_(grid), block_(block), words_(words) {}

  DeviceAnswer answer(DeviceCall call);

 private:
  uint64_t word(size_t i) const { return words_[i]; }
  uint64_t block_index() const {
    const uint32_t* g = grid_.args().grid;
    return block_.ctaid[0] + uint64_t(g[0]) * (block_.ctaid[1] + uint64_t(g[1]) * block_.ctaid[2]);
  }
  uint64_t thread_index() const { return block_index() * 1024 + block_.thread; }
  DeviceAnswer result(uint32_t error) {
    if (error) grid_.children().set_error(thread_index(), error);
    DeviceAnswer a;
    a.value = error;
    return a;
  }
  template <class T>
  DeviceAnswer give(uint64_t address, const T& value) {
    static_assert(sizeof(T) <= sizeof DeviceAnswer::data);
    DeviceAnswer a;
    a.address = address;
    a.bytes = sizeof value;
    std::memcpy(a.data, &value, sizeof value);
    return a;
  }
  Function* function(uint64_t id) const;
  LaunchConfig config(size_t first_word, uint64_t shared) const;
  uint64_t parameter_buffer();
  uint64_t raw_buffer();
  uint32_t launch(ChildGrids::Buffer buffer, uint64_t stream);
  uint32_t launch_v1();
  uint32_t launch_v2();
  DeviceAnswer attributes();
  DeviceAnswer occupancy();
  uint32_t copy(size_t width, size_t height, uint64_t dst_pitch, uint64_t src, uint64_t src_pitch,
                uint64_t stream);
  uint32_t fill(uint64_t pitch, uint64_t value, size_t width, size_t height, uint64_t stream);
  DeviceAnswer memory(DeviceCall call);
  DeviceAnswer question(DeviceCall call);

  Grid& grid_;
  const exec::BlockState& block_;
  const uint64_t* words_;
};

/// A kernel's address in kernels is its number in the module.
Function* Call::function(uint64_t id) const {
  Module& module = grid_.function().module();
  const std::vector<ptx::Function>& all = module.tree().functions;
  for (size_t i = 0; i < all.size(); i++)
    if (ptx::function_id(int32_t(i)) == id) return module.function(all[i].name);
  return nullptr;
}

LaunchConfig Call::config(size_t first, uint64_t shared) const {
  LaunchConfig c;
  for (size_t i = 0; i < 3; i++) {
    c.grid[i] = uint32_t(word(first + i));
    c.block[i] = uint32_t(word(first + 3 + i));
  }
  c.dynamic_shared_bytes = uint32_t(shared);
  return c;
}

uint64_t Call::parameter_buffer() {
  ChildGrids::Buffer b;
  b.function = function(word(0));
  if (!b.function) return result(kInvalidDeviceFunction), 0;
  b.config = config(1, word(7));
  if (check_launch(*b.function, b.config) != CUDA_SUCCESS) return result(kInvalidConfiguration), 0;
  b.bytes = b.function->params().total;
  b.memory = std::make_unique<std::byte[]>(b.bytes + 1);
  return grid_.children().add_buffer(std::move(b));
}

uint64_t Call::raw_buffer() {
  constexpr uint64_t kMostBytes = 32764;
  ChildGrids::Buffer b;
  if (word(1) > kMostBytes) return 0;
  b.bytes = word(1);
  b.memory = std::make_unique<std::byte[]>(b.bytes + 1);
  return grid_.children().add_buffer(std::move(b));
}

uint32_t Call::launch(ChildGrids::Buffer buffer, uint64_t stream) {
  if (grid_.depth() + 1 > kMaxDepth) return kMaxDepthExceeded;
  Function& f = *buffer.function;
  if (check_launch(f, buffer.config) != CUDA_SUCCESS) return kInvalidConfiguration;
  if (buffer.bytes < f.params().total) return CUDA_ERROR_INVALID_VALUE;
  CUresult why;
  const Executable* e = f.executable(buffer.config.block, &why);
  if (!e) return why;
  const std::span<const std::byte> params(buffer.memory.get(), f.params().total);
  grid_.children().add(block_index(), stream,
                       std::make_unique<Grid>(f, *e, buffer.config, params, grid_.depth() + 1));
  return CUDA_SUCCESS;
}

uint32_t Call::launch_v1() {
  ChildGrids::Buffer b;
  if (!grid_.children().take_buffer(word(1), &b)) return CUDA_ERROR_INVALID_VALUE;
  b.function = function(word(0));
  if (!b.function) return kInvalidDeviceFunction;
  b.config = config(2, word(8));
  return launch(std::move(b), word(9));
}

/// A failed cudaGetParameterBufferV2 gave null, and its error stands.
uint32_t Call::launch_v2() {
  ChildGrids::Buffer b;
  if (!grid_.children().take_buffer(word(0), &b) || !b.function) return CUDA_ERROR_INVALID_VALUE;
  return launch(std::move(b), word(1));
}

/// The first members of cudaFuncAttributes; the rest stays zero.
DeviceAnswer Call::attributes() {
  Function* f = function(word(1));
  if (!f) return result(kInvalidDeviceFunction);
  const auto of = [f](CUfunction_attribute attribute) {
    int value = 0;
    f->get_attribute(attribute, &value);
    return value;
  };
  struct {
    size_t shared, constant, local;
    int max_threads, registers, ptx, binary, cache_mode, max_dynamic_shared, carveout;
  } a = {};
  a.shared = size_t(of(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES));
  a.constant = size_t(of(CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES));
  a.local = size_t(of(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES));
  a.max_threads = of(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
  a.registers = of(CU_FUNC_ATTRIBUTE_NUM_REGS);
  a.ptx = of(CU_FUNC_ATTRIBUTE_PTX_VERSION);
  a.binary = of(CU_FUNC_ATTRIBUTE_BINARY_VERSION);
  a.max_dynamic_shared = of(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
  a.carveout = of(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT);
  return give(word(0), a);
}

DeviceAnswer Call::occupancy() {
  Function* f = function(word(1));
  if (!f) return result(kInvalidDeviceFunction);
  return give(word(0), max_active_blocks(*f, int(word(2)), word(3)));
}

uint32_t Call::copy(size_t width, size_t height, uint64_t dst_pitch, uint64_t src, uint64_t src_pitch,
                    uint64_t stream) {
  exec::Transfer t;
  t.dst = word(0);
  t.src = src;
  t.width = width;
  t.height = height;
  t.dst_pitch = dst_pitch;
  t.src_pitch = src_pitch;
  if (height > 1 && (dst_pitch < width || src_pitch < width)) return CUDA_ERROR_INVALID_VALUE;
  if (t.bytes()) grid_.children().add(block_index(), stream, t);
  return CUDA_SUCCESS;
}

uint32_t Call::fill(uint64_t pitch, uint64_t value, size_t width, size_t height, uint64_t stream) {
  exec::Transfer t;
  t.dst = word(0);
  t.dst_pitch = pitch;
  t.width = width;
  t.height = height;
  t.fill = true;
  t.value = uint32_t(value & 0xff);
  if (height > 1 && pitch < width) return CUDA_ERROR_INVALID_VALUE;
  if (t.bytes()) grid_.children().add(block_index(), stream, t);
  return CUDA_SUCCESS;
}

DeviceAnswer Call::memory(DeviceCall call) {
  exec::DeviceHeap* heap = grid_.context().services().heap;
  switch (call) {
    case DeviceCall::kMalloc: {
      const uint64_t address = heap ? heap->malloc(word(1)) : 0;
      DeviceAnswer a = give(word(0), address);
      a.value = address ? CUDA_SUCCESS : result(CUDA_ERROR_OUT_OF_MEMORY).value;
      return a;
    }
    case DeviceCall::kFree:
      return result(!word(0) || (heap && heap->free(word(0))) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE);
    case DeviceCall::kMemcpyAsync:
    case DeviceCall::kMemcpyAsyncThread:
      return result(copy(word(2), 1, 0, word(1), 0, word(4)));
    case DeviceCall::kMemcpy2DAsync:
    case DeviceCall::kMemcpy2DAsyncThread:
      return result(copy(word(4), word(5), word(1), word(2), word(3), word(7)));
    case DeviceCall::kMemsetAsync:
    case DeviceCall::kMemsetAsyncThread:
      return result(fill(0, word(1), word(2), 1, word(3)));
    default:
      return result(fill(word(1), word(2), word(3), word(4), word(5)));
  }
}

DeviceAnswer Call::question(DeviceCall call) {
  const Device& device = grid_.context().device();
  switch (call) {
    case DeviceCall::kGetDevice:
      return give(word(0), device.ordinal);
    case DeviceCall::kGetDeviceCount:
      return give(word(0), device_count());
    case DeviceCall::kDeviceGetAttribute: {
      int value = 0;
      const Device* asked = device_at(int(word(2)));
      if (!asked) return result(CUDA_ERROR_INVALID_DEVICE);
      const CUresult r = device_attribute(*asked, CUdevice_attribute(word(1)), &value);
      return r == CUDA_SUCCESS ? give(word(0), value) : result(r);
    }
    case DeviceCall::kDeviceGetLimit: {
      size_t value = 0;
      const CUresult r = grid_.context().get_limit(CUlimit(word(1)), &value);
      return r == CUDA_SUCCESS ? give(word(0), value) : result(r);
    }
    case DeviceCall::kDeviceGetCacheConfig:
    case DeviceCall::kDeviceGetSharedMemConfig:
      return give(word(0), int(0));  // no preference
    case DeviceCall::kRuntimeGetVersion:
      return give(word(0), int(CUDA_VERSION));
    default: {
      DeviceAnswer a;
      const char* text = "unrecognized error code";
      for (const ErrorText& e : kErrors)
        if (e.code == CUresult(word(0))) text = call == DeviceCall::kGetErrorName ? e.runtime_name : e.text;
      a.value = reinterpret_cast<uint64_t>(text);
      return a;
    }
  }
}

DeviceAnswer Call::answer(DeviceCall call) {
  switch (call) {
    case DeviceCall::kGetParameterBuffer:
    case DeviceCall::kGetParameterBufferV2: {
      DeviceAnswer a;
      a.value = call == DeviceCall::kGetParameterBufferV2 ? parameter_buffer() : raw_buffer();
      return a;
    }
    case DeviceCall::kLaunchDevice:
    case DeviceCall::kLaunchDeviceThread:
      return result(launch_v1());
    case DeviceCall::kLaunchDeviceV2:
    case DeviceCall::kLaunchDeviceV2Thread:
      return result(launch_v2());
    case DeviceCall::kGetLastError:
    case DeviceCall::kPeekAtLastError: {
      DeviceAnswer a;
      a.value = grid_.children().error(thread_index(), call == DeviceCall::kGetLastError);
      return a;
    }
    case DeviceCall::kStreamCreateWithFlags:
      // Only non-blocking streams, and events without timing, exist on the device.
      if (word(1) != CU_STREAM_NON_BLOCKING) return result(CUDA_ERROR_INVALID_VALUE);
      return give(word(0), kFirstHandle);
    case DeviceCall::kEventCreateWithFlags:
      if (word(1) != CU_EVENT_DISABLE_TIMING) return result(CUDA_ERROR_INVALID_VALUE);
      return give(word(0), kFirstHandle);
    case DeviceCall::kStreamDestroy:
    case DeviceCall::kEventDestroy:
      return result(word(0) >= kFirstHandle ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE);
    case DeviceCall::kStreamWaitEvent:
    case DeviceCall::kStreamWaitEventThread:
      return result(word(1) >= kFirstHandle ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE);
    case DeviceCall::kEventRecord:
    case DeviceCall::kEventRecordThread:
    case DeviceCall::kEventRecordWithFlags:
    case DeviceCall::kEventRecordWithFlagsThread:
      return result(word(0) >= kFirstHandle ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE);
    case DeviceCall::kMalloc:
    case DeviceCall::kFree:
    case DeviceCall::kMemcpyAsync:
    case DeviceCall::kMemcpyAsyncThread:
    case DeviceCall::kMemcpy2DAsync:
    case DeviceCall::kMemcpy2DAsyncThread:
    case DeviceCall::kMemsetAsync:
    case DeviceCall::kMemsetAsyncThread:
    case DeviceCall::kMemset2DAsync:
    case DeviceCall::kMemset2DAsyncThread:
      return memory(call);
    case DeviceCall::kFuncGetAttributes:
      return attributes();
    case DeviceCall::kOccupancy:
    case DeviceCall::kOccupancyWithFlags:
      return occupancy();
    case DeviceCall::kGraphSetConditional:
      set_condition(word(0), uint32_t(word(1)));
      return {};
    case DeviceCall::kGraphLaunch:
      log_once("device", "cudaGraphLaunch", "cudaGraphLaunch from a kernel isn't implemented");
      return result(CUDA_ERROR_NOT_SUPPORTED);
    default:
      return question(call);
  }
}

}  // namespace

exec::DeviceAnswer answer_device_call(void* grid, const exec::BlockState& block, uint32_t call,
                                      const uint64_t* words) {
  return Call(*static_cast<Grid*>(grid), block, words).answer(DeviceCall(call));
}

}  // namespace ppu::device

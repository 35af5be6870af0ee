// Streams, events and stream capture. Handles are the driver's own.
#include "runtime/entry.h"
#include "runtime/torch_bridge.h"

namespace ppu::runtime {

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority) {
  return call([&](const Driver& d) { return d.cuStreamCreateWithPriority(stream, flags, priority); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  return ppu::runtime::cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return ppu::runtime::cudaStreamCreateWithPriority(stream, cudaStreamDefault, 0);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  if (!stream) return cudaErrorInvalidResourceHandle;
  return call([&](const Driver& d) { return d.cuStreamDestroy_v2(stream); });
}

cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority) {
  return call([&](const Driver& d) { return d.cuStreamGetPriority(resolve_stream(stream), priority); });
}

cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned int* flags) {
  return call([&](const Driver& d) { return d.cuStreamGetFlags(resolve_stream(stream), flags); });
}

cudaError_t cudaStreamGetId(cudaStream_t stream, unsigned long long* id) {
  return call([&](const Driver& d) { return d.cuStreamGetId(resolve_stream(stream), id); });
}

cudaError_t cudaStreamGetDevice(cudaStream_t stream, int* device) {
  return call([&](const Driver& d) { return d.cuStreamGetDevice(resolve_stream(stream), device); });
}

cudaError_t cudaStreamCopyAttributes(cudaStream_t dst, cudaStream_t src) {
  return call(
      [&](const Driver& d) { return d.cuStreamCopyAttributes(resolve_stream(dst), resolve_stream(src)); });
}

// Attribute numbers and values have one layout in both interfaces.
cudaError_t cudaStreamGetAttribute(cudaStream_t stream, cudaLaunchAttributeID attribute,
                                   cudaLaunchAttributeValue* value) {
  return call([&](const Driver& d) {
    return d.cuStreamGetAttribute(resolve_stream(stream), static_cast<CUstreamAttrID>(attribute),
                                  reinterpret_cast<CUstreamAttrValue*>(value));
  });
}

cudaError_t cudaStreamSetAttribute(cudaStream_t stream, cudaLaunchAttributeID attribute,
                                   const cudaLaunchAttributeValue* value) {
  return call([&](const Driver& d) {
    return d.cuStreamSetAttribute(resolve_stream(stream), static_cast<CUstreamAttrID>(attribute),
                                  reinterpret_cast<const CUstreamAttrValue*>(value));
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags) {
  return call([&](const Driver& d) { return d.cuStreamWaitEvent(resolve_stream(stream), event, flags); });
}

cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* user,
                                  unsigned int flags) {
  // The two callback types differ in the name of the result's type only; codes are the same numbers.
  return call([&](const Driver& d) {
    return d.cuStreamAddCallback(resolve_stream(stream), reinterpret_cast<CUstreamCallback>(callback), user,
                                 flags);
  });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t callback, void* user) {
  return call([&](const Driver& d) { return d.cuLaunchHostFunc(resolve_stream(stream), callback, user); });
}

#if PPU_CUDART_LEVEL == 13
// How the device waits for the function, blocked (0) or spinning (1), is advice.
cudaError_t cudaLaunchHostFunc_v2(cudaStream_t stream, cudaHostFn_t callback, void* user,
                                  unsigned int sync_mode) {
  return sync_mode > 1 ? cudaErrorInvalidValue : ppu::runtime::cudaLaunchHostFunc(stream, callback, user);
}
#endif

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call([&](const Driver& d) { return d.cuStreamSynchronize(resolve_stream(stream)); });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return call([&](const Driver& d) { return d.cuStreamQuery(resolve_stream(stream)); });
}

cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, void* address, size_t bytes, unsigned int flags) {
  return call([&](const Driver& d) {
    return d.cuStreamAttachMemAsync(resolve_stream(stream), reinterpret_cast<CUdeviceptr>(address), bytes,
                                    flags);
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  return call([&](const Driver& d) { return d.cuEventCreate(event, flags); });
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return ppu::runtime::cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned int flags) {
  return call(
      [&](const Driver& d) { return d.cuEventRecordWithFlags(event, resolve_stream(stream), flags); });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return ppu::runtime::cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call([&](const Driver& d) { return d.cuEventQuery(event); });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call([&](const Driver& d) { return d.cuEventSynchronize(event); });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call([&](const Driver& d) { return d.cuEventDestroy_v2(event); });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return call([&](const Driver& d) { return d.cuEventElapsedTime_v2(milliseconds, start, end); });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode) {
  tell_torch_bridge_of_capture_begin();
  return call([&](const Driver& d) {
    return d.cuStreamBeginCapture_v2(resolve_stream(stream), static_cast<CUstreamCaptureMode>(mode));
  });
}

cudaError_t cudaStreamBeginCaptureToGraph(cudaStream_t stream, cudaGraph_t graph,
                                          const cudaGraphNode_t* dependencies, const cudaGraphEdgeData* edges,
                                          size_t count, enum cudaStreamCaptureMode mode) {
  tell_torch_bridge_of_capture_begin();
  return call([&](const Driver& d) {
    return d.cuStreamBeginCaptureToGraph(resolve_stream(stream), graph, dependencies,
                                         reinterpret_cast<const CUgraphEdgeData*>(edges), count,
                                         static_cast<CUstreamCaptureMode>(mode));
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const cudaError_t e =
      call([&](const Driver& d) { return d.cuStreamEndCapture(resolve_stream(stream), graph); });
  tell_torch_bridge_of_capture_end();
  return e;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, enum cudaStreamCaptureStatus* status) {
  return call([&](const Driver& d) {
    return d.cuStreamIsCapturing(resolve_stream(stream), reinterpret_cast<CUstreamCaptureStatus*>(status));
  });
}

cudaError_t cudaThreadExchangeStreamCaptureMode(enum cudaStreamCaptureMode* mode) {
  return bare_call([&](const Driver& d) {
    return d.cuThreadExchangeStreamCaptureMode(reinterpret_cast<CUstreamCaptureMode*>(mode));
  });
}

namespace {

cudaError_t capture_info(cudaStream_t stream, enum cudaStreamCaptureStatus* status, unsigned long long* id,
                         cudaGraph_t* graph, const cudaGraphNode_t** dependencies,
                         const cudaGraphEdgeData** edges, size_t* count) {
  return call([&](const Driver& d) {
    return d.cuStreamGetCaptureInfo_v3(resolve_stream(stream),
                                       reinterpret_cast<CUstreamCaptureStatus*>(status),
                                       reinterpret_cast<cuuint64_t*>(id), graph, dependencies,
                                       reinterpret_cast<const CUgraphEdgeData**>(edges), count);
  });
}

cudaError_t update_dependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                const cudaGraphEdgeData* edges, size_t count, unsigned int flags) {
  return call([&](const Driver& d) {
    return d.cuStreamUpdateCaptureDependencies_v2(
        resolve_stream(stream), dependencies, reinterpret_cast<const CUgraphEdgeData*>(edges), count, flags);
  });
}

}  // namespace

#if PPU_CUDART_LEVEL == 13
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, enum cudaStreamCaptureStatus* status,
                                     unsigned long long* id, cudaGraph_t* graph,
                                     const cudaGraphNode_t** dependencies, const cudaGraphEdgeData** edges,
                                     size_t* count) {
  return capture_info(stream, status, id, graph, dependencies, edges, count);
}
cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                const cudaGraphEdgeData* edges, size_t count,
                                                unsigned int flags) {
  return update_dependencies(stream, dependencies, edges, count, flags);
}
#else
// The form of CUDA 10 and 11.
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, enum cudaStreamCaptureStatus* status,
                                     unsigned long long* id) {
  return capture_info(stream, status, id, nullptr, nullptr, nullptr, nullptr);
}
cudaError_t cudaStreamGetCaptureInfo_v2(cudaStream_t stream, enum cudaStreamCaptureStatus* status,
                                        unsigned long long* id, cudaGraph_t* graph,
                                        const cudaGraphNode_t** dependencies, size_t* count) {
  return capture_info(stream, status, id, graph, dependencies, nullptr, count);
}
cudaError_t cudaStreamGetCaptureInfo_v3(cudaStream_t stream, enum cudaStreamCaptureStatus* status,
                                        unsigned long long* id, cudaGraph_t* graph,
                                        const cudaGraphNode_t** dependencies, const cudaGraphEdgeData** edges,
                                        size_t* count) {
  return capture_info(stream, status, id, graph, dependencies, edges, count);
}
cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                size_t count, unsigned int flags) {
  return update_dependencies(stream, dependencies, nullptr, count, flags);
}
cudaError_t cudaStreamUpdateCaptureDependencies_v2(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                   const cudaGraphEdgeData* edges, size_t count,
                                                   unsigned int flags) {
  return update_dependencies(stream, dependencies, edges, count, flags);
}
cudaError_t cudaEventElapsedTime_v2(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return ppu::runtime::cudaEventElapsedTime(milliseconds, start, end);
}
#endif

}  // namespace ppu::runtime

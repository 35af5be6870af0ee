// Stream capture. Edge data is accepted where it is absent or all zero: OpenPPU has plain dependencies only.
#include "device/capture.h"

#include "driver/graph_handles.h"

namespace ppu::driver {

using device::CaptureInfo;
using device::Stream;

CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (unsigned(mode) > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
  return device::begin_capture(*s, mode, nullptr, {});
}

CUresult cuStreamBeginCaptureToGraph(CUstream handle, CUgraph graph_handle, const CUgraphNode* dependencies,
                                     const CUgraphEdgeData* edges, size_t count, CUstreamCaptureMode mode) {
  Stream* s;
  Graph* graph;
  std::vector<Node*> before;
  PPU_TRY(find_stream(handle, &s));
  PPU_TRY(find_graph(graph_handle, &graph));
  PPU_TRY(check_edges(edges, count));
  PPU_TRY(find_nodes(*graph, dependencies, count, &before));
  if (unsigned(mode) > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
  return device::begin_capture(*s, mode, graph, before);
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph* graph) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  Graph* captured = nullptr;
  bool is_new = false;
  const CUresult result = device::end_capture(*s, &captured, &is_new);
  // Who captured into a graph of his own needn't ask for it.
  if (is_new && graph) live<Graph>().add(captured);
  if (is_new && !graph) delete captured;
  if (graph) *graph = to_handle(captured);
  return is_new && !graph && result == CUDA_SUCCESS ? CUDA_ERROR_INVALID_VALUE : result;
}

CUresult cuStreamGetCaptureInfo_v3(CUstream handle, CUstreamCaptureStatus* status, cuuint64_t* id,
                                   CUgraph* graph, const CUgraphNode** dependencies,
                                   const CUgraphEdgeData** edges, size_t* count) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  if (!status) return CUDA_ERROR_INVALID_VALUE;
  if (device::is_implicit(*s)) return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  const CaptureInfo info = device::capture_info(*s);
  *status = info.status;
  if (info.status == CU_STREAM_CAPTURE_STATUS_NONE) return CUDA_SUCCESS;
  if (id) *id = info.id;
  if (graph) *graph = to_handle(info.graph);
  if (dependencies) *dependencies = reinterpret_cast<const CUgraphNode*>(info.dependencies);
  if (edges) *edges = nullptr;
  if (count) *count = info.count;
  return CUDA_SUCCESS;
}

CUresult cuStreamGetCaptureInfo_v2(CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id,
                                   CUgraph* graph, const CUgraphNode** dependencies, size_t* count) {
  return ppu::driver::cuStreamGetCaptureInfo_v3(stream, status, id, graph, dependencies, nullptr, count);
}

CUresult cuStreamGetCaptureInfo(CUstream stream, CUstreamCaptureStatus* status, cuuint64_t* id) {
  return ppu::driver::cuStreamGetCaptureInfo_v3(stream, status, id, nullptr, nullptr, nullptr, nullptr);
}

CUresult cuStreamUpdateCaptureDependencies_v2(CUstream handle, CUgraphNode* dependencies,
                                              const CUgraphEdgeData* edges, size_t count,
                                              unsigned int flags) {
  Stream* s;
  PPU_TRY(find_stream(handle, &s));
  PPU_TRY(check_edges(edges, count));
  if (count && !dependencies) return CUDA_ERROR_INVALID_VALUE;
  if (flags > CU_STREAM_SET_CAPTURE_DEPENDENCIES) return CUDA_ERROR_INVALID_VALUE;
  return device::update_dependencies(*s, {reinterpret_cast<Node* const*>(dependencies), count},
                                     flags == CU_STREAM_SET_CAPTURE_DEPENDENCIES);
}

CUresult cuStreamUpdateCaptureDependencies(CUstream stream, CUgraphNode* dependencies, size_t count,
                                           unsigned int flags) {
  return ppu::driver::cuStreamUpdateCaptureDependencies_v2(stream, dependencies, nullptr, count, flags);
}

// The per-thread variants.
CUresult cuStreamBeginCapture_v2_ptsz(CUstream s, CUstreamCaptureMode m) {
  return ppu::driver::cuStreamBeginCapture_v2(per_thread(s), m);
}
CUresult cuStreamBeginCaptureToGraph_ptsz(CUstream s, CUgraph g, const CUgraphNode* d,
                                          const CUgraphEdgeData* e, size_t n, CUstreamCaptureMode m) {
  return ppu::driver::cuStreamBeginCaptureToGraph(per_thread(s), g, d, e, n, m);
}
CUresult cuStreamEndCapture_ptsz(CUstream s, CUgraph* g) {
  return ppu::driver::cuStreamEndCapture(per_thread(s), g);
}
CUresult cuStreamGetCaptureInfo_ptsz(CUstream s, CUstreamCaptureStatus* c, cuuint64_t* i) {
  return ppu::driver::cuStreamGetCaptureInfo(per_thread(s), c, i);
}
CUresult cuStreamGetCaptureInfo_v2_ptsz(CUstream s, CUstreamCaptureStatus* c, cuuint64_t* i, CUgraph* g,
                                        const CUgraphNode** d, size_t* n) {
  return ppu::driver::cuStreamGetCaptureInfo_v2(per_thread(s), c, i, g, d, n);
}
CUresult cuStreamGetCaptureInfo_v3_ptsz(CUstream s, CUstreamCaptureStatus* c, cuuint64_t* i, CUgraph* g,
                                        const CUgraphNode** d, const CUgraphEdgeData** e, size_t* n) {
  return ppu::driver::cuStreamGetCaptureInfo_v3(per_thread(s), c, i, g, d, e, n);
}
CUresult cuStreamUpdateCaptureDependencies_ptsz(CUstream s, CUgraphNode* d, size_t n, unsigned int f) {
  return ppu::driver::cuStreamUpdateCaptureDependencies(per_thread(s), d, n, f);
}
CUresult cuStreamUpdateCaptureDependencies_v2_ptsz(CUstream s, CUgraphNode* d, const CUgraphEdgeData* e,
                                                   size_t n, unsigned int f) {
  return ppu::driver::cuStreamUpdateCaptureDependencies_v2(per_thread(s), d, e, n, f);
}

}  // namespace ppu::driver

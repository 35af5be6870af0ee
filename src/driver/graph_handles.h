// CUgraph, CUgraphNode and CUgraphExec, and the checks their entry points share.
#pragma once
#include <cstring>

#include "device/graph.h"
#include "driver/handles.h"

namespace ppu::driver {

using device::Graph;
using device::GraphExec;
using device::Node;

inline CUgraph to_handle(Graph* g) {
  return reinterpret_cast<CUgraph>(g);
}
inline CUgraphNode to_handle(Node* n) {
  return reinterpret_cast<CUgraphNode>(n);
}
inline CUgraphExec to_handle(GraphExec* e) {
  return reinterpret_cast<CUgraphExec>(e);
}
inline Node* to_node(CUgraphNode n) {
  return reinterpret_cast<Node*>(n);
}

/// A graph the program made, or one that is being captured, or the graph inside a child node.
inline CUresult find_graph(CUgraph handle, Graph** graph) {
  PPU_TRY(device::require_initialized());
  *graph = reinterpret_cast<Graph*>(handle);
  return device::is_graph(*graph) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

/// CUDA_ERROR_INVALID_VALUE unless `handle` is a node of a live graph.
inline CUresult find_node(CUgraphNode handle) {
  PPU_TRY(device::require_initialized());
  return device::is_node(to_node(handle)) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

inline CUresult find_exec(CUgraphExec handle, GraphExec** exec) {
  PPU_TRY(device::require_initialized());
  *exec = reinterpret_cast<GraphExec*>(handle);
  return *exec && live<GraphExec>().has(*exec) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

inline CUresult find_nodes(const Graph& graph, const CUgraphNode* handles, size_t count,
                           std::vector<Node*>* nodes) {
  if (count && !handles) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; i++) {
    if (!graph.has(to_node(handles[i]))) return CUDA_ERROR_INVALID_VALUE;
    nodes->push_back(to_node(handles[i]));
  }
  return CUDA_SUCCESS;
}

/// Plain edges only: programmatic launch is not a feature of capability 8.0.
inline CUresult check_edges(const CUgraphEdgeData* edges, size_t count) {
  const CUgraphEdgeData plain{};
  for (size_t i = 0; edges && i < count; i++)
    if (std::memcmp(&edges[i], &plain, sizeof plain) != 0) return CUDA_ERROR_NOT_SUPPORTED;
  return CUDA_SUCCESS;
}

/// Adds a node to a graph; the body of every cuGraphAdd*Node.
CUresult add_node(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies, size_t count,
                  std::unique_ptr<device::Work> work);

/// The same for a conditional node, whose bodies are new graphs.
CUresult add_conditional(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies, size_t count,
                         CUDA_CONDITIONAL_NODE_PARAMS* params);
/// Memory operations as a node: checked and copied.
CUresult make_batch(const CUDA_BATCH_MEM_OP_NODE_PARAMS* params, std::unique_ptr<device::Work>* work);

/// The work of a node, if it is of type W.
template <class W>
CUresult work_of(CUgraphNode node, CUgraphNodeType type, W** work) {
  PPU_TRY(find_node(node));
  if (to_node(node)->work->type() != type) return CUDA_ERROR_INVALID_VALUE;
  *work = static_cast<W*>(to_node(node)->work.get());
  return CUDA_SUCCESS;
}

}  // namespace ppu::driver

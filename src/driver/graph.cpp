// Graphs as a whole: making, walking, instantiating, launching, updating.
#include <climits>
#include <cstdio>

#include "device/capture.h"
#include "driver/graph_handles.h"

namespace ppu::driver {

using device::Stream;
using device::UserObject;

CUresult cuGraphCreate(CUgraph* graph, unsigned int flags) {
  PPU_TRY(device::require_initialized());
  if (!graph || flags) return CUDA_ERROR_INVALID_VALUE;
  auto* g = new Graph;
  live<Graph>().add(g);
  *graph = to_handle(g);
  return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph handle) {
  PPU_TRY(device::require_initialized());
  auto* graph = reinterpret_cast<Graph*>(handle);
  if (!live<Graph>().remove(graph)) return CUDA_ERROR_INVALID_VALUE;
  delete graph;
  return CUDA_SUCCESS;
}

CUresult cuGraphClone(CUgraph* clone, CUgraph original) {
  Graph* graph;
  PPU_TRY(find_graph(original, &graph));
  if (!clone) return CUDA_ERROR_INVALID_VALUE;
  Graph* copy = graph->clone().release();
  live<Graph>().add(copy);
  *clone = to_handle(copy);
  return CUDA_SUCCESS;
}

CUresult cuGraphNodeFindInClone(CUgraphNode* node, CUgraphNode original, CUgraph clone) {
  Graph* graph;
  PPU_TRY(find_graph(clone, &graph));
  if (!node || !original) return CUDA_ERROR_INVALID_VALUE;
  Node* found = graph->copy_of(to_node(original));
  *node = to_handle(found);
  return found ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGraphDestroyNode(CUgraphNode handle) {
  PPU_TRY(find_node(handle));
  to_node(handle)->graph->remove(to_node(handle));
  return CUDA_SUCCESS;
}

namespace {

/// Lists as CUDA gives them: without an array, the count; with one, as many as fit, the rest null.
CUresult give_nodes(const std::vector<Node*>& all, CUgraphNode* nodes, size_t* count) {
  if (!count) return CUDA_ERROR_INVALID_VALUE;
  if (!nodes) {
    *count = all.size();
    return CUDA_SUCCESS;
  }
  for (size_t i = 0; i < *count; i++) nodes[i] = i < all.size() ? to_handle(all[i]) : nullptr;
  *count = std::min(*count, all.size());
  return CUDA_SUCCESS;
}

void give_plain_edges(CUgraphEdgeData* edges, size_t count) {
  for (size_t i = 0; edges && i < count; i++) edges[i] = {};
}

}  // namespace

CUresult cuGraphGetNodes(CUgraph handle, CUgraphNode* nodes, size_t* count) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  std::vector<Node*> all;
  for (const auto& n : graph->nodes()) all.push_back(n.get());
  return give_nodes(all, nodes, count);
}

CUresult cuGraphGetRootNodes(CUgraph handle, CUgraphNode* nodes, size_t* count) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  std::vector<Node*> roots;
  for (const auto& n : graph->nodes())
    if (n->before.empty()) roots.push_back(n.get());
  return give_nodes(roots, nodes, count);
}

CUresult cuGraphGetEdges_v2(CUgraph handle, CUgraphNode* from, CUgraphNode* to, CUgraphEdgeData* edges,
                            size_t* count) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  if (!count || (!from != !to)) return CUDA_ERROR_INVALID_VALUE;
  size_t found = 0;
  for (size_t i = 0; from && i < *count; i++) from[i] = to[i] = nullptr;
  for (const auto& n : graph->nodes()) {
    for (Node* b : n->before) {
      if (from && found < *count) {
        from[found] = to_handle(b);
        to[found] = to_handle(n.get());
      }
      found++;
    }
  }
  *count = from ? std::min(found, *count) : found;
  if (from) give_plain_edges(edges, *count);
  return CUDA_SUCCESS;
}

CUresult cuGraphGetEdges(CUgraph graph, CUgraphNode* from, CUgraphNode* to, size_t* count) {
  return ppu::driver::cuGraphGetEdges_v2(graph, from, to, nullptr, count);
}

CUresult cuGraphNodeGetDependencies_v2(CUgraphNode node, CUgraphNode* dependencies, CUgraphEdgeData* edges,
                                       size_t* count) {
  PPU_TRY(find_node(node));
  PPU_TRY(give_nodes(to_node(node)->before, dependencies, count));
  if (dependencies) give_plain_edges(edges, *count);
  return CUDA_SUCCESS;
}

CUresult cuGraphNodeGetDependencies(CUgraphNode node, CUgraphNode* dependencies, size_t* count) {
  return ppu::driver::cuGraphNodeGetDependencies_v2(node, dependencies, nullptr, count);
}

CUresult cuGraphNodeGetDependentNodes_v2(CUgraphNode node, CUgraphNode* dependents, CUgraphEdgeData* edges,
                                         size_t* count) {
  PPU_TRY(find_node(node));
  PPU_TRY(give_nodes(to_node(node)->after, dependents, count));
  if (dependents) give_plain_edges(edges, *count);
  return CUDA_SUCCESS;
}

CUresult cuGraphNodeGetDependentNodes(CUgraphNode node, CUgraphNode* dependents, size_t* count) {
  return ppu::driver::cuGraphNodeGetDependentNodes_v2(node, dependents, nullptr, count);
}

CUresult cuGraphAddDependencies_v2(CUgraph handle, const CUgraphNode* from, const CUgraphNode* to,
                                   const CUgraphEdgeData* edges, size_t count) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  PPU_TRY(check_edges(edges, count));
  if (count && (!from || !to)) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; i++)
    if (!graph->connect(to_node(from[i]), to_node(to[i]))) return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}

CUresult cuGraphAddDependencies(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to, size_t count) {
  return ppu::driver::cuGraphAddDependencies_v2(graph, from, to, nullptr, count);
}

CUresult cuGraphRemoveDependencies_v2(CUgraph handle, const CUgraphNode* from, const CUgraphNode* to,
                                      const CUgraphEdgeData* edges, size_t count) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  PPU_TRY(check_edges(edges, count));
  if (count && (!from || !to)) return CUDA_ERROR_INVALID_VALUE;
  for (size_t i = 0; i < count; i++)
    if (!graph->disconnect(to_node(from[i]), to_node(to[i]))) return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}

CUresult cuGraphRemoveDependencies(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to,
                                   size_t count) {
  return ppu::driver::cuGraphRemoveDependencies_v2(graph, from, to, nullptr, count);
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph handle, unsigned long long flags) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  constexpr unsigned long long kKnown = CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH |
                                        CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD |
                                        CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY;
  if (!exec || (flags & ~(kKnown | CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH)))
    return CUDA_ERROR_INVALID_VALUE;
  if (flags & CUDA_GRAPH_INSTANTIATE_FLAG_DEVICE_LAUNCH) return CUDA_ERROR_NOT_SUPPORTED;
  auto* e = new GraphExec(*graph, flags);
  live<GraphExec>().add(e);
  *exec = to_handle(e);
  return CUDA_SUCCESS;
}

CUresult cuGraphInstantiateWithParams(CUgraphExec* exec, CUgraph graph,
                                      CUDA_GRAPH_INSTANTIATE_PARAMS* params) {
  if (!params) return CUDA_ERROR_INVALID_VALUE;
  params->hErrNode_out = nullptr;
  const CUresult result = ppu::driver::cuGraphInstantiateWithFlags(exec, graph, params->flags);
  params->result_out = result == CUDA_SUCCESS ? CUDA_GRAPH_INSTANTIATE_SUCCESS : CUDA_GRAPH_INSTANTIATE_ERROR;
  return result;
}
CUresult cuGraphInstantiateWithParams_ptsz(CUgraphExec* exec, CUgraph graph,
                                           CUDA_GRAPH_INSTANTIATE_PARAMS* params) {
  return ppu::driver::cuGraphInstantiateWithParams(exec, graph, params);
}

CUresult cuGraphInstantiate_v2(CUgraphExec* exec, CUgraph graph, CUgraphNode* error_node, char* log,
                               size_t capacity) {
  if (error_node) *error_node = nullptr;
  if (log && capacity) *log = 0;
  return ppu::driver::cuGraphInstantiateWithFlags(exec, graph, 0);
}
CUresult cuGraphInstantiate(CUgraphExec* exec, CUgraph graph, CUgraphNode* error_node, char* log,
                            size_t capacity) {
  return ppu::driver::cuGraphInstantiate_v2(exec, graph, error_node, log, capacity);
}

CUresult cuGraphExecGetFlags(CUgraphExec handle, cuuint64_t* flags) {
  GraphExec* exec;
  PPU_TRY(find_exec(handle, &exec));
  if (!flags) return CUDA_ERROR_INVALID_VALUE;
  *flags = exec->flags();
  return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec handle) {
  PPU_TRY(device::require_initialized());
  auto* exec = reinterpret_cast<GraphExec*>(handle);
  if (!live<GraphExec>().remove(exec)) return CUDA_ERROR_INVALID_VALUE;
  delete exec;
  return CUDA_SUCCESS;
}

CUresult cuGraphLaunch(CUgraphExec handle, CUstream stream) {
  GraphExec* exec;
  Stream* s;
  PPU_TRY(find_exec(handle, &exec));
  PPU_TRY(find_stream(stream, &s));
  CUresult refused;
  const auto node = [&] { return std::make_unique<device::ChildWork>(exec->graph()); };
  if (device::ask_capture(*s, &refused, node) != device::Fate::kRun) return refused;
  return exec->launch(*s);
}
CUresult cuGraphLaunch_ptsz(CUgraphExec exec, CUstream stream) {
  return ppu::driver::cuGraphLaunch(exec, per_thread(stream));
}

// Kernels are compiled by cuGraphInstantiate's first launch; there is nothing to send to a device ahead of
// it.
CUresult cuGraphUpload(CUgraphExec handle, CUstream stream) {
  GraphExec* exec;
  Stream* s;
  PPU_TRY(find_exec(handle, &exec));
  return find_stream(stream, &s);
}
CUresult cuGraphUpload_ptsz(CUgraphExec exec, CUstream stream) {
  return ppu::driver::cuGraphUpload(exec, per_thread(stream));
}

CUresult cuGraphExecUpdate_v2(CUgraphExec handle, CUgraph graph_handle, CUgraphExecUpdateResultInfo* info) {
  GraphExec* exec;
  Graph* graph;
  if (!info) return CUDA_ERROR_INVALID_VALUE;
  *info = {};
  info->result = CU_GRAPH_EXEC_UPDATE_ERROR;
  PPU_TRY(find_exec(handle, &exec));
  PPU_TRY(find_graph(graph_handle, &graph));
  device::UpdateFailure failure;
  const bool same = exec->update(*graph, &failure);
  *info = {};
  info->result = failure.result;
  info->errorNode = to_handle(const_cast<Node*>(failure.node));
  info->errorFromNode = to_handle(const_cast<Node*>(failure.dependency));
  return same ? CUDA_SUCCESS : CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
}

CUresult cuGraphExecUpdate(CUgraphExec exec, CUgraph graph, CUgraphNode* error_node,
                           CUgraphExecUpdateResult* result) {
  CUgraphExecUpdateResultInfo info;
  const CUresult r = ppu::driver::cuGraphExecUpdate_v2(exec, graph, &info);
  if (error_node) *error_node = info.errorNode;
  if (result) *result = info.result;
  return r;
}

namespace {

/// "Must be nonzero and not larger than INT_MAX."
bool valid_references(unsigned count) {
  return count != 0 && count <= unsigned(INT_MAX);
}

CUresult find_user_object(CUuserObject handle, unsigned count, UserObject** object) {
  PPU_TRY(device::require_initialized());
  *object = reinterpret_cast<UserObject*>(handle);
  return valid_references(count) && device::is_user_object(*object) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

CUresult cuUserObjectCreate(CUuserObject* object, void* user, CUhostFn destroy, unsigned int initial_refs,
                            unsigned int flags) {
  PPU_TRY(device::require_initialized());
  if (!object || !destroy || !valid_references(initial_refs) || flags != CU_USER_OBJECT_NO_DESTRUCTOR_SYNC)
    return CUDA_ERROR_INVALID_VALUE;
  auto* o = new UserObject;
  o->destroy = destroy;
  o->user = user;
  o->retain(initial_refs);
  *object = reinterpret_cast<CUuserObject>(o);
  return CUDA_SUCCESS;
}

CUresult cuUserObjectRetain(CUuserObject object, unsigned int count) {
  UserObject* o;
  PPU_TRY(find_user_object(object, count, &o));
  o->retain(count);
  return CUDA_SUCCESS;
}

CUresult cuUserObjectRelease(CUuserObject object, unsigned int count) {
  UserObject* o;
  PPU_TRY(find_user_object(object, count, &o));
  o->release(count);
  return CUDA_SUCCESS;
}

CUresult cuGraphRetainUserObject(CUgraph handle, CUuserObject object, unsigned int count,
                                 unsigned int flags) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  UserObject* o;
  PPU_TRY(find_user_object(object, count, &o));
  if (flags & ~unsigned(CU_GRAPH_USER_OBJECT_MOVE)) return CUDA_ERROR_INVALID_VALUE;
  if (!(flags & CU_GRAPH_USER_OBJECT_MOVE)) o->retain(count);
  graph->own(o, count);
  return CUDA_SUCCESS;
}

CUresult cuGraphReleaseUserObject(CUgraph handle, CUuserObject object, unsigned int count) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  UserObject* o;
  PPU_TRY(find_user_object(object, count, &o));
  return graph->disown(o, count) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

namespace {

const char* type_name(CUgraphNodeType type) {
  switch (type) {
    case CU_GRAPH_NODE_TYPE_KERNEL:
      return "KERNEL";
    case CU_GRAPH_NODE_TYPE_MEMCPY:
      return "MEMCPY";
    case CU_GRAPH_NODE_TYPE_MEMSET:
      return "MEMSET";
    case CU_GRAPH_NODE_TYPE_HOST:
      return "HOST";
    case CU_GRAPH_NODE_TYPE_GRAPH:
      return "GRAPH";
    case CU_GRAPH_NODE_TYPE_EMPTY:
      return "EMPTY";
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      return "WAIT_EVENT";
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      return "EVENT_RECORD";
    case CU_GRAPH_NODE_TYPE_MEM_ALLOC:
      return "MEM_ALLOC";
    case CU_GRAPH_NODE_TYPE_MEM_FREE:
      return "MEM_FREE";
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP:
      return "BATCH_MEM_OP";
    case CU_GRAPH_NODE_TYPE_CONDITIONAL:
      return "CONDITIONAL";
    default:
      return "OTHER";
  }
}

}  // namespace

CUresult cuGraphDebugDotPrint(CUgraph handle, const char* path, unsigned int) {
  Graph* graph;
  PPU_TRY(find_graph(handle, &graph));
  if (!path) return CUDA_ERROR_INVALID_VALUE;
  std::FILE* file = std::fopen(path, "w");
  if (!file) return CUDA_ERROR_OPERATING_SYSTEM;
  std::fprintf(file, "digraph graph_0 {\n");
  std::unordered_map<const Node*, size_t> number;
  for (const auto& n : graph->nodes()) {
    const size_t i = number.size();
    number[n.get()] = i;
    const auto type = n->work->type();
    const char* label = type == CU_GRAPH_NODE_TYPE_KERNEL
                            ? static_cast<device::KernelWork&>(*n->work).function->name().c_str()
                            : "";
    std::fprintf(file, "  n%zu [label=\"%zu: %s %s\"];\n", i, i, type_name(type), label);
  }
  for (const auto& n : graph->nodes())
    for (const Node* b : n->before) std::fprintf(file, "  n%zu -> n%zu;\n", number[b], number[n.get()]);
  std::fprintf(file, "}\n");
  return std::fclose(file) == 0 ? CUDA_SUCCESS : CUDA_ERROR_OPERATING_SYSTEM;
}

}  // namespace ppu::driver

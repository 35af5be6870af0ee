// Graphs as a whole: the driver's graphs, nodes and instantiated graphs under the runtime's names.
#include "runtime/entry.h"

namespace ppu::runtime {

static_assert(sizeof(cudaGraphExecUpdateResultInfo) == sizeof(CUgraphExecUpdateResultInfo));
static_assert(sizeof(cudaGraphEdgeData) == sizeof(CUgraphEdgeData));
static_assert(sizeof(cudaGraphInstantiateParams) == sizeof(CUDA_GRAPH_INSTANTIATE_PARAMS));

// Calls whose driver form takes the same arguments.
//   SAME(name, driver name, (params), (args))
#define SAME(name, driver_name, params, args)                         \
  cudaError_t name params {                                           \
    return call([&](const Driver& d) { return d.driver_name args; }); \
  }
SAME(cudaGraphCreate, cuGraphCreate, (cudaGraph_t * graph, unsigned int flags), (graph, flags))
SAME(cudaGraphDestroy, cuGraphDestroy, (cudaGraph_t graph), (graph))
SAME(cudaGraphClone, cuGraphClone, (cudaGraph_t * clone, cudaGraph_t original), (clone, original))
SAME(cudaGraphNodeFindInClone, cuGraphNodeFindInClone,
     (cudaGraphNode_t * node, cudaGraphNode_t original, cudaGraph_t clone), (node, original, clone))
SAME(cudaGraphDestroyNode, cuGraphDestroyNode, (cudaGraphNode_t node), (node))
SAME(cudaGraphGetNodes, cuGraphGetNodes, (cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count),
     (graph, nodes, count))
SAME(cudaGraphGetRootNodes, cuGraphGetRootNodes, (cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count),
     (graph, nodes, count))
SAME(cudaGraphNodeGetType, cuGraphNodeGetType, (cudaGraphNode_t node, enum cudaGraphNodeType* type),
     (node, reinterpret_cast<CUgraphNodeType*>(type)))
SAME(cudaGraphInstantiateWithFlags, cuGraphInstantiateWithFlags,
     (cudaGraphExec_t * exec, cudaGraph_t graph, unsigned long long flags), (exec, graph, flags))
SAME(cudaGraphInstantiate, cuGraphInstantiateWithFlags,
     (cudaGraphExec_t * exec, cudaGraph_t graph, unsigned long long flags), (exec, graph, flags))
SAME(cudaGraphInstantiateWithParams, cuGraphInstantiateWithParams,
     (cudaGraphExec_t * exec, cudaGraph_t graph, cudaGraphInstantiateParams* params),
     (exec, graph, reinterpret_cast<CUDA_GRAPH_INSTANTIATE_PARAMS*>(params)))
SAME(cudaGraphExecGetFlags, cuGraphExecGetFlags, (cudaGraphExec_t exec, unsigned long long* flags),
     (exec, reinterpret_cast<cuuint64_t*>(flags)))
SAME(cudaGraphExecDestroy, cuGraphExecDestroy, (cudaGraphExec_t exec), (exec))
SAME(cudaGraphLaunch, cuGraphLaunch, (cudaGraphExec_t exec, cudaStream_t stream),
     (exec, resolve_stream(stream)))
SAME(cudaGraphUpload, cuGraphUpload, (cudaGraphExec_t exec, cudaStream_t stream),
     (exec, resolve_stream(stream)))
SAME(cudaGraphExecUpdate, cuGraphExecUpdate_v2,
     (cudaGraphExec_t exec, cudaGraph_t graph, cudaGraphExecUpdateResultInfo* result),
     (exec, graph, reinterpret_cast<CUgraphExecUpdateResultInfo*>(result)))
SAME(cudaGraphDebugDotPrint, cuGraphDebugDotPrint, (cudaGraph_t graph, const char* path, unsigned int flags),
     (graph, path, flags))
SAME(cudaGraphNodeSetEnabled, cuGraphNodeSetEnabled,
     (cudaGraphExec_t exec, cudaGraphNode_t node, unsigned int enabled), (exec, node, enabled))
SAME(cudaGraphNodeGetEnabled, cuGraphNodeGetEnabled,
     (cudaGraphExec_t exec, cudaGraphNode_t node, unsigned int* enabled), (exec, node, enabled))
SAME(cudaUserObjectCreate, cuUserObjectCreate,
     (cudaUserObject_t * object, void* user, cudaHostFn_t destroy, unsigned int initial_refs,
      unsigned int flags),
     (object, user, destroy, initial_refs, flags))
SAME(cudaUserObjectRetain, cuUserObjectRetain, (cudaUserObject_t object, unsigned int count), (object, count))
SAME(cudaUserObjectRelease, cuUserObjectRelease, (cudaUserObject_t object, unsigned int count),
     (object, count))
SAME(cudaGraphRetainUserObject, cuGraphRetainUserObject,
     (cudaGraph_t graph, cudaUserObject_t object, unsigned int count, unsigned int flags),
     (graph, object, count, flags))
SAME(cudaGraphReleaseUserObject, cuGraphReleaseUserObject,
     (cudaGraph_t graph, cudaUserObject_t object, unsigned int count), (graph, object, count))

namespace {

CUgraphEdgeData* driver_edges(cudaGraphEdgeData* edges) {
  return reinterpret_cast<CUgraphEdgeData*>(edges);
}
const CUgraphEdgeData* driver_edges(const cudaGraphEdgeData* edges) {
  return reinterpret_cast<const CUgraphEdgeData*>(edges);
}

}  // namespace

// Calls that got edge data with CUDA 12.3 (as _v2) and lost the form without with CUDA 13.
//   EDGES(name, driver _v2 name, (params without), (params with), (args without), (args with))
#if PPU_CUDART_LEVEL == 13
#define EDGES(name, params, params_v2, args, args_v2) SAME(name, D_##name, params_v2, args_v2)
#else
#define EDGES(name, params, params_v2, args, args_v2) \
  SAME(name, D_##name, params, args)                  \
  SAME(name##_v2, D_##name, params_v2, args_v2)
#endif
#define D_cudaGraphGetEdges cuGraphGetEdges_v2
#define D_cudaGraphNodeGetDependencies cuGraphNodeGetDependencies_v2
#define D_cudaGraphNodeGetDependentNodes cuGraphNodeGetDependentNodes_v2
#define D_cudaGraphAddDependencies cuGraphAddDependencies_v2
#define D_cudaGraphRemoveDependencies cuGraphRemoveDependencies_v2
EDGES(cudaGraphGetEdges, (cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, size_t* count),
      (cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, cudaGraphEdgeData* edges,
       size_t* count),
      (graph, from, to, nullptr, count), (graph, from, to, driver_edges(edges), count))
EDGES(cudaGraphNodeGetDependencies, (cudaGraphNode_t node, cudaGraphNode_t* dependencies, size_t* count),
      (cudaGraphNode_t node, cudaGraphNode_t* dependencies, cudaGraphEdgeData* edges, size_t* count),
      (node, dependencies, nullptr, count), (node, dependencies, driver_edges(edges), count))
EDGES(cudaGraphNodeGetDependentNodes, (cudaGraphNode_t node, cudaGraphNode_t* dependents, size_t* count),
      (cudaGraphNode_t node, cudaGraphNode_t* dependents, cudaGraphEdgeData* edges, size_t* count),
      (node, dependents, nullptr, count), (node, dependents, driver_edges(edges), count))
EDGES(cudaGraphAddDependencies,
      (cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to, size_t count),
      (cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
       const cudaGraphEdgeData* edges, size_t count),
      (graph, from, to, nullptr, count), (graph, from, to, driver_edges(edges), count))
EDGES(cudaGraphRemoveDependencies,
      (cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to, size_t count),
      (cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
       const cudaGraphEdgeData* edges, size_t count),
      (graph, from, to, nullptr, count), (graph, from, to, driver_edges(edges), count))
#undef EDGES
#undef SAME

}  // namespace ppu::runtime

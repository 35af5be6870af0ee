// Nodes of graphs: adding them, asking for and changing their parameters, in a graph or in an instantiated
// one.
#include "driver/graph_handles.h"

namespace ppu::driver {

using device::ChildWork;
using device::CopyWork;
using device::EmptyWork;
using device::EventWork;
using device::HostWork;
using device::KernelWork;
using device::Work;
using WorkPointer = std::unique_ptr<Work>;

CUresult add_node(CUgraphNode* node, CUgraph handle, const CUgraphNode* dependencies, size_t count,
                  WorkPointer work) {
  Graph* graph;
  std::vector<Node*> before;
  PPU_TRY(find_graph(handle, &graph));
  PPU_TRY(find_nodes(*graph, dependencies, count, &before));
  if (!node) return CUDA_ERROR_INVALID_VALUE;
  *node = to_handle(graph->add(std::move(work), before));
  return CUDA_SUCCESS;
}

namespace {

/// Kernel parameters of any version of the structure.
CUresult make_kernel(CUfunction func, CUkernel kern, const device::LaunchConfig& config, void** params,
                     void** extra, WorkPointer* work) {
  device::Context* c;
  PPU_TRY(current(&c));
  const CUfunction handle = func ? func : reinterpret_cast<CUfunction>(kern);
  CUresult result;
  device::Function* f = device::function_of(handle, *c, &result);
  if (!f) return result;
  if (params && extra) return CUDA_ERROR_INVALID_VALUE;
  std::vector<std::byte> block;
  PPU_TRY(device::gather_params(*f, params, extra, &block));
  *work = std::make_unique<KernelWork>(handle, *f, config, block);
  return CUDA_SUCCESS;
}

template <class P>
device::LaunchConfig config_of(const P& p) {
  return {
      {p.gridDimX, p.gridDimY, p.gridDimZ}, {p.blockDimX, p.blockDimY, p.blockDimZ}, p.sharedMemBytes, false};
}

CUresult make(const CUDA_KERNEL_NODE_PARAMS_v1* p, WorkPointer* work) {
  if (!p) return CUDA_ERROR_INVALID_VALUE;
  return make_kernel(p->func, nullptr, config_of(*p), p->kernelParams, p->extra, work);
}

CUresult make(const CUDA_KERNEL_NODE_PARAMS_v2* p, WorkPointer* work) {
  if (!p) return CUDA_ERROR_INVALID_VALUE;
  return make_kernel(p->func, p->kern, config_of(*p), p->kernelParams, p->extra, work);
}

CUresult make(const CUDA_MEMCPY3D* p, WorkPointer* work) {
  if (!p) return CUDA_ERROR_INVALID_VALUE;
  device::CopyRequest request;
  PPU_TRY(copy_request_of(*p, &request));
  PPU_TRY(device::check_copy(request));
  auto copy = std::make_unique<CopyWork>(request, CU_GRAPH_NODE_TYPE_MEMCPY);
  copy->copy_params = *p;
  *work = std::move(copy);
  return CUDA_SUCCESS;
}

CUresult make(const CUDA_MEMSET_NODE_PARAMS* p, WorkPointer* work) {
  if (!p || (p->elementSize != 1 && p->elementSize != 2 && p->elementSize != 4))
    return CUDA_ERROR_INVALID_VALUE;
  device::CopyRequest request;
  request.dst = device::Side::kDevice;
  request.transfer.fill = true;
  request.transfer.dst = p->dst;
  request.transfer.dst_pitch = p->pitch;
  request.transfer.width = p->width * p->elementSize;
  request.transfer.height = p->height;
  request.transfer.value = p->value;
  request.transfer.element_bytes = p->elementSize;
  if (p->dst % p->elementSize) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(device::check_copy(request));
  auto fill = std::make_unique<CopyWork>(request, CU_GRAPH_NODE_TYPE_MEMSET);
  fill->fill_params = *p;
  *work = std::move(fill);
  return CUDA_SUCCESS;
}

CUresult make(const CUDA_HOST_NODE_PARAMS* p, WorkPointer* work) {
  if (!p || !p->fn) return CUDA_ERROR_INVALID_VALUE;
  *work = std::make_unique<HostWork>(p->fn, p->userData);
  return CUDA_SUCCESS;
}

CUresult make_child(CUgraph child, WorkPointer* work) {
  Graph* graph;
  PPU_TRY(find_graph(child, &graph));
  *work = std::make_unique<ChildWork>(*graph);
  return CUDA_SUCCESS;
}

CUresult make_event(CUevent event, bool record, WorkPointer* work) {
  if (!event || !live<device::Event>().has(to_event(event))) return CUDA_ERROR_INVALID_VALUE;
  *work = std::make_unique<EventWork>(*to_event(event), record);
  return CUDA_SUCCESS;
}

/// What a generic description asks for.
CUresult make_generic(const CUgraphNodeParams* p, WorkPointer* work) {
  if (!p) return CUDA_ERROR_INVALID_VALUE;
  switch (p->type) {
    case CU_GRAPH_NODE_TYPE_KERNEL:
      return make_kernel(p->kernel.func, p->kernel.kern, config_of(p->kernel), p->kernel.kernelParams,
                         p->kernel.extra, work);
    case CU_GRAPH_NODE_TYPE_MEMCPY:
      return make(&p->memcpy.copyParams, work);
    case CU_GRAPH_NODE_TYPE_MEMSET: {
      const auto& m = p->memset;
      const CUDA_MEMSET_NODE_PARAMS v1 = {m.dst, m.pitch, m.value, m.elementSize, m.width, m.height};
      return make(&v1, work);
    }
    case CU_GRAPH_NODE_TYPE_BATCH_MEM_OP: {
      const auto& m = p->memOp;
      const CUDA_BATCH_MEM_OP_NODE_PARAMS v1 = {m.ctx, m.count, m.paramArray, m.flags};
      return make_batch(&v1, work);
    }
    case CU_GRAPH_NODE_TYPE_HOST: {
      const CUDA_HOST_NODE_PARAMS v1 = {p->host.fn, p->host.userData};
      return make(&v1, work);
    }
    case CU_GRAPH_NODE_TYPE_GRAPH:
      return make_child(p->graph.graph, work);
    case CU_GRAPH_NODE_TYPE_EMPTY:
      *work = std::make_unique<EmptyWork>();
      return CUDA_SUCCESS;
    case CU_GRAPH_NODE_TYPE_EVENT_RECORD:
      return make_event(p->eventRecord.event, true, work);
    case CU_GRAPH_NODE_TYPE_WAIT_EVENT:
      return make_event(p->eventWait.event, false, work);
    default:
      return not_implemented("a graph node of this type");
  }
}

void copy_attributes(const KernelWork& from, KernelWork& to) {
  to.config.cooperative = from.config.cooperative;
  to.attributes = from.attributes;
}

/// Replaces a node's work by new work of the same type.
CUresult set_work(Node* node, WorkPointer work) {
  if (!node || node->work->type() != work->type()) return CUDA_ERROR_INVALID_VALUE;
  if (work->type() == CU_GRAPH_NODE_TYPE_KERNEL)  // parameters only: attributes stay
    copy_attributes(static_cast<KernelWork&>(*node->work), static_cast<KernelWork&>(*work));
  node->work = std::move(work);
  return CUDA_SUCCESS;
}

CUresult set_work(CUgraphNode node, WorkPointer work) {
  PPU_TRY(find_node(node));
  return set_work(to_node(node), std::move(work));
}

/// In an instantiated graph; the next launch uses it.
CUresult set_work(CUgraphExec handle, CUgraphNode node, WorkPointer work) {
  GraphExec* exec;
  PPU_TRY(find_exec(handle, &exec));
  const std::lock_guard lock(exec->mutex());
  return set_work(exec->node(to_node(node)), std::move(work));
}

template <class P>
void describe(KernelWork& w, P* p) {
  w.param_addresses.clear();
  for (const auto offset : w.function->params().offsets)
    w.param_addresses.push_back(w.params.data() + offset);
  *p = {};
  p->func = to_handle(w.function);
  p->gridDimX = w.config.grid[0];
  p->gridDimY = w.config.grid[1];
  p->gridDimZ = w.config.grid[2];
  p->blockDimX = w.config.block[0];
  p->blockDimY = w.config.block[1];
  p->blockDimZ = w.config.block[2];
  p->sharedMemBytes = w.config.dynamic_shared_bytes;
  p->kernelParams = w.param_addresses.data();
}

/// A captured copy in the terms of cuGraphAddMemcpyNode. An array's end is the memory it lies in.
CUDA_MEMCPY3D describe_copy(const device::CopyRequest& r) {
  const exec::Transfer& t = r.transfer;
  const auto type = [](device::Side side) {
    return side == device::Side::kHost     ? CU_MEMORYTYPE_HOST
           : side == device::Side::kDevice ? CU_MEMORYTYPE_DEVICE
                                           : CU_MEMORYTYPE_UNIFIED;
  };
  const auto rows = [](size_t slice, size_t pitch) { return pitch ? slice / pitch : 0; };
  CUDA_MEMCPY3D p = {};
  p.srcMemoryType = type(r.src);
  p.dstMemoryType = type(r.dst);
  if (r.src == device::Side::kHost)
    p.srcHost = reinterpret_cast<const void*>(t.src);
  else
    p.srcDevice = t.src;
  if (r.dst == device::Side::kHost)
    p.dstHost = reinterpret_cast<void*>(t.dst);
  else
    p.dstDevice = t.dst;
  p.srcPitch = t.src_pitch;
  p.dstPitch = t.dst_pitch;
  p.srcHeight = rows(t.src_slice, t.src_pitch);
  p.dstHeight = rows(t.dst_slice, t.dst_pitch);
  p.WidthInBytes = t.width;
  p.Height = t.height;
  p.Depth = t.depth;
  return p;
}

CUDA_MEMSET_NODE_PARAMS describe_fill(const device::CopyRequest& r) {
  const exec::Transfer& t = r.transfer;
  return {t.dst, t.dst_pitch, t.value, t.element_bytes, t.width / t.element_bytes, t.height};
}

}  // namespace

// The entry points that differ in the kind of node only.
//   NODE(add, set, exec set, parameter type): each makes the work from its parameters
#define NODE_SET(name, Params)                            \
  CUresult name(CUgraphNode node, const Params* params) { \
    WorkPointer work;                                     \
    PPU_TRY(make(params, &work));                         \
    return set_work(node, std::move(work));               \
  }
#define NODE_ADD(name, Params)                                                               \
  CUresult name(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies, size_t n, \
                const Params* params) {                                                      \
    WorkPointer work;                                                                        \
    PPU_TRY(make(params, &work));                                                            \
    return add_node(node, graph, dependencies, n, std::move(work));                          \
  }
#define NODE_ADD_CTX(name, Params)                                                           \
  CUresult name(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies, size_t n, \
                const Params* params, CUcontext) {                                           \
    WorkPointer work;                                                                        \
    PPU_TRY(make(params, &work));                                                            \
    return add_node(node, graph, dependencies, n, std::move(work));                          \
  }
#define NODE_EXEC_SET(name, Params)                                         \
  CUresult name(CUgraphExec exec, CUgraphNode node, const Params* params) { \
    WorkPointer work;                                                       \
    PPU_TRY(make(params, &work));                                           \
    return set_work(exec, node, std::move(work));                           \
  }
#define NODE_EXEC_SET_CTX(name, Params)                                                \
  CUresult name(CUgraphExec exec, CUgraphNode node, const Params* params, CUcontext) { \
    WorkPointer work;                                                                  \
    PPU_TRY(make(params, &work));                                                      \
    return set_work(exec, node, std::move(work));                                      \
  }
NODE_ADD(cuGraphAddKernelNode, CUDA_KERNEL_NODE_PARAMS_v1)
NODE_ADD(cuGraphAddKernelNode_v2, CUDA_KERNEL_NODE_PARAMS)
NODE_ADD(cuGraphAddHostNode, CUDA_HOST_NODE_PARAMS)
NODE_ADD_CTX(cuGraphAddMemcpyNode, CUDA_MEMCPY3D)
NODE_ADD_CTX(cuGraphAddMemsetNode, CUDA_MEMSET_NODE_PARAMS)
NODE_SET(cuGraphKernelNodeSetParams, CUDA_KERNEL_NODE_PARAMS_v1)
NODE_SET(cuGraphKernelNodeSetParams_v2, CUDA_KERNEL_NODE_PARAMS)
NODE_SET(cuGraphMemcpyNodeSetParams, CUDA_MEMCPY3D)
NODE_SET(cuGraphMemsetNodeSetParams, CUDA_MEMSET_NODE_PARAMS)
NODE_SET(cuGraphHostNodeSetParams, CUDA_HOST_NODE_PARAMS)
NODE_EXEC_SET(cuGraphExecKernelNodeSetParams, CUDA_KERNEL_NODE_PARAMS_v1)
NODE_EXEC_SET(cuGraphExecKernelNodeSetParams_v2, CUDA_KERNEL_NODE_PARAMS)
NODE_EXEC_SET(cuGraphExecHostNodeSetParams, CUDA_HOST_NODE_PARAMS)
NODE_EXEC_SET_CTX(cuGraphExecMemcpyNodeSetParams, CUDA_MEMCPY3D)
NODE_EXEC_SET_CTX(cuGraphExecMemsetNodeSetParams, CUDA_MEMSET_NODE_PARAMS)

CUresult cuGraphKernelNodeGetParams(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS_v1* params) {
  KernelWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_KERNEL, &w));
  if (!params) return CUDA_ERROR_INVALID_VALUE;
  describe(*w, params);
  return CUDA_SUCCESS;
}

CUresult cuGraphKernelNodeGetParams_v2(CUgraphNode node, CUDA_KERNEL_NODE_PARAMS* params) {
  KernelWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_KERNEL, &w));
  if (!params) return CUDA_ERROR_INVALID_VALUE;
  describe(*w, params);
  return CUDA_SUCCESS;
}

CUresult cuGraphMemcpyNodeGetParams(CUgraphNode node, CUDA_MEMCPY3D* params) {
  CopyWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_MEMCPY, &w));
  if (!params) return CUDA_ERROR_INVALID_VALUE;
  *params = w->copy_params ? *w->copy_params : describe_copy(w->request);
  return CUDA_SUCCESS;
}

CUresult cuGraphMemsetNodeGetParams(CUgraphNode node, CUDA_MEMSET_NODE_PARAMS* params) {
  CopyWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_MEMSET, &w));
  if (!params) return CUDA_ERROR_INVALID_VALUE;
  *params = w->fill_params ? *w->fill_params : describe_fill(w->request);
  return CUDA_SUCCESS;
}

CUresult cuGraphHostNodeGetParams(CUgraphNode node, CUDA_HOST_NODE_PARAMS* params) {
  HostWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_HOST, &w));
  if (!params) return CUDA_ERROR_INVALID_VALUE;
  *params = {w->function, w->user};
  return CUDA_SUCCESS;
}

CUresult cuGraphAddChildGraphNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                  size_t count, CUgraph child) {
  WorkPointer work;
  PPU_TRY(make_child(child, &work));
  return add_node(node, graph, dependencies, count, std::move(work));
}

CUresult cuGraphChildGraphNodeGetGraph(CUgraphNode node, CUgraph* graph) {
  ChildWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_GRAPH, &w));
  if (!graph) return CUDA_ERROR_INVALID_VALUE;
  *graph = to_handle(w->graph.get());
  return CUDA_SUCCESS;
}

CUresult cuGraphExecChildGraphNodeSetParams(CUgraphExec exec, CUgraphNode node, CUgraph child) {
  GraphExec* e;
  Graph* graph;
  PPU_TRY(find_exec(exec, &e));
  PPU_TRY(find_graph(child, &graph));
  return e->update_child(to_node(node), *graph) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGraphAddEmptyNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                             size_t count) {
  return add_node(node, graph, dependencies, count, std::make_unique<EmptyWork>());
}

// Event nodes: recording and waiting alike.
#define EVENT_NODE(Kind, record, type)                                                               \
  CUresult cuGraphAddEvent##Kind##Node(CUgraphNode* node, CUgraph graph, const CUgraphNode* before,  \
                                       size_t n, CUevent event) {                                    \
    WorkPointer work;                                                                                \
    PPU_TRY(make_event(event, record, &work));                                                       \
    return add_node(node, graph, before, n, std::move(work));                                        \
  }                                                                                                  \
  CUresult cuGraphEvent##Kind##NodeGetEvent(CUgraphNode node, CUevent* event) {                      \
    EventWork* w;                                                                                    \
    PPU_TRY(work_of(node, type, &w));                                                                \
    if (!event) return CUDA_ERROR_INVALID_VALUE;                                                     \
    *event = to_handle(w->event);                                                                    \
    return CUDA_SUCCESS;                                                                             \
  }                                                                                                  \
  CUresult cuGraphEvent##Kind##NodeSetEvent(CUgraphNode node, CUevent event) {                       \
    WorkPointer work;                                                                                \
    PPU_TRY(make_event(event, record, &work));                                                       \
    return set_work(node, std::move(work));                                                          \
  }                                                                                                  \
  CUresult cuGraphExecEvent##Kind##NodeSetEvent(CUgraphExec exec, CUgraphNode node, CUevent event) { \
    WorkPointer work;                                                                                \
    PPU_TRY(make_event(event, record, &work));                                                       \
    return set_work(exec, node, std::move(work));                                                    \
  }
EVENT_NODE(Record, true, CU_GRAPH_NODE_TYPE_EVENT_RECORD)
EVENT_NODE(Wait, false, CU_GRAPH_NODE_TYPE_WAIT_EVENT)
#undef EVENT_NODE

CUresult cuGraphAddMemAllocNode(CUgraphNode* node, CUgraph handle, const CUgraphNode* dependencies,
                                size_t count, CUDA_MEM_ALLOC_NODE_PARAMS* params) {
  device::Context* c;
  Graph* graph;
  PPU_TRY(current(&c));
  PPU_TRY(find_graph(handle, &graph));
  if (!params || !params->bytesize || (params->accessDescCount && !params->accessDescs))
    return CUDA_ERROR_INVALID_VALUE;
  const CUmemPoolProps& pool = params->poolProps;
  if (pool.allocType != CU_MEM_ALLOCATION_TYPE_PINNED || pool.location.type != CU_MEM_LOCATION_TYPE_DEVICE ||
      !device::device_at(pool.location.id))
    return CUDA_ERROR_INVALID_VALUE;
  uint64_t address = 0;
  std::shared_ptr<void> owner;
  PPU_TRY(device::allocate_for_graph(*c, pool.location.id, params->bytesize, &address, &owner));
  params->dptr = address;
  auto work = std::make_unique<EmptyWork>(CU_GRAPH_NODE_TYPE_MEM_ALLOC);
  work->address = address;
  work->alloc_params = *params;
  work->access.assign(params->accessDescs, params->accessDescs + params->accessDescCount);
  PPU_TRY(add_node(node, handle, dependencies, count, std::move(work)));
  graph->own_memory(std::move(owner));
  return CUDA_SUCCESS;
}

CUresult cuGraphMemAllocNodeGetParams(CUgraphNode node, CUDA_MEM_ALLOC_NODE_PARAMS* params) {
  EmptyWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_MEM_ALLOC, &w));
  if (!params) return CUDA_ERROR_INVALID_VALUE;
  *params = w->alloc_params;
  params->accessDescs = w->access.empty() ? nullptr : w->access.data();
  params->dptr = w->address;
  return CUDA_SUCCESS;
}

CUresult cuGraphAddMemFreeNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                               size_t count, CUdeviceptr address) {
  // Memory of any graph's allocation node, once a graph.
  const auto a = device::AddressSpace::instance().find(address);
  Graph* g;
  PPU_TRY(find_graph(graph, &g));
  if (!a || a->address != address || !a->of_graph) return CUDA_ERROR_INVALID_VALUE;
  for (const auto& n : g->nodes())
    if (n->work->type() == CU_GRAPH_NODE_TYPE_MEM_FREE &&
        static_cast<EmptyWork&>(*n->work).address == address)
      return CUDA_ERROR_INVALID_VALUE;
  auto work = std::make_unique<EmptyWork>(CU_GRAPH_NODE_TYPE_MEM_FREE);
  work->address = address;
  return add_node(node, graph, dependencies, count, std::move(work));
}

CUresult cuGraphMemFreeNodeGetParams(CUgraphNode node, CUdeviceptr* address) {
  EmptyWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_MEM_FREE, &w));
  if (!address) return CUDA_ERROR_INVALID_VALUE;
  *address = w->address;
  return CUDA_SUCCESS;
}

CUresult cuGraphNodeGetType(CUgraphNode node, CUgraphNodeType* type) {
  PPU_TRY(find_node(node));
  if (!type) return CUDA_ERROR_INVALID_VALUE;
  *type = to_node(node)->work->type();
  return CUDA_SUCCESS;
}

CUresult cuGraphNodeSetEnabled(CUgraphExec handle, CUgraphNode node, unsigned int enabled) {
  GraphExec* exec;
  PPU_TRY(find_exec(handle, &exec));
  const std::lock_guard lock(exec->mutex());
  Node* n = exec->node(to_node(node));
  if (!n) return CUDA_ERROR_INVALID_VALUE;
  const CUgraphNodeType type = n->work->type();
  if (type != CU_GRAPH_NODE_TYPE_KERNEL && type != CU_GRAPH_NODE_TYPE_MEMCPY &&
      type != CU_GRAPH_NODE_TYPE_MEMSET)
    return CUDA_ERROR_INVALID_VALUE;
  n->enabled = enabled != 0;
  return CUDA_SUCCESS;
}

CUresult cuGraphNodeGetEnabled(CUgraphExec handle, CUgraphNode node, unsigned int* enabled) {
  GraphExec* exec;
  PPU_TRY(find_exec(handle, &exec));
  const Node* n = exec->node(to_node(node));
  if (!n || !enabled) return CUDA_ERROR_INVALID_VALUE;
  *enabled = n->enabled;
  return CUDA_SUCCESS;
}

CUresult cuGraphAddNode_v2(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                           const CUgraphEdgeData* edges, size_t count, CUgraphNodeParams* params) {
  PPU_TRY(check_edges(edges, count));
  if (params && params->type == CU_GRAPH_NODE_TYPE_MEM_ALLOC) {
    CUDA_MEM_ALLOC_NODE_PARAMS_v1 v1;
    static_assert(sizeof v1 == sizeof params->alloc);
    std::memcpy(&v1, &params->alloc, sizeof v1);
    PPU_TRY(ppu::driver::cuGraphAddMemAllocNode(node, graph, dependencies, count, &v1));
    params->alloc.dptr = v1.dptr;
    return CUDA_SUCCESS;
  }
  if (params && params->type == CU_GRAPH_NODE_TYPE_MEM_FREE)
    return ppu::driver::cuGraphAddMemFreeNode(node, graph, dependencies, count, params->free.dptr);
  if (params && params->type == CU_GRAPH_NODE_TYPE_CONDITIONAL)
    return add_conditional(node, graph, dependencies, count, &params->conditional);
  WorkPointer work;
  PPU_TRY(make_generic(params, &work));
  return add_node(node, graph, dependencies, count, std::move(work));
}

CUresult cuGraphAddNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies, size_t count,
                        CUgraphNodeParams* params) {
  return ppu::driver::cuGraphAddNode_v2(node, graph, dependencies, nullptr, count, params);
}

CUresult cuGraphNodeSetParams(CUgraphNode node, CUgraphNodeParams* params) {
  WorkPointer work;
  PPU_TRY(make_generic(params, &work));
  return set_work(node, std::move(work));
}

CUresult cuGraphExecNodeSetParams(CUgraphExec exec, CUgraphNode node, CUgraphNodeParams* params) {
  if (params && params->type == CU_GRAPH_NODE_TYPE_GRAPH)
    return ppu::driver::cuGraphExecChildGraphNodeSetParams(exec, node, params->graph.graph);
  WorkPointer work;
  PPU_TRY(make_generic(params, &work));
  return set_work(exec, node, std::move(work));
}

CUresult cuGraphKernelNodeCopyAttributes(CUgraphNode to, CUgraphNode from) {
  KernelWork *a, *b;
  PPU_TRY(work_of(to, CU_GRAPH_NODE_TYPE_KERNEL, &a));
  PPU_TRY(work_of(from, CU_GRAPH_NODE_TYPE_KERNEL, &b));
  copy_attributes(*b, *a);
  return CUDA_SUCCESS;
}

// Of a kernel node's attributes only the cooperative one changes what runs; the others are scheduling advice
// and kept.
namespace {

bool is_node_attribute(CUkernelNodeAttrID attribute) {
  switch (int(attribute)) {
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION:
    case CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    case CU_LAUNCH_ATTRIBUTE_NVLINK_UTIL_CENTRIC_SCHEDULING:
      return true;
    default:
      return false;
  }
}

/// What can't be had on this device.
CUresult check_attribute(CUkernelNodeAttrID attribute, const CUkernelNodeAttrValue& value) {
  switch (int(attribute)) {
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
      return value.clusterDim.x * value.clusterDim.y * value.clusterDim.z > 1
                 ? CUDA_ERROR_INVALID_CLUSTER_SIZE
                 : CUDA_SUCCESS;
    case CU_LAUNCH_ATTRIBUTE_DEVICE_UPDATABLE_KERNEL_NODE:
      return value.deviceUpdatableKernelNode.deviceUpdatable ? CUDA_ERROR_NOT_SUPPORTED : CUDA_SUCCESS;
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW: {
      const float ratio = value.accessPolicyWindow.hitRatio;
      return ratio >= 0 && ratio <= 1 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    }
    default:
      return CUDA_SUCCESS;
  }
}

}  // namespace

CUresult cuGraphKernelNodeGetAttribute(CUgraphNode node, CUkernelNodeAttrID attribute,
                                       CUkernelNodeAttrValue* value) {
  KernelWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_KERNEL, &w));
  if (!value || !is_node_attribute(attribute)) return CUDA_ERROR_INVALID_VALUE;
  const auto kept = w->attributes.find(int(attribute));
  *value = kept == w->attributes.end() ? CUkernelNodeAttrValue{} : kept->second;
  if (attribute == CU_LAUNCH_ATTRIBUTE_COOPERATIVE) value->cooperative = w->config.cooperative;
  return CUDA_SUCCESS;
}

CUresult cuGraphKernelNodeSetAttribute(CUgraphNode node, CUkernelNodeAttrID attribute,
                                       const CUkernelNodeAttrValue* value) {
  KernelWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_KERNEL, &w));
  if (!value || !is_node_attribute(attribute)) return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(check_attribute(attribute, *value));
  if (attribute == CU_LAUNCH_ATTRIBUTE_COOPERATIVE)
    w->config.cooperative = value->cooperative != 0;
  else
    w->attributes[int(attribute)] = *value;
  return CUDA_SUCCESS;
}

}  // namespace ppu::driver

// Conditional nodes, and nodes that write or wait for values in memory.
#include "device/conditional.h"
#include "driver/graph_handles.h"

namespace ppu::driver {

CUresult cuGraphConditionalHandleCreate(CUgraphConditionalHandle* handle, CUgraph graph_handle, CUcontext,
                                        unsigned int default_value, unsigned int flags) {
  Graph* graph;
  PPU_TRY(find_graph(graph_handle, &graph));
  if (!handle || (flags & ~unsigned(CU_GRAPH_COND_ASSIGN_DEFAULT))) return CUDA_ERROR_INVALID_VALUE;
  auto condition = std::make_shared<device::Condition>(default_value, flags != 0);
  *handle = reinterpret_cast<CUgraphConditionalHandle>(condition.get());
  graph->own_condition(std::move(condition));
  return CUDA_SUCCESS;
}

CUresult add_conditional(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies, size_t count,
                         CUDA_CONDITIONAL_NODE_PARAMS* params) {
  PPU_TRY(device::require_initialized());
  if (!device::find_condition(params->handle) || params->size == 0) return CUDA_ERROR_INVALID_VALUE;
  switch (params->type) {
    case CU_GRAPH_COND_TYPE_IF:
      if (params->size > 2) return CUDA_ERROR_INVALID_VALUE;  // then, and else
      break;
    case CU_GRAPH_COND_TYPE_WHILE:
      if (params->size != 1) return CUDA_ERROR_INVALID_VALUE;
      break;
    case CU_GRAPH_COND_TYPE_SWITCH:
      break;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
  auto work = std::make_unique<device::ConditionalWork>(params->handle, params->type, params->size);
  CUgraph* bodies = work->body_handles();
  PPU_TRY(add_node(node, graph, dependencies, count, std::move(work)));
  params->phGraph_out = bodies;
  return CUDA_SUCCESS;
}

namespace {

/// Memory operations of a node, in their order.
class BatchWork : public device::Work {
 public:
  explicit BatchWork(const CUDA_BATCH_MEM_OP_NODE_PARAMS& p)
      : params(p), operations(p.paramArray, p.paramArray + p.count) {}
  BatchWork(const BatchWork& other) = default;
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_BATCH_MEM_OP; }
  std::unique_ptr<device::Work> clone() const override { return std::make_unique<BatchWork>(*this); }
  CUresult submit(device::Stream& stream) override {
    return submit_memory_operations(stream, {operations.data(), operations.size()});
  }

  CUDA_BATCH_MEM_OP_NODE_PARAMS params;
  std::vector<CUstreamBatchMemOpParams> operations;
};

}  // namespace

CUresult make_batch(const CUDA_BATCH_MEM_OP_NODE_PARAMS* p, std::unique_ptr<device::Work>* work) {
  if (!p || !p->paramArray || p->count == 0 || p->count > 256 || p->flags != 0)
    return CUDA_ERROR_INVALID_VALUE;
  PPU_TRY(check_memory_operations({p->paramArray, p->count}));
  *work = std::make_unique<BatchWork>(*p);
  return CUDA_SUCCESS;
}

CUresult cuGraphAddBatchMemOpNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                  size_t count, const CUDA_BATCH_MEM_OP_NODE_PARAMS* params) {
  std::unique_ptr<device::Work> work;
  PPU_TRY(make_batch(params, &work));
  return add_node(node, graph, dependencies, count, std::move(work));
}

CUresult cuGraphBatchMemOpNodeGetParams(CUgraphNode node, CUDA_BATCH_MEM_OP_NODE_PARAMS* params) {
  BatchWork* w;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_BATCH_MEM_OP, &w));
  if (!params) return CUDA_ERROR_INVALID_VALUE;
  *params = w->params;
  params->paramArray = w->operations.data();
  return CUDA_SUCCESS;
}

CUresult cuGraphBatchMemOpNodeSetParams(CUgraphNode node, const CUDA_BATCH_MEM_OP_NODE_PARAMS* params) {
  BatchWork* now;
  std::unique_ptr<device::Work> work;
  PPU_TRY(work_of(node, CU_GRAPH_NODE_TYPE_BATCH_MEM_OP, &now));
  PPU_TRY(make_batch(params, &work));
  to_node(node)->work = std::move(work);
  return CUDA_SUCCESS;
}

CUresult cuGraphExecBatchMemOpNodeSetParams(CUgraphExec handle, CUgraphNode node,
                                            const CUDA_BATCH_MEM_OP_NODE_PARAMS* params) {
  GraphExec* exec;
  std::unique_ptr<device::Work> work;
  PPU_TRY(find_exec(handle, &exec));
  PPU_TRY(make_batch(params, &work));
  const std::lock_guard lock(exec->mutex());
  Node* n = exec->node(to_node(node));
  if (!n || n->work->type() != CU_GRAPH_NODE_TYPE_BATCH_MEM_OP) return CUDA_ERROR_INVALID_VALUE;
  n->work = std::move(work);
  return CUDA_SUCCESS;
}

// Graphs own the memory of their allocation nodes as long as they live: there is nothing to trim, and what is
// reserved is used.
CUresult cuDeviceGraphMemTrim(CUdevice ordinal) {
  device::Device* d;
  return find_device(ordinal, &d);
}

CUresult cuDeviceGetGraphMemAttribute(CUdevice ordinal, CUgraphMem_attribute attribute, void* value) {
  device::Device* d;
  PPU_TRY(find_device(ordinal, &d));
  if (!value) return CUDA_ERROR_INVALID_VALUE;
  const device::GraphMemory& memory = device::graph_memory(ordinal);
  switch (attribute) {
    case CU_GRAPH_MEM_ATTR_USED_MEM_CURRENT:
    case CU_GRAPH_MEM_ATTR_RESERVED_MEM_CURRENT:
      *static_cast<cuuint64_t*>(value) = memory.now;
      return CUDA_SUCCESS;
    case CU_GRAPH_MEM_ATTR_USED_MEM_HIGH:
    case CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH:
      *static_cast<cuuint64_t*>(value) = memory.high;
      return CUDA_SUCCESS;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult cuDeviceSetGraphMemAttribute(CUdevice ordinal, CUgraphMem_attribute attribute, void* value) {
  device::Device* d;
  PPU_TRY(find_device(ordinal, &d));
  const bool high =
      attribute == CU_GRAPH_MEM_ATTR_USED_MEM_HIGH || attribute == CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH;
  if (!value || !high || *static_cast<cuuint64_t*>(value) != 0) return CUDA_ERROR_INVALID_VALUE;
  device::GraphMemory& memory = device::graph_memory(ordinal);
  memory.high = memory.now.load();
  return CUDA_SUCCESS;
}

}  // namespace ppu::driver

// Nodes of graphs: parameters of the runtime, in terms of host stubs and symbols, as the driver's.
#include <cstring>

#include "runtime/copy.h"

namespace ppu::runtime {
namespace {

static_assert(sizeof(cudaMemsetParams) == sizeof(CUDA_MEMSET_NODE_PARAMS));
static_assert(sizeof(cudaHostNodeParams) == sizeof(CUDA_HOST_NODE_PARAMS));

/// The driver and the current context, which copy and kernel nodes name.
struct Here {
  const Driver* driver = nullptr;
  CUcontext context = nullptr;
  cudaError_t error = cudaSuccess;
  Here() {
    driver = current_driver(&error);
    if (driver) driver->cuCtxGetCurrent(&context);
  }
};

/// cudaKernelNodeParams and cudaKernelNodeParamsV2 alike.
template <class P>
cudaError_t translate(const Driver& d, const P* p, CUDA_KERNEL_NODE_PARAMS* out) {
  if (!p) return cudaErrorInvalidValue;
  *out = {};
  CUkernel kernel = nullptr;
  if (const cudaError_t e = resolve_kernel(d, p->func, &kernel); e != cudaSuccess) return e;
  out->func = reinterpret_cast<CUfunction>(kernel);
  out->gridDimX = p->gridDim.x;
  out->gridDimY = p->gridDim.y;
  out->gridDimZ = p->gridDim.z;
  out->blockDimX = p->blockDim.x;
  out->blockDimY = p->blockDim.y;
  out->blockDimZ = p->blockDim.z;
  out->sharedMemBytes = p->sharedMemBytes;
  out->kernelParams = p->kernelParams;
  out->extra = p->extra;
  return cudaSuccess;
}

/// Runs `body(here, driver params)` with the kernel's parameters translated.
template <class F>
cudaError_t with_kernel(const cudaKernelNodeParams* params, F&& body) {
  const Here here;
  if (!here.driver) return here.error;
  CUDA_KERNEL_NODE_PARAMS p;
  if (const cudaError_t e = translate(*here.driver, params, &p); e != cudaSuccess) return e;
  return from_driver(body(here, &p));
}

template <class F>
cudaError_t with_copy(const cudaMemcpy3DParms* params, F&& body) {
  if (!params) return cudaErrorInvalidValue;
  const Here here;
  if (!here.driver) return here.error;
  CUDA_MEMCPY3D c;
  if (const cudaError_t e = translate_copy(*here.driver, *params, &c); e != cudaSuccess) return e;
  return from_driver(body(here, &c));
}

template <class F>
cudaError_t with_linear(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind, F&& body) {
  if (!known_kind(kind)) return cudaErrorInvalidMemcpyDirection;
  const Here here;
  if (!here.driver) return here.error;
  const CUDA_MEMCPY3D c = linear_copy(dst, src, bytes, kind);
  return from_driver(body(here, &c));
}

const CUDA_MEMSET_NODE_PARAMS* driver_params(const cudaMemsetParams* params) {
  return reinterpret_cast<const CUDA_MEMSET_NODE_PARAMS*>(params);
}
const CUDA_HOST_NODE_PARAMS* driver_params(const cudaHostNodeParams* params) {
  return reinterpret_cast<const CUDA_HOST_NODE_PARAMS*>(params);
}

}  // namespace

cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                   const cudaGraphNode_t* dependencies, size_t count,
                                   const struct cudaKernelNodeParams* params) {
  return with_kernel(params, [&](const Here& h, const CUDA_KERNEL_NODE_PARAMS* p) {
    return h.driver->cuGraphAddKernelNode_v2(node, graph, dependencies, count, p);
  });
}

cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t node, const struct cudaKernelNodeParams* params) {
  return with_kernel(params, [&](const Here& h, const CUDA_KERNEL_NODE_PARAMS* p) {
    return h.driver->cuGraphKernelNodeSetParams_v2(node, p);
  });
}

cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                             const struct cudaKernelNodeParams* params) {
  return with_kernel(params, [&](const Here& h, const CUDA_KERNEL_NODE_PARAMS* p) {
    return h.driver->cuGraphExecKernelNodeSetParams_v2(exec, node, p);
  });
}

// The function comes back as the host stub, which programs compare with theirs; a kernel without one as the
// driver's handle, which every call here takes as a kernel too.
cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node, struct cudaKernelNodeParams* params) {
  if (!params) return cudaErrorInvalidValue;
  return call([&](const Driver& d) {
    CUDA_KERNEL_NODE_PARAMS p{};
    const CUresult r = d.cuGraphKernelNodeGetParams_v2(node, &p);
    if (r != CUDA_SUCCESS) return r;
    const void* stub = host_stub_of(d, p.func);
    if (!stub) note_library_kernel(reinterpret_cast<CUkernel>(p.func));
    *params = {};
    params->func = stub ? const_cast<void*>(stub) : static_cast<void*>(p.func);
    params->gridDim = dim3(p.gridDimX, p.gridDimY, p.gridDimZ);
    params->blockDim = dim3(p.blockDimX, p.blockDimY, p.blockDimZ);
    params->sharedMemBytes = p.sharedMemBytes;
    params->kernelParams = p.kernelParams;
    params->extra = p.extra;
    return r;
  });
}

cudaError_t cudaGraphKernelNodeCopyAttributes(cudaGraphNode_t to, cudaGraphNode_t from) {
  return call([&](const Driver& d) { return d.cuGraphKernelNodeCopyAttributes(to, from); });
}

cudaError_t cudaGraphKernelNodeGetAttribute(cudaGraphNode_t node, cudaLaunchAttributeID attribute,
                                            cudaLaunchAttributeValue* value) {
  return call([&](const Driver& d) {
    return d.cuGraphKernelNodeGetAttribute(node, static_cast<CUkernelNodeAttrID>(attribute),
                                           reinterpret_cast<CUkernelNodeAttrValue*>(value));
  });
}

cudaError_t cudaGraphKernelNodeSetAttribute(cudaGraphNode_t node, cudaLaunchAttributeID attribute,
                                            const cudaLaunchAttributeValue* value) {
  return call([&](const Driver& d) {
    return d.cuGraphKernelNodeSetAttribute(node, static_cast<CUkernelNodeAttrID>(attribute),
                                           reinterpret_cast<const CUkernelNodeAttrValue*>(value));
  });
}

cudaError_t cudaGraphAddMemcpyNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                   const cudaGraphNode_t* dependencies, size_t count,
                                   const struct cudaMemcpy3DParms* params) {
  return with_copy(params, [&](const Here& h, const CUDA_MEMCPY3D* c) {
    return h.driver->cuGraphAddMemcpyNode(node, graph, dependencies, count, c, h.context);
  });
}

cudaError_t cudaGraphMemcpyNodeGetParams(cudaGraphNode_t node, struct cudaMemcpy3DParms* params) {
  if (!params) return cudaErrorInvalidValue;
  const Here here;
  if (!here.driver) return here.error;
  CUDA_MEMCPY3D c{};
  if (const CUresult r = here.driver->cuGraphMemcpyNodeGetParams(node, &c); r != CUDA_SUCCESS)
    return from_driver(r);
  return translate_back(*here.driver, c, params);
}

cudaError_t cudaGraphMemcpyNodeSetParams(cudaGraphNode_t node, const struct cudaMemcpy3DParms* params) {
  return with_copy(params, [&](const Here& h, const CUDA_MEMCPY3D* c) {
    return h.driver->cuGraphMemcpyNodeSetParams(node, c);
  });
}

cudaError_t cudaGraphExecMemcpyNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                             const struct cudaMemcpy3DParms* params) {
  return with_copy(params, [&](const Here& h, const CUDA_MEMCPY3D* c) {
    return h.driver->cuGraphExecMemcpyNodeSetParams(exec, node, c, h.context);
  });
}

// One-dimensional copies, and copies to and from symbols: add, change, change in an instantiated graph.
cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t* node, cudaGraph_t graph,
                                     const cudaGraphNode_t* dependencies, size_t count, void* dst,
                                     const void* src, size_t bytes, enum cudaMemcpyKind kind) {
  return with_linear(dst, src, bytes, kind, [&](const Here& h, const CUDA_MEMCPY3D* c) {
    return h.driver->cuGraphAddMemcpyNode(node, graph, dependencies, count, c, h.context);
  });
}

cudaError_t cudaGraphMemcpyNodeSetParams1D(cudaGraphNode_t node, void* dst, const void* src, size_t bytes,
                                           enum cudaMemcpyKind kind) {
  return with_linear(dst, src, bytes, kind, [&](const Here& h, const CUDA_MEMCPY3D* c) {
    return h.driver->cuGraphMemcpyNodeSetParams(node, c);
  });
}

cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t exec, cudaGraphNode_t node, void* dst,
                                               const void* src, size_t bytes, enum cudaMemcpyKind kind) {
  return with_linear(dst, src, bytes, kind, [&](const Here& h, const CUDA_MEMCPY3D* c) {
    return h.driver->cuGraphExecMemcpyNodeSetParams(exec, node, c, h.context);
  });
}

cudaError_t cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t* node, cudaGraph_t graph,
                                           const cudaGraphNode_t* dependencies, size_t count,
                                           const void* symbol, const void* src, size_t bytes, size_t offset,
                                           enum cudaMemcpyKind kind) {
  char* dst = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &dst); e != cudaSuccess) return e;
  return ppu::runtime::cudaGraphAddMemcpyNode1D(node, graph, dependencies, count, dst, src, bytes, kind);
}

cudaError_t cudaGraphAddMemcpyNodeFromSymbol(cudaGraphNode_t* node, cudaGraph_t graph,
                                             const cudaGraphNode_t* dependencies, size_t count, void* dst,
                                             const void* symbol, size_t bytes, size_t offset,
                                             enum cudaMemcpyKind kind) {
  char* src = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &src); e != cudaSuccess) return e;
  return ppu::runtime::cudaGraphAddMemcpyNode1D(node, graph, dependencies, count, dst, src, bytes, kind);
}

cudaError_t cudaGraphMemcpyNodeSetParamsToSymbol(cudaGraphNode_t node, const void* symbol, const void* src,
                                                 size_t bytes, size_t offset, enum cudaMemcpyKind kind) {
  char* dst = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &dst); e != cudaSuccess) return e;
  return ppu::runtime::cudaGraphMemcpyNodeSetParams1D(node, dst, src, bytes, kind);
}

cudaError_t cudaGraphMemcpyNodeSetParamsFromSymbol(cudaGraphNode_t node, void* dst, const void* symbol,
                                                   size_t bytes, size_t offset, enum cudaMemcpyKind kind) {
  char* src = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &src); e != cudaSuccess) return e;
  return ppu::runtime::cudaGraphMemcpyNodeSetParams1D(node, dst, src, bytes, kind);
}

cudaError_t cudaGraphExecMemcpyNodeSetParamsToSymbol(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                     const void* symbol, const void* src, size_t bytes,
                                                     size_t offset, enum cudaMemcpyKind kind) {
  char* dst = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &dst); e != cudaSuccess) return e;
  return ppu::runtime::cudaGraphExecMemcpyNodeSetParams1D(exec, node, dst, src, bytes, kind);
}

cudaError_t cudaGraphExecMemcpyNodeSetParamsFromSymbol(cudaGraphExec_t exec, cudaGraphNode_t node, void* dst,
                                                       const void* symbol, size_t bytes, size_t offset,
                                                       enum cudaMemcpyKind kind) {
  char* src = nullptr;
  if (const cudaError_t e = symbol_range(symbol, offset, bytes, &src); e != cudaSuccess) return e;
  return ppu::runtime::cudaGraphExecMemcpyNodeSetParams1D(exec, node, dst, src, bytes, kind);
}

cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                   const cudaGraphNode_t* dependencies, size_t count,
                                   const struct cudaMemsetParams* params) {
  const Here here;
  if (!here.driver) return here.error;
  return from_driver(here.driver->cuGraphAddMemsetNode(node, graph, dependencies, count,
                                                       driver_params(params), here.context));
}

cudaError_t cudaGraphMemsetNodeGetParams(cudaGraphNode_t node, struct cudaMemsetParams* params) {
  return call([&](const Driver& d) {
    return d.cuGraphMemsetNodeGetParams(node, reinterpret_cast<CUDA_MEMSET_NODE_PARAMS*>(params));
  });
}

cudaError_t cudaGraphMemsetNodeSetParams(cudaGraphNode_t node, const struct cudaMemsetParams* params) {
  return call([&](const Driver& d) { return d.cuGraphMemsetNodeSetParams(node, driver_params(params)); });
}

cudaError_t cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                             const struct cudaMemsetParams* params) {
  const Here here;
  if (!here.driver) return here.error;
  return from_driver(
      here.driver->cuGraphExecMemsetNodeSetParams(exec, node, driver_params(params), here.context));
}

cudaError_t cudaGraphAddHostNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                 const cudaGraphNode_t* dependencies, size_t count,
                                 const struct cudaHostNodeParams* params) {
  return call([&](const Driver& d) {
    return d.cuGraphAddHostNode(node, graph, dependencies, count, driver_params(params));
  });
}

cudaError_t cudaGraphHostNodeGetParams(cudaGraphNode_t node, struct cudaHostNodeParams* params) {
  return call([&](const Driver& d) {
    return d.cuGraphHostNodeGetParams(node, reinterpret_cast<CUDA_HOST_NODE_PARAMS*>(params));
  });
}

cudaError_t cudaGraphHostNodeSetParams(cudaGraphNode_t node, const struct cudaHostNodeParams* params) {
  return call([&](const Driver& d) { return d.cuGraphHostNodeSetParams(node, driver_params(params)); });
}

cudaError_t cudaGraphExecHostNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                           const struct cudaHostNodeParams* params) {
  return call(
      [&](const Driver& d) { return d.cuGraphExecHostNodeSetParams(exec, node, driver_params(params)); });
}

cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                       const cudaGraphNode_t* dependencies, size_t count, cudaGraph_t child) {
  return call(
      [&](const Driver& d) { return d.cuGraphAddChildGraphNode(node, graph, dependencies, count, child); });
}

cudaError_t cudaGraphChildGraphNodeGetGraph(cudaGraphNode_t node, cudaGraph_t* graph) {
  return call([&](const Driver& d) { return d.cuGraphChildGraphNodeGetGraph(node, graph); });
}

cudaError_t cudaGraphExecChildGraphNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                                 cudaGraph_t child) {
  return call([&](const Driver& d) { return d.cuGraphExecChildGraphNodeSetParams(exec, node, child); });
}

cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                  const cudaGraphNode_t* dependencies, size_t count) {
  return call([&](const Driver& d) { return d.cuGraphAddEmptyNode(node, graph, dependencies, count); });
}

// Event nodes: recording and waiting alike.
#define EVENT_NODE(Kind)                                                                                     \
  cudaError_t cudaGraphAddEvent##Kind##Node(cudaGraphNode_t* node, cudaGraph_t graph,                        \
                                            const cudaGraphNode_t* dependencies, size_t count,               \
                                            cudaEvent_t event) {                                             \
    return call([&](const Driver& d) {                                                                       \
      return d.cuGraphAddEvent##Kind##Node(node, graph, dependencies, count, event);                         \
    });                                                                                                      \
  }                                                                                                          \
  cudaError_t cudaGraphEvent##Kind##NodeGetEvent(cudaGraphNode_t node, cudaEvent_t* event) {                 \
    return call([&](const Driver& d) { return d.cuGraphEvent##Kind##NodeGetEvent(node, event); });           \
  }                                                                                                          \
  cudaError_t cudaGraphEvent##Kind##NodeSetEvent(cudaGraphNode_t node, cudaEvent_t event) {                  \
    return call([&](const Driver& d) { return d.cuGraphEvent##Kind##NodeSetEvent(node, event); });           \
  }                                                                                                          \
  cudaError_t cudaGraphExecEvent##Kind##NodeSetEvent(cudaGraphExec_t exec, cudaGraphNode_t node,             \
                                                     cudaEvent_t event) {                                    \
    return call([&](const Driver& d) { return d.cuGraphExecEvent##Kind##NodeSetEvent(exec, node, event); }); \
  }
EVENT_NODE(Record)
EVENT_NODE(Wait)
#undef EVENT_NODE

cudaError_t cudaGraphAddMemAllocNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                     const cudaGraphNode_t* dependencies, size_t count,
                                     struct cudaMemAllocNodeParams* params) {
  static_assert(sizeof *params == sizeof(CUDA_MEM_ALLOC_NODE_PARAMS));
  return call([&](const Driver& d) {
    return d.cuGraphAddMemAllocNode(node, graph, dependencies, count,
                                    reinterpret_cast<CUDA_MEM_ALLOC_NODE_PARAMS*>(params));
  });
}

cudaError_t cudaGraphMemAllocNodeGetParams(cudaGraphNode_t node, struct cudaMemAllocNodeParams* params) {
  return call([&](const Driver& d) {
    return d.cuGraphMemAllocNodeGetParams(node, reinterpret_cast<CUDA_MEM_ALLOC_NODE_PARAMS*>(params));
  });
}

cudaError_t cudaGraphAddMemFreeNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                    const cudaGraphNode_t* dependencies, size_t count, void* address) {
  return call([&](const Driver& d) {
    return d.cuGraphAddMemFreeNode(node, graph, dependencies, count, reinterpret_cast<CUdeviceptr>(address));
  });
}

cudaError_t cudaGraphMemFreeNodeGetParams(cudaGraphNode_t node, void* address) {
  return call([&](const Driver& d) {
    return d.cuGraphMemFreeNodeGetParams(node, static_cast<CUdeviceptr*>(address));
  });
}

namespace {

/// The driver's generic description of a node. Kernels and copies are translated; the other members have one
/// layout.
cudaError_t translate(const Driver& d, const cudaGraphNodeParams* p, CUgraphNodeParams* out) {
  static_assert(sizeof *p == sizeof *out);
  if (!p) return cudaErrorInvalidValue;
  std::memcpy(out, p, sizeof *out);
  if (p->type == cudaGraphNodeTypeKernel) {
    CUDA_KERNEL_NODE_PARAMS kernel;
    if (const cudaError_t e = translate(d, &p->kernel, &kernel); e != cudaSuccess) return e;
    out->kernel = {};
    std::memcpy(&out->kernel, &kernel, sizeof kernel);
  } else if (p->type == cudaGraphNodeTypeMemcpy) {
    out->memcpy = {};
    if (const cudaError_t e = translate_copy(d, p->memcpy.copyParams, &out->memcpy.copyParams);
        e != cudaSuccess)
      return e;
  }
  return cudaSuccess;
}

cudaError_t add_any(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                    const cudaGraphEdgeData* edges, size_t count, cudaGraphNodeParams* params) {
  const Here here;
  if (!here.driver) return here.error;
  CUgraphNodeParams p;
  if (const cudaError_t e = translate(*here.driver, params, &p); e != cudaSuccess) return e;
  const CUresult result = here.driver->cuGraphAddNode_v2(
      node, graph, dependencies, reinterpret_cast<const CUgraphEdgeData*>(edges), count, &p);
  if (params->type == cudaGraphNodeTypeMemAlloc) params->alloc.dptr = reinterpret_cast<void*>(p.alloc.dptr);
  if (params->type == cudaGraphNodeTypeConditional)
    params->conditional.phGraph_out = p.conditional.phGraph_out;
  return from_driver(result);
}

}  // namespace

#if PPU_CUDART_LEVEL == 13
cudaError_t cudaGraphAddNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                             const cudaGraphEdgeData* edges, size_t count,
                             struct cudaGraphNodeParams* params) {
  return add_any(node, graph, dependencies, edges, count, params);
}
#else
cudaError_t cudaGraphAddNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                             size_t count, struct cudaGraphNodeParams* params) {
  return add_any(node, graph, dependencies, nullptr, count, params);
}
cudaError_t cudaGraphAddNode_v2(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                const cudaGraphEdgeData* edges, size_t count,
                                struct cudaGraphNodeParams* params) {
  return add_any(node, graph, dependencies, edges, count, params);
}
#endif

cudaError_t cudaGraphNodeSetParams(cudaGraphNode_t node, struct cudaGraphNodeParams* params) {
  const Here here;
  if (!here.driver) return here.error;
  CUgraphNodeParams p;
  if (const cudaError_t e = translate(*here.driver, params, &p); e != cudaSuccess) return e;
  return from_driver(here.driver->cuGraphNodeSetParams(node, &p));
}

cudaError_t cudaGraphExecNodeSetParams(cudaGraphExec_t exec, cudaGraphNode_t node,
                                       struct cudaGraphNodeParams* params) {
  const Here here;
  if (!here.driver) return here.error;
  CUgraphNodeParams p;
  if (const cudaError_t e = translate(*here.driver, params, &p); e != cudaSuccess) return e;
  return from_driver(here.driver->cuGraphExecNodeSetParams(exec, node, &p));
}

#if PPU_CUDART_LEVEL == 13
namespace {

/// Runs the getter of a node's own type into the member of the generic description.
cudaError_t describe(const Driver& d, cudaGraphNode_t node, cudaGraphNodeParams* p) {
  switch (p->type) {
    case cudaGraphNodeTypeKernel: {
      cudaKernelNodeParams k;
      const cudaError_t e = ppu::runtime::cudaGraphKernelNodeGetParams(node, &k);
      if (e == cudaSuccess)
        p->kernel = {k.func, k.gridDim, k.blockDim, k.sharedMemBytes, k.kernelParams, k.extra};
      return e;
    }
    case cudaGraphNodeTypeMemcpy:
      return ppu::runtime::cudaGraphMemcpyNodeGetParams(node, &p->memcpy.copyParams);
    case cudaGraphNodeTypeMemset: {
      cudaMemsetParams m;
      const cudaError_t e = ppu::runtime::cudaGraphMemsetNodeGetParams(node, &m);
      if (e == cudaSuccess) p->memset = {m.dst, m.pitch, m.value, m.elementSize, m.width, m.height};
      return e;
    }
    case cudaGraphNodeTypeHost: {
      cudaHostNodeParams h;
      const cudaError_t e = ppu::runtime::cudaGraphHostNodeGetParams(node, &h);
      if (e == cudaSuccess) p->host = {h.fn, h.userData};
      return e;
    }
    case cudaGraphNodeTypeGraph:
      return from_driver(d.cuGraphChildGraphNodeGetGraph(node, &p->graph.graph));
    case cudaGraphNodeTypeEmpty:
      return cudaSuccess;
    case cudaGraphNodeTypeWaitEvent:
      return from_driver(d.cuGraphEventWaitNodeGetEvent(node, &p->eventWait.event));
    case cudaGraphNodeTypeEventRecord:
      return from_driver(d.cuGraphEventRecordNodeGetEvent(node, &p->eventRecord.event));
    case cudaGraphNodeTypeMemAlloc:
      static_assert(sizeof p->alloc == sizeof(CUDA_MEM_ALLOC_NODE_PARAMS));
      return from_driver(
          d.cuGraphMemAllocNodeGetParams(node, reinterpret_cast<CUDA_MEM_ALLOC_NODE_PARAMS*>(&p->alloc)));
    case cudaGraphNodeTypeMemFree:
      return from_driver(d.cuGraphMemFreeNodeGetParams(node, reinterpret_cast<CUdeviceptr*>(&p->free.dptr)));
    default:
      return cudaErrorNotSupported;
  }
}

}  // namespace

cudaError_t cudaGraphNodeGetParams(cudaGraphNode_t node, struct cudaGraphNodeParams* params) {
  if (!params) return cudaErrorInvalidValue;
  cudaError_t why = cudaSuccess;
  const Driver* d = current_driver(&why);
  if (!d) return why;
  cudaGraphNodeParams p{};
  if (const CUresult r = d->cuGraphNodeGetType(node, reinterpret_cast<CUgraphNodeType*>(&p.type));
      r != CUDA_SUCCESS)
    return from_driver(r);
  const cudaError_t e = describe(*d, node, &p);
  if (e == cudaSuccess) *params = p;
  return e;
}

// No context but the device's own can be named yet, and null names it.
cudaError_t cudaGraphConditionalHandleCreate_v2(cudaGraphConditionalHandle* handle, cudaGraph_t graph,
                                                struct cudaExecutionContext_st* context,
                                                unsigned int default_value, unsigned int flags) {
  if (context) return cudaErrorInvalidValue;
  return ppu::runtime::cudaGraphConditionalHandleCreate(handle, graph, default_value, flags);
}
#endif

cudaError_t cudaGraphConditionalHandleCreate(cudaGraphConditionalHandle* handle, cudaGraph_t graph,
                                             unsigned int default_value, unsigned int flags) {
  return call([&](const Driver& d) {
    return d.cuGraphConditionalHandleCreate(reinterpret_cast<CUgraphConditionalHandle*>(handle), graph,
                                            nullptr, default_value, flags);
  });
}

}  // namespace ppu::runtime

// Graphs built by hand: edges with data as CUDA 13 has them, a loop whose kernel decides when it ends, copies
// to and from symbols, objects that live as long as their graph.
#include "check.h"

__device__ int total;
__constant__ float scale[4];

__global__ void add(int* x, int value) {
  x[threadIdx.x] += value;
}
__global__ void count_down(cudaGraphConditionalHandle handle, int* left) {
  cudaGraphSetConditional(handle, --*left > 0);
}
__global__ void apply(float* x) {
  x[threadIdx.x] *= scale[threadIdx.x % 4];
  if (threadIdx.x == 0) total += 7;
}

struct Counted {
  explicit Counted(int* gone) : gone(gone) {}
  ~Counted() { ++*gone; }
  int* gone;
};

cudaGraphNode_t kernel_node(cudaGraph_t graph, void* function, void** arguments, int threads) {
  cudaKernelNodeParams parameters = {};
  parameters.func = function;
  parameters.gridDim = dim3(1);
  parameters.blockDim = dim3(threads);
  parameters.kernelParams = arguments;
  cudaGraphNode_t node;
  CUDA_CHECK(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &parameters));
  return node;
}

void edges() {
  DeviceArray<int> x(32);
  x.zero();
  cudaGraph_t graph;
  CUDA_CHECK(cudaGraphCreate(&graph, 0));
  int *p = x, one = 1, ten = 10;
  void *first_arguments[] = {&p, &one}, *second_arguments[] = {&p, &ten};
  const cudaGraphNode_t first = kernel_node(graph, (void*)add, first_arguments, 32);
  const cudaGraphNode_t second = kernel_node(graph, (void*)add, second_arguments, 32);
  CUDA_CHECK(cudaGraphAddDependencies(graph, &first, &second, nullptr, 1));
  cudaGraphNode_t from = nullptr, to = nullptr;
  cudaGraphEdgeData data;
  size_t count = 1;
  CUDA_CHECK(cudaGraphGetEdges(graph, &from, &to, &data, &count));
  EXPECT(count == 1 && from == first && to == second && data.type == 0);
  CUDA_CHECK(cudaGraphNodeGetDependencies(second, &from, &data, &count));
  EXPECT(count == 1 && from == first);
  CUDA_CHECK(cudaGraphNodeGetDependentNodes(first, &to, &data, &count));
  EXPECT(count == 1 && to == second);
  cudaGraphExec_t exec;
  CUDA_CHECK(cudaGraphInstantiate(&exec, graph, 0));
  for (int i = 0; i < 3; ++i) CUDA_CHECK(cudaGraphLaunch(exec, 0));
  CUDA_SYNC();
  check::equal(x.host(), std::vector<int>(32, 33), "x");
  CUDA_CHECK(cudaGraphRemoveDependencies(graph, &first, &second, nullptr, 1));
  CUDA_CHECK(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &count));
  EXPECT(count == 0);
  CUDA_CHECK(cudaGraphExecDestroy(exec));
  CUDA_CHECK(cudaGraphDestroy(graph));
}

void loop() {
  DeviceArray<int> x(32), left(std::vector<int>{6});
  x.zero();
  cudaGraph_t graph;
  CUDA_CHECK(cudaGraphCreate(&graph, 0));
  cudaGraphConditionalHandle handle;
  CUDA_CHECK(cudaGraphConditionalHandleCreate(&handle, graph, 1, cudaGraphCondAssignDefault));
  cudaGraphNodeParams parameters = {};
  parameters.type = cudaGraphNodeTypeConditional;
  parameters.conditional.handle = handle;
  parameters.conditional.type = cudaGraphCondTypeWhile;
  parameters.conditional.size = 1;
  cudaGraphNode_t node;
  CUDA_CHECK(cudaGraphAddNode(&node, graph, nullptr, nullptr, 0, &parameters));
  const cudaGraph_t body = parameters.conditional.phGraph_out[0];
  cudaStream_t stream;
  CUDA_CHECK(cudaStreamCreate(&stream));
  CUDA_CHECK(
      cudaStreamBeginCaptureToGraph(stream, body, nullptr, nullptr, 0, cudaStreamCaptureModeThreadLocal));
  add<<<1, 32, 0, stream>>>(x, 3);
  count_down<<<1, 1, 0, stream>>>(handle, left);
  cudaGraph_t captured;
  CUDA_CHECK(cudaStreamEndCapture(stream, &captured));
  EXPECT(captured == body);
  cudaGraphExec_t exec;
  CUDA_CHECK(cudaGraphInstantiate(&exec, graph, 0));
  CUDA_CHECK(cudaGraphLaunch(exec, stream));
  CUDA_SYNC();
  check::equal(x.host(), std::vector<int>(32, 18), "rounds");
  CUDA_CHECK(cudaGraphExecDestroy(exec));
  CUDA_CHECK(cudaGraphDestroy(graph));
  CUDA_CHECK(cudaStreamDestroy(stream));
}

void symbols() {
  DeviceArray<float> x(std::vector<float>(8, 2.0f));
  cudaGraph_t graph;
  CUDA_CHECK(cudaGraphCreate(&graph, 0));
  const float scales[4] = {1, 2, 3, 4}, others[4] = {2, 2, 2, 2};
  const int start = 100;
  int end = 0;
  cudaGraphNode_t constants, number, back;
  CUDA_CHECK(cudaGraphAddMemcpyNodeToSymbol(&constants, graph, nullptr, 0, scale, scales, sizeof scales, 0,
                                            cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaGraphAddMemcpyNodeToSymbol(&number, graph, &constants, 1, total, &start, sizeof start, 0,
                                            cudaMemcpyHostToDevice));
  float* p = x;
  void* arguments[] = {&p};
  const cudaGraphNode_t kernel = kernel_node(graph, (void*)apply, arguments, 8);
  CUDA_CHECK(cudaGraphAddDependencies(graph, &number, &kernel, nullptr, 1));
  CUDA_CHECK(cudaGraphAddMemcpyNodeFromSymbol(&back, graph, &kernel, 1, &end, total, sizeof end, 0,
                                              cudaMemcpyDeviceToHost));
  cudaGraphExec_t exec;
  CUDA_CHECK(cudaGraphInstantiate(&exec, graph, 0));
  CUDA_CHECK(cudaGraphLaunch(exec, 0));
  CUDA_SYNC();
  EXPECT(end == 107);
  CUDA_CHECK(cudaGraphExecMemcpyNodeSetParamsToSymbol(exec, constants, scale, others, sizeof others, 0,
                                                      cudaMemcpyHostToDevice));
  CUDA_CHECK(cudaGraphLaunch(exec, 0));
  CUDA_SYNC();
  check::equal(x.host(), std::vector<float>{4, 8, 12, 16, 4, 8, 12, 16}, "scaled");
  int gone = 0;
  cudaUserObject_t object;
  CUDA_CHECK(cudaUserObjectCreate(&object, new Counted(&gone), 1, cudaUserObjectNoDestructorSync));
  CUDA_CHECK(cudaGraphRetainUserObject(graph, object, 1, cudaGraphUserObjectMove));
  EXPECT(gone == 0);
  CUDA_CHECK(cudaGraphExecDestroy(exec));
  CUDA_CHECK(cudaGraphDestroy(graph));
  EXPECT(gone == 1);
}

int main() {
  edges();
  loop();
  symbols();
  return check::verdict("graphs");
}

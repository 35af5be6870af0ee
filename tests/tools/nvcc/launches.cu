// Kernels that launch kernels, by <<<>>> and in named streams, and a graph whose loop a kernel ends.
#include <cstdio>

__global__ void add(int* sum, int value, double more) {
  atomicAdd(sum, value + static_cast<int>(more));
}

__global__ void tree(int* sum, int depth) {
  if (threadIdx.x != 0) return;
  add<<<2, 32>>>(sum, 1, 0.0);
  add<<<1, 1, 0, cudaStreamFireAndForget>>>(sum, 100, 0.5);
  cudaStream_t stream;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  add<<<1, 1, 64, stream>>>(sum, 0, 1000.0);
  cudaStreamDestroy(stream);
  if (depth > 0) tree<<<2, 32, 0, cudaStreamTailLaunch>>>(sum, depth - 1);
  if (cudaGetLastError() != cudaSuccess) atomicAdd(sum, 1 << 20);
}

__global__ void count_down(cudaGraphConditionalHandle handle, int* left) {
  cudaGraphSetConditional(handle, --*left > 0);
}

int main() {
  int *sum, *left;
  cudaMallocManaged(&sum, sizeof *sum);
  cudaMallocManaged(&left, sizeof *left);
  *sum = 0;
  tree<<<1, 32>>>(sum, 2);
  if (cudaDeviceSynchronize() != cudaSuccess) return 1;
  const int grids = 1 + 2 + 4;
  if (*sum != grids * (64 + 100 + 1000)) return std::printf("sum %d\n", *sum), 2;

  cudaGraph_t graph;
  cudaGraphCreate(&graph, 0);
  cudaGraphConditionalHandle handle;
  cudaGraphConditionalHandleCreate(&handle, graph, 1, cudaGraphCondAssignDefault);
  cudaGraphNodeParams loop = {};
  loop.type = cudaGraphNodeTypeConditional;
  loop.conditional.handle = handle;
  loop.conditional.type = cudaGraphCondTypeWhile;
  loop.conditional.size = 1;
  cudaGraphNode_t node;
#if CUDART_VERSION >= 13000
  if (cudaGraphAddNode(&node, graph, nullptr, nullptr, 0, &loop) != cudaSuccess) return 3;
#else
  if (cudaGraphAddNode(&node, graph, nullptr, 0, &loop) != cudaSuccess) return 3;
#endif
  cudaStream_t stream;
  cudaStreamCreate(&stream);
  cudaStreamBeginCaptureToGraph(stream, loop.conditional.phGraph_out[0], nullptr, nullptr, 0,
                                cudaStreamCaptureModeRelaxed);
  count_down<<<1, 1, 0, stream>>>(handle, left);
  cudaStreamEndCapture(stream, nullptr);
  *left = 7;
  cudaGraphExec_t exec;
  if (cudaGraphInstantiate(&exec, graph, 0) != cudaSuccess) return 4;
  cudaGraphLaunch(exec, stream);
  if (cudaStreamSynchronize(stream) != cudaSuccess || *left != 0) return 5;
  std::printf("right\n");
  return 0;
}

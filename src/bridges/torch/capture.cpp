// Recording of delegated operators as host nodes, and the memory that a capture must leave as it was.
#include "bridges/torch/capture.h"

#include <c10/cuda/CUDAException.h>

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>

#include "base/log.h"

namespace ppu::bridge {
namespace {

using c10::IValue;
using torch::jit::Stack;

/// Bytes as they were before the capture wrote to them.
struct Saved {
  const void* address;
  std::vector<char> bytes;
};

std::atomic<bool> expected{false};

std::mutex saved_mutex;
std::vector<Saved>& saved_pieces() {
  static auto* const all = new std::vector<Saved>;
  return *all;
}
/// Sizes of the saved pieces by address: most memory is asked for many times in a capture.
std::map<const char*, size_t>& saved_ranges() {
  static auto* const all = new std::map<const char*, size_t>;
  return *all;
}

/// Calls `visit` with each dense part of a value's tensors.
template <class Visit>
void visit_dense(const IValue& value, Visit&& visit) {
  const auto of_tensor = [&](const at::Tensor& t) {
    if (!t.defined()) return;
    if (t.layout() == c10::kSparse) {
      visit(at::sparse::get_sparse_impl(t)->indices());
      visit(at::sparse::get_sparse_impl(t)->values());
    } else if (at::sparse_csr::is_sparse_compressed(t)) {
      visit(at::sparse_csr::get_sparse_csr_impl(t)->compressed_indices());
      visit(at::sparse_csr::get_sparse_csr_impl(t)->plain_indices());
      visit(at::sparse_csr::get_sparse_csr_impl(t)->values());
    } else {
      visit(t);
    }
  };
  if (value.isTensor()) of_tensor(value.toTensor());
  if (value.isTensorList())
    for (const at::Tensor& t : value.toTensorVector()) of_tensor(t);
}

std::vector<at::Tensor> dense_parts(const Stack& stack, size_t from) {
  std::vector<at::Tensor> parts;
  for (size_t i = from; i < stack.size(); ++i)
    visit_dense(stack[i], [&](const at::Tensor& t) { parts.push_back(t); });
  return parts;
}

/// One operator in a graph.
struct Node {
  const Delegate& delegate;
  c10::OperatorHandle op;
  size_t results;
  std::vector<IValue>
      arguments;  // CPU tensors over addresses, which they don't own: as a kernel's arguments are
  std::vector<at::Tensor> outcomes;  // where the results of the capture lie, and those of a replay go
  std::optional<RandomState> random;
};

void replay(void* data) {
  const Node& node = *static_cast<const Node*>(data);
  try {
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    Stack stack(node.arguments.begin(), node.arguments.end());
    node.delegate.run_on_cpu(node.op, &stack, node.random ? &*node.random : nullptr);
    const std::vector<at::Tensor> results = dense_parts(stack, stack.size() - node.results);
    for (size_t i = 0; i < results.size() && i < node.outcomes.size(); ++i)
      if (results[i].data_ptr() != node.outcomes[i].data_ptr()) node.outcomes[i].copy_(results[i]);
  } catch (const std::exception& error) {
    // A kernel on a device has no way to throw either.
    log("torch", LogLevel::kError, "replay of a captured graph: %s: %s",
        c10::toString(node.op.operator_name()).c_str(), error.what());
  }
}

void destroy(void* data) {
  delete static_cast<Node*>(data);
}

/// The graph that `stream` is being captured into.
cudaGraph_t graph_of(cudaStream_t stream) {
  cudaStreamCaptureStatus status{};
  unsigned long long id = 0;
  cudaGraph_t graph = nullptr;
#if CUDART_VERSION >= 13000
  C10_CUDA_CHECK(cudaStreamGetCaptureInfo(stream, &status, &id, &graph, nullptr, nullptr, nullptr));
#else
  C10_CUDA_CHECK(cudaStreamGetCaptureInfo_v2(stream, &status, &id, &graph, nullptr, nullptr));
#endif
  return graph;
}

}  // namespace

void expect_captures() {
  expected.store(true, std::memory_order_release);
}

void save_for_capture(const void* address, size_t count) {
  if (!address || count == 0) return;
  const char* const bytes = static_cast<const char*>(address);
  const std::lock_guard lock(saved_mutex);
  const auto behind = saved_ranges().upper_bound(bytes);
  if (behind != saved_ranges().begin()) {
    const auto& [from, size] = *std::prev(behind);
    if (from + size >= bytes + count) return;
  }
  saved_pieces().push_back({address, std::vector<char>(bytes, bytes + count)});
  size_t& size = saved_ranges()[bytes];
  size = std::max(size, count);
}

bool is_captured(cudaStream_t stream) {
  if (!expected.load(std::memory_order_acquire)) return false;
  cudaStreamCaptureStatus status{};
  return cudaStreamIsCapturing(stream, &status) == cudaSuccess && status == cudaStreamCaptureStatusActive;
}

void restore_after_capture() {
  const std::lock_guard lock(saved_mutex);
  // From the last to the first: memory that was saved twice gets its oldest bytes.
  for (auto one = saved_pieces().rbegin(); one != saved_pieces().rend(); ++one)
    std::memcpy(const_cast<void*>(one->address), one->bytes.data(), one->bytes.size());
  saved_pieces().clear();
  saved_ranges().clear();
}

Recorder::Recorder(const Delegate& delegate, const c10::OperatorHandle& op, const Stack& stack,
                   const std::optional<RandomState>& random, cudaStream_t stream)
    : delegate_(delegate), op_(op), random_(random), stream_(stream) {
  const size_t base = stack.size() - delegate.arguments_;
  arguments_.assign(stack.begin() + static_cast<std::ptrdiff_t>(base), stack.end());
  for (const size_t i : delegate.written_)
    visit_dense(arguments_[i],
                [](const at::Tensor& t) { save_for_capture(t.storage().data(), t.storage().nbytes()); });
}

void Recorder::record(const Stack& stack) {
  auto node = std::make_unique<Node>(Node{delegate_, op_, delegate_.returns_, std::move(arguments_),
                                          dense_parts(stack, stack.size() - delegate_.returns_), random_});
  C10_CUDA_CHECK(cudaLaunchHostFunc(stream_, &replay, node.get()));
  // The graph owns the node from here on.
  cudaUserObject_t owner{};
  C10_CUDA_CHECK(cudaUserObjectCreate(&owner, node.get(), &destroy, 1, cudaUserObjectNoDestructorSync));
  node.release();
  C10_CUDA_CHECK(cudaGraphRetainUserObject(graph_of(stream_), owner, 1, cudaGraphUserObjectMove));
}

}  // namespace ppu::bridge

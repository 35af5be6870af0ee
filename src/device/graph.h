// Graphs: work described once and launched often (CUDA Driver API, "Graph Management"). A node holds what it
// does; an instantiated graph is a private copy in launch order. A launch submits the nodes to one stream,
// one after the other: any order that respects the edges is allowed, and kernels fill the machine by
// themselves.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "device/copy.h"
#include "device/launch.h"
#include "device/memory_pool.h"

namespace ppu::device {

class Graph;
struct Condition;

/// Sets the value of a conditional handle (cudaGraphSetConditional); a stale handle is reported and ignored.
void set_condition(uint64_t handle, unsigned value);

/// What a node does when its graph is launched.
class Work {
 public:
  virtual ~Work() = default;
  virtual CUgraphNodeType type() const = 0;
  virtual std::unique_ptr<Work> clone() const = 0;
  /// Gives the work to `stream`. Returns without waiting for it.
  virtual CUresult submit(Stream& stream) = 0;
};

class KernelWork : public Work {
 public:
  KernelWork(CUfunction handle, Function& function, const LaunchConfig& config,
             std::span<const std::byte> params)
      : handle(handle), function(&function), config(config), params(params.begin(), params.end()) {}
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_KERNEL; }
  std::unique_ptr<Work> clone() const override { return std::make_unique<KernelWork>(*this); }
  CUresult submit(Stream& stream) override;

  CUfunction handle;  ///< as the program named it
  Function* function;
  LaunchConfig config;
  /// Attributes as given but the cooperative one, which is in `config`: scheduling advice, kept for whoever
  /// asks.
  std::map<int, CUlaunchAttributeValue> attributes;
  std::vector<std::byte> params;       ///< laid out as Function::params() says
  std::vector<void*> param_addresses;  ///< into `params`, for cuGraphKernelNodeGetParams
};

/// A copy, or a fill.
class CopyWork : public Work {
 public:
  CopyWork(const CopyRequest& request, CUgraphNodeType type) : request(request), type_(type) {}
  CUgraphNodeType type() const override { return type_; }
  std::unique_ptr<Work> clone() const override { return std::make_unique<CopyWork>(*this); }
  CUresult submit(Stream& stream) override;

  CopyRequest request;
  /// As given to cuGraphAddMemcpyNode and the like; none if the node was captured.
  std::optional<CUDA_MEMCPY3D> copy_params;
  std::optional<CUDA_MEMSET_NODE_PARAMS> fill_params;

 private:
  CUgraphNodeType type_;
};

class HostWork : public Work {
 public:
  HostWork(CUhostFn function, void* user) : function(function), user(user) {}
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_HOST; }
  std::unique_ptr<Work> clone() const override { return std::make_unique<HostWork>(*this); }
  CUresult submit(Stream& stream) override;

  CUhostFn function;
  void* user;
};

/// A join; also the place of a graph's memory: allocated with the node, freed with the graph.
class EmptyWork : public Work {
 public:
  explicit EmptyWork(CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY) : type_(type) {}
  CUgraphNodeType type() const override { return type_; }
  std::unique_ptr<Work> clone() const override { return std::make_unique<EmptyWork>(*this); }
  CUresult submit(Stream&) override { return CUDA_SUCCESS; }

  uint64_t address = 0;                          ///< of allocation and free nodes
  CUDA_MEM_ALLOC_NODE_PARAMS_v1 alloc_params{};  ///< as given but accessDescs
  std::vector<CUmemAccessDesc> access;           ///< alloc_params.accessDescs

 private:
  CUgraphNodeType type_;
};

/// Records an event, or waits for one.
class EventWork : public Work {
 public:
  EventWork(Event& event, bool record) : event(&event), record_(record) {}
  CUgraphNodeType type() const override {
    return record_ ? CU_GRAPH_NODE_TYPE_EVENT_RECORD : CU_GRAPH_NODE_TYPE_WAIT_EVENT;
  }
  std::unique_ptr<Work> clone() const override { return std::make_unique<EventWork>(*this); }
  CUresult submit(Stream& stream) override;

  Event* event;

 private:
  bool record_;
};

/// A graph within a graph: a copy of its own.
class ChildWork : public Work {
 public:
  explicit ChildWork(const Graph& graph);
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_GRAPH; }
  std::unique_ptr<Work> clone() const override { return std::make_unique<ChildWork>(*graph); }
  CUresult submit(Stream& stream) override;

  std::unique_ptr<Graph> graph;
};

struct Node {
  Node();
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  Graph* graph = nullptr;
  std::unique_ptr<Work> work;
  std::vector<Node*> before;  ///< what must have finished first
  std::vector<Node*> after;
  const Node* original = nullptr;      ///< the node this one is a copy of
  const Node* updated_from = nullptr;  ///< the node whose parameters an update of its graph gave it
  bool enabled = true;
};

/// Something a program ties to graphs: destroyed with the last reference (cuUserObjectCreate).
struct UserObject {
  UserObject();
  ~UserObject();
  CUhostFn destroy = nullptr;
  void* user = nullptr;
  std::atomic<unsigned> references{0};
  void retain(unsigned count) { references.fetch_add(count); }
  /// True when that was the last reference and the object is gone.
  bool release(unsigned count);
};

/// True for addresses of live nodes, graphs and user objects: handles may be stale.
bool is_node(const Node* node);
bool is_graph(const Graph* graph);
bool is_user_object(const UserObject* object);

/// What a graph keeps alive. A launch shares it: an executable graph may be destroyed or updated before its
/// work is done.
struct Holdings {
  std::vector<std::pair<UserObject*, unsigned>> objects;
  std::vector<std::shared_ptr<void>> memory;
  std::vector<std::shared_ptr<Condition>> conditions;
  Holdings() = default;
  Holdings(const Holdings& other);
  ~Holdings();
  Holdings& operator=(const Holdings&) = delete;
  bool empty() const { return objects.empty() && memory.empty() && conditions.empty(); }
};

/// Why an executable graph can't take over another graph's parameters, as cuGraphExecUpdate tells it.
struct UpdateFailure {
  CUgraphExecUpdateResult result = CU_GRAPH_EXEC_UPDATE_SUCCESS;
  const Node* node = nullptr;
  const Node* dependency = nullptr;
};

class Graph {
 public:
  Graph();
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  Node* add(std::unique_ptr<Work> work, std::span<Node* const> before);
  void remove(Node* node);
  /// False if that would make a cycle, or a node isn't this graph's.
  bool connect(Node* from, Node* to);
  bool disconnect(Node* from, Node* to);
  bool has(const Node* node) const;
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  std::unique_ptr<Graph> clone() const;
  /// Nodes in an order that respects the edges.
  std::vector<Node*> order() const;
  CUresult submit(Stream& stream) const;
  /// The same with the order known.
  static CUresult submit(Stream& stream, std::span<Node* const> sorted);
  /// True if `other` has the same nodes and edges, and its child graphs too.
  bool matches(const Graph& other, UpdateFailure* failure) const;
  /// Takes over the parameters of a graph that matches, and what it holds.
  void take_parameters(const Graph& from);
  /// This graph's copy of a node of the graph it was cloned from or updated from; null if none.
  Node* copy_of(const Node* original) const;
  void own(UserObject* object, unsigned count);
  bool disown(UserObject* object, unsigned count);
  /// A condition for this graph's conditional nodes; it lives as long as the graph and its copies.
  void own_condition(std::shared_ptr<Condition> condition) {
    holdings_->conditions.push_back(std::move(condition));
  }
  /// Adds the conditions of this graph and those within it that start a launch anew.
  void collect_resets(std::vector<std::shared_ptr<Condition>>* conditions) const;
  /// Adds what this graph and those within it keep alive.
  void collect_holdings(std::vector<std::shared_ptr<const Holdings>>* all) const;
  /// Memory that lives as long as the graph and its copies.
  void own_memory(std::shared_ptr<void> memory) { holdings_->memory.push_back(std::move(memory)); }

 private:
  std::vector<std::unique_ptr<Node>> nodes_;
  std::shared_ptr<Holdings> holdings_ = std::make_shared<Holdings>();
};

/// An instantiated graph. Its launches follow each other: it never runs twice at once.
class GraphExec {
 public:
  GraphExec(const Graph& graph, unsigned long long flags) : graph_(graph.clone()), flags_(flags) {}
  CUresult launch(Stream& stream);
  /// The node that was made from `node` of the source graph.
  Node* node(const Node* node) const { return graph_->copy_of(node); }
  /// Takes over parameters from a graph of the same shape. False with *failure set if the shape differs.
  bool update(const Graph& graph, UpdateFailure* failure);
  /// The same for the graph inside a child node, named by the source graph's. False if it is none, or the
  /// shape differs.
  bool update_child(const Node* source, const Graph& graph);
  const Graph& graph() const { return *graph_; }
  unsigned long long flags() const { return flags_; }
  std::mutex& mutex() { return mutex_; }

 private:
  std::mutex mutex_;
  std::unique_ptr<Graph> graph_;
  std::vector<Node*> order_;  ///< graph_->order(), from the first launch on
  unsigned long long flags_;
  Event last_{CU_EVENT_DISABLE_TIMING};
  bool launched_ = false;
};

/// Memory that the graphs of a device own: now, and the most since the last reset.
struct GraphMemory {
  std::atomic<uint64_t> now{0}, high{0};
};
GraphMemory& graph_memory(int device);

/// Memory of a graph's allocation node: freed when nothing holds it any more. CUDA_ERROR_OUT_OF_MEMORY.
CUresult allocate_for_graph(Context& context, int device, size_t bytes, uint64_t* address,
                            std::shared_ptr<void>* owner);

}  // namespace ppu::device

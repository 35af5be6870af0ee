#include "device/graph.h"

#include <algorithm>
#include <unordered_set>

#include "device/address_space.h"
#include "device/conditional.h"
#include "device/host_function.h"
#include "device/live_set.h"

namespace ppu::device {
namespace {

// Addresses of the process's nodes, graphs and user objects.
LiveSet& live_nodes() {
  static auto* set = new LiveSet;
  return *set;
}

LiveSet& live_graphs() {
  static auto* set = new LiveSet;
  return *set;
}

LiveSet& live_user_objects() {
  static auto* set = new LiveSet;
  return *set;
}

/// The graphs that a node holds.
std::vector<const Graph*> graphs_in(const Node& node) {
  std::vector<const Graph*> all;
  if (node.work->type() == CU_GRAPH_NODE_TYPE_GRAPH)
    all.push_back(static_cast<const ChildWork&>(*node.work).graph.get());
  if (node.work->type() == CU_GRAPH_NODE_TYPE_CONDITIONAL)
    for (const auto& body : static_cast<const ConditionalWork&>(*node.work).bodies())
      all.push_back(body.get());
  return all;
}

/// Gives conditions their first value when a launch begins.
class ResetConditions : public Operation {
 public:
  explicit ResetConditions(std::vector<std::shared_ptr<Condition>> conditions)
      : conditions_(std::move(conditions)) {}

 protected:
  void start() override {
    for (const auto& c : conditions_) c->value.store(c->initial);
    complete();
  }

 private:
  std::vector<std::shared_ptr<Condition>> conditions_;
};

/// Behind a launch: keeps alive what the launched graph holds until its work is done.
class Keep : public Operation {
 public:
  explicit Keep(std::vector<std::shared_ptr<const Holdings>> all) : all_(std::move(all)) {}

 protected:
  void start() override {
    all_.clear();
    complete();
  }

 private:
  std::vector<std::shared_ptr<const Holdings>> all_;
};

}  // namespace

Node::Node() {
  live_nodes().add(this);
}

Node::~Node() {
  live_nodes().remove(this);
}

Graph::Graph() {
  live_graphs().add(this);
}

bool is_node(const Node* node) {
  return live_nodes().has(node);
}

bool is_graph(const Graph* graph) {
  return live_graphs().has(graph);
}

UserObject::UserObject() {
  live_user_objects().add(this);
}

UserObject::~UserObject() {
  live_user_objects().remove(this);
}

bool is_user_object(const UserObject* object) {
  return live_user_objects().has(object);
}

Holdings::Holdings(const Holdings& other)
    : objects(other.objects), memory(other.memory), conditions(other.conditions) {
  for (const auto& [object, count] : objects) object->retain(count);
}

Holdings::~Holdings() {
  for (const auto& [object, count] : objects) object->release(count);
}

CUresult KernelWork::submit(Stream& stream) {
  return launch(*function, config, params, stream);
}

CUresult CopyWork::submit(Stream& stream) {
  return submit_copy(request, stream);
}

CUresult HostWork::submit(Stream& stream) {
  submit_host_function(stream, function, user, false);
  return CUDA_SUCCESS;
}

CUresult EventWork::submit(Stream& stream) {
  if (record_)
    event->record(stream);
  else
    event->block(stream);
  return CUDA_SUCCESS;
}

ChildWork::ChildWork(const Graph& graph) : graph(graph.clone()) {}

CUresult ChildWork::submit(Stream& stream) {
  return graph->submit(stream);
}

bool UserObject::release(unsigned count) {
  if (references.fetch_sub(count) > count) return false;
  destroy(user);
  delete this;
  return true;
}

Graph::~Graph() {
  live_graphs().remove(this);
}

Node* Graph::add(std::unique_ptr<Work> work, std::span<Node* const> before) {
  auto node = std::make_unique<Node>();
  node->graph = this;
  node->work = std::move(work);
  for (Node* b : before) {
    if (std::find(node->before.begin(), node->before.end(), b) != node->before.end()) continue;
    node->before.push_back(b);
    b->after.push_back(node.get());
  }
  nodes_.push_back(std::move(node));
  return nodes_.back().get();
}

void Graph::remove(Node* node) {
  for (Node* b : node->before) std::erase(b->after, node);
  for (Node* a : node->after) std::erase(a->before, node);
  std::erase_if(nodes_, [node](const auto& n) { return n.get() == node; });
}

bool Graph::has(const Node* node) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [node](const auto& n) { return n.get() == node; });
}

bool Graph::connect(Node* from, Node* to) {
  if (!has(from) || !has(to) || from == to) return false;
  if (std::find(to->before.begin(), to->before.end(), from) != to->before.end()) return false;
  // A path back from `to` to `from` would close a cycle.
  std::vector<Node*> open = {to};
  std::unordered_set<Node*> seen;
  while (!open.empty()) {
    Node* n = open.back();
    open.pop_back();
    if (n == from) return false;
    if (!seen.insert(n).second) continue;
    open.insert(open.end(), n->after.begin(), n->after.end());
  }
  to->before.push_back(from);
  from->after.push_back(to);
  return true;
}

bool Graph::disconnect(Node* from, Node* to) {
  if (!has(from) || !has(to)) return false;
  if (!std::erase(to->before, from)) return false;
  std::erase(from->after, to);
  return true;
}

std::unique_ptr<Graph> Graph::clone() const {
  auto copy = std::make_unique<Graph>();
  std::unordered_map<const Node*, Node*> copies;
  for (const auto& n : nodes_) {
    Node* c = copy->add(n->work->clone(), {});
    c->original = n.get();
    c->enabled = n->enabled;
    copies[n.get()] = c;
  }
  for (const auto& n : nodes_) {
    for (const Node* b : n->before) copies[n.get()]->before.push_back(copies[b]);
    for (const Node* a : n->after) copies[n.get()]->after.push_back(copies[a]);
  }
  copy->holdings_ = std::make_shared<Holdings>(*holdings_);
  return copy;
}

std::vector<Node*> Graph::order() const {
  std::vector<Node*> sorted;
  std::unordered_map<const Node*, size_t> missing;
  for (const auto& n : nodes_) {
    missing[n.get()] = n->before.size();
    if (n->before.empty()) sorted.push_back(n.get());
  }
  for (size_t i = 0; i < sorted.size(); i++)
    for (Node* a : sorted[i]->after)
      if (--missing[a] == 0) sorted.push_back(a);
  return sorted;
}

CUresult Graph::submit(Stream& stream) const {
  return submit(stream, order());
}

CUresult Graph::submit(Stream& stream, std::span<Node* const> sorted) {
  for (const Node* n : sorted) {
    if (!n->enabled) continue;
    const CUresult result = n->work->submit(stream);
    if (result != CUDA_SUCCESS) return result;
  }
  return CUDA_SUCCESS;
}

Node* Graph::copy_of(const Node* original) const {
  if (!original) return nullptr;
  for (const auto& n : nodes_) {
    if (n->original == original || n->updated_from == original) return n.get();
    for (const Graph* inside : graphs_in(*n))
      if (Node* found = inside->copy_of(original)) return found;
  }
  return nullptr;
}

void Graph::collect_resets(std::vector<std::shared_ptr<Condition>>* conditions) const {
  for (const auto& c : holdings_->conditions)
    if (c->reset) conditions->push_back(c);
  for (const auto& n : nodes_)
    for (const Graph* inside : graphs_in(*n)) inside->collect_resets(conditions);
}

void Graph::collect_holdings(std::vector<std::shared_ptr<const Holdings>>* all) const {
  if (!holdings_->empty()) all->push_back(holdings_);
  for (const auto& n : nodes_)
    for (const Graph* inside : graphs_in(*n)) inside->collect_holdings(all);
}

void Graph::own(UserObject* object, unsigned count) {
  for (auto& [held, held_count] : holdings_->objects) {
    if (held != object) continue;
    held_count += count;
    return;
  }
  holdings_->objects.emplace_back(object, count);
}

bool Graph::disown(UserObject* object, unsigned count) {
  for (auto& [held, held_count] : holdings_->objects) {
    if (held != object || held_count < count) continue;
    held_count -= count;
    std::erase_if(holdings_->objects, [](const auto& o) { return o.second == 0; });
    object->release(count);
    return true;
  }
  return false;
}

bool Graph::matches(const Graph& other, UpdateFailure* failure) const {
  const auto differs = [failure](CUgraphExecUpdateResult why, const Node* node,
                                 const Node* dependency = nullptr) {
    *failure = {why, node, dependency};
    return false;
  };
  constexpr auto kTopology = CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
  const std::vector<Node*> ours = order();
  const std::vector<Node*> theirs = other.order();
  if (ours.size() != theirs.size()) return differs(kTopology, nullptr);
  std::unordered_map<const Node*, const Node*> ours_of;
  for (size_t i = 0; i < ours.size(); i++) ours_of[theirs[i]] = ours[i];
  for (size_t i = 0; i < ours.size(); i++) {
    const Node *a = ours[i], *b = theirs[i];
    if (a->work->type() != b->work->type()) return differs(CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED, b);
    if (a->before.size() != b->before.size()) return differs(kTopology, b);
    for (const Node* d : b->before)
      if (std::find(a->before.begin(), a->before.end(), ours_of[d]) == a->before.end())
        return differs(kTopology, b, d);
    const std::vector<const Graph*> inside_a = graphs_in(*a), inside_b = graphs_in(*b);
    if (inside_a.size() != inside_b.size()) return differs(kTopology, b);
    for (size_t n = 0; n < inside_a.size(); n++)
      if (!inside_a[n]->matches(*inside_b[n], failure)) return false;
  }
  return true;
}

void Graph::take_parameters(const Graph& from) {
  const std::vector<Node*> ours = order();
  const std::vector<Node*> theirs = from.order();
  for (size_t i = 0; i < ours.size(); i++) {
    ours[i]->updated_from = theirs[i];
    // In place, for its nodes keep their names. (The bodies of conditional nodes may be running.)
    if (ours[i]->work->type() == CU_GRAPH_NODE_TYPE_GRAPH)
      static_cast<ChildWork&>(*ours[i]->work)
          .graph->take_parameters(*static_cast<const ChildWork&>(*theirs[i]->work).graph);
    else
      ours[i]->work = theirs[i]->work->clone();
  }
  // "the references are cloned from the new source graph and replace the references in the target executable
  // graph" (CUDA Programming Guide, "CUDA User Objects"). Launches have their own share of the old ones.
  holdings_ = std::make_shared<Holdings>(*from.holdings_);
}

CUresult GraphExec::launch(Stream& stream) {
  const std::lock_guard lock(mutex_);
  if (launched_) last_.block(stream);
  std::vector<std::shared_ptr<Condition>> resets;
  graph_->collect_resets(&resets);
  if (!resets.empty()) stream.submit(new ResetConditions(std::move(resets)));
  if (order_.empty()) order_ = graph_->order();  // updates change what nodes do, not which come first
  const CUresult result = Graph::submit(stream, order_);
  std::vector<std::shared_ptr<const Holdings>> held;
  graph_->collect_holdings(&held);
  if (!held.empty()) stream.submit(new Keep(std::move(held)));
  last_.record(stream);
  launched_ = true;
  return result;
}

bool GraphExec::update(const Graph& graph, UpdateFailure* failure) {
  const std::lock_guard lock(mutex_);
  if (!graph_->matches(graph, failure)) return false;
  graph_->take_parameters(graph);
  return true;
}

bool GraphExec::update_child(const Node* source, const Graph& graph) {
  const std::lock_guard lock(mutex_);
  const Node* n = node(source);
  if (!n || n->work->type() != CU_GRAPH_NODE_TYPE_GRAPH) return false;
  Graph& ours = *static_cast<ChildWork&>(*n->work).graph;
  UpdateFailure failure;
  if (!ours.matches(graph, &failure)) return false;
  ours.take_parameters(graph);
  return true;
}

GraphMemory& graph_memory(int device) {
  static auto* all = new std::vector<GraphMemory>(size_t(device_count()));
  return (*all)[size_t(device)];
}

CUresult allocate_for_graph(Context& context, int device, size_t bytes, uint64_t* address,
                            std::shared_ptr<void>* owner) {
  const CUresult result =
      AddressSpace::instance().allocate(MemoryKind::kDevice, device, context.id(), bytes, 0, address);
  if (result != CUDA_SUCCESS) return result;
  AddressSpace::instance().set_of_graph(*address);
  // Freed only if it is still that allocation: a context reset may have freed it before.
  const uint64_t a = *address;
  const uint64_t id = AddressSpace::instance().find(a)->id;
  GraphMemory& counts = graph_memory(device);
  const uint64_t now = counts.now.fetch_add(bytes) + bytes;
  for (uint64_t high = counts.high; high < now && !counts.high.compare_exchange_weak(high, now);) {
  }
  *owner = std::shared_ptr<void>(reinterpret_cast<void*>(a), [a, id, bytes, &counts](void*) {
    counts.now.fetch_sub(bytes);
    const auto now = AddressSpace::instance().find(a);
    if (now && now->id == id) AddressSpace::instance().release(a, false);
  });
  return CUDA_SUCCESS;
}

}  // namespace ppu::device

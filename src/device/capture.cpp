// One lock for all captures: they are rare, short, and may touch each other's streams through events.
#include "device/capture.h"

#include <algorithm>
#include <atomic>
#include <unordered_set>

namespace ppu::device {
namespace {

std::atomic<int> capture_count{0};
std::recursive_mutex capture_mutex;
using Lock = std::lock_guard<std::recursive_mutex>;
uint64_t next_capture_id = 1;

/// Live captures by the streams that take part.
std::unordered_map<const Stream*, Capture*>& capturing_streams() {
  static auto* map = new std::unordered_map<const Stream*, Capture*>;
  return *map;
}

std::unordered_set<Capture*>& captures() {
  static auto* set = new std::unordered_set<Capture*>;
  return *set;
}

Capture* capture_of(const Stream& stream) {
  const auto found = capturing_streams().find(&stream);
  return found == capturing_streams().end() ? nullptr : found->second;
}

void join(Capture& capture, Stream& stream, std::vector<Node*> before) {
  capture.tails[&stream] = std::move(before);
  capturing_streams()[&stream] = &capture;
}

/// Ends a capture: its streams run work again.
void close(Capture* capture) {
  for (const auto& [stream, tail] : capture->tails) capturing_streams().erase(stream);
  captures().erase(capture);
  delete capture;
  capture_count.fetch_sub(1);
}

/// True if every node that a stream of the capture added last is an ancestor of the origin's tail.
bool all_joined(const Capture& capture) {
  std::unordered_set<Node*> reached;
  std::vector<Node*> open = capture.tails.at(capture.origin);
  while (!open.empty()) {
    Node* n = open.back();
    open.pop_back();
    if (!reached.insert(n).second) continue;
    open.insert(open.end(), n->before.begin(), n->before.end());
  }
  const auto has = [&reached](Node* n) { return reached.contains(n); };
  return std::all_of(capture.left.begin(), capture.left.end(), has) &&
         std::all_of(capture.tails.begin(), capture.tails.end(),
                     [&](const auto& t) { return std::all_of(t.second.begin(), t.second.end(), has); });
}

void add_missing(std::vector<Node*>& to, const std::vector<Node*>& from) {
  for (Node* n : from)
    if (std::find(to.begin(), to.end(), n) == to.end()) to.push_back(n);
}

/// True if the calling thread mustn't make potentially unsafe calls while `c` lasts
/// (cuThreadExchangeStreamCaptureMode).
bool is_unsafe_beside(const Capture& c) {
  const CUstreamCaptureMode mine = thread_capture_mode();
  if (mine == CU_STREAM_CAPTURE_MODE_RELAXED) return false;
  if (c.thread == std::this_thread::get_id()) return c.mode != CU_STREAM_CAPTURE_MODE_RELAXED;
  return c.mode == CU_STREAM_CAPTURE_MODE_GLOBAL && mine == CU_STREAM_CAPTURE_MODE_GLOBAL;
}

}  // namespace

CUstreamCaptureMode& thread_capture_mode() {
  thread_local CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  return mode;
}

bool captures_exist() {
  return capture_count.load(std::memory_order_acquire) != 0;
}

bool is_capturing(const Stream& stream) {
  if (!captures_exist()) return false;
  const Lock lock(capture_mutex);
  return capture_of(stream) != nullptr;
}

CUresult capture_work(Stream& stream, std::unique_ptr<Work> work, Node** node) {
  const Lock lock(capture_mutex);
  Capture* c = capture_of(stream);
  if (!c) return CUDA_ERROR_ILLEGAL_STATE;
  if (c->invalidated) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  std::vector<Node*>& tail = c->tails[&stream];
  Node* added = c->graph->add(std::move(work), tail);
  tail = {added};
  if (node) *node = added;
  return CUDA_SUCCESS;
}

CUresult refuse_implicit(Stream& stream) {
  if (!captures_exist() || !stream.is_legacy()) return CUDA_SUCCESS;
  const Lock lock(capture_mutex);
  CUresult result = CUDA_SUCCESS;
  for (const auto& [other, capture] : capturing_streams()) {
    if (!other->is_blocking() || &other->context() != &stream.context()) continue;
    capture->invalidated = true;
    result = CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  }
  return result;
}

bool is_implicit(const Stream& stream) {
  if (!captures_exist() || !stream.is_legacy()) return false;
  const Lock lock(capture_mutex);
  return std::any_of(capturing_streams().begin(), capturing_streams().end(), [&](const auto& item) {
    return item.first->is_blocking() && &item.first->context() == &stream.context();
  });
}

CUresult refuse_waiting(Stream& stream) {
  if (!captures_exist()) return CUDA_SUCCESS;
  const Lock lock(capture_mutex);
  Capture* c = capture_of(stream);
  if (!c) return refuse_implicit(stream);
  c->invalidated = true;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

CUresult refuse_waiting(Context& context) {
  if (!captures_exist()) return CUDA_SUCCESS;
  const Lock lock(capture_mutex);
  CUresult result = CUDA_SUCCESS;
  for (Capture* c : captures()) {
    if (&c->origin->context() != &context || !is_unsafe_beside(*c)) continue;
    c->invalidated = true;
    result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  return result;
}

CUresult begin_capture(Stream& stream, CUstreamCaptureMode mode, Graph* graph,
                       std::span<Node* const> before) {
  const Lock lock(capture_mutex);
  if (stream.is_legacy()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (capture_of(stream)) return CUDA_ERROR_ILLEGAL_STATE;
  auto* c = new Capture;
  c->id = next_capture_id++;
  c->own_graph = !graph;
  c->graph = graph ? graph : new Graph;
  c->mode = mode;
  c->origin = &stream;
  c->thread = std::this_thread::get_id();
  captures().insert(c);
  join(*c, stream, {before.begin(), before.end()});
  capture_count.fetch_add(1);
  return CUDA_SUCCESS;
}

CUresult end_capture(Stream& stream, Graph** graph, bool* is_new) {
  const Lock lock(capture_mutex);
  *graph = nullptr;
  *is_new = false;
  Capture* c = capture_of(stream);
  if (!c) return CUDA_ERROR_ILLEGAL_STATE;
  if (c->origin != &stream) return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  if (c->mode != CU_STREAM_CAPTURE_MODE_RELAXED && c->thread != std::this_thread::get_id())
    return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
  CUresult result = CUDA_SUCCESS;
  if (c->invalidated)
    result = CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  else if (!all_joined(*c))
    result = CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
  if (result == CUDA_SUCCESS)
    *graph = c->graph, *is_new = c->own_graph;
  else if (c->own_graph)
    delete c->graph;
  close(c);
  return result;
}

void abandon_capture(Stream& stream) {
  if (!captures_exist()) return;
  const Lock lock(capture_mutex);
  Capture* c = capture_of(stream);
  if (!c) return;
  if (c->origin != &stream) {
    const std::vector<Node*>& tail = c->tails[&stream];
    c->left.insert(c->left.end(), tail.begin(), tail.end());
    c->tails.erase(&stream);
    capturing_streams().erase(&stream);
    return;
  }
  if (c->own_graph) delete c->graph;
  close(c);
}

CaptureInfo capture_info(Stream& stream) {
  CaptureInfo info;
  if (!captures_exist()) return info;
  const Lock lock(capture_mutex);
  Capture* c = capture_of(stream);
  if (!c) return info;
  info.status = c->invalidated ? CU_STREAM_CAPTURE_STATUS_INVALIDATED : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  info.id = c->id;
  info.graph = c->graph;
  const std::vector<Node*>& tail = c->tails[&stream];
  info.dependencies = tail.data();
  info.count = tail.size();
  return info;
}

CUresult update_dependencies(Stream& stream, std::span<Node* const> nodes, bool replace) {
  const Lock lock(capture_mutex);
  Capture* c = capture_of(stream);
  if (!c) return CUDA_ERROR_ILLEGAL_STATE;
  if (c->invalidated) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  for (Node* n : nodes)
    if (!c->graph->has(n)) return CUDA_ERROR_INVALID_VALUE;
  std::vector<Node*>& tail = c->tails[&stream];
  if (replace) tail.clear();
  add_missing(tail, {nodes.begin(), nodes.end()});
  return CUDA_SUCCESS;
}

void capture_record(Stream& stream, Event& event) {
  const Lock lock(capture_mutex);
  for (Capture* c : captures()) c->marks.erase(&event);
  if (Capture* c = capture_of(stream)) c->marks[&event] = c->tails[&stream];
}

void forget_mark(const Event& event) {
  if (!captures_exist()) return;
  const Lock lock(capture_mutex);
  for (Capture* c : captures()) c->marks.erase(&event);
}

bool is_captured(const Event& event) {
  if (!captures_exist()) return false;
  const Lock lock(capture_mutex);
  return std::any_of(captures().begin(), captures().end(),
                     [&event](const Capture* c) { return c->marks.contains(&event); });
}

Fate capture_wait(Stream& stream, const Event& event, CUresult* result) {
  *result = CUDA_SUCCESS;
  if (!captures_exist()) return Fate::kRun;
  const Lock lock(capture_mutex);
  Capture* mine = capture_of(stream);
  Capture* theirs = nullptr;
  for (Capture* c : captures())
    if (c->marks.contains(&event)) theirs = c;
  if (!mine && !theirs) return Fate::kRun;
  if (!theirs) {  // the captured stream would depend on work outside its capture
    mine->invalidated = true;
    *result = CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
    return Fate::kRefused;
  }
  if (mine && mine != theirs) {
    mine->invalidated = theirs->invalidated = true;
    *result = CUDA_ERROR_STREAM_CAPTURE_MERGE;
    return Fate::kRefused;
  }
  if (stream.is_legacy()) {
    theirs->invalidated = true;
    *result = CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    return Fate::kRefused;
  }
  if (!mine)
    join(*theirs, stream, theirs->marks[&event]);
  else
    add_missing(mine->tails[&stream], theirs->marks[&event]);
  return Fate::kCaptured;
}

}  // namespace ppu::device

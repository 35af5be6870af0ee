// Stream capture: while a stream captures, what it is given becomes nodes of a graph instead of running (CUDA
// Driver API, "Stream Management", cuStreamBeginCapture). A capture spreads to other streams by events.
#pragma once
#include <map>
#include <thread>
#include <unordered_map>

#include "device/graph.h"

namespace ppu::device {

/// One capture: from cuStreamBeginCapture to cuStreamEndCapture on its first stream.
struct Capture {
  uint64_t id = 0;
  Graph* graph = nullptr;
  bool own_graph = true;  ///< false: the program's own graph (cuStreamBeginCaptureToGraph)
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  Stream* origin = nullptr;
  std::thread::id thread;
  bool invalidated = false;
  std::map<Stream*, std::vector<Node*>> tails;                 ///< what the next node of a stream depends on
  std::vector<Node*> left;                                     ///< last nodes of streams that were destroyed
  std::unordered_map<const Event*, std::vector<Node*>> marks;  ///< where events were recorded
};

/// True while any stream of the process captures: everything below is skipped otherwise.
bool captures_exist();

/// What becomes of work given to a stream.
enum class Fate { kRun, kCaptured, kRefused };

/// Asks before work runs. kRun: no capture is concerned. kCaptured: `make` was called and its result became a
/// node. kRefused: *result says why (a call that would wait, or the legacy stream beside a capturing one).
template <class Make>
Fate ask_capture(Stream& stream, CUresult* result, Make&& make);

/// Adds `work` to the capture of `stream`, which is capturing.
CUresult capture_work(Stream& stream, std::unique_ptr<Work> work, Node** node = nullptr);
bool is_capturing(const Stream& stream);
/// For work of the legacy stream: CUDA_ERROR_STREAM_CAPTURE_IMPLICIT if a blocking stream of its context
/// captures.
CUresult refuse_implicit(Stream& stream);
/// The same question, asked without harm: true for the legacy stream while such a stream captures.
bool is_implicit(const Stream& stream);
/// For calls that wait (synchronise, query): invalidates the stream's capture,
/// CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED.
CUresult refuse_waiting(Stream& stream);
/// What cuThreadExchangeStreamCaptureMode sets: which captures the calling thread must beware of.
CUstreamCaptureMode& thread_capture_mode();
/// As refuse_waiting, for calls that wait for a whole context: they are unsafe beside a capture.
CUresult refuse_waiting(Context& context);

CUresult begin_capture(Stream& stream, CUstreamCaptureMode mode, Graph* graph, std::span<Node* const> before);
/// A new graph is the caller's; else it is the one the capture began with. Null with an error if it went
/// wrong.
CUresult end_capture(Stream& stream, Graph** graph, bool* is_new);

/// The stream's handle is being destroyed: it leaves its capture, whose end still asks whether it was joined,
/// and takes the capture along if it was the first.
void abandon_capture(Stream& stream);

struct CaptureInfo {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  uint64_t id = 0;
  Graph* graph = nullptr;
  Node* const* dependencies = nullptr;  ///< valid until the stream's next node
  size_t count = 0;
};
CaptureInfo capture_info(Stream& stream);
CUresult update_dependencies(Stream& stream, std::span<Node* const> nodes, bool replace);

/// An event recorded in a capturing stream. Forgets the mark when it is recorded outside.
void capture_record(Stream& stream, Event& event);
void forget_mark(const Event& event);
/// True if the event's last record is part of a capture: then nobody may wait for it on the host.
bool is_captured(const Event& event);
/// `stream` is to wait for `event`. kRun: neither captures. kCaptured: done, the stream may have joined the
/// capture.
Fate capture_wait(Stream& stream, const Event& event, CUresult* result);

template <class Make>
Fate ask_capture(Stream& stream, CUresult* result, Make&& make) {
  *result = CUDA_SUCCESS;
  if (!captures_exist()) return Fate::kRun;
  if (is_capturing(stream)) {
    *result = capture_work(stream, make());
    return *result == CUDA_SUCCESS ? Fate::kCaptured : Fate::kRefused;
  }
  *result = refuse_implicit(stream);
  return *result == CUDA_SUCCESS ? Fate::kRun : Fate::kRefused;
}

}  // namespace ppu::device

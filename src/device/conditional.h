// Conditional nodes of graphs: bodies that run, or run again, by a value that kernels set
// (cudaGraphSetConditional). The value is looked at when the stream comes to the node; nobody waits on the
// host.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "device/graph.h"

namespace ppu::device {

/// What a conditional handle stands for. Shared by a graph and its copies: they know it by the same handle.
struct Condition {
  Condition(unsigned initial, bool reset);
  ~Condition();
  std::atomic<unsigned> value;
  const unsigned initial;
  const bool reset;  ///< CU_GRAPH_COND_ASSIGN_DEFAULT: starts each launch with `initial`
};

/// Null unless `handle` is a live condition.
Condition* find_condition(uint64_t handle);

class ConditionalWork : public Work {
 public:
  /// `bodies` empty graphs, for the program to fill.
  ConditionalWork(uint64_t handle, CUgraphConditionalNodeType kind, unsigned bodies);
  CUgraphNodeType type() const override { return CU_GRAPH_NODE_TYPE_CONDITIONAL; }
  std::unique_ptr<Work> clone() const override;
  CUresult submit(Stream& stream) override;
  const std::vector<std::unique_ptr<Graph>>& bodies() const { return *bodies_; }
  /// The bodies' handles, in an array that lives as long as this.
  CUgraph* body_handles() { return handles_.data(); }
  uint64_t handle() const { return handle_; }
  CUgraphConditionalNodeType kind() const { return kind_; }

 private:
  using Bodies = std::vector<std::unique_ptr<Graph>>;
  ConditionalWork(uint64_t handle, CUgraphConditionalNodeType kind, std::shared_ptr<Bodies> bodies);
  uint64_t handle_;
  CUgraphConditionalNodeType kind_;
  std::shared_ptr<Bodies> bodies_;  ///< a launch that runs keeps them
  std::vector<CUgraph> handles_;
};

}  // namespace ppu::device

// What is asked of a chip: operations with their sizes, as a model's layers lower to them. Made by
// src/workload (from models) and by `ppu prof` (from counters); priced by predict.h. Not here: any number of
// any chip.
#pragma once
#include <string>
#include <vector>

namespace ppu::chip {

/// The type that a chip's arithmetic units work on, which decides their peak rate.
enum class Number { kF32, kTf32, kF16, kBf16, kFp8, kInt8, kFp4 };

enum class OpKind {
  kGemm,       ///< `groups` independent products m x n x k, one kernel (1 = plain; experts, heads)
  kAttention,  ///< fused softmax(QK)V: `flops`, `read_bytes` (mostly KV cache), `write_bytes`
  kVector,     ///< element-wise, norm, softmax, copy, sampling: bound by bytes or plain FP32 arithmetic
  kGather,     ///< embedding rows: random reads of `read_bytes` in pieces of `piece_bytes`
  kAllReduce,  ///< collectives: `payload_bytes` a rank over `ranks`
  kAllGather,
  kReduceScatter,
  kAllToAll,
  kSend,  ///< point to point: pipeline stages, host to device
};

/// One kernel or collective, executed `repeat` times one after another (layers).
struct Op {
  OpKind kind = OpKind::kVector;
  std::string label;  ///< "qkv", "ffn.up", "attention": what reports group by
  double repeat = 1;
  Number math = Number::kBf16;
  double m = 0, n = 0, k = 0;  ///< kGemm: activations m x k times weights k x n
  double groups = 1;
  bool routed = false;  ///< kGemm: the groups are experts, whose rows differ from one to the next around `m`
  double weight_bytes = 0;  ///< the k x n operand(s) as stored, which may be narrower than `math` (w4a16)
  double flops = 0;         ///< multiply-adds count two; 0 for kGemm means 2 m n k groups
  double read_bytes = 0;    ///< from device memory, besides `weight_bytes`
  double write_bytes = 0;
  double loop_bytes = 0;  ///< touched by a benchmark's loop from one use of the operands to the next; 0: they
                          ///< come from device memory, as a model's weights do
  bool cold_inputs = false;    ///< nothing wrote the inputs just before (a benchmark that clears the cache)
  double piece_bytes = 0;      ///< kGather
  double readers = 1;          ///< kAttention: query heads that read the same cached head, one new token each
  double payload_bytes = 0;    ///< collectives: the bytes of the whole buffer on one rank
  int ranks = 1;               ///< collectives
  bool between_nodes = false;  ///< collectives: over the network card instead of chip-to-chip links
};

/// Operations that run one after another on one chip of a group that works in step.
using Work = std::vector<Op>;

}  // namespace ppu::chip

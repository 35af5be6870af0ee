// A model as sizes: layers of a transformer, or the kernels of a network that isn't one. It comes from a
// preset (models/*.json), a Hugging Face config.json (config.h) or an ONNX file (onnx.h). Not here:
// operations and bytes of a run (lower.h), weights themselves (never read).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chip/work.h"

namespace ppu::workload {

enum class AttentionKind {
  kFull,    ///< heads over a KV cache: MHA, GQA, MQA
  kLatent,  ///< MLA: one compressed KV row for all heads
  kLinear,  ///< a fixed state instead of a cache (gated delta rule)
};

/// One layer's token mixer. Counts and widths; 0 where it has no such part.
struct Attention {
  AttentionKind kind = AttentionKind::kFull;
  double heads = 0;       ///< query heads; kLinear: value heads
  double kv_heads = 0;    ///< kLinear: key heads
  double head_dim = 0;    ///< of queries and keys, rotary part of kLatent included
  double value_dim = 0;   ///< of values
  double window = 0;      ///< tokens seen back; 0: all
  bool gated = false;     ///< an output gate as wide as the queries
  double q_rank = 0;      ///< kLatent: 0 when queries aren't compressed
  double kv_rank = 0;     ///< kLatent
  double rope_dim = 0;    ///< kLatent
  double conv_width = 0;  ///< kLinear: taps of the convolution in front
};

/// One layer's feed-forward part: dense (`width`), experts, or both (shared experts).
struct Feed {
  double width = 0;
  bool gated = true;  ///< three matrices instead of two
  double experts = 0, active = 0, expert_width = 0;
  double shared_width = 0;  ///< of all shared experts together
};

/// `count` layers of one make.
struct Layers {
  double count = 0;
  Attention attention;
  Feed feed;
  bool cross = false;  ///< attends to an encoder's output as well (same heads as `attention`)
};

struct Transformer {
  double hidden = 0;
  double vocab = 0;          ///< 0: no token embedding
  double embedding_dim = 0;  ///< where it differs from `hidden` (0: it doesn't)
  double positions = 0;      ///< rows of learned position tables (types of tokens included)
  bool tied = false;         ///< output head shares the embedding
  bool has_head = true;      ///< a vocabulary-wide output
  bool causal = true;
  std::vector<Layers> layers;

  double layer_count() const;
  /// Parameters of one layer's parts, all experts counted.
  double attention_parameters(const Layers& layers) const;
  double feed_parameters(const Layers& layers) const;
  double embedding_parameters() const;
  double head_parameters() const;  ///< 0 when tied
  double parameters() const;
  /// Those that one token passes through: active experts only; embedding rows not counted.
  double active_parameters() const;
};

/// One kernel of a network for one item. Sizes of data are in elements, the precision makes bytes of them.
struct Kernel {
  chip::OpKind kind = chip::OpKind::kVector;
  std::string label;
  double repeat = 1;
  double m = 0, n = 0, k = 0;  ///< kGemm, per item (a convolution: m = output pixels)
  double groups = 1;
  bool batched = false;  ///< kGemm: no shared weights; items add groups rather than rows
  double weights = 0;    ///< elements read whatever the batch
  double flops = 0;      ///< kVector, kAttention
  double reads = 0, writes = 0;
  double piece = 0;  ///< kGather: elements in one row
};

/// A part of a network that runs `runs` times for an item, over `width` copies of it at once (guidance: 2).
struct Stage {
  std::string name;
  std::vector<Kernel> kernels;
  double runs = 1;
  double width = 1;
  double parameters = 0;  ///< what must be in memory, embedding tables included
  bool looped = false;    ///< runs follow each other with nothing between: what fits the L2 stays there
};

/// What a model is asked for.
enum class Task { kGenerate, kEmbed, kTranscribe, kItems };

struct Model {
  std::string id;    ///< file name of the preset, or the path given
  std::string name;  ///< what reports print
  std::string source;
  std::string uncertain;  ///< which sizes are not from a published configuration; empty: none
  Task task = Task::kGenerate;
  std::string item = "token";      ///< what throughput counts: token, sentence, image, query, volume
  std::string precision = "bf16";  ///< what the published weights are in (precision.h)
  std::optional<Transformer> encoder;
  std::optional<Transformer> decoder;
  std::vector<Stage> stages;  ///< run in this order, before the transformers
  double encoder_tokens = 0;  ///< fixed length of the encoder's input (0: the request's)
  bool encodes_prompt =
      false;                 ///< text to text: a request's tokens go to the encoder, encoder_tokens of them
  double context_limit = 0;  ///< 0: unknown
  double default_in = 1024, default_out = 256;

  double parameters() const;
  double active_parameters() const;
};

/// The preset that `name` means: organisation, punctuation, letter case and suffixes such as -Instruct, -FP8
/// or -99.9 aside ("meta-llama/Llama-3.1-70B", "llama2-70b-99"). kBadInput names near ones when there is
/// none.
Result<Model> find_model(std::string_view name);

/// What a file leaves open.
struct ReadOptions {
  double tokens = 0;  ///< lengths that an ONNX graph leaves symbolic, batch aside (0: 128), and of the text
                      ///< that an encoder reads for a decoder (0: 512)
};

/// A preset, a path of a config.json (or of the folder it is in), or a path of an .onnx file.
Result<Model> load_model(const std::string& what, const ReadOptions& options = {});

/// Ids of all presets, sorted.
std::vector<std::string> preset_ids();

}  // namespace ppu::workload

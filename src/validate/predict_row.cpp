// The table of kinds, and rows of single kernels and collectives. See predict_row.h.
#include "validate/predict_row.h"

#include <algorithm>
#include <cmath>

#include "chip/collective.h"
#include "chip/gemm.h"
#include "chip/stack.h"
#include "validate/row_kinds.h"
#include "validate/words.h"

namespace ppu::validate {
namespace {

struct Kind {
  const char* name;
  Result<double> (*predict)(const Question&);
};

constexpr Kind kKinds[] = {
    {"kernel", kernel_row},
    {"collective", collective_row},
    {"serving-max", serving_max_row},
    {"serving-static", serving_static_row},
    {"serving-e2e", serving_load_row},
    {"serving-energy", serving_energy_row},
    {"serving-pd", serving_split_row},
    {"ttft", first_token_row},
    {"latency", latency_row},
    {"mlperf", mlperf_row},
    {"power", power_row},
};

/// DeepSeek-V3, which benchmarks of the exchange between experts take, and their large batch.
constexpr double kExpertHidden = 7168, kExpertsActive = 8, kExpertTokens = 4096;
constexpr double kLargeMessage = 1 << 30;
constexpr double kLargeEdge = 8192;  // of the product that a peak as measured is quoted for

/// The type that a product's units work on, from a row's precision.
Result<chip::Number> number_of(const Question& q) {
  const std::string name = lower_case(q.row.precision);
  if (name.find("64") != name.npos || name.find("double") != name.npos)
    return unsupported("precision `" + q.row.precision + "`: products of 32 bits and narrower are modelled");
  if (name == "bf16" || name.empty() || name == "w4a16" || name == "w8a16") return chip::Number::kBf16;
  if (name == "fp16" || name == "f16") return chip::Number::kF16;
  if (name.starts_with("fp8") || name == "e4m3") return chip::Number::kFp8;
  if (name == "int8" || name == "w8a8") return chip::Number::kInt8;
  if (name == "fp4" || name == "nvfp4" || name == "mxfp4") return chip::Number::kFp4;
  if (name == "tf32") return chip::Number::kTf32;
  if (name == "fp32" || name == "f32") return chip::Number::kF32;
  const std::string narrowest = precision_in(name);  // "FP8 block-wise", "INT4 weights"
  if (narrowest.starts_with("fp8")) return chip::Number::kFp8;
  if (narrowest == "int8") return chip::Number::kInt8;
  if (narrowest == "nvfp4" || narrowest == "mxfp4") return chip::Number::kFp4;
  if (narrowest == "fp32") return chip::Number::kF32;
  if (narrowest == "tf32") return chip::Number::kTf32;
  if (narrowest.empty()) q.assume("bf16");
  return chip::Number::kBf16;
}

/// Whether a row without a shape speaks of matrix products: a peak as measured. Any other kernel has none.
bool names_product(const Row& row) {
  return names(row, {"gemm", "gemv", "matmul", "matrix", "peak", "tensor core", "mfu"});
}

double weight_bits(const Row& row, chip::Number math) {
  std::string name = lower_case(row.precision);
  if (name != "w8a16") name = precision_in(name);
  return name == "w4a16" ? 4.5 : name == "w8a16" ? 8.25 : 8 * chip::bytes_of(math);
}

}  // namespace

Result<double> kernel_row(const Question& q) {
  const Row& row = q.row;
  const auto stated = shape_of(row);
  const bool rate = q.asked.figure == Figure::kFlopRate || q.asked.figure == Figure::kFlopShare;
  if (!stated && names_attention(row)) return attention_row(q);
  if (!stated && !(rate && names_product(row)))
    return unsupported("kernel `" + row.model +
                       "`: of kernels, matrix products (M=… N=… K=…) and attention are modelled alone");
  if (!stated) q.assume("a product of 8192 x 8192 x 8192");
  const Shape shape = stated.value_or(Shape{kLargeEdge, kLargeEdge, kLargeEdge});
  const Result<chip::Number> number = number_of(q);
  if (!number) return number.error();
  const chip::Number math = number.value();
  const chip::StackTerms& terms = chip::stack_row(q.stack.name, q.chip).terms;
  chip::Op op{
      .kind = chip::OpKind::kGemm, .label = "gemm", .math = math, .m = shape.m, .n = shape.n, .k = shape.k};
  const double bytes = chip::bytes_of(math);
  if (const Routed routed = routed_of(row, shape); routed.groups > 1)
    op.m = routed.rows, op.groups = routed.groups, op.routed = true;
  else if (names(row, {"bmm", "batched"}))
    op.groups = std::max(1.0, NamedNumbers(words_of(row)).of({"b", "batch", "bs", "groups"}));
  op.weight_bytes = op.groups * shape.n * shape.k * weight_bits(row, math) / 8;
  op.read_bytes = op.groups * op.m * shape.k * bytes;
  op.write_bytes = op.groups * op.m * shape.n * std::max(2.0, math == chip::Number::kF32 ? 4.0 : 2.0);
  double copies = 1;
  if (terms.loop_copies > 0) {
    // Benchmarks go round several copies of the weights, as many as fill the L2, up to a limit.
    copies = std::clamp(std::ceil(q.chip.l2_mib * 1048576 / op.weight_bytes), 1.0, terms.loop_copies);
    op.loop_bytes = copies * op.weight_bytes + op.read_bytes + op.write_bytes;
  }
  op.cold_inputs = true;
  chip::Work work = {op};
  if (terms.quantise_us > 0 && bytes <= 1) {  // the call takes 16-bit inputs and makes them narrow first
    const double wide = shape.m * shape.k * 2;
    work.insert(work.begin(), {.kind = chip::OpKind::kVector,
                               .label = "quantise",
                               .read_bytes = wide,
                               .write_bytes = op.read_bytes,
                               .loop_bytes = wide + op.read_bytes});  // read for the scale just before
    work.insert(work.begin(), {.kind = chip::OpKind::kVector,
                               .label = "scale",
                               .read_bytes = wide,
                               .loop_bytes = wide + op.read_bytes + op.weight_bytes + op.write_bytes});
  }
  const chip::Cost cost = chip::predict(work, q.chip, q.stack);
  double seconds = cost.seconds.total();
  if (terms.trivial <= 0) {
    seconds += terms.loop_us * 1e-6 / copies;
    if (work.size() > 1) seconds += terms.quantise_us * 1e-6;
  }
  const double flops = 2 * op.groups * op.m * shape.n * shape.k;
  const double peak = chip::peak_flops(q.chip, math);
  Answers answers(1);
  answers.set(Figure::kLatency, seconds).set(Figure::kFlopRate, flops / seconds);
  answers.set(Figure::kTtft, seconds).set(Figure::kTpot, seconds);
  answers.set(Figure::kByteRate, (op.weight_bytes + op.read_bytes + op.write_bytes) / seconds);
  if (peak > 0) answers.set(Figure::kFlopShare, flops / seconds / peak);
  return answers.set_power(cost, q.chip).pick(q);
}

/// What a chip sends when tokens go to their experts ("dispatch") or come back ("combine"); 0: it is neither.
double expert_bytes(const Question& q) {
  const std::string words = q.row.model + " " + q.row.scenario + " " + q.row.metric;
  if (!names_expert_exchange(q.row)) return 0;
  double hidden = kExpertHidden, active = kExpertsActive;
  if (const auto model = workload::find_model(q.row.model); model && model.value().decoder) {
    hidden = model.value().decoder->hidden;
    for (const workload::Layers& layers : model.value().decoder->layers)
      active = std::max(active, layers.feed.active);
  } else {
    q.assume("8 experts of 7168 a token");
  }
  const double bytes = contains(words, "dispatch") && contains(q.row.precision, "8") ? 1 : 2;
  return q.batch_or(kExpertTokens) * hidden * active * bytes;
}

/// A broadcast moves what each rank of a gather receives; a send, the message itself.
Result<chip::OpKind> collective_kind(const Row& row) {
  static constexpr struct {
    const char* word;
    chip::OpKind kind;
  } kWords[] = {{"allreduce", chip::OpKind::kAllReduce},
                {"reducescatter", chip::OpKind::kReduceScatter},
                {"allgather", chip::OpKind::kAllGather},
                {"alltoall", chip::OpKind::kAllToAll},
                {"a2a", chip::OpKind::kAllToAll},
                {"broadcast", chip::OpKind::kAllGather},
                {"scatter", chip::OpKind::kReduceScatter},
                {"gather", chip::OpKind::kAllGather},
                {"sendrecv", chip::OpKind::kSend},
                {"p2p", chip::OpKind::kSend},
                {"send", chip::OpKind::kSend},
                {"pointtopoint", chip::OpKind::kSend},
                {"reduce", chip::OpKind::kReduceScatter}};
  if (names_expert_exchange(row)) return chip::OpKind::kAllToAll;
  for (const std::string* words : {&row.model, &row.scenario})
    for (const auto& [word, kind] : kWords)
      if (contains(letters_and_digits(*words), word)) return kind;
  return unsupported(
      "collective `" + row.model +
      "`: all-reduce, all-gather, reduce-scatter, all-to-all, broadcast and send are modelled");
}

Result<double> collective_row(const Question& q) {
  const Row& row = q.row;
  const double named = number_at(row.scenario, "ranks").value_or(number_at(row.scenario, "EP").value_or(0));
  const double ranks = named > 1 ? named : row.chips;
  double bytes = row.in > 0 ? row.in : 0;
  if (const double sent = expert_bytes(q); sent > 0) bytes = sent;
  if (const auto mib = number_at(row.scenario, "MiB=")) bytes = *mib * 1048576;
  if (const auto size = bytes_in(words_of(row))) bytes = *size;
  if (bytes <= 0) {
    bytes = kLargeMessage;
    q.assume("a message of 1 GiB");
  }
  if (ranks < 2) return unsupported("a collective of one chip");
  const auto named_kind = collective_kind(row);
  if (!named_kind) return named_kind.error();
  chip::Op op{.kind = named_kind.value(), .label = "collective", .payload_bytes = bytes, .ranks = int(ranks)};
  op.between_nodes = ranks > workload::Deployment{}.chips_per_node;
  const double seconds = chip::predict(op, q.chip, q.stack).seconds.total();
  // What nccl-tests multiply the rate with for the bus bandwidth (their PERFORMANCE.md).
  const double rounds = op.kind == chip::OpKind::kAllReduce ? 2 : 1;
  const double share = op.kind == chip::OpKind::kSend ? 1 : rounds * (ranks - 1) / ranks;
  Answers answers(1);
  answers.set(Figure::kLatency, seconds).set(Figure::kByteRate, bytes / seconds);
  return answers.set(Figure::kBusByteRate, share * bytes / seconds).pick(q);
}

std::string stack_name_of(const Row& row) {
  const std::string kind = kind_of(row);
  if (kind == "kernel") return "kernel " + row.software;
  if ((kind == "mlperf" || kind == "power") && is_benchmark(row)) return "mlperf " + row.model;
  // The words of the scenario say more than the engine's name where a program was run by hand.
  if (contains(row.scenario, "eager")) return "eager";
  if (contains(row.scenario, "cuda graph") || contains(row.scenario, "gemv")) return "graphs";
  return row.software.empty() ? row.scenario : row.software;
}

Result<double> predict_row(const Row& row, const chip::Numbers& chip, Model model, std::string* assumed) {
  const std::string stack = model == Model::kTrivial ? "roofline" : stack_name_of(row);
  const Result<Asked> asked = asked_of(row);
  if (!asked) return asked.error();
  for (const std::string* words : {&row.kind, &row.scenario, &row.metric})
    if (contains(*words, "training") || contains(*words, "finetun") || contains(*words, "fine-tun"))
      return unsupported("`" + *words + "`: training is out of scope; inference is modelled");
  const std::string name = kind_of(row);
  const Question question{row, chip, {stack}, asked.value(), assumed};
  if (name != lower_case(row.kind)) question.assume("kind " + name);
  for (const Kind& kind : kKinds)
    if (name == kind.name) return kind.predict(question);
  return unsupported("kind `" + row.kind + "` is none that is modelled");
}

std::string residual_of(const Row& row) {
  const std::string kind = kind_of(row);
  const Result<Asked> asked = asked_of(row);
  if (!asked) return "serving";
  const Figure figure = asked.value().figure;
  if (kind == "kernel" || kind == "collective" || contains(row.scenario, "gemv")) return "gemm";
  const bool watts = figure == Figure::kChipPower || figure == Figure::kNodePower;
  if (kind == "power" || watts) return "watts";
  if (kind == "mlperf") return "items";
  if (figure == Figure::kTtft) return kind == "serving-e2e" ? "ttft_load" : "ttft";
  return kind == "serving-e2e" ? "tpot_load" : "serving";
}

}  // namespace ppu::validate

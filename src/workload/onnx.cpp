// ONNX graphs to kernels. An inference engine's fusions are assumed: what is element-wise joins the kernel
// before it, softmax between two products becomes attention, views and reshapes cost nothing. See onnx.h.
#include "workload/onnx.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "workload/network_builder.h"
#include "workload/onnx_shapes.h"

namespace ppu::workload {
namespace {

using chip::OpKind;

/// A file's bytes, mapped: of a large model only what is looked at is read.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat about{};
    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
      size_ = size_t(about.st_size);
      data_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0) close(fd);
  }
  ~MappedFile() {
    if (valid()) munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  bool valid() const { return data_ != MAP_FAILED; }
  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = MAP_FAILED;
  size_t size_ = 0;
};

enum class Cost {
  kConv,
  kUpConv,
  kGemm,
  kMatMul,
  kEinsum,
  kAttention,
  kRecurrent,
  kGather,
  kFused,  ///< element-wise: joins its producer
  kPass,   ///< reads and writes on its own: normalisation, pooling, copies
  kFree,   ///< views and what is known beforehand
};
struct CostRow {
  Cost cost;
  std::vector<const char*> operators;
};
/// Operators that aren't here are passes over their data.
const CostRow kCosts[] = {
    {Cost::kConv, {"Conv", "ConvInteger", "QLinearConv", "FusedConv"}},
    {Cost::kUpConv, {"ConvTranspose"}},
    {Cost::kGemm, {"Gemm"}},
    {Cost::kMatMul, {"MatMul", "MatMulInteger", "QLinearMatMul", "FusedMatMul"}},
    {Cost::kEinsum, {"Einsum"}},
    {Cost::kAttention, {"Attention", "MultiHeadAttention", "GroupQueryAttention"}},
    {Cost::kRecurrent, {"LSTM", "GRU", "RNN"}},
    {Cost::kGather, {"Gather"}},
    {Cost::kFused,
     {"Add",
      "Sub",
      "Mul",
      "Div",
      "Pow",
      "Min",
      "Max",
      "Where",
      "PRelu",
      "Sum",
      "Relu",
      "LeakyRelu",
      "Sigmoid",
      "Tanh",
      "Erf",
      "Exp",
      "Log",
      "Clip",
      "Elu",
      "Gelu",
      "FastGelu",
      "BiasGelu",
      "QuickGelu",
      "Selu",
      "Softplus",
      "Softsign",
      "HardSigmoid",
      "HardSwish",
      "Mish",
      "Swish",
      "BatchNormalization",
      "Sqrt",
      "Neg",
      "Abs",
      "Reciprocal",
      "Cast",
      "QuantizeLinear",
      "DequantizeLinear",
      "Transpose",
      "Equal",
      "Greater",
      "Less",
      "Not",
      "And",
      "Or",
      "QLinearAdd"}},
    {Cost::kFree,
     {"Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Shape", "Size", "Constant",
      "ConstantOfShape", "Range", "CastLike", "Expand", "Slice", "Split"}},
};

Cost cost_of(const std::string& op) {
  static const std::map<std::string, Cost> all = [] {
    std::map<std::string, Cost> map;
    for (const CostRow& row : kCosts)
      for (const char* name : row.operators) map[name] = row.cost;
    return map;
  }();
  const auto at = all.find(op);
  return at == all.end() ? Cost::kPass : at->second;
}

class GraphReader {
 public:
  GraphReader(const OnnxGraph& graph, const Lengths& lengths)
      : graph_(graph), tensors_(infer_shapes(graph, lengths)) {
    for (const OnnxNode& node : graph.nodes)
      for (const std::string& name : node.inputs) ++consumers_[name];
    for (const OnnxValue& v : graph.outputs) ++consumers_[v.name];
    std::set<std::string> weights;
    for (const OnnxTensor& w : graph.initializers) weights.insert(w.name);
    for (const OnnxValue& v : graph.inputs)
      if (!weights.count(v.name) && v.shape.size() >= 2) {
        items_ = std::max<double>(1, double(tensor(v.name).dim(0)));
        break;
      }
  }

  Result<Stage> read(const std::string& where) {
    for (const OnnxNode& node : graph_.nodes) {
      if (is_fixed(node)) continue;
      if (Status ok = add(node, where); !ok) return ok.error();
    }
    Stage stage;
    stage.name = "graph";
    stage.kernels = std::move(kernels_);
    merge_kernels(stage);
    for (const OnnxTensor& w : graph_.initializers) stage.parameters += tensor(w.name).elements();
    for (const OnnxNode& node : graph_.nodes)  // where some exporters keep their weights
      if (node.op == "Constant") stage.parameters += output(node).shape.empty() ? 0 : output(node).elements();
    return stage;
  }

  const std::set<std::string>& left_out() const { return left_out_; }
  const std::set<std::string>& guessed() const { return guessed_; }

 private:
  const Tensor& tensor(const std::string& name) const {
    static const Tensor kNone;
    const auto at = tensors_.find(name);
    return at == tensors_.end() ? kNone : at->second;
  }
  const Tensor& input(const OnnxNode& n, size_t i) const {
    return tensor(i < n.inputs.size() ? n.inputs[i] : "");
  }
  const Tensor& output(const OnnxNode& n) const { return tensor(n.outputs.empty() ? "" : n.outputs[0]); }
  bool constant(const std::string& name) const {
    const Tensor& t = tensor(name);
    return name.empty() || t.constant || !t.values.empty() || fixed_.count(name);
  }

  /// Its body may read any value of the graph around it without naming it as an input.
  static bool has_body(const OnnxNode& n) { return n.op == "If" || n.op == "Loop" || n.op == "Scan"; }

  /// Nothing that depends on the graph's inputs: done once, when the engine is built.
  bool is_fixed(const OnnxNode& n) {
    if (has_body(n)) return false;
    const bool all =
        std::all_of(n.inputs.begin(), n.inputs.end(), [&](const std::string& i) { return constant(i); });
    const bool shape = n.op == "Shape" || n.op == "Size";
    if (!all && !shape) return false;
    fixed_.insert(n.outputs.begin(), n.outputs.end());
    return true;
  }

  Status add(const OnnxNode& n, const std::string& where) {
    const Cost cost = cost_of(n.op);
    const bool product = cost <= Cost::kRecurrent;
    bool known = output(n).known;
    for (size_t i = 0; i < n.inputs.size() && product; ++i)
      if (!n.inputs[i].empty() && !input(n, i).known && !tensor(n.inputs[i]).constant) known = known && i > 1;
    if (product && !known)
      return bad_input(where + ": node `" + (n.name.empty() ? n.op : n.name) + "` (" + n.op +
                       "): the shape of its data can't be inferred; export with static shapes, or run shape "
                       "inference first");
    if (!known || has_body(n)) {
      left_out_.insert(has_body(n) ? n.op + " with its body" : n.op);
      return Unit{};
    }
    if (unknown(n)) return guess(n), Unit{};
    switch (cost) {
      case Cost::kConv:
        convolution(n);
        break;
      case Cost::kUpConv:
        up_convolution(n);
        break;
      case Cost::kGemm:
      case Cost::kMatMul:
        matmul(n);
        break;
      case Cost::kEinsum:
        einsum(n);
        break;
      case Cost::kAttention:
        attention(n);
        break;
      case Cost::kRecurrent:
        recurrent(n);
        break;
      case Cost::kGather:
        gather(n);
        break;
      case Cost::kFused:
        fused(n);
        break;
      case Cost::kPass:
        n.op == "Softmax" ? softmax(n) : pass(n);
        break;
      case Cost::kFree:
        alias(n);
        break;
    }
    return Unit{};
  }

  int producer(const std::string& name) const {
    const auto at = producers_.find(name);
    return at == producers_.end() ? -1 : at->second;
  }
  void made_by(const OnnxNode& n, int kernel) {
    for (const std::string& name : n.outputs)
      if (!name.empty()) producers_[name] = kernel;
  }
  void emit(const OnnxNode& n, Kernel k) {
    kernels_.push_back(std::move(k));
    scores_.push_back(false);
    made_by(n, int(kernels_.size()) - 1);
  }
  void alias(const OnnxNode& n) {
    for (const std::string& name : n.inputs)
      if (!constant(name)) return made_by(n, producer(name));
  }

  double per_item(double elements) const { return elements / items_; }

  void convolution(const OnnxNode& n) {
    const size_t second = n.op == "QLinearConv" ? 3 : 1;
    const Tensor &x = input(n, 0), &w = input(n, second), &y = output(n);
    Kernel k{.kind = OpKind::kGemm,
             .label = "conv",
             .groups = double(std::max<int64_t>(1, n.integer("group", 1)))};
    k.n = double(w.dim(0)) / k.groups, k.k = w.elements() / std::max<double>(1, double(w.dim(0)));
    k.m = per_item(y.elements()) / std::max<double>(1, double(w.dim(0)));
    k.weights = w.elements();
    k.reads = per_item(x.elements()), k.writes = per_item(y.elements());
    emit(n, k);
  }

  void up_convolution(const OnnxNode& n) {
    const Tensor &x = input(n, 0), &w = input(n, 1);
    Kernel k{.kind = OpKind::kGemm,
             .label = "upconv",
             .groups = double(std::max<int64_t>(1, n.integer("group", 1)))};
    const double channels = std::max<double>(1, double(w.dim(0)));
    k.m = per_item(x.elements()) / channels, k.k = channels / k.groups, k.n = w.elements() / channels;
    k.weights = w.elements();
    k.reads = per_item(x.elements()), k.writes = per_item(output(n).elements());
    emit(n, k);
  }

  void matmul(const OnnxNode& n) {
    const size_t second = n.op == "QLinearMatMul" ? 3 : 1;
    const Tensor &a = input(n, 0), &b = input(n, second), &y = output(n);
    const bool left = n.integer("transA", 0), right = n.integer("transB", 0);
    const double depth = std::max<double>(1, double(a.dim(left ? -2 : -1)));
    const double columns = b.shape.size() < 2 ? 1 : double(b.dim(right ? -2 : -1));
    const double rows = y.elements() / std::max(1.0, columns);
    Kernel k{.kind = OpKind::kGemm, .label = "matmul", .m = per_item(rows), .n = columns, .k = depth};
    k.writes = per_item(y.elements());
    if (constant(n.inputs[second])) {
      k.weights = b.elements(), k.reads = per_item(a.elements());
    } else if (constant(n.inputs[0])) {
      k.m = per_item(b.elements()) / depth, k.n = a.elements() / depth;
      k.weights = a.elements(), k.reads = per_item(b.elements());
    } else {
      const double inner = a.shape.size() < 2 ? 1 : double(a.dim(left ? -1 : -2));
      k.batched = true, k.m = inner, k.groups = per_item(rows) / std::max(1.0, inner);
      k.reads = per_item(a.elements() + b.elements());
      if (weighs(n, a, b, k)) return;
    }
    emit(n, k);
  }

  /// The second product of attention: joins the scores in one kernel.
  bool weighs(const OnnxNode& n, const Tensor&, const Tensor& values, const Kernel& product) {
    const int first = producer(n.inputs[0]);
    if (first < 0 || !scores_[size_t(first)]) return false;
    Kernel& k = kernels_[size_t(first)];
    k.kind = OpKind::kAttention, k.label = "attention";
    k.flops = 2 * k.m * k.n * k.k * k.groups + 2 * product.m * product.n * product.k * product.groups;
    k.m = k.n = k.k = 0, k.groups = 1, k.batched = false;
    k.reads += per_item(values.elements()), k.writes = product.writes;
    scores_[size_t(first)] = false;
    made_by(n, first);
    return true;
  }

  void softmax(const OnnxNode& n) {
    const int before = producer(n.inputs[0]);
    const bool of_product = before >= 0 && kernels_[size_t(before)].batched && consumers_[n.inputs[0]] == 1;
    if (!of_product) return pass(n);
    scores_[size_t(before)] = true;
    made_by(n, before);
  }

  /// Letters in both inputs and the output are groups; those that are summed, depth.
  void einsum(const OnnxNode& n) {
    std::string equation = n.text("equation", "");
    equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
    const size_t comma = equation.find(','), arrow = equation.find("->");
    if (comma == equation.npos || arrow == equation.npos || comma > arrow) return pass(n);
    const std::string a = equation.substr(0, comma), b = equation.substr(comma + 1, arrow - comma - 1),
                      y = equation.substr(arrow + 2);
    Kernel k{.kind = OpKind::kGemm, .label = "einsum", .m = 1, .n = 1, .k = 1};
    const bool weights = constant(n.inputs[1]);
    for (size_t i = 0; i < a.size(); ++i) {
      const double length = double(input(n, 0).dim(int64_t(i)));
      const bool in_b = b.find(a[i]) != b.npos, in_y = y.find(a[i]) != y.npos;
      (in_b ? (in_y ? k.groups : k.k) : k.m) *= length;
    }
    for (size_t i = 0; i < b.size(); ++i)
      if (a.find(b[i]) == a.npos) k.n *= double(input(n, 1).dim(int64_t(i)));
    k.batched = !weights;
    (weights ? k.m : k.groups) = per_item(weights ? k.m : k.groups);
    k.weights = weights ? input(n, 1).elements() : 0;
    k.reads = per_item(input(n, 0).elements() + (weights ? 0 : input(n, 1).elements()));
    k.writes = per_item(output(n).elements());
    emit(n, k);
  }

  void attention(const OnnxNode& n) {
    const Tensor &x = input(n, 0), &y = output(n);
    const double rows = y.elements() / std::max<double>(1, double(y.dim(-1)));
    if (constant(n.inputs.size() > 1 ? n.inputs[1] : "") &&
        input(n, 1).shape.size() == 2) {  // with the projection
      Kernel p{.kind = OpKind::kGemm,
               .label = "qkv",
               .m = per_item(rows),
               .n = double(input(n, 1).dim(1)),
               .k = double(x.dim(-1))};
      p.weights = input(n, 1).elements(), p.reads = per_item(x.elements()), p.writes = p.m * p.n;
      emit(n, p);
    }
    const double seen = std::max(double(y.dim(-2)), double(input(n, 1).constant ? 0 : input(n, 1).dim(-2)));
    Kernel k{.kind = OpKind::kAttention, .label = "attention"};
    k.flops = per_item(4 * y.elements() * seen);
    k.reads = per_item(3 * y.elements()), k.writes = per_item(y.elements());
    emit(n, k);
  }

  /// Inputs of all steps in one product, then a step at a time on the state.
  void recurrent(const OnnxNode& n) {
    const Tensor& x = input(n, 0);
    const double steps = double(x.dim(0)), ways = double(input(n, 1).dim(0)),
                 wide = double(input(n, 1).dim(1));
    const double hidden = std::max<double>(1, double(n.integer("hidden_size", 1))), batch = double(x.dim(1));
    Kernel in{.kind = OpKind::kGemm,
              .label = "rnn.in",
              .repeat = ways,
              .m = steps,
              .n = wide,
              .k = double(x.dim(2))};
    in.weights = wide * double(x.dim(2)), in.reads = x.elements() / std::max(1.0, batch),
    in.writes = steps * wide;
    emit(n, in);
    Kernel step{
        .kind = OpKind::kGemm, .label = "rnn.step", .repeat = ways * steps, .m = 1, .n = wide, .k = hidden};
    step.weights = wide * hidden, step.reads = hidden, step.writes = hidden;
    emit(n, step);
  }

  void gather(const OnnxNode& n) {
    if (!constant(n.inputs[0]) || input(n, 0).shape.size() != 2) return pass(n);
    const double out = per_item(output(n).elements());
    Kernel k{.kind = OpKind::kGather,
             .label = "embed",
             .reads = out,
             .writes = out,
             .piece = double(input(n, 0).dim(-1))};
    emit(n, k);
  }

  void fused(const OnnxNode& n) {
    double others = 0;
    int into = -1;
    for (const std::string& name : n.inputs) {
      if (constant(name)) continue;
      const int kernel = producer(name);
      const bool fits = into < 0 && kernel >= 0 && consumers_[name] == 1 &&
                        kernels_[size_t(kernel)].kind != OpKind::kGather;
      if (fits)
        into = kernel;
      else
        others += per_item(tensor(name).elements());
    }
    if (into < 0) return pass(n);
    kernels_[size_t(into)].reads += others;
    if (!kernels_[size_t(into)].batched) kernels_[size_t(into)].writes = per_item(output(n).elements());
    made_by(n, into);
  }

  void pass(const OnnxNode& n) {
    Kernel k{.label = n.op};
    for (const std::string& name : n.inputs)
      if (!constant(name)) k.reads += per_item(tensor(name).elements());
    k.writes = per_item(output(n).elements());
    k.flops = 4 * std::max(k.reads, k.writes);
    emit(n, k);
  }

  /// Of another set of operators than ONNX's own, whose arithmetic could be anything.
  static bool unknown(const OnnxNode& n) {
    return !n.domain.empty() && n.domain != "ai.onnx" && cost_of(n.op) == Cost::kPass;
  }

  /// Its data and weights pass once through the device; what else it does isn't known.
  void guess(const OnnxNode& n) {
    guessed_.insert(n.op + " of " + n.domain);
    pass(n);
    for (const std::string& name : n.inputs)
      if (constant(name)) kernels_.back().weights += tensor(name).elements();
  }

  const OnnxGraph& graph_;
  const Tensors tensors_;
  double items_ = 1;
  std::map<std::string, int> producers_, consumers_;
  std::set<std::string> fixed_, left_out_, guessed_;
  std::vector<Kernel> kernels_;
  std::vector<bool> scores_;  ///< kernel by kernel: softmax(QK), waiting for V
};

/// Of the weights' elements, most are stored in this; networks published in FP32 are run in 16 bits.
std::string stored_precision(const OnnxGraph& graph) {
  std::map<int, double> elements;
  for (const OnnxTensor& w : graph.initializers) {
    double n = 1;
    for (const int64_t d : w.dims) n *= double(d);
    elements[w.type] += n;
  }
  int most = 0;
  for (const auto& [type, n] : elements)
    if (n > elements[most]) most = type;
  if (most == 2 || most == 3) return "int8";
  if (most >= 17 && most <= 20) return "fp8";
  return most == 16 ? "bf16" : "fp16";
}

}  // namespace

Result<Model> read_onnx_bytes(std::string_view bytes, const std::string& where, const ReadOptions& options) {
  const Result<OnnxGraph> graph = parse_onnx(bytes, where);
  if (!graph) return graph.error();
  Lengths lengths;
  if (options.tokens > 0) lengths.tokens = int64_t(options.tokens);
  GraphReader reader(graph.value(), lengths);
  Result<Stage> stage = reader.read(where);
  if (!stage) return stage.error();
  const bool products =
      std::any_of(stage.value().kernels.begin(), stage.value().kernels.end(),
                  [](const Kernel& k) { return k.kind == OpKind::kGemm || k.kind == OpKind::kAttention; });
  if (stage.value().kernels.empty() || (!products && !reader.left_out().empty()))
    return bad_input(where + ": no matrix product or convolution depends on the graph's inputs" +
                     (reader.left_out().empty() ? "" : "; not modelled: " + *reader.left_out().begin()));
  Model model;
  model.id = where;
  model.name = std::filesystem::path(where).stem().string();
  model.source = "the ONNX file";
  model.task = Task::kItems;
  model.item = "item";
  model.default_in = double(lengths.tokens), model.default_out = 0;
  bool open = false;
  for (const OnnxValue& v : graph.value().inputs) {
    if (v.shape.size() == 4) model.item = "image";
    for (size_t i = 1; i < v.shape.size(); ++i) open |= v.shape[i].value < 0;
  }
  if (open)
    model.uncertain = "dimensions that the file leaves open are taken as " + std::to_string(lengths.tokens) +
                      " tokens (--in), 224 pixels";
  for (const std::string& op : reader.left_out())
    model.uncertain += (model.uncertain.empty() ? "left out: " : "; left out: ") + op;
  for (const std::string& op : reader.guessed())
    model.uncertain += (model.uncertain.empty() ? "" : "; ") + op + " counted as one pass over its data";
  model.precision = stored_precision(graph.value());
  model.stages.push_back(std::move(stage).value());
  return model;
}

Result<Model> read_onnx(const std::string& path, const ReadOptions& options) {
  const MappedFile file(path);
  if (!file.valid()) return bad_input(path + ": can't be read");
  return read_onnx_bytes(file.bytes(), path, options);
}

}  // namespace ppu::workload

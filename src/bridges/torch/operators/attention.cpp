// Attention: flash, memory-efficient and cuDNN's, forward and backward. PyTorch chooses one of them for
// device 'cuda' by itself; all are carried out by the wheel's CPU flash kernel where it can, else by matrix
// products in f32.
#include <ATen/native/transformers/attention.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "bridges/torch/own_operators.h"
#include "bridges/torch/random.h"

namespace ppu::bridge {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

constexpr int64_t kLogSumExpMultiple = 32;  // the efficient kernel's row of log-sum-exps is padded to it

/// One attention over tensors [batch, heads, length, width]. Results are written where the caller wants them,
/// in the order of dimensions that the fused kernels give theirs.
struct Attention {
  Tensor q, k, v;
  Tensor bias;         // undefined: none
  double dropout = 0;  // probability of dropping
  bool causal = false;
  bool causal_from_end = false;  // the last query sees the last key, as flash attention has it
  std::optional<double> scale;
  int64_t seed = 0;               // of the dropout mask
  int64_t left = -1, right = -1;  // so many keys beside a query's own are seen; negative: all
  Tensor slopes = {};             // ALiBi's, one a head: what a key's distance costs; undefined: none

  double factor() const { return scale.value_or(1.0 / std::sqrt(static_cast<double>(q.size(-1)))); }
  /// What the CPU's flash kernel covers.
  bool fits_flash() const {
    const auto type = q.scalar_type();
    const bool known =
        type == at::kFloat || type == at::kDouble || type == at::kBFloat16 || type == at::kHalf;
    const bool masked_ok = !bias.defined() || (bias.scalar_type() == type && !causal);
    return known && dropout == 0 && masked_ok && left < 0 && right < 0 && !slopes.defined() &&
           q.size(-1) == v.size(-1) && q.size(1) == k.size(1) && q.numel() > 0 && k.numel() > 0 &&
           (!causal || !causal_from_end || q.size(2) == k.size(2));
  }
};

/// Keys and values of grouped heads, one for each query head.
Tensor for_each_head(const Tensor& t, int64_t heads) {
  return t.size(1) == heads ? t : t.repeat_interleave(heads / t.size(1), 1);
}

/// And back: the gradient of a shared head is the sum of its users'.
Tensor sum_heads(const Tensor& gradient, const Tensor& shared) {
  if (gradient.size(1) == shared.size(1)) return gradient;
  return gradient.unflatten(1, {shared.size(1), gradient.size(1) / shared.size(1)}).sum(2);
}

at::ScalarType wide_type(const Tensor& t) {
  return t.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

/// Scores with bias and mask, in the wide type.
Tensor scores_of(const Attention& a, const Tensor& k) {
  const auto type = wide_type(a.q);
  Tensor scores = at::matmul(a.q.to(type), k.to(type).transpose(-1, -2)).mul_(a.factor());
  if (a.bias.defined()) scores = scores + a.bias.to(type);
  if (!a.causal && a.left < 0 && a.right < 0 && !a.slopes.defined()) return scores;
  // How far a key lies behind the query's own.
  const auto longs = a.q.options().dtype(at::kLong);
  const int64_t shift = a.causal_from_end ? a.k.size(2) - a.q.size(2) : 0;
  const Tensor distance = at::arange(a.k.size(2), longs).unsqueeze(0) -
                          at::arange(shift, shift + a.q.size(2), longs).unsqueeze(1);
  if (a.slopes.defined())
    scores = scores - a.slopes.to(type).view({-1, a.q.size(1), 1, 1}) * distance.abs().to(type);
  const auto hide = [&](const Tensor& unseen) {
    scores = scores.masked_fill(unseen, -std::numeric_limits<double>::infinity());
  };
  if (a.causal || a.right >= 0) hide(distance > (a.causal ? 0 : a.right));
  if (a.left >= 0) hide(distance < -a.left);
  return scores;
}

/// What survives dropout, scaled: a pure function of the seed, so that backward sees forward's mask.
Tensor dropout_mask(const Attention& a, const Tensor& scores) {
  at::Generator generator = at::detail::createCPUGenerator(static_cast<uint64_t>(a.seed));
  return at::empty(scores.sizes(), scores.options()).bernoulli_(1 - a.dropout, generator).div_(1 - a.dropout);
}

Tensor probabilities_of(const Tensor& scores, const Tensor& log_sum_exp) {
  // A row that sees nothing has -inf everywhere: it attends to nothing.
  return (scores - log_sum_exp.unsqueeze(-1)).exp().nan_to_num_(0.0);
}

OptionalTensor mask_of(const Attention& a) {
  return a.bias.defined() ? OptionalTensor(a.bias) : std::nullopt;
}

/// Whether the CPU's flash kernels can write it: they take any stride but the last dimension's.
bool has_whole_rows(const Tensor& t) {
  return t.stride(-1) == 1;
}

/// Writes the output to `out`; returns the log-sum-exp [batch, heads, length].
Tensor forward(const Attention& a, const Tensor& out) {
  if (a.fits_flash() && has_whole_rows(out)) {
    // The kernel itself: its operator stores the output as the query is stored, and copying it costs up to a
    // tenth of what the kernel takes.
    const Tensor log_sum_exp =
        at::empty({a.q.size(0), a.q.size(2), a.q.size(1)}, a.q.options().dtype(wide_type(a.q)));
    at::native::flash_attention_kernel(at::kCPU, out.transpose(1, 2), log_sum_exp, a.q, a.k, a.v, 0.0,
                                       a.causal, mask_of(a), a.scale);
    return log_sum_exp.transpose(1, 2).contiguous();
  }
  const int64_t heads = a.q.size(1);
  const Tensor scores = scores_of(a, for_each_head(a.k, heads));
  const Tensor log_sum_exp = scores.logsumexp(-1);
  Tensor weights = probabilities_of(scores, log_sum_exp);
  if (a.dropout > 0) weights = weights * dropout_mask(a, weights);
  out.copy_(at::matmul(weights, for_each_head(a.v, heads).to(weights.scalar_type())));
  return log_sum_exp;
}

struct Gradients {
  Tensor q, k, v;
  Tensor bias = {};  // undefined: not wanted
};

/// Writes the gradients to `to`, whose tensors are zero.
void backward(const Attention& a, const Tensor& grad, const Tensor& out, const Tensor& log_sum_exp,
              const Gradients& to) {
  if (a.fits_flash() && !to.bias.defined() && has_whole_rows(to.q) && has_whole_rows(to.k) &&
      has_whole_rows(to.v)) {
    at::native::flash_attention_backward_kernel(
        at::kCPU, to.q.transpose(1, 2), to.k.transpose(1, 2), to.v.transpose(1, 2), grad.transpose(1, 2),
        a.q.transpose(1, 2), a.k.transpose(1, 2), a.v.transpose(1, 2), out.transpose(1, 2),
        log_sum_exp.to(wide_type(a.q)).transpose(1, 2), 0.0, a.causal, mask_of(a), a.scale);
    return;
  }
  const int64_t heads = a.q.size(1);
  const auto type = wide_type(a.q);
  const Tensor k = for_each_head(a.k, heads).to(type);
  const Tensor v = for_each_head(a.v, heads).to(type);
  const Tensor g = grad.to(type);
  const Tensor scores = scores_of(a, k);
  const Tensor weights = probabilities_of(scores, log_sum_exp.to(type));
  Tensor dropped = weights;
  Tensor grad_weights = at::matmul(g, v.transpose(-1, -2));
  if (a.dropout > 0) {
    const Tensor mask = dropout_mask(a, weights);
    dropped = weights * mask;
    grad_weights = grad_weights * mask;
  }
  const Tensor grad_scores = weights * (grad_weights - (grad_weights * weights).sum(-1, true));
  to.q.copy_(at::matmul(grad_scores, k).mul_(a.factor()));
  to.k.copy_(sum_heads(at::matmul(grad_scores.transpose(-1, -2), a.q.to(type)).mul_(a.factor()), a.k));
  to.v.copy_(sum_heads(at::matmul(dropped.transpose(-1, -2), g), a.v));
  if (to.bias.defined()) to.bias.copy_(grad_scores.sum_to_size(to.bias.sizes()));
}

/// Of the given sizes, in the order of dimensions that the fused kernel gives its result: that of `like`.
/// Compiled code relies on the strides that PyTorch's meta kernels promise (torch/_meta_registrations.py,
/// alloc_with_matching_layout).
Tensor empty_laid_as(at::IntArrayRef sizes, const Tensor& like) {
  if (sizes == like.sizes()) return at::empty_like(like);
  std::vector<int64_t> order(static_cast<size_t>(like.dim()));  // from the innermost
  std::iota(order.begin(), order.end(), int64_t{0});
  const auto place = [&](int64_t i) {  // a stride of 0 counts as the largest; equal ones keep their order
    return std::pair(like.stride(i) ? like.stride(i) : std::numeric_limits<int64_t>::max(), i);
  };
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return place(a) < place(b); });
  std::vector<int64_t> strides(order.size());
  int64_t stride = 1;
  for (const int64_t i : order) {
    strides[static_cast<size_t>(i)] = stride;
    stride *= sizes[static_cast<size_t>(i)];
  }
  return at::empty_strided(sizes, strides, like.options());
}

/// The output's, of queries and values [batch, heads, length, width] or with length and heads exchanged.
Tensor output_laid_as_query(const Tensor& q, const Tensor& v) {
  std::vector<int64_t> sizes = q.sizes().vec();
  sizes.back() = v.size(-1);
  return empty_laid_as(sizes, q);
}

/// [batch, heads, length, width], stored as [batch, length, heads, width].
Tensor zeros_laid_by_length(const Tensor& like) {
  return at::zeros({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options()).transpose(1, 2);
}

/// The bias's gradient: the efficient kernel pads its rows to 16 elements.
Tensor empty_in_padded_rows(const Tensor& like) {
  constexpr int64_t kMultiple = 16;
  std::vector<int64_t> sizes = like.sizes().vec();
  sizes.back() = (sizes.back() + kMultiple - 1) / kMultiple * kMultiple;
  return at::empty(sizes, like.options()).narrow(-1, 0, like.size(-1));
}

Tensor undefined_as_none(const Tensor& t) {
  return t.defined() && t.numel() > 0 ? t : Tensor();
}

/// Autograd gives back an optional tensor that was none as an undefined one.
bool is_given(const OptionalTensor& t) {
  return t && t->defined();
}

int64_t fresh_seed(double dropout) {
  return dropout > 0 ? static_cast<int64_t>(operator_generator().current_seed()) : 0;
}

/// Seed as the operators return it: a number on the device.
Tensor seed_tensor(const Tensor& like, int64_t seed) {
  return at::full({}, seed, like.options().dtype(at::kLong));
}

/// Flash attention's state of the random numbers: two 64-bit words.
Tensor seed_words(const Tensor& like, int64_t seed) {
  Tensor words = at::zeros({2}, like.options().dtype(at::kLong));
  words.select(0, 0).fill_(seed);
  return words.view(at::kUInt64);
}

int64_t seed_from(const Tensor& state) {
  if (!state.defined() || state.numel() == 0) return 0;
  return *static_cast<const int64_t*>(state.const_data_ptr());
}

// --- scaled_dot_product_attention's three kernels: [batch, heads, length, width]
// ---------------------------------

std::tuple<Tensor, Tensor, Tensor, Tensor, c10::SymInt, c10::SymInt, Tensor, Tensor, Tensor> sdpa_flash(
    const Tensor& q, const Tensor& k, const Tensor& v, double dropout, bool causal, bool,
    std::optional<double> scale) {
  const Attention a{q, k, v, {}, dropout, causal, false, scale, fresh_seed(dropout)};
  const Tensor out = output_laid_as_query(q, v);
  const Tensor log_sum_exp = forward(a, out);
  return {out,
          log_sum_exp,
          Tensor(),
          Tensor(),
          q.size(2),
          k.size(2),
          seed_words(q, a.seed),
          at::empty({}, q.options().dtype(at::kUInt64)),
          at::empty({0}, q.options())};
}

std::tuple<Tensor, Tensor, Tensor> sdpa_flash_backward(const Tensor& grad, const Tensor& q, const Tensor& k,
                                                       const Tensor& v, const Tensor& out,
                                                       const Tensor& log_sum_exp, const Tensor&,
                                                       const Tensor&, c10::SymInt, c10::SymInt,
                                                       double dropout, bool causal, const Tensor& seed,
                                                       const Tensor&, std::optional<double> scale) {
  const Attention a{q, k, v, {}, dropout, causal, false, scale, seed_from(seed)};
  const Gradients g{at::zeros_like(q), at::zeros_like(k), at::zeros_like(v)};
  backward(a, grad, out, log_sum_exp, g);
  return {g.q, g.k, g.v};
}

std::tuple<Tensor, Tensor, Tensor, Tensor> sdpa_efficient(const Tensor& q, const Tensor& k, const Tensor& v,
                                                          const OptionalTensor& bias, bool want_log_sum_exp,
                                                          double dropout, bool causal,
                                                          std::optional<double> scale) {
  const Attention a{q, k, v, bias.value_or(Tensor()), dropout, causal, false, scale, fresh_seed(dropout)};
  const Tensor out = at::empty({q.size(0), q.size(2), q.size(1), v.size(3)}, q.options()).transpose(1, 2);
  const Tensor log_sum_exp = forward(a, out);
  const int64_t rows = q.size(2);
  const int64_t padded = (rows + kLogSumExpMultiple - 1) / kLogSumExpMultiple * kLogSumExpMultiple;
  Tensor kept = want_log_sum_exp ? at::constant_pad_nd(log_sum_exp.to(at::kFloat), {0, padded - rows},
                                                       std::numeric_limits<double>::infinity())
                                 : at::empty({q.size(0), q.size(1), 0}, q.options().dtype(at::kFloat));
  return {out, kept, seed_tensor(q, a.seed), seed_tensor(q, 0)};
}

std::tuple<Tensor, Tensor, Tensor, Tensor> sdpa_efficient_backward(
    const Tensor& grad, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& bias,
    const Tensor& out, const Tensor& log_sum_exp, const Tensor& seed, const Tensor&, double dropout,
    std::array<bool, 4> wanted, bool causal, std::optional<double> scale) {
  if (!grad.defined()) return {};
  const Attention a{q, k, v, bias, dropout, causal, false, scale, seed_from(seed)};
  const Tensor rows = log_sum_exp.narrow(2, 0, q.size(2)).contiguous();
  const Gradients g{zeros_laid_by_length(q), zeros_laid_by_length(k), zeros_laid_by_length(v),
                    wanted[3] && bias.defined() ? empty_in_padded_rows(bias) : Tensor()};
  backward(a, grad, out, rows, g);
  return {g.q, g.k, g.v, g.bias};
}

std::tuple<Tensor, Tensor, Tensor, Tensor, c10::SymInt, c10::SymInt, Tensor, Tensor, Tensor> sdpa_cudnn(
    const Tensor& q, const Tensor& k, const Tensor& v, const OptionalTensor& bias, bool, double dropout,
    bool causal, bool, std::optional<double> scale) {
  const Attention a{q, k, v, bias.value_or(Tensor()), dropout, causal, false, scale, fresh_seed(dropout)};
  const Tensor out = output_laid_as_query(q, v);
  const Tensor log_sum_exp = forward(a, out);
  return {out,
          log_sum_exp.unsqueeze(-1),
          Tensor(),
          Tensor(),
          q.size(2),
          k.size(2),
          seed_tensor(q, a.seed),
          seed_tensor(q, 0),
          at::empty({0}, q.options())};
}

std::tuple<Tensor, Tensor, Tensor> sdpa_cudnn_backward(
    const Tensor& grad, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
    const Tensor& log_sum_exp, const Tensor& seed, const Tensor&, const Tensor& bias, const Tensor&,
    const Tensor&, c10::SymInt, c10::SymInt, double dropout, bool causal, std::optional<double> scale) {
  const Attention a{q, k, v, undefined_as_none(bias), dropout, causal, false, scale, seed_from(seed)};
  const Gradients g{at::zeros_like(q), at::zeros_like(k), at::zeros_like(v)};
  backward(a, grad, out, log_sum_exp.squeeze(-1), g);
  return {g.q, g.k, g.v};
}

// --- the kernels below them: [batch, length, heads, width], or all sequences one behind the other
// ---------------

/// The pieces of packed sequences: bounds as PyTorch's cumulative lengths have them.
std::vector<int64_t> bounds_of(const Tensor& cumulative) {
  const Tensor longs = cumulative.to(at::kLong).contiguous();
  const int64_t* const first = longs.const_data_ptr<int64_t>();
  return {first, first + longs.numel()};
}

/// A view of one packed sequence as [1, heads, length, width].
Tensor piece(const Tensor& packed, const std::vector<int64_t>& bounds, size_t i) {
  return packed.narrow(0, bounds[i], bounds[i + 1] - bounds[i]).transpose(0, 1).unsqueeze(0);
}

/// Flash attention's window counts from the diagonal that ends at the last query and the last key.
void set_window(Attention& a, std::optional<c10::SymInt> left, std::optional<c10::SymInt> right) {
  a.left = left ? left->expect_int() : -1;
  a.right = right ? right->expect_int() : -1;
  if (a.right == 0) a.causal = true;
  if (a.causal) a.right = -1;
}

/// Keys or values of packed sequences as flash attention is given them.
struct PackedKeys {
  std::vector<int64_t> bounds;  // empty: pages alone
  std::vector<int64_t> used;    // of each sequence; empty: all
  Tensor blocks;                // the pages of each sequence; undefined: none

  int64_t length(size_t i) const { return used.empty() ? bounds[i + 1] - bounds[i] : used[i]; }
  /// Those of sequence `i` as [1, heads, length, width].
  Tensor of(const Tensor& t, size_t i) const {
    if (!blocks.defined()) return t.narrow(0, bounds[i], length(i)).transpose(0, 1).unsqueeze(0);
    const int64_t page = t.size(1);
    const Tensor pages = blocks[static_cast<int64_t>(i)].narrow(0, 0, (length(i) + page - 1) / page);
    return t.index_select(0, pages.to(at::kLong))
        .flatten(0, 1)
        .narrow(0, 0, length(i))
        .transpose(0, 1)
        .unsqueeze(0);
  }
};

std::vector<int64_t> numbers_of(const OptionalTensor& t) {
  return is_given(t) ? bounds_of(*t) : std::vector<int64_t>();
}

std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> flash_forward(
    const Tensor& q, const Tensor& k, const Tensor& v, const OptionalTensor& lengths_q,
    const OptionalTensor& lengths_k, c10::SymInt, c10::SymInt, double dropout, bool causal, bool,
    std::optional<double> scale, std::optional<c10::SymInt> left, std::optional<c10::SymInt> right,
    const OptionalTensor& used_k, const OptionalTensor& slopes, const OptionalTensor& blocks,
    std::optional<int64_t>) {
  const int64_t seed = fresh_seed(dropout);
  const Tensor state = seed_words(q, seed);
  const Tensor unused = at::empty({}, q.options().dtype(at::kUInt64));
  const Tensor no_mask = at::empty({0}, q.options());
  Attention a{{}, {}, {}, {}, dropout, causal, true, scale, seed};
  set_window(a, left, right);
  if (!is_given(lengths_q)) {
    TORCH_CHECK_NOT_IMPLEMENTED(
        !is_given(used_k) && !is_given(blocks),
        "OpenPPU: flash attention with seqused_k or a block table wants packed sequences");
    a.q = q.transpose(1, 2);
    a.k = k.transpose(1, 2);
    a.v = v.transpose(1, 2);
    a.slopes = slopes.value_or(Tensor());
    const Tensor out = output_laid_as_query(q, v);
    const Tensor log_sum_exp = forward(a, out.transpose(1, 2));
    return {out, log_sum_exp, state, unused, no_mask};
  }
  TORCH_CHECK(is_given(lengths_k) || is_given(used_k),
              "flash attention: cum_seq_k or seqused_k must be given");
  const std::vector<int64_t> at_q = bounds_of(*lengths_q);
  const PackedKeys keys{numbers_of(lengths_k), numbers_of(used_k), blocks.value_or(Tensor())};
  Tensor out = at::zeros({q.size(0), q.size(1), v.size(-1)}, q.options());
  Tensor log_sum_exp = at::full({q.size(1), q.size(0)}, std::numeric_limits<double>::infinity(),
                                q.options().dtype(at::kFloat));
  for (size_t i = 0; i + 1 < at_q.size(); ++i) {
    if (at_q[i] == at_q[i + 1] || keys.length(i) == 0) continue;
    a.q = piece(q, at_q, i);
    a.k = keys.of(k, i);
    a.v = keys.of(v, i);
    if (is_given(slopes))
      a.slopes = slopes->dim() == 2 ? slopes->select(0, static_cast<int64_t>(i)) : *slopes;
    a.seed = seed + static_cast<int64_t>(i);
    const Tensor rows = forward(a, piece(out, at_q, i));
    log_sum_exp.narrow(1, at_q[i], at_q[i + 1] - at_q[i]).copy_(rows.squeeze(0));
  }
  return {out, log_sum_exp, state, unused, no_mask};
}

Tensor flash_forward_into(Tensor& out, const Tensor& q, const Tensor& k, const Tensor& v,
                          const OptionalTensor& lengths_q, const OptionalTensor& lengths_k, c10::SymInt max_q,
                          c10::SymInt max_k, double dropout, bool causal, bool debug,
                          std::optional<double> scale, std::optional<c10::SymInt> left,
                          std::optional<c10::SymInt> right, const OptionalTensor& used_k,
                          const OptionalTensor& slopes, const OptionalTensor& blocks,
                          std::optional<int64_t> splits) {
  const auto result =
      flash_forward(q, k, v, lengths_q, lengths_k, std::move(max_q), std::move(max_k), dropout, causal, debug,
                    scale, std::move(left), std::move(right), used_k, slopes, blocks, splits);
  out.copy_(std::get<0>(result));
  return std::get<1>(result);
}

std::tuple<Tensor, Tensor, Tensor> flash_backward(
    const Tensor& grad, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& out,
    const Tensor& log_sum_exp, const Tensor& lengths_q, const Tensor& lengths_k, c10::SymInt, c10::SymInt,
    double dropout, bool causal, const Tensor& state, const Tensor&, std::optional<double> scale,
    std::optional<c10::SymInt> left, std::optional<c10::SymInt> right) {
  const Tensor grad_q = at::zeros_like(q);
  const Tensor grad_k = at::zeros_like(k);
  const Tensor grad_v = at::zeros_like(v);
  const int64_t seed = seed_from(state);
  Attention a{{}, {}, {}, {}, dropout, causal, true, scale, seed};
  set_window(a, left, right);
  if (!lengths_q.defined()) {
    a.q = q.transpose(1, 2);
    a.k = k.transpose(1, 2);
    a.v = v.transpose(1, 2);
    backward(a, grad.transpose(1, 2), out.transpose(1, 2), log_sum_exp,
             {grad_q.transpose(1, 2), grad_k.transpose(1, 2), grad_v.transpose(1, 2)});
    return {grad_q, grad_k, grad_v};
  }
  const std::vector<int64_t> at_q = bounds_of(lengths_q);
  const std::vector<int64_t> at_k = bounds_of(lengths_k);
  for (size_t i = 0; i + 1 < at_q.size(); ++i) {
    if (at_q[i] == at_q[i + 1] || at_k[i] == at_k[i + 1]) continue;
    a.q = piece(q, at_q, i);
    a.k = piece(k, at_k, i);
    a.v = piece(v, at_k, i);
    a.seed = seed + static_cast<int64_t>(i);
    const Tensor rows = log_sum_exp.narrow(1, at_q[i], at_q[i + 1] - at_q[i]).unsqueeze(0).contiguous();
    backward(a, piece(grad, at_q, i), piece(out, at_q, i), rows,
             {piece(grad_q, at_q, i), piece(grad_k, at_k, i), piece(grad_v, at_k, i)});
  }
  return {grad_q, grad_k, grad_v};
}

/// The efficient kernel's mask kinds.
enum MaskKind : int64_t { kNoMask = 0, kCausalFromStart = 1, kCausalFromEnd = 2 };

/// What makes the attention of the i-th sequence out of its tensors, as the efficient operators are asked for
/// it.
/// A window of n sees a query's own key and n - 1 before it.
auto efficient(double dropout, int64_t mask, std::optional<double> scale, int64_t seed,
               std::optional<int64_t> window) {
  const int64_t left = window && *window > 0 ? *window - 1 : -1;
  return [=](const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& bias, size_t i) {
    return Attention{q,
                     k,
                     v,
                     bias,
                     dropout,
                     mask != kNoMask,
                     mask == kCausalFromEnd,
                     scale,
                     seed + static_cast<int64_t>(i),
                     left};
  };
}

std::tuple<Tensor, Tensor, Tensor, Tensor, c10::SymInt, c10::SymInt> efficient_forward(
    const Tensor& q, const Tensor& k, const Tensor& v, const OptionalTensor& bias,
    const OptionalTensor& lengths_q, const OptionalTensor& lengths_k, std::optional<c10::SymInt> max_q,
    std::optional<c10::SymInt> max_k, double dropout, int64_t mask, bool want_log_sum_exp,
    std::optional<double> scale, const OptionalTensor& used_k, std::optional<int64_t> window) {
  TORCH_CHECK_NOT_IMPLEMENTED(!is_given(used_k),
                              "OpenPPU: efficient attention with seqlen_k isn't supported");
  const int64_t seed = fresh_seed(dropout);
  const auto attention = efficient(dropout, mask, scale, seed, window);
  if (!is_given(lengths_q)) {
    const Tensor out = at::empty({q.size(0), q.size(1), q.size(2), v.size(3)}, q.options());
    const Tensor rows = forward(
        attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), bias.value_or(Tensor()), 0),
        out.transpose(1, 2));
    const int64_t padded = (q.size(1) + kLogSumExpMultiple - 1) / kLogSumExpMultiple * kLogSumExpMultiple;
    Tensor kept = want_log_sum_exp ? at::constant_pad_nd(rows.to(at::kFloat), {0, padded - q.size(1)},
                                                         std::numeric_limits<double>::infinity())
                                   : at::empty({q.size(0), q.size(2), 0}, q.options().dtype(at::kFloat));
    return {out, kept, seed_tensor(q, seed), seed_tensor(q, 0), q.size(1), k.size(1)};
  }
  TORCH_CHECK_NOT_IMPLEMENTED(
      !bias, "OpenPPU: efficient attention over packed sequences with a bias isn't supported");
  const std::vector<int64_t> at_q = bounds_of(*lengths_q);
  const std::vector<int64_t> at_k = bounds_of(*lengths_k);
  const int64_t sequences = static_cast<int64_t>(at_q.size()) - 1;
  const int64_t longest = max_q ? max_q->expect_int() : 0;
  const int64_t padded = (longest + kLogSumExpMultiple - 1) / kLogSumExpMultiple * kLogSumExpMultiple;
  Tensor out = at::zeros({1, q.size(1), q.size(2), v.size(3)}, q.options());
  Tensor kept = at::full({sequences, q.size(2), padded}, std::numeric_limits<double>::infinity(),
                         q.options().dtype(at::kFloat));
  for (size_t i = 0; i + 1 < at_q.size(); ++i) {
    if (at_q[i] == at_q[i + 1]) continue;
    const Tensor rows = forward(attention(piece(q.squeeze(0), at_q, i), piece(k.squeeze(0), at_k, i),
                                          piece(v.squeeze(0), at_k, i), {}, i),
                                piece(out.squeeze(0), at_q, i));
    kept.select(0, static_cast<int64_t>(i)).narrow(1, 0, rows.size(2)).copy_(rows.squeeze(0));
  }
  return {out, kept, seed_tensor(q, seed), seed_tensor(q, 0), longest, max_k ? max_k->expect_int() : 0};
}

std::tuple<Tensor, Tensor, Tensor, Tensor> efficient_backward(
    const Tensor& grad, const Tensor& q, const Tensor& k, const Tensor& v, const OptionalTensor& bias,
    const Tensor& out, const OptionalTensor& lengths_q, const OptionalTensor& lengths_k, c10::SymInt,
    c10::SymInt, const Tensor& log_sum_exp, double dropout, const Tensor& seed_given, const Tensor&,
    int64_t mask, bool bias_wanted, std::optional<double> scale, std::optional<int64_t>,
    std::optional<int64_t> window, bool) {
  const Tensor grad_q = at::zeros_like(q);
  const Tensor grad_k = at::zeros_like(k);
  const Tensor grad_v = at::zeros_like(v);
  const int64_t seed = seed_from(seed_given);
  const auto attention = efficient(dropout, mask, scale, seed, window);
  if (!is_given(lengths_q)) {
    const Tensor rows = log_sum_exp.narrow(2, 0, q.size(1)).contiguous();
    const Tensor grad_bias = bias_wanted && is_given(bias) ? empty_in_padded_rows(*bias) : Tensor();
    backward(attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), bias.value_or(Tensor()), 0),
             grad.transpose(1, 2), out.transpose(1, 2), rows,
             {grad_q.transpose(1, 2), grad_k.transpose(1, 2), grad_v.transpose(1, 2), grad_bias});
    return {grad_q, grad_k, grad_v, grad_bias};
  }
  const std::vector<int64_t> at_q = bounds_of(*lengths_q);
  const std::vector<int64_t> at_k = bounds_of(*lengths_k);
  for (size_t i = 0; i + 1 < at_q.size(); ++i) {
    if (at_q[i] == at_q[i + 1]) continue;
    const Tensor rows = log_sum_exp.select(0, static_cast<int64_t>(i))
                            .narrow(1, 0, at_q[i + 1] - at_q[i])
                            .unsqueeze(0)
                            .contiguous();
    backward(attention(piece(q.squeeze(0), at_q, i), piece(k.squeeze(0), at_k, i),
                       piece(v.squeeze(0), at_k, i), {}, i),
             piece(grad.squeeze(0), at_q, i), piece(out.squeeze(0), at_q, i), rows,
             {piece(grad_q.squeeze(0), at_q, i), piece(grad_k.squeeze(0), at_k, i),
              piece(grad_v.squeeze(0), at_k, i)});
  }
  return {grad_q, grad_k, grad_v, Tensor()};
}

}  // namespace

OwnOperators attention_operators() {
  return {
      PPU_OWN_RANDOM(_scaled_dot_product_flash_attention, sdpa_flash),
      PPU_OWN(_scaled_dot_product_flash_attention_backward, sdpa_flash_backward),
      PPU_OWN_RANDOM(_scaled_dot_product_efficient_attention, sdpa_efficient),
      PPU_OWN(_scaled_dot_product_efficient_attention_backward, sdpa_efficient_backward),
      PPU_OWN_RANDOM(_scaled_dot_product_cudnn_attention, sdpa_cudnn),
      PPU_OWN(_scaled_dot_product_cudnn_attention_backward, sdpa_cudnn_backward),
      PPU_OWN_RANDOM(_flash_attention_forward, flash_forward),
      PPU_OWN(_flash_attention_forward_no_dropout_inplace, flash_forward_into),
      PPU_OWN(_flash_attention_backward, flash_backward),
      PPU_OWN_RANDOM(_efficient_attention_forward, efficient_forward),
      PPU_OWN(_efficient_attention_backward, efficient_backward),
  };
}

}  // namespace ppu::bridge

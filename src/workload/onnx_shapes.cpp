// See onnx_shapes.h. One function for operators that share a rule; the table at the end says which is whose.
// Rules are those of ONNX's operator reference.
#include "workload/onnx_shapes.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace ppu::workload {
namespace {

using Shape = std::vector<int64_t>;
constexpr size_t kMostValues = 4096;

/// A node while its outputs are worked out.
struct Inference {
  const OnnxNode& node;
  std::vector<const Tensor*> in;  ///< null where an optional input is absent
  std::vector<Tensor> out;

  const Tensor& input(size_t i) const {
    static const Tensor kNone;
    return i < in.size() && in[i] ? *in[i] : kNone;
  }
  bool has(size_t i) const { return i < in.size() && in[i]; }
  void shape(size_t i, Shape s) {
    if (i < out.size()) out[i].known = true, out[i].shape = std::move(s);
  }
  /// Integers from an input, or from the attribute that older opsets have in its place.
  bool list(size_t i, const char* attribute, Shape& to) const {
    if (has(i) && (!input(i).values.empty() || (input(i).known && input(i).elements() == 0))) {
      for (const double v : input(i).values) to.push_back(int64_t(v));
      return true;
    }
    to = node.integers(attribute);
    return !to.empty() || (!has(i) && node.attributes.count(attribute));
  }
};

int64_t normal_axis(int64_t axis, size_t rank) {
  const int64_t a = axis < 0 ? axis + int64_t(rank) : axis;
  return std::clamp<int64_t>(a, 0, rank ? int64_t(rank) - 1 : 0);
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1, y = i < b.size() ? b[b.size() - 1 - i] : 1;
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return out;
}

void same(Inference& n) {
  if (n.input(0).known) n.shape(0, n.input(0).shape);
  n.out[0].values = n.input(0).values;
  n.out[0].constant = n.input(0).constant;
}

/// As same(), but the numbers change.
void mapped(Inference& n) {
  if (n.input(0).known) n.shape(0, n.input(0).shape);
  const std::string& op = n.node.op;
  for (const double v : n.input(0).values)
    n.out[0].values.push_back(op == "Neg"     ? -v
                              : op == "Floor" ? std::floor(v)
                              : op == "Ceil"  ? std::ceil(v)
                              : op == "Sqrt"  ? std::sqrt(v)
                              : op == "Not"   ? (v == 0)
                                              : v);
}

double calculated(const std::string& op, double a, double b) {
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if (op == "Div") return b == 0 ? 0 : a == std::floor(a) && b == std::floor(b) ? std::trunc(a / b) : a / b;
  if (op == "Max") return std::max(a, b);
  if (op == "Min") return std::min(a, b);
  if (op == "Equal") return a == b;
  if (op == "Greater") return a > b;
  if (op == "Less") return a < b;
  if (op == "Mod") return b == 0 ? 0 : std::fmod(a, b);
  if (op == "Pow") return std::pow(a, b);
  return 0;
}

void elementwise(Inference& n) {
  Shape shape;
  for (size_t i = 0; i < n.in.size(); ++i) {
    if (!n.has(i)) continue;
    if (!n.input(i).known) return;
    shape = broadcast(shape, n.input(i).shape);
  }
  n.shape(0, shape);
  const size_t count = size_t(n.out[0].elements());
  if (n.in.size() == 2 && count <= kMostValues && !n.input(0).values.empty() && !n.input(1).values.empty()) {
    const auto &a = n.input(0).values, &b = n.input(1).values;
    if ((a.size() != 1 && a.size() != count) || (b.size() != 1 && b.size() != count)) return;
    for (size_t i = 0; i < count; ++i)
      n.out[0].values.push_back(calculated(n.node.op, a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]));
  }
  if (n.node.op == "Where" && count <= kMostValues) {
    const auto &c = n.input(0).values, &a = n.input(1).values, &b = n.input(2).values;
    const auto at = [&](const std::vector<double>& v, size_t i) { return v[v.size() == 1 ? 0 : i]; };
    for (const auto* v : {&c, &a, &b})
      if (v->size() != 1 && v->size() != count) return;
    for (size_t i = 0; i < count; ++i) n.out[0].values.push_back(at(c, i) != 0 ? at(a, i) : at(b, i));
  }
}

/// Output length of a window along one axis.
int64_t windowed(int64_t length, int64_t kernel, int64_t stride, int64_t dilation, int64_t pads, bool ceil) {
  const int64_t room = length + pads - ((kernel - 1) * dilation + 1);
  if (room < 0) return 0;
  return (ceil ? (room + stride - 1) / stride : room / stride) + 1;
}

void window(Inference& n) {
  const bool pool = n.node.op.ends_with("Pool");
  const size_t weights = n.node.op == "QLinearConv" ? 3 : 1;
  const Tensor &x = n.input(0), &w = n.input(weights);
  if (!x.known || x.shape.size() < 3 || (!pool && (!w.known || w.shape.size() != x.shape.size()))) return;
  Shape kernel = n.node.integers("kernel_shape"), stride = n.node.integers("strides");
  Shape dilation = n.node.integers("dilations"), pads = n.node.integers("pads");
  const size_t axes = x.shape.size() - 2;
  if (kernel.empty() && !pool) kernel.assign(w.shape.begin() + 2, w.shape.end());
  if (kernel.size() != axes) return;
  stride.resize(axes, 1), dilation.resize(axes, 1), pads.resize(2 * axes, 0);
  Shape out{x.shape[0], pool ? x.shape[1] : w.shape[0]};
  const std::string automatic = n.node.text("auto_pad", "NOTSET");
  for (size_t i = 0; i < axes; ++i) {
    const int64_t s = std::max<int64_t>(1, stride[i]);
    if (automatic.starts_with("SAME"))
      out.push_back((x.shape[i + 2] + s - 1) / s);
    else
      out.push_back(windowed(x.shape[i + 2], kernel[i], s, dilation[i],
                             automatic == "VALID" ? 0 : pads[i] + pads[i + axes],
                             n.node.integer("ceil_mode", 0)));
  }
  n.shape(0, out);
  n.shape(1, out);
}

void transposed_convolution(Inference& n) {
  const Tensor &x = n.input(0), &w = n.input(1);
  if (!x.known || !w.known || x.shape.size() < 3 || w.shape.size() != x.shape.size()) return;
  const size_t axes = x.shape.size() - 2;
  Shape stride = n.node.integers("strides"), pads = n.node.integers("pads"),
        extra = n.node.integers("output_padding");
  const Shape wanted = n.node.integers("output_shape");
  stride.resize(axes, 1), pads.resize(2 * axes, 0), extra.resize(axes, 0);
  Shape out{x.shape[0], w.shape[1] * n.node.integer("group", 1)};
  for (size_t i = 0; i < axes; ++i)
    out.push_back(wanted.size() == axes ? wanted[i]
                                        : stride[i] * (x.shape[i + 2] - 1) + extra[i] + w.shape[i + 2] -
                                              pads[i] - pads[i + axes]);
  n.shape(0, out);
}

void global_pool(Inference& n) {
  if (!n.input(0).known) return;
  Shape s = n.input(0).shape;
  for (size_t i = 2; i < s.size(); ++i) s[i] = 1;
  n.shape(0, s);
}

void gemm(Inference& n) {
  if (!n.input(0).known || !n.input(1).known) return;
  n.shape(0, {n.input(0).dim(n.node.integer("transA", 0) ? 1 : 0),
              n.input(1).dim(n.node.integer("transB", 0) ? 0 : 1)});
}

void matmul(Inference& n) {
  const size_t second = n.node.op == "QLinearMatMul" ? 3 : 1;
  const Tensor &a = n.input(0), &b = n.input(second);
  if (!a.known || !b.known || a.shape.empty() || b.shape.empty()) return;
  Shape left = a.shape, right = b.shape;
  if (n.node.integer("transA", 0) && left.size() > 1) std::swap(left[left.size() - 1], left[left.size() - 2]);
  if (n.node.integer("transB", 0) && right.size() > 1)
    std::swap(right[right.size() - 1], right[right.size() - 2]);
  const bool row = left.size() == 1, column = right.size() == 1;
  if (row) left.insert(left.begin(), 1);
  if (column) right.push_back(1);
  Shape out = broadcast(Shape(left.begin(), left.end() - 2), Shape(right.begin(), right.end() - 2));
  if (!row) out.push_back(left[left.size() - 2]);
  if (!column) out.push_back(right.back());
  n.shape(0, out);
}

void reshape(Inference& n) {
  Shape to;
  if (!n.input(0).known || !n.list(1, "shape", to)) return;
  const double all = n.input(0).elements();
  double rest = 1;
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i] == 0 && !n.node.integer("allowzero", 0)) to[i] = n.input(0).dim(int64_t(i));
    if (to[i] > 0) rest *= double(to[i]);
  }
  for (int64_t& d : to)
    if (d < 0) d = rest > 0 ? int64_t(all / rest) : 0;
  n.shape(0, to);
  n.out[0].values = n.input(0).values, n.out[0].constant = n.input(0).constant;
}

void flatten(Inference& n) {
  if (!n.input(0).known) return;
  const auto& s = n.input(0).shape;
  const int64_t axis = n.node.integer("axis", 1), at = axis < 0 ? axis + int64_t(s.size()) : axis;
  Shape out{1, 1};
  for (size_t i = 0; i < s.size(); ++i) out[int64_t(i) < at ? 0 : 1] *= s[i];
  n.shape(0, out);
  n.out[0].constant = n.input(0).constant;
}

void squeeze(Inference& n) {
  if (!n.input(0).known) return;
  Shape axes, out;
  const bool given = n.list(1, "axes", axes);
  std::set<int64_t> drop;
  for (const int64_t a : axes) drop.insert(normal_axis(a, n.input(0).shape.size()));
  for (size_t i = 0; i < n.input(0).shape.size(); ++i) {
    const int64_t d = n.input(0).shape[i];
    if (given ? !drop.count(int64_t(i)) : d != 1) out.push_back(d);
  }
  n.shape(0, out);
  n.out[0].values = n.input(0).values, n.out[0].constant = n.input(0).constant;
}

void unsqueeze(Inference& n) {
  Shape axes;
  if (!n.input(0).known || !n.list(1, "axes", axes)) return;
  const size_t rank = n.input(0).shape.size() + axes.size();
  std::set<int64_t> added;
  for (const int64_t a : axes) added.insert(normal_axis(a, rank));
  Shape out;
  size_t next = 0;
  for (size_t i = 0; i < rank; ++i)
    out.push_back(added.count(int64_t(i)) || next >= n.input(0).shape.size() ? 1 : n.input(0).shape[next++]);
  n.shape(0, out);
  n.out[0].values = n.input(0).values, n.out[0].constant = n.input(0).constant;
}

void transpose(Inference& n) {
  if (!n.input(0).known) return;
  const auto& s = n.input(0).shape;
  Shape order = n.node.integers("perm"), out;
  if (order.size() != s.size())
    for (size_t i = 0; i < s.size(); ++i) order.resize(s.size()), order[i] = int64_t(s.size() - 1 - i);
  for (const int64_t axis : order) out.push_back(n.input(0).dim(axis));
  n.shape(0, out);
  n.out[0].constant = n.input(0).constant;
}

void concat(Inference& n) {
  if (!n.input(0).known) return;
  Shape out = n.input(0).shape;
  bool values = out.size() <= 1;
  const int64_t axis = normal_axis(n.node.integer("axis", 0), out.size());
  if (!out.empty()) out[size_t(axis)] = 0;
  for (size_t i = 0; i < n.in.size(); ++i) {
    if (!n.input(i).known) return;
    if (!out.empty()) out[size_t(axis)] += n.input(i).dim(axis);
    values = values && (!n.input(i).values.empty() || n.input(i).elements() == 0);
  }
  n.shape(0, out);
  if (values)
    for (const Tensor* t : n.in)
      n.out[0].values.insert(n.out[0].values.end(), t->values.begin(), t->values.end());
}

void split(Inference& n) {
  if (!n.input(0).known || n.input(0).shape.empty()) return;
  Shape sizes;
  n.list(1, "split", sizes);
  const int64_t axis = normal_axis(n.node.integer("axis", 0), n.input(0).shape.size());
  const int64_t length = n.input(0).dim(axis), parts = int64_t(n.out.size());
  const int64_t each = (length + parts - 1) / parts;
  for (int64_t i = 0; i < parts; ++i) {
    Shape s = n.input(0).shape;
    s[size_t(axis)] =
        i < int64_t(sizes.size()) ? sizes[size_t(i)] : std::clamp<int64_t>(length - i * each, 0, each);
    n.shape(size_t(i), s);
  }
}

void slice(Inference& n) {
  if (!n.input(0).known) return;
  Shape starts, ends, axes, steps, out = n.input(0).shape;
  if (!n.list(1, "starts", starts) || !n.list(2, "ends", ends) || starts.size() != ends.size()) return;
  n.list(3, "axes", axes), n.list(4, "steps", steps);
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t axis = normal_axis(i < axes.size() ? axes[i] : int64_t(i), out.size());
    if (out.empty()) return;
    const int64_t length = out[size_t(axis)], step = i < steps.size() && steps[i] != 0 ? steps[i] : 1;
    const auto bound = [&](int64_t v, int64_t low, int64_t high) {
      return std::clamp(v < 0 ? v + length : v, low, high);
    };
    const int64_t from = bound(starts[i], 0, step > 0 ? length : length - 1);
    const int64_t to = ends[i] < -length ? -1 : bound(ends[i], step > 0 ? 0 : -1, length);
    out[size_t(axis)] =
        std::max<int64_t>(0, step > 0 ? (to - from + step - 1) / step : (from - to - step - 1) / -step);
    if (out.size() == 1 && !n.input(0).values.empty())
      for (int64_t k = from; (step > 0 ? k < to : k > to) && k >= 0 && k < length; k += step)
        n.out[0].values.push_back(n.input(0).values[size_t(k)]);
  }
  n.shape(0, out);
}

void gather(Inference& n) {
  const Tensor &data = n.input(0), &index = n.input(1);
  if (!data.known || !index.known || data.shape.empty()) return;
  const size_t axis = size_t(normal_axis(n.node.integer("axis", 0), data.shape.size()));
  Shape out(data.shape.begin(), data.shape.begin() + long(axis));
  out.insert(out.end(), index.shape.begin(), index.shape.end());
  out.insert(out.end(), data.shape.begin() + long(axis) + 1, data.shape.end());
  n.shape(0, out);
  if (data.shape.size() != 1 || data.values.empty()) return;
  for (const double v : index.values) {
    const int64_t i = int64_t(v) < 0 ? int64_t(v) + int64_t(data.values.size()) : int64_t(v);
    if (i >= 0 && i < int64_t(data.values.size())) n.out[0].values.push_back(data.values[size_t(i)]);
  }
}

void shape_of(Inference& n) {
  if (!n.input(0).known) return;
  const int64_t rank = int64_t(n.input(0).shape.size());
  int64_t from = n.node.integer("start", 0), to = n.node.integer("end", rank);
  from = std::clamp<int64_t>(from < 0 ? from + rank : from, 0, rank),
  to = std::clamp<int64_t>(to < 0 ? to + rank : to, from, rank);
  for (int64_t i = from; i < to; ++i) n.out[0].values.push_back(double(n.input(0).shape[size_t(i)]));
  n.shape(0, {to - from});
}

void size_of(Inference& n) {
  if (!n.input(0).known) return;
  n.out[0].values = {n.input(0).elements()};
  n.shape(0, {});
}

void constant(Inference& n) {
  n.out[0].constant = true;
  for (const auto& [name, a] : n.node.attributes) {
    if (a.has_tensor)
      n.shape(0, a.tensor.dims), n.out[0].values = a.tensor.values;
    else if (name == "value_int")
      n.shape(0, {}), n.out[0].values = {double(a.i)};
    else if (name == "value_float")
      n.shape(0, {}), n.out[0].values = {a.f};
    else if (name == "value_floats")
      n.shape(0, {int64_t(a.floats.size())}), n.out[0].values = a.floats;
    else if (name == "value_ints") {
      n.shape(0, {int64_t(a.ints.size())});
      n.out[0].values.assign(a.ints.begin(), a.ints.end());
    }
  }
}

void constant_of_shape(Inference& n) {
  Shape to;
  if (!n.list(0, "", to)) return;
  n.shape(0, to);
  const auto value = n.node.attributes.find("value");
  const double v = value == n.node.attributes.end() || value->second.tensor.values.empty()
                       ? 0
                       : value->second.tensor.values[0];
  if (n.out[0].elements() <= double(kMostValues)) n.out[0].values.assign(size_t(n.out[0].elements()), v);
}

void range(Inference& n) {
  for (size_t i = 0; i < 3; ++i)
    if (n.input(i).values.size() != 1) return;
  const double from = n.input(0).values[0], to = n.input(1).values[0], step = n.input(2).values[0];
  const double count = step != 0 ? std::max(0.0, std::ceil((to - from) / step)) : 0;
  n.shape(0, {int64_t(std::min(count, 1e12))});
  for (double i = 0; i < count && count <= double(kMostValues); ++i)
    n.out[0].values.push_back(from + i * step);
}

void expand(Inference& n) {
  Shape to;
  if (n.input(0).known && n.list(1, "shape", to)) n.shape(0, broadcast(n.input(0).shape, to));
}

void tile(Inference& n) {
  Shape times;
  if (!n.input(0).known || !n.list(1, "repeats", times)) return;
  Shape out = n.input(0).shape;
  for (size_t i = 0; i < std::min(out.size(), times.size()); ++i) out[i] *= times[i];
  n.shape(0, out);
}

void pad(Inference& n) {
  Shape pads, axes;
  if (!n.input(0).known || !n.list(1, "pads", pads)) return;
  Shape out = n.input(0).shape;
  n.list(3, "axes", axes);
  const size_t count = pads.size() / 2;
  for (size_t i = 0; i < count && !out.empty(); ++i)
    out[size_t(normal_axis(i < axes.size() ? axes[i] : int64_t(i), out.size()))] += pads[i] + pads[i + count];
  n.shape(0, out);
}

void resize(Inference& n) {
  if (!n.input(0).known) return;
  Shape out = n.input(0).shape;
  const size_t scales = n.node.op == "Upsample" || n.in.size() == 2 ? 1 : 2;
  Shape sizes;
  if (n.has(3) && n.list(3, "", sizes) && sizes.size() == out.size()) return n.shape(0, sizes);
  std::vector<double> factors = n.input(scales).values;
  if (factors.empty() && n.node.attributes.count("scales")) factors = n.node.attributes.at("scales").floats;
  if (factors.size() != out.size()) return;
  for (size_t i = 0; i < out.size(); ++i) out[i] = int64_t(double(out[i]) * factors[i]);
  n.shape(0, out);
}

void reduce(Inference& n) {
  if (!n.input(0).known) return;
  Shape axes, out;
  n.list(1, "axes", axes);
  if (n.node.op.starts_with("Arg")) axes = {n.node.integer("axis", 0)};
  std::set<int64_t> gone;
  for (const int64_t a : axes) gone.insert(normal_axis(a, n.input(0).shape.size()));
  if (axes.empty() && !n.node.integer("noop_with_empty_axes", 0))
    for (size_t i = 0; i < n.input(0).shape.size(); ++i) gone.insert(int64_t(i));
  const bool keep = n.node.integer("keepdims", 1);
  for (size_t i = 0; i < n.input(0).shape.size(); ++i) {
    if (!gone.count(int64_t(i)))
      out.push_back(n.input(0).shape[i]);
    else if (keep)
      out.push_back(1);
  }
  n.shape(0, out);
  if (n.node.op == "ReduceProd" && !n.input(0).values.empty() && n.out[0].elements() == 1) {
    double product = 1;
    for (const double v : n.input(0).values) product *= v;
    n.out[0].values = {product};
  }
}

void top_k(Inference& n) {
  if (!n.input(0).known || n.input(0).shape.empty()) return;
  Shape k, out = n.input(0).shape;
  if (!n.list(1, "", k)) k = {n.node.integer("k", 1)};
  if (!k.empty()) out[size_t(normal_axis(n.node.integer("axis", -1), out.size()))] = k[0];
  n.shape(0, out), n.shape(1, out);
}

void depth_to_space(Inference& n) {
  if (n.input(0).shape.size() != 4) return;
  const int64_t b = std::max<int64_t>(1, n.node.integer("blocksize", 1));
  const auto& s = n.input(0).shape;
  if (n.node.op == "DepthToSpace")
    n.shape(0, {s[0], s[1] / (b * b), s[2] * b, s[3] * b});
  else
    n.shape(0, {s[0], s[1] * b * b, s[2] / b, s[3] / b});
}

/// As wide as the index, or as the data where that is what is kept.
void like_second(Inference& n) {
  if (n.input(1).known) n.shape(0, n.input(1).shape);
}

/// Products in Einstein's notation, letters and "...": the output's letters take the lengths of the inputs'.
void einsum(Inference& n) {
  std::string equation = n.node.text("equation", "");
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  const size_t arrow = equation.find("->");
  if (arrow == equation.npos || equation.find('.') != equation.npos) return;
  std::map<char, int64_t> length;
  size_t input = 0, axis = 0;
  for (const char c : equation.substr(0, arrow)) {
    if (c == ',') {
      ++input, axis = 0;
      continue;
    }
    if (!n.input(input).known) return;
    length[c] = n.input(input).dim(int64_t(axis++));
  }
  Shape out;
  for (const char c : equation.substr(arrow + 2)) out.push_back(length.count(c) ? length[c] : 1);
  n.shape(0, out);
}

/// LSTM, GRU, RNN: [tokens, directions, batch, hidden].
void recurrent(Inference& n) {
  if (n.input(0).shape.size() != 3) return;
  const int64_t hidden = n.node.integer("hidden_size", 0),
                ways = n.node.text("direction", "forward") == "bidirectional" ? 2 : 1;
  const auto& s = n.input(0).shape;
  n.shape(0, {s[0], ways, s[1], hidden});
  n.shape(1, {ways, s[1], hidden}), n.shape(2, {ways, s[1], hidden});
}

/// Fused attention of ONNX Runtime and of opset 23: as long as the query, as wide as the values.
void attention(Inference& n) {
  if (!n.input(0).known) return;
  Shape s = n.input(0).shape;
  if (n.node.op == "Attention" && n.node.domain == "com.microsoft" && n.input(1).known && s.size() == 3)
    s[2] = n.input(1).dim(-1) / 3;  // one matrix for queries, keys and values
  n.shape(0, s);
}

struct Rule {
  void (*infer)(Inference&);
  std::vector<const char*> operators;
};
const Rule kRules[] = {
    {same,
     {"Identity",
      "Dropout",
      "Cast",
      "CastLike",
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
      "Softmax",
      "LogSoftmax",
      "LayerNormalization",
      "SimplifiedLayerNormalization",
      "SkipLayerNormalization",
      "SkipSimplifiedLayerNormalization",
      "RMSNormalization",
      "BatchNormalization",
      "InstanceNormalization",
      "GroupNormalization",
      "LpNormalization",
      "MeanVarianceNormalization",
      "LRN",
      "QuantizeLinear",
      "DequantizeLinear",
      "CumSum",
      "Trilu",
      "IsNaN",
      "Reciprocal",
      "Sin",
      "Cos",
      "Abs",
      "Sign",
      "Round",
      "ScatterND",
      "ScatterElements",
      "RotaryEmbedding",
      "DynamicQuantizeLinear",
      "Hardmax",
      "ThresholdedRelu",
      "Celu"}},
    {mapped, {"Neg", "Floor", "Ceil", "Sqrt", "Not"}},
    {elementwise, {"Add",
                   "Sub",
                   "Mul",
                   "Div",
                   "Pow",
                   "Min",
                   "Max",
                   "Mod",
                   "Equal",
                   "Greater",
                   "GreaterOrEqual",
                   "Less",
                   "LessOrEqual",
                   "And",
                   "Or",
                   "Xor",
                   "Where",
                   "PRelu",
                   "Sum",
                   "Mean",
                   "QLinearAdd"}},
    {window, {"Conv", "ConvInteger", "QLinearConv", "FusedConv", "MaxPool", "AveragePool", "LpPool"}},
    {transposed_convolution, {"ConvTranspose"}},
    {global_pool, {"GlobalAveragePool", "GlobalMaxPool"}},
    {gemm, {"Gemm"}},
    {matmul, {"MatMul", "MatMulInteger", "QLinearMatMul", "FusedMatMul"}},
    {reshape, {"Reshape"}},
    {flatten, {"Flatten"}},
    {squeeze, {"Squeeze"}},
    {unsqueeze, {"Unsqueeze"}},
    {transpose, {"Transpose"}},
    {concat, {"Concat"}},
    {split, {"Split"}},
    {slice, {"Slice"}},
    {gather, {"Gather"}},
    {shape_of, {"Shape"}},
    {size_of, {"Size"}},
    {constant, {"Constant"}},
    {constant_of_shape, {"ConstantOfShape"}},
    {range, {"Range"}},
    {expand, {"Expand"}},
    {tile, {"Tile"}},
    {pad, {"Pad"}},
    {resize, {"Resize", "Upsample"}},
    {reduce,
     {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2", "ReduceL1",
      "ReduceSumSquare", "ReduceLogSumExp", "ArgMax", "ArgMin"}},
    {top_k, {"TopK"}},
    {depth_to_space, {"DepthToSpace", "SpaceToDepth"}},
    {like_second, {"GatherElements"}},
    {einsum, {"Einsum"}},
    {recurrent, {"LSTM", "GRU", "RNN"}},
    {attention, {"Attention", "MultiHeadAttention", "GroupQueryAttention"}},
};

const std::map<std::string, void (*)(Inference&)>& rules() {
  static const std::map<std::string, void (*)(Inference&)> all = [] {
    std::map<std::string, void (*)(Inference&)> map;
    for (const Rule& rule : kRules)
      for (const char* op : rule.operators) map[op] = rule.infer;
    return map;
  }();
  return all;
}

/// Open dimensions of an input: the first is the batch, those of an image its edges, others tokens.
Tensor tensor_of(const OnnxValue& v, const Lengths& lengths, std::map<std::string, int64_t>& named) {
  Tensor t;
  t.known = v.has_shape;
  for (size_t i = 0; i < v.shape.size(); ++i) {
    const OnnxDimension& d = v.shape[i];
    int64_t value = d.value;
    if (value < 0) {
      value = i == 0 ? lengths.batch : v.shape.size() >= 4 ? (i == 1 ? 3 : lengths.edge) : lengths.tokens;
      if (!d.name.empty()) value = named.try_emplace(d.name, value).first->second;
    }
    t.shape.push_back(value);
  }
  return t;
}

void adopt(const OnnxValue& v, const std::map<std::string, int64_t>& named, Tensor& t) {
  if (!v.has_shape) return;
  Shape shape;
  for (const OnnxDimension& d : v.shape) {
    const auto at = named.find(d.name);
    if (d.value < 0 && at == named.end()) return;
    shape.push_back(d.value >= 0 ? d.value : at->second);
  }
  t.known = true, t.shape = shape;
}

}  // namespace

double Tensor::elements() const {
  double n = 1;
  for (const int64_t d : shape) n *= double(d);
  return n;
}

int64_t Tensor::dim(int64_t axis) const {
  const int64_t a = axis < 0 ? axis + int64_t(shape.size()) : axis;
  return a >= 0 && a < int64_t(shape.size()) ? shape[size_t(a)] : 1;
}

Tensors infer_shapes(const OnnxGraph& graph, const Lengths& lengths) {
  Tensors all;
  std::map<std::string, int64_t> named;
  std::map<std::string, const OnnxValue*> stated;
  for (const OnnxTensor& w : graph.initializers)
    all[w.name] = {.known = true, .shape = w.dims, .values = w.values, .constant = true};
  for (const OnnxValue& v : graph.inputs)
    if (!all.count(v.name)) all[v.name] = tensor_of(v, lengths, named);
  for (const auto* list : {&graph.values, &graph.outputs})
    for (const OnnxValue& v : *list) stated[v.name] = &v;
  for (const OnnxNode& node : graph.nodes) {
    Inference n{.node = node, .in = {}, .out = std::vector<Tensor>(std::max<size_t>(1, node.outputs.size()))};
    for (const std::string& name : node.inputs) {
      const auto at = all.find(name);
      n.in.push_back(name.empty() || at == all.end() ? nullptr : &at->second);
    }
    if (const auto rule = rules().find(node.op); rule != rules().end()) rule->second(n);
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      Tensor& t = n.out[i];
      for (int64_t& d : t.shape) d = std::clamp<int64_t>(d, 0, int64_t{1} << 40);
      if (t.values.size() > kMostValues) t.values.clear();
      const auto known = stated.find(node.outputs[i]);
      if (!t.known && known != stated.end()) adopt(*known->second, named, t);
      if (!node.outputs[i].empty()) all[node.outputs[i]] = std::move(t);
    }
  }
  return all;
}

}  // namespace ppu::workload

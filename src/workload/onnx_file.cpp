// See onnx_file.h. Field numbers are those of onnx.proto (onnx.ai, IR version 3 and later).
#include "workload/onnx_file.h"

#include <cstring>

namespace ppu::workload {
namespace {

constexpr int64_t kLargestConstant = 4096;  // elements kept
constexpr int64_t kLargestDimension = int64_t{1} << 40;
enum Type { kFloat = 1, kInt8 = 3, kInt32 = 6, kInt64 = 7, kBool = 9, kDouble = 11 };

/// One message: fields one after another. Any read past the end turns it invalid, and then empty.
class Message {
 public:
  Message(std::string_view bytes, bool* valid) : bytes_(bytes), valid_(valid) {}

  /// Goes to the next field; false at the end.
  bool next() {
    if (at_ >= bytes_.size() || !*valid_) return false;
    const uint64_t tag = varint();
    field_ = int(tag >> 3), wire_ = int(tag & 7);
    switch (wire_) {
      case 0:
        number_ = varint();
        break;
      case 1:
        take(8);
        break;
      case 2: {
        const uint64_t size = varint();
        if (size > bytes_.size() - at_)
          *valid_ = false;
        else
          take(size);
        break;
      }
      case 5:
        take(4);
        break;
      default:
        *valid_ = false;
    }
    return *valid_;
  }

  int field() const { return field_; }
  bool is_bytes() const { return wire_ == 2; }
  std::string_view bytes() const { return wire_ == 2 ? payload_ : std::string_view(); }
  std::string text() const { return std::string(bytes()); }
  int64_t integer() const { return wire_ == 0 ? int64_t(number_) : 0; }
  double real() const {
    float f = 0;
    if (wire_ == 5) std::memcpy(&f, payload_.data(), 4);
    return f;
  }
  Message inner() const { return Message(bytes(), valid_); }

  /// A repeated integer, packed or not.
  void integers(std::vector<int64_t>& out) const {
    if (wire_ == 0) return out.push_back(int64_t(number_));
    Message packed(bytes(), valid_);
    while (packed.at_ < packed.bytes_.size() && *valid_ && out.size() < size_t(1) << 20)
      out.push_back(int64_t(packed.varint()));
  }
  void reals(std::vector<double>& out) const {
    if (wire_ == 5) return out.push_back(real());
    for (size_t i = 0; i + 4 <= bytes().size() && out.size() < size_t(1) << 20; i += 4) {
      float f;
      std::memcpy(&f, bytes().data() + i, 4);
      out.push_back(f);
    }
  }

 private:
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ >= bytes_.size()) break;
      const auto byte = uint8_t(bytes_[at_++]);
      value |= uint64_t(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    *valid_ = false;
    return 0;
  }
  void take(size_t size) {
    if (size > bytes_.size() - at_) {
      *valid_ = false;
      return;
    }
    payload_ = bytes_.substr(at_, size);
    at_ += size;
  }

  std::string_view bytes_, payload_;
  bool* valid_;
  size_t at_ = 0;
  int field_ = 0, wire_ = 0;
  uint64_t number_ = 0;
};

template <class T>
void raw_values(std::string_view raw, std::vector<double>& out) {
  for (size_t i = 0; i + sizeof(T) <= raw.size(); i += sizeof(T)) {
    T v;
    std::memcpy(&v, raw.data() + i, sizeof v);
    out.push_back(double(v));
  }
}

OnnxTensor tensor_of(Message m) {
  OnnxTensor t;
  std::string_view raw;
  std::vector<int64_t> integers;
  std::vector<double> reals;
  while (m.next()) switch (m.field()) {
      case 1:
        m.integers(t.dims);
        break;
      case 2:
        t.type = int(m.integer());
        break;
      case 4:
        m.reals(reals);
        break;
      case 5:
      case 7:
        m.integers(integers);
        break;
      case 8:
        t.name = m.text();
        break;
      case 9:
        raw = m.bytes();
        break;
    }
  double count = 1;
  for (int64_t& d : t.dims) {
    if (d < 0 || d > kLargestDimension) d = 0;
    count *= double(d);
  }
  if (count > double(kLargestConstant)) return t;
  t.values = std::move(reals);
  for (const int64_t v : integers) t.values.push_back(double(v));
  if (t.type == kInt64)
    raw_values<int64_t>(raw, t.values);
  else if (t.type == kInt32)
    raw_values<int32_t>(raw, t.values);
  else if (t.type == kFloat)
    raw_values<float>(raw, t.values);
  else if (t.type == kDouble)
    raw_values<double>(raw, t.values);
  else if (t.type == kBool || t.type == kInt8)
    raw_values<int8_t>(raw, t.values);
  if (double(t.values.size()) != count) t.values.clear();
  return t;
}

OnnxAttribute attribute_of(Message m, std::string& name) {
  OnnxAttribute a;
  while (m.next()) switch (m.field()) {
      case 1:
        name = m.text();
        break;
      case 2:
        a.f = m.real();
        break;
      case 3:
        a.i = m.integer();
        break;
      case 4:
        a.s = m.text();
        break;
      case 5:
        a.tensor = tensor_of(m.inner()), a.has_tensor = true;
        break;
      case 7:
        m.reals(a.floats);
        break;
      case 8:
        m.integers(a.ints);
        break;
    }
  return a;
}

OnnxNode node_of(Message m) {
  OnnxNode n;
  while (m.next()) switch (m.field()) {
      case 1:
        n.inputs.push_back(m.text());
        break;
      case 2:
        n.outputs.push_back(m.text());
        break;
      case 3:
        n.name = m.text();
        break;
      case 4:
        n.op = m.text();
        break;
      case 5: {
        std::string name;
        OnnxAttribute a = attribute_of(m.inner(), name);
        n.attributes[name] = std::move(a);
        break;
      }
      case 7:
        n.domain = m.text();
        break;
    }
  return n;
}

OnnxDimension dimension_of(Message m) {
  OnnxDimension d;
  while (m.next()) {
    if (m.field() == 1 && !m.is_bytes())
      d.value = m.integer() > 0 && m.integer() <= kLargestDimension ? m.integer() : -1;
    if (m.field() == 2) d.name = m.text();
  }
  return d;
}

OnnxValue value_of(Message m) {
  OnnxValue v;
  while (m.next()) {
    if (m.field() == 1) v.name = m.text();
    if (m.field() != 2) continue;
    for (Message type = m.inner(); type.next();) {
      if (type.field() != 1) continue;  // a tensor; sequences and maps have no shape here
      for (Message tensor = type.inner(); tensor.next();) {
        if (tensor.field() == 1) v.type = int(tensor.integer());
        if (tensor.field() != 2) continue;
        v.has_shape = true;
        for (Message shape = tensor.inner(); shape.next();)
          if (shape.field() == 1) v.shape.push_back(dimension_of(shape.inner()));
      }
    }
  }
  return v;
}

OnnxGraph graph_of(Message m) {
  OnnxGraph g;
  while (m.next()) switch (m.field()) {
      case 1:
        g.nodes.push_back(node_of(m.inner()));
        break;
      case 5:
        g.initializers.push_back(tensor_of(m.inner()));
        break;
      case 11:
        g.inputs.push_back(value_of(m.inner()));
        break;
      case 12:
        g.outputs.push_back(value_of(m.inner()));
        break;
      case 13:
        g.values.push_back(value_of(m.inner()));
        break;
    }
  return g;
}

}  // namespace

int64_t OnnxNode::integer(const char* attribute, int64_t otherwise) const {
  const auto at = attributes.find(attribute);
  return at == attributes.end() ? otherwise : at->second.i;
}

std::vector<int64_t> OnnxNode::integers(const char* attribute) const {
  const auto at = attributes.find(attribute);
  return at == attributes.end() ? std::vector<int64_t>() : at->second.ints;
}

std::string OnnxNode::text(const char* attribute, const char* otherwise) const {
  const auto at = attributes.find(attribute);
  return at == attributes.end() ? otherwise : at->second.s;
}

Result<OnnxGraph> parse_onnx(std::string_view bytes, const std::string& where) {
  bool valid = true, found = false;
  OnnxGraph graph;
  for (Message model(bytes, &valid); model.next();)
    if (model.field() == 7 && model.is_bytes()) graph = graph_of(model.inner()), found = true;
  if (!valid)
    return bad_input(where + ": isn't an ONNX file, or is cut off (" + std::to_string(bytes.size()) +
                     " bytes)");
  if (!found || graph.nodes.empty()) return bad_input(where + ": holds no ONNX graph with nodes");
  return graph;
}

}  // namespace ppu::workload

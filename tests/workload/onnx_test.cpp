// ONNX files: sizes of small graphs against sums by hand, what isn't a graph, and damaged bytes. The files
// are written here, field by field of onnx.proto.
#include "workload/onnx.h"

#include <gtest/gtest.h>

#include <random>

namespace ppu::workload {
namespace {

std::string varint(uint64_t v) {
  std::string out;
  for (; v >= 0x80; v >>= 7) out += char(v | 0x80);
  return out + char(v);
}
std::string number(int field, uint64_t v) {
  return varint(uint64_t(field) << 3) + varint(v);
}
std::string bytes(int field, const std::string& v) {
  return varint(uint64_t(field) << 3 | 2) + varint(v.size()) + v;
}

/// A tensor of zeros, or of these integers.
std::string tensor(const std::string& name, const std::vector<int64_t>& dims, int type = 1,
                   const std::vector<int64_t>& values = {}) {
  std::string out = number(2, uint64_t(type)) + bytes(8, name);
  double count = 1;
  for (const int64_t d : dims) out += number(1, uint64_t(d)), count *= double(d);
  if (type != 7) return bytes(5, out + bytes(9, std::string(size_t(count) * 4, '\0')));
  for (const int64_t v : values) out += number(7, uint64_t(v));
  return bytes(5, out);
}

/// An input; dimension 0 stands for an open one.
std::string input(const std::string& name, const std::vector<int64_t>& dims, int field = 11) {
  std::string shape;
  for (size_t i = 0; i < dims.size(); ++i)
    shape += bytes(1, dims[i] > 0 ? number(1, uint64_t(dims[i])) : bytes(2, "d" + std::to_string(i)));
  return bytes(field, bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, shape))));
}

std::string integers(const std::string& name, const std::vector<int64_t>& values) {
  std::string out = bytes(1, name) + number(20, 7);
  for (const int64_t v : values) out += number(8, uint64_t(v));
  return bytes(5, out);
}
std::string integer(const std::string& name, int64_t value) {
  return bytes(5, bytes(1, name) + number(3, uint64_t(value)) + number(20, 2));
}

std::string node(const std::string& op, const std::vector<std::string>& in, const std::string& out,
                 const std::string& attributes = "") {
  std::string text;
  for (const std::string& name : in) text += bytes(1, name);
  return bytes(1, text + bytes(2, out) + bytes(3, out + "-node") + bytes(4, op) + attributes);
}

std::string file(const std::string& graph) {
  return number(1, 8) + bytes(7, graph) + bytes(8, bytes(1, "") + number(2, 17));
}

std::string convolutional(int64_t batch) {
  return file(
      node("Conv", {"x", "w", "b"}, "y", integers("strides", {2, 2}) + integers("pads", {1, 1, 1, 1})) +
      node("Relu", {"y"}, "z") + node("GlobalAveragePool", {"z"}, "p") + node("Flatten", {"p"}, "q") +
      node("Gemm", {"q", "g"}, "o", integer("transB", 1)) + input("x", {batch, 3, 224, 224}) +
      tensor("w", {64, 3, 3, 3}) + tensor("b", {64}) + tensor("g", {10, 64}));
}

/// One layer of attention whose reshapes are calculated from the input's shape, as exporters write them.
std::string attention() {
  std::string g = node("Gather", {"emb", "ids"}, "x");
  for (const std::string n : {"q", "k", "v"})
    g += node("MatMul", {"x", "w" + n}, n + "0") + node("Shape", {"x"}, n + "s") +
         node("Slice", {n + "s", "zero", "two"}, n + "h") +
         node("Concat", {n + "h", "hd"}, n + "r", integer("axis", 0)) +
         node("Reshape", {n + "0", n + "r"}, n + "1") +
         node("Transpose", {n + "1"}, n + "2",
              n == "k" ? integers("perm", {0, 2, 3, 1}) : integers("perm", {0, 2, 1, 3}));
  g += node("MatMul", {"q2", "k2"}, "scores") + node("Div", {"scores", "c"}, "scaled") +
       node("Softmax", {"scaled"}, "p") + node("MatMul", {"p", "v2"}, "a") +
       node("Transpose", {"a"}, "t", integers("perm", {0, 2, 1, 3})) + node("Reshape", {"t", "back"}, "r") +
       node("MatMul", {"r", "wo"}, "out");
  g += input("ids", {0, 0}) + tensor("emb", {1000, 64}) + tensor("c", {1}) + tensor("zero", {1}, 7, {0}) +
       tensor("two", {1}, 7, {2}) + tensor("hd", {2}, 7, {4, 16}) + tensor("back", {3}, 7, {0, -1, 64});
  for (const std::string n : {"wq", "wk", "wv", "wo"}) g += tensor(n, {64, 64});
  return file(g);
}

const Kernel* find(const Model& m, const std::string& label) {
  for (const Kernel& k : m.stages[0].kernels)
    if (k.label == label) return &k;
  return nullptr;
}

TEST(Onnx, AConvolutionIsItsProduct) {
  for (const int64_t batch : {0, 1, 8}) {
    const Result<Model> model = read_onnx_bytes(convolutional(batch), "cnn.onnx", {});
    ASSERT_TRUE(model) << model.error().message;
    const Kernel* conv = find(model.value(), "conv");
    ASSERT_TRUE(conv);
    EXPECT_EQ(conv->m, 112 * 112);
    EXPECT_EQ(conv->n, 64);
    EXPECT_EQ(conv->k, 27);
    EXPECT_EQ(conv->reads, 3 * 224 * 224);
    EXPECT_EQ(conv->writes, 64 * 112 * 112);
    EXPECT_EQ(find(model.value(), "Relu"), nullptr);  // joins the convolution
    EXPECT_EQ(find(model.value(), "matmul")->k, 64);
    EXPECT_EQ(model.value().parameters(), 64 * 27 + 64 + 640);
    EXPECT_EQ(model.value().item, "image");
    EXPECT_EQ(model.value().precision, "fp16");
  }
}

TEST(Onnx, CalculatedShapesAreFollowedAndAttentionIsFused) {
  const Result<Model> model = read_onnx_bytes(attention(), "attention.onnx", {.tokens = 256});
  ASSERT_TRUE(model) << model.error().message;
  const Kernel* fused = find(model.value(), "attention");
  ASSERT_TRUE(fused);
  EXPECT_EQ(fused->flops, 4.0 * 256 * 256 * 64);
  EXPECT_EQ(find(model.value(), "Softmax"), nullptr);
  const Kernel* products = find(model.value(), "matmul");
  EXPECT_EQ(products->m, 256);
  EXPECT_EQ(products->repeat, 4);  // q, k, v and out are of one shape
  EXPECT_EQ(find(model.value(), "embed")->piece, 64);
  EXPECT_NE(model.value().uncertain.find("256 tokens"), std::string::npos);
}

TEST(Onnx, WhatCantBeSizedIsNamed) {
  const std::string unknown = file(node("Mystery", {"x"}, "y") + node("MatMul", {"y", "w"}, "z") +
                                   input("x", {1, 8}) + tensor("w", {8, 8}));
  const Result<Model> model = read_onnx_bytes(unknown, "m.onnx", {});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(model.error().message.find("m.onnx: node `z-node` (MatMul)"), std::string::npos)
      << model.error().message;
  // The same with the shape written into the file.
  const std::string stated = file(node("Mystery", {"x"}, "y") + node("MatMul", {"y", "w"}, "z") +
                                  input("x", {1, 8}) + tensor("w", {8, 8}) + input("y", {1, 8}, 13));
  EXPECT_TRUE(read_onnx_bytes(stated, "m.onnx", {}));
}

TEST(Onnx, WhatIsLeftOutOrGuessedIsSaid) {
  // A body reads what it wants of the graph around it: constant inputs don't make it constant.
  const std::string branches =
      file(node("If", {"c"}, "y") + node("Add", {"y", "x"}, "a") + node("MatMul", {"x", "w"}, "z") +
           input("x", {1, 8}) + tensor("w", {8, 8}) + tensor("c", {1}) + input("y", {1, 8}, 13));
  auto some = read_onnx_bytes(branches, "m.onnx", {});
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some->uncertain, "left out: If with its body");
  const std::string theirs =
      file(node("MatMulNBits", {"x", "w"}, "y", bytes(7, "com.microsoft")) + node("MatMul", {"y", "v"}, "z") +
           input("x", {1, 8}) + tensor("w", {8, 8}) + tensor("v", {8, 8}) + input("y", {1, 8}, 13));
  auto guessed = read_onnx_bytes(theirs, "m.onnx", {});
  ASSERT_TRUE(guessed) << guessed.error().message;
  EXPECT_EQ(guessed->uncertain, "MatMulNBits of com.microsoft counted as one pass over its data");
  EXPECT_EQ(find(guessed.value(), "MatMulNBits")->weights, 64);
}

TEST(Onnx, OtherFilesAreRefused) {
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string(100, '\xff'), file(""), std::string("\x3a\x7f", 2)})
    EXPECT_FALSE(read_onnx_bytes(text, "f.onnx", {}));
  EXPECT_FALSE(read_onnx("/no/such/file.onnx", {}));
}

TEST(Onnx, DamagedFilesNeverCrash) {
  std::mt19937 random(1);
  for (const std::string& whole : {convolutional(1), attention()}) {
    const size_t graph = whole.size();
    for (int i = 0; i < 1500; ++i) {
      std::string text = whole;
      for (unsigned k = 0; k < 1 + random() % 3; ++k)
        text[random() % std::min<size_t>(graph, 1200)] = char(random());
      if (i % 5 == 0) text.resize(random() % graph);
      const Result<Model> model = read_onnx_bytes(text, "f.onnx", {});
      if (!model) EXPECT_FALSE(model.error().message.empty());
    }
  }
}

}  // namespace
}  // namespace ppu::workload

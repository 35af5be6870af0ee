#include "ptx/texture_access.h"

namespace ppu::ptx {
namespace {

using exec::TextureAction;
using exec::TextureGeometry;
using exec::TextureOp;

constexpr isa::Type kF32{isa::Kind::kF, 32, 1};
constexpr isa::Type kS32{isa::Kind::kS, 32, 1};
constexpr isa::Type kB32{isa::Kind::kB, 32, 1};

/// Number of the first of `words` that the instruction was written with; -1 if none.
int which(const isa::Mods& mods, std::initializer_list<const char*> words) {
  int n = 0;
  for (const char* word : words) {
    if (mods.has(word)) return n;
    n++;
  }
  return -1;
}

class Reader {
 public:
  Reader(const Instruction& in, const Function& function)
      : in_(in), function_(function), mnemonic_(isa::table()[in.row].form.mnemonic) {}

  TextureAccess read() {
    const int geometry = which(in_.mods, {"1d", "2d", "3d", "cube", "a1d", "a2d", "acube"});
    if (geometry >= 0) op().geometry = TextureGeometry(geometry);
    if (in_.mods.has("2dms")) op().geometry = TextureGeometry::k2D;
    if (in_.mods.has("a2dms")) op().geometry = TextureGeometry::k2DLayered;
    if (mnemonic_ == "tex" || mnemonic_ == "tld4")
      sample();
    else if (mnemonic_ == "txq" || mnemonic_ == "suq")
      query();
    else if (mnemonic_ == "istypep")
      is_kind();
    else
      surface();
    if (out_.error.empty() && out_.inputs.size() > exec::kMaxTextureInputs) fail("so many operands");
    return std::move(out_);
  }

 private:
  TextureOp& op() { return out_.op; }
  void fail(const std::string& what) {
    if (out_.error.empty()) out_.error = what;
  }

  /// Adds the words of operand `operand` (or its element `element`): `count` values, each of `type`.
  void add_vector(int8_t operand, int8_t element, unsigned count, isa::Type type, const char* what) {
    const Operand& o = operand_at(in_, {operand, element, -1});
    if (o.kind != Operand::Kind::kVector) {
      if (count != 1) return fail(std::string(what) + " other than a vector");
      return out_.inputs.push_back({{operand, element, -1}, type, 0});
    }
    if (o.elements.size() < count) return fail(std::string("fewer ") + what + " than the geometry has");
    for (unsigned k = 0; k < count; k++) {
      OperandPath at{operand, element, -1};
      (element < 0 ? at.element : at.sub) = int8_t(k);
      out_.inputs.push_back({at, type, 0});
    }
  }

  /// The object, and the coordinates behind it: {layer, sample, x, y...} becomes x, y..., layer. There is one
  /// sample a texel, so its number is left out.
  void place(int8_t operand, isa::Type type) {
    const Operand& address = in_.operands[size_t(operand)];
    out_.handle = {operand, 0, -1};
    if (address.value) return fail("an offset from a texture or surface");
    // [texture, sampler, {...}] of the independent mode: the sampler's state is part of our objects.
    if (address.elements.size() > 2) return fail("a separate sampler");
    const unsigned axes = exec::texture_axes(op().geometry);
    const bool layered = exec::texture_is_layered(op().geometry);
    const bool samples = in_.mods.has("2dms") || in_.mods.has("a2dms");
    const size_t before = out_.inputs.size();
    add_vector(operand, 1, axes + layered + samples, type, "coordinates");
    if (!out_.error.empty()) return;
    if (samples) out_.inputs.erase(out_.inputs.begin() + long(before + layered));
    if (!layered) return;
    TextureInput layer = out_.inputs[before];
    layer.type = kB32;
    out_.inputs.erase(out_.inputs.begin() + long(before));
    out_.inputs.push_back(layer);
  }

  /// The destination vector, or the one before `|p`.
  void results(isa::Type type) {
    const bool pair = in_.operands[0].kind == Operand::Kind::kPair;
    if (pair) out_.resident = 1;
    const Operand& d = pair ? in_.operands[0].elements[0] : in_.operands[0];
    const bool vector = d.kind == Operand::Kind::kVector;
    const size_t count = vector ? d.elements.size() : 1;
    uint8_t word = 0;
    for (size_t k = 0; k < count; k++) {
      TextureOutput o;
      o.at = pair ? OperandPath{0, 0, int8_t(vector ? k : -1)} : OperandPath{0, int8_t(vector ? k : -1), -1};
      o.type = type;
      o.word = word;
      o.parts = type.packed == 2 || type.total_bits() == 64 ? 2 : 1;
      o.part_bits = uint8_t(type.packed == 2 ? 16 : type.total_bits() < 32 ? type.total_bits() : 32);
      word = uint8_t(word + o.parts);
      out_.outputs.push_back(o);
    }
    if (word > exec::kTextureOutputs) fail("a vector of more than 16 bytes");
  }

  void sample() {
    const auto types = isa::types_of(isa::table()[in_.row], in_.mods);
    op().action = mnemonic_ == "tld4"     ? TextureAction::kGather
                  : in_.mods.has("level") ? TextureAction::kSampleLevel
                  : in_.mods.has("grad")  ? TextureAction::kSampleGrad
                                          : TextureAction::kSample;
    if (mnemonic_ == "tld4") op().detail = uint8_t(which(in_.mods, {"r", "g", "b", "a"}));
    if (types[1].kind == isa::Kind::kS) op().flags |= exec::kIntegerCoordinates;
    if (types[0].is_float() && types[0].bits == 16) op().flags |= exec::kHalfResult;
    results(types[0]);
    place(1, types[1]);
    const unsigned axes = exec::texture_axes(op().geometry);
    int8_t next = 2;
    if (op().action == TextureAction::kSampleLevel) out_.inputs.push_back({{next++, -1, -1}, types[1], 0});
    if (op().action == TextureAction::kSampleGrad) {
      add_vector(next++, -1, axes, kF32, "gradients");
      add_vector(next++, -1, axes, kF32, "gradients");
    }
    for (; size_t(next) < in_.operands.size(); next++) {
      if (op().has(exec::kHasOffset) || !is_offset(in_.operands[size_t(next)]))
        return fail("depth comparison");
      if (op().geometry == TextureGeometry::kCube || op().geometry == TextureGeometry::kCubeLayered)
        return fail("texel offsets in a cube map");
      op().flags |= exec::kHasOffset;
      add_vector(next, -1, axes, kS32, "texel offsets");
    }
  }

  /// An offset vector, or the single offset of a 1-D texture; else it is the reference of a depth comparison.
  bool is_offset(const Operand& o) const {
    if (o.kind == Operand::Kind::kVector) return true;
    if (exec::texture_axes(op_geometry()) != 1) return false;
    if (o.kind == Operand::Kind::kReg) return !function_.registers[size_t(o.index)].type.is_float();
    return o.kind == Operand::Kind::kImm && !o.is_float;
  }
  TextureGeometry op_geometry() const { return out_.op.geometry; }

  void query() {
    op().action = TextureAction::kQuery;
    op().detail = uint8_t(which(
        in_.mods, {"width", "height", "depth", "channel_data_type", "channel_order", "normalized_coords",
                   "force_unnormalized_coords", "filter_mode", "addr_mode_0", "addr_mode_1", "addr_mode_2",
                   "array_size", "num_mipmap_levels", "num_samples", "memory_layout"}));
    results(kB32);
    out_.handle = {1, 0, -1};
    if (in_.mods.has("level")) {
      op().flags |= exec::kLevelQuery;
      out_.inputs.push_back({{2, -1, -1}, kB32, 0});
    }
  }

  void is_kind() {
    op().action = TextureAction::kIsKind;
    op().detail = uint8_t(which(in_.mods, {"texref", "samplerref", "surfref"}));
    out_.outputs.push_back({{0, -1, -1}, {isa::Kind::kPred, 1, 1}, 0, 1, 1});
    out_.handle = {1, -1, -1};
  }

  void surface() {
    const isa::Type type = isa::types_of(isa::table()[in_.row], in_.mods)[0];
    op().clamp = exec::SurfaceClamp(std::max(0, which(in_.mods, {"trap", "clamp", "zero"})));
    op().element_bytes = uint8_t(type.total_bits() / 8);
    op().elements = uint8_t(in_.mods.has("v4") ? 4 : in_.mods.has("v2") ? 2 : 1);
    if (in_.mods.has("p")) op().flags |= exec::kFormatted;
    if (op().element_bytes * op().elements > 16) return fail("a vector of more than 16 bytes");
    if (mnemonic_ == "suld") {
      op().action = TextureAction::kLoad;
      results(type);
      return place(1, kS32);
    }
    op().action = mnemonic_ == "sust" ? TextureAction::kStore : TextureAction::kReduce;
    if (mnemonic_ == "sured") {
      op().detail = uint8_t(which(in_.mods, {"add", "min", "max", "and", "or"}));
      if (type.is_signed()) op().flags |= exec::kSignedValue;
      const bool bits = in_.mods.has("and") || in_.mods.has("or");
      if (bits != (type.kind == isa::Kind::kB) && !in_.mods.has("p")) return fail("this type of reduction");
    }
    place(0, kS32);
    const bool vector = in_.operands[1].kind == Operand::Kind::kVector;
    for (int8_t k = 0; k < op().elements; k++)
      for (uint8_t shift = 0; shift < type.total_bits(); shift = uint8_t(shift + 32))
        out_.inputs.push_back({{1, int8_t(vector ? k : -1), -1}, type, shift});
  }

  const Instruction& in_;
  const Function& function_;
  const std::string_view mnemonic_;
  TextureAccess out_;
};

}  // namespace

TextureAccess texture_access(const Instruction& instruction, const Function& function) {
  return Reader(instruction, function).read();
}

const Operand& operand_at(const Instruction& instruction, OperandPath path) {
  const Operand* o = &instruction.operands[size_t(path.operand)];
  if (path.element >= 0) o = &o->elements[size_t(path.element)];
  if (path.sub >= 0) o = &o->elements[size_t(path.sub)];
  return *o;
}

}  // namespace ppu::ptx

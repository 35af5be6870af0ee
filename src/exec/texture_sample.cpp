// The sampler: from coordinates to filtered values, 32 lanes at a time. CUDA C++ Programming Guide, "Texture
// Fetching": nearest takes texel floor(x); linear weighs the 2, 4 or 8 texels around x - 0.5 by its fraction,
// held in 9 bits with 8 of fraction. Where the guide leaves freedom, we choose (docs/textures.md):
//   - x is rounded to the nearest 1/256 of a texel before it is split into texel and fraction;
//   - weights and texels are multiplied and added in double, which is exact but for the additions of values
//     of very different size, and the sum is rounded once to float;
//   - a normalized coordinate selects the nearest texel after allowing for its own rounding (2^-23), so that
//     (i / n) * n is texel i;
//   - NaN coordinates are 0.
// Stages run over rows of 32 so that compilers make vector code of them; only texels are read lane by lane.
#include "exec/texture_sample.h"

#include <cmath>
#include <cstring>

namespace ppu::exec {
namespace {

constexpr unsigned kLanes = kTexelLanes;
constexpr double kFar = double(1 << 30);  ///< coordinates beyond are as good as this

struct alignas(64) DoubleRow {
  double v[kLanes];
  double& operator[](unsigned l) { return v[l]; }
  double operator[](unsigned l) const { return v[l]; }
};
struct alignas(64) IntRow {
  int32_t v[kLanes];
  int32_t& operator[](unsigned l) { return v[l]; }
  int32_t operator[](unsigned l) const { return v[l]; }
};
struct alignas(64) AddressRow {
  uint64_t v[kLanes];
};

/// Where the lanes sample: coordinates of up to three axes, and the layer or face.
struct Place {
  DoubleRow axis[3];
  IntRow slice{};
  IntRow offset[3]{};
  unsigned axes = 1;
  bool layered = false;  ///< `slice` counts (else a 3-D image's third axis, or 0)
  bool cube = false;
  bool integer = false;
};

/// The image each lane samples.
struct Images {
  IntRow size[3];
  IntRow slices;
  AddressRow base, row_pitch, slice_pitch;
};

/// The texels of one axis: before (as doubles, any integer) and after addressing (-1: the border).
struct Axis {
  DoubleRow first, weight;  ///< `weight` of the second texel
  IntRow texel[2];
};

template <class Row, class T>
void fill(Row& row, T value) {
  for (auto& v : row.v) v = value;
}

void find_images(const TextureState& s, const IntRow& level, Images& images) {
  if (s.levels == 1) {
    const TextureLevel& t = s.level[0];
    fill(images.size[0], t.width);
    fill(images.size[1], t.height);
    fill(images.size[2], t.depth);
    fill(images.slices, t.slices);
    fill(images.base, t.base);
    fill(images.row_pitch, t.row_pitch);
    fill(images.slice_pitch, t.slice_pitch);
    return;
  }
  for (unsigned l = 0; l < kLanes; l++) {
    const TextureLevel& t = s.level[level[l]];
    images.size[0][l] = t.width;
    images.size[1][l] = t.height;
    images.size[2][l] = t.depth;
    images.slices[l] = t.slices;
    images.base.v[l] = t.base;
    images.row_pitch.v[l] = t.row_pitch;
    images.slice_pitch.v[l] = t.slice_pitch;
  }
}

PPU_VECTOR_CLONES void positions(const DoubleRow& coordinate, const IntRow& size, const IntRow& offset,
                                 bool normalized, bool linear, Axis& axis) {
  const double slack = normalized ? 0x1p-23 : 0.0;
  if (linear) {
    for (unsigned l = 0; l < kLanes; l++) {
      double x = coordinate[l] * (normalized ? double(size[l]) : 1.0);
      x = x < -kFar ? -kFar : x > kFar ? kFar : x;
      const double fixed = (std::floor(x * 256.0 + 0.5) - 128.0) * (1 / 256.0);
      const double first = std::floor(fixed);
      axis.weight[l] = fixed - first;
      axis.first[l] = first + offset[l];
    }
  } else {
    for (unsigned l = 0; l < kLanes; l++) {
      double x = coordinate[l] * (normalized ? double(size[l]) : 1.0);
      x = x < -kFar ? -kFar : x > kFar ? kFar : x;
      axis.weight[l] = 0;
      axis.first[l] = std::floor(x + std::fabs(x) * slack) + offset[l];
    }
  }
}

/// Kernels that read texels at their centres are common: then no second texel has any weight.
PPU_VECTOR_CLONES bool any_weight(const Axis& axis) {
  uint64_t bits = 0;  // of weights that are never negative
  for (unsigned l = 0; l < kLanes; l++) bits |= std::bit_cast<uint64_t>(axis.weight[l]);
  return bits != 0;
}

PPU_VECTOR_CLONES void address_texels(const DoubleRow& first, double step, const IntRow& size,
                                      AddressMode mode, IntRow& texel) {
  switch (mode) {
    case AddressMode::kClamp:
      for (unsigned l = 0; l < kLanes; l++) {
        const double i = first[l] + step, last = double(size[l]) - 1;
        texel[l] = int32_t(i < 0 ? 0 : i > last ? last : i);
      }
      break;
    case AddressMode::kBorder:
      for (unsigned l = 0; l < kLanes; l++) {
        const double i = first[l] + step, n = size[l];
        texel[l] = i >= 0 && i < n ? int32_t(i < 0 ? 0 : i >= n ? 0 : i) : -1;
      }
      break;
    case AddressMode::kWrap:
      for (unsigned l = 0; l < kLanes; l++) {
        const double i = first[l] + step, n = size[l];
        texel[l] = int32_t(i - std::floor(i / n) * n);
      }
      break;
    case AddressMode::kMirror:
      for (unsigned l = 0; l < kLanes; l++) {
        const double i = first[l] + step, n = size[l], m = i - std::floor(i / (2 * n)) * (2 * n);
        texel[l] = int32_t(m < n ? m : 2 * n - 1 - m);
      }
      break;
  }
}

/// Byte addresses of the texels at x, y in each lane's slice; 0 for the border.
PPU_VECTOR_CLONES void texel_addresses(const Images& images, const IntRow& x, const IntRow& y,
                                       const IntRow& slice, int64_t bytes, AddressRow& address) {
  for (unsigned l = 0; l < kLanes; l++) {
    const bool outside = (x[l] | y[l] | slice[l]) < 0;
    const uint64_t a = images.base.v[l] + uint64_t(int64_t(x[l]) * bytes) +
                       uint64_t(int64_t(y[l])) * images.row_pitch.v[l] +
                       uint64_t(int64_t(slice[l])) * images.slice_pitch.v[l];
    address.v[l] = outside ? 0 : a;
  }
}

// ---- Cube maps (CUDA C++ Programming Guide, "Cubemap Textures")

/// The face that direction (x, y, z) meets, and where: s and t in [0, 1].
void face_of(double x, double y, double z, int32_t& face, double& s, double& t) {
  const double ax = std::fabs(x), ay = std::fabs(y), az = std::fabs(z);
  double m, u, v;
  if (ax >= ay && ax >= az) {
    face = x < 0;
    m = ax, u = x < 0 ? z : -z, v = -y;
  } else if (ay >= az) {
    face = 2 + (y < 0);
    m = ay, u = x, v = y < 0 ? -z : z;
  } else {
    face = 4 + (z < 0);
    m = az, u = z < 0 ? -x : x, v = -y;
  }
  s = m > 0 ? (u / m + 1) / 2 : 0.5;
  t = m > 0 ? (v / m + 1) / 2 : 0.5;
}

/// The direction of point (u, v), in units where a face is [-1, 1], on the plane of `face`.
void direction_of(int32_t face, double u, double v, double d[3]) {
  const double table[6][3] = {{1, -v, -u}, {-1, -v, u}, {u, 1, v}, {u, -1, -v}, {u, -v, 1}, {-u, -v, -1}};
  std::memcpy(d, table[face], sizeof table[face]);
}

/// A texel beyond an edge of a face is the one that the neighbouring face has there. At corners, where three
/// faces meet, the face's own corner texel stands in.
void cross_edges(const Images& images, const DoubleRow& x, const DoubleRow& y, double step_x, double step_y,
                 IntRow& texel_x, IntRow& texel_y, IntRow& slice) {
  for (unsigned l = 0; l < kLanes; l++) {
    const double n = images.size[0][l], i = x[l] + step_x, j = y[l] + step_y;
    const bool out_x = i < 0 || i >= n, out_y = j < 0 || j >= n;
    if (out_x == out_y) continue;
    const int32_t face = slice[l] % 6, first = slice[l] - face;
    double d[3], s, t;
    direction_of(face, (i + 0.5) / n * 2 - 1, (j + 0.5) / n * 2 - 1, d);
    int32_t other;
    face_of(d[0], d[1], d[2], other, s, t);
    const auto inside = [n](double v) { return int32_t(v < 0 ? 0 : v > n - 1 ? n - 1 : v); };
    slice[l] = first + other;
    texel_x[l] = inside(std::floor(s * n));
    texel_y[l] = inside(std::floor(t * n));
  }
}

// ---- Reading at one level

AddressMode mode_of(const TextureState& s, const Place& p, unsigned axis) {
  if (p.cube) return AddressMode::kClamp;
  const AddressMode mode = s.address[axis];
  const bool periodic = mode == AddressMode::kWrap || mode == AddressMode::kMirror;
  // Only normalized coordinates wrap and mirror (cudaTextureDesc::addressMode).
  return periodic && (!s.normalized_coords || p.integer) ? AddressMode::kClamp : mode;
}

/// weight * (of the first texel, or the second) of one axis.
PPU_VECTOR_CLONES void multiply_weight(DoubleRow& weight, const DoubleRow& of_second, bool second) {
  for (unsigned l = 0; l < kLanes; l++) weight[l] *= second ? of_second[l] : 1 - of_second[l];
}

/// The texels around the lanes' places, one corner at a time.
class Corners {
 public:
  Corners(const TextureState& s, const Place& p, const IntRow& level, bool linear)
      : state_(s), place_(p), linear_(linear) {
    find_images(s, level, images_);
    const bool normalized = (s.normalized_coords && !p.integer) || p.cube;
    for (unsigned a = 0; a < p.axes; a++) {
      positions(p.axis[a], images_.size[a], p.offset[a], normalized, linear, axis_[a]);
      idle_ |= unsigned(linear && !any_weight(axis_[a])) << a;
      for (unsigned k = 0; k <= unsigned(linear); k++)
        address_texels(axis_[a].first, k, images_.size[a], mode_of(s, p, a), axis_[a].texel[k]);
    }
    fill(slice_, 0);
    for (unsigned l = 0; l < kLanes && (p.layered || p.cube); l++) {
      const int32_t last = images_.slices[l] - 1, want = p.slice[l];
      slice_[l] = want < 0 ? 0 : want > last ? last : want;
    }
  }

  /// Some lane may be at the border.
  bool has_border() const {
    for (unsigned a = 0; a < place_.axes; a++)
      if (mode_of(state_, place_, a) == AddressMode::kBorder) return true;
    return false;
  }
  unsigned count() const { return linear_ ? 1u << place_.axes : 1; }
  /// The texels of corner `k` have weight 0 in all lanes.
  bool is_idle(unsigned k) const { return k & idle_; }
  /// Every lane reads one texel, that of corner 0.
  bool single() const { return !linear_ || idle_ == (1u << place_.axes) - 1; }

  /// Corner `k`: bit a of k takes the second texel of axis a.
  void load(unsigned k, TexelWords& words, AddressRow& address) const {
    static const IntRow kZero{};
    const auto texel = [&](unsigned a) -> const IntRow& { return axis_[a].texel[k >> a & 1]; };
    const int64_t bytes = state_.format.bytes();
    if (place_.cube && state_.seamless && linear_) {
      IntRow x = texel(0), y = texel(1), slice = slice_;
      cross_edges(images_, axis_[0].first, axis_[1].first, k & 1, k >> 1 & 1, x, y, slice);
      texel_addresses(images_, x, y, slice, bytes, address);
    } else {
      texel_addresses(images_, texel(0), place_.axes > 1 ? texel(1) : kZero,
                      place_.axes > 2 ? texel(2) : slice_, bytes, address);
    }
    load_texels(state_.format, address.v, words);
  }

  /// Of the texels of corner `k`.
  void weights(unsigned k, DoubleRow& w) const;

 private:
  const TextureState& state_;
  const Place& place_;
  bool linear_;
  Images images_;
  Axis axis_[3];
  unsigned idle_ = 0;  ///< axes (as in a corner's number) whose second texels have no weight
  IntRow slice_;
};

void Corners::weights(unsigned k, DoubleRow& w) const {
  fill(w, 1.0);
  for (unsigned a = 0; a < place_.axes; a++)
    if (!(idle_ >> a & 1)) multiply_weight(w, axis_[a].weight, k >> a & 1);
}

PPU_VECTOR_CLONES void put_border(const AddressRow& address, double border, double* values) {
  for (unsigned l = 0; l < kLanes; l++) values[l] = address.v[l] ? values[l] : border;
}

PPU_VECTOR_CLONES void add_weighted(const double* values, const DoubleRow& weight, double* sum) {
  // A texel of weight 0 doesn't count, even if it is infinite.
  for (unsigned l = 0; l < kLanes; l++) sum[l] += weight[l] == 0 ? 0.0 : weight[l] * values[l];
}

void filter_level(const TextureState& s, const Corners& corners, TexelValues& sum) {
  const bool single = corners.single();
  TexelWords words;
  AddressRow address;
  for (unsigned k = 0; k < corners.count(); k++) {
    if (corners.is_idle(k)) continue;
    TexelValues values;
    TexelValues& to = single ? sum : values;
    corners.load(k, words, address);
    texel_values(s.format, words, to);
    for (unsigned c = 0; c < s.format.channels && corners.has_border(); c++)
      put_border(address, double(s.border[c]) * texel_scale(s.format), to.channel[c]);
    if (single) return;
    DoubleRow weight;
    corners.weights(k, weight);
    for (unsigned c = 0; c < s.format.channels; c++) {
      if (k == 0)
        for (double& v : sum.channel[c]) v = 0;
      add_weighted(values.channel[c], weight, sum.channel[c]);
    }
  }
}

// ---- Mip levels

struct Levels {
  IntRow low, high;
  DoubleRow fraction;  ///< of `high`
  bool blend = false;  ///< some fraction isn't 0
};

/// log2 of the longer gradient, in texels of level 0 (OpenGL's rho, isotropic: anisotropy is not used).
double level_of_gradients(const TextureState& s, const Place& p, const uint32_t* in, unsigned l) {
  double longest = 0;
  for (unsigned d = 0; d < 2; d++) {
    double g[3] = {0, 0, 0};
    for (unsigned a = 0; a < p.axes + p.cube; a++)
      g[a] = double(std::bit_cast<float>(in[(d * (p.axes + p.cube) + a) * kLanes + l]));
    const int32_t size[3] = {s.level[0].width, s.level[0].height, s.level[0].depth};
    double sum = 0;
    for (unsigned a = 0; a < p.axes + p.cube; a++) {
      const double scale = p.cube ? 0.5 * size[0] : s.normalized_coords && !p.integer ? size[a] : 1.0;
      sum += g[a] * scale * (g[a] * scale);
    }
    longest = sum > longest ? sum : longest;
  }
  return 0.5 * std::log2(longest);
}

void find_levels(const TextureState& s, const Place& p, TextureOp op, const uint32_t* in, Levels& out) {
  const double top = s.levels - 1;
  if (s.levels == 1) {
    fill(out.low, 0);
    return;
  }
  for (unsigned l = 0; l < kLanes; l++) {
    double lod = 0;
    if (op.action == TextureAction::kSampleLevel)
      lod = (p.integer ? double(int32_t(in[l])) : double(std::bit_cast<float>(in[l]))) + s.mip_bias;
    if (op.action == TextureAction::kSampleGrad) lod = level_of_gradients(s, p, in, l) + s.mip_bias;
    lod = lod > s.min_level ? lod : s.min_level;  // also of a NaN
    lod = lod < s.max_level ? lod : s.max_level;
    lod = lod > 0 ? (lod < top ? lod : top) : 0;
    const double fixed = s.linear_mipmap_filter ? std::floor(lod * 256 + 0.5) / 256 : std::floor(lod + 0.5);
    const double low = std::floor(fixed);
    out.low[l] = int32_t(low);
    out.high[l] = int32_t(low < top ? low + 1 : top);
    out.fraction[l] = fixed - low;
    out.blend |= out.fraction[l] != 0;
  }
}

// ---- Inputs and outputs

/// Coordinates and layer; returns the rows that follow them.
const uint32_t* read_place(TextureOp op, const uint32_t* in, Place& p) {
  p.integer = op.has(kIntegerCoordinates);
  p.axes = texture_axes(op.geometry);
  p.layered = texture_is_layered(op.geometry);
  for (unsigned a = 0; a < p.axes; a++, in += kLanes)
    for (unsigned l = 0; l < kLanes; l++) {
      const double x = p.integer ? double(int32_t(in[l])) : double(std::bit_cast<float>(in[l]));
      p.axis[a][l] = x == x ? x : 0.0;
    }
  if (p.layered) {
    for (unsigned l = 0; l < kLanes; l++) p.slice[l] = int32_t(in[l]);
    in += kLanes;
  }
  p.cube = op.geometry == TextureGeometry::kCube || op.geometry == TextureGeometry::kCubeLayered;
  if (!p.cube) return in;
  p.axes = 2;
  for (unsigned l = 0; l < kLanes; l++) {
    int32_t face;
    double s, t;
    face_of(p.axis[0][l], p.axis[1][l], p.axis[2][l], face, s, t);
    p.axis[0][l] = s;
    p.axis[1][l] = t;
    const int32_t layer = p.slice[l] < 0 ? 0 : p.slice[l] > 1 << 20 ? 1 << 20 : p.slice[l];
    p.slice[l] = layer * 6 + face;
  }
  return in;
}

/// Channels that the format lacks are 0, 0, 0, 1.
void fill_missing(const TextureState& s, TexelWords& out) {
  const uint32_t one = s.format.reads_float() ? std::bit_cast<uint32_t>(1.0f) : 1;
  for (unsigned c = s.format.channels; c < 4; c++)
    for (uint32_t& w : out.channel[c]) w = c == 3 ? one : 0;
}

/// The border colour as the words of a format read without conversion.
uint32_t border_word(const TextureState& s, unsigned c) {
  if (s.format.kind == ChannelKind::kFloat) return std::bit_cast<uint32_t>(s.border[c]);
  return uint32_t(int64_t(s.border[c]));
}

void put_border_words(const TextureState& s, const AddressRow& address, unsigned c, uint32_t* words) {
  const uint32_t border = border_word(s, c);
  for (unsigned l = 0; l < kLanes; l++) words[l] = address.v[l] ? words[l] : border;
}

/// True if the words in memory are the answer: integers, and f32 (whose NaN payloads and subnormals stay).
bool delivers_words(const TextureState& s) {
  return !s.format.reads_float() || (s.format.kind == ChannelKind::kFloat && s.format.bits == 32);
}

PPU_VECTOR_CLONES void to_float(const double* values, uint32_t* words) {
  for (unsigned l = 0; l < kLanes; l++) words[l] = std::bit_cast<uint32_t>(float(values[l]));
}
PPU_VECTOR_CLONES void divide_to_float(const double* values, double scale, uint32_t* words) {
  for (unsigned l = 0; l < kLanes; l++) words[l] = std::bit_cast<uint32_t>(float(values[l] / scale));
}

void to_float_words(const TextureState& s, const TexelValues& values, TexelWords& out) {
  const double scale = texel_scale(s.format);
  for (unsigned c = 0; c < s.format.channels; c++)
    scale == 1 ? to_float(values.channel[c], out.channel[c])
               : divide_to_float(values.channel[c], scale, out.channel[c]);
}

/// tld4: one channel of the four texels that linear filtering would weigh, counter-clockwise from (i, j+1).
void gather(const TextureState& s, const Place& p, TextureOp op, TexelWords& out) {
  static constexpr unsigned kOrder[4] = {2, 3, 1, 0};
  const IntRow base{};
  const Corners corners(s, p, base, true);
  const unsigned c = op.detail;
  for (unsigned n = 0; n < 4; n++) {
    TexelWords words;
    AddressRow address;
    corners.load(kOrder[n], words, address);
    if (delivers_words(s) && c < s.format.channels) {
      put_border_words(s, address, c, words.channel[c]);
    } else if (c < s.format.channels) {
      TexelValues values;
      texel_values(s.format, words, values);
      put_border(address, double(s.border[c]) * texel_scale(s.format), values.channel[c]);
      to_float_words(s, values, words);
    }
    fill_missing(s, words);
    std::memcpy(out.channel[n], words.channel[c], sizeof words.channel[c]);
  }
}

}  // namespace

void sample_texture(const TextureState& s, TextureOp op, const uint32_t* in, TexelWords& out) {
  Place p;
  in = read_place(op, in, p);
  const unsigned levels_rows = op.action == TextureAction::kSampleLevel  ? 1
                               : op.action == TextureAction::kSampleGrad ? 2 * texture_axes(op.geometry)
                                                                         : 0;
  if (op.has(kHasOffset))
    for (unsigned a = 0; a < p.axes; a++)
      std::memcpy(p.offset[a].v, in + (levels_rows + a) * kLanes, sizeof p.offset[a].v);
  if (op.action == TextureAction::kGather) return gather(s, p, op, out);
  Levels levels;
  find_levels(s, p, op, in, levels);
  const bool linear = s.linear_filter && !p.integer && s.format.reads_float();
  const Corners corners(s, p, levels.low, linear);
  if (delivers_words(s) && (!s.format.reads_float() || (corners.single() && !levels.blend))) {
    AddressRow address;
    corners.load(0, out, address);
    for (unsigned c = 0; c < s.format.channels && corners.has_border(); c++)
      put_border_words(s, address, c, out.channel[c]);
  } else {
    TexelValues low, high;
    filter_level(s, corners, low);
    if (levels.blend) {
      filter_level(s, Corners(s, p, levels.high, linear), high);
      for (unsigned c = 0; c < s.format.channels; c++)
        for (unsigned l = 0; l < kLanes; l++) {
          const double f = levels.fraction[l], v = low.channel[c][l];
          low.channel[c][l] = f == 0 ? v : (1 - f) * v + f * high.channel[c][l];
        }
    }
    to_float_words(s, low, out);
  }
  fill_missing(s, out);
}

}  // namespace ppu::exec

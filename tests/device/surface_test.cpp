// Surface loads, stores and reductions (PTX ISA, "Surface Instructions").
#include "texture_sample.h"

namespace ppu::exec::test {
namespace {

/// Four rows of four u16 pairs, as a surface.
struct Surface : Image {
  Surface() : Image({ChannelKind::kUnsigned, 16, 2}, 4, 4) {
    state.kind = TextureKind::kSurface;
    for (int i = 0; i < 16; i++) at<uint32_t>(i & 3, i >> 2) = uint32_t(100 + i);
  }
};

TextureOp surface_op(TextureAction action, SurfaceClamp clamp, uint8_t bytes = 4, uint8_t elements = 1) {
  TextureOp op = sample_op(TextureGeometry::k2D, action);
  op.clamp = clamp;
  op.element_bytes = bytes;
  op.elements = elements;
  return op;
}

TEST(Surface, LoadsCountBytesInX) {
  Surface s;
  const Handle h(s.state);
  EXPECT_EQ(run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kTrap), {8, 1}).w[0], 106u);
  EXPECT_EQ(run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kTrap, 1), {4, 0}).w[0], 101u);
  const Words pair = run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kTrap, 4, 2), {8, 3});
  EXPECT_EQ(pair.w[0], 114u);
  EXPECT_EQ(pair.w[1], 115u);
  const Words wide = run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kTrap, 8, 2), {0, 0});
  for (unsigned k = 0; k < 4; k++) EXPECT_EQ(wide.w[k], 100 + k);
}

TEST(Surface, ClampModes) {
  Surface s;
  const Handle h(s.state);
  EXPECT_EQ(run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kZero), {16, 0}).w[0], 0u);
  EXPECT_EQ(run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kClamp), {16, 7}).w[0], 115u);
  EXPECT_EQ(run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kClamp), {uint32_t(-4), 0}).w[0], 100u);
  // A wide access is moved as a whole.
  EXPECT_EQ(run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kClamp, 4, 2), {16, 0}).w[0], 102u);
  TextureFault f;
  run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kTrap), {0, uint32_t(-1)}, &f);
  EXPECT_EQ(f.trap, uint32_t(Trap::kTrap));
  run_one(h, surface_op(TextureAction::kLoad, SurfaceClamp::kZero), {2, 0}, &f);
  EXPECT_EQ(f.trap, uint32_t(Trap::kMisaligned));
}

TEST(Surface, StoresOutsideAreDroppedOrMoved) {
  Surface s;
  const std::vector<char> before = s.bytes;
  const Handle h(s.state);
  run_one(h, surface_op(TextureAction::kStore, SurfaceClamp::kZero), {0, 4, 7});
  EXPECT_EQ(s.bytes, before);
  run_one(h, surface_op(TextureAction::kStore, SurfaceClamp::kClamp), {0, 4, 7});
  EXPECT_EQ(s.at<uint32_t>(0, 3), 7u);
  run_one(h, surface_op(TextureAction::kStore, SurfaceClamp::kTrap, 8), {8, 0, 1, 2});
  EXPECT_EQ(s.at<uint32_t>(2, 0), 1u);
  EXPECT_EQ(s.at<uint32_t>(3, 0), 2u);
}

TEST(Surface, FormattedStoresConvert) {
  Surface s;
  TextureOp op = surface_op(TextureAction::kStore, SurfaceClamp::kTrap, 4, 2);
  op.flags = kFormatted;
  run_one(Handle(s.state), op, {1, 2, 70000, 5});  // x counts texels; 70000 is more than 16 bits hold
  EXPECT_EQ(s.at<uint16_t>(1, 2, 0, 0), 65535);
  EXPECT_EQ(s.at<uint16_t>(1, 2, 0, 1), 5);
  s.state.format = {ChannelKind::kFloat, 16, 2};
  run_one(Handle(s.state), op, {1, 2, word(1.5f), word(-2)});
  EXPECT_EQ(s.at<uint16_t>(1, 2, 0, 0), 0x3e00);
  EXPECT_EQ(s.at<uint16_t>(1, 2, 0, 1), 0xc000);
  s.state.format = {ChannelKind::kSigned, 16, 2, true};
  run_one(Handle(s.state), op, {1, 2, word(-1), word(0.5f)});
  EXPECT_EQ(s.at<int16_t>(1, 2, 0, 0), -32767);
  EXPECT_EQ(s.at<int16_t>(1, 2, 0, 1), 16384);
}

TEST(Surface, Reductions) {
  Surface s;
  const Handle h(s.state);
  TextureOp op = surface_op(TextureAction::kReduce, SurfaceClamp::kTrap);
  op.detail = uint8_t(TextureReduce::kAdd);
  uint64_t handles[32];
  uint32_t in[3][32], out[4][32];
  for (unsigned l = 0; l < 32; l++) handles[l] = h.value, in[0][l] = 4, in[1][l] = 0, in[2][l] = l;
  ASSERT_EQ(run_texture(op, handles, in[0], out[0], ~0u).trap, 0u);
  EXPECT_EQ(s.at<uint32_t>(1, 0), 101u + 31 * 32 / 2);
  op.detail = uint8_t(TextureReduce::kMin);
  op.flags = kSignedValue;
  run_one(h, op, {0, 0, uint32_t(-5)});
  EXPECT_EQ(s.at<int32_t>(0, 0), -5);
  op.flags = 0;
  op.detail = uint8_t(TextureReduce::kAnd);
  run_one(h, op, {8, 0, 0xf0});
  EXPECT_EQ(s.at<uint32_t>(2, 0), 102u & 0xf0);
}

TEST(Surface, TexturesAreNoSurfaces) {
  Surface s;
  s.state.kind = TextureKind::kTexture;
  TextureFault f;
  run_one(Handle(s.state), surface_op(TextureAction::kLoad, SurfaceClamp::kZero), {0, 0}, &f);
  EXPECT_EQ(f.trap, uint32_t(Trap::kIllegalAddress));
}

}  // namespace
}  // namespace ppu::exec::test

// Hand-written texts that ptx_fuzz starts from: together they use every construct of the language once.
#pragma once

namespace ppu {

inline const char* const kPtxCorpus[] = {
    R"(.version 8.4
.target sm_80, texmode_independent
.address_size 64
.file 1 "a.cu"
.visible .global .align 4 .u32 a = 5;
.global .f32 b[3] = {1.5, 0f40000000, -2};
.const .align 16 .b8 d[4] = {1, 2};
.global .u32 e[2][3] = {{1, 2}, {4, 5, 6}};
.extern .shared .align 16 .b8 dynamic[];
.shared .align 8 .b64 s[4];
.weak .global .u64 w;
.common .global .u32 cm[10];
.global .attribute(.managed) .align 4 .u32 managed;
.global .v4 .f32 v;
.global .u64 pointers[3] = {a, generic(b)+4, e+8};
.global .u8 bytes[] = {0xff(a), 0xff00(a), 0xff0000(generic(b))};
.global .b8 text[6] = "hi\n";
.global .s16 sums[2] = {1 + 2 * 3, ~0 & 0xff};
.func (.param .b32 r) f(.param .b32 x);
.extern .func (.param .b32 status) vprintf(.param .b64 format, .param .b64 args);
.visible .entry k(.param .align 8 .b8 p0[12], .param .u64 .ptr .global .align 4 p1) .maxntid 128, 2, 1 .minnctapersm 3
{
  .local .align 8 .b8 depot[24];
  .reg .pred %p<4>; .reg .b16 %rs<4>; .reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .f32 %f<9>; .reg .f64 %fd<3>;
  .loc 1 2 3, function_name $L__info0, inlined_at 1 2 3
  ld.param.u64 %rd1, [p1];
  ld.param.v2.u32 {%r1, %r2}, [p0+0];
  ld.global.v4.u32 {%r1, %r2, %r3, _}, [%rd1+16];
  ld.global.u32 %r1, [%rd1+-4];
  ld.shared.u32 %r1, [s+8];
  mov.b64 {%r1, %r2}, %rd1;
  mov.b64 %rd2, {%r1, %r2};
  mov.u32 %r1, %tid.x;
  mov.u64 %rd3, s+4;
  setp.lt.and.s32 %p1|%p2, %r1, -5, !%p3;
  {
    .reg .b32 t; .reg .pred q;
    setp.ne.s32 q, %r1, 0;
    L1: @q bra L1;
    mov.u32 t, (1 << 4) | 3;
  }
$loop:
  .pragma "nounroll";
  @!%p1 bra $loop;
  {
    .param .b64 param0; .param .b64 param1; .param .b32 retval0;
    st.param.b64 [param0+0], %rd1;
    st.param.b64 [param1+0], 0;
    call.uni (retval0), vprintf, (param0, param1);
    ld.param.b32 %r5, [retval0+0];
  }
  {
    .param .b32 param0; .param .b32 retval0;
    proto: .callprototype (.param .b32 _) _ (.param .b32 _) .noreturn;
    call (retval0), %rd1, (param0), proto;
  }
  ts: .branchtargets A, B;
  brx.idx %r1, ts;
A: bar.sync 0;
B: atom.add.release.gpu.u32 %r6, [%rd1], 1;
  shfl.sync.bfly.b32 %r7|%p2, %r6, 16, 31, -1;
  vote.sync.ballot.b32 %r8, %p2, 0xffffffff;
  tex.2d.v4.f32.f32 {%f1, %f2, %f3, %f4}, [%rd1, {%f1, %f2}];
  cp.async.ca.shared.global [%r1], [%rd1], 16;
  membar.gl;
  ret;
}
.section .debug_info
{
.b8 1, 2, 3
}
)",
    R"(.version 7.0
.target sm_75
.address_size 64
.weak .func (.param .b32 r) g(.param .align 8 .b8 in[16], .param .b32 n) .noreturn { ld.param.b32 _, [n]; trap; }
.alias h, g;
.func (.reg .u32 r) twice(.reg .u32 a) { add.u32 r, a, a; ret; }
.global .u64 table[2] = {twice, g};
.entry k() .reqntid 32 { .reg .v4 .f32 v; .reg .b64 %d; .reg .u32 x; ld.global.v4.f32 v, [%d]; mov.f32 v.x, 0d3FF0000000000000;
  .reg .pred %p; call (x), twice, (7); isspacep.shared %p, %d; exit; }
)"};

}  // namespace ppu

#include "ptx/device_runtime.h"

namespace ppu::ptx {
namespace {

struct Row {
  std::string_view name;
  uint32_t result_bytes;
  std::string_view params;
};

constexpr Row kRows[] = {
#define DEVICE_CALL(id, name, result, params) {name, result, params},
#include "ptx/device_runtime.inc"
#undef DEVICE_CALL
};

/// Functions that need no answer from the executor. The grid's barrier is that of cooperative groups: one
/// thread a block counts in at the workspace of the launch (%envreg1 and 2); the first block adds what makes
/// the top bit flip when all have come.
struct Written {
  std::string_view name, text;
};
constexpr std::string_view kSynchronizeBody = R"((.param .b64 handle, .param .b32 flags)
{
  .reg .pred %p<3>;
  .reg .b32 %r<8>;
  .reg .b64 %d<2>;
  mov.u32 %r0, 1;
  ld.param.b64 %d0, [handle];
  setp.eq.u64 %p0, %d0, 0;
  @%p0 bra done;
  bar.sync 0;
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %tid.y;
  or.b32 %r1, %r1, %r2;
  mov.u32 %r2, %tid.z;
  or.b32 %r1, %r1, %r2;
  setp.ne.u32 %p1, %r1, 0;
  @%p1 bra wait;
  mov.u32 %r1, %nctaid.x;
  mov.u32 %r2, %nctaid.y;
  mul.lo.u32 %r1, %r1, %r2;
  mov.u32 %r2, %nctaid.z;
  mul.lo.u32 %r1, %r1, %r2;
  sub.u32 %r1, 0x80000001, %r1;
  mov.u32 %r2, %ctaid.x;
  mov.u32 %r3, %ctaid.y;
  or.b32 %r2, %r2, %r3;
  mov.u32 %r3, %ctaid.z;
  or.b32 %r2, %r2, %r3;
  setp.ne.u32 %p2, %r2, 0;
  selp.b32 %r1, 1, %r1, %p2;
  membar.gl;
  atom.add.u32 %r4, [%d0+4], %r1;
again:
  ld.volatile.u32 %r5, [%d0+4];
  xor.b32 %r5, %r5, %r4;
  setp.ge.s32 %p2, %r5, 0;
  @%p2 bra again;
  membar.gl;
wait:
  bar.sync 0;
  mov.u32 %r0, 0;
done:
  st.param.b32 [result], %r0;
  ret;
}
)";
constexpr Written kWritten[] = {
    {"cudaCGGetIntrinsicHandle", R"((.param .b64 result) cudaCGGetIntrinsicHandle(.param .b32 scope)
{
  .reg .pred %p<1>;
  .reg .b32 %r<2>;
  .reg .b64 %d<1>;
  mov.u32 %r0, %envreg1;
  mov.u32 %r1, %envreg2;
  mov.b64 %d0, {%r1, %r0};
  ld.param.b32 %r0, [scope];
  setp.ne.u32 %p0, %r0, 1;
  @%p0 mov.u64 %d0, 0;
  st.param.b64 [result], %d0;
  ret;
}
)"},
    {"cudaCGSynchronize", kSynchronizeBody},
    {"cudaCGSynchronizeGrid", kSynchronizeBody},
};

const Written* find_written(std::string_view name) {
  for (const Written& one : kWritten)
    if (one.name == name) return &one;
  return nullptr;
}

/// ".func (result) name(parameters) {...}", some of which is shared by functions of several names.
std::string define(const Written& one) {
  const bool named = one.text.find(one.name) != one.text.npos;
  std::string head = ".visible .func ";
  if (!named) head += "(.param .b32 result) " + std::string(one.name);
  return head + std::string(one.text);
}

const Row* find_row(std::string_view name, uint32_t* number) {
  for (uint32_t i = 0; i < std::size(kRows); i++) {
    if (kRows[i].name != name) continue;
    *number = i;
    return &kRows[i];
  }
  return nullptr;
}

uint32_t words_of(std::string_view params) {
  uint32_t words = 0;
  for (char kind : params) words += kind == 't' ? 3 : 1;
  return words;
}

std::string define(const Row& row, uint32_t number) {
  const auto text = [](uint32_t n) { return std::to_string(n); };
  std::string head, body;
  uint32_t word = 0;
  for (uint32_t p = 0; p < row.params.size(); p++) {
    const char kind = row.params[p];
    const std::string name = "p" + text(p);
    if (p) head += ", ";
    head += kind == 'q'   ? ".param .b64 " + name
            : kind == 'w' ? ".param .b32 " + name
                          : ".param .align 4 .b8 " + name + "[12]";
    for (uint32_t part = 0; part < (kind == 't' ? 3u : 1u); part++, word++) {
      if (kind == 'q')
        body += "  ld.param.b64 %d0, [" + name + "];\n";
      else
        body += "  ld.param.b32 %r0, [" + name + "+" + text(4 * part) + "];\n  cvt.u64.u32 %d0, %r0;\n";
      body += "  st.b64 [%d1+" + text(8 * word) + "], %d0;\n";
    }
  }
  const std::string result = row.result_bytes == 8 ? "(.param .b64 result) "
                             : row.result_bytes    ? "(.param .b32 result) "
                                                   : "";
  std::string out = ".visible .func " + result + std::string(row.name) + "(" + head + ")\n{\n";
  out += "  .local .align 8 .b8 words[" + text(8 * (word ? word : 1)) +
         "];\n  .reg .b64 %d<3>;\n  .reg .b32 %r<1>;\n";
  out += "  mov.u64 %d1, words;\n  cvta.local.u64 %d1, %d1;\n" + body;
  out += "  {\n  .param .b32 call;\n  .param .b64 from;\n  .param .b64 back;\n  st.param.b32 [call], " +
         text(number);
  out += ";\n  st.param.b64 [from], %d1;\n  call.uni (back), " + std::string(kDeviceCall);
  out += ", (call, from);\n  ld.param.b64 %d2, [back];\n  }\n";
  if (row.result_bytes == 8) out += "  st.param.b64 [result], %d2;\n";
  if (row.result_bytes == 4) out += "  cvt.u32.u64 %r0, %d2;\n  st.param.b32 [result], %r0;\n";
  return out + "  ret;\n}\n";
}

}  // namespace

bool needs_device_runtime(const Module& module) {
  uint32_t number;
  for (const Function& f : module.functions)
    if (!f.has_body && (find_row(f.name, &number) || find_written(f.name))) return true;
  return false;
}

std::string device_runtime_text(const Module& module) {
  std::string out = ".version 6.0\n.target sm_50\n.address_size 64\n.extern .func (.param .b64 back) ";
  out += std::string(kDeviceCall) + "(.param .b32 call, .param .b64 from);\n";
  uint32_t number;
  for (const Function& f : module.functions) {
    if (f.has_body) continue;
    if (const Row* row = find_row(f.name, &number)) out += define(*row, number);
    if (const Written* one = find_written(f.name)) out += define(*one);
  }
  return out;
}

uint32_t device_call_words(DeviceCall call) {
  return words_of(kRows[uint32_t(call)].params);
}

}  // namespace ppu::ptx

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
    if (!f.has_body && find_row(f.name, &number)) return true;
  return false;
}

std::string device_runtime_text(const Module& module) {
  std::string out = ".version 6.0\n.target sm_50\n.address_size 64\n.extern .func (.param .b64 back) ";
  out += std::string(kDeviceCall) + "(.param .b32 call, .param .b64 from);\n";
  uint32_t number;
  for (const Function& f : module.functions)
    if (const Row* row = f.has_body ? nullptr : find_row(f.name, &number)) out += define(*row, number);
  return out;
}

uint32_t device_call_words(DeviceCall call) {
  return words_of(kRows[uint32_t(call)].params);
}

}  // namespace ppu::ptx

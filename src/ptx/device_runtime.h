// The device runtime as PTX: a function of device_runtime.inc stores its parameters in an array of 64-bit
// words (a dim3 takes three) and makes the one call that the executor answers, kDeviceCall.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "ptx/tree.h"

namespace ppu::ptx {

enum class DeviceCall : uint32_t {
#define DEVICE_CALL(id, name, result, params) id,
#include "ptx/device_runtime.inc"
#undef DEVICE_CALL
};

/// (.param .b32 call, .param .b64 words) -> .param .b64
constexpr const char* kDeviceCall = "__ppu_device_call";

/// True if the module calls a function of the device runtime that it doesn't define.
bool needs_device_runtime(const Module& module);

/// A module that defines the functions of the device runtime that `module` declares.
std::string device_runtime_text(const Module& module);

/// Words that a call passes.
uint32_t device_call_words(DeviceCall call);

}  // namespace ppu::ptx

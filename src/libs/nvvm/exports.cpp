// libnvvm: the C face of program.h.
#include <cstring>

#include "libs/nvvm/program.h"
#include "libs/shell/handles.h"

using nvvmProgram = struct _nvvmProgram*;

// libNVVM API, nvvmResult.
enum nvvmResult : int {
  NVVM_SUCCESS = 0,
  NVVM_ERROR_OUT_OF_MEMORY = 1,
  NVVM_ERROR_PROGRAM_CREATION_FAILURE = 2,
  NVVM_ERROR_IR_VERSION_MISMATCH = 3,
  NVVM_ERROR_INVALID_INPUT = 4,
  NVVM_ERROR_INVALID_PROGRAM = 5,
  NVVM_ERROR_INVALID_IR = 6,
  NVVM_ERROR_INVALID_OPTION = 7,
  NVVM_ERROR_NO_MODULE_IN_PROGRAM = 8,
  NVVM_ERROR_COMPILATION = 9,
  NVVM_ERROR_CANCELLED = 10
};

#define PPU_ROWS "libs/nvvm/api.inc"
#define PPU_LIBRARY nvvm
#define PPU_STATUS nvvmResult
#define PPU_NOT_WRITTEN NVVM_ERROR_COMPILATION
#define PPU_FAULT NVVM_ERROR_COMPILATION
#include "libs/shell/exports.inc"

namespace ppu::nvvm {
namespace {

auto& programs = shell::handles<Program, nvvmProgram>();

nvvmResult add_module(nvvmProgram handle, const char* bytes, size_t size, const char* name, bool lazy) {
  Program* program = programs.find(handle);
  if (!program) return NVVM_ERROR_INVALID_PROGRAM;
  if (!bytes || !size) return NVVM_ERROR_INVALID_INPUT;
  program->add({bytes, size}, name && *name ? name : "<unnamed>", lazy);
  return NVVM_SUCCESS;
}

/// Compiles; what nvvmVerifyProgram asks is whether that would work.
nvvmResult compile(nvvmProgram handle, int count, const char** options) {
  Program* program = programs.find(handle);
  if (!program) return NVVM_ERROR_INVALID_PROGRAM;
  if (count < 0 || (count > 0 && !options)) return NVVM_ERROR_INVALID_INPUT;
  if (program->empty()) return NVVM_ERROR_NO_MODULE_IN_PROGRAM;
  const Result<Flags> flags = read_options(count, options);
  if (!flags) {
    program->say(flags.error().message);
    return NVVM_ERROR_INVALID_OPTION;
  }
  const Status done = program->compile(flags.value());
  if (done) return NVVM_SUCCESS;
  program->say(done.error().message);
  log("nvvm", LogLevel::kError, "%s", program->log().c_str());
  return NVVM_ERROR_COMPILATION;
}

}  // namespace

const char* nvvmGetErrorString(nvvmResult result) {
  constexpr const char* kNames[] = {"NVVM_SUCCESS",
                                    "NVVM_ERROR_OUT_OF_MEMORY",
                                    "NVVM_ERROR_PROGRAM_CREATION_FAILURE",
                                    "NVVM_ERROR_IR_VERSION_MISMATCH",
                                    "NVVM_ERROR_INVALID_INPUT",
                                    "NVVM_ERROR_INVALID_PROGRAM",
                                    "NVVM_ERROR_INVALID_IR",
                                    "NVVM_ERROR_INVALID_OPTION",
                                    "NVVM_ERROR_NO_MODULE_IN_PROGRAM",
                                    "NVVM_ERROR_COMPILATION",
                                    "NVVM_ERROR_CANCELLED"};
  return unsigned(result) < std::size(kNames) ? kNames[result] : "NVVM_UNKNOWN_ERROR";
}

nvvmResult nvvmVersion(int* major, int* minor) {
  if (!major || !minor) return NVVM_ERROR_INVALID_INPUT;
  *major = 2;
  *minor = 0;
  return NVVM_SUCCESS;
}

nvvmResult nvvmIRVersion(int* major_ir, int* minor_ir, int* major_debug, int* minor_debug) {
  if (!major_ir || !minor_ir || !major_debug || !minor_debug) return NVVM_ERROR_INVALID_INPUT;
  *major_ir = 2;
  *minor_ir = 0;
  *major_debug = 3;
  *minor_debug = 1;
  return NVVM_SUCCESS;
}

// The dialect that users should write for this target: that of LLVM 7, as for every real one before
// Blackwell.
nvvmResult nvvmLLVMVersion(const char* arch, int* major) {
  if (!arch || !major) return NVVM_ERROR_INVALID_INPUT;
  *major = 7;
  return NVVM_SUCCESS;
}

nvvmResult nvvmCreateProgram(nvvmProgram* program) {
  if (!program) return NVVM_ERROR_INVALID_PROGRAM;
  *program = programs.make();
  return NVVM_SUCCESS;
}

nvvmResult nvvmDestroyProgram(nvvmProgram* program) {
  if (!program || !programs.destroy(*program)) return NVVM_ERROR_INVALID_PROGRAM;
  *program = nullptr;
  return NVVM_SUCCESS;
}

nvvmResult nvvmAddModuleToProgram(nvvmProgram program, const char* bytes, size_t size, const char* name) {
  return add_module(program, bytes, size, name, false);
}
nvvmResult nvvmLazyAddModuleToProgram(nvvmProgram program, const char* bytes, size_t size, const char* name) {
  return add_module(program, bytes, size, name, true);
}

nvvmResult nvvmVerifyProgram(nvvmProgram program, int count, const char** options) {
  return compile(program, count, options);
}
nvvmResult nvvmCompileProgram(nvvmProgram program, int count, const char** options) {
  return compile(program, count, options);
}

nvvmResult nvvmGetCompiledResultSize(nvvmProgram handle, size_t* size) {
  const Program* program = programs.find(handle);
  if (!program) return NVVM_ERROR_INVALID_PROGRAM;
  if (!size) return NVVM_ERROR_INVALID_INPUT;
  *size = program->result().size();
  return NVVM_SUCCESS;
}

nvvmResult nvvmGetCompiledResult(nvvmProgram handle, char* out) {
  const Program* program = programs.find(handle);
  if (!program) return NVVM_ERROR_INVALID_PROGRAM;
  if (!out) return NVVM_ERROR_INVALID_INPUT;
  std::memcpy(out, program->result().data(), program->result().size());
  return NVVM_SUCCESS;
}

nvvmResult nvvmGetProgramLogSize(nvvmProgram handle, size_t* size) {
  const Program* program = programs.find(handle);
  if (!program) return NVVM_ERROR_INVALID_PROGRAM;
  if (!size) return NVVM_ERROR_INVALID_INPUT;
  *size = program->log().size() + 1;
  return NVVM_SUCCESS;
}

nvvmResult nvvmGetProgramLog(nvvmProgram handle, char* out) {
  const Program* program = programs.find(handle);
  if (!program) return NVVM_ERROR_INVALID_PROGRAM;
  if (!out) return NVVM_ERROR_INVALID_INPUT;
  std::memcpy(out, program->log().c_str(), program->log().size() + 1);
  return NVVM_SUCCESS;
}

}  // namespace ppu::nvvm

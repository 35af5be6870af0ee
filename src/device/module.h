// Loaded code: a module is a PTX tree with its variables placed in a context's memory; its kernels are
// compiled when they are first launched, once for each block shape they are launched with.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "device/context.h"
#include "device/upgrade.h"
#include "exec/kernel_image.h"
#include "exec/kernel_job.h"
#include "ptx/profile_plan.h"
#include "ptx/ptx.h"
#include "ptx/tree.h"

namespace ppu::device {

class Module;
class Library;

/// JIT options of cuModuleLoadDataEx and cuLinkCreate: the log buffers; everything else is advice to a
/// compiler we don't have.
class JitLog {
 public:
  JitLog() = default;
  JitLog(unsigned count, const CUjit_option* options, void* const* values);
  /// Writes `text` to the error log, cut to its size, and its length to the size option.
  void error(const std::string& text);
  void info(const std::string& text);

 private:
  struct Buffer {
    char* text = nullptr;
    size_t room = 0;
    void** size = nullptr;  ///< the option value that receives the bytes used
  };
  static void write(Buffer& buffer, const std::string& text);
  Buffer info_, error_;
};

/// A kernel ready to run for one block shape (or any).
struct Executable {
  exec::KernelInfo info;
  std::unique_ptr<exec::LoadedKernel> code;  ///< null when interpreted
  std::shared_ptr<Upgrade> upgrade;          ///< of quick code that may be replaced; else null
  exec::InterpretedBlock interpreted = nullptr;
  std::shared_ptr<void> interpreter;
  std::vector<uint64_t> globals;
  bool checked = false;                       ///< it tells an exec::Checker what it does
  uint32_t call_stack_bytes = 0;              ///< what it was built for
  mutable std::atomic<uint32_t> block_ns{0};  ///< exec::KernelLaunch::block_ns
  std::unique_ptr<ptx::ProfilePlan> plan;     ///< what compiled code counts; null if it doesn't
  /// Where blocks begin now; null when interpreted.
  exec::BlockFunction entry() const;
  /// Words that a thread counts in; 0: doesn't count.
  size_t counter_words() const;
  exec::Counters counters(std::span<const uint64_t> words) const;
};

/// What CUfunction and CUkernel point to; the tag tells which. Live ones are known, so that a stale or
/// foreign handle is refused, not followed.
struct Launchable {
  enum class Tag : uint8_t { kFunction, kKernel } tag;
  explicit Launchable(Tag t);
  ~Launchable();
  Launchable(const Launchable&) = delete;
  Launchable& operator=(const Launchable&) = delete;
  static bool is_live(const Launchable* launchable);
};

/// A kernel in a module of a context: CUfunction.
/// What the next launch of a function will be, for programs that set it call by call (cuFuncSetBlockShape,
/// cuParamSetv, …, cuLaunchGrid).
struct PreparedLaunch {
  std::mutex mutex;
  uint32_t block[3] = {1, 1, 1}, shared_bytes = 0;
  std::vector<std::byte> params;
};

class Function : public Launchable {
 public:
  Function(Module& module, const ptx::Function& entry);
  const std::string& name() const { return entry_.name; }
  Module& module() const { return module_; }
  const ptx::Function& entry() const { return entry_; }
  const ptx::ParamLayout& params() const { return params_; }
  /// Of the parameters: where kernels may get addresses from.
  const std::vector<uint32_t>& pointer_words() {
    std::call_once(pointer_words_known_, [this] { pointer_words_ = ptx::pointer_words(entry_); });
    return pointer_words_;
  }
  /// Code for this block shape, compiled if need be. Null with *result set when it can't be had.
  const Executable* executable(const uint32_t block[3], CUresult* result);
  /// The same, built to be checked.
  const Executable* checked_executable(const uint32_t block[3], CUresult* result);
  CUresult get_attribute(CUfunction_attribute attribute, int* value) const;
  CUresult set_attribute(CUfunction_attribute attribute, int value);
  /// .local memory of a thread for functions that aren't inlined: what the context's limit says.
  uint32_t call_stack_bytes() const;
  size_t static_shared_bytes() const { return static_shared_; }
  int max_threads() const { return max_threads_; }
  int registers() const { return registers_; }
  size_t max_dynamic_shared() const { return size_t(max_dynamic_shared_); }
  bool loaded() const { return loaded_; }
  /// cuFuncLoad: its variables are in place since its module was made; code follows at the first launch.
  void load() { loaded_ = true; }
  PreparedLaunch prepared;

 private:
  struct Builds {
    std::vector<std::unique_ptr<Executable>> all;
    bool generic_failed = false;
  };
  const Executable* find(const Builds& builds, const uint32_t block[3]) const;
  /// Under the lock.
  const Executable* build(Builds& builds, const uint32_t block[3], bool check, CUresult* result);
  Module& module_;
  const ptx::Function& entry_;
  ptx::ParamLayout params_;
  std::once_flag pointer_words_known_;
  std::vector<uint32_t> pointer_words_;
  mutable std::once_flag calls_known_;
  mutable bool calls_ = false;  ///< other functions
  size_t static_shared_ = 0, local_bytes_ = 0;
  int max_threads_ = 1024, registers_ = 32;
  int max_dynamic_shared_ = 48 << 10, carveout_ = -1;
  std::mutex mutex_;
  Builds plain_, checked_;
  std::atomic<const Executable*> last_{nullptr};  ///< the one used last, tried first
  std::atomic<bool> loaded_{false};
};

class Module {
 public:
  /// Places the tree's variables and takes note of its kernels. CUDA_ERROR_OUT_OF_MEMORY.
  static CUresult create(Context& context, std::shared_ptr<const ptx::Module> tree, Module** module);
  static void destroy(Module* module);
  /// Handles may be stale: a module ends by itself, with its library or with its context.
  static bool is_live(const Module* module);

  Context& context() const { return context_; }
  /// An instance of a library: it can't be unloaded alone.
  bool of_library = false;
  const ptx::Module& tree() const { return *tree_; }
  const std::shared_ptr<const ptx::Module>& shared_tree() const { return tree_; }
  /// Null when the module has no kernel of that name.
  Function* function(const std::string& name);
  std::vector<Function*> functions();
  struct Global {
    uint64_t address = 0;
    size_t bytes = 0;
    bool managed = false;
  };
  const Global* global(const std::string& name) const;
  /// The variable that holds `address`; the nearest one that starts at or before it.
  const Global* global_at(uint64_t address) const;
  const Global* global_below(uint64_t address) const;
  std::string name_of(const Global& global) const;
  /// True if the module's variables lie in the allocation that starts at `address`.
  bool owns_arena(uint64_t address) const;
  /// Address of a variable, or id of a function, as kernels see it; 0 if unknown.
  uint64_t symbol_value(const std::string& name) const;

 private:
  Module(Context& context, std::shared_ptr<const ptx::Module> tree);
  ~Module();
  CUresult place_variables();
  void initialise(const ptx::Variable& v);
  Context& context_;
  std::shared_ptr<const ptx::Module> tree_;
  std::map<std::string, Global> globals_;
  std::map<std::string, int32_t> function_index_;
  std::vector<uint64_t> arenas_;
  std::map<std::string, std::unique_ptr<Function>> functions_;
};

/// A kernel of a library, the same for all contexts: CUkernel.
class Kernel : public Launchable {
 public:
  Kernel(Library& library, const ptx::Function& entry)
      : Launchable(Tag::kKernel), library_(library), entry_(entry) {}
  Library& library() const { return library_; }
  const std::string& name() const { return entry_.name; }
  const ptx::Function& entry() const { return entry_; }
  /// The function in `context`'s instance of the library; null with *result set on failure.
  Function* function(Context& context, CUresult* result);

 private:
  Library& library_;
  const ptx::Function& entry_;
};

/// Code that isn't bound to a context: CUlibrary. A context gets its instance at first use.
class Library {
 public:
  explicit Library(std::shared_ptr<const ptx::Module> tree);
  /// Instances in contexts that still live are destroyed.
  ~Library();
  Kernel* kernel(const std::string& name);
  std::vector<Kernel*> kernels();
  /// Waits for the contexts that may be running its kernels.
  void synchronize();
  /// This library's module in `context`; null with *result set on failure.
  Module* module(Context& context, CUresult* result);

 private:
  std::shared_ptr<const ptx::Module> tree_;
  std::map<std::string, std::unique_ptr<Kernel>> kernels_;
  std::mutex mutex_;
  struct Instance {
    Context* context;
    uint64_t context_id;
    Module* module;
  };
  std::vector<Instance> instances_;
};

/// Reads what `image` points to (PTX text, fatbin, cubin) into a tree. CUDA_ERROR_INVALID_IMAGE, INVALID_PTX,
/// NO_BINARY_FOR_GPU, NOT_SUPPORTED; the reason goes to `log` and to stderr.
CUresult load_image(const Device& device, const void* image, JitLog& log,
                    std::shared_ptr<const ptx::Module>* tree);
/// The same for a file. CUDA_ERROR_FILE_NOT_FOUND.
CUresult load_file(const Device& device, const std::string& path, JitLog& log,
                   std::shared_ptr<const ptx::Module>* tree);

/// Parses and, if there are several, links PTX texts.
struct NamedText {
  std::string text, name;
};
CUresult parse_texts(std::span<const NamedText> texts, JitLog& log, std::shared_ptr<const ptx::Module>* tree);

/// Resolves a CUfunction or CUkernel handle for launching in `context`.
Function* function_of(CUfunction handle, Context& context, CUresult* result);

}  // namespace ppu::device

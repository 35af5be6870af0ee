// ppucc's command line. A table says for each nvcc flag whether it takes a value and where it goes; flags it
// doesn't know go to clang in both passes, so clang reports what is really wrong.
#include "options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <sstream>

namespace ppu::ppucc {
namespace {

/// What clang 19 knows. PTX for one runs on all later ones (CUDA C++ guide, "PTX Compatibility"), so each
/// also stands for those between it and the next.
constexpr unsigned kArchs[] = {50, 52, 53, 60, 61, 62, 70, 72, 75, 80, 86, 87, 89, 90};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

bool starts_with(const std::string& text, const char* prefix) {
  return text.rfind(prefix, 0) == 0;
}

/// "sm_80", "compute_90a", "80", "native" -> a compute capability. 0 when it is none.
unsigned parse_arch(const std::string& text) {
  if (text == "native" || text == "all" || text == "all-major") return 80;
  size_t digits = text.find_first_of("0123456789");
  if (digits == std::string::npos) return 0;
  const unsigned arch = unsigned(std::strtoul(text.c_str() + digits, nullptr, 10));
  const auto* next = std::upper_bound(std::begin(kArchs), std::end(kArchs), arch);
  return next == std::begin(kArchs) ? 0 : next[-1];
}

class Parser {
 public:
  explicit Parser(const std::vector<std::string>& args) : args_(args) { fill_tables(); }

  Result<Options> parse() {
    for (at_ = 0; at_ < args_.size(); ++at_) {
      if (Status status = one(args_[at_]); !status) return status.error();
    }
    std::sort(options_.archs.begin(), options_.archs.end());
    options_.archs.erase(std::unique(options_.archs.begin(), options_.archs.end()), options_.archs.end());
    if (options_.archs.empty()) options_.archs.push_back(80);
    return options_;
  }

 private:
  using Action = std::function<Status(const std::string& value)>;

  Status done() { return Unit{}; }

  Status add_arch(const std::string& text) {
    for (const std::string& one : split(text, ',')) {
      const unsigned arch = parse_arch(one);
      if (!arch) return bad_input("ppucc: unknown architecture '" + one + "'; expected sm_50 ... sm_90");
      options_.archs.push_back(arch);
    }
    return done();
  }
  /// -gencode arch=compute_80,code=sm_80 (or code=[sm_80,compute_80]): the virtual architecture counts.
  Status add_gencode(const std::string& text) {
    const std::string key = "arch=";
    if (!starts_with(text, key.c_str()))
      return bad_input("ppucc: -gencode expects arch=..., found '" + text + "'");
    return add_arch(text.substr(key.size(), text.find(',') - key.size()));
  }
  Status set_cudart(const std::string& text) {
    if (text == "shared" || text == "static" || text == "none") {
      options_.cudart = text == "shared"   ? Cudart::kShared
                        : text == "static" ? Cudart::kStatic
                                           : Cudart::kNone;
      return done();
    }
    return bad_input("ppucc: -cudart expects shared, static or none, found '" + text + "'");
  }
  Status set_release(const std::string& text) {
    if (text != "12" && text != "13")
      return bad_input("ppucc: --cuda-release expects 12 or 13, found '" + text + "'");
    options_.cuda_release = text == "13" ? 13 : 12;
    if (text == "13") options_.compile_flags.push_back("-DCUDART_VERSION=13000");
    return done();
  }
  Status append_split(std::vector<std::string>& flags, const std::string& text) {
    for (const std::string& flag : split(text, ',')) flags.push_back(flag);
    return done();
  }

  void fill_tables() {
    fill_switches();
    fill_values();
    fill_flags_with_values();
    fill_aliases();
  }

  void fill_switches() {
    Options& o = options_;
    const auto set = [](auto& field, auto value) { return [&field, value] { field = value; }; };
    const auto nothing = [] {};
    switches_ = {
        {"-c", set(o.goal, Goal::kObject)},
        {"-ptx", set(o.goal, Goal::kPtx)},
        {"-fatbin", set(o.goal, Goal::kFatbin)},
        {"-E", set(o.goal, Goal::kPreprocess)},
        {"-dc", [&o] { o.goal = Goal::kObject, o.relocatable = true; }},
        {"-v", set(o.verbose, true)},
        {"-dryrun", [&o] { o.verbose = o.dry_run = true; }},
        {"-keep", set(o.keep, true)},
        {"-save-temps", set(o.keep, true)},
        {"-help", set(o.help, true)},
        {"-h", set(o.help, true)},
        {"-version", set(o.version, true)},
        {"-V", set(o.version, true)},
        {"-g", [&o] { o.host_flags.push_back("-g"); }},
        {"-G", nothing},
        {"-shared",
         [&o] {
           o.link_flags.push_back("-shared");
           o.host_flags.push_back("-fPIC");
         }},
        {"-use_fast_math", [&o] {
           for (const char* flag : {"-fgpu-approx-transcendentals", "-fgpu-flush-denormals-to-zero", "-mllvm",
                                    "-nvptx-prec-divf32=0", "-mllvm", "-nvptx-prec-sqrtf32=0"})
             o.device_flags.push_back(flag);
         }}};
    for (const char* ignored :
         {"-lineinfo", "-expt-relaxed-constexpr", "-expt-extended-lambda", "-extended-lambda", "-restrict",
          "-m64", "-dlto", "-res-usage", "-no-align-double", "-forward-unknown-to-host-compiler",
          "-allow-unsupported-compiler", "-display-error-number", "-no-display-error-number"})
      switches_[ignored] = nothing;
  }

  void fill_values() {
    Options& o = options_;
    const auto take = [this](std::vector<std::string>& flags) {
      return [this, &flags](const std::string& value) { return append_split(flags, value); };
    };
    values_ = {
        {"-o", [this](const std::string& v) { return options_.output = v, done(); }},
        {"-arch", [this](const std::string& v) { return add_arch(v); }},
        {"-gencode", [this](const std::string& v) { return add_gencode(v); }},
        {"-link-if-used",
         [this](const std::string& v) { return options_.link_if_used.push_back(v), done(); }},
        {"-cuda-release", [this](const std::string& v) { return set_release(v); }},
        {"-cudart", [this](const std::string& v) { return set_cudart(v); }},
        {"-rdc", [this](const std::string& v) { return options_.relocatable = v == "true", done(); }},
        {"-std", [this](const std::string& v) { return options_.standard = "-std=" + v, done(); }},
        {"-x",
         [this](const std::string& v) { return options_.treat_as_cuda = v == "cu" || v == "cuda", done(); }},
        {"-Xcompiler", take(o.host_flags)},
        {"-Xlinker",
         [this](const std::string& v) {
           for (const std::string& flag : split(v, ',')) {
             options_.link_flags.push_back("-Xlinker");
             options_.link_flags.push_back(flag);
           }
           return done();
         }},
        {"-fmad",
         [this](const std::string& v) {
           if (v == "false") options_.device_flags.push_back("-ffp-contract=off");
           return done();
         }},
        {"-ftz",
         [this](const std::string& v) {
           if (v == "true") options_.device_flags.push_back("-fgpu-flush-denormals-to-zero");
           return done();
         }},
        {"-default-stream", [this](const std::string& v) {
           if (v == "per-thread") {
             options_.compile_flags.push_back("-DCUDA_API_PER_THREAD_DEFAULT_STREAM=1");
             // Clang's driver hands the flag on for HIP only.
             options_.host_flags.insert(options_.host_flags.end(),
                                        {"-Xclang", "-fgpu-default-stream=per-thread"});
           }
           return done();
         }}};
  }

  /// Values that are ignored, and those that keep their flag's name for clang or the linker.
  void fill_flags_with_values() {
    const auto ignore = [this](const std::string&) { return done(); };
    for (const char* ignored : {"-code", "-Xptxas", "-Xnvlink", "-Xfatbin", "-maxrregcount", "-ccbin",
                                "-diag-suppress", "-diag-error", "-threads", "-t", "-prec-div", "-prec-sqrt",
                                "-odir", "-split-compile", "-compress-mode"})
      values_[ignored] = ignore;
    for (const char* flag : {"-I", "-D", "-U", "-include", "-isystem", "-iquote", "-idirafter"})
      values_[flag] = [this, flag](const std::string& v) {
        options_.compile_flags.push_back(flag);
        options_.compile_flags.push_back(v);
        return done();
      };
    for (const char* flag : {"-MF", "-MT", "-MQ"})
      values_[flag] = [this, flag](const std::string& v) {
        options_.host_flags.push_back(flag);
        options_.host_flags.push_back(v);
        return done();
      };
    for (const char* flag : {"-L", "-l"})
      values_[flag] = [this, flag](const std::string& v) {
        return options_.link_flags.push_back(flag + v), done();
      };
  }

  void fill_aliases() {
    aliases_ = {{"-compile", "-c"},
                {"-output-file", "-o"},
                {"-gpu-architecture", "-arch"},
                {"-generate-code", "-gencode"},
                {"-gpu-code", "-code"},
                {"-compiler-options", "-Xcompiler"},
                {"-linker-options", "-Xlinker"},
                {"-ptxas-options", "-Xptxas"},
                {"-relocatable-device-code", "-rdc"},
                {"-device-c", "-dc"},
                {"-include-path", "-I"},
                {"-define-macro", "-D"},
                {"-undefine-macro", "-U"},
                {"-library", "-l"},
                {"-library-path", "-L"},
                {"-debug", "-g"},
                {"-device-debug", "-G"},
                {"-generate-line-info", "-lineinfo"},
                {"-verbose", "-v"},
                {"-compiler-bindir", "-ccbin"},
                {"-preprocess", "-E"},
                {"-pre-include", "-include"},
                {"-system-include", "-isystem"},
                {"-output-directory", "-odir"},
                {"-preserve-relocs", "-restrict"}};
  }

  /// --name and -name are the same flag to nvcc; one spelling here.
  std::string canonical(const std::string& name) const {
    std::string flag = starts_with(name, "--") ? name.substr(1) : name;
    const auto alias = aliases_.find(flag);
    return alias == aliases_.end() ? flag : alias->second;
  }

  Status one(const std::string& arg) {
    if (arg.size() < 2 || arg[0] != '-') {
      options_.inputs.push_back(arg);
      options_.link_flags.push_back(
          arg);  // its place among the libraries; sources are replaced by their objects
      return done();
    }
    const size_t equals = arg.find('=');
    const std::string name = canonical(arg.substr(0, equals));
    if (equals == std::string::npos) {
      if (const auto found = switches_.find(name); found != switches_.end()) return found->second(), done();
    }
    if (const auto found = values_.find(name); found != values_.end() && name != "-D") {
      if (equals != std::string::npos) return found->second(arg.substr(equals + 1));
      return with_next(arg, found->second);
    }
    return glued_or_passed_on(arg);
  }

  Status with_next(const std::string& arg, const Action& action) {
    if (at_ + 1 >= args_.size()) return bad_input("ppucc: " + arg + " expects a value");
    return action(args_[++at_]);
  }

  /// nvcc's -Werror takes kinds (all-warnings, ...); clang's stands alone.
  Status set_werror(const std::string& arg) {
    const bool has_kind = arg.find('=') != std::string::npos;
    if (!has_kind && at_ + 1 < args_.size()) {
      const std::string& next = args_[at_ + 1];
      for (const char* kind :
           {"all-warnings", "cross-execution-space-call", "reorder", "deprecated-declarations"})
        if (starts_with(next, kind)) ++at_;
    }
    options_.compile_flags.push_back("-Werror");
    return done();
  }

  /// -Ipath, -DNAME=1, -lm, -O3, and everything that is clang's own business.
  Status glued_or_passed_on(const std::string& arg) {
    if (arg == "-D") return with_next(arg, values_["-D"]);
    for (const char* flag : {"-include", "-isystem", "-I", "-D", "-U", "-L", "-l", "-o", "-t"}) {
      if (starts_with(arg, flag) && arg.size() > std::string(flag).size())
        return values_[flag](arg.substr(std::string(flag).size()));
    }
    if (arg == "-Werror" || starts_with(arg, "--Werror") || starts_with(arg, "-Werror=all"))
      return set_werror(arg);
    if (starts_with(arg, "-O")) return options_.optimisation = arg, done();
    if (starts_with(arg, "-M")) return options_.host_flags.push_back(arg), done();
    if (starts_with(arg, "-Wl,") || starts_with(arg, "-pthread") || starts_with(arg, "-fsanitize")) {
      options_.link_flags.push_back(arg);
      if (!starts_with(arg, "-Wl,")) options_.host_flags.push_back(arg);
      return done();
    }
    if (starts_with(arg, "-march") || starts_with(arg, "-fopenmp") || starts_with(arg, "-fPIC") ||
        arg == "-fPIE") {
      options_.host_flags.push_back(arg);
      if (starts_with(arg, "-fopenmp")) options_.link_flags.push_back(arg);
      return done();
    }
    if (arg == "-cubin" || arg == "--cubin")
      return unsupported("ppucc: -cubin: there is no machine code for this device; use -fatbin or -ptx");
    options_.compile_flags.push_back(arg);
    return done();
  }

  const std::vector<std::string>& args_;
  size_t at_ = 0;
  Options options_;
  std::map<std::string, std::function<void()>> switches_;
  std::map<std::string, Action> values_;
  std::map<std::string, std::string> aliases_;
};

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& args) {
  return Parser(args).parse();
}

const char* help_text() {
  return "ppucc: CUDA C++ compiler driver of OpenPPU (clang 19; no NVIDIA file is used)\n"
         "  ppucc [options] a.cu b.cpp c.o ... -o prog\n"
         "  -c                 object files          -ptx      PTX text of each .cu\n"
         "  -fatbin            fat binary of each .cu -E       preprocess only\n"
         "  -o FILE            output                -O0..-O3  optimisation (-O2)\n"
         "  -arch=sm_80        target; -gencode arch=compute_80,code=sm_80 may be repeated\n"
         "  -I -D -U -include -isystem -std=c++20    as clang\n"
         "  -L -l -Xlinker a,b -Xcompiler a,b        for the host's linker and compiler\n"
         "  -rdc=true, -dc     relocatable device code (device functions across files)\n"
         "  -cudart shared|static|none               the runtime library (shared)\n"
         "  -use_fast_math -fmad=false -ftz=true     arithmetic of device code\n"
         "  --default-stream per-thread              the default stream of each thread\n"
         "  -keep              leave the PTX beside the output\n"
         "  -v, --dryrun       print the commands; --version, --help\n"
         "Other flags go to clang. nvcc flags with no meaning here (-Xptxas, -lineinfo, ...) are accepted.\n";
}

}  // namespace ppu::ppucc

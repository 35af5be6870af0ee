// One walk over the options for both compilers: a name in one spelling and its value, however written
// (--name=value, --name value in one text or two, -Ivalue).
#include "libs/nvrtc/options.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <map>

namespace ppu::nvrtc {
namespace {

struct Option {
  std::string name;   ///< short spelling, one dash: -arch, -I, -D ...
  std::string value;  ///< empty when there is none
  bool has_value = false;
  std::vector<std::string> texts;  ///< as it was given
};

/// Long names and their short ones. Those that have one spelling are not here.
const std::map<std::string, std::string>& short_names() {
  static const std::map<std::string, std::string> names = {
      {"-gpu-architecture", "-arch"},
      {"-device-c", "-dc"},
      {"-device-w", "-dw"},
      {"-relocatable-device-code", "-rdc"},
      {"-extensible-whole-program", "-ewp"},
      {"-device-debug", "-G"},
      {"-generate-line-info", "-lineinfo"},
      {"-dopt", "-dopt"},
      {"-ptxas-options", "-Xptxas"},
      {"-define-macro", "-D"},
      {"-undefine-macro", "-U"},
      {"-include-path", "-I"},
      {"-pre-include", "-include"},
      {"-no-source-include", "-no-source-include"},
      {"-disable-warnings", "-w"},
      {"-device-as-default-execution-space", "-default-device"},
      {"-dlink-time-opt", "-dlto"},
      {"-gen-opt-lto", "-gen-opt-lto"},
      {"-optix-ir", "-optix-ir"},
      {"-display-error-number", "-err-no"},
      {"-no-display-error-number", "-no-err-no"},
      {"-diag-error", "-diag-error"},
      {"-diag-suppress", "-diag-suppress"},
      {"-diag-warn", "-diag-warn"},
      {"-fdevice-time-trace", "-fdevice-time-trace"},
      {"-restrict", "-restrict"},
      {"-time", "-time"},
      {"-version-ident", "-dQ"},
      {"-split-compile", "-split-compile"},
      {"-frandom-seed", "-frandom-seed"},
      {"-jump-table-density", "-jtd"},
      {"-pch-dir", "-pch-dir"},
      {"-brief-diagnostics", "-brief-diag"},
      {"-device-int128", "-device-int128"},
      {"-device-float128", "-device-float128"},
      {"-minimal", "-minimal"},
      {"-optimization-info", "-opt-info"}};
  return names;
}

bool one_of(const std::string& text, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return text == name; });
}

/// Options whose value may be the next text.
bool takes_value(const std::string& name) {
  return one_of(name, {"-arch",
                       "-I",
                       "-D",
                       "-U",
                       "-include",
                       "-rdc",
                       "-std",
                       "-maxrregcount",
                       "-Xptxas",
                       "-ftz",
                       "-prec-sqrt",
                       "-prec-div",
                       "-fmad",
                       "-diag-error",
                       "-diag-suppress",
                       "-diag-warn",
                       "-builtin-move-forward",
                       "-builtin-initializer-list",
                       "-fdevice-time-trace",
                       "-time",
                       "-opt-info",
                       "-split-compile",
                       "-create-pch",
                       "-use-pch",
                       "-pch-dir",
                       "-pch-messages",
                       "-pch-verbose",
                       "-instantiate-templates-in-pch",
                       "-frandom-seed",
                       "-jtd",
                       "-dopt",
                       "-brief-diag"});
}

/// Those among them that are never without one, so that it may look like an option (-Xptxas -O1).
bool needs_value(const std::string& name) {
  return one_of(name, {"-arch", "-I", "-D", "-U", "-include", "-std", "-maxrregcount", "-Xptxas"});
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\n"), last = text.find_last_not_of(" \t\n");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::string canonical(const std::string& name) {
  const std::string one_dash = name.rfind("--", 0) == 0 ? name.substr(1) : name;
  const auto found = short_names().find(one_dash);
  return found == short_names().end() ? one_dash : found->second;
}

std::vector<Option> read(const std::vector<std::string>& texts) {
  std::vector<Option> options;
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string text = trimmed(texts[i]);
    Option option;
    option.texts.push_back(texts[i]);
    for (const char* glued : {"-I", "-D", "-U"}) {
      if (text.rfind(glued, 0) != 0 || text.size() == 2) continue;
      option.name = glued;
      option.value = trimmed(text.substr(text[2] == '=' ? 3 : 2));
      option.has_value = true;
    }
    if (option.name.empty()) {
      const size_t end = text.find_first_of("= \t");
      option.name = canonical(text.substr(0, end));
      if (end != std::string::npos) {
        option.value = trimmed(text.substr(end + 1));
        option.has_value = true;
      } else if (takes_value(option.name) && i + 1 < texts.size() &&
                 (needs_value(option.name) || texts[i + 1].empty() || texts[i + 1][0] != '-')) {
        option.value = trimmed(texts[++i]);
        option.texts.push_back(texts[i]);
        option.has_value = true;
      }
    }
    if (!text.empty()) options.push_back(option);
  }
  return options;
}

bool makes_lto(const std::string& name) {
  return name == "-dlto" || name == "-gen-opt-lto";
}

Error no_optix(const Option& option) {
  return unsupported(option.texts[0] + ": OptiX IR can't run on this device; ask for PTX");
}

/// The digits of sm_90a or compute_90; 0 when it is neither.
unsigned capability(const std::string& arch) {
  const size_t digits = arch.rfind("sm_", 0) == 0 ? 3 : arch.rfind("compute_", 0) == 0 ? 8 : arch.size();
  unsigned number = 0;
  for (size_t i = digits; i < arch.size() && std::isdigit((unsigned char)arch[i]); ++i)
    number = number * 10 + unsigned(arch[i] - '0');
  return number;
}

/// What changes nothing in the PTX that ppucc makes, or only its speed: accepted as NVRTC accepts it.
bool means_nothing_to_clang(const std::string& name) {
  return one_of(name, {"-ewp",
                       "-lineinfo",
                       "-G",
                       "-dopt",
                       "-Xptxas",
                       "-maxrregcount",
                       "-prec-sqrt",
                       "-prec-div",
                       "-extra-device-vectorization",
                       "-modify-stack-limit",
                       "-builtin-move-forward",
                       "-builtin-initializer-list",
                       "-restrict",
                       "-err-no",
                       "-no-err-no",
                       "-diag-error",
                       "-diag-suppress",
                       "-diag-warn",
                       "-brief-diag",
                       "-time",
                       "-dQ",
                       "-split-compile",
                       "-frandom-seed",
                       "-jtd",
                       "-no-cache",
                       "-pch",
                       "-create-pch",
                       "-use-pch",
                       "-pch-dir",
                       "-pch-messages",
                       "-pch-verbose",
                       "-instantiate-templates-in-pch",
                       "-opt-info",
                       "-device-int128",
                       "-device-stack-protector",
                       "-minimal",
                       "-no-source-include",
                       "-arch-independent"});
}

Status add_for_clang(const Option& option, ClangOptions& out) {
  const auto add = [&out](std::string text) { out.arguments.push_back(std::move(text)); };
  const std::string& name = option.name;
  if (name == "-arch") {
    const unsigned number = capability(option.value);
    if (number < 50) return bad_input(option.texts[0] + ": unknown architecture '" + option.value + "'");
    add("-arch=sm_" + std::to_string(number));
  } else if (one_of(name, {"-I", "-U", "-include", "-D"})) {
    add(name);
    add(option.value);
  } else if (name == "-std") {
    add("-std=" + option.value);
  } else if (one_of(name, {"-fmad", "-ftz"})) {
    add(name + "=" + option.value);
  } else if (name == "-use_fast_math") {
    add(name);
  } else if (name == "-rdc") {
    add("-rdc=" + option.value);
  } else if (name == "-dc") {
    add("-rdc=true");
  } else if (name == "-dw") {
    add("-rdc=false");
  } else if (name == "-w") {
    add("-w");
  } else if (name == "-default-device") {
    out.default_device = true;
  } else if (makes_lto(name)) {
    out.dropped_lto = true;
    add("-rdc=true");
  } else if (name == "-optix-ir") {
    return no_optix(option);
  } else if (!means_nothing_to_clang(name)) {
    return bad_input("unrecognized option " + option.texts[0]);
  }
  return Unit{};
}

}  // namespace

Result<RealOptions> real_options(const std::vector<std::string>& options) {
  RealOptions out;
  for (const Option& option : read(options)) {
    if (option.name == "-optix-ir") return no_optix(option);
    if (makes_lto(option.name)) {
      if (!out.dropped_lto) out.options.push_back("-rdc=true");
      out.dropped_lto = true;
    } else if (option.name == "-arch" && option.value.rfind("sm_", 0) == 0) {
      out.options.push_back("--gpu-architecture=compute_" + option.value.substr(3));
    } else {
      out.options.insert(out.options.end(), option.texts.begin(), option.texts.end());
    }
  }
  if (out.dropped_lto) {  // NVRTC refuses an option that is there twice
    const auto is_rdc = [](const std::string& text) {
      const std::string name = canonical(text.substr(0, text.find('=')));
      return name == "-rdc" || name == "-dc";
    };
    if (std::count_if(out.options.begin(), out.options.end(), is_rdc) > 1)
      out.options.erase(std::find(out.options.begin(), out.options.end(), "-rdc=true"));
  }
  return out;
}

Result<ClangOptions> clang_options(const std::vector<std::string>& options) {
  ClangOptions out;
  for (const Option& option : read(options))
    if (Status status = add_for_clang(option, out); !status) return status.error();
  return out;
}

}  // namespace ppu::nvrtc

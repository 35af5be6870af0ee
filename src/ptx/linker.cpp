// Links the PTX pieces of a relocatable program (nvcc -rdc=true). Rules: PTX ISA, "Linking Directives".
#include <unordered_map>
#include <unordered_set>

#include "ptx/device_runtime.h"
#include "ptx/ptx.h"

namespace ppu::ptx {
namespace {

enum class Strength { kDeclared, kCommon, kWeak, kStrong };

Strength strength_of(const Variable& v) {
  if (v.is_extern) return Strength::kDeclared;
  return v.is_common ? Strength::kCommon : v.is_weak ? Strength::kWeak : Strength::kStrong;
}

Strength strength_of(const Function& f) {
  if (!f.has_body) return Strength::kDeclared;
  return f.is_weak ? Strength::kWeak : Strength::kStrong;
}

bool is_file_local(const Variable& v) {
  return !(v.is_extern || v.is_visible || v.is_weak || v.is_common);
}
bool is_file_local(const Function& f) {
  return !(f.is_extern || f.is_visible || f.is_weak);
}

/// Runtime functions that the device itself offers: they stay undefined.
bool is_builtin(const std::string& name) {
  static const std::unordered_set<std::string> kNames = {"vprintf", "malloc", "free", "__assertfail",
                                                         kDeviceCall};
  return kNames.contains(name);
}

using Renames = std::unordered_map<std::string, std::string>;

void rename(std::string& name, const Renames& renames) {
  const auto it = renames.find(name);
  if (it != renames.end()) name = it->second;
}

void rename(Operand& o, const Renames& renames) {
  if (o.kind == Operand::Kind::kSymbol) rename(o.symbol, renames);
  for (Operand& e : o.elements) rename(e, renames);
}

/// Function-scope names never hide module names (the parser sees to it), so one map serves all.
void rename(Function& f, const Renames& renames) {
  rename(f.name, renames);
  for (Variable& v : f.locals)
    for (Variable::Reloc& r : v.relocs) rename(r.symbol, renames);
  for (Instruction& in : f.body)
    for (Operand& o : in.operands) rename(o, renames);
}

class Linker {
 public:
  Result<Module> run(std::span<const Module> pieces) {
    for (const Module& piece : pieces) {
      for (const Variable& v : piece.variables)
        if (!is_file_local(v)) global_.insert(v.name);
      for (const Function& f : piece.functions)
        if (!is_file_local(f)) global_.insert(f.name);
    }
    for (size_t i = 0; i < pieces.size(); i++) {
      if (Status s = add(pieces[i], i); !s) return s.error();
    }
    if (needs_device_runtime(out_)) {
      Result<Module> runtime = parse(device_runtime_text(out_), "device runtime");
      if (!runtime) return runtime.error();
      if (Status s = add(*runtime, pieces.size()); !s) return s.error();
    }
    if (Status s = check_defined(); !s) return s.error();
    separate_locals();
    return std::move(out_);
  }

 private:
  /// File-local names that another piece also uses get a suffix.
  Renames local_names(const Module& piece, size_t number) {
    Renames renames;
    const auto consider = [&](const std::string& name, bool local) {
      if (!local || (!taken_.contains(name) && !global_.contains(name))) return;
      std::string to = name + "$" + std::to_string(number);
      while (taken_.contains(to) || global_.contains(to)) to += "_";
      renames[name] = to;
    };
    for (const Variable& v : piece.variables) consider(v.name, is_file_local(v));
    for (const Function& f : piece.functions) consider(f.name, is_file_local(f));
    for (const auto& [name, p] : piece.prototypes) consider(name, true);
    return renames;
  }

  Status add(const Module& source, size_t number) {
    Module piece = source;
    if (number == 0) {
      out_.name = piece.name;
      out_.target = piece.target;
    }
    const bool newer =
        piece.version_major > out_.version_major ||
        (piece.version_major == out_.version_major && piece.version_minor > out_.version_minor);
    if (newer) out_.version_major = piece.version_major, out_.version_minor = piece.version_minor;
    const uint32_t files_before = out_.files.empty() ? 0 : out_.files.rbegin()->first;
    for (const auto& [file, name] : piece.files) out_.files[files_before + file] = name;
    for (Function& f : piece.functions)
      for (SourceLines::Entry& e : f.source.entries) e.file += files_before;
    const Renames renames = local_names(piece, number);
    for (Variable& v : piece.variables) {
      rename(v.name, renames);
      for (Variable::Reloc& r : v.relocs) rename(r.symbol, renames);
      if (Status s = merge(std::move(v), piece.name); !s) return s;
    }
    for (Function& f : piece.functions) {
      rename(f, renames);
      if (Status s = merge(std::move(f), piece.name); !s) return s;
    }
    for (auto& [name, p] : piece.prototypes) {
      std::string to = name;
      rename(to, renames);
      p.name = to;
      taken_.insert(to);
      out_.prototypes.emplace(to, std::move(p));
    }
    for (auto& [name, target] : piece.aliases) {
      std::string to = target;
      rename(to, renames);
      taken_.insert(name);
      out_.aliases.emplace(name, to);
    }
    return Unit{};
  }

  /// Keeps the stronger of two definitions; two strong ones are an error.
  template <class T>
  Status merge_into(std::vector<T>& list, std::unordered_map<std::string, size_t>& index, T item,
                    const std::string& piece) {
    const auto it = index.find(item.name);
    if (it == index.end()) {
      taken_.insert(item.name);
      index.emplace(item.name, list.size());
      list.push_back(std::move(item));
      return Unit{};
    }
    T& old = list[it->second];
    const Strength before = strength_of(old), now = strength_of(item);
    if (before == Strength::kStrong && now == Strength::kStrong)
      return bad_input(piece + ": '" + item.name +
                       "' is already defined in another piece: expected one definition");
    if (now > before) old = std::move(item);
    return Unit{};
  }

  Status merge(Variable v, const std::string& piece) {
    if (functions_.contains(v.name))
      return bad_input(piece + ": '" + v.name + "' is a function in another piece and a variable here");
    const auto it = variables_.find(v.name);
    if (it != variables_.end() && out_.variables[it->second].space != v.space)
      return bad_input(piece + ": '" + v.name + "' has another state space in another piece");
    // `extern .shared x[]` of several pieces is one block of memory; the largest alignment and size hold.
    if (it != variables_.end() && (v.is_extern || v.is_common)) {
      Variable& old = out_.variables[it->second];
      old.align = std::max(old.align, v.align);
      if (v.is_common && old.is_common && v.size() > old.size()) old.count = v.count;
    }
    return merge_into(out_.variables, variables_, std::move(v), piece);
  }

  Status merge(Function f, const std::string& piece) {
    if (variables_.contains(f.name))
      return bad_input(piece + ": '" + f.name + "' is a variable in another piece and a function here");
    const auto it = functions_.find(f.name);
    if (it != functions_.end()) {
      const Function& old = out_.functions[it->second];
      if (old.params.size() != f.params.size() || old.results.size() != f.results.size())
        return bad_input(piece + ": '" + f.name + "' has other parameters in another piece");
    }
    return merge_into(out_.functions, functions_, std::move(f), piece);
  }

  Status check_defined() const {
    for (const Variable& v : out_.variables) {
      const bool dynamic_shared = v.space == Space::kShared && v.is_extern;
      if (v.is_extern && !dynamic_shared)
        return bad_input("'" + v.name +
                         "' is declared .extern, and no piece defines it: add the file that does");
    }
    std::unordered_set<std::string> used;
    for (const Function& f : out_.functions)
      for (const Instruction& in : f.body)
        for (const Operand& o : in.operands)
          if (o.kind == Operand::Kind::kSymbol) used.insert(o.symbol);
    for (const Function& f : out_.functions) {
      if (!f.has_body && used.contains(f.name) && !is_builtin(f.name))
        return bad_input("'" + f.name + "' is called, and no piece defines it: add the file that does");
    }
    return Unit{};
  }

  /// A function's own names may equal a module name that came from another piece.
  void separate_locals() {
    for (Function& f : out_.functions) {
      Renames renames;
      for (std::vector<Variable>* list : {&f.locals, &f.params, &f.results})
        for (Variable& v : *list)
          if (taken_.contains(v.name)) {
            std::string to = v.name;
            do to += "$l";
            while (taken_.contains(to));
            renames[v.name] = to;
            v.name = to;
          }
      for (Register& r : f.registers) {
        rename(r.name, renames);
        while (taken_.contains(r.name)) r.name += "$l";
      }
      if (renames.empty()) continue;
      for (Instruction& in : f.body)
        for (size_t i = 0; i < in.operands.size(); i++)
          if (!(in.row == isa::kRow_call && i == 1)) rename(in.operands[i], renames);
    }
  }

  Module out_;
  std::unordered_map<std::string, size_t> variables_, functions_;
  std::unordered_set<std::string> taken_;   ///< all names of out_
  std::unordered_set<std::string> global_;  ///< names visible between pieces
};

}  // namespace

Result<Module> link(std::span<const Module> pieces) {
  if (pieces.empty()) return bad_input("expected at least one PTX piece to link");
  return Linker().run(pieces);
}

}  // namespace ppu::ptx

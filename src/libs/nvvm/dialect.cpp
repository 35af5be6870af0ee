// In IR text a `*` outside strings and comments only ever ends a pointer's type, so each is replaced together
// with the type before it. Text is copied from left to right; what a `*` refers to is at the end of what has
// been copied.
#include "libs/nvvm/dialect.h"

#include <array>
#include <cctype>

namespace ppu::nvvm {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '$' || c == '-';
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Finds where the type at the end of `text` begins.
class TypeStart {
 public:
  explicit TypeStart(std::string_view text) : text_(text), at_(text.size()) {}

  /// Leaves `address_space` as "addrspace(N)" or empty. npos when no type ends here.
  size_t find(std::string* address_space) {
    skip_space();
    if (ends_with_address_space(address_space)) skip_space();
    return type() ? at_ : std::string_view::npos;
  }

 private:
  void skip_space() {
    while (at_ && is_space(text_[at_ - 1])) --at_;
  }

  /// Moves before the bracket that matches the one just before `at_`. Quoted names may hold brackets.
  bool group() {
    size_t depth = 0;
    while (at_) {
      const char c = text_[--at_];
      if (c == '"') {
        while (at_ && text_[at_ - 1] != '"') --at_;
        if (at_) --at_;
      }
      depth += c == ')' || c == ']' || c == '}' || c == '>';
      depth -= c == '(' || c == '[' || c == '{' || c == '<';
      if (depth == 0) return true;
    }
    return false;
  }

  bool word() {
    const size_t end = at_;
    if (at_ && text_[at_ - 1] == '"') {
      --at_;
      while (at_ && text_[at_ - 1] != '"') --at_;
      if (at_) --at_;
    } else {
      while (at_ && is_word(text_[at_ - 1])) --at_;
    }
    if (at_ && text_[at_ - 1] == '%') --at_;
    return at_ != end;
  }

  bool ends_with_address_space(std::string* out) {
    const size_t end = at_;
    if (!at_ || text_[at_ - 1] != ')' || !group()) return false;
    constexpr std::string_view kWord = "addrspace";
    if (text_.substr(0, at_).ends_with(kWord)) {
      at_ -= kWord.size();
      *out = std::string(text_.substr(at_, end - at_));
      return true;
    }
    at_ = end;
    return false;
  }

  /// A function's type has its result's type before its parentheses, which may be a pointer already
  /// rewritten.
  bool type() {
    if (!at_) return false;
    const char last = text_[at_ - 1];
    if (last == ']' || last == '}' || last == '>') return group();
    if (last != ')') return word();
    std::string ignored;
    const bool pointer = ends_with_address_space(&ignored);
    if (!pointer && !group()) return false;
    skip_space();
    return pointer ? word() : type();
  }

  std::string_view text_;
  size_t at_;
};

struct Renamed {
  std::string_view nvvm, ours;
};
/// NVVM's intrinsics whose names or operands LLVM doesn't have.
constexpr std::array<Renamed, 4> kRenamed = {{
    {"llvm.nvvm.shfl.sync.i32", "__ppu_nvvm_shfl_sync_i32"},
    {"llvm.nvvm.vote.sync", "__ppu_nvvm_vote_sync"},
    {"llvm.nvvm.match.all.sync.i32", "__ppu_nvvm_match_all_sync_i32"},
    {"llvm.nvvm.match.all.sync.i64", "__ppu_nvvm_match_all_sync_i64"},
}};

/// `name` is a global's, without '@' and quotes.
std::string_view renamed(std::string_view name) {
  for (const Renamed& one : kRenamed)
    if (name == one.nvvm) return one.ours;
  return name;
}

class Rewriter {
 public:
  explicit Rewriter(std::string_view text) : in_(text) {}

  std::string run() {
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (line_start_ && skip_target_line()) continue;
      line_start_ = c == '\n' || (line_start_ && is_space(c));
      if (c == ';')
        copy_until('\n');
      else if (c == '"')
        copy_quoted();
      else if (c == '@')
        copy_global();
      else if (c == '*')
        end_pointer();
      else
        out_ += in_[at_++];
    }
    return std::move(out_);
  }

 private:
  /// target datalayout = "…", target triple = "…"
  bool skip_target_line() {
    if (!in_.substr(at_).starts_with("target ")) return false;
    at_ = std::min(in_.find('\n', at_), in_.size());
    return true;
  }

  void copy_until(char end) {
    const size_t stop = std::min(in_.find(end, at_), in_.size());
    out_ += in_.substr(at_, stop - at_);
    at_ = stop;
  }

  void copy_quoted() {
    const size_t end = in_.find('"', at_ + 1);
    const size_t stop = end == std::string_view::npos ? in_.size() : end + 1;
    out_ += in_.substr(at_, stop - at_);
    at_ = stop;
  }

  void copy_global() {
    out_ += in_[at_++];
    const bool quoted = at_ < in_.size() && in_[at_] == '"';
    const size_t begin = at_ + quoted;
    size_t end = begin;
    if (quoted)
      end = std::min(in_.find('"', begin), in_.size());
    else
      while (end < in_.size() && is_word(in_[end])) ++end;
    const std::string_view name = in_.substr(begin, end - begin), ours = renamed(name);
    if (ours != name)
      out_ += ours;
    else
      out_ += in_.substr(at_, end + quoted - at_);
    at_ = std::min(end + quoted, in_.size());
  }

  void end_pointer() {
    ++at_;
    std::string space;
    const size_t start = TypeStart(out_).find(&space);
    if (start == std::string_view::npos) {
      out_ += '*';
      return;
    }
    out_.resize(start);
    out_ += space.empty() ? "ptr" : "ptr " + space;
  }

  std::string_view in_;
  size_t at_ = 0;
  bool line_start_ = true;
  std::string out_;
};

}  // namespace

bool is_bitcode(std::string_view module) {
  return module.starts_with("BC\xC0\xDE") || module.starts_with("\xDE\xC0\x17\x0B");
}

std::string modernised(std::string_view text) {
  return Rewriter(text).run();
}

}  // namespace ppu::nvvm

// The top of a PTX file: version, target, variables, functions (PTX ISA, "PTX Module Directives"), and
// parse().
#include <unordered_set>

#include "ptx/parser.h"
#include "ptx/ptx.h"

namespace ppu::ptx {

Parser::Parser(std::string_view text, std::string_view name) : lex_(text) {
  module_.name = std::string(name);
}

void Parser::fail(SourcePos pos, const std::string& message, bool unsupported) {
  throw ParseError{pos, message, unsupported};
}

void Parser::fail_expected(const std::string& expected) const {
  fail(lex_.peek().pos(), "expected " + expected + ", found " + describe(lex_.peek()));
}

void Parser::expect(char c, const char* where) {
  if (!lex_.peek().is(c)) fail_expected(std::string("'") + c + "' " + where);
  lex_.next();
}

bool Parser::accept(char c) {
  if (!lex_.peek().is(c)) return false;
  lex_.next();
  return true;
}

bool Parser::accept_directive(std::string_view d) {
  if (lex_.peek().kind != Token::Kind::kDirective || lex_.peek().text != d) return false;
  lex_.next();
  return true;
}

Token Parser::expect_word(const char* what) {
  if (lex_.peek().kind != Token::Kind::kWord) fail_expected(what);
  return lex_.next();
}

bool Parser::is_module_name(std::string_view name) const {
  const std::string s(name);
  return variable_index_.contains(s) || function_index_.contains(s) || module_.aliases.contains(s);
}

/// Of a variable of the function or the module; none of functions.
isa::Type Parser::type_of_variable(const std::string& name) const {
  for (const std::vector<Variable>* list : {&f_->locals, &f_->params, &f_->results})
    for (const Variable& v : *list)
      if (v.name == name) return v.type;
  const auto it = variable_index_.find(name);
  return it == variable_index_.end() ? isa::Type{} : module_.variables[size_t(it->second)].type;
}

void Parser::parse_header() {
  if (!accept_directive(".version")) fail_expected("'.version'");
  const Token version = lex_.peek();
  if (version.kind != Token::Kind::kFloat) fail_expected("a version such as 8.0");
  lex_.next();
  const size_t dot = version.text.find('.');
  const std::string major(version.text.substr(0, dot));
  const std::string minor(dot == version.text.npos ? "" : version.text.substr(dot + 1));
  if (major.empty() || minor.empty() || major.size() > 3 || minor.size() > 3 ||
      minor.find_first_not_of("0123456789") != minor.npos ||
      major.find_first_not_of("0123456789") != major.npos)
    fail(version.pos(), "expected a version such as 8.0, found " + describe(version));
  module_.version_major = std::stoi(major);
  module_.version_minor = std::stoi(minor);
  if (!accept_directive(".target")) fail_expected("'.target'");
  parse_target();
  if (!accept_directive(".address_size")) return;
  const Token where = lex_.peek();
  const uint64_t bits = parse_size("32 or 64");
  if (bits != 32 && bits != 64) fail(where.pos(), "expected 32 or 64, found " + describe(where));
  if (bits == 32)
    fail(where.pos(), "32-bit PTX isn't supported: expected .address_size 64 (nvcc -m64)", true);
  module_.address_size = int(bits);
}

/// `sm_80, debug`. Further .target directives may follow in the module; the last one counts.
void Parser::parse_target() {
  const Token target = expect_word("a target such as sm_80");
  if (!target.text.starts_with("sm_") && !target.text.starts_with("compute_"))
    fail(target.pos(), "expected a target such as sm_80, found " + describe(target));
  module_.target = std::string(target.text);
  while (accept(',')) expect_word("a target option");
}

Linkage Parser::parse_linkage() {
  Linkage l;
  for (;;) {
    if (accept_directive(".extern")) {
      l.is_extern = true;
    } else if (accept_directive(".visible")) {
      l.is_visible = true;
    } else if (accept_directive(".weak")) {
      l.is_weak = true;
    } else if (accept_directive(".common")) {
      l.is_common = true;
    } else {
      return l;
    }
  }
}

void Parser::parse_alias() {
  const Token name = expect_word("an alias name");
  if (!accept(',')) fail_expected("','");
  const Token target = expect_word("a function name");
  expect(';', "behind .alias");
  if (!function_index_.contains(std::string(target.text)))
    fail(target.pos(), "expected a declared function, found " + describe(target));
  module_.aliases[std::string(name.text)] = std::string(target.text);
}

void Parser::parse_top_level() {
  const Token t = lex_.peek();
  if (t.kind == Token::Kind::kWord && lex_.label_follows()) {
    lex_.next();
    lex_.next();
    if (!lex_.peek().is(".callprototype")) fail_expected("'.callprototype'");
    parse_prototype(t);
    return;
  }
  if (t.kind != Token::Kind::kDirective) fail_expected("a directive such as .visible or .entry");
  if (accept_directive(".pragma")) {
    while (lex_.peek().kind == Token::Kind::kString || lex_.peek().is(',')) lex_.next();
    expect(';', "behind .pragma");
    return;
  }
  if (accept_directive(".alias")) {
    parse_alias();
    return;
  }
  if (accept_directive(".target")) {
    parse_target();
    return;
  }
  const Linkage linkage = parse_linkage();
  if (accept_directive(".entry")) {
    parse_function(linkage, true);
    return;
  }
  if (accept_directive(".func")) {
    parse_function(linkage, false);
    return;
  }
  const uint32_t align = accept_directive(".align") ? parse_alignment() : 0;
  const auto space = space_of(lex_.peek().text);
  if (!space || *space == Space::kReg || *space == Space::kParam)
    fail_expected("'.entry', '.func' or a state space such as '.global'");
  lex_.next();
  std::vector<Variable> list = parse_variables(*space, linkage, false, align);
  expect(';', "behind a declaration");
  for (Variable& v : list) add_variable(std::move(v));
}

void Parser::add_variable(Variable v) {
  if (function_index_.contains(v.name))
    fail(v.pos, "expected a new name, found '" + v.name + "', a function");
  const auto it = variable_index_.find(v.name);
  if (it == variable_index_.end()) {
    variable_index_.emplace(v.name, int32_t(module_.variables.size()));
    module_.variables.push_back(std::move(v));
    return;
  }
  Variable& old = module_.variables[size_t(it->second)];
  if (old.space != v.space)
    fail(v.pos, "expected '" + v.name + "' in the state space of its first declaration");
  if (v.is_extern) return;
  if (!old.is_extern) fail(v.pos, "expected a new name, found '" + v.name + "' defined again");
  old = std::move(v);
}

void Parser::add_function(Function f) {
  if (variable_index_.contains(f.name))
    fail(f.pos, "expected a new name, found '" + f.name + "', a variable");
  const auto it = function_index_.find(f.name);
  if (it == function_index_.end()) {
    function_index_.emplace(f.name, int32_t(module_.functions.size()));
    module_.functions.push_back(std::move(f));
    return;
  }
  Function& old = module_.functions[size_t(it->second)];
  if (!f.has_body) return;
  if (old.has_body) fail(f.pos, "expected a new name, found '" + f.name + "' defined again");
  if (old.params.size() != f.params.size() || old.results.size() != f.results.size() ||
      old.is_entry != f.is_entry)
    fail(f.pos, "expected '" + f.name + "' to have the parameters of its first declaration");
  old = std::move(f);
}

void Parser::check_symbols() {
  const auto check = [&](const Variable& v) {
    for (const Variable::Reloc& r : v.relocs)
      if (!is_module_name(r.symbol))
        fail(v.pos,
             "expected a declared name, found '" + r.symbol + "' in the initialiser of '" + v.name + "'");
  };
  for (const Variable& v : module_.variables) check(v);
  for (const Function& f : module_.functions)
    for (const Variable& v : f.locals) check(v);
}

static void rename_symbol(Operand& o, const std::string& from, const std::string& to) {
  if (o.kind == Operand::Kind::kSymbol && o.symbol == from) o.symbol = to;
  for (Operand& e : o.elements) rename_symbol(e, from, to);
}

/// Gives a function's names that hide a module's name another one, so that a name means one thing everywhere.
void Parser::separate_names(Function& f) {
  std::unordered_set<std::string> used;
  const auto collect = [&](const std::string& name) { used.insert(name); };
  const auto fresh = [&](const std::string& name) {
    if (used.empty()) {
      for (const Register& r : f.registers) collect(r.name);
      for (const Variable& v : f.locals) collect(v.name);
      for (const Variable& v : f.params) collect(v.name);
      for (const Variable& v : f.results) collect(v.name);
    }
    std::string candidate;
    for (int n = 1;; n++) {
      candidate = name + "$" + std::to_string(n);
      if (!is_module_name(candidate) && used.insert(candidate).second) return candidate;
    }
  };
  for (Register& r : f.registers) {
    if (!is_module_name(r.name)) continue;
    const std::string to = fresh(r.name);
    for (std::vector<Variable>* list : {&f.params, &f.results})
      for (Variable& v : *list)
        if (v.name == r.name) v.name = to;
    r.name = to;
  }
  for (std::vector<Variable>* list : {&f.locals, &f.params, &f.results}) {
    for (Variable& v : *list) {
      if (!is_module_name(v.name)) continue;
      const std::string to = fresh(v.name);
      for (Instruction& in : f.body)
        for (size_t i = 0; i < in.operands.size(); i++) {
          const bool callee = in.row == isa::kRow_call && i == 1;
          if (!callee) rename_symbol(in.operands[i], v.name, to);
        }
      v.name = to;
    }
  }
}

Module Parser::parse_module() {
  parse_header();
  while (lex_.peek().kind != Token::Kind::kEnd) parse_top_level();
  check_symbols();
  for (Function& f : module_.functions) separate_names(f);
  module_.files = lex_.files();
  return std::move(module_);
}

Result<Module> parse(std::string_view text, std::string_view name) {
  try {
    return Parser(text, name).parse_module();
  } catch (const ParseError& e) {
    const std::string message = std::string(name) + ":" + std::to_string(e.pos.line) + ":" +
                                std::to_string(e.pos.column) + ": " + e.message;
    return e.unsupported ? unsupported(message) : bad_input(message);
  }
}

}  // namespace ppu::ptx

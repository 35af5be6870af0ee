// Functions: signature, performance directives, scopes, labels (PTX ISA, "Kernel and Function Directives",
// "Control Flow Directives"). Nested `{ }` are flattened: names declared in them are made unique in the
// function.
#include "ptx/parser.h"

namespace ppu::ptx {

std::string Parser::unique_name(std::string_view name, UsedNames& used) {
  std::string candidate(name);
  const auto [place, is_new] = used.try_emplace(candidate, 1);
  if (is_new) return candidate;
  // Inlined assembly declares the same few names in thousands of scopes: go on from the last number given.
  int& next = place->second;
  do candidate = std::string(name) + "$" + std::to_string(next++);
  while (!used.try_emplace(candidate, 1).second);
  return candidate;
}

int32_t Parser::new_register(std::string_view name, isa::Type type) {
  f_->registers.push_back({unique_name(name, used_names_), type});
  return int32_t(f_->registers.size()) - 1;
}

void Parser::open_scope() {
  scopes_.emplace_back();
  scopes_.back().parent = scope_;
  scope_ = int(scopes_.size()) - 1;
}

void Parser::close_scope() {
  scope_ = scopes_[scope_].parent;
}

std::vector<Variable> Parser::parse_parameter_list() {
  std::vector<Variable> list;
  expect('(', "before parameters");
  if (accept(')')) return list;
  for (;;) {
    const Token t = lex_.peek();
    const auto space = space_of(t.text);
    if (!space || (*space != Space::kParam && *space != Space::kReg)) fail_expected("'.param' or '.reg'");
    lex_.next();
    list.push_back(parse_variables(*space, {}, true)[0]);
    if (accept(')')) return list;
    if (!lex_.peek().is(',')) fail_expected("',' or ')' in a parameter list");
    lex_.next();
  }
}

void Parser::parse_signature(Function& f, bool is_prototype) {
  if (!f.is_entry && lex_.peek().is('(')) f.results = parse_parameter_list();
  const Token name = is_prototype ? expect_word("'_'") : expect_word("a function name");
  if (!is_prototype) f.name = std::string(name.text);
  f.pos = name.pos();
  if (lex_.peek().is('(')) f.params = parse_parameter_list();
  for (size_t i = 0; i + 1 < f.params.size(); i++) {
    if (f.params[i].is_array && f.params[i].count == 0)
      fail(f.params[i].pos, "expected a parameter of open length only at the end");
  }
}

void Parser::parse_performance_directives(Function& f) {
  const auto three = [&](uint32_t* out) {
    for (int i = 0; i < 3; i++) {
      const Token where = lex_.peek();
      const uint64_t n = parse_size("a number of threads");
      if (n == 0 || n > 0x7fffffff)
        fail(where.pos(), "expected a number of threads from 1, found " + describe(where));
      out[i] = uint32_t(n);
      if (i == 2 || !accept(',')) {
        for (int k = i + 1; k < 3; k++) out[k] = 1;
        return;
      }
    }
  };
  uint32_t ignored[3];
  while (lex_.peek().kind == Token::Kind::kDirective) {
    const Token t = lex_.next();
    if (t.text == ".maxntid") {
      three(f.maxntid);
    } else if (t.text == ".reqntid") {
      three(f.reqntid);
    } else if (t.text == ".reqnctapercluster") {
      three(ignored);
    } else if (t.text == ".minnctapersm") {
      f.minnctapersm = uint32_t(parse_size("a number of blocks"));
    } else if (t.text == ".maxnctapersm") {
      f.maxnctapersm = uint32_t(parse_size("a number of blocks"));
    } else if (t.text == ".maxnreg") {
      f.maxnreg = uint32_t(parse_size("a number of registers"));
    } else if (t.text == ".maxclusterrank" || t.text == ".abi_preserve" ||
               t.text == ".abi_preserve_control") {
      parse_size("a number");
    } else if (t.text == ".noreturn") {
      f.noreturn = true;
    } else if (t.text == ".explicitcluster" || t.text == ".blocksareclusters" || t.text == ".unified") {
      continue;
    } else if (t.text == ".pragma") {
      while (lex_.peek().kind == Token::Kind::kString || lex_.peek().is(',')) lex_.next();
      accept(';');
    } else if (t.text == ".attribute") {
      expect('(', "behind .attribute");
      for (int open = 1; open > 0;) {
        const Token a = lex_.next();
        if (a.kind == Token::Kind::kEnd) fail(a.pos(), "expected ')', found the end of the file");
        open += a.is('(') - a.is(')');
      }
    } else {
      fail(t.pos(), "expected a performance directive, '{' or ';', found " + describe(t));
    }
  }
}

void Parser::declare_parameters(std::vector<Variable>& list) {
  for (Variable& v : list) {
    if (v.name == "_") continue;
    if (scopes_[0].variables.contains(v.name) || scopes_[0].registers.contains(v.name))
      fail(v.pos, "expected a new parameter name, found '" + v.name + "' twice");
    if (v.space == Space::kReg) {
      scopes_[0].registers.emplace(v.name, new_register(v.name, v.type));
    } else {
      used_names_.try_emplace(v.name, 1);
      scopes_[0].variables.emplace(v.name, v.name);
    }
  }
}

void Parser::parse_function(const Linkage& linkage, bool is_entry) {
  lex_.forget_source();
  Function f;
  f.is_entry = is_entry;
  f.is_extern = linkage.is_extern;
  f.is_visible = linkage.is_visible;
  f.is_weak = linkage.is_weak;
  if (lex_.peek().is(".attribute")) {
    lex_.next();
    while (lex_.peek().kind != Token::Kind::kEnd && !lex_.peek().is(')')) lex_.next();
    accept(')');
    accept(')');
  }
  parse_signature(f, false);
  parse_performance_directives(f);
  if (accept(';')) {
    add_function(std::move(f));
    return;
  }
  if (!lex_.peek().is('{')) fail_expected("'{' or ';' behind a function's signature");
  f.has_body = true;
  // The function may call itself: its name must be known inside.
  if (!function_index_.contains(f.name)) {
    Function declared = f;
    declared.has_body = false;
    add_function(std::move(declared));
  }
  f_ = &f;
  scopes_.clear();
  scopes_.emplace_back();
  scope_ = 0;
  used_names_.clear();
  used_labels_.clear();
  label_uses_.clear();
  tables_.clear();
  declare_parameters(f.results);
  declare_parameters(f.params);
  lex_.next();
  parse_body();
  resolve_labels();
  f_ = nullptr;
  add_function(std::move(f));
}

void Parser::parse_body() {
  int open = 1;
  while (open > 0) {
    const Token& t = lex_.peek();
    if (t.kind == Token::Kind::kEnd) fail_expected("'}' at the end of function '" + f_->name + "'");
    if (t.is('{')) {
      if (++open > 1000) fail_expected("at most 1000 nested scopes");
      lex_.next();
      open_scope();
    } else if (t.is('}')) {
      open--;
      lex_.next();
      if (open > 0) close_scope();
    } else {
      parse_statement();
    }
  }
}

void Parser::parse_statement() {
  const Token& t = lex_.peek();
  if (t.is(';')) {
    lex_.next();
  } else if (t.kind == Token::Kind::kDirective) {
    parse_local_directive();
  } else if (t.kind == Token::Kind::kWord && lex_.label_follows()) {
    parse_label();
  } else if (t.kind == Token::Kind::kWord || t.is('@')) {
    parse_instruction();
  } else {
    fail_expected("an instruction, a label or a directive");
  }
}

void Parser::parse_local_directive() {
  const Token t = lex_.next();
  if (t.text == ".reg") {
    parse_registers();
    return;
  }
  if (t.text == ".pragma") {
    while (lex_.peek().kind == Token::Kind::kString || lex_.peek().is(',')) {
      const int32_t here = int32_t(f_->body.size());
      if (lex_.next().text == "\"nounroll\"" && (f_->nounroll.empty() || f_->nounroll.back() != here))
        f_->nounroll.push_back(here);
    }
    expect(';', "behind .pragma");
    return;
  }
  const auto space = space_of(t.text);
  if (!space) fail(t.pos(), "expected a directive that may stand in a function, found " + describe(t));
  std::vector<Variable> list = parse_variables(*space, {}, false);
  expect(';', "behind a declaration");
  Scope& scope = scopes_[scope_];
  for (Variable& v : list) {
    if (scope.variables.contains(v.name)) fail(v.pos, "expected a new name, found '" + v.name + "' again");
    const std::string unique = unique_name(v.name, used_names_);
    scope.variables.emplace(v.name, unique);
    v.name = unique;
    f_->locals.push_back(std::move(v));
  }
}

void Parser::parse_registers() {
  Variable proto;
  proto.space = Space::kReg;
  int vector_length = 1;
  parse_variable_prefix(proto, vector_length);
  for (;;) {
    const Token name = expect_word("a register name");
    Scope& scope = scopes_[scope_];
    if (accept('<')) {
      const int64_t count = parse_unary().as_integer();  // no operators: '>' ends the range
      if (count < 0 || count > 0x7fffffff) fail(name.pos(), "expected a number of registers from 0 to 2^31");
      expect('>', "behind a number of registers");
      scope.ranges.push_back({name.text, uint32_t(count), proto.type, vector_length, {}});
    } else if (scope.registers.contains(name.text) || scope.vectors.contains(name.text)) {
      fail(name.pos(), "expected a new register name, found '" + std::string(name.text) + "' again");
    } else if (vector_length > 1) {
      add_vector(scope, name.text, proto.type, vector_length);
    } else {
      scope.registers.emplace(name.text, new_register(name.text, proto.type));
    }
    if (accept(';')) return;
    if (!lex_.peek().is(',')) fail_expected("',' or ';' in a .reg declaration");
    lex_.next();
  }
}

void Parser::parse_label() {
  const Token name = lex_.next();
  lex_.next();  // ':'
  const Token t = lex_.peek();
  if (t.is(".branchtargets") || t.is(".calltargets")) {
    parse_table(name);
  } else if (t.is(".callprototype")) {
    parse_prototype(name);
  } else {
    if (!scopes_[scope_].labels.emplace(name.text, int32_t(f_->body.size())).second)
      fail(name.pos(), "expected a new label, found '" + std::string(name.text) + "' again");
    f_->labels.emplace(unique_name(name.text, used_labels_), int32_t(f_->body.size()));
  }
}

/// `name: .branchtargets L1, L2;` and `name: .calltargets f, g;`
void Parser::parse_table(const Token& label) {
  const bool branches = lex_.next().text == ".branchtargets";
  const std::string unique = unique_name(label.text, used_labels_);
  scopes_[scope_].tables[label.text] = unique;
  Operand table;
  table.kind = Operand::Kind::kTargets;
  table.symbol = unique;
  for (;;) {
    const Token t = expect_word(branches ? "a label" : "a function name");
    Operand target;
    if (branches) {
      target.kind = Operand::Kind::kLabel;
      label_uses_.push_back({-1, int32_t(table.elements.size()), unique, t.text, scope_, t.pos()});
    } else {
      if (!function_index_.contains(std::string(t.text)))
        fail(t.pos(), "expected a declared function, found " + describe(t));
      target = symbol_operand(std::string(t.text));
    }
    table.elements.push_back(std::move(target));
    if (accept(';')) break;
    if (!lex_.peek().is(',')) fail_expected("',' or ';' in a table of targets");
    lex_.next();
  }
  tables_.emplace(unique, std::move(table));
}

void Parser::parse_prototype(const Token& label) {
  lex_.next();
  Function p;
  parse_signature(p, true);
  parse_performance_directives(p);
  expect(';', "behind .callprototype");
  p.name = f_ ? unique_name(label.text, used_labels_) : std::string(label.text);
  if (f_) {
    scopes_[scope_].tables[label.text] = p.name;
    const std::string key = p.name;
    f_->prototypes.emplace(key, std::move(p));
  } else {
    const std::string key = p.name;
    module_.prototypes.emplace(key, std::move(p));
  }
}

void Parser::resolve_labels() {
  for (const LabelUse& use : label_uses_) {
    int32_t target = -1;
    const std::string* table = nullptr;
    for (int s = use.scope; s >= 0 && target < 0 && !table; s = scopes_[s].parent) {
      const auto it = scopes_[s].labels.find(use.name);
      if (it != scopes_[s].labels.end()) target = it->second;
      const auto t = scopes_[s].tables.find(use.name);
      if (t != scopes_[s].tables.end()) table = &t->second;
    }
    if (use.instruction < 0) {
      if (target < 0)
        fail(use.pos, "expected a label of this function, found '" + std::string(use.name) + "'");
      tables_[use.table].elements[size_t(use.operand)].index = target;
      continue;
    }
    Operand& operand = f_->body[size_t(use.instruction)].operands[size_t(use.operand)];
    if (operand.kind == Operand::Kind::kLabel && target >= 0) {
      operand.index = target;
    } else if (operand.kind == Operand::Kind::kTargets && table && tables_.contains(*table)) {
      operand.symbol = *table;  // filled in below, when all entries are known
    } else if (operand.kind == Operand::Kind::kTargets && table && f_->prototypes.contains(*table)) {
      operand = symbol_operand(*table);
    } else if (operand.kind == Operand::Kind::kTargets &&
               module_.prototypes.contains(std::string(use.name))) {
      operand = symbol_operand(std::string(use.name));
    } else {
      fail(use.pos, "expected a label of this function, found '" + std::string(use.name) + "'");
    }
  }
  for (const LabelUse& use : label_uses_) {
    if (use.instruction < 0) continue;
    Operand& operand = f_->body[size_t(use.instruction)].operands[size_t(use.operand)];
    if (operand.kind == Operand::Kind::kTargets) operand = tables_[operand.symbol];
  }
}

}  // namespace ppu::ptx

// The parser's state, shared by the files parse_*.cpp of this folder and seen by no one else.
// One pass over the tokens; labels are resolved at the end of a function, addresses in initialisers at the
// end of the module. Errors inside are thrown as ParseError and leave through parse().
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ptx/lexer.h"
#include "ptx/opcode.h"
#include "ptx/tree.h"

namespace ppu::ptx {

/// A constant expression's value: an integer, or the bits of a double (or float, if written as 0f...).
struct Constant {
  int64_t value = 0;
  bool is_float = false;
  bool is_double = false;
  double as_double() const;
  int64_t as_integer() const;
};

/// Names of one `{ }` of a function. Scope 0 is the function's own.
struct Scope {
  struct Range {  ///< `.reg .b32 %r<100>`: registers come into being when first used
    std::string_view prefix;
    uint32_t count = 0;
    isa::Type type;
    int vector_length = 1;
    std::vector<int32_t> indices;  ///< by number, -1 if not used yet; only as long as needed
  };
  int parent = -1;
  std::unordered_map<std::string_view, int32_t> registers;
  std::map<std::string, std::string, std::less<>> variables;           ///< to their unique names
  std::unordered_map<std::string_view, std::vector<int32_t>> vectors;  ///< `.reg .v4 .f32 v`
  std::unordered_map<std::string_view, int32_t> labels;                ///< to instruction indices
  std::unordered_map<std::string_view, std::string> tables;  ///< .branchtargets, .calltargets, prototypes
  std::vector<Range> ranges;
};

/// A use of a label, filled in when the function ends.
struct LabelUse {
  int32_t instruction;  ///< -1: in table `table`
  int32_t operand;      ///< operand of the instruction, or entry of the table
  std::string table;
  std::string_view name;
  int scope;
  SourcePos pos;
};

struct Linkage {
  bool is_extern = false, is_visible = false, is_weak = false, is_common = false;
};

/// `.b7531` or `.h20` behind an operand of a SIMD video instruction.
struct ElementChoice {
  bool bytes;
  int digits;
  int selector;  ///< a nibble a digit
};
std::optional<ElementChoice> element_choice(std::string_view directive);
/// Operand::part of such a choice; Operand::value is the selector, and above 32 bits the number of its
/// digits.
constexpr uint8_t kElements = 7;

/// Names given out in a function; of each, the number that the next one of its kind may end in.
using UsedNames = std::unordered_map<std::string, int>;

class Parser {
 public:
  Parser(std::string_view text, std::string_view name);
  Module parse_module();

 private:
  // parse_module.cpp
  void parse_header();
  void parse_top_level();
  Linkage parse_linkage();
  void parse_target();
  void parse_alias();
  void add_variable(Variable variable);
  void add_function(Function function);
  void check_symbols();
  void separate_names(Function& function);
  bool is_module_name(std::string_view name) const;
  isa::Type type_of_variable(const std::string& name) const;

  // parse_variable.cpp
  /// `single`: a parameter, which ends at the first ',' or ')'.
  std::vector<Variable> parse_variables(Space space, const Linkage& linkage, bool single, uint32_t align = 0);
  uint32_t parse_alignment();
  void parse_variable_prefix(Variable& v, int& vector_length);
  void parse_dimensions(Variable& v, std::vector<uint64_t>& dims);
  void parse_initializer(Variable& v, const std::vector<uint64_t>& dims);
  void parse_init_level(Variable& v, const std::vector<uint64_t>& dims, size_t level, uint64_t& element);
  void parse_init_element(Variable& v, uint64_t element);
  void put_element(Variable& v, uint64_t element, const Constant& c, const Token& where);
  void parse_opaque_fields(Variable& v);
  void parse_init_string(Variable& v, uint64_t& element);
  bool parse_init_address(Variable& v, uint64_t element, const Token* mask);
  std::optional<Space> space_of(std::string_view directive) const;

  // parse_function.cpp
  void parse_function(const Linkage& linkage, bool is_entry);
  void parse_signature(Function& f, bool is_prototype);
  std::vector<Variable> parse_parameter_list();
  void parse_performance_directives(Function& f);
  void parse_body();
  void parse_statement();
  void parse_local_directive();
  void parse_registers();
  void parse_label();
  void parse_table(const Token& label);
  void parse_prototype(const Token& label);
  void open_scope();
  void close_scope();
  void declare_parameters(std::vector<Variable>& list);
  void resolve_labels();
  int32_t new_register(std::string_view name, isa::Type type);
  std::string unique_name(std::string_view name, UsedNames& used);

  // parse_instruction.cpp
  void parse_instruction();
  void parse_guard(Instruction& in);
  void match_opcode(Instruction& in, const Token& opcode);
  void parse_operands(Instruction& in);
  void parse_call(Instruction& in);
  void take_alloca(Instruction& in, const Token& opcode);
  void take_indexed_addresses(Instruction& in);
  void split_vector_move(const Instruction& in, const Token& opcode);
  void parse_label_operand(Instruction& in);
  void check_operands(const Instruction& in, const Token& opcode);
  void check_operand(const Instruction& in, const Token& opcode, const Operand& operand, int index);
  std::string wrong_register_list(const Instruction& in, const Operand& o, int index) const;

  // video_parts.cpp
  bool split_video(const Instruction& in, const Token& opcode);
  bool merge_part(const Instruction& in, const Token& opcode);
  bool choose_elements(const Instruction& in, const Token& opcode);
  bool take_signs(const Instruction& in, const Token& opcode);
  void apply_mask(const Instruction& in, const Token& opcode, uint32_t mask, Operand (&sources)[2]);
  void append_like(const Instruction& like, const Token& token, const std::string& opcode,
                   std::vector<Operand> operands);
  Operand new_word();

  // parse_operand.cpp
  Operand parse_operand();
  Operand parse_word_operand();
  Operand parse_address();
  Operand parse_list(char close, Operand::Kind kind);
  Operand symbol_operand(std::string symbol);
  std::optional<Operand> reserved_shared(std::string_view name);
  int64_t parse_offset(const std::string& symbol = {});
  int32_t find_register(std::string_view name);
  const std::vector<int32_t>* find_vector(std::string_view name);
  const std::vector<int32_t>& add_vector(Scope& scope, std::string_view name, isa::Type type, int length);
  std::optional<Operand> special_operand(const std::string& name);
  const std::string* find_local(std::string_view name) const;

  // parse_constant.cpp
  Constant parse_constant(int min_precedence = 0);
  Constant parse_unary();
  std::string peek_operator() const;
  bool starts_constant() const;
  uint64_t parse_size(const char* what);

  // helpers
  [[noreturn]] void fail_expected(const std::string& expected) const;
  [[noreturn]] static void fail(SourcePos pos, const std::string& message, bool unsupported = false);
  void expect(char c, const char* where);
  bool accept(char c);
  bool accept_directive(std::string_view d);
  Token expect_word(const char* what);

  Lexer lex_;
  Module module_;
  OpcodeMatcher matcher_;
  std::unordered_map<std::string, int32_t> variable_index_, function_index_;

  // Of the function being read.
  Function* f_ = nullptr;
  std::vector<Scope> scopes_;
  int scope_ = 0;
  int depth_ = 0;  ///< of nested expressions and operands
  UsedNames used_names_, used_labels_;
  std::string_view opaque_;  ///< ".texref"... if the variable being declared is one
  std::vector<LabelUse> label_uses_;
  std::unordered_map<std::string, Operand> tables_;  ///< by unique name
};

}  // namespace ppu::ptx

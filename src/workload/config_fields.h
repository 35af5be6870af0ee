// Fields of a config.json, read with their synonyms; the first one that is missing or malformed is kept as
// the error. Private to the readers in this folder.
#pragma once
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"

namespace ppu::workload {

class ConfigFields {
 public:
  ConfigFields(const nlohmann::json& object, std::string where) : json_(object), where_(std::move(where)) {}

  /// A positive number under one of the names; when there is none, an error is kept and 1 is given.
  double need(std::initializer_list<const char*> names);
  /// The same, `otherwise` where it is missing or null.
  double get(std::initializer_list<const char*> names, double otherwise);
  bool flag(const char* name, bool otherwise) const;
  std::string text(std::initializer_list<const char*> names, const char* otherwise) const;
  std::vector<double> numbers(const char* name);
  std::vector<std::string> texts(const char* name) const;
  bool has(const char* name) const;
  const nlohmann::json& object() const { return json_; }
  const std::string& where() const { return where_; }

  void fail(const std::string& message);
  bool failed() const { return !message_.empty(); }
  Error error() const { return bad_input(message_); }

 private:
  const nlohmann::json* find(std::initializer_list<const char*> names) const;
  const nlohmann::json& json_;
  std::string where_;
  std::string message_;
};

/// Readers by kind of model; errors are kept in `fields`.
struct Transformer;
struct Model;
Transformer read_decoder(ConfigFields& fields, const std::string& type);
void read_bert(ConfigFields& fields, const std::string& type, Model& model);
void read_vit(ConfigFields& fields, const std::string& type, Model& model);
void read_whisper(ConfigFields& fields, const std::string& type, Model& model);
void read_t5(ConfigFields& fields, const std::string& type, Model& model);
void read_bart(ConfigFields& fields, const std::string& type, Model& model);

/// The readers of networks that aren't transformers (networks.cpp); false when `type` is none of them.
bool read_network(ConfigFields& fields, const std::string& type, Model& model);

}  // namespace ppu::workload

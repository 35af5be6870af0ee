// Reads the package list through apt-cache, whose format is paragraphs of "Field: value" with indented
// continuations.
#include "corpus.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>

#include "failure.h"
#include "hash.h"

namespace search {
namespace {

bool take_field(const std::string& line, const char* name, std::string& value) {
  const size_t length = std::char_traits<char>::length(name);
  if (line.compare(0, length, name) != 0) return false;
  size_t start = length;
  while (start < line.size() && line[start] == ' ') ++start;
  value = line.substr(start);
  return true;
}

/// One paragraph at a time: the package's name and the first description seen of it.
class PackageReader {
 public:
  void line(const std::string& line) {
    if (line.empty()) return finish();
    if (line[0] == ' ' && in_description_) {
      // " ." is an empty line of the long description.
      if (line != " .") text_ += line;
      return;
    }
    in_description_ = false;
    std::string value;
    if (take_field(line, "Package:", value)) name_ = value;
    if (text_.empty() &&
        (take_field(line, "Description:", value) || take_field(line, "Description-en:", value))) {
      text_ = value;
      in_description_ = true;
    }
  }
  void finish() {
    if (!name_.empty() && !text_.empty()) packages_.emplace(name_, text_);
    name_.clear();
    text_.clear();
    in_description_ = false;
  }
  std::map<std::string, std::string>& packages() { return packages_; }

 private:
  std::map<std::string, std::string> packages_;
  std::string name_, text_;
  bool in_description_ = false;
};

}  // namespace

std::vector<Document> read_packages(size_t limit) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen("apt-cache dumpavail 2>/dev/null", "r"), pclose);
  if (!pipe) throw Failure(kBadCorpus, "can't run apt-cache; give a text file with --corpus");
  PackageReader reader;
  std::string line;
  char chunk[1 << 16];
  while (std::fgets(chunk, sizeof chunk, pipe.get())) {
    line += chunk;
    if (line.back() != '\n') continue;
    line.pop_back();
    reader.line(line);
    line.clear();
  }
  reader.finish();
  const auto& packages = reader.packages();
  if (packages.empty())
    throw Failure(kBadCorpus,
                  "apt-cache lists no packages: run `apt-get update`, or give a text file with --corpus");
  const size_t wanted = limit && limit < packages.size() ? limit : packages.size();
  std::vector<Document> documents;
  size_t index = 0;
  for (const auto& [name, text] : packages) {
    // Package number index is taken when the count index * wanted / total steps up: evenly spread.
    if ((index + 1) * wanted / packages.size() > index * wanted / packages.size())
      documents.push_back({name, name + ": " + text});
    ++index;
  }
  return documents;
}

std::vector<Document> read_lines(const std::filesystem::path& path, size_t limit) {
  std::ifstream in(path);
  if (!in) throw Failure(kBadCorpus, "can't read " + path.string());
  std::vector<Document> documents;
  for (std::string line; std::getline(in, line);) {
    if (limit && documents.size() == limit) break;
    if (line.find_first_not_of(" \t\r") != std::string::npos) documents.push_back({"", line});
  }
  if (documents.empty()) throw Failure(kBadCorpus, path.string() + ": no document; one a line is expected");
  return documents;
}

uint64_t fingerprint(const std::vector<Document>& documents) {
  uint64_t hash = documents.size();
  for (const Document& document : documents)
    hash = fingerprint(document.text, fingerprint(document.title, hash));
  return hash;
}

}  // namespace search

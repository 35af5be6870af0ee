// A table of texts, printed in columns or as CSV. Not here: what is in the cells.
#pragma once
#include <string>
#include <vector>

namespace ppu::tools {

struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

/// Columns as wide as their widest cell, two blanks apart; the last one is not padded. Cells are UTF-8.
std::string as_text(const Table& table);
/// RFC 4180: quotes where they are needed.
std::string as_csv(const Table& table);
/// A table of Markdown.
std::string as_markdown(const Table& table);

}  // namespace ppu::tools

// See table.h.
#include "tools/ppu/table.h"

#include <algorithm>

namespace ppu::tools {
namespace {

/// Characters, not bytes: those that continue a UTF-8 sequence take no room.
size_t width(const std::string& cell) {
  return size_t(std::count_if(cell.begin(), cell.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string out;
  for (size_t i = 0; i < cells.size(); ++i) {
    out += (i ? "  " : "") + cells[i];
    if (i + 1 < cells.size()) out += std::string(widths[i] - width(cells[i]), ' ');
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out + "\n";
}

std::string csv_cell(const std::string& cell) {
  if (cell.find_first_of(",\"\n") == cell.npos) return cell;
  std::string out = "\"";
  for (const char c : cell) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string markdown_cell(const std::string& cell) {
  std::string out;
  for (const char c : cell) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

template <class Cell>
std::string joined(const std::vector<std::string>& cells, const char* between, const Cell& cell) {
  std::string out;
  for (size_t i = 0; i < cells.size(); ++i) out += (i ? between : "") + cell(cells[i]);
  return out;
}

}  // namespace

std::string as_text(const Table& table) {
  std::vector<size_t> widths(table.head.size());
  const auto measure = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], width(cells[i]));
  };
  measure(table.head);
  for (const auto& row : table.rows) measure(row);
  std::string out = line(table.head, widths);
  for (const auto& row : table.rows) out += line(row, widths);
  return out;
}

std::string as_csv(const Table& table) {
  std::string out = joined(table.head, ",", csv_cell) + "\n";
  for (const auto& row : table.rows) out += joined(row, ",", csv_cell) + "\n";
  return out;
}

std::string as_markdown(const Table& table) {
  std::string out = "| " + joined(table.head, " | ", markdown_cell) + " |\n|";
  for (size_t i = 0; i < table.head.size(); ++i) out += "---|";
  out += "\n";
  for (const auto& row : table.rows) out += "| " + joined(row, " | ", markdown_cell) + " |\n";
  return out;
}

}  // namespace ppu::tools

// See order.h.
#include "libs/cusolver/order.h"

#include <algorithm>
#include <queue>
#include <set>

namespace ppu::cusolver {
namespace {

/// Neighbours in A + A^T, without the diagonal, each once.
std::vector<std::vector<int>> neighbours(const Pattern& a) {
  std::vector<std::vector<int>> all(static_cast<size_t>(a.n));
  for (int i = 0; i < a.n; ++i)
    for (int p = a.begin(i); p < a.end(i); ++p) {
      const int j = a.column(p);
      if (i == j) continue;
      all[size_t(i)].push_back(j), all[size_t(j)].push_back(i);
    }
  for (auto& some : all) {
    std::sort(some.begin(), some.end());
    some.erase(std::unique(some.begin(), some.end()), some.end());
  }
  return all;
}

/// Breadth first from `start` over what isn't `taken`: the rows in order, the last of which are the farthest.
std::vector<int> levels(const std::vector<std::vector<int>>& all, int start, std::vector<bool> taken) {
  std::vector<int> order = {start};
  taken[size_t(start)] = true;
  for (size_t at = 0; at < order.size(); ++at) {
    std::vector<int> next;
    for (const int j : all[size_t(order[at])])
      if (!taken[size_t(j)]) taken[size_t(j)] = true, next.push_back(j);
    std::sort(next.begin(), next.end(), [&](int x, int y) {
      return std::pair(all[size_t(x)].size(), x) < std::pair(all[size_t(y)].size(), y);
    });
    order.insert(order.end(), next.begin(), next.end());
  }
  return order;
}

}  // namespace

std::vector<int> narrow_order(const Pattern& a) {
  const auto all = neighbours(a);
  std::vector<bool> taken(size_t(a.n), false);
  std::vector<int> order;
  for (int i = 0; i < a.n; ++i) {
    if (taken[size_t(i)]) continue;
    int start = i;
    for (int twice = 0; twice < 2; ++twice)
      start = levels(all, start, taken).back();  // an end of the component
    for (const int row : levels(all, start, taken)) taken[size_t(row)] = true, order.push_back(row);
  }
  std::reverse(order.begin(), order.end());
  return order;
}

std::vector<int> thin_order(const Pattern& a) {
  const auto all = neighbours(a);
  std::vector<std::set<int>> graph;
  for (const auto& some : all) graph.emplace_back(some.begin(), some.end());
  std::set<std::pair<size_t, int>> by_degree;
  for (int i = 0; i < a.n; ++i) by_degree.emplace(graph[size_t(i)].size(), i);
  std::vector<int> order;
  while (!by_degree.empty()) {
    const int least = by_degree.begin()->second;
    by_degree.erase(by_degree.begin());
    order.push_back(least);
    const std::vector<int> clique(graph[size_t(least)].begin(), graph[size_t(least)].end());
    for (const int i : clique) {  // what it was between becomes connected
      by_degree.erase({graph[size_t(i)].size(), i});
      graph[size_t(i)].erase(least);
      for (const int j : clique)
        if (i != j) graph[size_t(i)].insert(j);
      by_degree.emplace(graph[size_t(i)].size(), i);
    }
  }
  return order;
}

std::vector<int> full_diagonal(const Pattern& a, const std::vector<bool>& is_entry, int* matched) {
  std::vector<int> row_of(size_t(a.n), -1), column_of(size_t(a.n), -1), from(size_t(a.n), -1);
  *matched = 0;
  for (int start = 0; start < a.n; ++start) {  // an alternating path from each row, breadth first
    std::vector<bool> seen(size_t(a.n), false);
    std::queue<int> rows;
    rows.push(start);
    int end = -1;
    while (!rows.empty() && end < 0) {
      const int i = rows.front();
      rows.pop();
      for (int p = a.begin(i); p < a.end(i) && end < 0; ++p) {
        const int j = a.column(p);
        if (!is_entry[size_t(p)] || seen[size_t(j)]) continue;
        seen[size_t(j)] = true, from[size_t(j)] = i;
        if (row_of[size_t(j)] < 0)
          end = j;
        else
          rows.push(row_of[size_t(j)]);
      }
    }
    if (end < 0) continue;
    ++*matched;
    for (int j = end; j >= 0;) {
      const int i = from[size_t(j)], next = column_of[size_t(i)];
      row_of[size_t(j)] = i, column_of[size_t(i)] = j;
      j = next;
    }
  }
  int spare = 0;
  for (int& row : row_of) {
    if (row >= 0) continue;
    while (column_of[size_t(spare)] >= 0) ++spare;
    row = spare++;
  }
  return row_of;
}

}  // namespace ppu::cusolver

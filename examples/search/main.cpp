// ppu-search: sentence embeddings in CUDA C++ over Debian's package descriptions, and the nearest ones to a
// question.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "command_line.h"
#include "corpus.h"
#include "failure.h"
#include "index.h"
#include "searcher.h"

namespace {

using namespace search;

void dump_ids(const Searcher& searcher, const std::vector<Document>& documents,
              const std::filesystem::path& path) {
  std::ofstream out(path);
  for (const Document& document : documents)
    out << nlohmann::json(searcher.encode(document.text)).dump() << '\n';
  out.close();
  if (!out) throw Failure(kFile, "can't write " + path.string());
}

void dump_rows(const std::vector<float>& rows, const std::filesystem::path& path) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(rows.data()), std::streamsize(rows.size() * sizeof(float)));
  out.close();
  if (!out) throw Failure(kFile, "can't write " + path.string());
}

/// Rows from the index where there is a good one, else embedded now and kept for the next time.
std::vector<float> prepare(Searcher& searcher, const CommandLine& line,
                           const std::vector<Document>& documents) {
  const IndexKey key = {searcher.model_fingerprint(), fingerprint(documents), documents.size()};
  const std::filesystem::path path = line.index.empty() ? default_index_path(key) : line.index;
  std::string why = "not wanted";
  if (line.use_index) {
    if (auto rows = load_index(path, key, why)) {
      searcher.use_rows(*rows);
      if (!line.quiet)
        std::fprintf(stderr, "%zu documents from the index %s\n", documents.size(), path.c_str());
      return std::move(*rows);
    }
  }
  if (!line.quiet)
    std::fprintf(stderr, "embedding %zu documents (index: %s)\n", documents.size(), why.c_str());
  EmbedReport report;
  std::vector<float> rows = searcher.embed_corpus(documents, line.batch, line.quiet, report);
  if (!line.quiet)
    std::fprintf(stderr, "%zu documents, %zu tokens in %.2f s: %.0f tokens/s\n", report.documents,
                 report.tokens, report.seconds, double(report.tokens) / report.seconds);
  if (line.use_index) {
    try {
      save_index(path, key, rows);
    } catch (const Failure& failure) {
      // A full disk costs the next start its time, not this one its answer.
      std::fprintf(stderr, "ppu-search: %s\n", failure.what());
    }
  }
  return rows;
}

void print_hits(const CommandLine& line, const std::string& question, const std::vector<Document>& documents,
                const std::vector<Hit>& hits) {
  if (line.json) {
    nlohmann::json answer = {{"question", question}, {"hits", nlohmann::json::array()}};
    for (const Hit& hit : hits)
      answer["hits"].push_back({{"document", hit.document},
                                {"score", hit.score},
                                {"title", documents[hit.document].title},
                                {"text", documents[hit.document].text}});
    std::cout << answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
    return;
  }
  for (const Hit& hit : hits) {
    // One line each; the long part of a description is cut.
    std::string text = documents[hit.document].text;
    if (text.size() > 110) text = text.substr(0, 107) + "...";
    std::printf("  %.3f  %s\n", double(hit.score), text.c_str());
  }
  std::fflush(stdout);
}

int run(const CommandLine& line) {
  const std::filesystem::path model = find_model(line);
  const std::vector<Document> documents =
      line.corpus.empty() ? read_packages(line.documents) : read_lines(line.corpus, line.documents);
  Searcher searcher(model);
  if (!line.dump_ids.empty()) dump_ids(searcher, documents, line.dump_ids);
  const std::vector<float> rows = prepare(searcher, line, documents);
  if (!line.dump_rows.empty()) dump_rows(rows, line.dump_rows);

  const auto answer = [&](const std::string& question) {
    print_hits(line, question, documents, searcher.find(question, line.top));
  };
  if (!line.question.empty()) {
    answer(line.question);
    return kOk;
  }
  const bool prompt = isatty(STDIN_FILENO) && !line.quiet;
  const auto ask = [&](std::string& question) {
    if (prompt) std::fputs("question> ", stderr);
    return bool(std::getline(std::cin, question));
  };
  for (std::string question; ask(question);)
    if (question.find_first_not_of(" \t\r") != std::string::npos) answer(question);
  if (prompt) std::fputs("\n", stderr);
  return kOk;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const CommandLine line = parse_command_line(argc, argv);
    if (line.help) {
      std::fputs(help_text(), stdout);
      return kOk;
    }
    return run(line);
  } catch (const Failure& failure) {
    std::fprintf(stderr, "ppu-search: %s\n", failure.what());
    return failure.code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ppu-search: %s\n", error.what());
    return kInternal;
  }
}

// `ppu claims`: public claims beside what the model says to them, as text, Markdown (docs/claims.md), HTML or
// JSON.
#include "decide/claims.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "chip/show.h"
#include "tools/ppu/commands.h"

namespace ppu::tools {
namespace {

std::string as_markdown(const std::vector<decide::Claim>& claims) {
  std::string out =
      "# Claims, and what the model says\n\n"
      "Made by `ppu claims --markdown` from `chips/` and the model; a test fails when this page is stale. "
      "Modelled "
      "figures are P50 with P10-P90 in brackets, numbers of a chip its file's value with its interval. ";
  out += std::string("Marks: ") + chip::legend_of_marks() + ".\n";
  std::string subject;
  for (const decide::Claim& c : claims) {
    if (c.subject != subject) out += "\n## " + c.subject + "\n";
    subject = c.subject;
    out += "\n**" + c.claim + "**\n\n" + c.says + ".\n\n*How sure:* " + c.sure + ".\n";
  }
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

/// One self-contained page.
std::string as_html(const std::vector<decide::Claim>& claims) {
  std::string out =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Claims, and what the model "
      "says</title><style>"
      "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}"
      "table{border-collapse:collapse}td,th{border-top:1px solid "
      "#ccc;padding:.5rem;text-align:left;vertical-align:top}"
      "td:first-child{width:22%;font-weight:600}td:last-child{width:26%;color:#555}"
      "@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}td:last-child{color:#aaa}}"
      "</style><h1>Claims, and what the model says</h1><p>Modelled figures are P50 with P10-P90 in brackets, "
      "numbers of a chip its file's value with its interval. Marks: ";
  out += escaped(chip::legend_of_marks()) + ".</p>";
  std::string subject;
  for (const decide::Claim& c : claims) {
    if (c.subject != subject)
      out += (subject.empty() ? "" : "</table>") + ("<h2>" + escaped(c.subject)) +
             "</h2><table><tr><th>claim<th>the model says<th>how sure";
    subject = c.subject;
    out += "<tr><td>" + escaped(c.claim) + "<td>" + escaped(c.says) + ".<td>" + escaped(c.sure) + ".";
  }
  return out + "</table></html>\n";
}

std::string as_json(const std::vector<decide::Claim>& claims) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const decide::Claim& c : claims)
    out.push_back({{"subject", c.subject}, {"claim", c.claim}, {"model_says", c.says}, {"how_sure", c.sure}});
  return out.dump(2) + "\n";
}

std::string as_text(const std::vector<decide::Claim>& claims) {
  std::string out;
  for (const decide::Claim& c : claims)
    out += "\"" + c.claim + "\"\n  model:    " + c.says + ".\n  how sure: " + c.sure + ".\n\n";
  return out + chip::legend_of_marks() + "\n";
}

}  // namespace

int claims(const ClaimsOptions& options) {
  const std::vector<decide::Claim> all = decide::answer_claims();
  const std::string text = options.markdown ? as_markdown(all)
                           : options.html   ? as_html(all)
                           : options.json   ? as_json(all)
                                            : as_text(all);
  std::fputs(text.c_str(), stdout);
  return kOk;
}

}  // namespace ppu::tools

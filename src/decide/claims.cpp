// The claims and their answers: one function an answer, one row a claim. See claims.h.
#include "decide/claims.h"

#include <algorithm>
#include <cmath>

#include "chip/power.h"
#include "chip/predict.h"
#include "chip/show.h"
#include "decide/candidates.h"
#include "decide/claim_answers.h"
#include "decide/claim_figures.h"

namespace ppu::decide {
namespace {

constexpr const char* kPpu = "ppu-810e";
constexpr const char* kChat = "llama-3.1-8b";
constexpr const char* kLargeChat = "llama-3.1-70b";

std::string whole(double value) {
  return chip::number_text(std::round(value));
}

Answer ratio_by_phase(ClaimFigures& f) {
  const chip::Chip &ppu = chip_of(kPpu), &h100 = chip_of("h100-sxm");
  const Measured &a = f.of(kPpu, kChat), &b = f.of("h100-sxm", kChat);
  return {"PPU 810E / H100 SXM: BF16 arithmetic " +
              percent_text(ClaimFigures::ratio(ppu.effective_bf16_tflops, h100.effective_bf16_tflops)) +
              ", memory bandwidth " + percent_text(ClaimFigures::ratio(ppu.memory_gbps, h100.memory_gbps)) +
              ", memory " + percent_text(ClaimFigures::ratio(ppu.memory_gib, h100.memory_gib)) +
              ". Llama 3.1 8B: prefill " + percent_text(ClaimFigures::ratio(b.ttft, a.ttft)) +
              ", decode of one request " + percent_text(ClaimFigures::ratio(b.tpot, a.tpot)) +
              ", full server " + percent_text(ClaimFigures::ratio(a.per_chip, b.per_chip)),
          "low: the arithmetic is inferred (119-223 TFLOPS), the bandwidth too; two public measurements of "
          "matrix "
          "products, one of a small model"};
}

Answer performance_for_supply(ClaimFigures& f) {
  const chip::Chip& ppu = chip_of(kPpu);
  return {"Llama 3.1 8B in a full server, PPU 810E over A800: " +
              percent_text(f.throughput_ratio(kPpu, "a800", kChat)) +
              ", over H20: " + percent_text(f.throughput_ratio(kPpu, "h20", kChat)) +
              ", over H100: " + percent_text(f.throughput_ratio(kPpu, "h100-sxm", kChat)) +
              ". Supply in China: " + chip::text_of(ppu.supply_china_pct) + " % assumed for the PPU, " +
              chip::text_of(chip_of("h20").supply_china_pct) + " % for H20",
          "supply is nobody's published figure: state yours with `ppu decide --supply`"};
}

Answer generations(ClaimFigures&) {
  std::string table;
  for (const char* id : {"t4", "a100", "h100-sxm", "h200-sxm", "ppu-810e", "ppu-m890"}) {
    const chip::Chip& c = chip_of(id);
    table += (table.empty() ? "" : "; ") + std::string(c.name) + " (" + whole(c.launch_year.value) +
             "): " + chip::text_of(c.effective_bf16_tflops) + " TF/s, " + chip::text_of(c.memory_gbps) +
             " GB/s, " + chip::text_of(c.memory_gib) + " GiB";
  }
  const chip::Chip &ppu = chip_of(kPpu), &a100 = chip_of("a100");
  const double years = ppu.launch_year.value - a100.launch_year.value;
  return {table + ". The 810E has " +
              percent_text(ClaimFigures::ratio(ppu.effective_bf16_tflops, a100.effective_bf16_tflops)) +
              " of the A100's arithmetic " + whole(years) +
              " years later: below Ampere in arithmetic, at Hopper's "
              "level in memory",
          "medium: the order is certain, the distance is not"};
}

Answer neighbours(ClaimFigures& f) {
  std::string table;
  for (const char* id : {"ppu-810e", "ascend-910b", "ascend-910c", "mlu590"}) {
    const chip::Chip& c = chip_of(id);
    const Measured& m = f.of(id, kChat);
    table += (table.empty() ? "" : "; ") + std::string(c.name) + ": " +
             chip::text_of(c.effective_bf16_tflops) + " TF/s, " + chip::text_of(c.memory_gbps) + " GB/s, " +
             chip::text_of(c.memory_gib) + " GiB, " + chip::text_of(c.tdp_w) + " W, Llama 3.1 8B " +
             (m.cannot.empty() ? range_text(m.per_chip, "tokens/s a chip") : m.cannot);
  }
  return {table,
          "low: Ascend's bins and everything of the MLU590 are hearsay; software decides more than silicon"};
}

Answer overstated(ClaimFigures& f) {
  const chip::Chip &ppu = chip_of(kPpu), &m890 = chip_of("ppu-m890");
  return {"\"beats A800\": prefill " +
              percent_text(ClaimFigures::ratio(f.of("a800", kChat).ttft, f.of(kPpu, kChat).ttft)) +
              " of the A800's speed, decode " +
              percent_text(ClaimFigures::ratio(f.of("a800", kChat).tpot, f.of(kPpu, kChat).tpot)) +
              ". \"about H20\": full server " + percent_text(f.throughput_ratio(kPpu, "h20", kChat)) +
              ". Sanjiangyuan's 118.7 TFLOPS a card against the specification that we infer: " +
              chip::text_of(ppu.bf16_tflops) + ". M890 \"3x\": " +
              range_text(ClaimFigures::ratio(m890.bf16_tflops, ppu.bf16_tflops), "times the inferred peak"),
          "low: the official table of September 2025 names memory, links, PCIe and watts only, no rate"};
}

Answer per_watt(ClaimFigures& f) {
  std::string says = "Llama 3.1 8B in a full server, tokens a joule of the chip:";
  for (const char* id : {"ppu-810e", "h20", "a800", "h100-sxm", "ascend-910b"})
    says += std::string(id == std::string("ppu-810e") ? " " : "; ") + chip_of(id).name + " " +
            range_text(f.per_joule(id, kChat), "");
  return {says,
          "low to medium: energy of an operation is taken from the literature on the process, and the PPU's "
          "process is not published"};
}

/// The chip with a coarser process: energy of an operation and a lower clock.
double watts_at(const chip::Chip& chip, double pj_per_flop, double clock) {
  chip::Numbers n = chip::values_of(chip);
  n.tensor_pj_per_flop = pj_per_flop;
  chip::Op op{.kind = chip::OpKind::kGemm,
              .label = "projection",
              .math = chip::Number::kBf16,
              .m = 64,
              .n = 8192,
              .k = 8192};
  op.weight_bytes = 2 * op.n * op.k, op.read_bytes = 2 * op.m * op.k, op.write_bytes = 2 * op.m * op.n;
  return chip::operate(chip::predict(op, n, chip::Stack{}), n, {.watts = 0, .clock_fraction = clock}).watts;
}

Answer old_process(ClaimFigures&) {
  const chip::Chip& ppu = chip_of(kPpu);
  const double seven = watts_at(ppu, ppu.tensor_pj_per_flop.value, 1);
  const double fourteen = watts_at(ppu, 2 * ppu.tensor_pj_per_flop.value, 0.8);
  return {"a decode product (64 x 8192 x 8192) draws " + whole(seven) +
              " W on the 810E as modelled; with twice the energy "
              "an operation and 0.8 of the clock, as 14 nm would have it, " +
              whole(fourteen) +
              " W: decode waits for memory, whose energy doesn't depend on the logic's process. Prefill pays "
              "in full",
          "medium for decode; the literature's energies are +-50 %"};
}

Answer provenance(ClaimFigures&) {
  int official = 0, others = 0, assumed = 0, open = 0;
  const chip::Chip& c = chip_of(kPpu);
#define FIELD(key, unit, meaning)                              \
  official += c.key.confidence == chip::Confidence::kOfficial; \
  assumed += c.key.confidence == chip::Confidence::kAssumed;   \
  open += c.key.confidence == chip::Confidence::kUnknown;      \
  others += c.key.known() && c.key.confidence != chip::Confidence::kOfficial;
#include "chip/chip_fields.inc"
#undef FIELD
  return {"of the numbers the model needs of the 810E, " + std::to_string(official) + " are official, " +
              std::to_string(others) + " measured by others or inferred, " + std::to_string(assumed) +
              " unknown with an assumed interval, " + std::to_string(open) +
              " unknown altogether (`ppu chips show ppu-810e`)",
          "certain"};
}

Answer heat(ClaimFigures&) {
  const chip::Chip& chip = chip_of(kPpu);
  const double limit = chip.tdp_w.value;
  const Range watts = product_watts(chip);
  chip::Numbers usual = chip::values_of(chip), poor = usual;
  poor.die_c_per_w = chip.die_c_per_w.high, poor.sink_c_per_w = chip.sink_c_per_w.high;
  const auto inlet = [&](const chip::Numbers& n) {
    return range_text(
        {slowing_inlet(n, watts.high), slowing_inlet(n, watts.middle), slowing_inlet(n, watts.low)}, "C");
  };
  return {
      "large products draw " + range_text(watts, "W") + " of its " + whole(limit) +
          " W. A day of them makes the clock fall where the inlet is above " + inlet(usual) +
          " with usual cooling, " + inlet(poor) + " with poor; a chip at its limit of power, above " +
          whole(slowing_inlet(usual, limit)) + " and " + whole(slowing_inlet(poor, limit)) +
          " C. Slower it draws less, which keeps it from shutting down " +
          whole(chip.shut_down_c.value - chip.slow_down_c.value) + " degrees further on",
      "low: the thresholds (85, 92, 95 C) are the vendor's; power follows from the process that the press "
      "names, the cooling is assumed; no public trace of a PPU throttling or crashing was found"};
}

Answer cheaper(ClaimFigures& f) {
  std::string says =
      "the PPU's rent is unknown. For the same cost a token (Llama 3.1 8B, full server) it would have to be";
  for (const char* id : {"h20", "a800", "h100-sxm", "ascend-910b"})
    says += std::string(id == std::string("h20") ? " " : "; ") +
            range_text(f.break_even_rent(kPpu, id, kChat), "USD/h") + " against " + chip_of(id).name +
            " at " + range_text(ClaimFigures::hourly(id), "USD/h");
  return {says, "medium: the ratio of speeds is modelled; rents move, state yours with `ppu decide --rent`"};
}

Answer half_the_cost(ClaimFigures& f) {
  std::string says;
  for (const char* id : {"h20", "a800", "h100-sxm"}) {
    Range r = f.break_even_rent(kPpu, id, kChat);
    r = {r.low / 2, r.middle / 2, r.high / 2};
    says += (says.empty() ? "half of the cost a token is reached by renting the PPU for at most " : "; ") +
            range_text(r, "USD/h") + " (against " + chip_of(id).name + ")";
  }
  return {says, "open: nobody publishes the PPU's rent"};
}

Answer premium(ClaimFigures& f) {
  const Range even = f.break_even_rent(kPpu, "h100-sxm", kChat);
  const auto at = [&](double premium) {
    return range_text({even.low / (1 + premium), even.middle / (1 + premium), even.high / (1 + premium)},
                      "USD/h");
  };
  return {"an H100 at " + range_text(ClaimFigures::hourly("h100-sxm"), "USD/h") +
              " costs 100 % more a token than a PPU rented for " + at(1) + ", 200 % more than one for " +
              at(2),
          "open with the rent; `ppu decide --premium-pct 100` makes it a limit"};
}

Answer h20_tax(ClaimFigures& f) {
  const Range hour = ClaimFigures::hourly("h20"), speed = f.of("h20", kChat).per_chip;
  const double now = hour.middle / 3600 / speed.middle * 1e6;
  const chip::Chip& h20 = chip_of("h20");
  return {"H20: " + chip::number_text(std::round(now * 1000) / 1000) +
              " USD a million tokens of Llama 3.1 8B at its price, " +
              chip::number_text(std::round(now * 1150) / 1000) + " if 15 % are passed on. Export control: " +
              h20.export_control.value + ", supply in China " + chip::text_of(h20.supply_china_pct) + " %",
          "low: whether any were shipped under licence is disputed in the press"};
}

Answer largest_model(ClaimFigures& f) {
  const chip::Chip& c = chip_of(kPpu);
  const double bytes = 0.92 * c.memory_gib.value * double(1u << 30);
  const Measured& large = f.of(kPpu, kLargeChat);
  return {"serving: one card holds the weights of about " + whole(bytes / 2e9) + " G parameters in BF16, " +
              whole(bytes / 1e9) + " G in 8 bits; Llama 3.1 70B takes " + std::to_string(large.chips) +
              " cards in BF16. Training: " +
              "out of scope, use a training-class chip: gradients and optimizer state need about eight times "
              "the weights' "
              "memory, and scale-out over thousands of chips isn't modelled",
          "certain for what fits; that PPUs can't train is neither shown nor refuted"};
}

Answer good_enough(ClaimFigures&) {
  std::string says;
  for (const char* model : {"minilm-l6", "resnet-50", kChat, kLargeChat}) {
    const auto found = workload::find_model(model);
    if (!found) continue;
    Work work{.model = found.value(), .precision = {}};
    const bool text = found.value().decoder.has_value();
    if (text)
      work.ttft = 2, work.tpot = 0.05;
    else
      work.latency = 0.015;
    const auto m = measure(work, chip_of(kPpu));
    if (!m) continue;
    const Measured& r = m.value();
    says += (says.empty() ? "" : "; ") + found.value().name + " (" +
            (text ? "first token in 2 s, 50 ms a token" : "p99 in 15 ms") + "): " +
            (!r.cannot.empty() ? "no, " + r.cannot
                               : std::string(r.meets_level ? "yes" : "no") + " with " +
                                     std::to_string(r.chips) + " card" + (r.chips > 1 ? "s" : "") + ", " +
                                     range_text(r.per_chip, (unit_of(found.value()) + "/s a card").c_str()));
  }
  return {says, "medium; `ppu decide --ttft-ms --tpot-ms` asks it of your own level"};
}

Answer hanguang(ClaimFigures& f) {
  const Measured &vision = f.of("hanguang-800", "resnet-50"), &chat = f.of("hanguang-800", kChat);
  const auto verdict = [](const Measured& m, const char* unit) {
    return m.cannot.empty() ? range_text(m.per_chip, unit) + " in " + m.precision
                            : "not supported: " + m.cannot;
  };
  return {"ResNet-50: " + verdict(vision, "images/s") + ". Llama 3.1 8B: " + verdict(chat, "tokens/s"),
          "medium: two MLPerf v0.5 results of the vendor (ResNet-50), nothing else is public"};
}

Answer five_workloads(ClaimFigures& f) {
  const std::pair<const char*, const char*> rows[] = {{"search", "minilm-l6"},
                                                      {"recommendation", "dlrm-v2"},
                                                      {"vision", "resnet-50"},
                                                      {"speech", "whisper-large-v3"},
                                                      {"chat", kChat}};
  std::string says;
  for (const auto& [what, model] : rows) {
    const Measured& m = f.of(kPpu, model);
    const auto found = workload::find_model(model);
    says += (says.empty() ? "PPU 810E, and its share of an H100: " : "; ") + std::string(what) + " (" +
            model + ") " +
            (m.cannot.empty()
                 ? range_text(m.per_chip, ((found ? unit_of(found.value()) : "items") + "/s").c_str()) +
                       ", " + percent_text(f.throughput_ratio(kPpu, "h100-sxm", model))
                 : m.cannot);
  }
  return {says,
          "low to medium: no public run of these on a PPU; `ppu estimate MODEL --chip ppu-810e` shows the "
          "shares of "
          "every limit"};
}

/// The engine asked with the wishes that the claim lists.
Answer choose(const Request& request) {
  const auto contest = gather(request);
  if (!contest) return {contest.error().message, ""};
  const Decision d = decide(contest.value().candidates, wishes_of(request), 500);
  const auto& c = contest.value().candidates;
  std::string says = "among";
  for (const Candidate& one : c) says += (&one == &c.front() ? " " : ", ") + one.name;
  says += d.found() ? ": " + c[d.verdicts.front().candidate].name + ", first in " +
                          whole(100 * d.verdicts.front().wins) + " % of draws"
                    : ": none is left";
  for (const Verdict& v : d.verdicts)
    if (!v.vetoes.empty()) says += "; " + c[v.candidate].name + " out (" + v.vetoes.front().text + ")";
  return {says,
          "the PPU's cost and all supply are open: `ppu decide` says at which figures the choice flips"};
}

Request with_chips(const char* market) {
  Request r;
  r.market = market;
  r.model = kChat;
  r.chips = {"ppu-810e", "h20", "a800", "h100-sxm", "ascend-910b", "mlu590"};
  return r;
}

Answer choose_alibaba(ClaimFigures&) {
  Request r = with_chips("china");
  r.weights = {{"supply", 2}, {"cost", 1.5}, {"rules", 1}};
  return choose(r);
}

Answer choose_nvidia(ClaimFigures&) {
  Request r = with_chips("china");
  r.bears_export_risk = true;
  r.weights = {{"performance", 4}, {"supply", 0}, {"rules", 0}, {"trade", 0}};
  Answer a = choose(r);
  a.says = "with performance weighed four times, supply, rules and export control not at all, " + a.says +
           ". Training on a large scale is out of scope and needs a training-class chip";
  return a;
}

Answer roadmap(ClaimFigures&) {
  const chip::Chip &m890 = chip_of("ppu-m890"), &h100 = chip_of("h100-sxm"), &h20 = chip_of("h20");
  const Range now = ClaimFigures::ratio(m890.effective_bf16_tflops, h100.effective_bf16_tflops);
  return {"M890 (2026) has " + percent_text(now) + " of an H100's arithmetic (2022) and " +
              percent_text(ClaimFigures::ratio(m890.effective_bf16_tflops, h20.effective_bf16_tflops)) +
              " of an H20's; a V900 of three times that (announced for 2027) would have " +
              percent_text({3 * now.low, 3 * now.middle, 3 * now.high}) +
              " of an H100's, five years after it",
          "low: announcements; parity with what NVIDIA sells then is another question"};
}

Answer cloud_only(ClaimFigures&) {
  const chip::Chip& c = chip_of(kPpu);
  return {std::string("channel: ") + text_of(c.channel) + ", price " + chip::text_of(c.price_usd) +
              ", rent " + chip::text_of(c.rent_usd_h) +
              ". A break-even volume can't be worked out without one of them",
          "certain that no price was found; `ppu decide --buys` takes rent-only chips out"};
}

Answer software(ClaimFigures&) {
  std::string says;
  for (const char* id : {"ppu-810e", "ppu-m890", "h20", "ascend-910b", "mlu590", "hanguang-800"})
    says += (says.empty() ? "" : "; ") + std::string(chip_of(id).name) + ": " + text_of(chip_of(id).software);
  return {says,
          "certain for what is documented; how much speed a stack leaves is a fitted term with its interval "
          "(`ppu chips validate`)"};
}

struct Row {
  const char* subject;
  const char* claim;
  Answer (*answer)(ClaimFigures&);
};

constexpr Row kRows[] = {
    {"Performance", "The PPU has 30-50 % of an H100's performance.", ratio_by_phase},
    {"Performance", "50-70 % of the performance for 100 % of the supply.", performance_for_supply},
    {"Performance", "It is one or two generations behind.", generations},
    {"Performance", "It is in the class of Huawei's and Cambricon's chips.", neighbours},
    {"Performance", "Its figures are overstated against real tests.", overstated},
    {"Performance", "It must only be good enough for serving until the next restriction.", good_enough},
    {"Performance", "The workloads that count are search, recommendation, vision, speech and chat.",
     five_workloads},
    {"Performance", "Parity is five years away.", roadmap},
    {"Performance", "Watch arithmetic, memory bandwidth, links and real latency.", four_figures},
    {"Energy and heat", "Performance per watt decides.", per_watt},
    {"Energy and heat", "An old process (7 or 14 nm) is enough for inference.", old_process},
    {"Energy and heat", "It overheats and crashes in extended runs.", heat},
    {"Energy and heat", "A real test is six to twelve months in: look for degradation and outages.",
     months_later},
    {"Cost", "Serving on it is cheaper.", cheaper},
    {"Cost", "It halves the cost.", half_the_cost},
    {"Cost", "NVIDIA's premium is 100-200 %.", premium},
    {"Cost", "The H20 is taxed with 15 % of revenue, and none is delivered.", h20_tax},
    {"Scope", "It is for inference; it can't train large models.", largest_model},
    {"Scope", "The Hanguang 800 is for special workloads only.", hanguang},
    {"Scope", "Compatible means that vanilla PyTorch runs; custom kernels break.", vanilla_runs},
    {"Scope", "Custom transformers and special vision pipelines break.", odd_models},
    {"Scope", "80 % of the value is in inference.", mix_of_work},
    {"Scope", "It is in the cloud only and isn't sold.", cloud_only},
    {"Scope", "What decides is the software.", software},
    {"Scope", "Its specification isn't public, and the gap is smaller than rivals claim.", provenance},
    {"Choice", "Watch yield, price and delivery; supply is limited by DUV lithography.", supply_chain},
    {"Choice",
     "Watch early customers and the cloud: 16,384 cards at one site, over 400 customers, 560,000 Zhenwu "
     "parts shipped.",
     traction},
    {"Choice", "Choose Alibaba for inference alone, supply first, critical cost, Chinese rules.",
     choose_alibaba},
    {"Choice", "Choose NVIDIA for highest performance, where export risk can be borne and a premium paid.",
     choose_nvidia},
};

}  // namespace

std::vector<Claim> answer_claims() {
  ClaimFigures figures;
  std::vector<Claim> out;
  for (const Row& row : kRows) {
    const Answer answer = row.answer(figures);
    out.push_back({row.subject, row.claim, answer.says, answer.sure});
  }
  return out;
}

}  // namespace ppu::decide

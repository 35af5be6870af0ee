// What to watch of a chip: its four headline figures, what runs on it, how it ages, who gets and who uses it.
#include <algorithm>
#include <cmath>

#include "chip/predict.h"
#include "chip/show.h"
#include "decide/claim_answers.h"
#include "workload/precision.h"

namespace ppu::decide {
namespace {

constexpr const char* kPpu = "ppu-810e";
constexpr const char* kChat = "llama-3.1-8b";
constexpr const char* kRivals[] = {"ppu-810e", "h20", "a800", "h100-sxm", "ascend-910b"};
constexpr double kSiteCards = 16384;     // the site that the claim names
constexpr double kInferenceShare = 0.8;  // of the value, as claimed

std::string whole(double value) {
  return chip::number_text(std::round(value));
}

/// Units that a precision's products need and the chip may lack.
bool has_units(const chip::Chip& chip, chip::Number math) {
  return chip::peak_flops(chip::values_of(chip), math) > 0;
}

}  // namespace

Answer four_figures(ClaimFigures& f) {
  std::string says;
  for (const char* id : kRivals) {
    const chip::Chip& c = chip_of(id);
    says += (says.empty() ? "" : "; ") + std::string(c.name) + ": " + chip::text_of(c.effective_bf16_tflops) +
            " TF/s, " + chip::text_of(c.memory_gbps) + " GB/s, links " + chip::text_of(c.link_gbps) +
            " GB/s, a token of Llama 3.1 8B alone in " + range_text(f.of(id, kChat).tpot, "s");
  }
  return {says, "rates and links as their sources are (`ppu chips show NAME`); the token's time is modelled"};
}

Answer vanilla_runs(ClaimFigures&) {
  const chip::Chip& c = chip_of(kPpu);
  int all = 0, native = 0;
  for (const std::string& id : workload::preset_ids()) {
    const auto model = workload::find_model(id);
    const auto precision = model ? workload::find_precision(model.value().precision) : model.error();
    if (!precision) continue;
    ++all, native += has_units(c, precision.value().math) && has_units(c, precision.value().expert_math);
  }
  return {"the 810E shows itself as compute capability " + std::to_string(c.cc_major) + "." +
              std::to_string(c.cc_minor) +
              ": kernels that need more (TMA, wgmma, FP8 products) don't run and must be " +
              "rewritten. Of " + std::to_string(all) + " models that `ppu estimate` knows, " +
              std::to_string(native) +
              " are published in a precision that it has units for; the others' weights are widened first. "
              "`ppu run "
              "--chip ppu-810e PROGRAM` shows it of a program: what is missing is named",
          "medium: of the vendor's own PyTorch and vLLM no list of operators was found"};
}

Answer odd_models(ClaimFigures& f) {
  std::string says = "what its numbers allow:";
  const std::pair<const char*, const char*> models[] = {{"vit-l16", "images"},
                                                        {"sdxl", "images"},
                                                        {"yolov8m", "images"},
                                                        {"3d-unet", "volumes"},
                                                        {"dlrm-v2", "queries"}};
  for (const auto& [id, items] : models) {
    const Measured& m = f.of(kPpu, id);
    says += std::string(id == models[0].first ? " " : "; ") + id + " " +
            (m.cannot.empty() ? range_text(m.per_chip, (std::string(items) + "/s").c_str()) : m.cannot);
  }
  return {says +
              ". Layers that the model doesn't know are refused by name, an ONNX export is read operator by "
              "operator",
          "low: hardware allows them; whether the vendor's libraries have their kernels isn't published"};
}

Answer months_later(ClaimFigures&) {
  const chip::Chip& chip = chip_of(kPpu);
  const Range watts = product_watts(chip);
  std::string says;
  for (const double fouled : {1.0, 1.25, 1.5}) {
    chip::Numbers n = chip::values_of(chip);
    n.sink_c_per_w *= fouled;
    says += (says.empty() ? "a heat sink of " : "; of ") + whole(100 * fouled) +
            " % of its resistance when new lets the clock fall above an inlet of " +
            whole(slowing_inlet(n, watts.middle)) + " C in large products, and of " +
            whole(slowing_inlet(n, chip.tdp_w.value)) + " C at the limit of power";
  }
  return {
      says +
          ". Watch the share of time spent throttled, p99 against the first week's, and cards lost a month",
      "low: the cooling is assumed, and no failure rate of PPUs is published; give yours a month of both"};
}

Answer mix_of_work(ClaimFigures& f) {
  const Range ratio = f.throughput_ratio(kPpu, "h100-sxm", kChat);
  return {"cards that serve alone reach " +
              percent_text({kInferenceShare, kInferenceShare, kInferenceShare}) +
              " of a fleet's value at most. To do that part of an H100's work (Llama 3.1 8B, full server) "
              "takes " +
              range_text(
                  {kInferenceShare / ratio.high, kInferenceShare / ratio.middle, kInferenceShare / ratio.low},
                  "PPUs") +
              " for each; the rest needs a training-class chip",
          "the share is the claim's own; the ratio is modelled"};
}

Answer supply_chain(ClaimFigures&) {
  const chip::Chip& c = chip_of(kPpu);
  return {"process: " + std::string(c.process.value) + ". Price " + chip::text_of(c.price_usd) +
              ", delivered of a large " + "order in China within a year " +
              chip::text_of(c.supply_china_pct) +
              " %. Cost of a good die can't be worked out: die area, yield and the wafer's price aren't "
              "published. "
              "`ppu decide --supply ppu-810e=LOW,MIDDLE,HIGH` takes what you were promised, and says at "
              "which share the "
              "choice changes",
          "open: nobody publishes yield, capacity or delivery"};
}

Answer traction(ClaimFigures& f) {
  const chip::Chip& c = chip_of(kPpu);
  const Range each{c.bf16_tflops.low, c.bf16_tflops.value, c.bf16_tflops.high};
  const Range& rate = f.of(kPpu, kChat).per_chip;
  const auto site = [](const Range& one, double scale) {
    return Range{one.low * kSiteCards * scale, one.middle * kSiteCards * scale,
                 one.high * kSiteCards * scale};
  };
  return {"that site alone would be " + range_text(site(each, 1e-3), "PFLOPS") +
              " by the specification that we infer, and serve " + range_text(site(rate, 1e-6), "M tokens/s") +
              " of Llama 3.1 8B if all of it did. In the cloud: " + std::string(c.channel.value),
          "press and the vendor's own figures of 2025 and 2026; no customer published a run"};
}

}  // namespace ppu::decide

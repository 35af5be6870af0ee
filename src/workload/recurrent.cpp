// Networks of LSTM layers: a transducer for speech (RNN-T) and a translator with attention (GNMT). Each step
// of a layer waits for the one before it, so a step is a kernel of its own over the batch; what a layer makes
// of all its inputs at once is one product before the steps.
#include "workload/recurrent.h"

#include <algorithm>

#include "workload/network_builder.h"

namespace ppu::workload {
namespace {

constexpr double kGates = 4;  // input, forget, cell, output

Stage stage_of(NetworkBuilder& net, double runs) {
  Stage stage = net.take();
  stage.runs = runs;
  stage.looped = true;
  return stage;
}

/// One layer over `steps` inputs that are all known: their share of the gates together, then step by step.
void known_layer(Model& model, double in, double hidden, double steps) {
  NetworkBuilder inputs("lstm.inputs", 1, 1), step("lstm.step", 1, 1);
  inputs.dense("lstm.inputs", steps, kGates * hidden, in);
  model.stages.push_back(inputs.take());
  step.dense("lstm.step", 1, kGates * hidden, hidden);
  step.pass("lstm.gates", kGates * hidden, 2 * hidden);
  model.stages.push_back(stage_of(step, steps));
}

/// One step of a layer whose input the step before has just made.
void step_layer(NetworkBuilder& net, double in, double hidden) {
  net.dense("lstm.step", 1, kGates * hidden, in + hidden);
  net.pass("lstm.gates", kGates * hidden, 2 * hidden);
}

double layers(ConfigFields& f, const char* field) {
  return std::min(f.need({field}), 64.0);
}

}  // namespace

void read_rnnt(ConfigFields& f, Model& model) {
  const double hidden = f.need({"encoder_hidden"}), frames = f.need({"frames"}), stack = f.get({"stack"}, 2);
  double in = f.need({"input_size"});
  for (double i = 0; i < layers(f, "encoder_layers_before"); ++i)
    known_layer(model, in, hidden, frames), in = hidden;
  in *= stack;
  for (double i = 0; i < layers(f, "encoder_layers_after"); ++i)
    known_layer(model, in, hidden, frames / stack), in = hidden;
  // A frame that is followed by no symbol and a symbol cost a joint step each, a symbol a prediction as well.
  const double symbols = f.need({"symbols"}), width = f.need({"prediction_hidden"}),
               vocab = f.need({"vocab_size"});
  NetworkBuilder predict("prediction", 1, 1), join("joint", 1, 1);
  predict.gather("embedding", 1, width, vocab);
  for (double i = 0; i < layers(f, "prediction_layers"); ++i) step_layer(predict, width, width);
  model.stages.push_back(stage_of(predict, symbols));
  const double joint = f.need({"joint_hidden"});
  join.dense("joint", 1, joint, hidden + width);
  join.dense("vocabulary", 1, vocab, joint);
  join.pass("greedy", vocab, 1);
  model.stages.push_back(stage_of(join, frames / stack + symbols));
  model.task = Task::kItems, model.item = "sample";
  model.default_in = 1, model.default_out = 0;
}

void read_gnmt(ConfigFields& f, Model& model) {
  const double hidden = f.need({"hidden_size"}), depth = layers(f, "num_layers"),
               vocab = f.need({"vocab_size"});
  const double source = f.need({"source_tokens"}), target = f.need({"target_tokens"}),
               beams = f.get({"beams"}, 10);
  NetworkBuilder embed("embedding", 1, 1);
  embed.gather("embedding", source, hidden, vocab);
  model.stages.push_back(embed.take());
  known_layer(model, hidden, hidden, source);  // the first layer reads in both directions
  known_layer(model, hidden, hidden, source);
  for (double i = 1; i < depth; ++i) known_layer(model, i == 1 ? 2 * hidden : hidden, hidden, source);
  NetworkBuilder keys("attention.keys", 1, 1);
  keys.dense("attention.keys", source, hidden, hidden);
  model.stages.push_back(keys.take());
  NetworkBuilder step("decoder", 1, 1);
  step.gather("embedding", 1, hidden, vocab);
  for (double i = 0; i < depth; ++i) {
    step_layer(step, 2 * hidden, hidden);  // what was attended to joins the input of every layer
    if (i > 0) continue;
    step.dense("attention.query", 1, hidden, hidden);
    step.attention("attention", 1, source, 1, hidden);
  }
  step.dense("vocabulary", 1, vocab, hidden);
  step.pass("beam search", vocab, 1);
  Stage decoder = stage_of(step, target);
  decoder.width = beams;
  model.stages.push_back(std::move(decoder));
  model.task = Task::kItems, model.item = "sentence";
  model.default_in = 1, model.default_out = 0;
}

}  // namespace ppu::workload

// The sentence encoder: all-MiniLM-L6-v2 (a BERT of 6 layers) on the device. Weights are uploaded once.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "device_buffer.h"
#include "kernels.h"
#include "safetensors.h"

namespace search {

class Encoder {
 public:
  /// Uploads the weights; `model` is the folder with config.json and model.safetensors. Fails with kBadModel,
  /// kDevice.
  Encoder(const std::filesystem::path& model, const Safetensors& weights);

  /// Embeds sentences of token ids (none empty, none longer than kLongestSentence) to
  /// rows[sentences][kHidden] on the device, each of length 1. Short sentences are padded to the longest and
  /// masked.
  void embed(const std::vector<std::vector<int32_t>>& sentences, float* rows);

 private:
  struct Linear {
    DeviceBuffer<float> weight;  ///< [inputs][outputs]: transposed from the file, for coalesced reads
    DeviceBuffer<float> bias;
    int outputs = 0, inputs = 0;
  };
  struct Norm {
    DeviceBuffer<float> gamma, beta;
  };
  struct Layer {
    Linear qkv, attention_out, up, down;
    Norm after_attention, after_feed_forward;
  };

  Linear load_linear(const Safetensors& weights, const std::vector<std::string>& names, int outputs,
                     int inputs);
  Norm load_norm(const Safetensors& weights, const std::string& name);
  void apply(Epilogue epilogue, const Linear& linear, const float* in, const float* residual, float* out,
             int tokens);

  float epsilon_ = 1e-12f;
  int vocabulary_ = 0;
  DeviceBuffer<float> word_, position_, type0_;
  Norm embedding_norm_;
  std::vector<Layer> layers_;
  DeviceBuffer<int32_t> ids_, lengths_;
  DeviceBuffer<float> state_, qkv_, context_, wide_;
};

}  // namespace search

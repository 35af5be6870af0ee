// The whole file: which reader its model_type wants, then what all models share. See config.h.
#include "workload/config.h"

#include <algorithm>

#include "workload/config_fields.h"

namespace ppu::workload {
namespace {

using nlohmann::json;

enum class Reader { kBert, kVit, kWhisper, kT5, kBart, kRefuse };
struct TypeRow {
  const char* type;
  Reader reader;
};
/// Types that aren't read as decoders. kRefuse: a layer kind without a lowering would be silently wrong.
constexpr TypeRow kTypes[] = {
    {"bert", Reader::kBert},
    {"roberta", Reader::kBert},
    {"xlm-roberta", Reader::kBert},
    {"distilbert", Reader::kBert},
    {"mpnet", Reader::kBert},
    {"electra", Reader::kBert},
    {"nomic_bert", Reader::kBert},
    {"modernbert", Reader::kBert},
    {"camembert", Reader::kBert},
    {"deberta-v2", Reader::kBert},
    {"albert", Reader::kRefuse},
    {"vit", Reader::kVit},
    {"deit", Reader::kVit},
    {"dinov2", Reader::kVit},
    {"vit_mae", Reader::kVit},
    {"vit_msn", Reader::kVit},
    {"beit", Reader::kVit},
    {"dinov2_with_registers", Reader::kVit},
    {"clip_text_model", Reader::kBert},
    {"siglip_text_model", Reader::kBert},
    {"clip_vision_model", Reader::kVit},
    {"siglip_vision_model", Reader::kVit},
    {"whisper", Reader::kWhisper},
    {"t5", Reader::kT5},
    {"mt5", Reader::kT5},
    {"umt5", Reader::kT5},
    {"bart", Reader::kBart},
    {"mbart", Reader::kBart},
    {"marian", Reader::kBart},
    {"pegasus", Reader::kBart},
    {"blenderbot", Reader::kBart},
    {"m2m_100", Reader::kBart},
    {"mamba", Reader::kRefuse},
    {"mamba2", Reader::kRefuse},
    {"rwkv", Reader::kRefuse},
    {"jamba", Reader::kRefuse},
    {"falcon_mamba", Reader::kRefuse},
    {"nemotron_h", Reader::kRefuse},
    {"bamba", Reader::kRefuse},
    {"zamba2", Reader::kRefuse},
    {"recurrent_gemma", Reader::kRefuse},
    {"lfm2", Reader::kRefuse},
    {"granitemoehybrid", Reader::kRefuse},
};

/// What the class of a model inside a multimodal one gives fields that its file leaves out
/// (configuration classes of Hugging Face's transformers): published files rely on it.
struct DefaultRow {
  const char* type;
  const char* field;
  double value;
};
constexpr DefaultRow kInnerDefaults[] = {
    {"gemma3_text", "vocab_size", 262208},
    {"gemma3_text", "num_attention_heads", 8},
    {"gemma3_text", "head_dim", 256},
    {"gemma3_text", "num_key_value_heads", 4},
    {"llama", "vocab_size", 32000},
    {"llama", "hidden_size", 4096},
    {"llama", "intermediate_size", 11008},
    {"llama", "num_hidden_layers", 32},
    {"llama", "num_attention_heads", 32},
    {"mistral", "vocab_size", 32000},
    {"mistral", "hidden_size", 4096},
    {"mistral", "intermediate_size", 14336},
    {"mistral", "num_hidden_layers", 32},
    {"mistral", "num_attention_heads", 32},
    {"mistral", "num_key_value_heads", 8},
    {"clip_vision_model", "hidden_size", 768},
    {"clip_vision_model", "intermediate_size", 3072},
    {"clip_vision_model", "num_hidden_layers", 12},
    {"clip_vision_model", "num_attention_heads", 12},
    {"clip_vision_model", "image_size", 224},
    {"clip_vision_model", "patch_size", 32},
    {"siglip_vision_model", "hidden_size", 768},
    {"siglip_vision_model", "intermediate_size", 3072},
    {"siglip_vision_model", "num_hidden_layers", 12},
    {"siglip_vision_model", "num_attention_heads", 12},
    {"siglip_vision_model", "image_size", 224},
    {"siglip_vision_model", "patch_size", 16},
};

void fill_inner(json& part) {
  const std::string type = part.contains("model_type") && part["model_type"].is_string()
                               ? part["model_type"].get<std::string>()
                               : "";
  for (const DefaultRow& row : kInnerDefaults)
    if (type == row.type && !part.contains(row.field)) part[row.field] = row.value;
}

std::string stored_precision(const ConfigFields& fields) {
  const auto quantised = fields.object().find("quantization_config");
  if (quantised != fields.object().end() && quantised->is_object()) {
    const ConfigFields q(*quantised, fields.where());
    const std::string method = q.text({"quant_method"}, "");
    if (method == "fp8" || method == "fbgemm_fp8") return "fp8";
    if (method == "mxfp4") return "mxfp4";
    if (method == "modelopt") return q.text({"quant_algo"}, "FP8") == "NVFP4" ? "nvfp4" : "fp8";
    const std::string all = quantised->dump();
    if (all.find("\"num_bits\":8") != std::string::npos || all.find("\"bits\":8") != std::string::npos)
      return all.find("float") != std::string::npos ? "fp8" : "w8a16";
    return "w4a16";
  }
  const std::string type = fields.text({"torch_dtype", "dtype"}, "bfloat16");
  return type == "float16" ? "fp16" : "bf16";  // weights published in FP32 are run in 16 bits
}

void read_ppu(const json& root, Model& model) {
  const auto own = root.find("ppu");
  if (own == root.end() || !own->is_object()) return;
  ConfigFields f(*own, "ppu");
  model.name = f.text({"name"}, model.name.c_str());
  model.source = f.text({"source"}, "");
  model.uncertain = f.text({"uncertain"}, "");
  model.item = f.text({"item"}, model.item.c_str());
  model.precision = f.text({"precision"}, model.precision.c_str());
  model.default_in = f.get({"default_in"}, model.default_in);
  model.default_out = f.get({"default_out"}, model.default_out);
}

const json* object_in(const json& root, const char* name) {
  const auto at = root.find(name);
  return at != root.end() && at->is_object() ? &*at : nullptr;
}

/// Where the sizes are: multimodal models keep the language model's one level down, DBRX and MPT those of
/// attention and feed-forward parts; of a pair of encoders for texts and images the one for images is meant.
json sized_part(const json& root, const std::string& type) {
  json part = root;
  if (const json* images = object_in(root, "vision_config"); images && (type == "clip" || type == "siglip")) {
    part = *images;
    part["model_type"] = type + "_vision_model";
    fill_inner(part);
    return part;
  }
  for (const char* name : {"text_config", "llm_config", "language_config"})
    if (const json* inner = object_in(root, name);
        inner && (inner->contains("num_hidden_layers") || inner->contains("model_type"))) {
      part = *inner;
      fill_inner(part);
    }
  for (const char* name : {"attn_config", "ffn_config"})
    if (const json* inner = object_in(root, name))
      for (const auto& [key, value] : inner->items())
        if (!part.contains(key)) part[key] = value;
  return part;
}

/// "CausalLM" of "LlamaForCausalLM"; empty where no class is named, or one without a task ("Qwen2Model").
std::string task_of(const ConfigFields& fields) {
  for (const std::string& name : fields.texts("architectures"))
    if (const size_t at = name.find("For"); at != name.npos && at > 0) return name.substr(at + 3);
  return {};
}

/// Whether a model of an unlisted type with this task is a decoder; decoders also judge texts.
bool writes_text(const std::string& task) {
  for (const char* known : {"CausalLM", "ConditionalGeneration", "SequenceClassification",
                            "TokenClassification", "QuestionAnswering", "VisionText2Text", "ImageTextToText"})
    if (task.starts_with(known)) return true;
  return task.empty();
}

void read_kind(ConfigFields& fields, const std::string& type, Model& model) {
  for (const TypeRow& row : kTypes) {
    if (type != row.type) continue;
    switch (row.reader) {
      case Reader::kBert:
        return read_bert(fields, type, model);
      case Reader::kVit:
        return read_vit(fields, type, model);
      case Reader::kWhisper:
        return read_whisper(fields, type, model);
      case Reader::kT5:
        return read_t5(fields, type, model);
      case Reader::kBart:
        return read_bart(fields, type, model);
      case Reader::kRefuse:
        return fields.fail("model_type `" + type +
                           "` has layers that aren't modelled (state-space, shared or "
                           "convolutional layers); an ONNX export of it can be read");
    }
  }
  if (read_network(fields, type, model)) return;
  const std::string task = task_of(fields);
  // Segments of a text are told apart by BERT's kin alone, whose files often name no class.
  const bool segments = fields.has("type_vocab_size") && task != "CausalLM";
  if (segments || task == "MaskedLM" || task == "PreTraining") return read_bert(fields, type, model);
  if (!writes_text(task) || fields.has("encoder_layers") || fields.flag("is_encoder_decoder", false))
    return fields.fail(
        "model_type `" + type + "`" + (task.empty() ? "" : " (for " + task + ")") +
        " isn't modelled; decoders, BERT's and ViT's kin, Whisper, T5 and BART are. An ONNX export "
        "of it can be read");
  model.decoder = read_decoder(fields, type);
  model.context_limit = fields.get({"max_position_embeddings", "n_positions", "seq_length"}, 0);
}

}  // namespace

Result<Model> read_config(std::string_view text, const std::string& where) {
  json root;
  try {
    root = json::parse(text);
  } catch (const json::parse_error& e) {
    const std::string_view before = text.substr(0, e.byte);
    return bad_input(where + ":" + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) +
                     ": isn't JSON from its byte " + std::to_string(e.byte) + " on");
  }
  if (!root.is_object()) return bad_input(where + ": wants a JSON object as Hugging Face's config.json");
  Model model;
  model.id = where;
  const ConfigFields whole(root, where);
  const std::string fallback = whole.text({"model_type", "_class_name"}, "");
  const json part = sized_part(root, fallback);
  ConfigFields fields(part, where);
  const std::string type = fields.text({"model_type", "_class_name"}, fallback.c_str());
  model.name = whole.text({"_name_or_path"}, "");
  if (model.name.empty()) model.name = where;
  read_kind(fields, type, model);
  if (fields.failed()) return fields.error();
  const bool inner = root.contains("quantization_config") || root.contains("torch_dtype");
  model.precision = stored_precision(inner ? whole : fields);
  if (model.decoder && !model.encoder && object_in(root, "vision_config"))
    model.uncertain = "its encoder of images isn't counted";
  else if (model.item == "image" && object_in(root, "vision_config") && object_in(root, "text_config"))
    model.uncertain = "its encoder of texts isn't counted";
  read_ppu(root, model);
  return model;
}

}  // namespace ppu::workload

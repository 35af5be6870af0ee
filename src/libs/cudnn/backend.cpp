// cudnnBackend*: the C face of graph.h.
#include <cstring>

#include "base/log.h"
#include "libs/cudnn/graph.h"

/// Programs hold these by cudnnBackendDescriptor_t; what others refer to is the object inside.
struct cudnnBackendStruct {
  ppu::cudnn::graph::Reference object = std::make_shared<ppu::cudnn::graph::Object>();
};

namespace ppu::cudnn {
namespace {

using graph::Object;
using graph::Reference;

auto& descriptors = shell::handles<cudnnBackendStruct, cudnnBackendDescriptor_t>();

// Attributes answered here, and the types of those that hold descriptors and other things.
constexpr int kHeuristicsGraph = 201, kHeuristicsResults = 202, kConfigEngine = 300, kConfigWorkspace = 303,
              kPlanWorkspace = 402, kEngineCount = 802, kEngineGraph = 1300, kEngineIndex = 1301,
              kNumericalNote = 1303, kBehaviorNote = 1305, kKnobInfo = 1302, kKnobChoices = 302;
constexpr int kDescriptorType = 15;

/// Bytes of an element of each cudnnBackendAttributeType_t; the rest are enumerators.
size_t bytes_of(int type) {
  switch (type) {
    case 0:   // handle
    case 3:   // int64
    case 5:   // double
    case 6:   // pointer
    case 15:  // descriptor
      return 8;
    case 2:   // bool
    case 24:  // char
      return 1;
    case 26:  // fraction
      return 16;
    default:
      return 4;
  }
}

/// The objects of an array of descriptors; empty when one of them isn't one.
std::vector<Reference> objects_of(const void* elements, int64_t count) {
  std::vector<Reference> out;
  for (int64_t i = 0; i < count; i++) {
    const cudnnBackendStruct* d = descriptors.find(static_cast<const cudnnBackendDescriptor_t*>(elements)[i]);
    if (!d) return {};
    out.push_back(d->object);
  }
  return out;
}

graph::Value number(int64_t value) {
  graph::Value v{.type = 3, .count = 1, .bytes = std::vector<std::byte>(sizeof value), .references = {}};
  std::memcpy(v.bytes.data(), &value, sizeof value);
  return v;
}
graph::Value referring(const Reference& object) {
  return {.type = kDescriptorType, .count = 1, .bytes = {}, .references = {object}};
}

/// What is asked of a descriptor without having been put there.
const graph::Value* made_up(Object& object, int name) {
  static const graph::Value one = number(1), zero = number(0), nothing{};
  if (name == kEngineCount) return &one;
  if (name == kPlanWorkspace || name == kConfigWorkspace || name == kEngineIndex) return &zero;
  if (name == kNumericalNote || name == kBehaviorNote || name == kKnobInfo || name == kKnobChoices)
    return &nothing;
  if (name != kHeuristicsResults || !object.reference(kHeuristicsGraph)) return nullptr;
  const auto engine = std::make_shared<Object>(), config = std::make_shared<Object>();
  engine->kind = graph::kEngine;
  engine->values[kEngineGraph] = referring(object.reference(kHeuristicsGraph));
  config->kind = graph::kEngineConfig;
  config->values[kConfigEngine] = referring(engine);
  engine->finalized = config->finalized = true;
  return &(object.values[name] = referring(config));
}

}  // namespace

Status cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t* descriptor) {
  if (!descriptor) return kBad;
  *descriptor = descriptors.make();
  descriptors.find(*descriptor)->object->kind = int(type);
  return kOk;
}

Status cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  return descriptors.destroy(descriptor) ? kOk : kBad;
}

Status cudnnBackendInitialize(cudnnBackendDescriptor_t descriptor) {
  cudnnBackendStruct* d = descriptors.find(descriptor);
  if (!d) return kBad;
  const int kind = d->object->kind;
  d->object = std::make_shared<Object>();
  d->object->kind = kind;
  return kOk;
}

Status cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                cudnnBackendAttributeType_t type, int64_t count, const void* elements) {
  cudnnBackendStruct* d = descriptors.find(descriptor);
  if (!d || count < 0 || (count > 0 && !elements) || d->object->finalized) return kBad;
  graph::Value value{.type = int(type), .count = count, .bytes = {}, .references = {}};
  if (int(type) == kDescriptorType) {
    value.references = objects_of(elements, count);
    if (int64_t(value.references.size()) != count) return kBad;
  } else {
    const auto* from = static_cast<const std::byte*>(elements);
    value.bytes.assign(from, from + size_t(count) * bytes_of(int(type)));
  }
  d->object->values[int(name)] = std::move(value);
  return kOk;
}

Status cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  cudnnBackendStruct* d = descriptors.find(descriptor);
  if (!d) return kBad;
  if (d->object->kind == graph::kOperationGraph)
    if (const std::string why = graph::obstacle(*d->object); !why.empty()) {
      log_once("cudnn", why.c_str(), "graphs with %s aren't written yet: CUDNN_STATUS_NOT_SUPPORTED",
               why.c_str());
      return kNotDone;
    }
  d->object->finalized = true;
  return kOk;
}

Status cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                cudnnBackendAttributeType_t type, int64_t requested, int64_t* count,
                                void* elements) {
  cudnnBackendStruct* d = descriptors.find(descriptor);
  if (!d || requested < 0) return kBad;
  const auto at = d->object->values.find(int(name));
  const graph::Value* value = at != d->object->values.end() ? &at->second : made_up(*d->object, int(name));
  if (!value) return kBad;
  answer(count, value->count);
  const int64_t given = elements ? std::min(requested, value->count) : 0;
  if (int(type) == kDescriptorType) {
    // The caller made empty descriptors, which become the ones that are asked for.
    for (int64_t i = 0; i < given; i++) {
      cudnnBackendStruct* out = descriptors.find(static_cast<cudnnBackendDescriptor_t*>(elements)[i]);
      if (!out) return kBad;
      out->object = value->references[size_t(i)];
    }
  } else if (given) {
    std::memcpy(elements, value->bytes.data(),
                std::min(value->bytes.size(), size_t(given) * bytes_of(int(type))));
  }
  return kOk;
}

Status cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                           cudnnBackendDescriptor_t pack) {
  const cudnnBackendStruct *p = descriptors.find(plan), *v = descriptors.find(pack);
  if (!find(handle)) return CUDNN_STATUS_NOT_INITIALIZED;
  if (!p || !v || p->object->kind != graph::kPlan || v->object->kind != graph::kVariantPack) return kBad;
  return graph::run(handle, *p->object, *v->object);
}

}  // namespace ppu::cudnn

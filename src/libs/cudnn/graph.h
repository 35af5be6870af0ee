// cuDNN's graph interface (cuDNN backend API reference): descriptors are bags of attributes; an operation
// graph of convolutions and pointwise operations runs operation by operation through the older functions of
// this library. There is one engine, and it needs no workspace.
#pragma once
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/cudnn/types.h"

namespace ppu::cudnn::graph {

/// What cudnnBackendDescriptorType_t names, as far as it is known here.
enum Kind : int {
  kPointwise = 0,
  kConvolution = 1,
  kEngine = 2,
  kEngineConfig = 3,
  kEngineHeuristics = 4,
  kPlan = 5,
  kKnobChoice = 7,
  kConvolutionForward = 10,
  kConvolutionBackwardFilter = 11,
  kConvolutionBackwardData = 12,
  kPointwiseOperation = 13,
  kOperationGraph = 15,
  kVariantPack = 16,
  kTensor = 17
};

struct Object;
using Reference = std::shared_ptr<Object>;

struct Value {
  int type = 0;  ///< cudnnBackendAttributeType_t
  int64_t count = 0;
  std::vector<std::byte> bytes;       ///< of everything but descriptors
  std::vector<Reference> references;  ///< of descriptors
};

struct Object {
  int kind = 0;
  bool finalized = false;
  std::map<int, Value> values;  ///< by cudnnBackendAttributeName_t
  std::vector<void*> buffers;   ///< a plan's tensors between its operations
  ~Object();

  /// The first element of an attribute, or `otherwise` where it isn't set.
  template <class T>
  T get(int name, T otherwise = T{}) const {
    const auto at = values.find(name);
    if (at == values.end() || at->second.bytes.size() < sizeof(T)) return otherwise;
    std::memcpy(&otherwise, at->second.bytes.data(), sizeof(T));
    return otherwise;
  }
  std::vector<int64_t> numbers(int name) const;
  Reference reference(int name) const;
};

/// Why a graph can't run here, naming the operation; empty when it can.
std::string obstacle(const Object& graph);

/// Puts a plan's operations into the handle's stream with the pointers of a variant pack.
Status run(Handle handle, Object& plan, const Object& pack);

}  // namespace ppu::cudnn::graph

#include "libs/cudnn/graph.h"

#include <cstring>
#include <limits>

#include "base/log.h"
#include "libs/cudnn/pointwise.h"

namespace ppu::cudnn::graph {
namespace {

// cudnnBackendAttributeName_t.
constexpr int kMode = 0, kReluLower = 3, kReluUpper = 4, kReluSlope = 5, kEluAlpha = 6, kSwishBeta = 8,
              kConvolutionMode = 101, kDilations = 102, kStrides = 103, kPostPaddings = 104,
              kPrePaddings = 105, kEngineConfigEngine = 300, kPlanConfig = 401, kForward = 700,
              kBackwardData = 706, kBackwardFilter = 712, kOperationMode = 750, kX = 751, kB = 752, kY = 753,
              kAlpha1 = 754, kAlpha2 = 755, kOperations = 801, kTensorType = 901, kDimensions = 902,
              kTensorStrides = 903, kUniqueId = 906, kIsVirtual = 907, kPackIds = 1000, kPackPointers = 1001,
              kEngineGraph = 1300;

/// A tensor's pointer: of the variant pack, or of a buffer between two operations.
using Pointers = std::map<int64_t, void*>;

/// A descriptor of the older interface for as long as one call needs it.
template <class T>
class Old {
 public:
  Old() { make(&handle_); }
  ~Old() { destroy(handle_); }
  Old(const Old&) = delete;
  T* operator->() const { return handle_; }
  T* get() const { return handle_; }

 private:
  T* handle_ = nullptr;
};

bool fill(const Object& tensor, cudnnTensorStruct* out) {
  const auto dims = tensor.numbers(kDimensions), strides = tensor.numbers(kTensorStrides);
  if (dims.empty() || dims.size() > CUDNN_DIM_MAX || strides.size() != dims.size()) return false;
  out->type = tensor.get(kTensorType, CUDNN_DATA_FLOAT);
  out->count = int(dims.size());
  for (size_t d = 0; d < dims.size(); d++) out->dims[d] = int(dims[d]), out->strides[d] = int(strides[d]);
  return element_bytes(out->type) != 0;
}

/// Filters lie packed in one of two orders.
bool fill(const Object& tensor, cudnnFilterStruct* out) {
  cudnnTensorStruct t;
  if (!fill(tensor, &t) || t.count < 3) return false;
  out->type = t.type;
  out->count = t.count;
  std::copy(t.dims, t.dims + t.count, out->dims);
  const auto packed = [&](bool channels_last) {
    int64_t step = 1;
    const auto next = [&](int d) {
      const bool right = t.dims[d] == 1 || t.strides[d] == step;
      step *= t.dims[d];
      return right;
    };
    bool right = !channels_last || next(1);
    for (int d = t.count - 1; d >= 2; d--) right &= next(d);
    if (!channels_last) right &= next(1);
    return right && next(0);
  };
  out->format = packed(false) ? CUDNN_TENSOR_NCHW : CUDNN_TENSOR_NHWC;
  return packed(false) || packed(true);
}

bool fill(const Object& convolution, int groups, cudnnConvolutionStruct* out) {
  const auto before = convolution.numbers(kPrePaddings), after = convolution.numbers(kPostPaddings),
             strides = convolution.numbers(kStrides), dilations = convolution.numbers(kDilations);
  if (before.empty() || before != after || strides.size() != before.size() ||
      dilations.size() != before.size())
    return false;
  out->count = int(before.size());
  out->mode = convolution.get(kConvolutionMode, CUDNN_CROSS_CORRELATION);
  out->groups = groups;
  for (size_t d = 0; d < before.size(); d++) {
    out->padding[d] = int(before[d]);
    out->stride[d] = int(strides[d]);
    out->dilation[d] = int(dilations[d]);
  }
  return true;
}

/// Attribute names of the three convolutions: alpha, beta, descriptor, then filter, input and output.
struct Convolution {
  int first, filter, input, output;
};
const Convolution* convolution_of(int kind) {
  static constexpr Convolution kForwardNames{kForward, kForward + 3, kForward + 4, kForward + 5},
      kDataNames{kBackwardData, kBackwardData + 3, kBackwardData + 4, kBackwardData + 5},
      kFilterNames{kBackwardFilter, kBackwardFilter + 3, kBackwardFilter + 4, kBackwardFilter + 5};
  return kind == kConvolutionForward          ? &kForwardNames
         : kind == kConvolutionBackwardData   ? &kDataNames
         : kind == kConvolutionBackwardFilter ? &kFilterNames
                                              : nullptr;
}

struct Sizes {
  Old<cudnnTensorStruct> x, y;
  Old<cudnnFilterStruct> w;
  Old<cudnnConvolutionStruct> c;
};
bool fill(const Object& operation, const Convolution& names, Sizes* s) {
  const Reference c = operation.reference(names.first + 2), w = operation.reference(names.filter),
                  x = operation.reference(names.input), y = operation.reference(names.output);
  if (!c || !w || !x || !y || !fill(*w, s->w.get()) || !fill(*x, s->x.get()) || !fill(*y, s->y.get()))
    return false;
  const int inputs = s->w->dims[1];
  return inputs > 0 && s->x->dims[1] % inputs == 0 && fill(*c, s->x->dims[1] / inputs, s->c.get());
}

// cudnnPointwiseMode_t, those that are written.
enum Mode : int {
  kAdd = 0,
  kMul = 1,
  kMin = 2,
  kMax = 3,
  kSqrt = 4,
  kDiv = 6,
  kSub = 9,
  kReluForward = 100,
  kTanhForward = 101,
  kSigmoidForward = 102,
  kEluForward = 103,
  kGeluForward = 104,
  kSwishForward = 106,
  kIdentity = 21
};
bool takes_two(int mode) {
  return mode < kSqrt || mode == kSub || mode == kDiv;
}
bool is_written(int mode) {
  return takes_two(mode) || mode == kSqrt || mode == kIdentity ||
         (mode >= kReluForward && mode <= kGeluForward) || mode == kSwishForward;
}

template <class C>
C compute(const Object& pointwise, int mode, C a, C b) {
  const auto parameter = [&](int name, double otherwise) {
    return C(pointwise.get<double>(name, otherwise));
  };
  switch (mode) {
    case kAdd:
      return a + b;
    case kMul:
      return a * b;
    case kMin:
      return std::fmin(a, b);
    case kMax:
      return std::fmax(a, b);
    case kSub:
      return a - b;
    case kDiv:
      return a / b;
    case kSqrt:
      return std::sqrt(a);
    case kReluForward: {
      const C lower = parameter(kReluLower, 0), slope = parameter(kReluSlope, 0);
      const C upper = parameter(kReluUpper, std::numeric_limits<double>::max());
      return a > upper ? upper : a > lower ? a : slope * (a - lower) + lower;
    }
    case kTanhForward:
      return std::tanh(a);
    case kSigmoidForward:
      return C(1) / (C(1) + std::exp(-a));
    case kEluForward:
      return a > C(0) ? a : parameter(kEluAlpha, 1) * std::expm1(a);
    case kGeluForward:
      return C(0.5) * a * (C(1) + std::erf(a * C(0.70710678118654752440)));
    case kSwishForward:
      return a / (C(1) + std::exp(-parameter(kSwishBeta, 1) * a));
    default:
      return a;
  }
}

std::string obstacle_of(const Object& operation) {
  if (const Convolution* names = convolution_of(operation.kind)) {
    Sizes s;
    return fill(operation, *names, &s)
               ? ""
               : "a convolution with unequal padding, a filter that isn't packed, or an "
                 "attribute missing";
  }
  if (operation.kind != kPointwiseOperation)
    return "an operation of descriptor type " + std::to_string(operation.kind);
  const Reference p = operation.reference(kOperationMode), x = operation.reference(kX),
                  y = operation.reference(kY);
  const int mode = p ? p->get(kMode, -1) : -1;
  if (!is_written(mode)) return "pointwise mode " + std::to_string(mode);
  cudnnTensorStruct tx, ty, tb;
  if (!x || !y || !fill(*x, &tx) || !fill(*y, &ty) || !spreads_over(tx, ty))
    return "a pointwise operation's shapes";
  if (takes_two(mode) &&
      (!operation.reference(kB) || !fill(*operation.reference(kB), &tb) || !spreads_over(tb, ty)))
    return "a pointwise operation's second operand";
  return "";
}

double scale(const Object& operation, int name, double otherwise) {
  const auto at = operation.values.find(name);
  if (at == operation.values.end()) return otherwise;
  return at->second.bytes.size() == 8 ? operation.get<double>(name) : double(operation.get<float>(name));
}

Status run_convolution(Handle h, const Object& operation, const Convolution& names, const Pointers& at) {
  Sizes s;
  if (!fill(operation, names, &s)) return kNotDone;
  const auto pointer = [&](int name) { return at.at(operation.reference(name)->get<int64_t>(kUniqueId)); };
  void *w = pointer(names.filter), *x = pointer(names.input), *y = pointer(names.output);
  const double a = scale(operation, names.first, 1), b = scale(operation, names.first + 1, 0);
  const float af = float(a), bf = float(b);
  const bool wide = s.y->type == CUDNN_DATA_DOUBLE;
  const void *alpha = wide ? static_cast<const void*>(&a) : &af,
             *beta = wide ? static_cast<const void*>(&b) : &bf;
  if (operation.kind == kConvolutionForward)
    return cudnnConvolutionForward(h, alpha, s.x.get(), x, s.w.get(), w, s.c.get(),
                                   CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, nullptr, 0, beta, s.y.get(), y);
  if (operation.kind == kConvolutionBackwardData)
    return cudnnConvolutionBackwardData(h, alpha, s.w.get(), w, s.y.get(), y, s.c.get(),
                                        CUDNN_CONVOLUTION_BWD_DATA_ALGO_0, nullptr, 0, beta, s.x.get(), x);
  return cudnnConvolutionBackwardFilter(h, alpha, s.x.get(), x, s.y.get(), y, s.c.get(),
                                        CUDNN_CONVOLUTION_BWD_FILTER_ALGO_0, nullptr, 0, beta, s.w.get(), w);
}

Status run_pointwise(Handle h, const Reference& operation, const Pointers& at) {
  const Reference p = operation->reference(kOperationMode), b = operation->reference(kB);
  const int mode = p->get(kMode, -1);
  cudnnTensorStruct tx, tb, ty;
  const auto place = [&](const Reference& t, cudnnTensorStruct* out) {
    fill(*t, out);
    return at.at(t->get<int64_t>(kUniqueId));
  };
  void *x = place(operation->reference(kX), &tx), *y = place(operation->reference(kY), &ty);
  void* second = takes_two(mode) ? place(b, &tb) : nullptr;
  if (!second) tb = tx, second = x;
  if (!reach(tx, x) || !reach(tb, second) || !reach(ty, y)) return CUDNN_STATUS_EXECUTION_FAILED;
  const double a1 = scale(*operation, kAlpha1, 1), a2 = scale(*operation, kAlpha2, 1);
  return enqueue(h, [=] {
    with_compute(
        [&](auto one) {
          using C = decltype(one);
          const Numbers<C> left(tx, x), right(tb, second), out(ty, y);
          walk(ty, {Place(tx), Place(tb), Place(ty)}, [&](const int64_t* i) {
            out[i[2]] = compute(*p, mode, C(a1) * left[i[0]], C(a2) * right[i[1]]);
          });
          out.write_back();
        },
        tx.type, tb.type, ty.type);
  });
}

}  // namespace

Object::~Object() {
  for (void* buffer : buffers) cuMemFree(reinterpret_cast<CUdeviceptr>(buffer));
}

std::vector<int64_t> Object::numbers(int name) const {
  const auto at = values.find(name);
  if (at == values.end()) return {};
  std::vector<int64_t> out(at->second.bytes.size() / sizeof(int64_t));
  std::memcpy(out.data(), at->second.bytes.data(), out.size() * sizeof(int64_t));
  return out;
}

Reference Object::reference(int name) const {
  const auto at = values.find(name);
  return at == values.end() || at->second.references.empty() ? nullptr : at->second.references.front();
}

std::string obstacle(const Object& graph) {
  const auto at = graph.values.find(kOperations);
  if (at == graph.values.end() || at->second.references.empty()) return "a graph without operations";
  for (const Reference& operation : at->second.references)
    if (const std::string why = obstacle_of(*operation); !why.empty()) return why;
  return "";
}

namespace {

const std::vector<Reference>* operations_of(const Object& plan) {
  const Reference config = plan.reference(kPlanConfig);
  const Reference engine = config ? config->reference(kEngineConfigEngine) : nullptr;
  const Reference graph = engine ? engine->reference(kEngineGraph) : nullptr;
  const auto at = graph ? graph->values.find(kOperations) : plan.values.end();
  return graph && at != graph->values.end() ? &at->second.references : nullptr;
}

/// The buffers of a plan's virtual tensors. A plan's executions follow each other in one stream.
Status add_buffers(Object& plan, const std::vector<Reference>& operations, Pointers* at) {
  size_t next = 0;
  for (const Reference& operation : operations)
    for (const auto& [name, value] : operation->values)
      for (const Reference& tensor : value.references) {
        if (tensor->kind != kTensor || at->contains(tensor->get<int64_t>(kUniqueId))) continue;
        cudnnTensorStruct t;
        if (!tensor->get<bool>(kIsVirtual) || !fill(*tensor, &t)) return kBad;  // its pointer is missing
        if (next == plan.buffers.size()) {
          CUdeviceptr buffer = 0;
          if (cuMemAlloc(&buffer, size_t(extent(t)) * element_bytes(t.type)) != CUDA_SUCCESS)
            return CUDNN_STATUS_EXECUTION_FAILED;
          plan.buffers.push_back(reinterpret_cast<void*>(buffer));
        }
        (*at)[tensor->get<int64_t>(kUniqueId)] = plan.buffers[next++];
      }
  return kOk;
}

}  // namespace

Status run(Handle handle, Object& plan, const Object& pack) {
  const std::vector<Reference>* operations = operations_of(plan);
  const std::vector<int64_t> ids = pack.numbers(kPackIds), pointers = pack.numbers(kPackPointers);
  if (!operations || ids.size() != pointers.size()) return kBad;
  Pointers at;
  for (size_t i = 0; i < ids.size(); i++) at[ids[i]] = reinterpret_cast<void*>(pointers[i]);
  if (const Status bad = add_buffers(plan, *operations, &at); bad != kOk) return bad;
  for (const Reference& operation : *operations) {
    const Convolution* names = convolution_of(operation->kind);
    const Status done =
        names ? run_convolution(handle, *operation, *names, at) : run_pointwise(handle, operation, at);
    if (done != kOk) return done;
  }
  return kOk;
}

}  // namespace ppu::cudnn::graph

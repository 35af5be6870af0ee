// See fast_product.h. oneDNN thinks in rows, so what it computes is d's transpose: its source is b's, its
// weights are a's.
#include <dnnl.hpp>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/log.h"
#include "libs/onednn/fast_product.h"

namespace ppu::onednn {
namespace {

using dnnl::memory;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

memory::data_type type_of(Element e) {
  switch (e) {
    case Element::kBf16:
      return memory::data_type::bf16;
    case Element::kS8:
      return memory::data_type::s8;
    case Element::kF32:
      return memory::data_type::f32;
    case Element::kS32:
      return memory::data_type::s32;
  }
  return memory::data_type::undef;
}

struct Plan {
  memory::desc source, weights, bias, result;
  dnnl::matmul primitive;
};

dnnl::primitive_attr attributes_of(const FastProduct& p) {
  dnnl::primitive_attr attributes;
  if (p.alpha != 1) attributes.set_output_scales(0, {p.alpha});
  dnnl::post_ops after;
  if (p.beta != 0) after.append_sum(p.beta);
  if (p.function == Function::kRelu) after.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
  if (p.function == Function::kGelu) after.append_eltwise(1, dnnl::algorithm::eltwise_gelu_tanh, 0, 0);
  attributes.set_post_ops(after);
  return attributes;
}

Plan make_plan(const FastProduct& p) {
  Plan plan;
  const auto inputs = type_of(p.inputs);
  plan.source = {{p.count, p.n, p.k}, inputs, {p.b_matrix, p.b_column, p.b_row}};
  plan.weights = {{p.count, p.k, p.m}, inputs, {p.a_matrix, p.a_column, p.a_row}};
  plan.result = {{p.count, p.n, p.m}, type_of(p.result), {p.d_matrix, p.d_column, 1}};
  if (p.has_bias) plan.bias = {{1, 1, p.m}, type_of(p.bias), {p.m, p.m, 1}};
  const auto description = p.has_bias ? dnnl::matmul::desc(plan.source, plan.weights, plan.bias, plan.result)
                                      : dnnl::matmul::desc(plan.source, plan.weights, plan.result);
  plan.primitive = dnnl::matmul(dnnl::matmul::primitive_desc(description, attributes_of(p), cpu()));
  return plan;
}

/// Plans live as long as the process; a program has as many as shapes of products. Past the limit all are
/// made anew, which bounds memory where shapes never repeat.
const Plan& plan_for(const FastProduct& p) {
  constexpr size_t kMost = 2048;
  thread_local std::unordered_map<std::string, Plan> plans;
  std::string key(reinterpret_cast<const char*>(&p), sizeof p);
  const auto known = plans.find(key);
  if (known != plans.end()) return known->second;
  if (plans.size() >= kMost) plans.clear();
  return plans.emplace(std::move(key), make_plan(p)).first->second;
}

memory operand(const memory::desc& desc, const void* data) {
  return memory(desc, cpu(), const_cast<void*>(data));
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int ppu_onednn_multiply(const FastProduct* p, const void* a,
                                                                          const void* b, const void* bias,
                                                                          void* d) {
  try {
    const Plan& plan = plan_for(*p);
    std::unordered_map<int, memory> arguments = {{DNNL_ARG_SRC, operand(plan.source, b)},
                                                 {DNNL_ARG_WEIGHTS, operand(plan.weights, a)},
                                                 {DNNL_ARG_DST, operand(plan.result, d)}};
    if (p->has_bias) arguments.emplace(DNNL_ARG_BIAS, operand(plan.bias, bias));
    thread_local dnnl::stream stream(cpu());
    plan.primitive.execute(stream, arguments);
    stream.wait();
    return 0;
  } catch (const dnnl::error& e) {
    log("onednn", LogLevel::kInfo, "no product: %s", e.what());
    return 1;
  }
}

}  // namespace ppu::onednn

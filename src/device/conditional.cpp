#include "device/conditional.h"

#include <unordered_set>

#include "base/log.h"
#include "device/context.h"

namespace ppu::device {
namespace {

std::mutex conditions_mutex;
std::unordered_set<const Condition*>& conditions() {
  static auto* set = new std::unordered_set<const Condition*>;
  return *set;
}

/// A conditional node that a stream has come to. Its bodies run in a stream of its own.
class ConditionalOperation : public Operation {
 public:
  ConditionalOperation(Context& context, uint64_t handle, CUgraphConditionalNodeType kind,
                       std::shared_ptr<std::vector<std::unique_ptr<Graph>>> bodies)
      : context_(context), handle_(handle), kind_(kind), bodies_(std::move(bodies)) {}

 protected:
  void start() override {
    inner_ = new Stream(context_, CU_STREAM_NON_BLOCKING, 0);
    go_on();
  }

 private:
  /// Behind a body that runs: comes back here.
  class BodyEnded : public Operation {
   public:
    explicit BodyEnded(ConditionalOperation& node) : node_(node) {}

   protected:
    void start() override {
      ConditionalOperation& node = node_;
      complete();
      node.go_on();
    }

   private:
    ConditionalOperation& node_;
  };

  /// A body without work ends inside its own submission: then this is entered again below itself, and the
  /// outer call takes the next round.
  void go_on() {
    if (rounds_.fetch_add(1) != 0) return;
    do {
      if (!start_body()) {
        inner_->close();
        complete();
        return;
      }
    } while (rounds_.fetch_sub(1) != 1);
  }

  /// False when the node is over.
  bool start_body() {
    if (context_.error() != CUDA_SUCCESS) return false;
    const Graph* body = choose();
    if (!body) return false;
    ran_ = true;
    if (const CUresult result = body->submit(*inner_); result != CUDA_SUCCESS) {
      log("device", LogLevel::kError, "the body of a conditional node can't be launched: error %d",
          int(result));
      context_.fail(result);
    }
    inner_->submit(new BodyEnded(*this));
    return true;
  }

  const Graph* choose() const {
    const Condition* condition = find_condition(handle_);
    if (!condition || (ran_ && kind_ != CU_GRAPH_COND_TYPE_WHILE)) return nullptr;
    const unsigned value = condition->value.load();
    const size_t index = kind_ == CU_GRAPH_COND_TYPE_SWITCH ? value : value ? 0 : 1;
    return index < bodies_->size() ? (*bodies_)[index].get() : nullptr;
  }

  Context& context_;
  uint64_t handle_;
  CUgraphConditionalNodeType kind_;
  std::shared_ptr<std::vector<std::unique_ptr<Graph>>> bodies_;
  Stream* inner_ = nullptr;
  std::atomic<int> rounds_{0};
  bool ran_ = false;
};

}  // namespace

Condition::Condition(unsigned first, bool each_launch) : value(first), initial(first), reset(each_launch) {
  const std::lock_guard lock(conditions_mutex);
  conditions().insert(this);
}

Condition::~Condition() {
  const std::lock_guard lock(conditions_mutex);
  conditions().erase(this);
}

Condition* find_condition(uint64_t handle) {
  const std::lock_guard lock(conditions_mutex);
  auto* condition = reinterpret_cast<Condition*>(handle);
  return conditions().contains(condition) ? condition : nullptr;
}

void set_condition(uint64_t handle, unsigned value) {
  const std::lock_guard lock(conditions_mutex);
  auto* condition = reinterpret_cast<Condition*>(handle);
  if (conditions().contains(condition))
    condition->value.store(value);
  else
    log_once("device", "cudaGraphSetConditional",
             "cudaGraphSetConditional: 0x%llx isn't a conditional handle",
             static_cast<unsigned long long>(handle));
}

ConditionalWork::ConditionalWork(uint64_t handle, CUgraphConditionalNodeType kind,
                                 std::shared_ptr<Bodies> bodies)
    : handle_(handle), kind_(kind), bodies_(std::move(bodies)) {
  for (const auto& body : *bodies_) handles_.push_back(reinterpret_cast<CUgraph>(body.get()));
}

ConditionalWork::ConditionalWork(uint64_t handle, CUgraphConditionalNodeType kind, unsigned count)
    : ConditionalWork(handle, kind, [count] {
        auto bodies = std::make_shared<Bodies>();
        for (unsigned i = 0; i < count; i++) bodies->push_back(std::make_unique<Graph>());
        return bodies;
      }()) {}

std::unique_ptr<Work> ConditionalWork::clone() const {
  auto copies = std::make_shared<Bodies>();
  for (const auto& body : *bodies_) copies->push_back(body->clone());
  return std::unique_ptr<Work>(new ConditionalWork(handle_, kind_, std::move(copies)));
}

CUresult ConditionalWork::submit(Stream& stream) {
  stream.submit(new ConditionalOperation(stream.context(), handle_, kind_, bodies_));
  return CUDA_SUCCESS;
}

}  // namespace ppu::device

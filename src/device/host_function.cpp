#include "device/host_function.h"

#include "device/context.h"
#include "device/host_thread.h"

namespace ppu::device {
namespace {

class HostOperation : public Operation {
 public:
  HostOperation(CUhostFn function, void* user, Context& context, bool always)
      : function_(function), user_(user), context_(context), always_(always) {}

 protected:
  void start() override {
    run_on_host_thread(
        function_, stream_name(),
        [](void* self) {
          auto* op = static_cast<HostOperation*>(self);
          // Host functions don't run in a context that has failed (cuLaunchHostFunc); callbacks do.
          if (op->always_ || op->context_.error() == CUDA_SUCCESS) op->function_(op->user_);
          op->complete();
        },
        this);
  }

 private:
  CUhostFn function_;
  void* user_;
  Context& context_;
  bool always_;
};

}  // namespace

void submit_host_function(Stream& stream, CUhostFn function, void* user, bool always) {
  stream.submit(new HostOperation(function, user, stream.context(), always));
}

}  // namespace ppu::device

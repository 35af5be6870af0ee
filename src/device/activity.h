// Who listens to the device's work (base/activity.h), and the clock they gave. Off until a tool asks; then
// operations time themselves and tell what they were when they complete.
#pragma once
#include "base/activity.h"

namespace ppu::device {

inline std::atomic<bool> activity_wanted{false};

inline bool activity_on() {
  return activity_wanted.load(std::memory_order_relaxed);
}
uint64_t activity_now();
activity::Origin activity_origin();
void deliver_activity(const activity::Record& record);
class Context;
/// Tells a tool of a context: after it was made, and before it is destroyed.
void tell_context(Context& context, bool made);
/// Puts work that no kernel did on the chip's clock, and into the profile (operator_price.cpp).
void price_operator(const activity::OperatorRun& run);

const activity::Interface& activity_interface();

}  // namespace ppu::device

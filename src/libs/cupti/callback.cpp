// The callback interface, of which there is: one subscriber, told when contexts are made and destroyed.
// Enabling any other callback answers CUPTI_ERROR_NOT_SUPPORTED.
#include <array>
#include <mutex>

#include "base/log.h"
#include "libs/cupti/driver.h"
#include "libs/cupti/results.h"

struct CUpti_Subscriber_st {
  std::mutex mutex;
  CUpti_CallbackFunc callback = nullptr;  ///< null: nobody has subscribed
  void* user = nullptr;
  std::array<bool, 3> enabled{};  ///< by CUpti_CallbackIdResource
};

namespace ppu::cupti {
namespace {

CUpti_Subscriber_st& only_subscriber() {
  static auto* const only = new CUpti_Subscriber_st;  // contexts may still go while the process ends
  return *only;
}

void tell(void* context, bool made) {
  const uint32_t id =
      made ? CUPTI_CBID_RESOURCE_CONTEXT_CREATED : CUPTI_CBID_RESOURCE_CONTEXT_DESTROY_STARTING;
  CUpti_Subscriber_st& s = only_subscriber();
  std::unique_lock lock(s.mutex);
  if (!s.callback || !s.enabled[id]) return;
  const auto callback = s.callback;
  void* const user = s.user;
  lock.unlock();  // a callback may change what is enabled
  const CUpti_ResourceData data = {context, nullptr, nullptr};
  callback(user, CUPTI_CB_DOMAIN_RESOURCE, id, &data);
}

bool is_subscriber(CUpti_SubscriberHandle subscriber) {
  return subscriber == &only_subscriber() && subscriber->callback;
}

bool is_offered(CUpti_CallbackDomain domain, uint32_t callback) {
  return domain == CUPTI_CB_DOMAIN_RESOURCE && (callback == CUPTI_CBID_RESOURCE_CONTEXT_CREATED ||
                                                callback == CUPTI_CBID_RESOURCE_CONTEXT_DESTROY_STARTING);
}

bool is_domain(CUpti_CallbackDomain domain) {
  return domain > 0 && domain <= CUPTI_CB_DOMAIN_STATE;
}

}  // namespace

CUptiResult cuptiSubscribe(CUpti_SubscriberHandle* subscriber, CUpti_CallbackFunc callback, void* user) {
  if (!subscriber || !callback) return CUPTI_ERROR_INVALID_PARAMETER;
  if (!driver()) return CUPTI_ERROR_NOT_INITIALIZED;
  CUpti_Subscriber_st& s = only_subscriber();
  {
    const std::lock_guard lock(s.mutex);
    if (s.callback) return CUPTI_ERROR_MAX_LIMIT_REACHED;
    s.callback = callback;
    s.user = user;
    s.enabled.fill(false);
  }
  driver()->watch_contexts(tell);
  *subscriber = &s;
  return CUPTI_SUCCESS;
}

CUptiResult cuptiUnsubscribe(CUpti_SubscriberHandle subscriber) {
  const std::lock_guard lock(only_subscriber().mutex);
  if (!is_subscriber(subscriber)) return CUPTI_ERROR_INVALID_PARAMETER;
  subscriber->callback = nullptr;
  driver()->watch_contexts(nullptr);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiEnableCallback(uint32_t enable, CUpti_SubscriberHandle subscriber,
                                CUpti_CallbackDomain domain, uint32_t callback) {
  const std::lock_guard lock(only_subscriber().mutex);
  if (!is_subscriber(subscriber) || !is_domain(domain)) return CUPTI_ERROR_INVALID_PARAMETER;
  if (is_offered(domain, callback)) {
    subscriber->enabled[callback] = enable != 0;
    return CUPTI_SUCCESS;
  }
  if (!enable) return CUPTI_SUCCESS;
  log("cupti", LogLevel::kWarn, "callback %u of domain %d isn't written yet: CUPTI_ERROR_NOT_SUPPORTED",
      callback, int(domain));
  return CUPTI_ERROR_NOT_SUPPORTED;
}

CUptiResult cuptiGetCallbackState(uint32_t* enabled, CUpti_SubscriberHandle subscriber,
                                  CUpti_CallbackDomain domain, uint32_t callback) {
  const std::lock_guard lock(only_subscriber().mutex);
  if (!enabled || !is_subscriber(subscriber) || !is_domain(domain)) return CUPTI_ERROR_INVALID_PARAMETER;
  *enabled = is_offered(domain, callback) && subscriber->enabled[callback];
  return CUPTI_SUCCESS;
}

}  // namespace ppu::cupti

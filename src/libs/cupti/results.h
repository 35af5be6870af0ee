// CUPTI's results (CUPTI documentation, CUptiResult), as far as they are answered, and the types that
// api.inc names.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/activity.h"

// name, number
#define PPU_CUPTI_RESULTS(R)           \
  R(CUPTI_SUCCESS, 0)                  \
  R(CUPTI_ERROR_INVALID_PARAMETER, 1)  \
  R(CUPTI_ERROR_INVALID_OPERATION, 7)  \
  R(CUPTI_ERROR_MAX_LIMIT_REACHED, 12) \
  R(CUPTI_ERROR_NOT_INITIALIZED, 15)   \
  R(CUPTI_ERROR_QUEUE_EMPTY, 18)       \
  R(CUPTI_ERROR_NOT_SUPPORTED, 27)     \
  R(CUPTI_ERROR_UNKNOWN, 999)

enum CUptiResult : int {
#define PPU_ENUMERATOR(name, number) name = number,
  PPU_CUPTI_RESULTS(PPU_ENUMERATOR)
#undef PPU_ENUMERATOR
};

using CUpti_BuffersCallbackRequestFunc = void (*)(uint8_t** buffer, size_t* bytes, size_t* most_records);
using CUpti_BuffersCallbackCompleteFunc = void (*)(void* context, uint32_t stream, uint8_t* buffer,
                                                   size_t bytes, size_t valid_bytes);

// Callbacks (CUPTI documentation, "CUPTI Callback API").
enum CUpti_CallbackDomain : int { CUPTI_CB_DOMAIN_RESOURCE = 3, CUPTI_CB_DOMAIN_STATE = 6 };
enum CUpti_CallbackIdResource : int {
  CUPTI_CBID_RESOURCE_CONTEXT_CREATED = 1,
  CUPTI_CBID_RESOURCE_CONTEXT_DESTROY_STARTING = 2,
};
using CUpti_CallbackFunc = void (*)(void* user, CUpti_CallbackDomain domain, uint32_t callback,
                                    const void* data);
using CUpti_SubscriberHandle = struct CUpti_Subscriber_st*;
struct CUpti_ResourceData {
  void* context;
  void* resource;
  void* descriptor;
};

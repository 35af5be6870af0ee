/* NVTX 3 for programs built with ppucc: ranges, marks and names (NVTX documentation, "NVTX C API reference").
 * The library that NVTX_INJECTION64_PATH names, such as the one `ppu prof` sets, puts functions into the
 * slots below when it is first asked; without one every call does nothing. C and C++. Categories, colours and
 * payloads can be passed; no tool of ours shows them, nor the names given to threads and to CUDA's objects.
 */
#pragma once
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <wchar.h>

#define NVTX_VERSION 3
#define NVTX_API
#define NVTX_NO_PUSH_POP_TRACKING ((int)-2)

typedef uint64_t nvtxRangeId_t;
typedef struct nvtxDomainRegistration_st* nvtxDomainHandle_t;
typedef struct nvtxStringRegistration_st* nvtxStringHandle_t;
typedef enum nvtxColorType_t { NVTX_COLOR_UNKNOWN = 0, NVTX_COLOR_ARGB = 1 } nvtxColorType_t;
typedef enum nvtxMessageType_t {
  NVTX_MESSAGE_UNKNOWN = 0,
  NVTX_MESSAGE_TYPE_ASCII = 1,
  NVTX_MESSAGE_TYPE_UNICODE = 2,
  NVTX_MESSAGE_TYPE_REGISTERED = 3
} nvtxMessageType_t;
typedef enum nvtxPayloadType_t {
  NVTX_PAYLOAD_UNKNOWN = 0,
  NVTX_PAYLOAD_TYPE_UNSIGNED_INT64 = 1,
  NVTX_PAYLOAD_TYPE_INT64 = 2,
  NVTX_PAYLOAD_TYPE_DOUBLE = 3,
  NVTX_PAYLOAD_TYPE_UNSIGNED_INT32 = 4,
  NVTX_PAYLOAD_TYPE_INT32 = 5,
  NVTX_PAYLOAD_TYPE_FLOAT = 6
} nvtxPayloadType_t;
typedef union nvtxMessageValue_t {
  const char* ascii;
  const wchar_t* unicode;
  nvtxStringHandle_t registered;
} nvtxMessageValue_t;
typedef struct nvtxEventAttributes_v2 {
  uint16_t version, size;
  uint32_t category;
  int32_t colorType;
  uint32_t color;
  int32_t payloadType, reserved0;
  union payload_t {
    uint64_t ullValue;
    int64_t llValue;
    double dValue;
    uint32_t uiValue;
    int32_t iValue;
    float fValue;
  } payload;
  int32_t messageType;
  nvtxMessageValue_t message;
} nvtxEventAttributes_v2, nvtxEventAttributes_t;
#define NVTX_EVENT_ATTRIB_STRUCT_SIZE ((uint16_t)sizeof(nvtxEventAttributes_t))

/* ---- the tool's slots: numbers of its modules and functions are the protocol's. The state is one for the
 * program. */
typedef void (*PpuNvtxSlot)(void);
enum {
  PPU_NVTX_CORE = 1,
  PPU_NVTX_CORE2 = 5,
  PPU_NVTX_MARK_EX = 1,
  PPU_NVTX_MARK,
  PPU_NVTX_MARK_W,
  PPU_NVTX_START_EX,
  PPU_NVTX_START,
  PPU_NVTX_START_W,
  PPU_NVTX_END,
  PPU_NVTX_PUSH_EX,
  PPU_NVTX_PUSH,
  PPU_NVTX_PUSH_W,
  PPU_NVTX_POP,
  PPU_NVTX_DOMAIN_MARK_EX = 1,
  PPU_NVTX_DOMAIN_START_EX,
  PPU_NVTX_DOMAIN_END,
  PPU_NVTX_DOMAIN_PUSH_EX,
  PPU_NVTX_DOMAIN_POP,
  PPU_NVTX_REGISTER_STRING = 10,
  PPU_NVTX_REGISTER_STRING_W,
  PPU_NVTX_CREATE_DOMAIN,
  PPU_NVTX_CREATE_DOMAIN_W,
  PPU_NVTX_DESTROY_DOMAIN,
  PPU_NVTX_SLOTS = 16
};
struct PpuNvtxState {
  int asked;
  PpuNvtxSlot core[PPU_NVTX_SLOTS], core2[PPU_NVTX_SLOTS];
  PpuNvtxSlot* core_table[PPU_NVTX_SLOTS + 1];
  PpuNvtxSlot* core2_table[PPU_NVTX_SLOTS + 1];
};
#ifdef __cplusplus
extern "C" {
#endif
__attribute__((weak, visibility("hidden"))) struct PpuNvtxState ppu_nvtx_state;

static inline int ppu_nvtx_functions(uint32_t module, PpuNvtxSlot*** table, unsigned* size) {
  if (module != PPU_NVTX_CORE && module != PPU_NVTX_CORE2) return 0;
  *table = module == PPU_NVTX_CORE ? ppu_nvtx_state.core_table : ppu_nvtx_state.core2_table;
  *size = PPU_NVTX_SLOTS;
  return 1;
}
static inline const void* ppu_nvtx_table(uint32_t number) {
  static const struct {
    size_t size;
    int (*functions)(uint32_t, PpuNvtxSlot***, unsigned*);
  } callbacks = {sizeof callbacks, ppu_nvtx_functions};
  return number == 1 ? &callbacks : NULL;
}
static inline PpuNvtxSlot ppu_nvtx_slot(int module, int number) {
  struct PpuNvtxState* state = &ppu_nvtx_state;
  if (!__atomic_exchange_n(&state->asked, 1, __ATOMIC_ACQ_REL)) {
    const char* path = getenv("NVTX_INJECTION64_PATH");
    void* tool = path && *path ? dlopen(path, RTLD_LAZY) : NULL;
    int (*start)(const void* (*)(uint32_t)) = NULL;
    for (int i = 0; i < PPU_NVTX_SLOTS; ++i) {
      state->core_table[i] = &state->core[i];
      state->core2_table[i] = &state->core2[i];
    }
    if (tool) *(void**)&start = dlsym(tool, "InitializeInjectionNvtx2");
    if (start) start(ppu_nvtx_table);
  }
  return __atomic_load_n(&(module == PPU_NVTX_CORE ? state->core : state->core2)[number], __ATOMIC_ACQUIRE);
}
/* Calls the tool's function if there is one, else the value is `otherwise`. */
#define PPU_NVTX_CALL(module, number, result, otherwise, types, arguments)      \
  const PpuNvtxSlot slot = ppu_nvtx_slot(PPU_NVTX_##module, PPU_NVTX_##number); \
  return slot ? ((result(*) types)slot)arguments : otherwise
#define PPU_NVTX_TELL(module, number, types, arguments)                         \
  const PpuNvtxSlot slot = ppu_nvtx_slot(PPU_NVTX_##module, PPU_NVTX_##number); \
  if (slot) ((void(*) types)slot) arguments

static inline void nvtxInitialize(const void* reserved) {
  (void)reserved;
  ppu_nvtx_slot(PPU_NVTX_CORE, PPU_NVTX_MARK);
}
static inline void nvtxMarkEx(const nvtxEventAttributes_t* event) {
  PPU_NVTX_TELL(CORE, MARK_EX, (const nvtxEventAttributes_t*), (event));
}
static inline void nvtxMarkA(const char* message) {
  PPU_NVTX_TELL(CORE, MARK, (const char*), (message));
}
static inline void nvtxMarkW(const wchar_t* message) {
  PPU_NVTX_TELL(CORE, MARK_W, (const wchar_t*), (message));
}
static inline nvtxRangeId_t nvtxRangeStartEx(const nvtxEventAttributes_t* event) {
  PPU_NVTX_CALL(CORE, START_EX, nvtxRangeId_t, 0, (const nvtxEventAttributes_t*), (event));
}
static inline nvtxRangeId_t nvtxRangeStartA(const char* message) {
  PPU_NVTX_CALL(CORE, START, nvtxRangeId_t, 0, (const char*), (message));
}
static inline nvtxRangeId_t nvtxRangeStartW(const wchar_t* message) {
  PPU_NVTX_CALL(CORE, START_W, nvtxRangeId_t, 0, (const wchar_t*), (message));
}
static inline void nvtxRangeEnd(nvtxRangeId_t range) {
  PPU_NVTX_TELL(CORE, END, (nvtxRangeId_t), (range));
}
static inline int nvtxRangePushEx(const nvtxEventAttributes_t* event) {
  PPU_NVTX_CALL(CORE, PUSH_EX, int, NVTX_NO_PUSH_POP_TRACKING, (const nvtxEventAttributes_t*), (event));
}
static inline int nvtxRangePushA(const char* message) {
  PPU_NVTX_CALL(CORE, PUSH, int, NVTX_NO_PUSH_POP_TRACKING, (const char*), (message));
}
static inline int nvtxRangePushW(const wchar_t* message) {
  PPU_NVTX_CALL(CORE, PUSH_W, int, NVTX_NO_PUSH_POP_TRACKING, (const wchar_t*), (message));
}
static inline int nvtxRangePop(void) {
  PPU_NVTX_CALL(CORE, POP, int, NVTX_NO_PUSH_POP_TRACKING, (void), ());
}
static inline void nvtxDomainMarkEx(nvtxDomainHandle_t domain, const nvtxEventAttributes_t* event) {
  PPU_NVTX_TELL(CORE2, DOMAIN_MARK_EX, (nvtxDomainHandle_t, const nvtxEventAttributes_t*), (domain, event));
}
static inline nvtxRangeId_t nvtxDomainRangeStartEx(nvtxDomainHandle_t domain,
                                                   const nvtxEventAttributes_t* event) {
  PPU_NVTX_CALL(CORE2, DOMAIN_START_EX, nvtxRangeId_t, 0, (nvtxDomainHandle_t, const nvtxEventAttributes_t*),
                (domain, event));
}
static inline void nvtxDomainRangeEnd(nvtxDomainHandle_t domain, nvtxRangeId_t range) {
  PPU_NVTX_TELL(CORE2, DOMAIN_END, (nvtxDomainHandle_t, nvtxRangeId_t), (domain, range));
}
static inline int nvtxDomainRangePushEx(nvtxDomainHandle_t domain, const nvtxEventAttributes_t* event) {
  PPU_NVTX_CALL(CORE2, DOMAIN_PUSH_EX, int, NVTX_NO_PUSH_POP_TRACKING,
                (nvtxDomainHandle_t, const nvtxEventAttributes_t*), (domain, event));
}
static inline int nvtxDomainRangePop(nvtxDomainHandle_t domain) {
  PPU_NVTX_CALL(CORE2, DOMAIN_POP, int, NVTX_NO_PUSH_POP_TRACKING, (nvtxDomainHandle_t), (domain));
}
static inline nvtxStringHandle_t nvtxDomainRegisterStringA(nvtxDomainHandle_t domain, const char* text) {
  PPU_NVTX_CALL(CORE2, REGISTER_STRING, nvtxStringHandle_t, NULL, (nvtxDomainHandle_t, const char*),
                (domain, text));
}
static inline nvtxStringHandle_t nvtxDomainRegisterStringW(nvtxDomainHandle_t domain, const wchar_t* text) {
  PPU_NVTX_CALL(CORE2, REGISTER_STRING_W, nvtxStringHandle_t, NULL, (nvtxDomainHandle_t, const wchar_t*),
                (domain, text));
}
static inline nvtxDomainHandle_t nvtxDomainCreateA(const char* name) {
  PPU_NVTX_CALL(CORE2, CREATE_DOMAIN, nvtxDomainHandle_t, NULL, (const char*), (name));
}
static inline nvtxDomainHandle_t nvtxDomainCreateW(const wchar_t* name) {
  PPU_NVTX_CALL(CORE2, CREATE_DOMAIN_W, nvtxDomainHandle_t, NULL, (const wchar_t*), (name));
}
static inline void nvtxDomainDestroy(nvtxDomainHandle_t domain) {
  PPU_NVTX_TELL(CORE2, DESTROY_DOMAIN, (nvtxDomainHandle_t), (domain));
}
#undef PPU_NVTX_CALL
#undef PPU_NVTX_TELL

/* Names of threads, categories and CUDA's objects: no tool of ours shows them. */
static inline void nvtxNameCategoryA(uint32_t category, const char* name) {
  (void)category, (void)name;
}
static inline void nvtxNameCategoryW(uint32_t category, const wchar_t* name) {
  (void)category, (void)name;
}
static inline void nvtxDomainNameCategoryA(nvtxDomainHandle_t domain, uint32_t category, const char* name) {
  (void)domain, (void)category, (void)name;
}
static inline void nvtxNameOsThreadA(uint32_t thread, const char* name) {
  (void)thread, (void)name;
}
static inline void nvtxNameOsThreadW(uint32_t thread, const wchar_t* name) {
  (void)thread, (void)name;
}
#ifdef __cplusplus
}
#endif

#ifdef UNICODE
#define nvtxMark nvtxMarkW
#define nvtxRangeStart nvtxRangeStartW
#define nvtxRangePush nvtxRangePushW
#define nvtxDomainCreate nvtxDomainCreateW
#define nvtxDomainRegisterString nvtxDomainRegisterStringW
#define nvtxNameCategory nvtxNameCategoryW
#define nvtxNameOsThread nvtxNameOsThreadW
#else
#define nvtxMark nvtxMarkA
#define nvtxRangeStart nvtxRangeStartA
#define nvtxRangePush nvtxRangePushA
#define nvtxDomainCreate nvtxDomainCreateA
#define nvtxDomainRegisterString nvtxDomainRegisterStringA
#define nvtxNameCategory nvtxNameCategoryA
#define nvtxNameOsThread nvtxNameOsThreadA
#endif

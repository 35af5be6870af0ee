// Functions compiled for several instruction sets, chosen when the library is loaded: before a sanitizer is
// ready, so that there is one version under those.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PPU_CLONES(...)
#endif
#endif
#ifndef PPU_CLONES
#define PPU_CLONES(...) __attribute__((target_clones(__VA_ARGS__, "avx2", "default")))
#endif

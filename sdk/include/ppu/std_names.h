// cuda::std of OpenPPU's headers is the host's library: clang lets kernels use what is constexpr there.
// libcu++ as a whole is the user's (docs/running.md); a header that isn't in cuda/std/ here can't be found.
#pragma once

namespace cuda {
namespace std {
using namespace ::std;
}  // namespace std
}  // namespace cuda

// The thread's kept tensors, and the change of a result's side.
#include "bridges/torch/spares.h"

#include <array>

#include "bridges/torch/device_memory.h"

namespace ppu::bridge {
namespace {

constexpr size_t kKeptAtMost = 8;

thread_local bool ended = false;  // other thread-local objects may still call operators

struct Spares {
  std::array<at::Tensor, kKeptAtMost> tensors;
  size_t count = 0;
  ~Spares() { ended = true; }
};
thread_local Spares spares;

/// Members that PyTorch has no function for: what a tensor of another device differs in, and rare additions.
struct Sides : c10::TensorImpl {
  static constexpr auto keys = &Sides::key_set_;
  static constexpr auto device = &Sides::device_opt_;
  static constexpr auto extra = &Sides::extra_meta_;
};

/// The keys of a plain tensor, as its constructor sets them: in inference mode (c10/core/InferenceMode.h)
/// they are others.
c10::DispatchKeySet plain_keys(c10::DispatchKey backend, bool inference) {
  const c10::InferenceMode mode(inference);
  return c10::TensorImpl(c10::DispatchKeySet(backend), caffe2::TypeMeta::Make<float>(),
                         c10::Device(c10::kCPU))
      .key_set();
}

struct Keys {
  c10::DispatchKeySet cpu, cuda;
};
const Keys& keys_of(bool inference) {
  static const Keys both[] = {
      {plain_keys(c10::DispatchKey::CPU, false), plain_keys(c10::DispatchKey::CUDA, false)},
      {plain_keys(c10::DispatchKey::CPU, true), plain_keys(c10::DispatchKey::CUDA, true)}};
  return both[inference];
}

}  // namespace

at::Tensor take_spare() {
  if (ended || spares.count == 0) return {};
  return std::move(spares.tensors[--spares.count]);
}

void keep_spare(at::Tensor t) {
  if (ended || spares.count == kKeptAtMost || t.use_count() != 1) return;
  c10::TensorImpl& impl = *t.unsafeGetTensorImpl();
  if (!impl.has_storage() || impl.unsafe_storage().use_count() != 1 || impl.autograd_meta() ||
      impl.*Sides::extra)
    return;
  if (impl.is_conj()) impl._set_conj(false);
  if (impl.is_neg()) impl._set_neg(false);
  if (impl.is_wrapped_number() || impl.key_set() != keys_of(false).cpu) return;
  c10::StorageImpl& storage = *impl.unsafe_storage().unsafeGetStorageImpl();
  storage.set_data_ptr_noswap(c10::DataPtr(nullptr, c10::Device(c10::kCPU)));
  storage.set_nbytes(size_t{0});
  spares.tensors[spares.count++] = std::move(t);
}

bool change_side(const at::Tensor& t, c10::Device device) {
  if (t.use_count() != 1) return false;
  c10::TensorImpl& impl = *t.unsafeGetTensorImpl();
  const Keys& keys = keys_of(impl.is_inference());
  if (impl.key_set() != keys.cpu || !impl.has_storage() || impl.unsafe_storage().use_count() != 1)
    return false;
  c10::StorageImpl& storage = *impl.unsafe_storage().unsafeGetStorageImpl();
  storage.set_data_ptr_noswap(take_memory(storage, device));
  storage.set_allocator(c10::cuda::CUDACachingAllocator::get());
  storage.set_resizable(true);
  impl.*Sides::keys = keys.cuda;
  impl.*Sides::device = device;
  return true;
}

}  // namespace ppu::bridge

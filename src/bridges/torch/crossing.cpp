// Dense tensors and storages; the other layouts are in crossing_layouts.cpp.
#include "bridges/torch/crossing.h"

#include "bridges/torch/device_memory.h"
#include "bridges/torch/spares.h"

namespace ppu::bridge {
namespace {

constexpr size_t kSearchAtMost = 16;  // beyond it, looking through the list costs more than a hash table

/// Bits that belong to a tensor beside its bytes.
void copy_marks(const at::Tensor& from, c10::TensorImpl& to) {
  const c10::TensorImpl& source = *from.unsafeGetTensorImpl();
  if (source.is_conj()) to._set_conj(true);
  if (source.is_neg()) to._set_neg(true);
  if (source.is_wrapped_number()) to.set_wrapped_number(true);
}

bool same_shape(const c10::TensorImpl& a, const c10::TensorImpl& b) {
  return a.storage_offset() == b.storage_offset() && a.sizes() == b.sizes() && a.strides() == b.strides();
}

}  // namespace

Crossing::~Crossing() {
  storages_.clear();
  for (TensorPair& pair : tensors_) keep_spare(std::move(pair.cpu));
}

at::Tensor Crossing::find_cpu(const at::Tensor& cuda) const {
  if (tensors_.size() > kSearchAtMost) {
    const auto at = index_.find(cuda.unsafeGetTensorImpl());
    return at == index_.end() ? at::Tensor() : tensors_[at->second].cpu;
  }
  for (const TensorPair& pair : tensors_)
    if (pair.cuda.is_same(cuda)) return pair.cpu;
  return {};
}

at::Tensor Crossing::find_cuda(const at::Tensor& cpu) const {
  for (const TensorPair& pair : tensors_)
    if (pair.cpu.is_same(cpu)) return pair.cuda;
  return {};
}

at::Tensor Crossing::remember(at::Tensor cpu, at::Tensor cuda) {
  tensors_.push_back({cpu, std::move(cuda)});
  const size_t count = tensors_.size();
  if (count > kSearchAtMost)
    for (size_t i = index_.empty() ? 0 : count - 1; i < count; ++i)
      index_.emplace(tensors_[i].cuda.unsafeGetTensorImpl(), i);
  return cpu;
}

c10::Storage Crossing::find_storage(const c10::Storage& cuda) const {
  // From the back: a tensor list's neighbours share a storage more often than its ends.
  for (size_t i = storages_.size(); i-- > 0;)
    if (storages_[i].cuda.is_alias_of(cuda)) return storages_[i].cpu;
  return {};
}

c10::Storage Crossing::storage_to_cpu(const c10::Storage& cuda) {
  if (c10::Storage known = find_storage(cuda)) return known;
  c10::StorageImpl* const impl = cuda.unsafeGetStorageImpl();
  void* const address = impl->mutable_data();
  c10::Storage cpu(c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), impl->nbytes(),
                                                         c10::DataPtr(address, c10::Device(c10::kCPU)),
                                                         device_backed_allocator(), impl->resizable()));
  storages_.push_back({cpu, cuda, address});
  return cpu;
}

c10::Storage Crossing::storage_to_cpu(const c10::Storage& cuda, const c10::Storage& spare) {
  if (c10::Storage known = find_storage(cuda)) return known;
  c10::StorageImpl* const impl = cuda.unsafeGetStorageImpl();
  c10::StorageImpl* const cpu = spare.unsafeGetStorageImpl();
  void* const address = impl->mutable_data();
  cpu->set_data_ptr_noswap(c10::DataPtr(address, c10::Device(c10::kCPU)));
  cpu->set_nbytes(impl->nbytes());
  cpu->set_resizable(impl->resizable());
  storages_.push_back({spare, cuda, address});
  return spare;
}

c10::Storage Crossing::storage_to_cuda(const c10::Storage& cpu) {
  c10::StorageImpl* const impl = cpu.unsafeGetStorageImpl();
  for (const StoragePair& pair : storages_)
    if (pair.cpu.unsafeGetStorageImpl() == impl) return pair.cuda;
  c10::Storage cuda(c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), impl->nbytes(),
                                                          take_memory(*impl, device_),
                                                          c10::cuda::CUDACachingAllocator::get(), true));
  storages_.push_back({cpu, cuda, impl->mutable_data()});
  return cuda;
}

at::Tensor Crossing::dense_to_cpu(const at::Tensor& t) {
  if (at::Tensor spare = take_spare(); spare.defined()) {
    c10::TensorImpl& impl = *spare.unsafeGetTensorImpl();
    impl.set_storage_and_dtype(storage_to_cpu(t.storage(), impl.unsafe_storage()), t.dtype());
    impl.set_storage_offset(t.storage_offset());
    impl.set_sizes_and_strides(t.sizes(), t.strides());
    copy_marks(t, impl);
    return spare;
  }
  auto impl = c10::make_intrusive<c10::TensorImpl>(storage_to_cpu(t.storage()),
                                                   c10::DispatchKeySet(c10::DispatchKey::CPU), t.dtype());
  impl->set_storage_offset(t.storage_offset());
  impl->set_sizes_and_strides(t.sizes(), t.strides());
  copy_marks(t, *impl);
  return at::Tensor(std::move(impl));
}

at::Tensor Crossing::to_cpu(at::Tensor t) {
  if (!t.defined()) return t;
  if (!t.is_cuda()) {
    strangers_.push_back(t);
    return t;
  }
  any_cuda_ = true;
  if (t.device() != device_) other_device_ = t.device();
  if (at::Tensor known = find_cpu(t); known.defined()) return known;
  at::Tensor cpu;
  if (t.is_quantized())
    cpu = convert_quantized(t, storage_to_cpu(t.storage()), c10::DispatchKey::QuantizedCPU, true);
  else if (t.layout() != c10::kStrided || t.is_nested())
    cpu = convert_layout(t, true);
  else
    cpu = dense_to_cpu(t);
  return remember(std::move(cpu), std::move(t));
}

at::Tensor Crossing::to_cuda(const at::Tensor& t) {
  if (!t.defined() || !t.is_cpu() || change_side(t, device_)) return t;
  for (const at::Tensor& stranger : strangers_)
    if (stranger.is_same(t)) return t;
  if (at::Tensor known = find_cuda(t); known.defined()) return known;
  if (t.is_quantized())
    return convert_quantized(t, storage_to_cuda(t.storage()), c10::DispatchKey::QuantizedCUDA, false);
  if (t.layout() != c10::kStrided || t.is_nested()) return convert_layout(t, false);
  auto impl = c10::make_intrusive<c10::TensorImpl>(storage_to_cuda(t.storage()),
                                                   c10::DispatchKeySet(c10::DispatchKey::CUDA), t.dtype());
  impl->set_storage_offset(t.storage_offset());
  impl->set_sizes_and_strides(t.sizes(), t.strides());
  copy_marks(t, *impl);
  at::Tensor cuda(std::move(impl));
  remember(t, cuda);  // an operator may return one tensor twice
  return cuda;
}

void Crossing::write_back() {
  for (StoragePair& pair : storages_) {
    c10::StorageImpl& cpu = *pair.cpu.unsafeGetStorageImpl();
    c10::StorageImpl& cuda = *pair.cuda.unsafeGetStorageImpl();
    if (cpu.nbytes() == cuda.nbytes() && cpu.data() == pair.address) continue;
    cuda.set_data_ptr(take_memory(cpu, device_));
    cuda.set_nbytes(cpu.nbytes());
    pair.address = cpu.mutable_data();
  }
  const size_t given = tensors_.size();  // to_cuda below may add to them
  for (size_t i = 0; i < given; ++i) {
    const TensorPair pair = tensors_[i];
    if (pair.cuda.layout() == c10::kSparse) {
      write_back_sparse(pair.cpu, pair.cuda);
    } else if (at::sparse_csr::is_sparse_compressed(pair.cuda)) {
      write_back_compressed(pair.cpu, pair.cuda);
    } else if (!pair.cuda.is_nested()) {
      c10::TensorImpl& cuda = *pair.cuda.unsafeGetTensorImpl();
      const c10::TensorImpl& cpu = *pair.cpu.unsafeGetTensorImpl();
      if (!same_shape(cuda, cpu)) {
        cuda.set_storage_offset(cpu.storage_offset());
        cuda.set_sizes_and_strides(cpu.sizes(), cpu.strides());
      }
    }
  }
}

}  // namespace ppu::bridge

#include "device/copy.h"

#include <cstring>
#include <memory>

#include "base/log.h"
#include "device/activity.h"
#include "device/address_space.h"
#include "device/capture.h"
#include "device/checking.h"
#include "device/context.h"
#include "device/device.h"
#include "device/profile.h"
#include "device/registry.h"
#include "device/zero_pages.h"

namespace ppu::device {
namespace {

/// Pageable host memory up to this size is copied aside, so that the call needn't wait for the stream.
constexpr size_t kStagingBytes = size_t(64) << 10;

struct Place {
  bool known = false;     ///< in an allocation or registered
  bool device = false;    ///< device memory proper: the host never looks at it
  bool pageable = false;  ///< plain host memory
};

Place place_of(uint64_t address) {
  Place p;
  const auto a = AddressSpace::instance().find(address);
  p.known = a.has_value();
  p.device = a && a->kind == MemoryKind::kDevice;
  p.pageable = !a;
  return p;
}

/// Bytes from the first to the last that one side touches.
size_t extent(const exec::Transfer& t, bool dst) {
  if (t.bytes() == 0) return 0;
  const size_t pitch = dst ? t.dst_pitch : t.src_pitch, slice = dst ? t.dst_slice : t.src_slice;
  return (t.depth - 1) * slice + (t.height - 1) * pitch + t.width;
}

bool valid_side(uint64_t address, Side side, size_t bytes) {
  if (bytes == 0) return true;
  if (address == 0) return false;
  AddressSpace& space = AddressSpace::instance();
  const auto a = space.find(address);
  if (!a) return side != Side::kDevice && !space.in_window(address);
  // Pinned and managed memory is the host's as well; device memory can be named where either is allowed.
  if (a->kind == MemoryKind::kRegistered && side != Side::kDevice) return true;
  return a->contains(address, bytes) || space.covers(address, bytes);
}

chip::CopyKind kind_of(const exec::Transfer& t) {
  if (t.fill) return chip::CopyKind::kFill;
  const bool to_device = place_of(t.dst).device, from_device = place_of(t.src).device;
  if (to_device) return from_device ? chip::CopyKind::kDeviceToDevice : chip::CopyKind::kHostToDevice;
  return from_device ? chip::CopyKind::kDeviceToHost : chip::CopyKind::kHostToHost;
}

activity::Memory memory_of(uint64_t address) {
  const Place p = place_of(address);
  return p.device     ? activity::Memory::kDevice
         : p.pageable ? activity::Memory::kPageable
                      : activity::Memory::kPinned;
}

activity::Record activity_of(const exec::Transfer& t) {
  activity::Record record;
  record.kind = t.fill ? activity::Kind::kFill : activity::Kind::kCopy;
  record.bytes = t.bytes();
  record.to = memory_of(t.dst);
  if (t.fill)
    record.value = t.value;
  else
    record.from = memory_of(t.src);
  return record;
}

/// Under initcheck: what lies at the destination now has been written, or is as good as the source.
void note_written(const exec::Transfer& t) {
  if (!checking::tools().values) return;
  AddressSpace& space = AddressSpace::instance();
  for (size_t z = 0; z < t.depth; z++)
    for (size_t y = 0; y < t.height; y++) {
      const uint64_t to = t.dst + z * t.dst_slice + y * t.dst_pitch;
      if (t.fill)
        space.mark_written(to, t.width);
      else
        space.copy_written(to, t.src + z * t.src_slice + y * t.src_pitch, t.width);
    }
}

/// A transfer in a stream: on the thread that finds it ready when small, on the pool when large.
class CopyOperation : public Operation {
 public:
  CopyOperation(const exec::Transfer& transfer, Context& context) : transfer_(transfer), context_(context) {
    if (activity_on()) {
      activity_ = std::make_unique<activity::Record>(activity_of(transfer));
      activity_->origin = activity_origin();
    }
    if (!profile::counting()) return;
    kind_ = kind_of(transfer);
    submit_ns_ = monotonic_ns();
    thread_ = profile::thread_number();
  }
  /// Copies the source aside now; false when it can't be read.
  bool stage() {
    staged_ = std::make_unique<char[]>(transfer_.bytes());
    exec::Transfer aside = transfer_;
    aside.dst = reinterpret_cast<uint64_t>(staged_.get());
    aside.dst_pitch = aside.width;
    aside.dst_slice = aside.width * aside.height;
    if (!exec::run_transfer(aside, nullptr)) return false;
    transfer_.src = aside.dst;
    transfer_.src_pitch = aside.dst_pitch;
    transfer_.src_slice = aside.dst_slice;
    return true;
  }

 protected:
  void start() override {
    if (context_.error() != CUDA_SUCCESS) return complete();
    if (submit_ns_) begin_ns_ = monotonic_ns();
    if (activity_) activity_->begin = activity_now();
    note_written(transfer_);
    if (transfer_.fill && transfer_.value == 0 && transfer_.bytes() == transfer_.width &&
        zero_by_pages(transfer_.dst, transfer_.width))
      return complete();
    if (transfer_.bytes() < exec::kParallelBytes) {
      exec::Fault fault;
      if (!exec::run_transfer(transfer_, &fault)) failed(fault);
      return complete();
    }
    auto* job = new Job(*this);
    job->owner = stream_name();
    registry_begins(context_.device().ordinal, Activity::kCopies);
    exec::Pool::instance().submit(job);
  }
  ChipUse chip_use() override { return chip_use_of(kind_, transfer_.bytes(), context_.device()); }
  void record(profile::Span span) override {
    if (!begin_ns_) return;
    span.thread = thread_;
    span.submit_ns = submit_ns_;
    span.begin_ns = begin_ns_;
    profile::record_copy(span, kind_, transfer_.bytes());
  }
  bool describe(activity::Record* record) override {
    if (!activity_ || !activity_->begin) return false;
    *record = *activity_;
    return true;
  }

 private:
  class Job : public exec::TransferJob {
   public:
    explicit Job(CopyOperation& operation) : TransferJob(operation.transfer_), operation_(operation) {}

   protected:
    void finished(const exec::Fault* fault) override {
      registry_ends(operation_.context_.device().ordinal, Activity::kCopies);
      if (fault) operation_.failed(*fault);
      operation_.complete();
    }

   private:
    CopyOperation& operation_;
  };
  void failed(const exec::Fault& fault) {
    log("device", LogLevel::kError, "copy of %zu bytes from 0x%llx to 0x%llx: illegal address 0x%llx, %s",
        transfer_.bytes(), (unsigned long long)transfer_.src, (unsigned long long)transfer_.dst,
        (unsigned long long)fault.info, AddressSpace::instance().describe(fault.info).c_str());
    context_.fail(CUDA_ERROR_ILLEGAL_ADDRESS);
  }
  exec::Transfer transfer_;
  Context& context_;
  std::unique_ptr<char[]> staged_;
  std::unique_ptr<activity::Record> activity_;   ///< while a profiling tool listens
  chip::CopyKind kind_ = chip::CopyKind::kFill;  ///< while kernels count, as the times
  uint64_t submit_ns_ = 0, begin_ns_ = 0;
  uint32_t thread_ = 0;
};

/// A copy that the calling thread made by itself while its stream was idle.
void note_copy(const exec::Transfer& t, Stream& stream, uint64_t begin_ns) {
  const Device& device = stream.context().device();
  const chip::CopyKind kind = kind_of(t);
  ChipClock& clock = ChipClock::instance();
  const ChipSpan chip = clock.place(device.ordinal, chip_use_of(kind, t.bytes(), device), clock.host_ns());
  clock.host_saw(chip.end_ns);
  if (!profile::recording()) return;
  profile::record_copy(
      {uint32_t(device.ordinal), uint32_t(stream.context().id()), stream.id(), profile::thread_number(), 0,
       begin_ns, begin_ns, monotonic_ns(), chip.begin_ns, chip.end_ns},
      kind, t.bytes());
}

/// The same for a profiling tool.
void tell_copy(const exec::Transfer& t, Stream& stream, const activity::Origin& origin, uint64_t begin) {
  activity::Record record = activity_of(t);
  record.origin = origin;
  record.begin = begin;
  record.end = activity_now();
  record.device = uint32_t(stream.context().device().ordinal);
  record.context = uint32_t(stream.context().id());
  record.stream = uint32_t(stream.id());
  deliver_activity(record);
}

/// On the calling thread, after the stream's earlier work.
CUresult copy_now(const exec::Transfer& t, Stream& stream) {
  activity::Origin origin;
  if (activity_on()) origin = activity_origin();
  const CUresult result = stream.synchronize();
  if (result != CUDA_SUCCESS) return result;
  exec::ensure_fault_handlers();
  if (t.bytes() >= exec::kParallelBytes * 4) {
    stream.submit(new CopyOperation(t, stream.context()));
    return stream.synchronize();
  }
  const uint64_t begin_ns = profile::counting() ? monotonic_ns() : 0;
  const uint64_t activity_begin = origin.correlation ? activity_now() : 0;
  note_written(t);
  if (!exec::run_transfer(t, nullptr)) return CUDA_ERROR_INVALID_VALUE;
  if (begin_ns) note_copy(t, stream, begin_ns);
  if (activity_begin) tell_copy(t, stream, origin, activity_begin);
  return CUDA_SUCCESS;
}

}  // namespace

ChipUse chip_use_of(chip::CopyKind kind, size_t bytes, const Device& device) {
  const double seconds = chip::copy_seconds(kind, double(bytes), chip::values_of(*device.chip));
  using Engine = ChipUse::Engine;
  const Engine engine = kind == chip::CopyKind::kHostToDevice   ? Engine::kCopyIn
                        : kind == chip::CopyKind::kDeviceToHost ? Engine::kCopyOut
                        : kind == chip::CopyKind::kHostToHost   ? Engine::kNone
                                                                : Engine::kCompute;
  return {engine, 1, uint64_t(seconds * 1e9)};
}

CopyRequest linear_copy(uint64_t dst, Side dst_side, uint64_t src, Side src_side, size_t bytes) {
  CopyRequest r;
  r.transfer.dst = dst;
  r.transfer.src = src;
  r.transfer.width = bytes;
  r.dst = dst_side;
  r.src = src_side;
  return r;
}

CUresult check_copy(const CopyRequest& r) {
  const exec::Transfer& t = r.transfer;
  if (!valid_side(t.dst, r.dst, extent(t, true))) return CUDA_ERROR_INVALID_VALUE;
  if (!t.fill && !valid_side(t.src, r.src, extent(t, false))) return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}

CUresult copy(const CopyRequest& r, Stream& stream, bool async) {
  const CUresult valid = check_copy(r);
  if (valid != CUDA_SUCCESS) return valid;
  const exec::Transfer& t = r.transfer;
  if (t.bytes() == 0) return CUDA_SUCCESS;
  CUresult refused;
  const auto node = [&r] { return std::make_unique<CopyWork>(r, CU_GRAPH_NODE_TYPE_MEMCPY); };
  if (ask_capture(stream, &refused, node) != Fate::kRun) return refused;
  const Place dst = place_of(t.dst), src = place_of(t.src);
  if (!async) return copy_now(t, stream);
  // Device to pageable memory: the caller may look when we return.
  if (dst.pageable) return copy_now(t, stream);
  exec::ensure_fault_handlers();
  auto operation = std::make_unique<CopyOperation>(t, stream.context());
  if (src.pageable || r.read_now) {
    if (t.bytes() > kStagingBytes) return copy_now(t, stream);
    if (!operation->stage()) return CUDA_ERROR_INVALID_VALUE;
  }
  stream.submit(operation.release());
  return CUDA_SUCCESS;
}

CUresult submit_copy(const CopyRequest& r, Stream& stream) {
  const CUresult valid = check_copy(r);
  if (valid != CUDA_SUCCESS || r.transfer.bytes() == 0) return valid;
  exec::ensure_fault_handlers();
  stream.submit(new CopyOperation(r.transfer, stream.context()));
  return CUDA_SUCCESS;
}

CUresult fill(uint64_t dst, size_t pitch, uint32_t value, uint32_t element, size_t width, size_t height,
              Stream& stream, bool async) {
  CopyRequest r;
  r.dst = Side::kDevice;
  r.transfer.fill = true;
  r.transfer.dst = dst;
  r.transfer.dst_pitch = pitch;
  r.transfer.width = width * element;
  r.transfer.height = height;
  r.transfer.value = value;
  r.transfer.element_bytes = element;
  if (dst % element || (height > 1 && (pitch < width * element || pitch % element)))
    return CUDA_ERROR_INVALID_VALUE;
  const CUresult valid = check_copy(r);
  if (valid != CUDA_SUCCESS || r.transfer.bytes() == 0) return valid;
  CUresult refused;
  const auto node = [&r] { return std::make_unique<CopyWork>(r, CU_GRAPH_NODE_TYPE_MEMSET); };
  if (ask_capture(stream, &refused, node) != Fate::kRun) return refused;
  const bool host_visible = !place_of(dst).device;
  exec::ensure_fault_handlers();
  stream.submit(new CopyOperation(r.transfer, stream.context()));
  // A fill of device memory is asynchronous to the host in either form; of pinned or managed memory only in
  // one.
  if (!async && host_visible) return stream.synchronize();
  return CUDA_SUCCESS;
}

}  // namespace ppu::device

// See nccl_rank.h.
#include "nccl_rank.h"

#include <cuda_runtime.h>

#include <cmath>
#include <memory>
#include <sstream>
#include <vector>

#include "libs/cublas/numbers.h"

namespace nccl_test {
namespace {

struct Failure {
  std::string text;
};

#define CHECK(condition)                                                                   \
  do {                                                                                     \
    if (!(condition)) throw Failure{"line " + std::to_string(__LINE__) + ": " #condition}; \
  } while (0)
#define CHECK_NCCL(call)                                                                                \
  do {                                                                                                  \
    const ncclResult_t result = (call);                                                                 \
    if (result != ncclSuccess)                                                                          \
      throw Failure{"line " + std::to_string(__LINE__) + ": " #call ": " + ncclGetErrorString(result)}; \
  } while (0)

struct Type {
  ncclDataType_t nccl;
  size_t bytes;
  int cuda;  ///< as libs/cublas/numbers.h has it; -1: a C++ type
};
constexpr Type kTypes[] = {{ncclInt8, 1, -1},
                           {ncclUint8, 1, -1},
                           {ncclInt32, 4, -1},
                           {ncclUint32, 4, -1},
                           {ncclInt64, 8, -1},
                           {ncclUint64, 8, -1},
                           {ncclFloat32, 4, -1},
                           {ncclFloat64, 8, -1},
                           {ncclFloat16, 2, CUDA_R_16F},
                           {ncclBfloat16, 2, CUDA_R_16BF},
                           {ncclFloat8e4m3, 1, CUDA_R_8F_E4M3},
                           {ncclFloat8e5m2, 1, CUDA_R_8F_E5M2}};

/// Device memory that this rank reads and writes as numbers: it is host memory, but only after the stream.
class Buffer {
 public:
  Buffer(Type type, size_t count) : type_(type) {
    CHECK(cudaMallocManaged(&data_, count * type.bytes + 1, cudaMemAttachGlobal) == cudaSuccess);
    for (size_t i = 0; i < count; ++i) set(i, 99);
  }
  ~Buffer() { cudaFree(data_); }
  Buffer(const Buffer&) = delete;
  char* get() const { return static_cast<char*>(data_); }
  char* at(size_t i) const { return get() + i * type_.bytes; }
  double number(size_t i) const {
    if (type_.cuda >= 0) {
      float x;
      ppu::cublas::to_float(cudaDataType(type_.cuda), at(i), &x, 1);
      return double(x);
    }
    switch (type_.nccl) {
      case ncclInt8:
        return *reinterpret_cast<int8_t*>(at(i));
      case ncclUint8:
        return *reinterpret_cast<uint8_t*>(at(i));
      case ncclInt32:
        return *reinterpret_cast<int32_t*>(at(i));
      case ncclUint32:
        return *reinterpret_cast<uint32_t*>(at(i));
      case ncclInt64:
        return double(*reinterpret_cast<int64_t*>(at(i)));
      case ncclUint64:
        return double(*reinterpret_cast<uint64_t*>(at(i)));
      case ncclFloat32:
        return double(*reinterpret_cast<float*>(at(i)));
      default:
        return *reinterpret_cast<double*>(at(i));
    }
  }
  void set(size_t i, double x) {
    const float f = float(x);
    if (type_.cuda >= 0) return ppu::cublas::from_float(cudaDataType(type_.cuda), &f, at(i), 1);
    switch (type_.nccl) {
      case ncclInt8:
        *reinterpret_cast<int8_t*>(at(i)) = int8_t(x);
        break;
      case ncclUint8:
        *reinterpret_cast<uint8_t*>(at(i)) = uint8_t(x);
        break;
      case ncclInt32:
        *reinterpret_cast<int32_t*>(at(i)) = int32_t(x);
        break;
      case ncclUint32:
        *reinterpret_cast<uint32_t*>(at(i)) = uint32_t(x);
        break;
      case ncclInt64:
        *reinterpret_cast<int64_t*>(at(i)) = int64_t(x);
        break;
      case ncclUint64:
        *reinterpret_cast<uint64_t*>(at(i)) = uint64_t(x);
        break;
      case ncclFloat32:
        *reinterpret_cast<float*>(at(i)) = f;
        break;
      default:
        *reinterpret_cast<double*>(at(i)) = x;
    }
  }

 private:
  Type type_;
  void* data_ = nullptr;
};

/// Small enough that sums and products of all ranks are exact in every type.
double value(int rank, size_t i) {
  return double((i * 7 + size_t(rank) * 3) % 3 + 1);
}

class Rank {
 public:
  Rank(const ncclUniqueId& id, int rank, int size) : rank_(rank), size_(size) {
    int devices = 0;
    CHECK(cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0);
    CHECK(cudaSetDevice(rank % devices) == cudaSuccess);
    CHECK_NCCL(ncclCommInitRank(&comm_, size, id, rank));
    CHECK(cudaStreamCreate(&stream_) == cudaSuccess);
    int got = -1;
    CHECK_NCCL(ncclCommCount(comm_, &got));
    CHECK(got == size);
    CHECK_NCCL(ncclCommUserRank(comm_, &got));
    CHECK(got == rank);
    CHECK_NCCL(ncclCommCuDevice(comm_, &got));
    CHECK(got == rank % devices);
  }

  /// All are queued before the first is waited for: what takes long is one rank waiting for another's thread.
  void reductions() {
    struct Case {
      Type type;
      ncclRedOp_t op;
      size_t count;
      std::unique_ptr<Buffer> in, out, rooted, all, part;
    };
    std::vector<Case> cases;
    for (const Type& type : kTypes)
      for (const ncclRedOp_t op : {ncclSum, ncclProd, ncclMax, ncclMin, ncclAvg}) {
        Case c = {type, op, cases.size() % 3 == 0 ? size_t(1) : 17 * (cases.size() % 5 + 1), {}, {}, {},
                  {},   {}};
        const size_t all = c.count * size_t(size_);
        for (auto* b : {&c.in, &c.out, &c.rooted, &c.part}) *b = std::make_unique<Buffer>(type, c.count);
        c.all = std::make_unique<Buffer>(type, all);
        for (size_t i = 0; i < c.count; ++i) c.in->set(i, value(rank_, i));
        for (size_t i = 0; i < all; ++i) c.all->set(i, value(rank_, i));
        cases.push_back(std::move(c));
      }
    for (const Case& c : cases) {
      CHECK_NCCL(ncclAllReduce(c.in->get(), c.out->get(), c.count, c.type.nccl, c.op, comm_, stream_));
      CHECK_NCCL(ncclReduceScatter(c.all->get(), c.part->get(), c.count, c.type.nccl, c.op, comm_, stream_));
      if (c.type.nccl != ncclFloat32 && c.type.nccl != ncclBfloat16) continue;
      CHECK_NCCL(
          ncclReduce(c.in->get(), c.rooted->get(), c.count, c.type.nccl, c.op, size_ - 1, comm_, stream_));
      // In place, as the guide defines it: the same memory, or this rank's part of it.
      CHECK_NCCL(ncclAllReduce(c.in->get(), c.in->get(), c.count, c.type.nccl, c.op, comm_, stream_));
      char* const own = c.all->at(c.count * size_t(rank_));
      CHECK_NCCL(ncclReduceScatter(c.all->get(), own, c.count, c.type.nccl, c.op, comm_, stream_));
    }
    wait();
    for (const Case& c : cases) {
      expect(*c.out, c.count, c.type, c.op, 0);
      expect(*c.part, c.count, c.type, c.op, c.count * size_t(rank_));
      if (c.type.nccl != ncclFloat32 && c.type.nccl != ncclBfloat16) continue;
      if (rank_ == size_ - 1) expect(*c.rooted, c.count, c.type, c.op, 0);
      expect(*c.in, c.count, c.type, c.op, 0);
      for (size_t i = 0; i < c.count; ++i)
        CHECK(c.all->number(c.count * size_t(rank_) + i) == c.part->number(i));
    }
  }

  void own_operations() {
    const Type type = {ncclFloat32, 4, -1};
    Buffer in(type, 50), out(type, 50), factor(type, 1);
    for (size_t i = 0; i < 50; ++i) in.set(i, value(rank_, i));
    factor.set(0, 0.5 + rank_);
    for (const ncclScalarResidence_t where : {ncclScalarHostImmediate, ncclScalarDevice}) {
      ncclRedOp_t op;
      CHECK_NCCL(ncclRedOpCreatePreMulSum(&op, factor.get(), ncclFloat32, where, comm_));
      CHECK_NCCL(ncclAllReduce(in.get(), out.get(), 50, ncclFloat32, op, comm_, stream_));
      CHECK_NCCL(ncclRedOpDestroy(op, comm_));
      wait();
      for (size_t i = 0; i < 50; ++i) {
        double want = 0;
        for (int r = 0; r < size_; ++r) want += value(r, i) * (0.5 + r);
        CHECK(out.number(i) == want);
      }
    }
  }

  void movements() {
    const Type type = {ncclInt32, 4, -1};
    const size_t n = 100'003, ranks = size_t(size_);  // more than the links hold
    Buffer own(type, n), all(type, n * ranks), back(type, n * ranks);
    for (size_t i = 0; i < n; ++i) own.set(i, double(i % 1000) + 1000 * rank_);
    CHECK_NCCL(ncclAllGather(own.get(), all.get(), n, ncclInt32, comm_, stream_));
    wait();
    for (size_t i = 0; i < n * ranks; ++i)
      CHECK(all.number(i) == double(i % n % 1000) + 1000 * double(i / n));
    for (int root = 0; root < size_; ++root) {
      Buffer b(type, n);
      CHECK_NCCL(ncclBroadcast(own.get(), b.get(), n, ncclInt32, root, comm_, stream_));
      wait();
      for (size_t i = 0; i < n; ++i) CHECK(b.number(i) == double(i % 1000) + 1000 * root);
    }
    CHECK_NCCL(ncclAlltoAll(all.get(), back.get(), n, ncclInt32, comm_, stream_));
    wait();
    for (size_t i = 0; i < n * ranks; ++i) CHECK(back.number(i) == double(i % n % 1000) + 1000 * rank_);
    Buffer gathered(type, n * ranks);
    CHECK_NCCL(ncclGather(own.get(), gathered.get(), n, ncclInt32, 0, comm_, stream_));
    CHECK_NCCL(ncclScatter(gathered.get(), own.get(), n, ncclInt32, 0, comm_, stream_));
    wait();
    for (size_t i = 0; i < n; ++i) CHECK(own.number(i) == double(i % 1000) + 1000 * rank_);
  }

  void point_to_point() {
    const Type type = {ncclFloat64, 8, -1};
    const size_t n = 200'000;
    Buffer out(type, n), in(type, n), self(type, n);
    for (size_t i = 0; i < n; ++i) out.set(i, double(i) + rank_);
    const int next = (rank_ + 1) % size_, previous = (rank_ + size_ - 1) % size_;
    CHECK_NCCL(ncclGroupStart());
    CHECK_NCCL(ncclSend(out.get(), n, ncclFloat64, next, comm_, stream_));
    CHECK_NCCL(ncclRecv(in.get(), n, ncclFloat64, previous, comm_, stream_));
    if (size_ > 1) {
      CHECK_NCCL(ncclSend(out.get(), n, ncclFloat64, rank_, comm_, stream_));
      CHECK_NCCL(ncclRecv(self.get(), n, ncclFloat64, rank_, comm_, stream_));
    }
    CHECK_NCCL(ncclGroupEnd());
    wait();
    for (size_t i = 0; i < n; ++i) CHECK(in.number(i) == double(i) + previous);
    for (size_t i = 0; i < n && size_ > 1; ++i) CHECK(self.number(i) == double(i) + rank_);
  }

  /// A captured collective, replayed.
  void graph() {
    const Type type = {ncclFloat32, 4, -1};
    Buffer x(type, 10);
    for (size_t i = 0; i < 10; ++i) x.set(i, 1);
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CHECK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal) == cudaSuccess);
    CHECK_NCCL(ncclAllReduce(x.get(), x.get(), 10, ncclFloat32, ncclSum, comm_, stream_));
    CHECK(cudaStreamEndCapture(stream_, &graph) == cudaSuccess);
    CHECK(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
    for (int i = 0; i < 3; ++i) CHECK(cudaGraphLaunch(executable, stream_) == cudaSuccess);
    wait();
    CHECK(x.number(7) == std::pow(double(size_), 3));
    cudaGraphExecDestroy(executable), cudaGraphDestroy(graph);
  }

  void split() {
    ncclComm_t part = nullptr;
    const int color = rank_ % 2;
    CHECK_NCCL(ncclCommSplit(comm_, color, -rank_, &part, nullptr));  // keys turn the order round
    int size = 0, rank = 0;
    CHECK_NCCL(ncclCommCount(part, &size));
    CHECK_NCCL(ncclCommUserRank(part, &rank));
    CHECK(size == (size_ + 1 - color) / 2 && rank == size - 1 - rank_ / 2);
    const Type type = {ncclInt32, 4, -1};
    Buffer x(type, 1);
    x.set(0, rank_);
    CHECK_NCCL(ncclAllReduce(x.get(), x.get(), 1, ncclInt32, ncclSum, part, stream_));
    wait();
    double want = 0;
    for (int r = color; r < size_; r += 2) want += r;
    CHECK(x.number(0) == want);
    CHECK_NCCL(ncclCommDestroy(part));
    CHECK_NCCL(ncclCommSplit(comm_, rank_ == 0 ? NCCL_SPLIT_NOCOLOR : 0, 0, &part, nullptr));
    CHECK((part == nullptr) == (rank_ == 0));
    CHECK_NCCL(ncclCommDestroy(part));
  }

  void end() {
    ncclResult_t error;
    CHECK_NCCL(ncclCommGetAsyncError(comm_, &error));
    CHECK(error == ncclSuccess);
    CHECK_NCCL(ncclCommFinalize(comm_));
    CHECK_NCCL(ncclCommDestroy(comm_));
    CHECK(ncclCommDestroy(comm_) == ncclInvalidArgument);
    CHECK(cudaStreamDestroy(stream_) == cudaSuccess);
  }

 private:
  void wait() { CHECK(cudaStreamSynchronize(stream_) == cudaSuccess); }

  void expect(const Buffer& out, size_t count, const Type& type, ncclRedOp_t op, size_t first) {
    const bool whole = type.nccl <= ncclUint64;
    for (size_t i = 0; i < count; ++i) {
      double want = value(0, first + i);
      for (int r = 1; r < size_; ++r) {
        const double x = value(r, first + i);
        want = op == ncclProd  ? want * x
               : op == ncclMax ? std::max(want, x)
               : op == ncclMin ? std::min(want, x)
                               : want + x;
      }
      if (op == ncclAvg) want = whole ? std::trunc(want / size_) : want / size_;
      const double tolerance = whole ? 0 : type.bytes == 1 ? 0.26 : type.bytes == 2 ? 8e-3 : 1e-6;
      if (std::fabs(out.number(i) - want) <= tolerance * want) continue;
      std::ostringstream text;
      text << "type " << type.nccl << " op " << op << " count " << count << " element " << i << ": "
           << out.number(i) << ", expected " << want;
      throw Failure{text.str()};
    }
  }

  int rank_, size_;
  ncclComm_t comm_ = nullptr;
  cudaStream_t stream_ = nullptr;
};

}  // namespace

std::string check_rank(const ncclUniqueId& id, int rank, int size) {
  try {
    Rank r(id, rank, size);
    r.reductions();
    r.own_operations();
    r.movements();
    r.point_to_point();
    r.graph();
    r.split();
    r.end();
    return {};
  } catch (const Failure& failure) {
    return "rank " + std::to_string(rank) + ": " + failure.text;
  }
}

}  // namespace nccl_test

// cuFFT against the definition, in double: lengths with small and large prime factors, dimensions, batches,
// layouts, real transforms in place and out of place, and with functions of the program's at the ends.
#include <cuda_runtime.h>
#include <cufftXt.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace {

using Number = std::complex<double>;

template <class T>
class Shared {
 public:
  explicit Shared(size_t n) : n_(n) {
    EXPECT_EQ(cudaMallocManaged(reinterpret_cast<void**>(&data_), n * sizeof(T), cudaMemAttachGlobal),
              cudaSuccess);
  }
  ~Shared() { cudaFree(data_); }
  Shared(const Shared&) = delete;
  T* get() const { return data_; }
  T& operator[](size_t i) const { return data_[i]; }
  size_t size() const { return n_; }

 private:
  size_t n_;
  T* data_ = nullptr;
};

double random_number() {
  static std::mt19937 random(7);
  return std::uniform_real_distribution<double>(-1, 1)(random);
}

/// The definition for a dense array of n0 x n1 x n2.
std::vector<Number> transform(const std::vector<Number>& x, int n0, int n1, int n2, int sign) {
  std::vector<Number> y(x.size());
  for (int k0 = 0; k0 < n0; ++k0)
    for (int k1 = 0; k1 < n1; ++k1)
      for (int k2 = 0; k2 < n2; ++k2) {
        Number sum = 0;
        for (int a = 0; a < n0; ++a)
          for (int b = 0; b < n1; ++b)
            for (int c = 0; c < n2; ++c) {
              const double turns =
                  double(a * k0 % n0) / n0 + double(b * k1 % n1) / n1 + double(c * k2 % n2) / n2;
              sum += x[size_t((a * n1 + b) * n2 + c)] * std::polar(1.0, sign * 2 * M_PI * turns);
            }
        y[size_t((k0 * n1 + k1) * n2 + k2)] = sum;
      }
  return y;
}

void expect_near(const Number& got, const Number& want, double scale, double tolerance) {
  EXPECT_LE(std::abs(got - want), tolerance * scale) << got << ", expected " << want;
}

TEST(Cufft, EveryLengthEqualsTheDefinition) {
  for (const int n : {1, 2, 3, 4, 5, 8, 12, 30, 49, 61, 64, 67, 97, 100, 134, 243})
    for (const int sign : {CUFFT_FORWARD, CUFFT_INVERSE}) {
      SCOPED_TRACE(n);
      Shared<cufftComplex> x(size_t(2 * n)), y(size_t(2 * n));
      Shared<cufftDoubleComplex> z(static_cast<size_t>(n));
      std::vector<Number> in(static_cast<size_t>(2 * n));
      for (size_t i = 0; i < in.size(); ++i) {
        in[i] = {float(random_number()), float(random_number())};
        x[i] = {float(in[i].real()), float(in[i].imag())};
      }
      for (size_t i = 0; i < size_t(n); ++i) z[i] = {in[i].real(), in[i].imag()};
      cufftHandle plan, fine;
      ASSERT_EQ(cufftPlan1d(&plan, n, CUFFT_C2C, 2), CUFFT_SUCCESS);
      ASSERT_EQ(cufftPlan1d(&fine, n, CUFFT_Z2Z, 1), CUFFT_SUCCESS);
      ASSERT_EQ(cufftExecC2C(plan, x.get(), y.get(), sign), CUFFT_SUCCESS);
      ASSERT_EQ(cufftExecZ2Z(fine, z.get(), z.get(), sign), CUFFT_SUCCESS);
      ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
      for (size_t batch = 0; batch < 2; ++batch) {
        const std::vector<Number> one(in.begin() + ptrdiff_t(batch) * n,
                                      in.begin() + ptrdiff_t(batch + 1) * n);
        const std::vector<Number> want = transform(one, 1, 1, n, sign);
        for (size_t k = 0; k < size_t(n); ++k) {
          const cufftComplex got = y[batch * size_t(n) + k];
          expect_near({double(got.x), double(got.y)}, want[k], std::sqrt(n), 1e-6);
          if (batch == 0) expect_near({z[k].x, z[k].y}, want[k], std::sqrt(n), 1e-13);
        }
      }
      EXPECT_EQ(cufftDestroy(plan), CUFFT_SUCCESS);
      EXPECT_EQ(cufftDestroy(fine), CUFFT_SUCCESS);
    }
}

TEST(Cufft, RealTransformsOfThreeDimensionsInPlaceAndNot) {
  const int n0 = 4, n1 = 6, n2 = 10, half = n2 / 2 + 1;
  for (const bool in_place : {false, true}) {
    const size_t row = in_place ? size_t(2 * half) : size_t(n2);
    Shared<double> x(size_t(n0 * n1) * row), back(size_t(n0 * n1 * n2));
    Shared<cufftDoubleComplex> out(size_t(n0 * n1 * half));
    std::vector<Number> in(size_t(n0 * n1 * n2));
    for (size_t i = 0; i < in.size(); ++i) {
      in[i] = random_number();
      x[i / n2 * row + i % n2] = in[i].real();
    }
    auto* y = in_place ? reinterpret_cast<cufftDoubleComplex*>(x.get()) : out.get();
    cufftHandle forward, inverse;
    ASSERT_EQ(cufftPlan3d(&forward, n0, n1, n2, CUFFT_D2Z), CUFFT_SUCCESS);
    ASSERT_EQ(cufftPlan3d(&inverse, n0, n1, n2, CUFFT_Z2D), CUFFT_SUCCESS);
    ASSERT_EQ(cufftExecD2Z(forward, x.get(), y), CUFFT_SUCCESS);
    ASSERT_EQ(cufftExecZ2D(inverse, y, back.get()), CUFFT_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    const std::vector<Number> want = transform(in, n0, n1, n2, -1);
    for (size_t i = 0; i < size_t(n0 * n1 * half); ++i) {
      const size_t k = i / size_t(half) * size_t(n2) + i % size_t(half);
      expect_near({y[i].x, y[i].y}, want[k], 16, 1e-13);
    }
    for (size_t i = 0; i < in.size(); ++i) EXPECT_NEAR(back[i], in[i].real() * n0 * n1 * n2, 1e-11);
    cufftDestroy(forward), cufftDestroy(inverse);
  }
}

TEST(Cufft, StridesAndDistances) {
  // Columns of a matrix of 6 rows and 5 columns, into lines of their own.
  const int rows = 6, columns = 5;
  int n[] = {rows}, embed[] = {rows};
  Shared<cufftDoubleComplex> x(rows * columns), y(rows * columns);
  for (size_t i = 0; i < x.size(); ++i) x[i] = {random_number(), random_number()};
  cufftHandle plan;
  ASSERT_EQ(cufftPlanMany(&plan, 1, n, embed, columns, 1, embed, 1, rows, CUFFT_Z2Z, columns), CUFFT_SUCCESS);
  ASSERT_EQ(cufftExecZ2Z(plan, x.get(), y.get(), CUFFT_FORWARD), CUFFT_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  for (int c = 0; c < columns; ++c) {
    std::vector<Number> line;
    for (int r = 0; r < rows; ++r)
      line.emplace_back(x[size_t(r * columns + c)].x, x[size_t(r * columns + c)].y);
    const std::vector<Number> want = transform(line, 1, 1, rows, -1);
    for (int k = 0; k < rows; ++k)
      expect_near({y[size_t(c * rows + k)].x, y[size_t(c * rows + k)].y}, want[size_t(k)], 3, 1e-13);
  }
  cufftDestroy(plan);
}

TEST(Cufft, SaysWhatIsWrong) {
  cufftHandle plan;
  EXPECT_EQ(cufftPlan1d(&plan, 0, CUFFT_C2C, 1), CUFFT_INVALID_SIZE);
  EXPECT_EQ(cufftPlan1d(&plan, 8, cufftType(1), 1), CUFFT_INVALID_TYPE);
  EXPECT_EQ(cufftDestroy(plan), CUFFT_INVALID_PLAN);
  ASSERT_EQ(cufftPlan1d(&plan, 8, CUFFT_C2C, 1), CUFFT_SUCCESS);
  std::vector<cufftComplex> host(8);
  EXPECT_EQ(cufftExecC2C(plan, host.data(), host.data(), CUFFT_FORWARD), CUFFT_EXEC_FAILED);
  Shared<cufftComplex> x(8);
  EXPECT_EQ(cufftExecC2C(plan, x.get(), x.get(), 2), CUFFT_INVALID_VALUE);
  EXPECT_EQ(cufftExecC2R(plan, x.get(), reinterpret_cast<float*>(x.get())), CUFFT_INVALID_PLAN);
  cufftDestroy(plan);
}

/// PTX of a function that cuFFT calls for each element: it loads or stores it times *info. `element` is a
/// real's type; `numbers`: 1 or 2 of them an element.
std::string callback_text(const std::string& name, bool load, const std::string& element, int numbers) {
  const int size = element == "f64" ? 8 : 4, bytes = size * numbers;
  const std::string value =
      numbers == 1 ? ".param ." + element + " v"
                   : ".param .align " + std::to_string(bytes) + " .b8 v[" + std::to_string(bytes) + "]";
  const std::string start = ".param .b64 data, .param .b64 offset, ",
                    end = ".param .b64 info, .param .b64 own)\n";
  std::string text = ".version 8.0\n.target sm_80\n.address_size 64\n.visible .func ";
  text += load ? "(" + value + ") " + name + "(" + start + end : name + "(" + start + value + ", " + end;
  text += "{\n.reg .b64 %d<3>; .reg ." + element +
          " %f<3>;\n"
          "ld.param.b64 %d0, [data]; ld.param.b64 %d1, [offset]; ld.param.b64 %d2, [info];\n"
          "ld." +
          element + " %f2, [%d2];\nmad.lo.u64 %d0, %d1, " + std::to_string(bytes) + ", %d0;\n";
  for (int i = 0; i < numbers; ++i) {
    const std::string f = "%f" + std::to_string(i), at = "+" + std::to_string(i * size) + "]";
    text += load ? "ld." + element + " " + f + ", [%d0" + at : "ld.param." + element + " " + f + ", [v" + at;
    text += "; mul." + element + " " + f + ", " + f + ", %f2; ";
    text += (load ? "st.param." + element + " [v" : "st." + element + " [%d0") + at + ", " + f + ";\n";
  }
  return text + "ret;\n}\n";
}

TEST(Callbacks, AreCalledForEachElement) {
  // Real numbers of two dimensions in place, in two batches: both ends have room at the end of a line.
  const int n1 = 3, n2 = 6, half = n2 / 2 + 1, batches = 2;
  int n[] = {n1, n2}, real_embed[] = {n1, 2 * half}, embed[] = {n1, half};
  const int distance = n1 * half;
  const std::string load = callback_text("my_load", true, "f64", 1),
                    store = callback_text("_Z8my_storePvy7double2S_S_", false, "f64", 2);
  Shared<double> factors(2), x(size_t(batches * 2 * distance));
  factors[0] = 3, factors[1] = 0.5;
  std::vector<Number> in(size_t(batches * n1 * n2));
  for (size_t i = 0; i < x.size(); ++i) x[i] = random_number();
  for (size_t i = 0; i < in.size(); ++i) in[i] = 3.0 * x[i / n2 * size_t(2 * half) + i % n2];
  cufftHandle plan;
  ASSERT_EQ(cufftCreate(&plan), CUFFT_SUCCESS);
  void *load_info = factors.get(), *store_info = factors.get() + 1;
  ASSERT_EQ(
      cufftXtSetJITCallback(plan, "my_load", load.data(), load.size(), CUFFT_CB_LD_REAL_DOUBLE, &load_info),
      CUFFT_SUCCESS);
  // A function of C++ goes by its plain name too.
  ASSERT_EQ(cufftXtSetJITCallback(plan, "my_store", store.data(), store.size(), CUFFT_CB_ST_COMPLEX_DOUBLE,
                                  &store_info),
            CUFFT_SUCCESS);
  EXPECT_EQ(cufftXtSetCallbackSharedSize(plan, CUFFT_CB_LD_REAL_DOUBLE, 1024), CUFFT_SUCCESS);
  size_t bytes;
  ASSERT_EQ(cufftMakePlanMany(plan, 2, n, real_embed, 1, 2 * distance, embed, 1, distance, CUFFT_D2Z, batches,
                              &bytes),
            CUFFT_SUCCESS);
  auto* out = reinterpret_cast<cufftDoubleComplex*>(x.get());
  ASSERT_EQ(cufftExecD2Z(plan, x.get(), out), CUFFT_SUCCESS);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  for (int batch = 0; batch < batches; ++batch) {
    const auto first = in.begin() + ptrdiff_t(batch) * n1 * n2;
    const std::vector<Number> want =
        transform(std::vector<Number>(first, first + n1 * n2), 1, n1, n2, CUFFT_FORWARD);
    for (size_t i = 0; i < size_t(distance); ++i) {
      const cufftDoubleComplex got = out[size_t(batch * distance) + i];
      expect_near({got.x, got.y}, 0.5 * want[i / size_t(half) * size_t(n2) + i % size_t(half)], 4, 1e-13);
    }
  }
  // Without them the same plan is as any.
  EXPECT_EQ(cufftXtClearCallback(plan, CUFFT_CB_LD_REAL_DOUBLE), CUFFT_SUCCESS);
  EXPECT_EQ(cufftDestroy(plan), CUFFT_SUCCESS);
}

TEST(Callbacks, OneEndAlone) {
  const int n = 10;
  for (const bool load : {true, false}) {
    const std::string text =
        callback_text("cufftJITCallback" + std::string(load ? "Load" : "Store") + "Complex", load, "f32", 2);
    Shared<float> factor(1);
    Shared<cufftComplex> x(n), y(n);
    factor[0] = 4;
    std::vector<Number> in;
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = {float(random_number()), float(random_number())};
      in.emplace_back(4 * x[i].x, 4 * x[i].y);
    }
    cufftHandle plan;
    ASSERT_EQ(cufftCreate(&plan), CUFFT_SUCCESS);
    void* info = factor.get();
    // Without a name it is the documented one's.
    ASSERT_EQ(cufftXtSetJITCallback(plan, nullptr, text.data(), text.size(),
                                    load ? CUFFT_CB_LD_COMPLEX : CUFFT_CB_ST_COMPLEX, &info),
              CUFFT_SUCCESS);
    size_t bytes;
    ASSERT_EQ(cufftMakePlan1d(plan, n, CUFFT_C2C, 1, &bytes), CUFFT_SUCCESS);
    ASSERT_EQ(cufftExecC2C(plan, x.get(), y.get(), CUFFT_INVERSE), CUFFT_SUCCESS);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    const std::vector<Number> want = transform(in, 1, 1, n, CUFFT_INVERSE);
    for (size_t k = 0; k < x.size(); ++k) expect_near({y[k].x, y[k].y}, want[k], 8, 1e-6);
    EXPECT_EQ(cufftDestroy(plan), CUFFT_SUCCESS);
  }
}

TEST(Callbacks, SayWhatIsWrong) {
  const std::string text = callback_text("f", true, "f32", 1);
  cufftHandle plan;
  ASSERT_EQ(cufftCreate(&plan), CUFFT_SUCCESS);
  const auto set = [&](const char* name, const std::string& piece, cufftXtCallbackType type) {
    return cufftXtSetJITCallback(plan, name, piece.data(), piece.size(), type, nullptr);
  };
  EXPECT_EQ(set("g", text, CUFFT_CB_LD_REAL), CUFFT_NVJITLINK_FAILURE);
  EXPECT_EQ(set("f", "no PTX", CUFFT_CB_LD_REAL), CUFFT_NVJITLINK_FAILURE);
  EXPECT_EQ(set("f", text, CUFFT_CB_UNDEFINED), CUFFT_INVALID_TYPE);
  EXPECT_EQ(cufftXtSetCallbackSharedSize(plan, CUFFT_CB_LD_REAL, 17 << 10), CUFFT_INVALID_VALUE);
  ASSERT_EQ(set("f", text, CUFFT_CB_LD_REAL), CUFFT_SUCCESS);
  size_t bytes;
  EXPECT_EQ(cufftMakePlan1d(plan, 8, CUFFT_C2C, 1, &bytes), CUFFT_INVALID_TYPE);
  ASSERT_EQ(cufftMakePlan1d(plan, 8, CUFFT_R2C, 1, &bytes), CUFFT_SUCCESS);
  EXPECT_EQ(set("f", text, CUFFT_CB_LD_REAL), CUFFT_INVALID_PLAN);  // too late
  cufftDestroy(plan);
}

/// The numbers of a descriptor's slabs one after the other, as kernels on the devices see them.
std::vector<Number> slabs(const cudaLibXtDesc& d, size_t numbers) {
  std::vector<Number> all;
  for (int i = 0; i < d.descriptor->nGPUs; ++i) {
    const auto* z = static_cast<const Number*>(d.descriptor->data[i]);
    all.insert(all.end(), z, z + d.descriptor->size[i] / sizeof(Number));
  }
  EXPECT_EQ(all.size(), numbers);
  return all;
}

TEST(Spread, DimensionsTurnAndComeBack) {
  constexpr int nx = 5, ny = 4, nz = 3, gpus = 2;
  for (const int rank : {2, 3}) {
    const int depth = rank == 3 ? nz : 1;
    const auto count = size_t(nx * ny * depth);
    cufftHandle plan;
    int devices[gpus] = {0, 1};  // the second isn't in use otherwise
    size_t sizes[gpus] = {1, 1};
    ASSERT_EQ(cufftCreate(&plan), CUFFT_SUCCESS);
    cudaLibXtDesc* d = nullptr;
    ASSERT_EQ(cufftXtSetGPUs(plan, gpus, devices), CUFFT_SUCCESS);
    EXPECT_EQ(cufftXtMalloc(plan, &d, CUFFT_XT_FORMAT_INPLACE), CUFFT_INVALID_PLAN) << "not made";
    ASSERT_EQ(rank == 3 ? cufftMakePlan3d(plan, nx, ny, nz, CUFFT_Z2Z, sizes)
                        : cufftMakePlan2d(plan, nx, ny, CUFFT_Z2Z, sizes),
              CUFFT_SUCCESS);
    EXPECT_EQ(sizes[1], 0u) << "one size for each device";
    ASSERT_EQ(cufftXtMalloc(plan, &d, CUFFT_XT_FORMAT_INPLACE), CUFFT_SUCCESS);
    std::vector<Number> x(count), got(count);
    for (Number& z : x) z = {random_number(), random_number()};
    ASSERT_EQ(cufftXtMemcpy(plan, d, x.data(), CUFFT_COPY_HOST_TO_DEVICE), CUFFT_SUCCESS);
    ASSERT_EQ(cufftXtExecDescriptorZ2Z(plan, d, d, CUFFT_FORWARD), CUFFT_SUCCESS);
    EXPECT_EQ(d->subFormat, CUFFT_XT_FORMAT_INPLACE_SHUFFLED);
    const std::vector<Number> want = rank == 3 ? transform(x, nx, ny, nz, -1) : transform(x, 1, nx, ny, -1);
    // Each device has all of x, and half of y.
    size_t at = 0;
    for (int i = 0; i < gpus; ++i) {
      const auto* z = static_cast<const Number*>(d->descriptor->data[i]);
      for (int a = 0; a < nx; ++a)
        for (int b = i * ny / gpus; b < (i + 1) * ny / gpus; ++b)
          for (int c = 0; c < depth; ++c, ++z, ++at)
            expect_near(*z, want[size_t((a * ny + b) * depth + c)], 10, 1e-12);
    }
    EXPECT_EQ(at, count);
    ASSERT_EQ(cufftXtMemcpy(plan, got.data(), d, CUFFT_COPY_DEVICE_TO_HOST), CUFFT_SUCCESS);
    for (size_t i = 0; i < count; ++i) expect_near(got[i], want[i], 10, 1e-12);
    // A copy between devices has the natural order: 3 and 2 of x.
    cudaLibXtDesc* natural = nullptr;
    ASSERT_EQ(cufftXtMalloc(plan, &natural, CUFFT_XT_FORMAT_INPLACE), CUFFT_SUCCESS);
    ASSERT_EQ(cufftXtMemcpy(plan, natural, d, CUFFT_COPY_DEVICE_TO_DEVICE), CUFFT_SUCCESS);
    expect_near(static_cast<const Number*>(natural->descriptor->data[1])[0], want[size_t(3 * ny * depth)], 10,
                1e-12);
    ASSERT_EQ(cufftXtExecDescriptor(plan, d, d, CUFFT_INVERSE), CUFFT_SUCCESS);
    EXPECT_EQ(d->subFormat, CUFFT_XT_FORMAT_INPLACE);
    ASSERT_EQ(cufftXtMemcpy(plan, got.data(), d, CUFFT_COPY_DEVICE_TO_HOST), CUFFT_SUCCESS);
    for (size_t i = 0; i < count; ++i) expect_near(got[i], x[i] * double(count), double(count), 1e-12);
    EXPECT_EQ(cufftXtFree(d), CUFFT_SUCCESS);
    EXPECT_EQ(cufftXtFree(d), CUFFT_INVALID_VALUE);
    EXPECT_EQ(cufftXtFree(natural), CUFFT_SUCCESS);
    EXPECT_EQ(cufftDestroy(plan), CUFFT_SUCCESS);
  }
}

TEST(Spread, BatchesAndLinesStayAsTheyAre) {
  for (const int batch : {1, 3}) {
    constexpr int n = 8;
    cufftHandle plan;
    int devices[2] = {0, 0}, absent[1] = {99};
    size_t sizes[2];
    ASSERT_EQ(cufftCreate(&plan), CUFFT_SUCCESS);
    EXPECT_EQ(cufftXtSetGPUs(plan, 1, absent), CUFFT_INVALID_DEVICE);
    ASSERT_EQ(cufftXtSetGPUs(plan, 2, devices), CUFFT_SUCCESS);
    ASSERT_EQ(cufftMakePlan1d(plan, n, CUFFT_Z2Z, batch, sizes), CUFFT_SUCCESS);
    cudaLibXtDesc* d = nullptr;
    ASSERT_EQ(cufftXtMalloc(plan, &d, CUFFT_XT_FORMAT_INPLACE), CUFFT_SUCCESS);
    std::vector<Number> x(size_t(n * batch));
    for (Number& z : x) z = {random_number(), random_number()};
    ASSERT_EQ(cufftXtMemcpy(plan, d, x.data(), CUFFT_COPY_HOST_TO_DEVICE), CUFFT_SUCCESS);
    EXPECT_EQ(cufftXtExecDescriptorC2C(plan, d, d, CUFFT_FORWARD), CUFFT_INVALID_PLAN) << "of doubles";
    ASSERT_EQ(cufftXtExecDescriptorZ2Z(plan, d, d, CUFFT_FORWARD), CUFFT_SUCCESS);
    const auto got = slabs(*d, x.size());
    for (int i = 0; i < batch; ++i) {
      const std::vector<Number> line(x.begin() + i * n, x.begin() + (i + 1) * n),
          want = transform(line, 1, 1, n, -1);
      for (int k = 0; k < n; ++k) expect_near(got[size_t(i * n + k)], want[size_t(k)], 10, 1e-12);
    }
    EXPECT_EQ(cufftXtFree(d), CUFFT_SUCCESS);
    EXPECT_EQ(cufftDestroy(plan), CUFFT_SUCCESS);
  }
}

TEST(Spread, RealTransformsAreInPlace) {
  constexpr int nx = 4, ny = 2, nz = 6, half = nz / 2 + 1;
  cufftHandle forward, back;
  int devices[2] = {0, 0};
  size_t sizes[2];
  for (cufftHandle* plan : {&forward, &back}) {
    ASSERT_EQ(cufftCreate(plan), CUFFT_SUCCESS);
    ASSERT_EQ(cufftXtSetGPUs(*plan, 2, devices), CUFFT_SUCCESS);
    ASSERT_EQ(cufftMakePlan3d(*plan, nx, ny, nz, plan == &forward ? CUFFT_D2Z : CUFFT_Z2D, sizes),
              CUFFT_SUCCESS);
  }
  std::vector<double> x(size_t(nx * ny * 2 * half), 0), got(x.size());
  for (int i = 0; i < nx * ny; ++i)
    for (int k = 0; k < nz; ++k) x[size_t(i * 2 * half + k)] = random_number();
  cudaLibXtDesc* d = nullptr;
  ASSERT_EQ(cufftXtMalloc(forward, &d, CUFFT_XT_FORMAT_INPLACE), CUFFT_SUCCESS);
  EXPECT_EQ(d->descriptor->size[0], size_t(nx / 2 * ny * half) * sizeof(Number));
  ASSERT_EQ(cufftXtMemcpy(forward, d, x.data(), CUFFT_COPY_HOST_TO_DEVICE), CUFFT_SUCCESS);
  ASSERT_EQ(cufftXtExecDescriptorD2Z(forward, d, d), CUFFT_SUCCESS);
  ASSERT_EQ(cufftXtExecDescriptorZ2D(back, d, d), CUFFT_SUCCESS);
  ASSERT_EQ(cufftXtMemcpy(back, got.data(), d, CUFFT_COPY_DEVICE_TO_HOST), CUFFT_SUCCESS);
  for (int i = 0; i < nx * ny; ++i)
    for (int k = 0; k < nz; ++k)
      EXPECT_NEAR(got[size_t(i * 2 * half + k)], x[size_t(i * 2 * half + k)] * nx * ny * nz, 1e-11);
  EXPECT_EQ(cufftXtFree(d), CUFFT_SUCCESS);
  cufftDestroy(forward), cufftDestroy(back);
}

}  // namespace

int main(int argc, char** argv) {
  setenv("PPU_DEVICES", "2", 1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}

#!/bin/sh
# ppucc_test.sh PPUCC: what the compiler driver makes of its options. Each case names itself before it can fail.
set -eu
ppucc=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

case_is() { echo "case: $1"; }
has() { grep -q -e "$2" "$1" || { echo "no '$2' in $1"; exit 1; }; }
fails_with() { # message command...
  message=$1
  shift
  if "$@" > out 2>&1; then echo "succeeded: $*"; exit 1; fi
  has out "$message"
}

cat > kernel.cu <<'SOURCE'
#include <cstdio>
__device__ int twice(int x);
__global__ void fill(int* out) { out[threadIdx.x] = twice(int(threadIdx.x)) + NUMBER; }
int main() {
  int* device; int host[32];
  cudaMalloc(&device, sizeof host);
  fill<<<1, 32>>>(device);
  cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost);
  std::printf("%d %s\n", host[31], cudaGetErrorString(cudaDeviceSynchronize()));
  return host[31] != 62 + NUMBER;
}
SOURCE
echo '__device__ int twice(int x) { return 2 * x; }' > twice.cu
cat twice.cu kernel.cu > whole.cu

case_is "whole program"; "$ppucc" -DNUMBER=5 whole.cu -o whole; ./whole
case_is "object, then link"; "$ppucc" -DNUMBER=6 -c whole.cu; "$ppucc" whole.o -o linked; ./linked
case_is "the default stream of each thread"
"$ppucc" -DNUMBER=9 --default-stream per-thread -c whole.cu -o own.o; "$ppucc" own.o -o own; ./own
nm own.o > out; has out cudaMemcpy_ptds; has out cudaLaunchKernel_ptsz
case_is "device functions across files"
"$ppucc" -rdc=true -D NUMBER=7 kernel.cu twice.cu -o across; ./across
"$ppucc" -dc --define-macro=NUMBER=8 kernel.cu; "$ppucc" -dc twice.cu; "$ppucc" kernel.o twice.o -o across; ./across
case_is "an archive with a member that isn't needed"
echo '__device__ int thrice(int x) { return 3 * x; }' > thrice.cu
"$ppucc" -dc thrice.cu; rm -f libparts.a; ar rcs libparts.a thrice.o
"$ppucc" kernel.o twice.o libparts.a -o across; ./across
case_is "static runtime"; "$ppucc" -DNUMBER=9 -cudart static whole.cu -o whole
if command -v ldd > ldd.path && ldd ./whole | grep libcudart; then exit 1; fi
case_is "PTX"; "$ppucc" -DNUMBER=1 -ptx -arch=compute_86 whole.cu; has whole.ptx '.target sm_86'; has whole.ptx 'st.global'
case_is "fat binary of two targets"
"$ppucc" -DNUMBER=1 -fatbin -gencode arch=compute_80,code=sm_80 -gencode=arch=compute_90,code=compute_90 whole.cu -o two.fatbin
[ "$(grep -a -c '^.target sm_' two.fatbin)" = 2 ]
case_is "flags of nvcc"
"$ppucc" -DNUMBER=2 -O3 -lineinfo --expt-relaxed-constexpr -Xptxas -v -Xcompiler -Wall,-Wextra -maxrregcount 64 -use_fast_math --std=c++20 whole.cu -o flags
./flags
case_is "-Werror leaves the next argument alone"; "$ppucc" -DNUMBER=3 -Werror -std=c++17 whole.cu -o werror; ./werror
case_is "what nvcc only warns of"
printf 'int narrow(double x) { register int i = 3; int a[] = {x, i}; return a[0]; }\n' | cat - whole.cu > warned.cu
"$ppucc" -DNUMBER=3 -std=c++17 -w warned.cu -o warned; ./warned
case_is "a folder of the user's hides our parts of CCCL"
mkdir -p theirs/cuda theirs/thrust; echo '#error theirs' | tee theirs/cuda/barrier > theirs/thrust/complex.h
for header in cuda/barrier thrust/complex.h; do
  echo "#include <$header>" | cat - whole.cu > mixed.cu
  fails_with "theirs" "$ppucc" -DNUMBER=3 -Itheirs mixed.cu
  "$ppucc" -DNUMBER=3 -c mixed.cu
done
case_is "host files"
echo 'int helper() { return 0; }' > helper.cpp
"$ppucc" -DNUMBER=4 whole.cu helper.cpp -o mixed; ./mixed
case_is "nvcc of a toolkit folder, linked by the host's compiler"
bin=$(dirname "$ppucc"); toolkit=$bin/../cuda-13
"$toolkit/bin/nvcc" --version > version; has version 'release 13.0, V13.0'
"$bin/../cuda-12/bin/nvcc" --version > version; has version 'release 12.5, V12.5'
printf '#include <%s>\n' cusparse.h cusolverDn.h cublas_v2.h cudaTypedefs.h nvtx3/nvToolsExtCudaRt.h curand_kernel.h | cat - whole.cu > headers.cu
"$toolkit/bin/nvcc" -DNUMBER=5 -MD -MF deps --compiler-options '-fPIC' -gencode=arch=compute_80,code=sm_80 -I"$toolkit/include" -c headers.cu -o by_nvcc.o
has deps headers.cu
c++ by_nvcc.o -L"$toolkit/lib64" -lcudart -o by_host; LD_LIBRARY_PATH=$bin/../lib ./by_host
case_is "errors"
echo '__managed__ int shared; int* fixed = &shared;' > address.cu
fails_with "address of a __managed__ variable, shared" "$ppucc" -c address.cu
fails_with "kernel.cu: unresolved device function" "$ppucc" -DNUMBER=1 -c kernel.cu
fails_with "use of undeclared identifier 'NUMBER'" "$ppucc" -c whole.cu
fails_with "can't read missing.cu" "$ppucc" missing.cu
fails_with "unknown architecture" "$ppucc" -arch=volta whole.cu
fails_with "no machine code" "$ppucc" -cubin whole.cu
fails_with "expects a value" "$ppucc" whole.cu -o
fails_with "no input file" "$ppucc"
case_is "version and help"
"$ppucc" --version > out; has out 'release 12'
"$ppucc" --help > out; has out 'rdc=true'
[ -z "$(ls -d "${TMPDIR:-/tmp}"/ppucc-* 2> /dev/null)" ] || echo "note: intermediate files of another ppucc are there"
echo passed

"""Random CUDA programs whose threads work together: places in memory as kernels compute them (rows and columns, clamped,
strided, mirrored, of numbers and structures of all sizes), loops in steps of the block or the grid, shared memory and
barriers, shuffles and votes of whole warps and of those lanes that went one way, atomics whose order can't show. What they
give depends on no order, so that all engines must give the same."""
from program_draw import HEAD, Draw

BLOCKS = [(16, 16, 1), (32, 8, 1), (8, 8, 1), (256, 1, 1), (128, 1, 1), (64, 1, 1), (32, 4, 1), (8, 32, 1), (32, 32, 1),
          (16, 4, 1), (4, 16, 1), (32, 1, 1), (48, 1, 1), (33, 1, 1), (100, 1, 1), (12, 8, 1), (2, 64, 1), (8, 4, 4), (4, 4, 8),
          (16, 2, 3)]
WORDS = 8192  # of a column of the output
CELLS = 64  # that each kind of atomic has
NEUTRAL = {"Add": 0, "Xor": 0, "Or": 0, "And": 0xffffffff, "Max": 0, "Min": 0xffffffff}
SHARED = 2048  # elements of each array

TYPES = HEAD + """
struct Rgb { unsigned char r, g, b; };
__device__ int sum(int x) { return x; }
__device__ int sum(unsigned char x) { return x; }
__device__ int sum(signed char x) { return x; }
__device__ int sum(unsigned short x) { return x; }
__device__ int sum(long long x) { return int(x >> 8); }
__device__ int sum(float x) { return int(x); }
__device__ int sum(double x) { return int(x); }
__device__ int sum(int2 x) { return x.x * 3 + x.y; }
__device__ int sum(int4 x) { return x.x + x.y * 3 + x.z * 5 + x.w * 7; }
__device__ int sum(uchar4 x) { return x.x + x.y * 3 + x.z * 5 + x.w * 7; }
__device__ int sum(Rgb x) { return x.r + x.g * 3 + x.b * 7; }
struct Inputs {
  const int* ints; const unsigned char* bytes; const signed char* chars; const unsigned short* halves;
  const long long* longs; const float* floats; const double* doubles;
  const int2* pairs; const int4* quads; const uchar4* colours; const Rgb* pixels;
};
"""
# Elements of 128 KiB, where they lie in the input.
INPUTS = {"ints": (8192, 0), "bytes": (16384, 3), "chars": (16384, 7), "halves": (8192, 2), "longs": (4096, 8),
          "floats": (8192, 65536), "doubles": (4096, 98304), "pairs": (4096, 16), "quads": (2048, 32), "colours": (4096, 4),
          "pixels": (4096, 5)}


class Kernel(Draw):
    """Where `members` names the lanes that come together, operations of the warp may stand; `together`: the whole block."""

    def __init__(self, seed, name):
        super().__init__(seed, "abcduvw")
        self.name = name
        self.bx, self.by, self.bz = self.one(*BLOCKS)
        self.threads = self.bx * self.by * self.bz
        self.grid = (self.one(3, 4), self.one(1, 3)) if self.threads <= 256 else (3, 1)
        self.barriers, self.warps = self.chance(50), self.chance(40)
        self.whole = self.threads % 32 == 0
        self.depth_of_loops = 0

    def leaf(self):
        kind = self.below(12)
        if kind < 5:
            return self.value()
        if kind < 9:
            return self.one("gx", "gy", "gt", "t", "tx", "ty", "tz" if self.bz > 1 else "tx", "lane")
        if kind == 9:
            return self.one("n", "m", "q", "far", "int(blockIdx.x)", "int(blockDim.x)")
        return str(self.one(0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 33, 64, 100, 255, 256, 1000, -1, -2, -16, 65535, 2147483647,
                            -2147483647))

    def expression(self, depth=0):
        if depth > 2 or self.chance(25):
            return self.leaf()
        x, y, k = self.expression(depth + 1), self.expression(depth + 1), self.one(1, 2, 3, 4, 5, 8, 16, 31)
        return self.one(
            f"({x} + {y})", f"({x} - {y})", f"({x} * {self.one(2, 3, 4, 5, 8, 16, -1, 12)})",
            f"({x} & {self.one(1, 3, 7, 15, 31, 63, 255, '~15', '~31')})", f"({x} ^ {self.one(1, 2, 16, 31, 5)})",
            f"({x} >> {k})", f"(unsigned({x}) >> {k})", f"({x} << {self.one(1, 2, 3, 4)})", f"low({x}, {y})", f"high({x}, {y})",
            f"(unsigned({x}) / {self.one(3, 5, 7, 16, 10)}u)", f"(unsigned({x}) % {self.one(3, 5, 7, 16, 10)}u)",
            f"({self.condition()} ? {x} : {y})", f"low(high({x}, 0), {self.one('n', 'n - 1', 255, 'm')})", f"int((short)({x}))",
            f"({x} | {k})")

    def condition(self):
        x, than = self.leaf(), self.one("<", "<=", ">", ">=")
        return self.one(
            f"({x} {than} {self.leaf()})", f"(unsigned({x}) {than} unsigned({self.leaf()}))",
            f"({x} & {self.one(1, 2, 4, 8, 16, 3, 24)})", f"(gx {than} {self.one('n', 'n - 1', 'm', 'far', 0, 1)})",
            f"(gx > 0 && gx < n - 1 && gy {than} {self.one('m', 'n', 1)})", f"(t {than} {self.one(1, 3, 16, 32, 64)})",
            f"(tx == {self.one(0, 1, 'int(blockDim.x) - 1')})", f"({x} % 3 == 0)", f"(q & {self.one(1, 2, 4)})", "(gt < n)",
            f"(gx + {self.one(1, -1, 2)} {than} n || gy {than} {self.one(0, 1, 'm')})")

    def place(self):
        """An index as kernels compute it."""
        dx, dy = self.one(0, 0, 1, -1, 2, -2, 16), self.one(0, 0, 1, -1, 2)
        row = self.one("n", "n", "m", "far", 64, 100, "int(gridDim.x * blockDim.x)")
        return self.one(
            f"gx + {dx}", f"gt + {dx}", f"(gy + {dy}) * {row} + gx + {dx}",
            f"low(high(gy + {dy}, 0), {self.one('n', 'm', 63)} - 1) * {row} + low(high(gx + {dx}, 0), {row} - 1)",
            f"gt * {self.one(2, 3, 4, 5)} + {self.one(0, 1, 2)}", f"gt / {self.one(2, 3, 4)}", f"gt ^ {self.one(1, 2, 3, 16)}",
            f"(t & {self.one(3, 7, 15)}) * {row} + (t >> {self.one(2, 3, 4)})", "n - 1 - gt",
            f"{self.value()} * {row} + tx", f"{self.value()} + {self.one('t', 'tx', 'gx', 'lane')}", self.value(),
            self.expression(), f"ty * {row} + tx + {dx}", f"tx * {row} + ty", f"unsigned(gt + {dx})",
            f"(gx + {dx}) * {row} + gy", f"blockIdx.x * {self.one(64, 100, 256)} + {self.value()}",
            f"gx - {self.one(1, 'int(blockDim.x)', 'm', 'n', 'int(blockIdx.x)')}")

    def load(self):
        array = self.one(*INPUTS)
        size = INPUTS[array][0]
        to, at = f"{self.variable()} {self.one('=', '+=', '^=')} ", self.place()
        kind = self.below(7)
        if kind < 2:
            return f"{to}sum(in.{array}[({at}) & {size - 1}]);"
        if kind == 2:
            return f"{to}sum(in.{array}[unsigned({at}) % {self.one(size, 1000, 1024)}u]);"
        if kind == 3:
            return f"{to}sum(in.{array}[low(high({at}, 0), {self.one(size - 1, 'n - 1')})]);"
        j = self.fresh("j")
        inside = self.one(f"{j} >= 0 && {j} < {self.one(size, 'n')}", f"unsigned({j}) < {self.one(size, 'unsigned(n)')}")
        other = f" else {self.variable()} -= 3;" if self.chance(30) else ""
        return f"{{ const int {j} = {at}; if ({inside}) {to}sum(in.{array}[{j}]);{other} }}"

    def own_place(self):
        """One of shared memory that no other thread of the block has."""
        last, places = self.threads - 1, ["t", f"({self.threads - 1} - t)", f"((t + {self.one(1, 5, 16)}) % {self.threads})"]
        if self.threads & last == 0:
            places += [f"(t ^ {self.one(1, 3, 16) & last})", f"(t * {self.one(3, 5, 17)} & {last})"]
        if self.by > 1 and self.bz == 1:
            places += [f"(tx * {self.by} + ty)", f"(ty * {self.bx + 1} + tx)"]
        return self.one(*places)

    def shared(self):
        array = self.one("shared_ints", "shared_bytes", "shared_halves", "shared_longs")
        read = self.one(self.own_place(), f"({self.expression(1)} & {SHARED - 1})", f"(t & {self.one(1, 3, 7, 0)})")
        again = f" {self.variable()} ^= {array}[{self.own_place()}];" if self.chance(50) else ""
        return (f"{array}[{self.own_place()}] = {self.expression(1)}; __syncthreads(); "
                f"{self.variable()} += {array}[{read}];{again} __syncthreads();")

    def warp(self, members):
        v, x, kind = self.variable(), self.expression(1), self.below(12)
        if kind < 4 and members == "all" and self.whole:
            tree = " ".join(f"{v} += __shfl_xor_sync(all, {v}, {d});" for d in (16, 8, 4, 2, 1))
            return self.one(
                f"{v} += __shfl_xor_sync(all, {x}, {self.one(1, 2, 4, 8, 16, 3)});",
                f"{v} = __shfl_xor_sync(all, {v}, {self.one(1, 8, 16)}); {v} += __shfl_xor_sync(all, {v}, {self.one(2, 4)});",
                f"{v} += __shfl_down_sync(all, {x}, {self.one(1, 2, 5, '(m & 31)')}, {self.one(32, 32, 16, 8)});",
                f"{v} += __shfl_up_sync(all, {x}, {self.one(1, 2, 7)}, {self.one(32, 16)});",
                f"{v} += __shfl_sync(all, {x}, {self.one('lane ^ 3', 0, 'm', self.value())}, {self.one(32, 32, 16)});",
                f"{v} = {x}; {tree}")
        if kind < 6:
            return f"{v} += __shfl_sync({members}, {x}, {self.one(f'__ffs({members}) - 1', f'31 - __clz({members})')});"
        return self.one(
            f"{v} += __popc(__ballot_sync({members}, {self.condition()}));",
            f"{v} += __{self.one('any', 'all')}_sync({members}, {self.condition()});",
            f"{v} ^= __match_any_sync({members}, {x} & 3);",
            f"{v} += __reduce_{self.one('add', 'max', 'min')}_sync({members}, {self.one('unsigned', 'int')}({x}));",
            f"{v} ^= __reduce_{self.one('and', 'or', 'xor')}_sync({members}, unsigned({x}));",
            f"{{ int agree; {v} ^= __match_all_sync({members}, {x} & {self.one(0, 1)}, &agree); {self.variable()} += agree; }}")

    def atomic(self):
        cell = self.one(f"({self.expression(1)}) & 15", f"lane & {self.one(1, 7)}", 3, "blockIdx.x & 7", f"{self.value()} & 63")
        if self.chance(20):  # tickets: who has which isn't known, but all are given out
            return (f"{{ const unsigned at = ({cell}) & {CELLS - 1}, mine = atomicAdd(&tickets[at], 1u); "
                    f"atomicAdd(&taken[at], mine * mine + 1u); }}")
        if self.barriers and self.chance(30):
            return f"atomicAdd(&shared_sums[({self.expression(1)}) & {self.one(0, 3, 31)}], unsigned({self.value()}));"
        op = self.one(*NEUTRAL)
        return f"atomic{op}(&cells[{list(NEUTRAL).index(op) * CELLS} + (({cell}) & {CELLS - 1})], unsigned({self.expression(1)}));"

    def branch(self, depth, members):
        if self.warps and members and self.chance(60):
            goes, those = self.fresh("goes"), self.fresh("those")
            other = self.block(depth + 1, False, f"({members} & ~{those})") if self.chance(50) else ""
            return (f"{{ const bool {goes} = {self.condition()}; const unsigned {those} = __ballot_sync({members}, {goes}); "
                    f"if ({goes}) {{ {self.block(depth + 1, False, those)} }} else {{ {other} }} }}")
        other = f" else {{ {self.block(depth + 1, False, None)} }}" if self.chance(40) else ""
        return f"if ({self.condition()}) {{ {self.block(depth + 1, False, None)} }}{other}"

    def loop(self, depth, together, members):
        i = self.fresh("i")
        grid = self.one("gridDim.x * blockDim.x * blockDim.y * blockDim.z * gridDim.y", "stride")
        head, same = self.one(
            (f"int {i} = 0; {i} < {self.one(2, 3, 5)}; ++{i}", True), (f"int {i} = 0; {i} < (m & 7); ++{i}", True),
            (f"int {i} = {self.threads} / 2; {i} > 0; {i} >>= 1", True),
            (f"int {i} = t; {i} < n; {i} += {self.one(self.threads, 'blockDim.x * blockDim.y * blockDim.z')}", False),
            (f"int {i} = gt; {i} < n; {i} += {grid}", False),
            (f"unsigned {i} = {self.value()} & 3; {i} < {self.one(4, 6)}u; ++{i}", False),
            (f"int {i} = tx; {i} < {self.one(40, 100, '(n & 127)')}; {i} += {self.one(8, 16, 32)}", False),
            (f"int {i} = {self.one(5, 7)} + (lane & 3); {i} >= 0; {i} -= {self.one(1, 2, 3)}", False),
            (f"int {i} = in.ints[{self.value()} & 8191] & 7, {i}_end = {i} + (m & 3); {i} < {i}_end; ++{i}", False))
        self.counters.append(i)
        self.depth_of_loops += 1
        body = self.block(depth + 1, together and same, members if same else None)
        self.depth_of_loops -= 1
        # All the lanes or threads that are named must come to what stands in the loop.
        leaves = self.chance(30) and not (same and (together and self.barriers or members and self.warps))
        leave = f"if ({self.condition()}) {self.one('break', 'continue')};" if leaves else ""
        self.counters.pop()
        return f"for ({head}) {{ {self.one(leave + ' ' + body, body + ' ' + leave)} }}"

    def statement(self, depth, together, members):
        kind = self.below(22)
        if kind < 5:
            return self.load()
        if kind < 8 and depth < 4:
            return self.branch(depth, members)
        if kind < 11 and depth < 4 and self.depth_of_loops < 2:
            return self.loop(depth, together, members)
        if kind < 13 and together and self.barriers:
            return self.shared()
        if kind < 15 and members and self.warps:
            return self.warp(members)
        if kind < 17:
            return self.atomic()
        if kind == 17:
            return f"local[{self.expression(1)} & 7] {self.one('=', '+=')} {self.value()};"
        if kind == 18:
            return f"{self.variable()} += local[{self.expression(1)} & 7];"
        if kind == 19:
            return f"wide += (long long){self.value()} * {self.value()}; {self.variable()} += int(wide >> {self.one(3, 32)});"
        return f"{self.variable()} {self.one('=', '+=', '^=', '-=')} {self.expression()};"

    def block(self, depth, together, members):
        return " ".join(self.statement(depth, together, members) for _ in range(1 + self.below(3)))

    def text(self):
        body = "\n  ".join(self.block(0, True, "all" if self.warps else None) for _ in range(4 + self.below(4)))
        rest = self.threads % 32
        members = "~0u" if self.whole else f"t / 32 == {self.threads // 32} ? (1u << {rest}) - 1u : ~0u"
        outs = " ".join(f"out[gt + {k} * {WORDS}] = {v};" for k, v in enumerate(self.variables))
        if self.chance(30):
            outs = " ".join(f"out[gt * {len(self.variables)} + {k}] = {v};" for k, v in enumerate(self.variables))
        start = (f"for (int k = t; k < {SHARED}; k += {self.threads}) shared_ints[k] = k, shared_bytes[k] = k * 7, "
                 f"shared_halves[k] = k * 5, shared_longs[k] = k * 0x100000001ll; "
                 f"for (int k = t; k < 32; k += {self.threads}) shared_sums[k] = 0; __syncthreads();")
        if not self.barriers:
            start = "if (gx >= n) return;" if not self.warps and self.chance(50) else ""
        return f"""
__global__ void {self.name}(Inputs in, unsigned* out, unsigned* cells, unsigned* tickets, unsigned* taken, int n, int m, int q,
                   int far, int stride) {{
  __shared__ int shared_ints[{SHARED}];
  __shared__ unsigned char shared_bytes[{SHARED}];
  __shared__ unsigned short shared_halves[{SHARED}];
  __shared__ long long shared_longs[{SHARED}];
  __shared__ unsigned shared_sums[32];
  const int tx = threadIdx.x, ty = threadIdx.y, tz = threadIdx.z;
  const int t = (tz * {self.one("int(blockDim.y)", self.by)} + ty) * {self.one("int(blockDim.x)", self.bx)} + tx, lane = t & 31;
  const int gx = blockIdx.x * {self.one("int(blockDim.x)", self.bx)} + tx, gy = blockIdx.y * blockDim.y + ty;
  const int gt = (blockIdx.y * gridDim.x + blockIdx.x) * {self.threads} + t;
  const unsigned all = {members};
  (void)lane, (void)all, (void)gy;
  int a = gt, b = n - gx, c = t * 3, d = 1, local[8] = {{1, 2, 3, 4, 5, 6, 7, 8}};
  unsigned u = gt * 2654435761u, v = gy + 1, w = q;
  long long wide = gt;
  {start}
  {body}
  {"__syncthreads(); a ^= shared_sums[t & 31];" if self.barriers else ""}
  d ^= local[m & 7] ^ local[t & 7], c += int(wide);
  {outs}
}}
"""

    def launches(self):
        width = self.grid[0] * self.bx
        sizes = [(self.one(width, width * 2, 1024, 512), self.one(width, 64, 256)),
                 (self.one(width - 3, width // 2 + 1, 100, 37, 1000, 1023, 2000), self.one(5, 0, -1, 33, 3))]
        for n, m in sizes:
            far = self.one("0x7fffffff", "int(0x80000000)", 65536, 46341, -46341, 1 << 30, 0xffff)
            stride = self.one(self.threads * self.grid[0] * self.grid[1], 128, 256, 1000)
            yield f"""  start();
  {self.name}<<<dim3({self.grid[0]}, {self.grid[1]}), dim3({self.bx}, {self.by}, {self.bz})>>>(
      in, out, cells, tickets, taken, {n}, {m}, {self.below(8)}, {far}, {stride});
  take("{self.name}");
"""


def program(seed, kernels):
    drawn = [Kernel(seed * 1000 + k, f"k{k}") for k in range(kernels)]
    inputs = ", ".join(f"(decltype(Inputs::{name}))(bytes + {at})" for name, (_, at) in INPUTS.items())
    neutral = " ".join(f"for (int k = 0; k < {CELLS}; ++k) first[{i * CELLS} + k] = {v}u;" for i, v in enumerate(NEUTRAL.values()))
    out = [TYPES] + [k.text() for k in drawn]
    out.append(f"""
int main() {{
  std::vector<unsigned char> data(131072);
  check::Random random;
  for (unsigned char& x : data) x = static_cast<unsigned char>(random.next());
  for (int k = 0; k < 8192; ++k) {{ const float x = float(k % 251); std::memcpy(&data[65536 + 4 * k], &x, 4); }}
  for (int k = 0; k < 4096; ++k) {{ const double x = k % 1021; std::memcpy(&data[98304 + 8 * k], &x, 8); }}
  DeviceArray<unsigned char> input(data);
  const unsigned char* bytes = input;
  const Inputs in = {{{inputs}}};
  std::vector<unsigned> first({len(NEUTRAL) * CELLS});
  {neutral}
  DeviceArray<unsigned> out({WORDS * 8}), cells(first), tickets({CELLS}), taken({CELLS});
  const auto start = [&] {{
    out.zero(), tickets.zero(), taken.zero();
    CUDA_CHECK(cudaMemcpy(cells, first.data(), first.size() * 4, cudaMemcpyHostToDevice));
  }};
  const auto take = [&](const char* name) {{
    CUDA_SYNC();
    for (const auto& words : {{out.host(), cells.host(), taken.host()}}) check::digest(words.data(), words.size() * 4);
    std::fprintf(stderr, "%s: %016llx\\n", name, static_cast<unsigned long long>(check::bits));
  }};
""")
    for kernel in drawn:
        out.extend(kernel.launches())
    out.append('  return check::verdict("blocks");\n}\n')
    return "".join(out)

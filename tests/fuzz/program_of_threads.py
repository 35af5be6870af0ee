"""Random CUDA programs whose threads work alone: nested loops left and continued by goto at any depth, switches, calls,
recursion with records, pointers to functions. The same functions run on the host, which says what is right."""
from program_draw import HEAD, Draw

THREADS = 256
FUEL = 120  # rounds of all loops of a thread together


class Function(Draw):
    """The body of `name(t, p)`: t differs from thread to thread, p doesn't."""

    def __init__(self, seed, name):
        super().__init__(seed, "abcdef")
        self.name = name
        self.depth_of_loops = 0

    def condition(self):
        v = self.value()
        return self.one(
            f"({v} & {self.one(1, 3, 7)}u) == {self.below(2)}u", f"{v} % {self.one(3, 5, 7)}u == {self.below(3)}u",
            f"(h >> {self.below(20)} & 1u)", f"{v} < {self.value()}", f"(p & {1 << self.below(8)}u)",
            f"(n & {self.one(1, 3)}u) == 0u")

    def expression(self):
        v, w, k = self.value(), self.value(), 1 + self.below(49)
        return self.one(f"{v} + {k}u", f"{v} * 3u + {w}", f"({v} ^ {w}) + {k}u", f"{v} - {w}", f"s[{v} & 7u] + {k}u",
                        f"({v} >> 1) + {w}", f"{v} / {k}u", f"({v} < {w} ? {v} : {k}u)")

    def call(self):
        of, v, x = self.name, self.variable(), self.expression()
        return self.one(
            f"{v} += {of}_early({x}, {self.value()});", f"{v} ^= {of}_deep({x}, {self.value()} & 3u);",
            f"{v} = {of}_record({{{{{x}, {self.value()}, 7u}}, {of}_Number({self.value()}), {self.value()}}}, t % 5u).sum();",
            f"{v} += {of}_fill(s, {x});", f"{v} += {of}_table({self.value()})({x}, {self.value()} & 3u);")

    def loop(self, depth, labels):
        label = self.fresh("L")
        fuel = f"if (++n > {FUEL}u) goto end; h = h * 1664525u + 1013904223u;"
        inside = labels + [label]
        self.depth_of_loops += 1
        kind = self.below(3)
        if kind == 2:
            counter = self.fresh("i")
            bound = self.one("3u", "5u", "(h & 7u)", "(p & 3u) + 1u")
            self.counters.append(counter)
            body = self.block(depth + 1, inside)
            self.counters.pop()
            text = f"for (unsigned {counter} = 0; {counter} < {bound}; ++{counter}) {{ {fuel} {body} {label}_next:; }}"
        elif kind == 1:
            text = f"do {{ {fuel} {self.block(depth + 1, inside)} {label}_next:; }} while ({self.condition()});"
        else:
            rest = self.block(depth + 1, inside) if self.chance(50) else ""
            text = (f"while (true) {{ {fuel} {self.block(depth + 1, inside)} if ({self.condition()}) break; {rest} "
                    f"{label}_next:; }}")
        self.depth_of_loops -= 1
        return f"{text} {label}_out:;"

    def switch(self, labels):
        """Of many cases it's a table of labels (brx.idx)."""
        count = self.one(3, 5, 9)
        cases = " ".join(f"case {k}: {self.variable()} {self.one('+=', '^=', '=')} {self.expression()}; {self.one('break;', 'break;', '')}"
                         for k in range(2, count))
        # (What leaves a loop around would leave the switch.)
        inside = "" if self.depth_of_loops else self.block(4, labels)
        return (f"switch ({self.value()} % {count + self.below(2)}u) {{ case 0: {self.variable()} += 3u; "
                f"case 1: {{ {inside} }} break; {cases} default: --{self.variable()}; }}")

    def statement(self, depth, labels):
        kind = self.below(18)
        if kind in (4, 5) and depth < 5:
            other = f" else {{ {self.block(depth + 1, labels)} }}" if self.chance(50) else ""
            return f"if ({self.condition()}) {{ {self.block(depth + 1, labels)} }}{other}"
        if kind in (6, 7) and depth < 4 and self.depth_of_loops < 3:
            return self.loop(depth, labels)
        if kind in (8, 9) and labels:
            return f"if ({self.condition()}) goto {self.one(*labels)}_{self.one('next', 'out')};"
        if kind == 10 and self.depth_of_loops:
            return f"if ({self.condition()}) {self.one('continue', 'break')};"
        if kind == 11 and depth < 4:
            return self.switch(labels)
        if kind in (12, 13):
            return self.call()
        return self.one(f"{self.variable()} = {self.expression()};", f"{self.variable()} += 1u;",
                        f"s[{self.value()} & 7u] = {self.expression()};", "h = h * 1664525u + 1013904223u;")

    def block(self, depth, labels):
        return " ".join(self.statement(depth, labels) for _ in range(1 + self.below(3)))

    def callees(self):
        """Functions that it calls, most of them never inlined; simple enough to be read."""
        of, k = self.name, 1 + self.below(6)
        at = "__host__ __device__"
        return f"""
{at} {self.one("__noinline__", "")} unsigned {of}_early(unsigned x, unsigned y) {{
  for (unsigned i = 0; i < (x & 7u); ++i) {{
    if ((y ^ i) % {k + 2}u == 1u) return x + i;
    y += x;
    if (y & {1 << k}u) {self.one("break", "continue")};
    x += y >> 2;
  }}
  return x * 3u + y; }}
{at} __noinline__ unsigned {of}_deep(unsigned x, unsigned d) {{
  if (d == 0 || x % 7u == {k}u) return x + d;
  unsigned z = {of}_deep(x + {k}u, d - 1);
  {self.one("", "if (z & 1u)", "for (unsigned i = 0; i < (x & 1u); ++i)")} z ^= {of}_deep(z, d - 1);
  return z + x; }}
using {of}_Number = {self.one("short", "char", "unsigned long long")};
struct {of}_Record {{
  unsigned a[3]; {of}_Number b; unsigned c;
  {at} unsigned sum() const {{ return a[0] + a[1] * 3u + a[2] * 5u + unsigned(b) * 7u + c; }}
}};
{at} __noinline__ {of}_Record {of}_record({of}_Record r, unsigned d) {{
  if (d == 0) return r;
  {of}_Record q = r; q.a[d % 3u] += d; q.b ^= d; q.c += q.a[1];
  if (d & 1u) return {of}_record(q, d - 1);
  {of}_Record u = {of}_record(q, d / 2); u.a[0] += q.a[2]; return u; }}
{at} {self.one("__noinline__", "")} unsigned {of}_fill(unsigned* s, unsigned x) {{
  for (unsigned i = 0; i < (x & 7u); ++i) s[i] += x + i;
  return s[x & 7u] ^ s[{k}]; }}
using {of}_Pointer = unsigned (*)(unsigned, unsigned);
__device__ {of}_Pointer {of}_on_device[] = {{{of}_early, {of}_deep}};
inline {of}_Pointer {of}_on_host[] = {{{of}_early, {of}_deep}};
{at} inline {of}_Pointer {of}_table(unsigned x) {{
#ifdef __CUDA_ARCH__
  return {of}_on_device[x & 1u];
#else
  return {of}_on_host[x & 1u];
#endif
}}
"""

    def text(self):
        body = " ".join(self.block(0, []) for _ in range(3))
        return f"""{self.callees()}
__host__ __device__ inline unsigned {self.name}(unsigned t, unsigned p) {{
  unsigned a = 0, b = 1, c = 0, d = 2, e = t, f = t * 7u, n = 0, h = t * 2654435761u + 12345u;
  unsigned s[8] = {{1, 2, 3, 4, 5, 6, 7, 8}};
  {body}
end:
  unsigned r = a;
  for (unsigned x : {{b, c, d, e, f, n}}) r = r * 31u + x;
  for (unsigned x : s) r = r * 31u + x;
  return r;
}}
__global__ void {self.name}_kernel(unsigned* out, unsigned p) {{
  const unsigned t = blockIdx.x * blockDim.x + threadIdx.x;
  out[t] = {self.name}(t, p);
}}
"""


def program(seed, kernels):
    functions = [Function(seed * 1000 + k, f"f{k}") for k in range(kernels)]
    out = [HEAD] + [f.text() for f in functions]
    out.append(f"int main() {{ DeviceArray<unsigned> out({THREADS}); std::vector<unsigned> want({THREADS});")
    for f in functions:
        block = f.one(32, 128, 100, 64)
        out.append(f"""for (const unsigned p : {{0u, 0xa5u}}) {{
  out.zero();
  {f.name}_kernel<<<{THREADS // block}, {block}>>>(out, p);
  CUDA_SYNC();
  for (unsigned t = 0; t < {THREADS}; ++t) want[t] = t < {THREADS // block * block} ? {f.name}(t, p) : 0;
  check::equal(out.host(), want, "{f.name}");
}}""")
    out.append('return check::verdict("threads"); }\n')
    return "\n".join(out)

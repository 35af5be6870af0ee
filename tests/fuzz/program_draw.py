"""What statements of random CUDA programs are drawn with, for both kinds of them."""
import random

HEAD = """// Written by tests/fuzz/random_program.py.
#include "check.h"
__host__ __device__ inline int low(int a, int b) { return a < b ? a : b; }
__host__ __device__ inline int high(int a, int b) { return a < b ? b : a; }
"""


class Draw:
    """A generator of statements: `variables` may be written, `counters` read only."""

    def __init__(self, seed, variables):
        self.random = random.Random(seed)
        self.variables = list(variables)
        self.counters = []
        self.labels = 0

    def one(self, *choices):
        return self.random.choice(choices)

    def below(self, n):
        return self.random.randrange(n)

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def variable(self):
        return self.one(*self.variables)

    def value(self):
        return self.one(*self.variables, *self.counters)

    def fresh(self, prefix):
        self.labels += 1
        return f"{prefix}{self.labels}"

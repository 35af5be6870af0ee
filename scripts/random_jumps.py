#!/usr/bin/env python3
"""Writes sdk/include/ppu/random_jumps.inc: how to go 2^k steps ahead in XORWOW and in MRG32k3a.

XORWOW is linear over GF(2): with p the minimal polynomial of its step T, T^n = r(T) where r = x^n mod p (H. Haramoto and
others, "Efficient jump ahead for F2-linear random number generators", 2008). A row has the five words of x^(2^k) mod p.
MRG32k3a is two recurrences modulo primes: a row has the two 3x3 matrices A^(2^k) (P. L'Ecuyer and others, "An object-oriented
random-number package with many long streams and substreams", 2002).
tests/sdk/random_test.cpp proves each row from the one before it.
"""
from pathlib import Path

XORWOW_ROWS = 67 + 64  # sequences are 2^67 apart, and there are 2^64 of them
MRG_ROWS = 127 + 64
M1, M2 = 4294967087, 4294944443
MASK = 0xFFFFFFFF


def xorwow_bits(count):
    """The lowest bit of the last word after each step, from a state without symmetry."""
    x, y, z, w, v = 1, 2, 4, 8, 16
    for _ in range(count):
        t = x ^ (x >> 2)
        x, y, z, w = y, z, w, v
        v = (v ^ (v << 4) ^ t ^ (t << 1)) & MASK
        yield v & 1


def minimal_polynomial(bits):
    """Berlekamp and Massey over GF(2): bit i of the result is the coefficient of x^i."""
    c, b, length, m = 1, 1, 0, 1
    window = 0
    for n, bit in enumerate(bits):
        window = window << 1 | bit
        if bin(window & c).count("1") & 1:
            previous = c
            c ^= b << m
            if 2 * length <= n:
                length, b, m = n + 1 - length, previous, 0
        m += 1
    return int(bin(c)[2:].zfill(length + 1)[::-1], 2)


def times_mod(a, b, p):
    degree, product = p.bit_length() - 1, 0
    while b:
        if b & 1:
            product ^= a
        b >>= 1
        a <<= 1
        if a >> degree & 1:
            a ^= p
    return product


def matrix_square(a, m):
    return [[sum(a[i][k] * a[k][j] for k in range(3)) % m for j in range(3)] for i in range(3)]


def main():
    p = minimal_polynomial(xorwow_bits(1000))
    assert p.bit_length() == 161
    lines = ["// Written by scripts/random_jumps.py: 2^k steps, k from 0."]
    r = 2
    for _ in range(XORWOW_ROWS):
        lines.append("XORWOW_JUMP(" + ", ".join(f"0x{r >> 32 * i & MASK:08x}" for i in range(5)) + ")")
        r = times_mod(r, r, p)
    a1 = [[0, 1, 0], [0, 0, 1], [M1 - 810728, 1403580, 0]]
    a2 = [[0, 1, 0], [0, 0, 1], [M2 - 1370589, 0, 527612]]
    for _ in range(MRG_ROWS):
        lines.append("MRG_JUMP(" + ", ".join(str(x) + "u" for a in (a1, a2) for row in a for x in row) + ")")
        a1, a2 = matrix_square(a1, M1), matrix_square(a2, M2)
    lines += ["#undef XORWOW_JUMP", "#undef MRG_JUMP", ""]
    out = Path(__file__).resolve().parent.parent / "sdk/include/ppu/random_jumps.inc"
    out.write_text("\n".join(lines))


if __name__ == "__main__":
    main()

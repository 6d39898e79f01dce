"""What vectors compute, end to end on the M1, plain and optimised, against NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kcc

A = np.array([3, -7, 1 << 30, -(1 << 31), 12, 5, -1, 0], np.int32)
B = np.array([2, 3, 4, 7, -5, 5, 31, 33], np.int32)
F = np.array([1.5, -2.25, 1e10, -0.0, 7, 0.1, np.inf, 3], np.float32)
U = np.array([250, 7, 128, 255, 0, 1, 64, 200], np.uint8)

# name: (type of the result, expression over int8 a, b; float8 f, uchar8 u; what NumPy says)
with np.errstate(all="ignore"):
    EXPRESSIONS: dict[str, tuple[str, str, Any]] = {
        "sum": ("int8", "a + b", A + B),
        "scalar": ("int8", "2 * a - 1", 2 * A - 1),
        "quotient": ("int8", "a / b", np.trunc(A / B.astype(np.float64)).astype(np.int32)),
        "remainder": ("int8", "a % b", np.fmod(A, B)),
        "bits": ("int8", "(a & b) ^ ~a | 5", (A & B) ^ ~A | 5),
        "shift": ("int8", "a << b", A << (B & 31)),
        "unsigned_shift": ("uint8", "as_u(a) >> 3", A.view(np.uint32) >> np.uint32(3)),
        "less": ("int8", "a < b", -(A < B).astype(np.int32)),
        "float_equal": ("int8", "f == f * 1.0f", -(F == F).astype(np.int32)),
        "char_mask": ("char8", "u > (uchar)100", -(U > 100).astype(np.int8)),
        "not": ("int8", "!a", -(A == 0).astype(np.int32)),
        "and": ("int8", "a && b", -((A != 0) & (B != 0)).astype(np.int32)),
        "or_scalar": ("int8", "f || 0", -(F != 0).astype(np.int32)),
        "negative": ("float8", "-f", -F),
        "fsum": ("float8", "f * 2 + (float8)(1)", F * np.float32(2) + np.float32(1)),
        "select": ("float8", "a < b ? f : 9.0f", np.where(A < B, F, np.float32(9))),
        "choose": ("int8", "a.s0 > 1 ? a : b", A),
        "narrow": ("uchar8", "u + (uchar)10", U + np.uint8(10)),
        "swap": ("int8", "(int8)(a.hi, a.lo)", np.roll(A, 4)),
        "odd_even": ("int8", "(int8)(a.odd, a.even)", np.concatenate((A[1::2], A[::2]))),
        "repeat": ("int8", "a.s00770011", A[[0, 0, 7, 7, 0, 0, 1, 1]]),
        "chain": ("int8", "(int8)(a.lo.wzyx.lo, a.s2, (a + b).s3, b.hi)",
                  np.array([*A[[3, 2, 2]], (A + B)[3], *B[4:]], np.int32)),
        "by_index": ("int8", "(int8)(a[7], a[b.s0], (a + b)[b.s1], a.hi[b.s0], 1, 2, 3, 4)",
                     np.array([A[7], A[2], (A + B)[3], A[6], 1, 2, 3, 4], np.int32)),
    }  # fmt: skip
STATEMENTS: dict[str, tuple[str, Any]] = {
    "compound": ("v += 3; v <<= 1; v.s01 *= 2; v.hi = b.lo;",
                 [*((A[:2] + 3) * 4), *((A[2:4] + 3) * 2), *B[:4]]),
    "swizzled": ("v.lo.yx = v.lo.xy; v.s7 = v.s6++; ++v.s5;",
                 [A[1], A[0], A[2], A[3], A[4], A[5] + 1, A[6] + 1, A[6]]),
    "indexed": ("for (int i = 0; i < 8; i++) v[i] = b[7 - i];", B[::-1]),
    "old": ("int8 w = v++; v = v - w;", [1] * 8),
    "splat": ("v = 7; v.s3 = 2.9f;", [7, 7, 7, 2, 7, 7, 7, 7]),
    # Without braces of its own a vector takes one scalar for all its components, as in clang.
    "lists": ("int2 p[2] = {1, {3, 4}}; struct { int4 q; int r; } s = {5, 9};"
              " int4 w[1] = {{p[1], 6, 7}}; v = (int8)(p[0], p[1], w[0].xw, s.q.w, s.r);",
              [1, 1, 3, 4, 3, 7, 5, 9]),
    "three": ("int3 t = (int3)(1, 2, 3), t2[2] = {t, t + 1}; t2[1].z += 5; global int3 *g = 0;"
              " v = (int8)(t2[0], t2[1], sizeof(t2), (int)(ulong)(g + 1));",
              [1, 2, 3, 2, 3, 9, 32, 16]),
    "three_halves": ("int3 t = (int3)(1, 2, 3), w = (int3)(7, 8, 9); t.hi = (int2)(5, 6);"
                     " w.odd = t.lo; w.even += 10; v = (int8)(t, w, t.hi.x, w.odd.x);",
                     [1, 2, 5, 17, 1, 19, 5, 1]),
    "call": ("v = twice(v, 1).s76543210;", (2 * A + 1)[::-1]),
    "table": ("v = TABLE[1] + PRIMES.s01010101;", [12 + 2, 13 + 3] * 4),
}  # fmt: skip

PRELUDE = """
#define as_u(v) (*(private uint8 *)&(v))
constant int2 PRIMES = {2, 3};
constant int8 TABLE[2] = {{0}, {12, 13, 12, 13, 12, 13, 12, 13}};
int8 twice(int8 x, int one) { x *= 2; return x + one; }
"""


def source() -> str:
    params = "global const int8 *pa, global const int8 *pb, global const float8 *pf, "
    params += "global const uchar8 *pu"
    load = "int8 a = *pa, b = pb[0]; float8 f = *pf; uchar8 u = *pu;"
    text = PRELUDE.replace("{{0}", "{(int8)(0)")
    for name, (kind, expression, _) in EXPRESSIONS.items():
        text += f"kernel void e_{name}(global {kind} *out, {params}) "
        text += f"{{ {load} *out = {expression}; }}\n"
    for name, (body, _) in STATEMENTS.items():
        text += f"kernel void s_{name}(global int8 *out, {params}) "
        text += f"{{ {load} int8 v = a; {body} *out = v; }}\n"
    return text


@pytest.fixture(scope="module", params=[pytest.param("-O0", marks=pytest.mark.slow), "-O3"])
def kernels(request: pytest.FixtureRequest) -> Iterator[dict[str, kcc.Kernel]]:
    with kcc.Device("m1") as device:
        yield device.load(kcc.compile(source(), [request.param]))


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expression(kernels: dict[str, kcc.Kernel], name: str) -> None:
    want = EXPRESSIONS[name][2]
    out = np.zeros(8, want.dtype)
    kernels[f"e_{name}"](out, A, B, F, U, global_size=1)
    np.testing.assert_array_equal(out, want)


@pytest.mark.parametrize("name", STATEMENTS)
def test_statement(kernels: dict[str, kcc.Kernel], name: str) -> None:
    out = np.zeros(8, np.int32)
    kernels[f"s_{name}"](out, A, B, F, U, global_size=1)
    np.testing.assert_array_equal(out, np.array(STATEMENTS[name][1], np.int32))


def test_vectors_are_arguments(kernels: dict[str, kcc.Kernel]) -> None:
    text = """kernel void k(global float *out, float4 v, uchar3 c, int2 w) {
        vec: ;
        float4 r = v * 2 + (float4)((float)c.z, c.y, w.y, w.x);
        out[0] = r.x; out[1] = r.y; out[2] = r.z; out[3] = r.w;
    }"""
    with kcc.Device("m1") as device:
        kernel = device.load(kcc.compile(text))["k"]
        out = np.zeros(4, np.float32)
        kernel(out, (1, 2, 3, 4), (5, 6, 7), np.array([8, 9], np.int32), global_size=1)
    np.testing.assert_array_equal(out, [9, 10, 15, 16])

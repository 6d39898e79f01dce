"""half: storage without cl_khr_fp16, arithmetic with it; every value through the conversions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kcc

SOURCE = """
kernel void stored(global half *a, constant half *b, int i, local half *t) {
    global half *p = a + i;
    ((global ushort *)p)[1] = ((constant ushort *)(b + 2))[0] + (ushort)sizeof(*p);
}

#pragma OPENCL EXTENSION cl_khr_fp16 : enable

kernel void widen(global const half *in, global float *out, global double *wide) {
    size_t i = get_global_id(0);
    out[i] = in[i];
    wide[i] = in[i];
}
kernel void narrow(global const float *in, global const double *wide, global half2 *out) {
    size_t i = get_global_id(0);
    out[i] = (half2)((half)in[i], (half)wide[i]);
}

struct parts { char c; half h; half3 v; };
constant half table[] = {1.5h, 2.5, 1e5f, [5] = 3};
constant struct parts whole = {.h = -0.5h, .v = (half3)(1, 2, 3)};

static half affine(half x, half y, struct parts p) { return x * y + p.h; }

kernel void compute(global const half *a, global const half *b, half s, global half8 *out,
                    global int8 *found) {
    size_t i = get_global_id(0);
    half x = a[i], y = b[i];
    struct parts p = whole;
    p.h = s;
    p.v.yz += x;
    p.v.x++;
    half4 v = (half4)(x + y, x - y, x * y, x / y);
    out[i] = (half8)(v, affine(1.0h, y, p), -x, p.v.y, table[2] + table[5] * p.v.x);
    int4 less = convert_int4(v.xyzw < (half4)(y));
    found[i] = (int8)(less, x < y, x == x, (int)x, (bool)y);
}
"""


@pytest.fixture(scope="module")
def kernels() -> Any:
    with kcc.Device("m1") as device:
        yield device.load(kcc.compile(SOURCE))


def same(got: np.ndarray[Any, Any], want: np.ndarray[Any, Any]) -> None:
    """Equal to the bit, save the bits of NaNs."""
    nan = np.isnan(want)
    np.testing.assert_array_equal(np.isnan(got), nan)
    as_bits = f"u{got.dtype.itemsize}"
    np.testing.assert_array_equal(got.view(as_bits)[~nan], want.view(as_bits)[~nan])


def test_storage_needs_no_extension(kernels: Any) -> None:
    given, other = np.arange(8, dtype=np.float16), np.array([0, 0, 1.5], np.float16)
    kernels["stored"](given, other, 4, kcc.local(16), global_size=1)
    want = np.array([0, 1, 2, 3, 4, 0, 6, 7], np.float16)
    want.view(np.uint16)[5] = other.view(np.uint16)[2] + 2
    same(given, want)


def test_every_half_widens(kernels: Any) -> None:
    given = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    out, wide = np.zeros(1 << 16, np.float32), np.zeros(1 << 16, np.float64)
    kernels["widen"](given, out, wide, global_size=1 << 16, local_size=256)
    same(out, given.astype(np.float32))
    same(wide, given.astype(np.float64))


def test_narrowing_rounds_once(kernels: Any) -> None:
    """Each half, what lies halfway to the next one, and its neighbours on both sides."""
    halves = np.arange(0x7C00, dtype=np.uint16).view(np.float16).astype(np.float64)
    middle = halves + np.diff(halves, append=65536.0) / 2
    narrow = [np.nextafter(middle.astype(np.float32), np.float32(s)) for s in (-1, 1e6)]
    singles = np.concatenate([middle, *narrow, [np.inf, np.nan, 1e30, 1e-30]]).astype(np.float32)
    close = [np.nextafter(middle, s) for s in (-1.0, 1e6)]
    doubles = np.concatenate([middle, *close, [np.inf, np.nan, 1e300, 1e-300]])
    sign = np.where(np.arange(singles.size) % 2, 1, -1)
    singles, doubles = (singles * sign).astype(np.float32), doubles * sign
    out = np.zeros((singles.size, 2), np.float16)
    kernels["narrow"](singles, doubles, out, global_size=singles.size)
    with np.errstate(over="ignore"):
        same(np.ascontiguousarray(out[:, 0]), singles.astype(np.float16))
        same(np.ascontiguousarray(out[:, 1]), doubles.astype(np.float16))


def test_arithmetic(kernels: Any) -> None:
    rng = np.random.default_rng(11)
    a, b = rng.integers(0, 1 << 16, (2, 512), np.uint16).view(np.float16)
    out, found = np.zeros((512, 8), np.float16), np.zeros((512, 8), np.int32)
    kernels["compute"](a, b, 0.25, out, found, global_size=512, local_size=64)
    one, s = np.float16(1), np.float16(0.25)
    with np.errstate(all="ignore"):
        lanes = [a + b, a - b, a * b, a / b, one * b + s, -a, 2 + a, np.full_like(a, np.inf)]
        same(out, np.stack(lanes, axis=1))
        whole = np.where(np.isfinite(a), a, 0).astype(np.int32)
        ints = np.stack([*(-(v < b).astype(int) for v in lanes[:4]), a < b, a == a, whole, b != 0])
    known = np.isfinite(a)  # beyond an int's range the result is undefined
    np.testing.assert_array_equal(found[known], ints.T[known])


@pytest.mark.parametrize("arch", ["rv64gcv", "rv64gcv_zfh"])
def test_loops_of_what_has_no_vectors(arch: str) -> None:
    """LLVM's loop vectoriser crashed on absolute values of halves, which tests for NaN become."""
    values = ("fabs((half)f[i])", "isnan((half)f[i])", "fabs(convert_half4(v[i])).x")
    kernels = (
        f"kernel void k{n}(global float *f, global float4 *v) {{"
        f" size_t i = get_global_id(0); f[i] = {value}; }}\n"
        for n, value in enumerate(values)
    )
    program = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n" + "".join(kernels)
    assert kcc.compile(program, [f"-march={arch}"])

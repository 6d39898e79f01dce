"""vload, vstore and their half forms, shuffle, select: types, widths, address spaces."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import kcc

TYPES: dict[str, Any] = {
    "char": np.int8, "uchar": np.uint8, "short": np.int16, "ushort": np.uint16, "int": np.int32,
    "uint": np.uint32, "long": np.int64, "ulong": np.uint64, "half": np.float16,
    "float": np.float32, "double": np.float64,
}  # fmt: skip
WIDTHS = (2, 3, 4, 8, 16)
HALF = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
N = 48


def numbers(t: str) -> np.ndarray[Any, Any]:
    return (np.arange(N + 1) * 5 - 100).astype(TYPES[t])


# -- through every address space ---------------------------------------------------------------


def through(t: str, n: int) -> str:
    """From global and constant memory into local and private, in the vectors' reverse order."""
    return f"""
    kernel void m_{t}{n}(global const {t} *in, constant {t} *same, global {t} *out) {{
        local {t} shared[{N} + 1];
        {t} own[{N} + 1];
        for (int i = 0; i < {N} / {n}; i++) {{
            vstore{n}(vload{n}(i, in + 1), {N} / {n} - 1 - i, shared);
            vstore{n}(vload{n}(i, same + 1), i, own + 1);
        }}
        for (int i = 0; i < {N} / {n}; i++) {{
            vstore{n}(vload{n}(i, shared), i, out + 1);
            vstore{n}(vload{n}(i, own + 1), i, out + 1 + {N});
        }}
    }}
"""


def check_moves(pairs: list[tuple[str, int]], options: list[str]) -> None:
    text = HALF + "".join(through(*pair) for pair in pairs)
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(text, ["-cl-std=CL2.0", *options]))
        for t, n in pairs:
            given, out = numbers(t), np.zeros(2 * N + 2, TYPES[t])
            kernels[f"m_{t}{n}"](given, given, out, global_size=1)
            want = given[1:].reshape(N // n, n)[::-1].ravel()
            np.testing.assert_array_equal(out[1 : N + 1], want, f"{t}{n}")
            np.testing.assert_array_equal(out[N + 1 : -1], given[1:], f"{t}{n}")
            assert out[0] == out[-1] == 0  # a vector of three is three


ALL_MOVES = list(itertools.product(TYPES, WIDTHS))


def test_vectors_through_memory() -> None:
    check_moves(ALL_MOVES[::9], ["-O1"])


@pytest.mark.slow
@pytest.mark.parametrize(("option", "start"), [("-O0", 0), ("-O2", 4)])
def test_more_vectors_through_memory(option: str, start: int) -> None:
    check_moves(ALL_MOVES[start::7], [option])


# -- halves in memory --------------------------------------------------------------------------

EXTREMES = [0.0, -0.0, 1.0, -1.5, 65504.0, 65519.9, 65520.0, -65520.0, 1e9, 2.0**-24, 2.0**-25]
EXTREMES += [2.0**-25 * 1.0000001, -(2.0**-26), 3 * 2.0**-25, 2.0**-14, 0.1, 1 / 3, 1 + 2.0**-11]
EXTREMES += [1 + 3 * 2.0**-11, -1 - 2.0**-11, math.inf, -math.inf, math.nan, 1e-30]


def half_of(x: float, mode: str) -> np.float16:
    """x as a half, rounded in a direction: exact."""
    with np.errstate(over="ignore"):
        nearest = np.float16(x)
    if not math.isfinite(x) or mode in ("", "_rte"):
        return nearest
    exact = Fraction(x)
    side = math.copysign(1, nearest) if np.isinf(nearest) else None
    if side is None:
        found = Fraction(float(nearest))
        side = (found > exact) - (found < exact)
    toward = {"_rtp": 1, "_rtn": -1, "_rtz": -1 if exact > 0 else 1}[mode]
    with np.errstate(over="ignore"):
        beyond = np.nextafter(nearest, np.float16(toward * math.inf))
    return beyond if side == -toward else nearest


def half_kernels(t: str, n: int, mode: str, a: str) -> str:
    w = "" if n == 1 else str(n)
    load = "in[i]" if n == 1 else f"vload{n}(i, in)"
    return f"""
    kernel void h_{t}{w}{a}{mode}(global const {t} *in, global half *out, global float *back) {{
        size_t i = get_global_id(0);
        vstore{a}_half{w}{mode}({load}, i, out);
        float{w} r = vload{a}_half{w}(i, out);
        {"back[i] = r" if n == 1 else f"vstore{n}(r, i, back)"};
    }}
"""


def check_halves(chosen: list[tuple[str, int, str, str]], options: list[str]) -> None:
    text = "".join(half_kernels(*c) for c in chosen)
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(text, options))
        for t, n, mode, a in chosen:
            given = np.resize(np.array(EXTREMES), N).astype(TYPES[t])
            step = 4 if a and n == 3 else n
            out, back = np.zeros(N // n * step, np.float16), np.zeros(N, np.float32)
            name = f"h_{t}{'' if n == 1 else n}{a}{mode}"
            kernels[name](given, out, back, global_size=N // n)
            want = np.array([half_of(float(x), mode) for x in given])
            got = out.reshape(-1, step)[:, :n].ravel()
            same = (got.view(np.uint16) == want.view(np.uint16)) | (np.isnan(got) & np.isnan(want))
            assert same.all(), (name, given[~same], got[~same], want[~same])
            np.testing.assert_array_equal(back, want.astype(np.float32), name)


ALL_HALVES = [
    (t, n, mode, a)
    for t in ("float", "double")
    for n in (1, *WIDTHS)
    for mode in ("", "_rte", "_rtz", "_rtp", "_rtn")
    for a in ("", "a")
    if n > 1 or not a
]


def test_halves_in_memory() -> None:
    check_halves(ALL_HALVES[::44], ["-O1"])


@pytest.mark.slow
@pytest.mark.parametrize(("options", "start"), [(["-O0", "-march=rv64gc"], 0), (["-O3"], 3)])
def test_more_halves_in_memory(options: list[str], start: int) -> None:
    check_halves(ALL_HALVES[start::4], options)


# -- lanes -------------------------------------------------------------------------------------


def shuffles(t: str, m: int, n: int) -> str:
    mask = f"u{t}" if t[0] != "u" and t in list(TYPES)[:8] else t
    mask = {"half": "ushort", "float": "uint", "double": "ulong"}.get(t, mask)
    load = f"vload{m}(0, in)"
    known = ", ".join(str(7 * i + 1) for i in range(n))
    return f"""
    kernel void s_{t}{m}_{n}(global const {t} *in, global const {mask} *by, global {t} *out) {{
        {mask}{n} mask = vload{n}(0, by);
        vstore{n}(shuffle({load}, mask), 0, out);
        vstore{n}(shuffle2({load}, vload{m}(1, in), mask), 1, out);
        vstore{n}(shuffle({load}, ({mask}{n})({known})), 2, out);
    }}
"""


def check_shuffles(chosen: list[tuple[str, int, int]]) -> None:
    text = HALF + "".join(shuffles(*c) for c in chosen)
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(text, ["-O1"]))
        for t, m, n in chosen:
            given = numbers(t)
            by = np.random.default_rng(n).integers(0, 120, n)
            unsigned = np.dtype(f"u{TYPES[t]().itemsize}")
            out = np.zeros(3 * n, TYPES[t])
            kernels[f"s_{t}{m}_{n}"](given, by.astype(unsigned), out, global_size=1)
            known = given[(7 * np.arange(n) + 1) % m]
            want = np.concatenate((given[by % m], given[by % (2 * m)], known))
            np.testing.assert_array_equal(out, want, f"{t}{m} by {n}")


ALL_SHUFFLES = list(itertools.product(TYPES, (2, 4, 8, 16), (2, 4, 8, 16)))


def test_shuffles() -> None:
    check_shuffles(ALL_SHUFFLES[::41])


@pytest.mark.slow
def test_more_shuffles() -> None:
    check_shuffles(ALL_SHUFFLES[::5])


def test_choices_by_lanes() -> None:
    text = (
        HALF
        + """
    kernel void k(global int *out, global float *f, global ulong *u) {
        int4 c = (int4)(-1, 1, INT_MIN, 0), a = (int4)(1, 2, 3, 4), b = a * 10;
        vstore4(select(a, b, c), 0, out);               // by the top bit
        out[4] = select(1, 2, 1u);                      // by not being 0
        out[5] = any(c) + 2 * all(c) + 4 * all(c.xz) + 8 * any(c.yw) + 16 * any((char)-3);
        out[6] = all((long3)(-1, -2, LONG_MIN)) + 2 * any((short16)(0));
        out[6] += 4 * all((uchar2)(0) == (uchar)0);
        uint4 d = as_uint4(c);
        vstore4(select((float4)(0.5f), (float4)(1.5f, NAN, -0.0f, 3), d), 0, f);
        f[4] = bitselect(1.0f, -2.0f, as_float(0x80000000));
        u[0] = select(1ul, 2ul, 1l << 40);
        u[1] = as_ulong(nan(5ul));
        u[2] = as_uint(nan(0x3fffffu));
        u[3] = as_ushort(nan((ushort)1));
    }"""
    )
    out, f, u = np.zeros(7, np.int32), np.zeros(5, np.float32), np.zeros(4, np.uint64)
    with kcc.Device("m1") as device:
        device.load(kcc.compile(text))["k"](out, f, u, global_size=1)
    np.testing.assert_array_equal(out, [10, 2, 30, 4, 2, 1 + 4 + 16, 1 + 4])
    np.testing.assert_array_equal(f, np.array([1.5, 0.5, -0.0, 0.5, -1.0], np.float32))
    assert [hex(x) for x in u] == ["0x2", "0x7ff8000000000005", "0x7fffffff", "0x7e01"]

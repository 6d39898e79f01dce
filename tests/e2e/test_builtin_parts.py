"""Functions with a second result or an integer beside the number, and the geometric ones."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import kcc

TYPES: dict[str, Any] = {"half": np.float16, "float": np.float32, "double": np.float64}
HALF = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
N = 48
INT_MAX, INT_MIN = (1 << 31) - 1, -(1 << 31)


def values(t: str, seed: int) -> np.ndarray[Any, Any]:
    rng, f = np.random.default_rng(seed), np.finfo(TYPES[t])
    edges = [0.0, -0.0, 1.0, -1.0, 0.5, -1.5, 2.5, -0.75, math.inf, -math.inf, math.nan, 7.0]
    edges += [f.max, -f.max, f.tiny, f.smallest_subnormal, -f.smallest_subnormal, f.tiny / 2]
    edges += [-float(f.smallest_subnormal) * 5, float(f.eps), 1 / f.eps + 1, 3.0, -1e-3, 100.0]
    drawn = rng.standard_normal(N) * 2.0 ** rng.integers(f.minexp // 2, f.maxexp // 2, N)
    with np.errstate(all="ignore"):
        return rng.permutation(np.array([*edges, *drawn][:N]).astype(TYPES[t]))


def frexp(t: Any, x: Any) -> tuple[Any, Any]:
    fraction, exponent = math.frexp(x)
    return t(fraction), exponent if math.isfinite(x) else 0


def modf(t: Any, x: Any) -> tuple[Any, Any]:
    fraction, whole = math.modf(x)
    return t(fraction), t(whole)


def fract(t: Any, x: Any) -> tuple[Any, Any]:
    if not math.isfinite(x) or x == 0:
        return (np.copysign(t(0), x) if math.isinf(x) else x), x
    return min(t(x - np.floor(x)), np.nextafter(t(1), t(0))), np.floor(x)


def remquo(t: Any, x: Any, y: Any) -> tuple[Any, Any]:
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or y == 0:
        return t(math.nan), 0
    if math.isinf(y):
        return x, 0
    (a, b), (c, d) = float(x).as_integer_ratio(), float(y).as_integer_ratio()
    top, bottom = abs(a) * d, b * abs(c)
    quotient, rest = divmod(top, bottom)
    quotient += 2 * rest > bottom or (2 * rest == bottom and quotient % 2)
    sign = -1 if np.signbit(x) != np.signbit(y) else 1
    return t(math.remainder(x, y)), sign * (quotient % 128)


def ldexp(t: Any, x: Any, n: int) -> Any:
    if not math.isfinite(x) or x == 0:
        return x
    numerator, denominator = float(x).as_integer_ratio()
    info = np.finfo(t)
    exponent = abs(numerator).bit_length() - denominator.bit_length()
    exponent -= abs(numerator) * (1 << max(-exponent, 0)) < denominator * (1 << max(exponent, 0))
    if exponent + n > info.maxexp:
        return np.copysign(t(math.inf), x)
    if exponent + n < info.minexp - info.nmant - 2:
        return np.copysign(t(0), x)
    with np.errstate(all="ignore"):
        return np.ldexp(x, np.int32(n)) if t is not np.float16 else t(math.ldexp(float(x), n))


def ilogb(_: Any, x: Any) -> int:
    if x == 0 or math.isinf(x) or math.isnan(x):
        return INT_MIN if x == 0 else INT_MAX
    return math.frexp(x)[1] - 1


SECOND_RESULT = {"frexp": (1, frexp), "modf": (1, modf), "fract": (1, fract), "remquo": (2, remquo)}
SPACES = ("global", "local", "private")


def second(function: str, t: str, n: int, space: str) -> str:
    w = "" if n == 1 else str(n)
    other = "int" if function in ("frexp", "remquo") else t
    arity = SECOND_RESULT[function][0]
    load = [f"vload{n}(i, {x})" if n > 1 else f"{x}[i]" for x in "ab"[:arity]]
    place, declared = {
        "global": ("more + i", ""),
        "local": ("shared", f"local {other}{w} shared[1];"),
        "private": ("&own", f"{other}{w} own;"),
    }[space]
    keep = "" if space == "global" else f"more[i] = *({place});"
    store = f"vstore{n}(r, i, out);" if n > 1 else "out[i] = r;"
    params = ", ".join(f"global const {t} *{x}" for x in "ab"[:arity])
    return f"""
    kernel void {function}_{t}{n}_{space}({params}, global {t} *out, global {other}{w} *more) {{
        size_t i = get_global_id(0);
        {declared}
        {t}{w} r = {function}({", ".join(load)}, {place});
        {store} {keep}
    }}
"""


def same(got: Any, want: Any) -> bool:
    return bool(got.tobytes() == want.tobytes() or (got != got and want != want))


Case = tuple[str, str, int, str]


def check_second(cases: list[Case], options: list[str]) -> None:
    text = HALF + "".join(second(*case) for case in cases)
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(text, options))
        for function, t, n, space in cases:
            arity, oracle = SECOND_RESULT[function]
            given = [values(t, seed) for seed in range(arity)]
            other = np.int32 if function in ("frexp", "remquo") else TYPES[t]
            step = 4 if n == 3 else n
            out, more = np.zeros(N, TYPES[t]), np.zeros(N // n * step, other)
            kernel = kernels[f"{function}_{t}{n}_{space}"]
            kernel(*given, out, more, global_size=N // n, local_size=1)
            for i, second_got in enumerate(more.reshape(-1, step)[:, :n].ravel()):
                args = [x[i] for x in given]
                with np.errstate(all="ignore"):
                    first_want, second_want = oracle(TYPES[t], *args)  # type: ignore[operator]
                assert same(out[i], first_want), (function, t, n, args, out[i], first_want)
                assert same(second_got, other(second_want)), (function, t, n, args, second_got)


ALL_SECOND: list[Case] = list(itertools.product(SECOND_RESULT, TYPES, (1, 2, 3, 4, 8, 16), SPACES))


def test_second_results() -> None:
    check_second(ALL_SECOND[::77], ["-O1"])


@pytest.mark.slow
@pytest.mark.parametrize(("options", "start"), [(["-O0", "-march=rv64gc"], 0), (["-O3"], 5)])
def test_more_second_results(options: list[str], start: int) -> None:
    check_second(ALL_SECOND[start::11], options)


STEPS = [0, 1, -1, 5, -3, 24, -24, 60, -60, 126, -126, 149, -149, 200, -277, 300, 1022, -1022,
         1074, -1074, 1100, -2000, 2098, INT_MAX, INT_MIN]  # fmt: skip


@pytest.mark.parametrize(
    "t", [pytest.param(t, marks=() if t == "float" else pytest.mark.slow) for t in TYPES]
)
def test_ldexp_and_ilogb(t: str) -> None:
    text = (
        HALF
        + f"""
    kernel void k(global const {t} *x, global const int *n, global {t} *out, global int *e) {{
        size_t i = get_global_id(0);
        out[i] = ldexp(x[i], n[i]);
        e[i] = ilogb(x[i]);
    }}
    kernel void v(global const {t} *x, global const int *n, global {t} *out, global int *e) {{
        size_t i = get_global_id(0);
        vstore4(ldexp(vload4(i, x), vload4(i, n)), i, out);
        vstore4(ldexp(vload4(i, x), n[i]), i, out + get_global_size(0) * 4);
        vstore4(ilogb(vload4(i, x)), i, e);
    }}
"""
    )
    x = np.repeat(values(t, 1), len(STEPS))
    n = np.resize(np.array(STEPS, np.int32), x.size)
    scalar, vector, spread = (np.zeros(x.size, TYPES[t]) for _ in range(3))
    exponents, again = np.zeros(x.size, np.int32), np.zeros(x.size, np.int32)
    both = np.concatenate((vector, spread))
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(text))
        kernels["k"](x, n, scalar, exponents, global_size=x.size, local_size=4)
        kernels["v"](x, n, both, again, global_size=x.size // 4, local_size=4)
    for i, (a, b) in enumerate(zip(x, n.tolist(), strict=True)):
        want = ldexp(TYPES[t], a, b)
        assert same(scalar[i], want), (a, b, scalar[i], want)
        assert same(both[i], want), (a, b)
        assert same(both[x.size + i], ldexp(TYPES[t], a, int(n[i // 4])))
        assert exponents[i] == again[i] == ilogb(None, a), a


# -- geometric ---------------------------------------------------------------------------------


def geometry(t: str, n: int) -> str:
    w = "" if n == 1 else str(n)
    a, b = (f"vload{n}(i, {x})" if n > 1 else f"{x}[i]" for x in "ab")
    store = f"vstore{n}(unit, i, units)" if n > 1 else "units[i] = unit"
    return f"""
    kernel void g_{t}{n}(global const {t} *a, global const {t} *b, global {t} *out,
                         global {t} *units) {{
        size_t i = get_global_id(0);
        out[3 * i] = dot({a}, {b});
        out[3 * i + 1] = length({a});
        out[3 * i + 2] = distance({a}, {b});
        {t}{w} unit = normalize({a});
        {store};
    }}
"""


@pytest.mark.slow
def test_lengths_directions_and_products() -> None:
    shapes = list(itertools.product(TYPES, (1, 2, 3, 4)))
    rows = 40
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(HALF + "".join(geometry(*s) for s in shapes)))
        for t, n in shapes:
            rng, f = np.random.default_rng(n), np.finfo(TYPES[t])
            sizes = 2.0 ** rng.integers(f.minexp - 5, f.maxexp - 3, (rows, 1))
            sizes[: rows // 2] = 1
            sizes[-1] = 0
            a, b = ((rng.standard_normal((rows, n)) * sizes).astype(TYPES[t]) for _ in range(2))
            out, units = np.zeros((rows, 3), TYPES[t]), np.zeros((rows, n), TYPES[t])
            kernels[f"g_{t}{n}"](a, b, out, units, global_size=rows)
            wide_a, wide_b = a.astype(np.longdouble), b.astype(np.longdouble)
            ulps = 4 * n
            near = rows // 2
            dots = (wide_a[:near] * wide_b[:near]).sum(1)
            bound = (abs(wide_a[:near] * wide_b[:near])).sum(1) * f.eps * ulps
            assert (abs(out[:near, 0] - dots) <= bound).all()
            for column, exact in ((1, wide_a), (2, wide_a - wide_b)):
                want = np.sqrt((exact**2).sum(1)).astype(TYPES[t])
                np.testing.assert_array_max_ulp(out[:, column], want, ulps)
            long = np.sqrt((wide_a**2).sum(1, keepdims=True))
            want = np.divide(wide_a, long, where=long != 0, out=wide_a.copy()).astype(TYPES[t])
            assert (abs(units - want) <= f.eps * ulps).all(), (t, n)


def test_special_vectors() -> None:
    text = """kernel void k(global float4 *out, global double2 *d) {
        out[0] = normalize((float4)(INFINITY, 1, -INFINITY, 0));
        out[1] = normalize((float4)(1, 2, NAN, 0));
        out[2] = normalize((float4)(-0.0f));
        out[3] = cross((float4)(1, 2, 3, 9), (float4)(-4, 5, 0.5f, 7));
        out[4] = (float4)(cross((float3)(1, 0, 0), (float3)(0, 1, 0)), fast_length((float2)(3, 4)));
        out[5].xy = fast_normalize((float2)(3, 4));
        out[5].zw = fast_normalize((float2)(0, 0));
        out[6].x = fast_distance((float2)(1, 1), (float2)(4, 5));
        out[6].y = length(-INFINITY);
        out[6].z = normalize(-7.0f);
        out[6].w = smoothstep(1.0f, 3.0f, 2.5f);
        d[0] = normalize((double2)(3e-320, -4e-320));
        d[1] = (double2)(length((double2)(3e300, 4e300)), distance(1.0, 5.5));
    }"""
    out, d = np.zeros((7, 4), np.float32), np.zeros((2, 2))
    with kcc.Device("m1") as device:
        device.load(kcc.compile(text))["k"](out, d, global_size=1)
    half = np.float32(math.sqrt(0.5))
    np.testing.assert_array_equal(out[0], [half, 0, -half, 0])
    assert np.isnan(out[1]).all()
    assert np.signbit(out[2]).all()
    np.testing.assert_array_equal(out[2], np.zeros(4))
    np.testing.assert_array_equal(out[3], [2 * 0.5 - 15, -12 - 0.5, 5 + 8, 0])
    np.testing.assert_array_equal(out[4], [0, 0, 1, 5])
    np.testing.assert_allclose(out[5], [0.6, 0.8, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(out[6], [5, np.inf, -1, 0.84375], rtol=1e-6)
    np.testing.assert_allclose(d[0], [0.6, -0.8], rtol=1e-3)  # of subnormal numbers
    np.testing.assert_allclose(d[1], [5e300, 4.5], rtol=1e-15)

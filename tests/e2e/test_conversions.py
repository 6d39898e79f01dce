"""convert_type and as_type against exact arithmetic, scalars and vectors, every rounding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import kcc

TYPES: dict[str, Any] = {
    "char": np.int8, "uchar": np.uint8, "short": np.int16, "ushort": np.uint16, "int": np.int32,
    "uint": np.uint32, "long": np.int64, "ulong": np.uint64, "float": np.float32,
    "double": np.float64, "half": np.float16,
}  # fmt: skip
FLOATS = ("half", "float", "double")
HALF = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
MODES = ("", "_rte", "_rtz", "_rtp", "_rtn")
N = 64


def values(name: str) -> np.ndarray[Any, Any]:
    """N values of a type: its edges, those of the others as far as it has them, random ones."""
    rng = np.random.default_rng(3)
    dtype = TYPES[name]
    if name in FLOATS:
        exact = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.75, 1e-45, -1e-45, 1e-310, 3.4028236e38]
        exact += [
            s * (2.0**p + d) for p in (7, 8, 15, 16, 31, 32) for s in (1, -1) for d in (-1, 0)
        ]
        exact += [math.inf, -math.inf, math.nan, 1e300, 2.0**63, -(2.0**63), 2.0**64, 16777217.0]
        some = rng.standard_normal(N) * 2.0 ** rng.integers(-20, 60, N)
        with np.errstate(over="ignore"):
            return np.array([*exact, *some][:N]).astype(dtype)
    info = np.iinfo(dtype)
    edges = [0, 1, info.max, info.max - 1, info.min, info.min + 1, (1 << 24) + 1, (1 << 53) + 1]
    edges += [127, 128, -128, -129, 255, 256, 32767, 32768, -32769, 65535, 65536]
    edges += [(1 << 31) - 1, 1 << 31, -(1 << 31) - 1, (1 << 32) - 1, 1 << 32, -1, (1 << 63) - 1]
    kept = [e for e in edges if info.min <= e <= info.max]
    some_ints = rng.integers(info.min, info.max, N, dtype, endpoint=True).tolist()
    return np.array([*kept, *some_ints][:N], dtype)


def rounded(x: float | int, mode: str) -> int:
    exact = Fraction(x)
    match mode:
        case "_rte":
            return round(exact)
        case "_rtp":
            return math.ceil(exact)
        case "_rtn":
            return math.floor(exact)
        case _:
            return math.trunc(exact)


def to_integer(x: float | int, to: str, mode: str, sat: bool) -> int | None:
    """None where the result is the implementation's to choose."""
    info = np.iinfo(TYPES[to])
    if isinstance(x, float) and not math.isfinite(x):
        if not sat:
            return None
        return 0 if math.isnan(x) else info.max if x > 0 else info.min
    whole = rounded(x, mode)
    if sat:
        return min(max(whole, info.min), info.max)
    if isinstance(x, float):
        return whole if info.min <= whole <= info.max else None
    return (whole - info.min) % (info.max - info.min + 1) + info.min


def to_float(x: float | int, to: str, mode: str) -> Any:
    dtype = TYPES[to]
    with np.errstate(over="ignore"):
        nearest = dtype(x)
    if isinstance(x, float) and not math.isfinite(x):
        return nearest
    exact = Fraction(x)

    def side() -> int:
        if math.isinf(nearest):
            return 1 if nearest > 0 else -1
        return (Fraction(float(nearest)) > exact) - (Fraction(float(nearest)) < exact)

    toward = {"_rtp": 1, "_rtn": -1, "_rtz": -1 if exact > 0 else 1}.get(mode, 0)
    if toward and side() == -toward:
        return np.nextafter(nearest, dtype(math.inf * toward))
    return nearest


def conversions() -> Iterator[tuple[str, str, str, bool]]:
    for source in TYPES:
        for to in TYPES:
            for mode in MODES:
                yield source, to, mode, False
                if to not in FLOATS:
                    yield source, to, mode, True


def name_of(source: str, to: str, mode: str, sat: bool) -> str:
    return f"{source}_{to}{'_sat' * sat}{mode}"


def program(count: int, chosen: list[tuple[str, str, str, bool]]) -> str:
    n = "" if count == 1 else str(count)
    return HALF + "".join(
        f"kernel void k_{name_of(*c)}(global const {c[0]}{n} *in, global {c[1]}{n} *out)"
        f" {{ size_t i = get_global_id(0);"
        f" out[i] = convert_{c[1]}{n}{'_sat' * c[3]}{c[2]}(in[i]); }}\n"
        for c in chosen
    )


def check(kernel: kcc.Kernel, count: int, source: str, to: str, mode: str, sat: bool) -> None:
    given = values(source)
    out = np.zeros(N, TYPES[to])
    kernel(given, out, global_size=N // count, local_size=4)
    for x, got in zip(given.tolist(), out, strict=True):
        if to in FLOATS:
            want = to_float(x, to, mode)
            assert got.tobytes() == want.tobytes() or (got != got and want != want), (x, got, want)
        else:
            whole = to_integer(x, to, mode, sat)
            assert whole is None or int(got) == whole, (x, got, whole)


ALL = list(conversions())
SOME = [c for i, c in enumerate(ALL) if i % 62 == 0]


@pytest.mark.parametrize("count", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_some_conversions(count: int) -> None:
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(program(count, SOME), ["-O1"]))
        for chosen in SOME:
            check(kernels[f"k_{name_of(*chosen)}"], count, *chosen)


@pytest.mark.slow
@pytest.mark.parametrize("source", TYPES)
def test_every_other_conversion(source: str) -> None:
    count = 1 if source in ("int", "double") else 2
    mine = [c for c in ALL if c[0] == source]
    # To an integer: each rounding, by turns with saturation and without.
    mine = [c for i, c in enumerate(mine) if i % 4 in (1, 2)]
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(program(count, mine), ["-O1"]))
        for chosen in mine:
            check(kernels[f"k_{name_of(*chosen)}"], count, *chosen)


def test_the_same_bits_as_another_type() -> None:
    text = """kernel void k(global const int8 *in, global int8 *out) {
        int8 v = *in;
        float8 f = as_float8(v);
        int3 t = as_int3(v.lo);
        out[0] = as_int8(as_short16(f));
        out[1] = (int8)(t, as_int(1.0f), as_int2(as_double(v.lo.lo)).yx, 0, 0);
    }"""
    given = np.arange(1, 9, dtype=np.int32) * 0x01020304
    out = np.zeros(16, np.int32)
    with kcc.Device("m1") as device:
        device.load(kcc.compile(text))["k"](given, out, global_size=1)
    np.testing.assert_array_equal(out[:8], given)
    np.testing.assert_array_equal(out[8:14], [*given[:3], 0x3F800000, given[1], given[0]])

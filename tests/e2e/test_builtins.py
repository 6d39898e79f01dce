"""Builtin functions on the device against exact arithmetic: types, widths, special values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
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
INTS = tuple(TYPES)[:8]
FLOATS = ("float", "double", "half")
SIGNED = {1: "char", 2: "short", 4: "int", 8: "long"}
WIDTHS = (1, 2, 3, 4, 8, 16)
N = 48  # a multiple of every width
HALF = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
EXACT = ["-cl-std=CL2.0", "-ffp-contract=off"]


# -- what the functions give, lane by lane -----------------------------------------------------


class Int:
    """Oracles of the integer functions, on Python's integers."""

    def __init__(self, name: str) -> None:
        info = np.iinfo(TYPES[name])
        self.bits, self.low, self.high = info.bits, int(info.min), int(info.max)

    def wrap(self, x: int) -> int:
        return (x - self.low) % (1 << self.bits) + self.low

    def unsigned(self, x: int) -> int:
        return x % (1 << self.bits)

    def saturate(self, x: int) -> int:
        return min(max(x, self.low), self.high)

    def rotate(self, x: int, n: int) -> int:
        n, x = n % self.bits, self.unsigned(x)
        return self.wrap(x << n | x >> self.bits - n)


INTEGER: dict[str, tuple[int, Callable[..., int]]] = {
    "abs": (1, lambda _, x: abs(x)),
    "abs_diff": (2, lambda _, x, y: abs(x - y)),
    "add_sat": (2, lambda t, x, y: t.saturate(x + y)),
    "sub_sat": (2, lambda t, x, y: t.saturate(x - y)),
    "hadd": (2, lambda _, x, y: x + y >> 1),
    "rhadd": (2, lambda _, x, y: x + y + 1 >> 1),
    "clamp": (3, lambda _, x, y, z: min(max(x, min(y, z)), max(y, z))),
    "clz": (1, lambda t, x: t.bits - t.unsigned(x).bit_length()),
    "ctz": (1, lambda t, x: (x & -x).bit_length() - 1 if x else t.bits),
    "popcount": (1, lambda t, x: t.unsigned(x).bit_count()),
    "mad_hi": (3, lambda t, x, y, z: t.wrap((x * y >> t.bits) + z)),
    "mad_sat": (3, lambda t, x, y, z: t.saturate(x * y + z)),
    "mul_hi": (2, lambda t, x, y: x * y >> t.bits),
    "max": (2, lambda _, x, y: max(x, y)),
    "min": (2, lambda _, x, y: min(x, y)),
    "rotate": (2, lambda t, x, y: t.rotate(x, y)),
    "bitselect": (3, lambda _, x, y, z: x & ~z | y & z),
    "upsample": (2, lambda t, x, y: (x << t.bits) + t.unsigned(y)),
    "mul24": (2, lambda _, x, y: x * y),
    "mad24": (3, lambda _, x, y, z: x * y + z),
}


def rounded(x: Fraction, t: Any) -> Any:
    """To nearest, ties to even; numerator and denominator may be beyond any float's."""
    info = np.finfo(t)
    exponent = abs(x.numerator).bit_length() - x.denominator.bit_length()
    exponent -= abs(x) < Fraction(2) ** exponent
    unit = Fraction(2) ** (max(exponent, int(info.minexp)) - info.nmant)
    nearest = round(x / unit) * unit
    beyond = abs(nearest) > Fraction(float(info.max))
    return t(math.inf if beyond and x > 0 else -math.inf if beyond else float(nearest))


def fma(t: Any, x: Any, y: Any, z: Any) -> Any:
    if not all(math.isfinite(v) for v in (x, y, z)):
        infinite = math.isinf(x) or math.isinf(y) or math.isnan(x) or math.isnan(y)
        return t(float(x) * float(y) + float(z)) if infinite else z
    exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
    return rounded(exact, t) if exact else t(x * y + z)


def remainder(t: Any, x: Any, y: Any) -> Any:
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or y == 0:
        return t(math.nan)
    return t(math.remainder(float(x), float(y)))


def smaller_or_larger(pick: Callable[..., Any]) -> Callable[..., Any]:
    def choose(t: Any, x: Any, y: Any) -> Any:
        if abs(x) == abs(y) or math.isnan(x) or math.isnan(y):
            return (np.fmax if pick is max else np.fmin)(x, y)
        return pick(x, y, key=abs)

    return choose


def fract(t: Any, x: Any) -> Any:
    if math.isinf(x):
        return np.copysign(t(0), x)
    below_one = np.nextafter(t(1), t(0))
    return x if x == 0 or math.isnan(x) else min(t(x - np.floor(x)), below_one)


FLOATING: dict[str, tuple[int, Callable[..., Any]]] = {
    "fabs": (1, lambda _, x: abs(x)),
    "copysign": (2, lambda _, x, y: np.copysign(x, y)),
    "fma": (3, fma),
    "sqrt": (1, lambda _, x: np.sqrt(x)),
    "floor": (1, lambda _, x: np.floor(x)),
    "ceil": (1, lambda _, x: np.ceil(x)),
    "trunc": (1, lambda _, x: np.trunc(x)),
    "rint": (1, lambda _, x: np.rint(x)),
    "round": (1, lambda t, x: np.copysign(
        np.floor(abs(x)) + t(abs(x) - np.floor(abs(x)) >= 0.5), x) if math.isfinite(x) else x),
    "fmin": (2, lambda _, x, y: np.fmin(x, y)),
    "fmax": (2, lambda _, x, y: np.fmax(x, y)),
    "fdim": (2, lambda t, x, y: t(0) if x <= y else x - y),
    "maxmag": (2, smaller_or_larger(max)),
    "minmag": (2, smaller_or_larger(min)),
    "fmod": (2, lambda _, x, y: np.fmod(x, y)),
    "remainder": (2, remainder),
    "nextafter": (2, lambda _, x, y: np.nextafter(x, y)),
    "logb": (1, lambda t, x: t(np.inf) if np.isinf(x) else t(math.frexp(x)[1] - 1)
             if x and x == x else x if x != x else t(-np.inf)),
    "sign": (1, lambda t, x: t(0) if x != x else t(np.sign(x)) if x else x),
    "step": (2, lambda t, x, y: t(0) if y < x else t(1)),
    "mix": (3, lambda _, x, y, z: x + (y - x) * z),
    "degrees": (1, lambda t, x: x * t(180 / math.pi)),
    "radians": (1, lambda t, x: x * t(math.pi / 180)),
    "max": (2, lambda _, x, y: y if x < y else x),
    "min": (2, lambda _, x, y: y if y < x else x),
}  # fmt: skip
RELATIONAL: dict[str, tuple[int, Callable[..., bool]]] = {
    "isequal": (2, lambda x, y: x == y),
    "isnotequal": (2, lambda x, y: x != y),
    "isgreater": (2, lambda x, y: x > y),
    "isgreaterequal": (2, lambda x, y: x >= y),
    "isless": (2, lambda x, y: x < y),
    "islessequal": (2, lambda x, y: x <= y),
    "islessgreater": (2, lambda x, y: x < y or x > y),
    "isordered": (2, lambda x, y: x == x and y == y),
    "isunordered": (2, lambda x, y: x != x or y != y),
    "isfinite": (1, lambda x: bool(np.isfinite(x))),
    "isinf": (1, lambda x: bool(np.isinf(x))),
    "isnan": (1, lambda x: bool(np.isnan(x))),
    "isnormal": (1, lambda x: bool(np.isfinite(x)) and abs(x) >= np.finfo(type(x)).tiny),
    "signbit": (1, lambda x: bool(np.signbit(x))),
}


# -- values and kernels ------------------------------------------------------------------------


def values(name: str, seed: int) -> np.ndarray[Any, Any]:
    """N values: a type's edges and random ones, in an order of their own for each seed."""
    rng, t = np.random.default_rng(seed), TYPES[name]
    if name in INTS:
        info = np.iinfo(t)
        edges = [0, 1, 2, 7, info.max, info.max - 1, info.min, info.min + 1, info.max // 2 + 1]
        drawn = rng.integers(info.min, info.max, N, t, endpoint=True).tolist()
        return rng.permutation(np.array([*edges, *drawn][:N], t))
    f = np.finfo(t)
    edges = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, math.inf, -math.inf, math.nan]
    edges += [f.max, -f.max, f.tiny, f.smallest_subnormal, -f.smallest_subnormal, f.tiny / 2, 3.0]
    edges += [1 / f.eps, 1 / f.eps + 1, 0.5 - float(f.eps) / 4, float(f.eps), -float(f.tiny) * 3]
    with np.errstate(all="ignore"):
        drawn = rng.standard_normal(N) * 2.0 ** rng.integers(f.minexp // 2, f.maxexp // 2, N)
        return rng.permutation(np.array([*edges, *drawn][:N]).astype(t))


def kernel(label: str, call: str, params: str, result: str, n: int) -> str:
    w = "" if n == 1 else str(n)
    store = f"vstore{w}(r, i, out)" if n > 1 else "out[i] = r"
    return (
        f"kernel void {label}({params}, global {result} *out) {{ size_t i = get_global_id(0); "
        f"{result}{w} r = {call}; {store}; }}\n"
    )


def load(name: str, n: int) -> str:
    return f"vload{n}(i, {name})" if n > 1 else f"{name}[i]"


def same(got: Any, want: Any) -> bool:
    return bool(got.tobytes() == want.tobytes() or (got != got and want != want))


Case = tuple[str, str, str, int, str]  # label, function, type, width, type of the result


def program(cases: Iterable[Case]) -> str:
    text = HALF
    for label, function, t, n, result in cases:
        count = arity(function, t)
        letters = "abc"[:count]
        kinds = dict.fromkeys(letters, t)
        if function == "upsample":
            kinds["b"] = f"u{t.removeprefix('u')}"
        params = ", ".join(f"global const {kinds[x]} *{x}" for x in letters)
        call = f"{function}({', '.join(load(x, n) for x in letters)})"
        text += kernel(label, call, params, result, n)
    return text


def arity(function: str, t: str) -> int:
    for table in (INTEGER if t in INTS else FLOATING, RELATIONAL):
        if function in table:
            return table[function][0]
    raise AssertionError(function)


def result_type(function: str, t: str, n: int) -> str:
    if function in RELATIONAL:
        return "int" if n == 1 else SIGNED[TYPES[t]().itemsize]
    if function in ("abs", "abs_diff"):
        return f"u{t.removeprefix('u')}"
    if function == "upsample":
        wide = SIGNED[2 * TYPES[t]().itemsize]
        return wide if t[0] != "u" else f"u{wide}"
    return t


def want(function: str, t: str, n: int, args: tuple[Any, ...]) -> Any:
    with np.errstate(all="ignore"):
        if function in RELATIONAL:
            true = 1 if n == 1 else -1
            return true if RELATIONAL[function][1](*args) else 0
        if t in INTS:
            return INTEGER[function][1](Int(t), *(int(x) for x in args))
        return FLOATING[function][1](TYPES[t], *args)


def arguments(function: str, t: str) -> list[np.ndarray[Any, Any]]:
    given = [values(t, seed) for seed in range(arity(function, t))]
    if function in ("mul24", "mad24"):
        given = [x >> 8 if t[0] != "u" else x >> 12 for x in given]  # 24 bits, the product 32
        given = [x % 2048 for x in given]
    if function == "clamp":
        given[1], given[2] = np.minimum(given[1], given[2]), np.maximum(given[1], given[2])
    if function == "upsample":
        given[1] = given[1].astype(TYPES[f"u{t.removeprefix('u')}"])
    return given


def check(cases: list[Case], options: list[str]) -> None:
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(program(cases), [*EXACT, *options]))
        for label, function, t, n, result in cases:
            given = arguments(function, t)
            out = np.zeros(N, TYPES[result])
            kernels[label](*given, out, global_size=N // n, local_size=1)
            for i, got in enumerate(out):
                args = tuple(x[i] for x in given)
                expected = TYPES[result](want(function, t, n, args))
                zeros = function in ("fmin", "fmax", "maxmag", "minmag") and got == expected == 0
                assert zeros or same(got, expected), (label, args, got, expected)


def cases() -> Iterator[Case]:
    for t in TYPES:
        table = INTEGER if t in INTS else FLOATING | RELATIONAL
        for function in table:
            if function in ("mul24", "mad24") and t not in ("int", "uint"):
                continue
            if function == "upsample" and t in ("long", "ulong"):
                continue
            for n in WIDTHS:
                label = f"k_{function}_{t}{n}"
                yield label, function, t, n, result_type(function, t, n)


ALL = list(cases())
SOME = [c for i, c in enumerate(ALL) if i % 148 == 0]


def test_some_functions() -> None:
    check(SOME, ["-O1"])


@pytest.mark.slow
@pytest.mark.parametrize("options", [["-O1"], ["-O3"], ["-O0", "-march=rv64gc"]], ids=str)
def test_more_functions(options: list[str]) -> None:
    start = {"-O1": 0, "-O3": 3, "-O0": 6}[options[0]]
    check(ALL[start::38], options)

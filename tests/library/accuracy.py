"""OpenCL C's limits on the errors of mathematical functions, as data; and how errors are measured.

Limits: OpenCL C 3.0, sections 7.4 (full profile) and, of halves, the extension cl_khr_fp16. The
reference of floats is computed in double, of doubles in long double, by other people's libraries:
its own error is some 2**-29, or 2**-11, of the units in which errors are given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import kcc
import libm

Array = np.ndarray[Any, Any]
Oracle = Callable[..., Any]
PI = np.longdouble("3.14159265358979323846264338327950288")
TYPES: dict[str, tuple[Any, Any]] = {  # a type, and the one of its reference
    "half": (np.float16, np.float64),
    "float": (np.float32, np.float64),
    "double": (np.float64, np.longdouble),
}


@dataclass(frozen=True)
class Function:
    """arguments: x of the type, n int. Limits in ULP; lgamma's are ours, there is none."""

    arguments: str
    limit: float
    half_limit: float
    oracle: Oracle


def pi(x: Array) -> Any:
    return x.dtype.type(PI)


def sinpi(x: Array) -> Any:
    """Exactly reduced to a quarter turn."""
    r = x - 2 * np.rint(x / 2)
    r = np.where(np.abs(r) > 0.5, np.copysign(1, r) - r, r)
    return np.where(x == np.rint(x), np.copysign(x - x, x), np.sin(pi(x) * r))


def cospi(x: Array) -> Any:
    r = np.abs(x - 2 * np.rint(x / 2))
    near = np.sin(pi(x) * (0.5 - r)) + 0.0
    return np.where(r < 0.25, np.cos(pi(x) * r), near)


def tanpi(x: Array) -> Any:
    sine, cosine, odd = sinpi(x), cospi(x), np.fmod(np.abs(x), 2) == 1
    zero = np.copysign(x - x, np.where(odd, -x, x))
    return np.where(x == np.rint(x), zero, sine / cosine)


def powr(x: Array, y: Array) -> Any:
    unclear = (x == 0) & (y == 0) | np.isinf(x) & (y == 0) | (x == 1) & np.isinf(y)
    return np.where((x < 0) | unclear | np.isnan(x) | np.isnan(y), np.nan, np.power(np.abs(x), y))


def rootn(x: Array, n: Array) -> Any:
    odd = n % 2 == 1
    root = np.power(np.abs(x), 1 / n)
    return np.where((n == 0) | (x < 0) & ~odd, np.nan, np.where(odd, np.copysign(root, x), root))


# fmt: off
FUNCTIONS = {
    "acos":     Function("x",  4,  2, np.arccos),
    "acosh":    Function("x",  4,  2, np.arccosh),
    "acospi":   Function("x",  5,  2, lambda x: np.arccos(x) / pi(x)),
    "asin":     Function("x",  4,  2, np.arcsin),
    "asinh":    Function("x",  4,  2, np.arcsinh),
    "asinpi":   Function("x",  5,  2, lambda x: np.arcsin(x) / pi(x)),
    "atan":     Function("x",  5,  2, np.arctan),
    "atan2":    Function("xx", 6,  2, np.arctan2),
    "atan2pi":  Function("xx", 6,  2, lambda y, x: np.arctan2(y, x) / pi(x)),
    "atanh":    Function("x",  5,  2, np.arctanh),
    "atanpi":   Function("x",  5,  2, lambda x: np.arctan(x) / pi(x)),
    "cbrt":     Function("x",  2,  2, np.cbrt),
    "cos":      Function("x",  4,  2, np.cos),
    "cosh":     Function("x",  4,  2, np.cosh),
    "cospi":    Function("x",  4,  2, cospi),
    "erf":      Function("x",  16, 4, libm.function("erf")),
    "erfc":     Function("x",  16, 4, libm.function("erfc")),
    "exp":      Function("x",  3,  2, np.exp),
    "exp10":    Function("x",  3,  2, lambda x: np.power(10.0, x)),
    "exp2":     Function("x",  3,  2, np.exp2),
    "expm1":    Function("x",  3,  2, np.expm1),
    "hypot":    Function("xx", 4,  2, np.hypot),
    "lgamma":   Function("x",  6,  2, libm.function("lgamma")),
    "log":      Function("x",  3,  2, np.log),
    "log10":    Function("x",  3,  2, np.log10),
    "log1p":    Function("x",  2,  2, np.log1p),
    "log2":     Function("x",  3,  2, np.log2),
    "pow":      Function("xx", 16, 4, np.power),
    "pown":     Function("xn", 16, 4, np.power),
    "powr":     Function("xx", 16, 4, powr),
    "rootn":    Function("xn", 16, 4, rootn),
    "rsqrt":    Function("x",  2,  1, lambda x: 1 / np.sqrt(x)),
    "sin":      Function("x",  4,  2, np.sin),
    "sinh":     Function("x",  4,  2, np.sinh),
    "sinpi":    Function("x",  4,  2, sinpi),
    "sqrt":     Function("x",  0.5, 0.5, np.sqrt),  # 3 without -cl-fp32-correctly-rounded-...
    "tan":      Function("x",  5,  2, np.tan),
    "tanh":     Function("x",  5,  2, np.tanh),
    "tanpi":    Function("x",  6,  2, tanpi),
    "tgamma":   Function("x",  16, 4, libm.function("tgamma")),
}
# fmt: on

EDGES = [0.0, 1.0, 0.5, 2.0, 3.0, 1.5, 2.5, 0.25, 0.75, math.inf, 2.0**-149, 2.0**-126, 2.0**-130]
EDGES += [3.4028234e38, 88.72283, 89.5, 128, 149.5, 150, 104, 38.53, 45.2, 2.0**23, 2.0**24 + 2]
EDGES += [5e-324, 2.0**-1022, 1e300, 1.7976931348623157e308, 709.78, 710.4, 745.1, 1074.5, 323.4]
EDGES += [0.99999994, 1.0000001, math.pi, math.pi / 2, math.pi / 4, 16367173 * 2.0**72, 1e-10, 5.0]
EDGES += [10.05, 10.5, 27.5, 43.0, 35.04, 171.62, 177.9, 184.5, 200.5, 2.0**52 + 1, 2.0**53 + 1]
EDGES += [65504.0, 2.0**-24, 2.0**-14, 11.09, 9.2]
INT_EDGES = [0, 1, 2, 3, -1, -2, -3, 7, -8, 100, -101, 2**31 - 1, -(2**31), 2**24 + 1]


def limit(name: str, t: str) -> float:
    function = FUNCTIONS[name]
    return function.half_limit if t == "half" else function.limit


def kernel(name: str, t: str, called: str = "") -> str:
    """The kernel NAME_TYPE, which computes an array of results: by `called`, if given."""
    arguments = FUNCTIONS[name].arguments
    params = ", ".join(f"global const {t if a == 'x' else 'int'} *a{i}"
                       for i, a in enumerate(arguments))  # fmt: skip
    values = ", ".join(f"a{i}[i]" for i in range(len(arguments)))
    return (
        f"kernel void {called or name}_{t}({params}, global {t} *out) {{\n"
        f"    size_t i = get_global_id(0);\n    out[i] = {called or name}({values});\n}}\n"
    )


def bits_apart(seed: int, count: int, ordinary: bool, t: Any) -> Array:
    """The edges and their negatives, then numbers: of any bits, or with exponents near 0."""
    rng = np.random.default_rng(seed)
    word = np.dtype(f"u{np.dtype(t).itemsize}")
    with np.errstate(all="ignore"):
        edges = np.array([*EDGES, *(-x for x in EDGES), math.nan]).astype(t)
    drawn = rng.integers(0, np.iinfo(word).max, count, word, endpoint=True).view(t)
    if ordinary:
        drawn = rng.standard_normal(count) * 2.0 ** rng.integers(-8, 8, count)
    return np.concatenate([edges, drawn.astype(t)])


def inputs(name: str, count: int, t: Any = np.float32) -> list[Array]:
    """Of two arguments, each edge meets each."""
    kinds = FUNCTIONS[name].arguments
    half = count // 2
    x = np.concatenate([bits_apart(1, half, True, t), bits_apart(2, half, False, t)])
    if kinds == "x":
        return [x]
    edge = bits_apart(3, 0, True, t)
    if kinds == "xn":
        other = np.array(INT_EDGES, np.int32)
        drawn = np.random.default_rng(4).integers(-40, 40, x.size)
    else:
        other = edge
        drawn = np.concatenate([bits_apart(5, half, True, t), bits_apart(6, half, False, t)])
    first, second = np.repeat(edge, other.size), np.tile(other, edge.size)
    return [np.concatenate([x, first]), np.concatenate([drawn.astype(other.dtype), second])]


def correct(name: str, args: list[Array], t: str) -> Array:
    wider = TYPES[t][1]
    with np.errstate(all="ignore"):
        want = np.asarray(FUNCTIONS[name].oracle(*(a.astype(wider) for a in args)), wider)
        if name == "tgamma":  # C's, of an integer below 0, may be infinite
            (x,) = args
            want = np.where((x < 0) & (x == np.rint(x)), np.nan, want)
    return want


def errors(got: Array, want: Array, least: Any = 0) -> Any:
    """In units in the last place of `want`, infinite where what must be exact is not.

    Where |want| is below `least` they are in those of `least`.
    """
    info = np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        result = got.astype(want.dtype)
        _, exponent = np.frexp(np.fmax(np.abs(want), least))
        one = want.dtype.type(1)
        unit = np.ldexp(one, np.clip(exponent - 1, info.minexp, info.maxexp - 1) - info.nmant)
        top = np.ldexp(one, info.maxexp)  # an infinity counts as the number after the greatest
        apart = np.abs(np.clip(result, -top, top) - np.clip(want, -top, top)) / unit
        zeros = (result == 0) & (np.signbit(result) == np.signbit(want))
    apart = np.where((want == 0) & (least == 0), np.where(zeros, 0, np.inf), apart)
    return np.where(np.isnan(want) | np.isnan(got),
                    np.where(np.isnan(want) & np.isnan(got), 0, np.inf), apart)  # fmt: skip


def run(device: kcc.Device, kernel: Any, args: list[Array], out: Any) -> Array:
    size, group = args[0].size, 64 if args[0].size < 1 << 14 else 1024
    padded = [np.concatenate([a, np.zeros(-size % group, a.dtype)]) for a in args]
    result = device.buffer(np.zeros(padded[0].size, out))
    given = [device.buffer(a) for a in padded]
    kernel(*given, result, global_size=padded[0].size, local_size=group)
    values = np.asarray(result.numpy()[:size])
    for buffer in (*given, result):
        buffer.free()
    return values


def worst(name: str, t: str, args: list[Array], got: Array) -> tuple[float, str]:
    """The greatest error, and where it is. Equal results of one rounding need no look.

    lgamma below 0 is a difference, with zeros that nothing makes exact: its errors there are in
    units of lgamma(|x|), or of 1.
    """
    want = correct(name, args, t)
    with np.errstate(all="ignore"):
        rounded = want.astype(got.dtype)
    word = np.dtype(f"u{got.dtype.itemsize}")
    other = np.flatnonzero(rounded.view(word) != got.view(word))
    other = other[~(np.isnan(want[other]) & np.isnan(got[other]))]
    if not other.size:
        return 0.5, ""
    args, got, want = [a[other] for a in args], got[other], want[other]
    least: Any = 0
    if name == "lgamma":
        least = np.where(args[0] < 0, np.fmax(correct(name, [np.abs(args[0])], t), 1), 0)
    error = errors(got, want, least)
    at = int(error.argmax())
    found = f"{name}({', '.join(repr(a[at]) for a in args)}) is {got[at]!r}, not {want[at]!r}"
    return max(0.5, float(error[at])), found


def check(device: kcc.Device, kernels: Any, name: str, count: int, t: str = "float") -> None:
    args = inputs(name, count, TYPES[t][0])
    got = run(device, kernels[f"{name}_{t}"], args, TYPES[t][0])
    error, found = worst(name, t, args, got)
    assert error <= limit(name, t), f"{error}: {found}"

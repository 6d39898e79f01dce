"""The mathematical functions of floats and halves: within OpenCL's ULP, special values exact."""

from __future__ import annotations

import math
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcc
from kcc.ir.builtin_rules import LANES

ROOT = Path(__file__).resolve().parents[2]
PI = np.longdouble("3.14159265358979323846264338327950288")
Array = np.ndarray[Any, Any]
Oracle = Callable[..., Any]


def by_element(function: Oracle) -> Oracle:
    return np.vectorize(function, otypes=[np.float64])


def sinpi(x: Array) -> Any:
    """Exactly reduced to a quarter turn."""
    r = x - 2 * np.rint(x / 2)
    r = np.where(np.abs(r) > 0.5, np.copysign(1, r) - r, r)
    return np.where(x == np.rint(x), np.copysign(x - x, x), np.sin(PI * r))


def cospi(x: Array) -> Any:
    r = np.abs(x - 2 * np.rint(x / 2))
    near = np.sin(PI * (0.5 - r)) + 0.0
    return np.where(r < 0.25, np.cos(PI * r), near)


def tanpi(x: Array) -> Any:
    sine, cosine, odd = sinpi(x), cospi(x), np.fmod(np.abs(x), 2) == 1
    zero = np.copysign(x - x, np.where(odd, -x, x))
    return np.where(x == np.rint(x), zero, sine / cosine)


def lgamma(x: float) -> float:
    return math.inf if x <= 0 and (math.isinf(x) or x == math.floor(x)) else math.lgamma(x)


def tgamma(x: float) -> float:
    if x == 0:
        return math.copysign(math.inf, x)
    if x < 0 and (math.isinf(x) or x == math.floor(x)):
        return math.nan
    return math.gamma(x) if x < 100 or math.isnan(x) else math.inf


def powr(x: Array, y: Array) -> Any:
    unclear = (x == 0) & (y == 0) | np.isinf(x) & (y == 0) | (x == 1) & np.isinf(y)
    return np.where((x < 0) | unclear | np.isnan(x) | np.isnan(y), np.nan, np.power(np.abs(x), y))


def rootn(x: Array, n: Array) -> Any:
    odd = n % 2 == 1
    root = np.power(np.abs(x), 1 / n)
    return np.where((n == 0) | (x < 0) & ~odd, np.nan, np.where(odd, np.copysign(root, x), root))


# OpenCL C 3.0, section 7.4, full profile: the greatest error of a float's function in ULP; and
# what computes it in double. Arguments: x float, n int; > is a second result, a float.
# fmt: off
FUNCTIONS: dict[str, tuple[str, float, Oracle]] = {
    "acos":     ("x",  4,  np.arccos),
    "acosh":    ("x",  4,  np.arccosh),
    "acospi":   ("x",  5,  lambda x: np.arccos(x) / PI),
    "asin":     ("x",  4,  np.arcsin),
    "asinh":    ("x",  4,  np.arcsinh),
    "asinpi":   ("x",  5,  lambda x: np.arcsin(x) / PI),
    "atan":     ("x",  5,  np.arctan),
    "atan2":    ("xx", 6,  np.arctan2),
    "atan2pi":  ("xx", 6,  lambda y, x: np.arctan2(y, x) / PI),
    "atanh":    ("x",  5,  np.arctanh),
    "atanpi":   ("x",  5,  lambda x: np.arctan(x) / PI),
    "cbrt":     ("x",  2,  np.cbrt),
    "cos":      ("x",  4,  np.cos),
    "cosh":     ("x",  4,  np.cosh),
    "cospi":    ("x",  4,  cospi),
    "erf":      ("x",  16, by_element(math.erf)),
    "erfc":     ("x",  16, by_element(math.erfc)),
    "exp":      ("x",  3,  np.exp),
    "exp10":    ("x",  3,  lambda x: np.power(10.0, x)),
    "exp2":     ("x",  3,  np.exp2),
    "expm1":    ("x",  3,  np.expm1),
    "hypot":    ("xx", 4,  np.hypot),
    "lgamma":   ("x",  9,  by_element(lgamma)),  # the table leaves it undefined
    "log":      ("x",  3,  np.log),
    "log10":    ("x",  3,  np.log10),
    "log1p":    ("x",  2,  np.log1p),
    "log2":     ("x",  3,  np.log2),
    "pow":      ("xx", 16, np.power),
    "pown":     ("xn", 16, np.power),
    "powr":     ("xx", 16, powr),
    "rootn":    ("xn", 16, rootn),
    "sin":      ("x",  4,  np.sin),
    "sinh":     ("x",  4,  np.sinh),
    "sinpi":    ("x",  4,  sinpi),
    "tan":      ("x",  5,  np.tan),
    "tanh":     ("x",  5,  np.tanh),
    "tanpi":    ("x",  6,  tanpi),
    "tgamma":   ("x",  16, by_element(tgamma)),
}
# fmt: on
EDGES = [0.0, 1.0, 0.5, 2.0, 3.0, 1.5, 2.5, 0.25, 0.75, math.inf, 2.0**-149, 2.0**-126, 2.0**-130]
EDGES += [3.4028234e38, 88.72283, 89.5, 128, 149.5, 150, 104, 38.53, 45.2, 2.0**23, 2.0**24 + 2]
EDGES += [5e-324, 2.0**-1022, 1e300, 1.7976931348623157e308, 709.78, 710.4, 745.1, 1074.5, 323.4]
EDGES += [
    0.99999994,
    1.0000001,
    math.pi,
    math.pi / 2,
    math.pi / 4,
    16367173 * 2.0**72,
    1e-10,
    5.0,
    10.05,
    10.5,
]
INT_EDGES = [0, 1, 2, 3, -1, -2, -3, 7, -8, 100, -101, 2**31 - 1, -(2**31), 2**24 + 1]


def declared(name: str, t: str) -> str:
    arguments = FUNCTIONS[name][0]
    params = ", ".join(f"global const {t if a == 'x' else 'int'} *a{i}"
                       for i, a in enumerate(arguments))  # fmt: skip
    values = ", ".join(f"a{i}[i]" for i in range(len(arguments)))
    return (
        f"kernel void {name}_{t}({params}, global {t} *out) {{\n"
        f"    size_t i = get_global_id(0);\n    out[i] = {name}({values});\n}}\n"
    )


# Each second line of results says what the one before must be.
VECTORS = """
kernel void lgamma_signs(global const float *x, global float *out) {
    int sign;
    float v = lgamma_r(x[get_global_id(0)], &sign);
    out[get_global_id(0)] = v == lgamma(x[get_global_id(0)]) ? sign : 0;
}
kernel void vectors(global const float *x, global float *out) {
    size_t i = get_global_id(0);
    float2 v = vload2(i, x), c, s = sincos(v, &c);
    vstore2((float2)(sin(v.x), cos(v.y)), 6 * i, out);
    vstore2((float2)(s.x, c.y), 6 * i + 1, out);
    vstore2(native_exp(v), 6 * i + 2, out);
    vstore2((float2)(half_exp(v.x), exp(v.y)), 6 * i + 3, out);
    vstore2(pown(v, (int2)(3, -2)), 6 * i + 4, out);
    vstore2((float2)(v.x * v.x * v.x, 1 / (v.y * v.y)), 6 * i + 5, out);
}
"""


def bits_apart(seed: int, count: int, ordinary: bool, t: Any) -> Array:
    """The edges and their negatives, then floats: of any bits, or with exponents near 0."""
    rng = np.random.default_rng(seed)
    word = np.uint32 if t is np.float32 else np.uint64
    with np.errstate(all="ignore"):
        edges = np.array([*EDGES, *(-x for x in EDGES), math.nan]).astype(t)
    drawn = rng.integers(0, np.iinfo(word).max, count, word).view(t)
    if ordinary:
        drawn = rng.standard_normal(count) * 2.0 ** rng.integers(-8, 8, count)
    return np.concatenate([edges, drawn.astype(t)])


def inputs(name: str, count: int, t: Any = np.float32) -> list[Array]:
    """Of two arguments, each edge meets each."""
    kinds = FUNCTIONS[name][0]
    half = count // 2
    x = np.concatenate([bits_apart(1, half, True, t), bits_apart(2, half, False, t)])
    if kinds == "x":
        return [x]
    edge = bits_apart(3, 0, True, t)
    if kinds == "xn":
        other, drawn = (
            np.array(INT_EDGES, np.int32),
            np.random.default_rng(4).integers(-40, 40, x.size),
        )
    else:
        other, drawn = (
            edge,
            np.concatenate([bits_apart(5, half, True, t), bits_apart(6, half, False, t)]),
        )
    first, second = np.repeat(edge, other.size), np.tile(other, edge.size)
    return [np.concatenate([x, first]), np.concatenate([drawn.astype(other.dtype), second])]


def errors(got: Array, want: Array, t: Any = np.float32) -> Any:
    """In units in the last place of `want`, infinite where what must be exact is not."""
    info = np.finfo(t)
    with np.errstate(all="ignore"):
        got = got.astype(want.dtype)
        _, exponent = np.frexp(want)
        unit = np.ldexp(
            want.dtype.type(1), np.clip(exponent - 1, info.minexp, info.maxexp - 1) - info.nmant
        )
        top = np.ldexp(
            want.dtype.type(1), info.maxexp
        )  # an infinity counts as the number after the greatest
        apart = np.abs(np.clip(got, -top, top) - np.clip(want, -top, top)) / unit
        zeros = (got == 0) & (np.signbit(got) == np.signbit(want))
    apart = np.where(want == 0, np.where(zeros, 0, np.inf), apart)
    return np.where(np.isnan(want) | np.isnan(got),
                    np.where(np.isnan(want) & np.isnan(got), 0, np.inf), apart)  # fmt: skip


def correct(name: str, args: list[Array], wider: Any = np.float64) -> Array:
    with np.errstate(all="ignore"):
        wide = [a.astype(wider) for a in args]
        return np.asarray(FUNCTIONS[name][2](*wide), wider)


def run(device: kcc.Device, kernel: Any, args: list[Array], out: Any) -> Array:
    size = args[0].size
    padded = [np.concatenate([a, np.zeros(-size % 64, a.dtype)]) for a in args]
    result = device.buffer(np.zeros(padded[0].size, out))
    kernel(*map(device.buffer, padded), result, global_size=padded[0].size, local_size=64)
    return np.asarray(result.numpy()[:size])


def check(device: kcc.Device, kernels: Any, name: str, count: int, t: str = "float") -> None:
    lane, wider = (np.float32, np.float64) if t == "float" else (np.float64, np.longdouble)
    args = inputs(name, count, lane)
    want = correct(name, args, wider)
    got = run(device, kernels[f"{name}_{t}"], args, lane)
    error = errors(got, want, lane)
    worst = int(error.argmax())
    found = [a[worst] for a in args], got[worst], want[worst], error[worst]
    assert error[worst] <= FUNCTIONS[name][1], f"{name}: {found}"


@pytest.fixture(scope="module")
def device() -> Iterator[kcc.Device]:
    with kcc.Device("m1") as device:
        yield device


@pytest.fixture(scope="module")
def kernels(device: kcc.Device) -> Any:
    """Without vectors: these take the simulator some times as long to translate."""
    text = "".join(declared(name, "float") for name in FUNCTIONS)
    return device.load(kcc.compile(text + VECTORS, ["-march=rv64gc"]))


DOUBLES = sorted(LANES & FUNCTIONS.keys() - {"erf", "erfc"})  # the limits are the same
EXTENDED = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no wider reference")


@EXTENDED
@pytest.mark.slow
def test_every_function_of_doubles(device: kcc.Device) -> None:
    text = "".join(declared(name, "double") for name in DOUBLES)
    made = device.load(kcc.compile(text))
    for name in DOUBLES:
        check(device, made, name, 1 << 16, "double")


@EXTENDED
@pytest.mark.slow
def test_error_functions_of_doubles(device: kcc.Device) -> None:
    import mpmath

    mpmath.mp.dps = 40
    limits: dict[str, Oracle] = {"erf": np.sign, "erfc": lambda v: 1 - np.sign(v)}
    made = device.load(kcc.compile("".join(declared(name, "double") for name in limits)))
    x = np.concatenate([np.linspace(-6, 28, 3000), bits_apart(3, 600, True, np.float64)])
    for name, limit in limits.items():
        exact = getattr(mpmath, name)
        want = np.array([
            np.longdouble(mpmath.nstr(exact(float(v)), 30)) if abs(v) < 100 else limit(v)
            for v in x
        ], np.longdouble)  # fmt: skip
        want = np.where(x == 0, np.copysign(want, x) if name == "erf" else want, want)
        error = errors(run(device, made[f"{name}_double"], [x], np.float64), want, np.float64)
        assert error.max() <= FUNCTIONS[name][1], (name, x[error.argmax()], error.max())


@EXTENDED
def test_some_functions_of_doubles(device: kcc.Device) -> None:
    names = ("exp", "log", "atan", "sin")
    text = "".join(declared(name, "double") for name in names)
    text += """
kernel void both(global const double *x, global double *out) {
    double c, s = sincos(x[get_global_id(0)], &c);
    out[get_global_id(0)] = s == sin(x[get_global_id(0)]) && c == cos(x[get_global_id(0)]);
}
"""
    made = device.load(kcc.compile(text, ["-march=rv64gc"]))
    for name in names:
        check(device, made, name, 1 << 9, "double")
    x = np.array([0.0, 1.0, -2.0, 1e5, -1e10, 1e300])
    assert run(device, made["both"], [x], np.float64).all()


@pytest.fixture(scope="module")
def vectorised(device: kcc.Device) -> Any:
    return device.load(kcc.compile("".join(declared(name, "float") for name in FUNCTIONS)))


def test_every_function_is_within_its_limit(device: kcc.Device, kernels: Any) -> None:
    for name in FUNCTIONS:
        check(device, kernels, name, 1 << 9)


def test_vectors_and_second_results(device: kcc.Device, kernels: Any) -> None:
    x = np.random.default_rng(7).uniform(-8, 8, 64 * 2).astype(np.float32)
    out = device.buffer(np.zeros(x.size * 6, np.float32))
    kernels["vectors"](device.buffer(x), out, global_size=64, local_size=16)
    rows = out.numpy().reshape(64, 3, 2, 2)
    assert (rows[:, :2, 0] == rows[:, :2, 1]).all()
    np.testing.assert_array_max_ulp(rows[:, 2, 0], rows[:, 2, 1], 3)


def test_lgamma_r_has_the_sign_of_gamma(device: kcc.Device, kernels: Any) -> None:
    x = np.array([0.5, -0.5, -1.5, -2.5, 3.0, 0.0, -0.0, 1e30], np.float32)
    got = run(device, kernels["lgamma_signs"], [x], np.float32)
    assert got.tolist() == [1, -1, 1, -1, 1, 1, -1, 1]


@pytest.mark.parametrize(
    ("name", "x", "want"),
    [
        ("sinpi", [2.0, -3.0, math.inf, -0.0, 1e20], [0.0, -0.0, math.nan, -0.0, 0.0]),
        ("cospi", [0.5, -0.5, 1.5, 3.0, math.inf], [0.0, 0.0, 0.0, -1.0, math.nan]),
        (
            "tanpi",
            [1.0, -1.0, 2.0, 0.5, 1.5, -0.5],
            [-0.0, 0.0, 0.0, math.inf, -math.inf, -math.inf],
        ),
        ("acospi", [1.0, -1.0, 0.0], [0.0, 1.0, 0.5]),
        ("exp10", [0.0, -math.inf, 2.0, 5.0], [1.0, 0.0, 100.0, 1e5]),
        ("log2", [8.0, 2.0**-149, 0.0, -1.0], [3.0, -149.0, -math.inf, math.nan]),
        ("log10", [1000.0, 1e10, -0.0], [3.0, 10.0, -math.inf]),
    ],
)
def test_values_that_are_exact(
    device: kcc.Device, kernels: Any, name: str, x: list[float], want: list[float]
) -> None:
    got = run(device, kernels[f"{name}_float"], [np.array(x, np.float32)], np.float32)
    assert (errors(got, np.array(want)) == 0).all(), got


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_densely(device: kcc.Device, vectorised: Any, name: str) -> None:
    check(device, vectorised, name, 1 << (14 if "erf" in name or "gamma" in name else 18))


@pytest.mark.slow
def test_every_half(device: kcc.Device) -> None:
    """Through float, so hardly worse than correctly rounded: all but pown's and rootn's."""
    names = [name for name, (kinds, *_) in FUNCTIONS.items() if kinds == "x"]
    text = "#pragma OPENCL EXTENSION cl_khr_fp16 : enable\n"
    made = device.load(kcc.compile(text + "".join(declared(name, "half") for name in names)))
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    for name in names:
        got, want = run(device, made[f"{name}_half"], [x], np.float16), correct(name, [x])
        error = errors(got, want, np.float16)
        assert error.max() <= 0.51, (name, x[error.argmax()])


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_reference_is_right(name: str) -> None:
    """NumPy's results in double, against 100 digits: where both are finite."""
    import mpmath

    mpmath.mp.dps = 100
    pi = mpmath.pi
    own: dict[str, Oracle] = {
        "cbrt": lambda x: mpmath.sign(x) * mpmath.root(abs(x), 3),
        "exp10": lambda x: mpmath.power(10, x),
        "exp2": lambda x: mpmath.power(2, x),
        "log2": lambda x: mpmath.log(x, 2),
        "log1p": lambda x: mpmath.log(1 + mpmath.mpf(x)),
        "lgamma": lambda x: mpmath.re(mpmath.loggamma(x)),
        "tgamma": mpmath.gamma,
        "pow": mpmath.power,
        "pown": lambda x, n: mpmath.power(x, int(n)),
        "powr": mpmath.power,
        "rootn": lambda x, n: mpmath.sign(x) * mpmath.power(abs(x), mpmath.mpf(1) / int(n)),
        "tanpi": lambda x: mpmath.sinpi(x) / mpmath.cospi(x),
        "atan2pi": lambda y, x: mpmath.atan2(y, x) / pi,
        **{f"{f}pi": lambda x, f=f: getattr(mpmath, f)(x) / pi for f in ("acos", "asin", "atan")},
    }
    function = own.get(name) or getattr(mpmath, name)
    args = [a[-400:] if len(FUNCTIONS[name][0]) == 1 else a[100:500] for a in inputs(name, 800)]
    want = correct(name, args)
    for i in np.flatnonzero(np.isfinite(want) & (np.abs(want) < 2.0**128)):
        given = [float(a[i]) for a in args]
        if all(map(math.isfinite, given)) and want[i] != 0:
            exact = function(*given)
            least = 2.0**-149  # of what is smaller, a float shows nothing
            assert abs(exact - float(want[i])) <= 2.0**-40 * max(abs(exact), least), given


@pytest.mark.slow
def test_the_polynomials_are_what_is_derived() -> None:
    derived = runpy.run_path(str(ROOT / "kernels/derive/minimax.py"))
    text = "\n".join(p.read_text() for p in (ROOT / "kernels/rt/builtins").glob("*.cl"))
    parts = [derived["two_over_pi"](), *map(derived["as_opencl"], derived["POLYNOMIALS"])]
    parts += map(derived["in_two"], derived["CONSTANTS"])
    parts += [derived["half_pi"](), derived["two_over_pi_words"]()]
    assert [part for part in parts if part not in text] == []

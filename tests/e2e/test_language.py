"""What each construct of the language computes, end to end on the M1, plain and optimised.

All kernels are compiled as one program per level; a test launches those it is about.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kcc

SCALARS: dict[str, Any] = {
    "char": np.int8, "uchar": np.uint8, "short": np.int16, "ushort": np.uint16, "int": np.int32,
    "uint": np.uint32, "long": np.int64, "ulong": np.uint64, "float": np.float32,
    "double": np.float64,
}  # fmt: skip
INTEGERS = [name for name, dtype in SCALARS.items() if np.dtype(dtype).kind in "iu"]
KERNELS: list[str] = []


def source(text: str) -> str:
    """Make `text` part of the program."""
    KERNELS.append(text)
    return text


Kernels = dict[str, kcc.Kernel]


@pytest.fixture(scope="module")
def device() -> Iterator[kcc.Device]:
    with kcc.Device("m1") as opened:
        yield opened


@pytest.fixture(scope="module", params=[pytest.param("-O0", marks=pytest.mark.slow), "-O3"])
def k(request: pytest.FixtureRequest, device: kcc.Device) -> Kernels:
    return device.load(kcc.compile("\n".join(KERNELS), [request.param, "-cl-std=CL1.2"]))


def ints(*values: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.array(values, np.int32)


def out(
    kernel: kcc.Kernel, count: int, *args: Any, dtype: Any = np.int32, **sizes: Any
) -> list[Any]:
    """Run `kernel` with a result of `count` elements as its first argument."""
    result = np.full(count, 99, dtype)
    kernel(result, *args, **{"global_size": 1} | sizes)
    listed: list[Any] = result.tolist()
    return listed


# -- conversions ----------------------------------------------------------------------------------

for _from in SCALARS:
    _params = ", ".join(f"global {to} *to_{to}" for to in SCALARS)
    _body = " ".join(f"to_{to}[i] = from[i];" for to in SCALARS)
    source(
        f"kernel void from_{_from}(global const {_from} *from, {_params})"
        f"{{ size_t i = get_global_id(0); {_body} }}"
    )


@pytest.mark.parametrize(
    "name",
    [pytest.param(t, marks=() if t in ("char", "uint", "long") else pytest.mark.slow)
     for t in INTEGERS],
)  # fmt: skip
def test_integers_convert_by_value_or_wrap(k: Kernels, name: str) -> None:
    info = np.iinfo(SCALARS[name])
    edges = [info.min, info.min + 1, 0, 1, 2, 100, info.max // 2, info.max - 1, info.max]
    values = np.array([*edges, *range(-3 if info.min else 3, 9)], SCALARS[name])
    results = [np.zeros(len(values), dtype) for dtype in SCALARS.values()]
    k[f"from_{name}"](values, *results, global_size=len(values))
    for (to, dtype), got in zip(SCALARS.items(), results, strict=True):
        np.testing.assert_array_equal(got, values.astype(dtype), err_msg=f"{name} to {to}")


def saturated(value: float, dtype: type[Any]) -> int:
    """Floating point to an integer: towards zero, clamped; below 32 bits an int's low bits."""
    info = np.iinfo(dtype)
    if info.bits < 32:
        wide = saturated(value, np.int32)
        return (wide - info.min) % (1 << info.bits) + info.min
    if np.isnan(value):
        return 0
    return int(max(info.min, min(info.max, int(value) if np.isfinite(value) else value)))


@pytest.mark.parametrize("name", ["float", pytest.param("double", marks=pytest.mark.slow)])
def test_floats_convert_towards_zero_and_saturate(k: Kernels, name: str) -> None:
    edges = [0.0, -0.0, 0.99, 1.5, -0.99, -1.5, 127.9, 2147483520.0, 2147483648.0, 4294967040.0]
    edges += [9223371487098961920.0, 9223372036854775808.0, 1e10, 3e38, np.inf, np.nan, 1e-40]
    values = np.array([*edges, *(-e for e in edges)], SCALARS[name])
    results = [np.zeros(len(values), dtype) for dtype in SCALARS.values()]
    k[f"from_{name}"](values, *results, global_size=len(values))
    for (to, dtype), got in zip(SCALARS.items(), results, strict=True):
        if to in INTEGERS:
            want: Any = [saturated(float(v), dtype) for v in values]
        else:
            with np.errstate(over="ignore"):
                want = values.astype(dtype)
        np.testing.assert_array_equal(got, want, err_msg=f"{name} to {to}")


source("""
kernel void to_bool(global int *r, global const float *f, global const long *l) {
    bool a = f[0], b = f[1], c = f[2], d = l[0], e = l[1];
    r[0] = a; r[1] = b; r[2] = c; r[3] = d; r[4] = e; r[5] = (bool)0.25f + (bool)7;
    r[6] = sizeof(bool);
}
kernel void round_trips(global ulong *r, ulong big, global double *d) {
    float f = big; d[0] = f; d[1] = (double)big; d[2] = (float)16777217; r[0] = (ulong)(double)big;
}
""")


def test_bool_is_whether_a_value_differs_from_zero(k: Kernels) -> None:
    f, n = np.array([0.0, 1e-30, np.nan], np.float32), np.array([1 << 40, 0])
    assert out(k["to_bool"], 7, f, n) == [0, 1, 1, 1, 0, 2, 1]


def test_integers_round_to_the_nearest_even_float(k: Kernels) -> None:
    big, d = (1 << 63) + (1 << 39) + 1, np.zeros(3)
    r = out(k["round_trips"], 1, big, d, dtype=np.uint64)
    # Rounded once: by way of a double the float would be 2^63.
    assert d.tolist() == [(1 << 63) + (1 << 40), float(big), 16777216.0]
    assert r == [int(float(big))]


# -- operators ------------------------------------------------------------------------------------

for _type in INTEGERS:
    source(f"""
kernel void ops_{_type}(global const {_type} *a, global const {_type} *b, global {_type} *r) {{
    size_t i = get_global_id(0);
    {_type} x = a[i], y = b[i];
    global {_type} *o = r + 12 * i;
    o[0] = x + y; o[1] = x - y; o[2] = x * y; o[3] = x & y; o[4] = x | y; o[5] = x ^ y; o[6] = ~x;
    o[7] = -x; o[8] = x; o[8] += y; o[9] = x; o[9] *= y; o[10] = x++ + ++y; o[11] = x-- - y--;
}}""")


@pytest.mark.parametrize("name", INTEGERS)
def test_integer_arithmetic_wraps(k: Kernels, name: str) -> None:
    dtype, info = SCALARS[name], np.iinfo(SCALARS[name])
    edges = np.array([info.min, 0, 1, 7, info.max - 1, info.max], dtype)
    a, b = (m.ravel().copy() for m in np.meshgrid(edges, edges))
    r = np.zeros((len(a), 12), dtype)
    k[f"ops_{name}"](a, b, r, global_size=len(a))
    one = dtype(1)
    with np.errstate(over="ignore"):
        want = [a + b, a - b, a * b, a & b, a | b, a ^ b, ~a, dtype(0) - a, a + b, a * b]
        want += [a + (b + one), (a + one) - (b + one)]
    np.testing.assert_array_equal(r, np.stack(want, axis=1))


source("""
kernel void shifts(global const int *n, global int *i, global uint *u, global long *l,
    global char *c) {
    size_t g = get_global_id(0);
    i[2 * g] = -5 << n[g]; i[2 * g + 1] = (int)0x87654321 >> n[g];
    u[2 * g] = 5u << n[g]; u[2 * g + 1] = 0x87654321u >> n[g];
    l[2 * g] = 5L << n[g]; l[2 * g + 1] = -5L >> n[g];
    c[2 * g] = (char)5 << n[g]; c[2 * g + 1] = (char)-100 >> n[g];
}
""")


def test_shifts_take_their_amount_modulo_the_width(k: Kernels) -> None:
    n = ints(*range(70), -1, 1000)
    i, u = np.zeros((len(n), 2), np.int32), np.zeros((len(n), 2), np.uint32)
    wide, c = np.zeros((len(n), 2), np.int64), np.zeros((len(n), 2), np.int8)
    k["shifts"](n, i, u, wide, c, global_size=len(n))
    at, at64 = n % 32, (n % 64).astype(np.int64)
    pattern = np.uint32(0x87654321)
    np.testing.assert_array_equal(i[:, 0], np.int32(-5) << at)
    np.testing.assert_array_equal(i[:, 1], pattern.astype(np.int32) >> at)
    np.testing.assert_array_equal(u[:, 0], np.uint32(5) << at.astype(np.uint32))
    np.testing.assert_array_equal(u[:, 1], pattern >> at.astype(np.uint32))
    np.testing.assert_array_equal(wide[:, 0], np.int64(5) << at64)
    np.testing.assert_array_equal(wide[:, 1], np.int64(-5) >> at64)
    np.testing.assert_array_equal(c[:, 0], (np.int32(5) << at).astype(np.int8))
    np.testing.assert_array_equal(c[:, 1], (np.int32(-100) >> at).astype(np.int8))


source("""
kernel void divide(global const long *a, global const long *b, global long *l, global ulong *u,
    global int *i) {
    size_t g = get_global_id(0);
    l[2 * g] = a[g] / b[g]; l[2 * g + 1] = a[g] % b[g];
    u[2 * g] = (ulong)a[g] / (ulong)b[g]; u[2 * g + 1] = (ulong)a[g] % (ulong)b[g];
    i[2 * g] = (int)a[g] / (int)b[g]; i[2 * g + 1] = (int)a[g] % (int)b[g];
}
""")


def hardware_division(a: int, b: int, bits: int) -> tuple[int, int]:
    """RISC-V's quotient and remainder: by zero all ones and the dividend; overflow wraps."""
    if b == 0:
        return -1, a
    if b == -1:
        return (a if a == -(1 << bits - 1) else -a), 0
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return quotient, a - quotient * b


def test_division_truncates_and_never_traps(k: Kernels) -> None:
    edges = [0, 1, -1, 2, -7, 1000, 1 << 31, -(1 << 31), (1 << 63) - 1, -(1 << 63)]
    a, b = (m.ravel().copy() for m in np.meshgrid(np.array(edges), np.array(edges)))
    wide, u = np.zeros((len(a), 2), np.int64), np.zeros((len(a), 2), np.uint64)
    i = np.zeros((len(a), 2), np.int32)
    k["divide"](a, b, wide, u, i, global_size=len(a))
    low = [(int(x), int(y)) for x, y in zip(a.astype(np.int32), b.astype(np.int32), strict=True)]
    full = [(int(x), int(y)) for x, y in zip(a, b, strict=True)]
    assert wide.tolist() == [list(hardware_division(x, y, 64)) for x, y in full]
    assert i.tolist() == [list(hardware_division(x, y, 32)) for x, y in low]
    mask = (1 << 64) - 1
    unsigned = [(x & mask, y & mask) for x, y in full]
    assert u.tolist() == [[x // y, x % y] if y else [mask, x] for x, y in unsigned]


source("""
kernel void compare(global int *r, char c, uchar u, int i, uint v, float nan, double minus_zero) {
    r[0] = c < u; r[1] = i < v; r[2] = (long)i < v; r[3] = nan == nan; r[4] = nan != nan;
    r[5] = nan < 1 || nan >= 1; r[6] = !nan; r[7] = minus_zero == 0; r[8] = 1 / minus_zero < 0;
    r[9] = !i; r[10] = !!v; r[11] = -1 > 0u; r[12] = (uchar)255 == (char)-1; r[13] = c == (char)u;
}
kernel void logic(global int *r, int n) {
    int calls = 0;
    r[0] = n && ++calls; r[1] = n || ++calls; r[2] = calls;
    r[3] = n > 5 ? n > 7 ? 3 : 2 : 1; r[4] = (calls++, calls * 10); r[5] = !n || (n & 1) && n != 3;
    int x = 5; x += x++ * 0 + 2; r[6] = x > 0; x = n; x <<= 2; x |= 1; x ^= 3; x %= 7; r[7] = x;
    r[8] = sizeof(x = 100); r[9] = x; uchar small = 200; small += 100; r[10] = small;
    small = 10; small -= 20.5f; r[11] = small == 246 || small == 245; r[12] = -n / 2 * 2 + n % 2;
}
""")


def test_comparisons_follow_the_usual_conversions(k: Kernels) -> None:
    got = out(k["compare"], 14, -1, 255, -1, 1, float("nan"), -0.0)
    assert got == [1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1]


def test_logic_evaluates_no_more_than_it_must(k: Kernels) -> None:
    got = out(k["logic"], 13, 8)
    assert got == [1, 1, 1, 3, 20, 0, 1, (33 ^ 3) % 7, 4, (33 ^ 3) % 7, 44, 1, -8]


source("""
kernel void doubles(global double *r, double a, double b, float f) {
    r[0] = a + b; r[1] = a / b; r[2] = a * b - a; r[3] = f * 2.5; r[4] = f / 3; r[5] = -a;
    r[6] = 0x1.8p3 + 1e-300 + .5 + 5.f; r[7] = a > b ? a : b; r[8] = (float)a; a += f;
    r[9] = a++; r[10] = --a;
}
""")


def test_doubles_are_doubles(k: Kernels) -> None:
    a, b, f = 1e200 / 3, 0.1, np.float32(0.7)
    got = out(k["doubles"], 11, a, b, f, dtype=np.float64)
    wide = float(f)
    want = [a + b, a / b, a * b - a, wide * 2.5, float(f / np.float32(3)), -a, 17.5, a, np.inf]
    want += [a + wide, a + wide]
    want[2] = got[2] if got[2] == pytest.approx(want[2], rel=1e-15) else want[2]  # may be fused
    assert got == want


# -- statements -----------------------------------------------------------------------------------

source("""
kernel void loops(global int *r, int n) {
    int sum = 0, i = 0;
    for (int j = 0; j < n; j++) { if (j % 3 == 0) continue; if (j > 20) break; sum += j; }
    r[0] = sum;
    while (1) { if (++i > n) break; if (i & 1) continue; sum -= i; }
    r[1] = sum;
    do sum += 2; while (sum < 0 && --n);
    r[2] = sum; r[3] = n;
    for (;;) { for (i = 0; ; i++) if (i == 4) break; break; }
    r[4] = i;
    do { continue; } while (0);
    for (int a = 0, b = 10; a < b; a++, b--) r[5] = a + 100 * b;
}
kernel void branches(global int *r, long x) {
    switch (x) {
        case 1: r[0] = 10;
        case 2: r[1] = 20; break;
        default: r[2] = 30; break;
        case -5: case 1L << 40: r[3] = 40; { case 7: r[4] = 50; }
    }
    switch ((uchar)x) { case 7: r[5] = 60; }
    if (x > 1) if (x > 2) r[6] = 2; else r[6] = 1; else r[6] = 0;
}
kernel void jumps(global int *r, int n) {
    int i = 0, sum = 0;
again:
    if (i >= n) goto done;
    sum += i++;
    goto again;
done:
    r[0] = sum;
    if (n > 3) goto inside;
    while (i > 0) { r[1] = 0; inside: i -= 2; }
    r[2] = i;
}
int early(int x) { if (x < 0) return -1; for (int i = 0; i < 10; i++) { if (i * i >= x) return i;
    } return 99; }
kernel void returns(global int *r) { size_t i = get_global_id(0); if (i == 2) return;
    r[i] = early((int)i * 30 - 30); }
""")


def test_loops(k: Kernels) -> None:
    first = sum(j for j in range(21) if j % 3)
    second = first - sum(i for i in range(1, 31) if not i & 1)
    got = out(k["loops"], 6, 30)
    third, n = second, 30
    while True:
        third += 2
        if not third < 0:
            break
        n -= 1
        if not n:
            break
    assert got == [first, second, third, n, 4, 4 + 600]


@pytest.mark.parametrize(
    ("x", "want"),
    [
        (1, {0: 10, 1: 20, 6: 0}),
        (2, {1: 20, 6: 1}),
        (3, {2: 30, 6: 2}),
        (-5, {3: 40, 4: 50, 6: 0}),
        (1 << 40, {3: 40, 4: 50, 6: 2}),
        (7, {4: 50, 5: 60, 6: 2}),
        (7 + 256, {2: 30, 5: 60, 6: 2}),
    ],
)
def test_switch_falls_through_and_knows_every_label(
    k: Kernels, x: int, want: dict[int, int]
) -> None:
    assert out(k["branches"], 7, x) == [want.get(i, 99) for i in range(7)]


def test_goto_goes_in_and_out_of_blocks(k: Kernels) -> None:
    assert out(k["jumps"], 3, 5) == [10, 0, -1]
    assert out(k["jumps"], 3, 3) == [3, 0, -1]


def test_return_leaves_a_function_or_a_work_item(k: Kernels) -> None:
    assert out(k["returns"], 6, global_size=6) == [-1, 0, 99, 8, 99, 99]


# -- memory ---------------------------------------------------------------------------------------

source("""
typedef struct { char c; int i; short s[3]; double d; } Inner;
typedef struct Outer { uchar tag; Inner in[2]; struct { long a, b; } pair; union { float f;
    uint u; } pun; } Outer;
kernel void by_value(global long *r, Outer o, char last) {
    r[0] = o.tag; r[1] = o.in[1].i; r[2] = o.in[0].s[2]; r[3] = (long)o.in[1].d; r[4] = o.pair.b;
    r[5] = o.pun.u; r[6] = sizeof(Outer); r[7] = last; o.in[0].i = 5; r[8] = o.in[0].i;
}
kernel void records(global Inner *a, global Outer *b) {
    size_t g = get_global_id(0);
    Inner t = a[g]; t.i *= 2; t.s[g % 3] = -1; a[g] = t;
    global Inner *p = &b[g].in[1]; *p = t; (*p).c += 1; p->d /= 2; b[g].pair.a = p - &b[0].in[0];
}
Inner make(int i) { Inner r = {.i = i, .s = {1, [2] = 3}, .c = 'x'}; return r; }
Inner changed(Inner v) { v.i++; v.s[1] = v.s[0] + v.s[2]; return v; }
kernel void functions_of_records(global int *r) {
    Inner a = make(7), b = changed(a); Inner *p = &b;
    r[0] = a.i; r[1] = b.i; r[2] = p->s[1]; r[3] = a.s[1]; r[4] = (int)b.d;
    r[5] = changed(make(20)).i; r[6] = a.c;
    r[7] = ((Inner){.i = 70}).i + ((int[]){1, 2, 3})[1]; b = a; r[8] = b.s[2];
    r[9] = sizeof(a.s) / sizeof a.s[0];
}
""")
INNER = np.dtype([("c", "i1"), ("i", "<i4"), ("s", "<i2", 3), ("d", "<f8")], align=True)
OUTER = np.dtype(
    [("tag", "u1"), ("in", INNER, 2), ("pair", [("a", "<i8"), ("b", "<i8")]), ("pun", "<u4")],
    align=True,
)


def test_a_struct_is_passed_as_its_bytes(k: Kernels) -> None:
    value = np.zeros(1, OUTER)[0]
    value["tag"], value["in"][1]["i"], value["in"][0]["s"][2] = 200, -7, -3
    value["in"][1]["d"], value["pair"]["b"], value["pun"] = 1e15, -1, 0x3F800000
    want = [200, -7, -3, 10**15, -1, 0x3F800000, OUTER.itemsize, -9, 5]
    assert out(k["by_value"], 9, value, -9, dtype=np.int64) == want
    assert out(k["by_value"], 9, value.tobytes(), -9, dtype=np.int64) == want


def test_structs_in_arrays_in_structs(k: Kernels) -> None:
    a, b = np.zeros(5, INNER), np.zeros(5, OUTER)
    a["i"], a["d"], a["c"], b["pair"]["b"] = range(5), 3.0, 126, 77
    before = a.copy()
    k["records"](a, b, global_size=5)
    np.testing.assert_array_equal(a["i"], 2 * before["i"])
    assert [[int(v) for v in row] for row in a["s"]] == [
        [-1 if j == g % 3 else 0 for j in range(3)] for g in range(5)
    ]
    inner = b["in"][:, 1]
    np.testing.assert_array_equal(inner["i"], a["i"])
    assert set(inner["c"].tolist()) == {127}
    assert set(inner["d"].tolist()) == {1.5}
    assert set(b["pair"]["b"].tolist()) == {77}
    assert not b["in"][:, 0]["i"].any()
    assert b["pair"]["a"].tolist()[0] == 1


def test_structs_go_into_and_out_of_functions(k: Kernels) -> None:
    assert out(k["functions_of_records"], 10) == [7, 8, 4, 0, 0, 21, ord("x"), 72, 3, 3]


source("""
constant int table[3][4] = {{1, 2, 3, 4}, {5, 6}, [2][3] = 12};
constant float weights[] = {.25f, 1e3f, -0.f};
constant char text[] = "a\\tb\\x41\\0z";
constant struct { int n; constant int *row; } entry = {2, table[1]};
kernel void constants(global int *r) {
    size_t i = get_global_id(0);
    r[i] = table[i / 4][i % 4];
    if (i == 0) { r[12] = sizeof(text); r[13] = text[3]; r[14] = text[5];
    r[15] = entry.row[1] * entry.n;
                  r[16] = weights[1]; r[17] = sizeof(weights); r[18] = "literal"[2];
                  r[19] = 1 / weights[2] < 0; }
}
kernel void nested(global int *r, int n) {
    int cube[3][4][5], *p = &cube[0][0][0], (*plane)[5] = cube[1];
    for (int i = 0; i < 60; i++) p[i] = i * n;
    r[0] = cube[2][3][4]; r[1] = plane[2][3]; r[2] = *(*(cube[1] + 1) + 2); r[3] = sizeof cube;
    int *rows[2] = {cube[2][0], p}, **pp = rows; pp[1][7] = -1; r[4] = cube[0][1][2]; r[5] = *pp[0];
    int copy[4] = {9}; r[6] = copy[0] + copy[3]; r[7] = &cube[2][0][0] - &cube[0][0][0];
    r[8] = p + 5 > p;
}
int sum_private(const int *p, int n) { int s = 0; while (n--) s += *p++; return s; }
int sum_global(global const int *p, int n) { int s = 0; for (; n; --n, ++p) s += p[0]; return s; }
int sum_constant(constant int *p, int n) { int s = 0; for (int i = n - 1; i >= 0; i--) s += p[i];
    return s; }
void fill(local int *p, int n, int v) { for (int i = 0; i < n; i++) p[i] = v + i; }
int sum_local(local int *p, int n) { int s = 0; for (local int *end = p + n; p != end;
    p++) s += *p; return s; }
void set(int *p, int v) { *p = v; }
kernel void spaces(global int *r, global const int *g, constant int *c, local int *l) {
    int own[4] = {1, 2, 3, 4}, x = 0; local int mine[8];
    set(&x, 42); set(own + 2, 30);
    fill(l, 4, 10); fill(mine, 8, (int)get_group_id(0));
    global int *o = r + 8 * get_global_id(0);
    o[0] = sum_private(own, 4); o[1] = sum_global(g + 1, 3); o[2] = sum_constant(c, 2);
    o[3] = sum_local(l, 4);
    o[4] = sum_local(mine, 8); o[5] = x; o[6] = sum_constant(table[1], 2); o[7] = mine != l;
}
kernel void addresses(global long *r, global int *a) {
    uintptr_t n = (uintptr_t)a; global char *bytes = (global char *)a;
    global int *same = (global int *)n;
    r[0] = bytes[1]; r[1] = *(global int *)(bytes + 4); r[2] = same[1]; r[3] = (n & 127) == 0;
    ptrdiff_t d = &a[3] - a; r[4] = d; r[5] = (uintptr_t)&a[3] - n; r[6] = -1[&a[1]];
    global int *null = 0; r[7] = !null && a;
    union { float f; int i; uchar b[4]; } u; u.f = 1.0f; r[8] = u.i; r[9] = u.b[3];
}
""")


def test_program_scope_constants(k: Kernels) -> None:
    got = out(k["constants"], 20, global_size=12)
    assert got == [
        1,
        2,
        3,
        4,
        5,
        6,
        0,
        0,
        0,
        0,
        0,
        12,
        7,
        0x41,
        ord("z"),
        12,
        1000,
        12,
        ord("t"),
        1,
    ]


def test_arrays_of_arrays_and_pointers_into_them(k: Kernels) -> None:
    assert out(k["nested"], 9, 3) == [177, 99, 81, 240, -1, 120, 9, 40, 1]


def test_helpers_take_pointers_into_every_address_space(k: Kernels) -> None:
    g, c = ints(100, 1, 2, 3), ints(7, 8)
    got = out(k["spaces"], 32, g, c, kcc.local(16), global_size=4, local_size=2)
    want = [[37, 6, 15, 46, 28 + 8 * group, 42, 11, 1] for group in (0, 0, 1, 1)]
    assert np.reshape(got, (4, 8)).tolist() == want


def test_pointers_are_numbers_and_back(k: Kernels) -> None:
    a = ints(0x01020304, 5, 6, 7)
    assert out(k["addresses"], 10, a, dtype=np.int64) == [3, 5, 5, 1, 3, 12, -6, 1, 0x3F800000, 63]


# -- functions, work-items, the preprocessor ------------------------------------------------------

source("""
long many(char a, short b, int c, long d, float e, double f, int g, int h, long i, int j,
    float k, float l, float m,
          float n, float o, float p, float q, double r, uchar s, int t) {
    return a + b * 2 + c * 3 + d * 4 + (long)e * 5 + (long)f * 6 + g * 7 + h * 8 + i * 9
    + j * 10 + (long)(k + l + m + n + o
        + p + q + r) + s * 11 + t * 12;
}
static inline int later(int x);
kernel void calls(global long *r) {
    r[0] = many(-1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 255, 20);
    r[1] = later(3);
    uchar narrow = later(300); r[2] = narrow;
}
static inline int later(int x) { return x * x; }
kernel void inner_kernel(global int *r) { r[get_global_id(0)] = (int)get_global_id(0) + 1; }
kernel void outer_kernel(global int *r) { inner_kernel(r); r[get_global_id(0)] *= 10; }
kernel void ids(global ulong *r) {
    size_t x = get_global_id(0) - get_global_offset(0), y = get_global_id(1) - get_global_offset(1),
           z = get_global_id(2) - get_global_offset(2);
    global ulong *o = r + 16 * ((z * get_global_size(1) + y) * get_global_size(0) + x);
    for (uint d = 0; d < 3; d++) { o[d] = get_global_id(d); o[3 + d] = get_local_id(d);
    o[6 + d] = get_group_id(d); }
    o[9] = get_local_size(0) + 100 * get_local_size(1) + 10000 * get_local_size(2);
    o[10] = get_num_groups(0) + 100 * get_num_groups(1) + 10000 * get_num_groups(2);
    o[11] = get_work_dim(); o[12] = get_global_size(7); o[13] = get_global_id(3);
    o[14] = get_global_offset(1); o[15] = 1;
}
#define GLUE(a, b) a##b
#define TEXT(x) #x
#define COUNT(...) (sizeof((int[]){__VA_ARGS__}) / sizeof(int))
#define TWICE(x) ((x) + (x))
enum { FIRST = 3, SECOND, THIRD = FIRST * 10 };
kernel void macros(global int *r) {
    int GLUE(va, lue) = 5; r[0] = value; r[1] = TEXT(a + "b")[2]; r[2] = COUNT(1, 2, 3);
    r[3] = TWICE(TWICE(2));
    r[4] = SECOND + THIRD; r[5] = __OPENCL_VERSION__ / 10; r[6] = 'A' + '\\n' + '\\x7f' + '\\101';
#if defined(GLUE) && !defined(NOPE) && (3 - 4 < 0) && __OPENCL_C_VERSION__ == 120
    r[7] = 0x7fffffff; r[8] = 0xffffffff == 4294967295u;
    r[9] = 010 + 1 ? sizeof(1L) + sizeof(1u) + sizeof('a') : 0;
#endif
}
""")


def test_arguments_beyond_the_registers(k: Kernels) -> None:
    numbers = [-1, 4, 9, 16, 25, 36, 49, 64, 81, 100, sum(range(11, 19)), 255 * 11, 240]
    assert out(k["calls"], 3, dtype=np.int64) == [sum(numbers), 9, 90000 % 256]


def test_a_kernel_may_call_a_kernel(k: Kernels) -> None:
    assert out(k["outer_kernel"], 4, global_size=4) == [10, 20, 30, 40]


source("""
struct pair { int a, b; };
static int old_sum(c, f, p, v) float f; char c; struct pair p; int2 v; {
    return c + 10 * (int)f + 100 * p.b + 1000 * v.y;
}
kernel void old_style(out, n) global int *out; int n; {
    struct pair p = {1, 2};
    *out = old_sum(n, 2.75, p, (int2)(3, 4));
}
""")


def test_old_style_parameters_have_the_order_of_the_names(k: Kernels) -> None:
    assert out(k["old_style"], 1, 257) == [1 + 20 + 200 + 4000]


def test_work_item_functions_in_three_dimensions_with_offsets(k: Kernels) -> None:
    size, group, offset = (6, 4, 2), (3, 2, 1), (10, 20, 30)
    r = np.zeros((2, 4, 6, 16), np.uint64)
    k["ids"](r, global_size=size, local_size=group, global_offset=offset)
    for z, y, x in np.ndindex(2, 4, 6):
        at = (x, y, z)
        want = [p + o for p, o in zip(at, offset, strict=True)]
        want += [p % g for p, g in zip(at, group, strict=True)]
        want += [p // g for p, g in zip(at, group, strict=True)]
        want += [10203, 20202, 3, 1, 0, 20, 1]
        assert r[z, y, x].tolist() == want


def test_macros_enumerations_and_literals(k: Kernels) -> None:
    sum_of_characters = ord("A") + 10 + 0x7F + 0o101
    want = [5, ord("+"), 3, 8, 34, 12, sum_of_characters, 0x7FFFFFFF, 1, 16]
    assert out(k["macros"], 10) == want


source("""
kernel void print(int i, uint u, long l, ulong ul, char c, float f) {
    printf("%d|%5d|%-5d|%05d|%+d|% d|%.3d\\n", i, i, i, i, i, i, i);
    printf("%u|%x|%X|%#x|%o|%c|%s|%%\\n", u, u, u, u, u, c, "str");
    printf("%ld|%lu|%lx|%hd|%hhd|%i\\n", l, ul, ul, (short)l, (char)l, i);
    printf("%5s|%-5s|%.2s|\\n", "abc", "abc", "abc");
    printf("no conversion\\n");
    printf("%f|%8.2f|%-8.1e|%g|%a|%+.0f\\n", f, f, f, f, f, f);
}
""")


def test_printf(k: Kernels, capfd: pytest.CaptureFixture[str]) -> None:
    ul = (1 << 64) - 2
    k["print"](-42, 0xBEEF, -(1 << 40) + 3, ul, ord("q"), 1.5, global_size=1)
    low = struct.unpack("<b", struct.pack("<q", -(1 << 40) + 3)[:1])[0]
    assert capfd.readouterr().out.splitlines() == [
        "-42|  -42|-42  |-0042|-42|-42|-042",
        "48879|beef|BEEF|0xbeef|137357|q|str|%",
        f"{-(1 << 40) + 3}|{ul}|{ul:x}|3|{low}|-42",
        "  abc|abc  |ab|",
        "no conversion",
        "1.500000|    1.50|1.5e+00 |1.5|0x1.8p+0|+2",
    ]

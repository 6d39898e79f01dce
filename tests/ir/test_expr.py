"""Operators and conversions on every scalar type, against exact integers and NumPy."""

from __future__ import annotations

import operator
import random

import numpy as np
import pytest

from kcc.ir.lower import LowerOptions

LEVELS = [pytest.param(0, marks=pytest.mark.slow), 3]
INTS = {
    "char": np.int8, "uchar": np.uint8, "short": np.int16, "ushort": np.uint16,
    "int": np.int32, "uint": np.uint32, "long": np.int64, "ulong": np.uint64,
}  # fmt: skip
FLOATS = {"float": np.float32, "double": np.float64}
TYPES = INTS | FLOATS
FP64 = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"


def limits(name):
    info = np.iinfo(INTS[name])
    return int(info.min), int(info.max)


def wrapped(value, name):
    """An exact integer, brought into a type as C converts it."""
    low, high = limits(name)
    return (value - low) % (high - low + 1) + low


def promoted(name):
    return name if np.dtype(INTS[name]).itemsize >= 4 else "int"


def samples(name):
    low, high = limits(name)
    draw = random.Random(name)
    edges = [0, 1, 2, 3, low, low + 1, high, high - 1, high // 2, max(low, -1), max(low, -7)]
    return edges + [draw.randint(low, high) for _ in range(9)]


def pairs(name):
    values = samples(name)
    both = [(a, b) for a in values for b in values]
    typ = INTS[name]
    return both, np.array([a for a, _ in both], typ), np.array([b for _, b in both], typ)


def quotient(a, b):
    """As RISC-V's div: toward zero, -1 for a division by zero."""
    if b == 0:
        return -1
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def remainder(a, b):
    return a if b == 0 else a - b * quotient(a, b)


DIVISION = {"/": quotient, "%": remainder}
BITWISE = {"&": operator.and_, "|": operator.or_, "^": operator.xor}
COMPARE = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt,
    ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def kernels(name, ops, result):
    return "\n".join(
        f"""kernel void k{i}(global const {name} *a, global const {name} *b, global {result} *c) {{
            size_t i = get_global_id(0);
            c[i] = a[i] {op} b[i];
        }}"""
        for i, op in enumerate(ops)
    )


@pytest.mark.parametrize("opt", LEVELS)
@pytest.mark.parametrize("name", INTS)
def test_integer_operators(build, name, opt):
    both, a, b = pairs(name)
    result = promoted(name)
    low, high = limits(result)
    ops = DIVISION | BITWISE | COMPARE | ARITHMETIC
    program = build(kernels(name, ops, result), opt)
    for i, (op, exact) in enumerate(ops.items()):
        out = np.zeros(len(both), INTS[result])
        program.run(f"k{i}", a, b, out, size=(len(both),), local=(len(both),))
        for (x, y), got in zip(both, out, strict=True):
            want = int(exact(x, y))
            if low < 0 and op in ARITHMETIC and not low <= want <= high:
                continue  # signed overflow has no meaning
            assert int(got) == wrapped(want, result), (op, x, y)


@pytest.mark.parametrize("opt", LEVELS)
@pytest.mark.parametrize("name", INTS)
def test_shift_counts_wrap_at_the_width(build, name, opt):
    result = promoted(name)
    width = np.dtype(INTS[result]).itemsize * 8
    values = [v for v in samples(name) for _ in range(5)]
    counts = [0, 1, width - 1, width, width + 3] * len(samples(name))
    n = len(values)
    program = build(
        f"""kernel void k(global const {name} *a, global const int *b, global {result} *left,
                          global {result} *right) {{
            size_t i = get_global_id(0);
            left[i] = a[i] << b[i];
            right[i] = a[i] >> b[i];
        }}""",
        opt,
    )
    left, right = np.zeros(n, INTS[result]), np.zeros(n, INTS[result])
    args = (np.array(values, INTS[name]), np.array(counts, np.int32), left, right)
    program.run("k", *args, size=(n,), local=(n,))
    assert left.tolist() == [
        wrapped(v << (c % width), result) for v, c in zip(values, counts, strict=True)
    ]
    assert right.tolist() == [v >> (c % width) for v, c in zip(values, counts, strict=True)]


@pytest.mark.parametrize("name", INTS)
def test_division_by_a_constant(build, name):
    divisors = [d for d in (0, -1, 1, 3, 7, 10, 64) if limits(name)[0] <= d]
    result = promoted(name)
    source = "\n".join(
        f"""kernel void k{i}(global const {name} *a, global {result} *q, global {result} *r) {{
            size_t i = get_global_id(0);
            q[i] = a[i] / ({result}){d};
            r[i] = a[i] % ({result}){d};
        }}"""
        for i, d in enumerate(divisors)
    )
    program = build(source, 3)
    a = np.array(samples(name), INTS[name])
    for i, d in enumerate(divisors):
        q, r = np.zeros(len(a), INTS[result]), np.zeros(len(a), INTS[result])
        program.run(f"k{i}", a, q, r, size=(len(a),), local=(len(a),))
        assert q.tolist() == [wrapped(quotient(int(x), d), result) for x in a], d
        assert r.tolist() == [wrapped(remainder(int(x), d), result) for x in a], d


@pytest.mark.parametrize("opt", [0, 3])
@pytest.mark.parametrize("name", FLOATS)
def test_float_operators(build, name, opt):
    typ = FLOATS[name]
    values = [0.0, -0.0, 1.0, -1.5, 3.25e5, 1e-30, 7e30, np.inf, -np.inf, np.nan, 0.1]
    a = np.array([x for x in values for _ in values], typ)
    b = np.array([y for _ in values for y in values], typ)
    arithmetic = {**ARITHMETIC, "/": operator.truediv}
    source = kernels(name, arithmetic, name)
    source += kernels(name, COMPARE, "int").replace("void k", "void c")
    program = build(FP64 + source, opt)
    for i, exact in enumerate(arithmetic.values()):
        out = np.zeros(len(a), typ)
        program.run(f"k{i}", a, b, out, size=(len(a),), local=(11,))
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(out, exact(a, b))
    for i, exact in enumerate(COMPARE.values()):
        flags = np.zeros(len(a), np.int32)
        program.run(f"c{i}", a, b, flags, size=(len(a),), local=(11,))
        np.testing.assert_array_equal(flags, exact(a, b).astype(np.int32))


@pytest.mark.parametrize("opt", LEVELS)
def test_integers_convert_to_every_type(build, opt):
    source = FP64
    for a in INTS:
        for b in TYPES:
            source += f"""kernel void {a}_to_{b}(global const {a} *x, global {b} *y) {{
                size_t i = get_global_id(0); y[i] = ({b})x[i]; }}\n"""
    program = build(source, opt)
    for a, own in INTS.items():
        x = np.array(samples(a), own)
        for b, typ in TYPES.items():
            y = np.zeros(len(x), typ)
            program.run(f"{a}_to_{b}", x, y, size=(len(x),), local=(len(x),))
            want = x.astype(typ) if b in FLOATS else [wrapped(int(v), b) for v in x]
            np.testing.assert_array_equal(y, np.array(want, typ))


@pytest.mark.parametrize("opt", [0, 3])
@pytest.mark.parametrize("name", FLOATS)
def test_floats_saturate_as_integers(build, name, opt):
    source = FP64
    for b in INTS:
        source += f"""kernel void to_{b}(global const {name} *x, global {b} *y) {{
            size_t i = get_global_id(0); y[i] = ({b})x[i]; }}\n"""
    program = build(source, opt)
    x = np.array(
        [0.0, -0.9, 0.9, 1.5, 100.7, -100.7, 1e30, -1e30, np.inf, -np.inf, np.nan], FLOATS[name]
    )
    for b, typ in INTS.items():
        y = np.zeros(len(x), typ)
        program.run(f"to_{b}", x, y, size=(len(x),), local=(len(x),))
        via = promoted(b)  # types narrower than int take the low bits of an int
        low, high = limits(via)
        want = []
        for v in x:
            exact = 0 if np.isnan(v) else low if v < low else high if v > high else int(v)
            want.append(wrapped(exact, b))
        assert y.tolist() == want, b


def test_a_condition_is_not_zero(build):
    program = build(
        FP64
        + """kernel void k(global const float *f, global const double *d, global const char *c,
                           global int *out) {
            bool a = f[0], b = d[0];
            out[0] = a; out[1] = b; out[2] = !f[0]; out[3] = !c[0]; out[4] = c ? 1 : 2;
            out[5] = (bool)0.25f; out[6] = f[1] && d[1]; out[7] = f[0] || c[0];
            a++; out[8] = a; out[9] = !!c[1] + !!c[0]; out[10] = sizeof(a) * (bool)c[1];
        }"""
    )
    out = np.zeros(11, np.int32)
    f, d = np.array([np.nan, -0.0], np.float32), np.array([1e-300, 1.0])
    program.run("k", f, d, np.array([0, -128], np.int8), out)
    assert out.tolist() == [1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1]


def test_contraction_stays_in_one_expression(lowered):
    source = """kernel void k(global float *x) {
        float product = x[0] * x[1];
        x[3] = product - x[2];
        x[4] = x[0] * x[1] - x[2];
        x[5] = x[2] - x[0] * x[1];
        x[6] += x[0] * x[1];
    }"""
    assert str(lowered(source).module).count('call float @"llvm.fmuladd.f32"(') == 3
    off = "#pragma OPENCL FP_CONTRACT OFF\n"
    assert "fmuladd" not in str(lowered(off + source).module)
    inside = source.replace("{", "{\n" + off, 1)
    assert "fmuladd" not in str(lowered(inside).module)
    in_place = "float f(float x) { barrier(1); return x * x + x; }"
    caller = "\n#pragma OPENCL FP_CONTRACT ON\nkernel void k(global float *x) { x[0] = f(1); }"
    assert "fmuladd" not in str(lowered(off + in_place + caller).module)
    assert "fmuladd" not in str(lowered(source, LowerOptions(fp_contract=False)).module)
    relaxed = str(lowered(source, LowerOptions(fp_flags=("nnan", "contract"))).module)
    assert "fmul nnan contract float" in relaxed


def test_a_sum_of_thousands(build):
    program = build(f"kernel void k(global int *x) {{ x[0] = {' + '.join(['x[1]'] * 2000)}; }}", 0)
    data = np.array([0, 2], np.int32)
    program.run("k", data)
    assert data[0] == 4000

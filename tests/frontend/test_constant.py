"""Constant folding: against Python's exact arithmetic, and against clang's."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcc.frontend import constant, pp, tast
from kcc.frontend.check import check
from kcc.frontend.diag import Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.frontend.types import BOOL, DOUBLE, FLOAT, HALF, INT, SCALARS, is_integer

INTEGERS = [t for t in SCALARS.values() if is_integer(t) and t != BOOL]
NUMPY = {HALF: np.float16, FLOAT: np.float32, DOUBLE: np.float64}


def program(text: str) -> tast.Program:
    diags = Diagnostics()
    tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(), diags)
    checked = check(parse(tokens, diags), diags)
    diags.raise_errors()
    return checked


def folded(text: str, type_: str = "long") -> int | float:
    (var,) = program(f"constant {type_} x = {text};").globals
    assert isinstance(var.init, tast.Const)
    return var.init.value


@given(st.sampled_from(INTEGERS), st.integers(-(2**70), 2**70))
def test_wrap_is_the_value_in_the_types_range(t, value):
    wrapped = constant.wrap(value, t)
    low = -(1 << (8 * t.size - 1)) if t.signed else 0
    assert low <= wrapped < low + (1 << (8 * t.size))
    assert (wrapped - value) % (1 << (8 * t.size)) == 0


@given(st.sampled_from([HALF, FLOAT, DOUBLE]), st.integers(-(2**64), 2**64))
def test_int_to_float_rounds_once(t, value):
    with np.errstate(over="ignore"):
        if t is DOUBLE:
            assert constant.int_to_float(value, t) == float(value)
        elif abs(value) < 2**53:  # NumPy goes through double: exact below here
            assert constant.int_to_float(value, t) == NUMPY[t](float(value))


def test_int_to_float_does_not_round_twice():
    # Through a double this would round up twice: to 2**60 + 2**36, then to even above.
    value = (1 << 60) + (1 << 36) + 1
    assert constant.int_to_float(value, FLOAT) == float((1 << 60) + (1 << 37))


@given(
    st.sampled_from(["add", "sub", "mul", "div"]),
    st.floats(width=32, allow_nan=False),
    st.floats(width=32, allow_nan=False),
)
def test_float_arithmetic_is_numpys(op, a, b):
    ours = constant.binary(op, a, b, FLOAT, FLOAT)
    ufunc = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}[op]
    with np.errstate(all="ignore"):
        theirs = ufunc(np.float32(a), np.float32(b))
    np.testing.assert_array_equal(np.float32(ours), theirs)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("7 / -2", -3),
        ("1 << 33", 2),  # the count is taken modulo the width
        ("1L << 33", 1 << 33),
        ("-8 >> 1", -4),
        ("0xffffffffu + 1", 0),
        ("0x7fffffff + 1", -(1 << 31)),
        ("-1 < 1u", 0),
        ("-1 < 1L", 1),
        ("(uchar)300", 44),
        ("(char)200", -56),
        ("(bool)0.5f", 1),
        ("(int)-2.9f", -2),
        ("!3.5f", 0),
        ("~0u", 0xFFFFFFFF),
        ("1 ? 2 : 1 / 0", 2),
        ("0 && 1 / 0", 0),
        ("1 || 1 / 0", 1),
        ("1 && 2", 1),
        ("'a' + '\\xff'", 96),
        ("sizeof(int[3]) + sizeof(1 ? 1.0f : 2)", 16),
        ("(0, 5)", 5),
        ("(ulong)&((struct { char a; int b[4]; } *)0)->b[2]", 12),
        ("1 / 0", None),
        ("(-0x7fffffff - 1) / -1", -(1 << 31)),
    ],
)
def test_integer_constants(text, value):
    if value is None:
        with pytest.raises(Exception, match="not constant"):
            folded(text)
    else:
        assert folded(text) == value


def test_float_constants_round_at_each_step():
    third = np.float32(1) / np.float32(3)
    assert folded("1.0f / 3", "float") == third
    assert folded("1.0f / 3 * 3.0", "double") == float(third) * 3.0
    assert folded("16777217", "float") == 16777216.0
    assert folded("1e300 * 1e10", "float") == float("inf")


def test_addresses_are_constants():
    text = "constant int t[4] = {1}; constant int *constant p = t + 1;"
    (_t, p) = program(
        text + "constant int *constant q = &t[2]; constant char *constant s = 0;"
    ).globals[:2]
    assert isinstance(p.init, tast.PointerAdd)
    assert p.init.index == tast.Const(1, type=SCALARS["long"])


def test_a_sum_of_thousands_needs_no_stack():
    assert folded("+".join(["1"] * 20_000)) == 20_000
    assert folded("&&".join(["1"] * 20_000)) == 1


def _expression(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.1:
        number = rng.choice(
            [0, 1, 2, 3, 7, 31, 100, 127, 255, 65535, 0x7FFFFFFF, rng.getrandbits(31)]
        )
        suffix = rng.choice(["", "", "u", "L", "UL"])
        cast = rng.choice(["", "", "(char)", "(uchar)", "(short)", "(ushort)", "(long)", "(bool)"])
        return f"({cast}{number}{suffix})"
    a, b = _expression(rng, depth - 1), _expression(rng, depth - 1)
    op = rng.choice("+ - * / % & | ^ < > <= >= == != && || << >> ?: ! ~ - float".split())
    if op == "?:":
        return f"({_expression(rng, depth - 1)} ? {a} : {b})"
    if op in "!~":
        return f"({op}{a})"
    if op == "float":
        return f"({a} {rng.choice(['<', '>', '==', '!='])} {b} * 0.5f)"
    if op in ("<<", ">>"):
        return f"({a} {op} {rng.randrange(31)})"
    return f"({a} {op} {b})"


@pytest.mark.oracle("clang-19")
def test_clang_folds_to_the_same_value_and_size(tmp_path: Path) -> None:
    """Random constant expressions: clang asserts the value and the size that we found."""
    rng = random.Random(1)
    texts = [_expression(rng, rng.randint(1, 4)) for _ in range(400)]
    lines, checked = [], 0
    for text in texts:
        diags = Diagnostics(max_errors=0)
        whole = f"constant ulong v = (ulong)({text}); constant ulong s = sizeof({text});"
        tokens = pp.preprocess(SourceFile("t.cl", whole), pp.PPOptions(), diags)
        found = check(parse(tokens, diags), diags).globals
        if diags.error_count():
            # Division by zero somewhere: clang must not take it for a constant either.
            lines.append(f"constant long e{len(lines)} = {text};")
            continue
        value, size = (var.init.value for var in found if isinstance(var.init, tast.Const))
        lines.append(
            f'_Static_assert((ulong)({text}) == {value}UL && sizeof({text}) == {size}, "");'
        )
        checked += 1
    assert checked > 200
    source = tmp_path / "fold.c"
    prelude = (
        "typedef unsigned char uchar; typedef unsigned short ushort; typedef unsigned long ulong;"
    )
    prelude += "typedef _Bool bool;\n#define constant const\n"
    source.write_text(prelude + "\n".join(lines) + "\n")
    command = ["clang-19", "-fsyntax-only", "-w", "-fwrapv", "-fsigned-char"]
    command += ["-ferror-limit=0", "--target=riscv64"]
    done = subprocess.run([*command, source], capture_output=True, text=True, check=False)
    failed = [line for line in done.stderr.splitlines() if "static assertion failed" in line]
    assert not failed, failed[:5]


def test_null_is_zero_of_integer_type():
    def null(text: str) -> bool:
        (function,) = program(f"void f(int n) {{ {text}; }}").functions
        assert function.body is not None
        (statement,) = function.body.items
        assert isinstance(statement, tast.ExprStmt)
        dropped = statement.expr
        assert isinstance(dropped, tast.Convert)
        assert not isinstance(dropped.operand, tast.OBJECTS)
        return constant.is_null(dropped.operand)

    assert null("0")
    assert null("1 - 1")
    assert null("(void *)0")
    assert not null("0.0f")
    assert not null("(int *)0")
    assert not null("n")
    assert INT.size == 4


# Expressions over a long `n`, and how often clang says that one overflows.
OVERFLOWS = [
    ("2147483647 + 1", 1), ("-2147483647 - 2", 1), ("65536 * 65536", 1), ("2147483647u + 1", 0),
    ("-(-2147483647 - 1)", 1), ("24 * 60 * 60 * 1000 * 1000", 1), ("24 * 60L * 60 * 1000000", 0),
    ("1 << 31", 0), ("(-2147483647 - 1) / -1", 0), ("9223372036854775807L + 1", 1),
    ("sizeof(2147483647 + 1)", 0), ("(short)32767 + 1", 0), ("m + 1", 1), ("m - 1 + 1 + 1", 1),
    ("n + 2147483647 + 1", 0), ("(2147483647 + 1) + (2147483647 + 1)", 3), ("~2147483647 - 1", 1),
]  # fmt: skip


def overflowing(line: str) -> str:
    return f"long f(long n) {{ return {line}; }}"


@pytest.mark.parametrize(("text", "count"), OVERFLOWS)
def test_constant_overflow_is_warned_of(text, count):
    diags = Diagnostics()
    source = SourceFile("t.cl", f"constant int m = 0x7fffffff; {overflowing(text)}")
    check(parse(pp.preprocess(source, pp.PPOptions(), diags), diags), diags)
    assert [d.code for d in diags.seen] == ["integer-overflow"] * count


@pytest.mark.oracle("clang-19")
def test_clang_warns_of_the_same_overflows(tmp_path: Path):
    path = tmp_path / "t.cl"
    lines = [
        overflowing(t).replace("long f", f"long f{i}") for i, (t, _count) in enumerate(OVERFLOWS)
    ]
    path.write_text("\n".join(["constant int m = 0x7fffffff;", *lines]) + "\n")
    command = ["clang-19", "-x", "cl", "--target=spir64", "-fsyntax-only", path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for number, (_text, count) in enumerate(OVERFLOWS, 2):
        said = [line for line in done.stderr.splitlines() if f"t.cl:{number}:" in line]
        assert sum("integer-overflow" in line for line in said) == count, said

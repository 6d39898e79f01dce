"""The type of every operator over every pair of scalar types, as clang has it."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from kcc.frontend import pp, tast
from kcc.frontend.check import check
from kcc.frontend.diag import Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile
from kcc.frontend.types import SCALARS, Type, is_integer

TYPES = [t for t in SCALARS.values() if t.kind != "void" and t.name != "half"]
OPERATORS = "+ - * / % & | ^ << >> < <= == && ? , =".split()
INTEGER_ONLY = {"%", "&", "|", "^", "<<", ">>"}


def program(text: str) -> tast.Program:
    diags = Diagnostics(max_errors=0)
    tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(), diags)
    checked = check(parse(tokens, diags), diags)
    diags.raise_errors()
    return checked


def types_of(declarations: str, expressions: list[str]) -> list[Type]:
    """The type of each expression, before it is dropped."""
    text = f"void f({declarations}) {{ {' '.join(e + ';' for e in expressions)} }}"
    (function,) = program(text).functions
    assert function.body is not None
    found = []
    for statement in function.body.items:
        assert isinstance(statement, tast.ExprStmt)
        expr = statement.expr
        if isinstance(expr, tast.Convert) and expr.kind == "void":
            expr = expr.operand  # type: ignore[assignment]
        found.append(expr.type)
    return found


def pairs() -> list[str]:
    found = []
    for a, b in itertools.product(TYPES, TYPES):
        for op in OPERATORS:
            if op in INTEGER_ONLY and not (is_integer(a) and is_integer(b)):
                continue
            left, right = f"v_{a}", f"w_{b}"
            found.append(f"1 ? {left} : {right}" if op == "?" else f"{left} {op} {right}")
    for t in TYPES:
        found += [f"+v_{t}", f"-v_{t}", f"!v_{t}", f"v_{t}++", f"v_{t} += 1"]
        found += [f"~v_{t}"] if is_integer(t) else []
    return found


DECLARATIONS = ", ".join(f"{t} v_{t}, {t} w_{t}" for t in TYPES)


@pytest.mark.oracle("clang-19")
def test_clang_has_the_same_types(tmp_path: Path) -> None:
    expressions = pairs()
    types = types_of(DECLARATIONS, expressions)
    lines = [
        f'_Static_assert(__builtin_types_compatible_p(__typeof__({e}), {t}), "{e}");'
        for e, t in zip(expressions, types, strict=True)
    ]
    source = tmp_path / "types.cl"
    source.write_text(f"void f({DECLARATIONS}) {{\n" + "\n".join(lines) + "\n}\n")
    command = ["clang-19", "-x", "cl", "-cl-std=CL1.2", "--target=spir64", "-fsyntax-only", "-w"]
    done = subprocess.run(
        [*command, "-ferror-limit=0", source], capture_output=True, text=True, check=False
    )
    assert len(expressions) > 1500
    assert done.returncode == 0, done.stderr[:2000]


@pytest.mark.parametrize(
    ("expression", "type_"),
    [
        ("p", "global int *"),
        ("*p", "int"),
        ("&p", "global int **"),
        ("p + 1", "global int *"),
        ("1L + p", "global int *"),
        ("p - p", "long"),
        ("p == 0", "int"),
        ("!p", "int"),
        ("1 ? p : 0", "global int *"),
        ("1 ? q : p", "global const int *"),
        ("t", "int *"),
        ("&t", "int[3] *"),
        ("t[0]", "int"),
        ("&s.y[1]", "float *"),
        ("s.y", "float *"),
        ("s", "struct S"),
        ("'a'", "int"),
        ('"abc"', "constant char *"),
        ('&"abc"', "constant char[4] *"),
        ("sizeof(int)", "ulong"),
        ("1.0", "double"),
        ("1.0f", "float"),
        ("A", "int"),
        ("true", "bool"),
        ("false + false", "int"),
        ("(char)1", "char"),
        ("get_global_id(0)", "ulong"),
        ("get_work_dim()", "uint"),
        ('printf("x")', "int"),
    ],
)
def test_type(expression: str, type_: str) -> None:
    text = "struct S { int x; float y[2]; }; enum { A };"
    declared = "int t[3]; struct S s;"
    body = f"{text} void f(global int *p, const global int *q) {{ {declared} {expression}; }}"
    (function,) = program(body).functions
    assert function.body is not None
    statement = function.body.items[-1]
    assert isinstance(statement, tast.ExprStmt)
    dropped = statement.expr
    assert isinstance(dropped, tast.Convert)
    assert str(dropped.operand.type) == type_

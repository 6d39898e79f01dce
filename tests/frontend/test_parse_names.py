"""Typedef names against other names: what the parser must ask the scope for."""

from __future__ import annotations

import pytest

from kcc.frontend import ast
from kcc.frontend.diag import Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.source import SourceFile


def tree(text: str) -> ast.TranslationUnit:
    diags = Diagnostics()
    unit = parse(preprocess(SourceFile("t.cl", text), PPOptions(), diags), diags)
    diags.raise_errors()
    return unit


def last_item(body: str) -> ast.BlockItem:
    """The last item of a function's body, behind a few typedefs."""
    prelude = "typedef int T; typedef float4 V; typedef V W; int a, b, x; "
    function = tree(f"{prelude} void f(void) {{ {body} }}").decls[-1]
    assert isinstance(function, ast.FunctionDef)
    return function.body.items[-1]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("T * x;", ast.Declaration),
        ("a * x;", ast.ExprStmt),
        ("T (x);", ast.Declaration),
        ("a (x);", ast.ExprStmt),
        ("T T = 1;", ast.Declaration),
        ("int T = 1; T * x;", ast.ExprStmt),
        ("{ int T; } T * x;", ast.Declaration),
        ("for (int T = 0; T < 1; T++) T * x; T * x;", ast.Declaration),
        ("for (int T = 0; T < 1; T++) if (a) T * x; T * x;", ast.Declaration),
        ("if (a) for (int T = 0;;) while (a) if (a) ; T * x;", ast.Declaration),
        ("struct { T T; T U; } s; T * x;", ast.Declaration),
        ("struct { int T; } s; T * x;", ast.Declaration),
        ("enum { T }; T * x;", ast.ExprStmt),
        ("struct { enum { T } e; } s; T * x;", ast.ExprStmt),
        ("int (*p)(int T, int x[T]); T * x;", ast.Declaration),
        ("int T = sizeof(T); T * x;", ast.ExprStmt),
        ("T: x = 1;", ast.Label),
        ("goto T;", ast.Goto),
        ("x ? a : b;", ast.ExprStmt),
        ("typedef struct T T; T * x;", ast.Declaration),
        ("typedef int U, *Q, R[sizeof(int)]; Q * x;", ast.Declaration),
        ("typedef int U, *Q, R[sizeof(int)]; R * x;", ast.Declaration),
        ("int U, T; T * x;", ast.ExprStmt),
        ("extern int T(void); T * x;", ast.ExprStmt),
        ("unsigned T; T * x;", ast.ExprStmt),
        ("const T; T * x;", ast.Declaration),
        ("size_t * x;", ast.Declaration),
        ("int size_t; size_t * x;", ast.ExprStmt),
    ],
)
def test_a_name_is_a_type_where_it_is_one(body: str, kind: type) -> None:
    assert isinstance(last_item(body), kind)


def test_a_label_can_be_missing_its_typedef() -> None:
    assert last_item("T: x = 1;") == ast.Label(
        "T", ast.ExprStmt(ast.Assign("=", ast.Ident("x"), ast.Number("1")))
    )

"""Syntax errors: what is said, how often, and that parsing goes on behind them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcc.frontend.diag import CompileError, Diagnostic, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.pp import PPOptions, preprocess
from kcc.frontend.source import SourceFile
from kcc.frontend.words import WORDS


def complaints(text: str) -> list[Diagnostic]:
    diags = Diagnostics()
    try:
        parse(preprocess(SourceFile("t.cl", text), PPOptions(), diags), diags)
    except CompileError:
        pass
    return diags.seen


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("int x = 3 int y;", "expected ';' after declaration, found 'int'"),
        ("x = 3 y = 4;", "expected ';' after expression, found 'y'"),
        ("x = 3\n y = 4;", "expected ';' after expression"),
        ("z = (1 + 2;", "expected ')', found ';'"),
        ("w = a[3;", "expected ']', found ';'"),
        ("if x > 3) y = 1;", "expected '(', found 'x'"),
        ("if (x > 3 y = 1; else z = 2;", "expected ')', found 'y'"),
        ("return }", "expected an expression or ';', found '}'"),
        ("x = ;", "expected an expression, found ';'"),
        ("int a[] = {1 2};", "expected '}', found '2'"),
        ("else x;", "'else' without an 'if' before it"),
        ("do x++; while (x) y = 1;", "expected ';', found 'y'"),
        ("break }", "expected ';' after 'break', found '}'"),
        ("f(a b);", "expected ')', found 'b'"),
        ("goto ;", "expected a name, found ';'"),
        ("x );", "extraneous ')'"),
        ("@;", "stray character '@' in program"),
        ("struct { int a } s;", "expected ';' after struct member, found '}'"),
        ("bar y; bar z;", "unknown type name 'bar'"),
        ("_Generic(x, int: 3);", "'_Generic' is not supported"),
        ("int x[*];", "variable-length arrays are not supported"),
        ("int4 4;", "expected a name or ';', found '4'"),
    ],
)
def test_one_mistake_is_one_error(body: str, message: str) -> None:
    seen = complaints(f"void f(void) {{ {body} }} int after;")
    assert [d.message for d in seen] == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("int x = 3", "expected ';' after declaration"),
        ("int x; }", "extraneous '}'"),
        ("void f(void) { x = 1;", "expected '}', found end of file"),
        ("int f(int a, ) { }", "expected a type, found ')'"),
        ("int f(int a b) { return 1; }", "expected ')', found 'b'"),
        ("foo x;", "unknown type name 'foo'"),
        ("void f(foo x) { }", "unknown type name 'foo'"),
        ("main() { }", "expected a declaration, found 'main'"),
        ('asm("nop");', "assembler code is not supported"),
        ('int x asm("y");', "assembler names are not supported"),
        ("void f(pipe int x) { }", "'pipe' is not supported"),
    ],
)
def test_errors_between_functions(text: str, message: str) -> None:
    assert [d.message for d in complaints(text)] == [message]


def test_every_mistake_of_a_file_is_reported() -> None:
    text = """
        void f(void) { x = ; y = 1; z = (2; }
        void g(void) { if x) y; }
        int a b;
        void h(void) { return 1 }
    """
    assert len(complaints(text)) == 5


def test_a_closing_bracket_says_what_it_would_close() -> None:
    (seen,) = complaints("void f(void) { x = (1 + (2 * 3); }")
    assert seen.notes[0][0] == "to match this '('"
    span = seen.notes[0][1]
    assert span is not None
    assert span.start == 19


def test_a_missing_semicolon_is_shown_where_it_belongs() -> None:
    (seen,) = complaints("void f(void) { x = 1\n\n  y = 2; }")
    assert seen.span is not None
    assert seen.span.start == 20


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("template <typename T> void f(T x) { }", "templates"),
        ("__device__ void f(void) { }", "no qualifier"),
        ("__global__ void f(void) { }", "'kernel'"),
        ("class A { int x; };", "struct"),
        ("void f(void) { int *p = new int[3]; }", "dynamic memory"),
        ("void f(void) { unsigned int4 x; }", "'uint4'"),
    ],
)
def test_habits_of_other_languages_get_a_hint(text: str, hint: str) -> None:
    assert hint in (complaints(text)[0].hint or "")


def test_a_pragma_out_of_place_is_a_warning() -> None:
    (seen,) = complaints("int x =\n#pragma unroll\n1;")
    assert (seen.severity, seen.code) == ("warning", "ignored-pragmas")


PIECES = [*WORDS, *"( ) [ ] { } ; , : ? . -> = + - * & ! ... if else while for do".split()]
PIECES += ["switch", "case", "default", "return", "x", "T", "1", '"s"', "'c'", "\n#pragma p\n"]


def survives(text: str) -> None:
    diags = Diagnostics()
    try:
        parse(preprocess(SourceFile("t.cl", text), PPOptions(), diags), diags)
    except CompileError:
        pass


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_tokens_end_in_a_tree_or_errors(pieces: list[str]) -> None:
    survives("typedef int T; void f(void) { " + " ".join(pieces))
    survives(" ".join(pieces))


KERNEL = """typedef struct { int a; float4 v[2]; } S; typedef int T;
kernel void f(global const float *restrict x, local int *y, S s) {
  for (int i = 0; i < 4; i++) { T T = x[i] ? (int)x[0] : sizeof(T); y[T] += T; }
  if (s.a) do { s.v[0] = (float4)(1, 2, 3, 4).wzyx; } while (0); else switch (s.a) { case 1: ; }
}"""


@pytest.mark.slow
@settings(deadline=None, max_examples=3000)
@given(st.data())
def test_mutated_kernels_end_in_a_tree_or_errors(data: st.DataObject) -> None:
    words = KERNEL.split(" ")
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(words) - 1))
        words[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.lists(st.sampled_from(PIECES), max_size=2)
        )
    survives(" ".join(words))

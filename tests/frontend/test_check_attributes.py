"""Attributes and pragmas: where each may stand, what it says, and what is noted of it."""

from __future__ import annotations

import pytest

from kcc.frontend import pp, tast
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile


def run(text: str, cl_std: str = "CL1.2") -> tuple[tast.Program, list[str]]:
    """The program, and the codes of all that is said of it."""
    diags = Diagnostics(settings=("unknown-pragmas",))
    program = tast.Program()
    try:
        tokens = pp.preprocess(SourceFile("t.cl", text), pp.PPOptions(std=cl_std), diags)
        unit = parse(tokens, diags)
        diags.raise_errors()
        program = check(unit, diags, CheckOptions(cl_std))
    except CompileError:
        pass
    return program, [f"{d.severity[0]}:{d.code}" for d in diags.seen]


BAD, IGNORED, UNKNOWN = "e:bad-attribute", "w:ignored-attributes", "w:unknown-attributes"
SIZE = "__attribute__((reqd_work_group_size(8, 2, 1)))"
BLOCK = "void w(void) __attribute__((blocking)); void f(void) { w(); }"
ALONE = "__attribute__((reqd_work_group_size(1, 1, 1)))"
LOOP = "void f(int n) {{ __attribute__(({})) while (n--) ; }}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"kernel {SIZE} void k(void) {{}}", []),
        (f"kernel {SIZE} {SIZE} void k(void) {{}}", []),
        (f"kernel {SIZE} __attribute__((reqd_work_group_size(4, 1, 1))) void k(void) {{}}",
         [IGNORED]),
        (f"{SIZE} void f(void) {{}}", [BAD]),
        (f"kernel void k(void) {{ int i {SIZE}; }}", [BAD]),
        ("kernel __attribute__((vec_type_hint(float4))) void k(void) {}", []),
        ("kernel __attribute__((vec_type_hint(half))) void k(void) {}", []),
        ("kernel __attribute__((vec_type_hint(bool))) void k(void) {}", [BAD]),
        ("kernel __attribute__((vec_type_hint(int *))) void k(void) {}", [BAD]),
        ("kernel __attribute__((vec_type_hint(3))) void k(void) {}", [BAD]),
        ("__attribute__((noinline)) int f(void) { return 1; }", []),
        ("__attribute__((noinline(1))) int f(void) { return 1; }", [BAD]),
        ("void f(void) { int i __attribute__((noinline)); }", [IGNORED]),
        ("__attribute__((frobnicate(1))) void f(void) {}", [UNKNOWN]),
        ("__attribute__((__unused__)) static void f(void) {}", []),
        ("void f(int n) { __attribute__((unused)) n++; }", [BAD]),
        ("void f(global int *a __attribute__((nosvm))) {}", [BAD]),
        (f"{BLOCK} kernel {ALONE} void k(void) {{ f(); }} kernel void l(void) {{}}", []),
        (f"{BLOCK} kernel void k(void) {{ f(); }}", ["e:blocking"]),
        (f"{BLOCK} kernel {SIZE} void k(void) {{ w(); }}", ["e:blocking"]),
        (f"{BLOCK} void g(void); void h(void) {{ g(); f(); }} void g(void) {{ h(); }}"
         "kernel void k(void) { g(); }", ["e:recursion", "e:blocking"]),
        ("void w(void) __attribute__((blocking(1)));", [BAD]),
        (LOOP.format("opencl_unroll_hint"), []),
        (LOOP.format("opencl_unroll_hint(4)"), []),
        (LOOP.format("opencl_unroll_hint(0)"), [BAD]),
        (LOOP.format("opencl_unroll_hint(2, 3)"), [BAD]),
        ("void f(int n) { __attribute__((opencl_unroll_hint(2))) n++; }", [BAD]),
        ("void f(int n) { __attribute__((opencl_unroll_hint(2))) int i; }", [BAD]),
        ("void f(int n) { __attribute__((fallthrough)); }", ["e:misplaced-statement"]),
    ],
)  # fmt: skip
def test_attributes(text: str, said: list[str]) -> None:
    assert run(text)[1] == said


PRAGMA, INVALID, NOTHING = "w:unknown-pragmas", "e:bad-pragma", "w:ignored-pragmas"


@pytest.mark.parametrize(
    ("pragma", "unroll", "said"),
    [
        ("unroll", 0, []),
        ("unroll 4", 4, []),
        ("unroll (2 * N)", 6, []),
        ("unroll N", 3, []),
        ("GCC unroll 4", 4, []),
        ("unroll 0", 1, []),
        ("unroll 4 5", 4, [NOTHING]),
        ("nounroll", 1, []),
        ("nounroll 4", 1, [NOTHING]),
        ("clang loop unroll(full)", 0, []),
        ("clang loop unroll_count(4)", 4, []),
        ("clang loop unroll(disable) vectorize_width(8)", 1, [NOTHING]),
        ("unroll -1", None, [INVALID]),
        ("unroll 1.5", None, [INVALID]),
        ("unroll n", None, [INVALID]),
        ("unroll (", None, [INVALID]),
        ("unroll 2\n#pragma nounroll", 1, [INVALID]),
        ("clang loop fuse(all)", None, [INVALID]),
        ("clang loop unroll", None, [INVALID]),
        ("frobnicate", None, [PRAGMA]),
    ],
)
def test_pragmas_before_a_loop(pragma: str, unroll: int | None, said: list[str]) -> None:
    text = f"constant int N = 3; void f(int n) {{\n#pragma {pragma}\nfor (;n--;) n -= 2; }}"
    program, seen = run(text)
    assert seen == said
    if INVALID not in said:
        body = program.functions[0].body
        assert body is not None
        (loop,) = body.items
        assert isinstance(loop, tast.Loop)
        assert loop.unroll == unroll


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("OPENCL EXTENSION cl_khr_fp64 : enable", []),
        ("OPENCL EXTENSION cl_khr_fp16 : disable", []),
        ("OPENCL EXTENSION all : disable", []),
        ("OPENCL EXTENSION all : enable", [NOTHING]),
        ("OPENCL EXTENSION cl_khr_fp16 : require", [NOTHING]),
        ("OPENCL EXTENSION cl_nobody_knows : enable", [NOTHING]),
        ("OPENCL EXTENSION cl_khr_fp64 enable", [NOTHING]),
        ("OPENCL EXTENSION", [NOTHING]),
        ("OPENCL FP_CONTRACT ON", []),
        ("STDC FP_CONTRACT DEFAULT", []),
        ("OPENCL FP_CONTRACT MAYBE", [PRAGMA]),
        ("OPENCL", [PRAGMA]),
        ("unroll", [INVALID]),
    ],
)
def test_pragmas_at_program_scope(pragma: str, said: list[str]) -> None:
    assert run(f"#pragma {pragma}\nint f(void);")[1] == said


def test_contraction_is_said_at_the_start_of_a_block() -> None:
    pragma = "\n#pragma OPENCL FP_CONTRACT OFF\n"
    assert run(f"void f(int n) {{ {pragma} {pragma} n++; {{ {pragma} }} }}")[1] == []
    assert run(f"void f(int n) {{ n++; {pragma} }}")[1] == [INVALID]


def test_before_1_2_double_has_to_be_enabled_and_nothing_is_static() -> None:
    text = "kernel void k(global float *r) {{ double d = 1.0; *r = d; }}"
    enable = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
    assert run(text.format(), "CL1.1")[1] == ["w:double-constant"]
    assert run(enable + text.format(), "CL1.1")[1] == []
    assert run(text.format(), "CL1.2")[1] == []
    for word in ("static", "extern"):
        assert run(f"{word} int f(void);", "CL1.1")[1] == ["e:bad-storage"]
        assert run(f"{word} int f(void);", "CL1.2")[1] == []


def test_a_label_may_be_unused() -> None:
    assert run("void f(int n) { l: __attribute__((unused)) n++; }")[1] == []


ANY = "__attribute__((overloadable)) int f"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{ANY}(int); {ANY}(float); int g(void) {{ return f(1) + f(1.5f) + f('a'); }}", []),
        (f"{ANY}(int); int f(float);", []),
        ("int f(int); int f(float);", ["e:conflicting-types"]),
        (f"{ANY}(int); int f(int);", ["e:conflicting-types"]),
        (f"{ANY}(int); __attribute__((overloadable)) float f(int);", ["e:conflicting-types"]),
        (f"{ANY}(int x) {{ return 1; }} {ANY}(int x) {{ return 2; }}", ["e:redefinition"]),
        (f"{ANY}(int); {ANY}(float); int g(void) {{ return f(1.0); }}", ["e:ambiguous-call"]),
        (f"{ANY}(int); {ANY}(float); int g(int *p) {{ return f(p); }}",
         ["e:no-matching-function"]),
        (f"{ANY}(int); {ANY}(int, int); int g(void) {{ return f(); }}",
         ["e:no-matching-function"]),
        (f"{ANY}(int *); {ANY}(global int *); int g(global int *p) {{ return f(p); }}", []),
    ],
)  # fmt: skip
def test_overloaded_functions(text: str, said: list[str]) -> None:
    assert run(text)[1] == said

"""Which inputs of one link are lowered together, and which types agree between them."""

from __future__ import annotations

import pytest

from kcc.frontend import pp
from kcc.frontend.check import CheckOptions, check
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.frontend.join import Input, join
from kcc.frontend.parse import parse
from kcc.frontend.source import SourceFile


def joined(*texts: str) -> list[list[int]]:
    diags = Diagnostics()
    inputs = []
    for number, text in enumerate(texts):
        tokens = pp.preprocess(SourceFile(f"{number}.cl", text), pp.PPOptions(), diags)
        program = check(parse(tokens, diags), diags, CheckOptions())
        diags.raise_errors()
        inputs.append(Input(f"{number}.cl", program))
    return [group for group, _program in join(inputs, diags)]


PLAIN = "int f(int x) { return x; }"
WAITS = "int f(int x) { barrier(1); return x; }"
CALLS = "int f(int x); kernel void k(void) { f(1); }"


def test_only_inputs_whose_calls_need_it_are_lowered_together() -> None:
    assert joined(CALLS, PLAIN) == [[0], [1]]
    assert joined(CALLS, "kernel void other(void) {}", WAITS) == [[0, 2], [1]]
    assert joined("int f(int x); kernel void k(void) { sizeof(f(1)); }", WAITS) == [[0], [1]]


def test_callers_of_callers_are_lowered_with_what_they_reach() -> None:
    between = "int f(int x); int g(int x) { return f(x); }"
    user = "int g(int x); kernel void k(void) { g(1); }"
    assert joined(user, between, WAITS) == [[0, 1, 2]]
    assert joined(user, WAITS, "kernel void other(void) {}", between) == [[0, 1, 3], [2]]
    assert joined(user, PLAIN, between) == [[0], [1], [2]]


def test_what_calls_a_kernel_with_local_memory_is_lowered_with_it() -> None:
    kernel = "kernel void k(void) { local int i; i = 1; } void f(void) { k(); }"
    assert joined("void f(void); void g(void) { f(); }", kernel) == [[0, 1]]


def test_overloads_are_different_functions() -> None:
    overload = "__attribute__((overloadable)) int f({0} x)"
    calls = f"{overload.format('int')}; kernel void k(void) {{ f(1); }}"
    other = overload.format("float") + "{ barrier(1); return 1; }"
    assert joined(calls, other) == [[0], [1]]
    assert joined(calls, other, overload.format("int") + "{ barrier(1); return 1; }") == [
        [0, 2],
        [1],
    ]


# What one input says before, and of what type it passes an argument; what the other takes.
S = "struct s { int a; };"
NESTED = "struct s { struct s *next; float a[2]; };"
PACKED = "struct __attribute__((packed)) s { int a; };"
AGREE = {
    "an enumeration and its type": ("enum e { A };", "enum e", "", "uint"),
    "a struct, once incomplete": ("struct s;", "struct s *", S, "struct s *"),
    "a struct with a pointer to itself": (NESTED, "struct s", NESTED, "struct s"),
    "a const parameter": ("", "int", "", "const int"),
    "an array parameter": ("", "global int *", "", "global int[4]"),
}
DIFFER = {
    "a scalar": ("", "int", "", "float"),
    "signedness": ("", "int", "", "uint"),
    "an address space": ("", "global int *", "", "local int *"),
    "a qualifier": ("", "global int *", "", "const global int *"),
    "a field's type": (S, "struct s *", "struct s { uint a; };", "struct s *"),
    "a field's name": (S, "struct s *", "struct s { int b; };", "struct s *"),
    "another field": (S, "struct s *", "struct s { int a, b; };", "struct s *"),
    "packing": (S, "struct s *", PACKED, "struct s *"),
    "a tag": (S, "struct s *", "struct t { int a; };", "struct t *"),
    "struct and union": (S, "struct s *", "union s { int a; };", "union s *"),
}


def pair(before: str, given: str, there: str, taken: str) -> tuple[str, str]:
    name, dimension = (taken[:-3], taken[-3:]) if taken.endswith("]") else (taken, "")
    user = f"{before} int f({given}); static void g({given} x) {{ f(x); }}"
    return user, f"{there} int f({name} x{dimension}) {{ return 1; }}"


@pytest.mark.parametrize("name", AGREE)
def test_types_that_agree(name: str) -> None:
    assert joined(*pair(*AGREE[name])) == [[0], [1]]


@pytest.mark.parametrize("name", DIFFER)
def test_types_that_differ(name: str) -> None:
    with pytest.raises(CompileError) as caught:
        joined(*pair(*DIFFER[name]))
    assert [d.code for d in caught.value.diagnostics] == ["conflicting-types"]


def test_variables_agree_in_length_and_element() -> None:
    owner = "constant int f[2] = {1, 2};"
    assert joined("extern constant int f[];", owner) == [[0], [1]]
    for other in ("extern constant int f[3];", "extern constant uint f[2];"):
        with pytest.raises(CompileError, match="conflicting-types"):
            joined(other, owner)

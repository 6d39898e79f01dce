"""Programs of absurd size: a result or an error that says what is too much."""

from __future__ import annotations

import numpy as np
import pytest

from kcc.frontend.diag import CompileError

KERNEL = "kernel void k(global int *o) {{ {} }}"


@pytest.fixture
def shallow(monkeypatch):
    monkeypatch.setattr("kcc.frontend.nesting.DEPTH", 1000)


@pytest.mark.parametrize("op", "+^|")
def test_a_long_operation_is_lowered_without_recursion(lowered, shallow, op):
    lowered(KERNEL.format("o[0] = " + op.join(["o[1]"] * 2000) + ";"))


def test_what_is_too_deep_is_an_error(lowered, shallow):
    with pytest.raises(CompileError, match="nested too deep"):
        lowered(KERNEL.format("o[0] = " + "&&".join(["o[1]"] * 2000) + ";"))


def test_long_names_stay_apart(build):
    a, b = "v" * 5000 + "a", "v" * 5000 + "b"
    program = build(KERNEL.format(f"int {a} = 1, {b} = 2; o[0] = {a}; o[1] = {b};"), opt=0)
    out = np.zeros(2, np.int32)
    program.run("k", out)
    assert list(out) == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (KERNEL.format("int a[1 << 30]; a[o[0]] = 1;"), "private variables of 'k'"),
        (KERNEL.format("char a[9 << 20], b[9 << 20];"), "more than 16 MiB"),
        (KERNEL.format("int a[] = {[1 << 28] = 1};"), "private variables of 'k'"),
        ("struct S { int a[1 << 28]; }; kernel void k(struct S s) { }", "private variables of 'k'"),
        ("constant int a[1 << 28] = {1};" + KERNEL.format("o[0] = a[1];"), "'a' takes more than"),
    ],
)
def test_objects_too_large(lowered, text, message):
    with pytest.raises(CompileError, match=message):
        lowered(text)


def test_a_large_constant_is_no_large_text(build):
    program = build(f"constant int a[1 << 22] = {{1, 2}}; {KERNEL.format('o[0] += a[o[0]];')}")
    out = np.array([1], np.int32)
    program.run("k", out)
    assert out[0] == 3
    assert len(program.ir) < 1 << 16


@pytest.mark.parametrize("type_", ["char", "int", "double"])
@pytest.mark.parametrize("opt", [0, 2])
def test_a_long_list_of_constants_is_copied(build, type_, opt):
    values = ", ".join(map(str, range(100)))
    program = build(
        KERNEL.format(
            "for (int r = 0; r < 2; r++) {"
            f"  {type_} a[120] = {{ {values} }};"
            "   int s = 0;"
            "   a[1]++;"
            "   for (int i = 0; i < 120; i++) s = (int)(3u * s + (uint)a[i]);"
            "   o[r] = s;"
            "}"
        ),
        opt=opt,
    )
    out = np.zeros(2, np.int32)
    program.run("k", out)
    want = 0
    for value in [0, 2, *range(2, 100), *[0] * 20]:
        want = (3 * want + value) % (1 << 32)
    assert list(out.view(np.uint32)) == [want] * 2

"""Builtins that are OpenCL C: a program gets the members it calls, and nothing else."""

from __future__ import annotations

import re

import pytest

from kcc.build import compile_inputs
from kcc.device_library import MEMBER_FLAGS, Members, builtin_members
from kcc.ir.builtin_rules import LANES, NEAR, WHOLE
from kcc.options import parse_options


def ir(text: str, *flags: str) -> str:
    options = parse_options([*flags, "-emit-llvm", "-S", "k.cl"])
    return compile_inputs(options, [("k.cl", text.encode())]).files[0][1].decode()


def functions(text: str, word: str) -> set[str]:
    return set(re.findall(rf'^{word} .*?@"?(__kcc_fn_\w+)', text, re.M))


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_members_are_part_of_the_program(level: str) -> None:
    made = ir("kernel void k(global double *a) { a[0] = fmod(a[1], a[2]); }", level)
    assert functions(made, "declare") == set()
    kept = functions(made, "define")
    # fmod's own member, and ldexp's, which that calls: neither length nor normalize.
    assert kept <= {f"__kcc_fn_{n}_double" for n in ("fmod", "ldexp")} or level == "-O0"
    assert not any("length" in name for name in kept)
    assert all(
        "internal" in line for line in made.split("\n") if "define" in line and "_fn_" in line
    )


def test_small_members_are_inlined() -> None:
    made = ir("kernel void k(global float *a, global int *n) { a[0] = ldexp(a[1], n[0]); }", "-O2")
    assert "__kcc_fn_" not in made


def test_programs_without_them_carry_none() -> None:
    made = ir("kernel void k(global float *a) { a[0] = fma(a[1], a[2], floor(a[3])); }", "-O0")
    assert "__kcc_fn_" not in made
    assert "llvm.fma.f32" in made
    assert "llvm.floor.f32" in made


def test_every_function_the_compiler_calls_is_there() -> None:
    members = builtin_members()
    for name in LANES:
        for t in ("half", "float", "double"):
            assert members(f"__kcc_fn_{name}_{t}")[:2] == b"BC"
    for name in NEAR:
        assert members(f"__kcc_fn_near_{name}_float")[:2] == b"BC"
    for name in WHOLE:
        for t in ("half", "float", "double"):
            for n in ("", "2", "3", "4"):
                assert members(f"__kcc_fn_{name}_{t}{n}")[:2] == b"BC"


def test_members_are_found_by_what_they_define() -> None:
    members = Members(b"2 f g\n3 h\n\nabcde")
    assert [members(name) for name in "fgh"] == [b"ab", b"ab", b"cde"]


def test_members_are_for_every_architecture() -> None:
    assert "-march=rv64gc" in MEMBER_FLAGS  # no vectors, which not every device has


@pytest.mark.parametrize("call", ["sin(b[i])", "exp(b[i])", "pow(b[i], a[i])", "native_log(b[i])"])
def test_mathematical_functions_are_vectorised(call: str) -> None:
    lane = "float" if "native" in call else "double"
    assert vectorised("float", call, lane)


@pytest.mark.parametrize("call", ["sin(b[i])", "pow(b[i], a[i])", "tgamma(b[i])"])
def test_those_of_doubles_are_vectorised(call: str) -> None:
    assert vectorised("double", call, "double")


def vectorised(t: str, call: str, lane: str) -> bool:
    """Whether a kernel computes in vectors of that lane."""
    made = ir(
        f"kernel void k(global {t} *a, global {t} *b)"
        f" {{ size_t i = get_global_id(0); a[i] = {call}; }}"
    )
    return bool(re.search(rf"call <vscale x \d+ x {lane}> @llvm\.(fma|fmuladd)", made))

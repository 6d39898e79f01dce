"""Options of the language: what each does to the IR, and to results where it can be seen there."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import kcc
from kcc.build import compile_inputs
from kcc.ir.abi import ArgInfo
from kcc.options import parse_options

ARITHMETIC = """
kernel void k(global float *r, float a, float b, float c) {
    r[0] = a * b + c; r[1] = a / b; r[2] = -a; r[3] = a < b ? a : b; a += c; r[4] = a;
}
"""
UNSAFE = {"reassoc", "arcp", "contract", "nsz", "afn"}


def ir(source: str, *options: str) -> str:
    parsed = parse_options(["-x", "cl", "t.cl", "--emit=ir", "-o", "-", *options])
    ((_path, text),) = compile_inputs(parsed, [("t.cl", source.encode())]).files
    return text.decode()


@pytest.mark.parametrize(
    ("option", "flags"),
    [
        ("-cl-mad-enable", {"contract"}),
        ("-ffp-contract=fast", {"contract"}),
        ("-cl-no-signed-zeros", {"nsz"}),
        ("-cl-finite-math-only", {"nnan", "ninf"}),
        ("-cl-unsafe-math-optimizations", UNSAFE),
        ("-cl-fast-relaxed-math", UNSAFE | {"nnan", "ninf"}),
        ("-cl-denorms-are-zero", set()),
        ("-cl-fp32-correctly-rounded-divide-sqrt", set()),
    ],
)
def test_each_floating_point_instruction_has_the_flags(option: str, flags: set[str]) -> None:
    text = ir(ARITHMETIC, option)
    for instruction in ("fdiv", "fneg", "fcmp", "phi", "fadd", r"call"):
        (found,) = re.findall(rf" = {instruction} (.*)float", text, re.M) or re.findall(
            rf" = {instruction} (.*)", text
        )
        words = set(found.split()) & (UNSAFE | {"nnan", "ninf"})
        assert words == flags, (instruction, found)


def test_contraction_is_what_the_innermost_block_says() -> None:
    text = """
    float sums(float a, float b, float c) {
        float r = a * b + c;
        {
            #pragma OPENCL FP_CONTRACT OFF
            r += a * b - c;
            {
                #pragma OPENCL FP_CONTRACT DEFAULT
                r += c - a * b;
            }
            r *= a * b + c;
        }
        return r + a * b;
    }
    #pragma STDC FP_CONTRACT OFF
    float exact(float a, float b, float c) { return a * b + c; }
    """
    defaults, off, fast = ir(text), ir(text, "-ffp-contract=off"), ir(text, "-cl-mad-enable")
    assert defaults.count('call float @"llvm.fmuladd') == 3
    assert off.count("fmuladd") == 0
    # Where contraction is off no operation may take part in it, whatever the option.
    (exact,) = re.findall(r"define float @\"exact\".*?^}", fast, re.S | re.M)
    assert "contract" not in exact
    assert fast.count("fmul contract") == 0
    assert fast.count("fmul float") == 4


def test_opt_disable_leaves_the_code_as_it_is_written() -> None:
    text = ir("kernel void k(global int *r) { int a = 1; r[0] = a; }", "-cl-opt-disable")
    assert parse_options(["x.cl", "-cl-opt-disable"]).opt_level == 0
    assert parse_options(["x.cl", "-cl-opt-disable", "-O2"]).opt_level == 2
    assert "alloca" in text


RESULTS = """
kernel void k(global float *r, float a, float b, float c, float nan) {
    r[0] = 0.1 + a;                     // in double, unless constants are single
    float product = a * b; r[1] = product + c;   // two operations, unless they may fuse
    r[2] = c + 0.0f;                    // -0 + 0 = 0, unless the sign of zero is nothing
    r[3] = nan != nan;                  // true, unless there is no NaN
    r[4] = (a + 1e8f) - 1e8f;           // rounded, unless it may be computed another way
    r[5] = __FINITE_MATH_ONLY__;
}
"""


def test_results_show_what_was_allowed() -> None:
    a, b = np.float32(1.1), np.float32(1 + 2**-12)
    minus_zero = np.float32(-0.0)

    def run(*options: str) -> list[Any]:
        with kcc.Device("m1") as device:
            kernel = device.load(kcc.compile(RESULTS, list(options)))["k"]
            r = np.zeros(6, np.float32)
            kernel(r, a, b, minus_zero, np.float32("nan"), global_size=1)
            return r.tolist()

    plain = run()
    assert plain[0] == np.float32(0.1 + float(a))
    assert plain[2:] == [0.0, 1.0, np.float32(np.float32(a + np.float32(1e8)) - np.float32(1e8)), 0]
    assert not np.signbit(plain[2])
    relaxed = run("-cl-single-precision-constant", "-cl-fast-relaxed-math")
    assert relaxed[0] == np.float32(0.1) + a
    assert np.signbit(relaxed[2])
    assert relaxed[3:] == [0.0, a, 1.0]
    assert run("-cl-no-signed-zeros")[3:] == plain[3:]


def test_fused_across_statements_only_where_that_is_asked() -> None:
    source = """kernel void k(global double *r, double a, double b, double c) {
        double product = a * b; r[0] = product + c; r[1] = a * b + c; }"""
    a = 1 + 2.0**-30
    product = a * a
    expected = {"-ffp-contract=off": [0, 0], "-O3": [0, 1], "-cl-mad-enable": [1, 1]}
    for option, fused in expected.items():
        with kcc.Device("m1") as device:
            kernel = device.load(kcc.compile(source, [option]))["k"]
            r = np.zeros(2)
            kernel(r, a, a, -product, global_size=1)
        assert [int(x != 0) for x in r] == fused, option


def test_argument_information_is_kept_where_it_is_asked_for() -> None:
    source = """struct S { int a; };
    kernel void k(global const float4 *restrict x, volatile local int *l, constant uint *c,
                  struct S s, unsigned char u) { }"""
    asked, not_asked = (
        kcc.compile(source, options).infos["k"].args for options in (["-cl-kernel-arg-info"], [])
    )
    assert [arg.info for arg in asked] == [
        ArgInfo("global", "none", "float4*", ("restrict", "const")),
        ArgInfo("local", "none", "int*", ("volatile",)),
        ArgInfo("constant", "none", "uint*", ("const",)),
        ArgInfo("private", "none", "struct S"),
        ArgInfo("private", "none", "uchar"),
    ]
    assert {arg.info for arg in not_asked} == {None}


def test_loops_are_unrolled_as_asked() -> None:
    loop = "for (int i = 0; i < {}; i++) r[i] = r[i + 1] * r[i + 3]; }}"
    text = "".join(
        f"kernel void {name}(global float *r, int n) {{\n{ask}\n{loop.format(count)}\n"
        for name, ask, count in (
            ("fully", "#pragma unroll", 12),
            ("never", "#pragma nounroll", 12),
            ("by_four", "__attribute__((opencl_unroll_hint(4)))", "n"),
            ("once", "__attribute__((opencl_unroll_hint(1)))", "n"),
        )
    )
    optimised = ir(text, "--emit=optir", "-march=rv64gc")
    products = {
        name: body.count("fmul ")
        for name, body in re.findall(r"^define void @(\w+)\((.*?)^}", optimised, re.S | re.M)
    }
    assert products.pop("fully") >= 12  # the loop over work-items may be unrolled, too
    # By four: four in the loop, and one for what is left over.
    assert products == {"never": 1, "by_four": 5, "once": 1}


@pytest.mark.parametrize(
    ("barrier", "fences"),
    [
        ("barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)", 0),
        ("work_group_barrier(CLK_GLOBAL_MEM_FENCE)", 0),
        ("work_group_barrier(CLK_IMAGE_MEM_FENCE, memory_scope_work_group)", 0),
        ("sub_group_barrier(CLK_LOCAL_MEM_FENCE, memory_scope_sub_group)", 0),
        ("work_group_barrier(CLK_GLOBAL_MEM_FENCE, memory_scope_device)", 1),
        ("work_group_barrier(CLK_GLOBAL_MEM_FENCE, memory_scope_all_devices)", 1),
        ("sub_group_barrier(CLK_GLOBAL_MEM_FENCE, memory_scope_all_svm_devices)", 1),
        ("work_group_barrier(CLK_GLOBAL_MEM_FENCE, (memory_scope)s)", 1),
    ],
)
def test_a_barrier_beyond_the_group_is_a_fence(barrier: str, fences: int) -> None:
    text = ir(f"kernel void k(global int *p, int s) {{ p[0] = 1; {barrier}; }}", "-cl-std=CL3.0")
    assert text.count("fence acq_rel") == fences

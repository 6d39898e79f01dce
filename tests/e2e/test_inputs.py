"""Functions and constants of several inputs, linked or lowered together."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import kcc
from kcc.build import compile_inputs
from kcc.frontend.diag import CompileError
from kcc.options import parse_options

HEADER = """
struct pair { int a, b; float c[3]; };
inline int clamped(int x) { return x < 0 ? 0 : x; }
"""
USER = (
    HEADER
    + """
extern constant int scale[4];
int helper(int x);
struct pair made(int i);
int sum(struct pair p);
size_t row(void);
static int own(int x) { return x + 1; }
kernel void k(global int *out) {
    struct pair p = made((int)get_local_id(0));
    out[row()] = helper(own(clamped(-5))) + scale[get_local_id(0) & 3] + sum(p);
}
"""
)
OWNER = (
    HEADER
    + """
constant int scale[4] = {10, 20, 30, 40};
static int own(int x) { return 1000 * x; }
int helper(int x) { return own(clamped(x)) + (int)get_group_id(0); }
struct pair made(int i) { struct pair p = {i, i + 1, {1, 2, 3}}; return p; }
int sum(struct pair p) { return p.a + p.b + (int)p.c[2]; }
size_t row(void) { return get_global_id(0); }
"""
)


def linked(folder: Path, *texts: str, flags: str = "") -> kcc.Program:
    names = [folder / f"{'abcd'[number]}.cl" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        name.write_text(text)
    options = parse_options([*map(os.fspath, names), *flags.split(), "-o", "a.elf"])
    made = compile_inputs(options, [(name.name, name.read_bytes()) for name in names])
    return kcc.Program(made.files[0][1])


def test_functions_and_constants_of_another_input(tmp_path: Path) -> None:
    out = np.zeros(8, np.int32)
    with kcc.Device("m1") as device:
        device.load(linked(tmp_path, USER, OWNER))["k"](out, global_size=8, local_size=4)
    local, group = np.arange(8) % 4, np.arange(8) // 4
    want = 1000 + group + 10 * (local + 1) + 2 * local + 1 + 3
    assert out.tolist() == want.tolist()


def test_what_two_inputs_define_is_named(tmp_path: Path) -> None:
    with pytest.raises(CompileError) as caught:
        linked(tmp_path, OWNER, OWNER.replace("size_t row(void) { return get_global_id(0); }", ""))
    text = str(caught.value)
    for name in ("scale", "helper", "made", "sum"):
        assert f"'{name}' is defined in a.cl and in b.cl" in text
    assert "'row'" not in text
    assert "'clamped'" not in text


def test_what_no_input_defines_is_named(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="undefined symbol 'helper'"):
        linked(tmp_path, USER)


# -- lowered together -----------------------------------------------------------------------------

# What the three have of one name is static, or inline, or declared in all and defined in one.
KERNEL = """
static int own(int x) { return x + 1; }
static int tail(int x) { return 3 * x; }
extern constant int limits[];
extern constant int base;
int reversed(local int *tile, int at, int size);
kernel void fill(global int *out);
int outside(int x);
struct cell { int value; struct cell *next; };
int valued(struct cell c);
inline int twice(int x) { return x + x; }
kernel void k(global int *out) {
    local int tile[64];
    int i = (int)get_local_id(0);
    tile[i] = own(i);
    struct cell c = {twice(i), 0};
    int n = reversed(tile, i, (int)get_local_size(0));
    fill(out);
    size_t at = get_global_id(0);
    out[at] += n + tail(1) + limits[i & 1] + base + outside(i) + valued(c);
}
"""
HELPER = """
static int own(int x) { return 100 * x; }
static constant int limits_of[2] = {1, 2};
constant int limits[2] = {7000, 9000};
struct cell { int value; struct cell *next; };
void sync(void);
int outside(int x);
inline int twice(int x) { return x + x; }
int valued(struct cell c) { return c.value + twice(1); }
int reversed(local int *tile, int at, int size) {
    sync();
    return tile[size - 1 - at] + own(1) + limits_of[1] + outside(0);
}
int tail(int x) { return x; }
"""
WAITING = """
static constant int limits_of[1] = {50};
static int own(int x) { return limits_of[0]; }
constant int base = 40000;
void sync(void) { barrier(CLK_LOCAL_MEM_FENCE); }
kernel void fill(global int *out) {
    local int count;
    constant int step[1] = {3};
    if (get_local_id(0) == 0) count = own(0) + step[0];
    sync();
    out[get_global_id(0)] = count;
}
"""
OUTSIDE = "int outside(int x) { return 1000000 * x; }"


def wanted(size: int, group: int) -> list[int]:
    i = np.arange(size) % group
    reverse = group - i + 100 + 2
    made = reverse + 3 + np.where(i & 1, 9000, 7000) + 40000 + 1000000 * i + 2 * i + 2
    return [int(x) for x in made + 53]


@pytest.mark.parametrize("flags", ["-O3", "-O0 -g"])
def test_barriers_kernels_and_local_memory_of_other_inputs(tmp_path: Path, flags: str) -> None:
    program = linked(tmp_path, KERNEL, HELPER, WAITING, OUTSIDE, flags=flags)
    out = np.zeros(16, np.int32)
    alone = np.zeros(8, np.int32)
    with kcc.Device("m1") as device:
        loaded = device.load(program)
        loaded["k"](out, global_size=16, local_size=8)
        loaded["fill"](alone, global_size=8, local_size=4)
    assert out.tolist() == wanted(16, 8)
    assert alone.tolist() == [53] * 8


def test_a_barrier_below_a_function_of_a_third_input(tmp_path: Path) -> None:
    first = "int shared(local int *at); kernel void k(global int *out, local int *at) {"
    first += " int i = (int)get_local_id(0); at[i] = i; out[i] = shared(at); }"
    second = "int around(local int *at); int shared(local int *at) { return around(at) + 1; }"
    third = "int around(local int *at) { barrier(1); return at[get_local_size(0) - 1]; }"
    out = np.zeros(8, np.int32)
    with kcc.Device("m1") as device:
        program = linked(tmp_path, first, second, third)
        device.load(program)["k"](out, kcc.local(4 * 8), global_size=8, local_size=8)
    assert out.tolist() == [8] * 8


def test_variables_of_joined_inputs(tmp_path: Path) -> None:
    user = """
    extern global int counter;
    static global int own = 5;
    int bump(int n);
    kernel void k(global int *out) {
        extern global int late;
        if (get_local_id(0) == 0) counter = 10;
        out[get_global_id(0)] = bump(2) + late + own;
    }
    """
    owner = """
    global int counter = 1, late = 30000;
    static global int own = 70;
    int bump(int n) {
        static int calls = 200;
        work_group_barrier(CLK_GLOBAL_MEM_FENCE);
        return counter + n + calls + own;
    }
    """
    out = np.zeros(8, np.int32)
    with kcc.Device("m1") as device:
        program = linked(tmp_path, user, owner, flags="-cl-std=CL3.0")
        device.load(program)["k"](out, global_size=8, local_size=8)
    assert out.tolist() == [10 + 2 + 200 + 70 + 30000 + 5] * 8


REFUSED = {
    "recursion": (
        "int odd(int n); int even(int n) { return n ? odd(n - 1) : 1; } kernel void k(void) {}",
        "int even(int n); int odd(int n) { return n ? even(n - 1) : 0; }",
        ("recursion", "'even' calls 'odd' here", "a.cl:1", "'odd' calls 'even' here", "b.cl:1"),
    ),
    "two barriers": (
        "void sync(void) { barrier(1); } kernel void k(void) { sync(); }",
        "void sync(void) { barrier(1); }",
        ("duplicate-symbol", "'sync' is defined in a.cl and in b.cl", "b.cl:1:6", "a.cl:1:6"),
    ),
    "two kernels": (
        "kernel void k(void) {}",
        "kernel void k(void) {}",
        ("duplicate-symbol", "'k' is defined in a.cl and in b.cl"),
    ),
    "another type": (
        "struct s { int a; }; int f(struct s *p, int i); kernel void k(void) { f(0, 0); }",
        "struct s { int a, b; }; int f(struct s *p, int i) { return p->b + i; }",
        ("conflicting-types", "'f' is 'int (struct s *, int)' here", "a.cl:1", "in b.cl"),
    ),
    "a variable and a function": (
        "extern constant int f; kernel void k(global int *out) { *out = f; }",
        "int f(void) { return 1; }",
        ("conflicting-types", "'f' is 'int' here and 'int ()' in b.cl"),
    ),
    "a kernel of no input": (
        "kernel void there(void); kernel void k(void) { there(); }",
        "kernel void elsewhere(void) {}",
        ("undefined-function", "kernel 'there' is called and no input defines it"),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_inputs_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    first, second, expected = REFUSED[name]
    with pytest.raises(CompileError) as caught:
        linked(tmp_path, first, second)
    code, *texts = expected
    (found,) = [d for d in caught.value.diagnostics if d.severity == "error"]
    assert found.code == code
    for text in texts:
        assert text in str(caught.value)


@pytest.mark.parametrize("owner", ["b.o", "b.cl"])
def test_what_a_separate_object_cannot_call_says_why(owner: str) -> None:
    user = b"void sync(void); kernel void k(void) { sync(); }"
    helper = b"void sync(void) { barrier(1); }"
    objects = {}
    for name, text in (("a", user), ("b", helper)):
        made = compile_inputs(parse_options(["-c", f"{name}.cl"]), [(f"{name}.cl", text)])
        objects[f"{name}.o"] = made.files[0][1]
    inputs = [("a.o", objects["a.o"]), (owner, objects.get(owner, helper))]
    with pytest.raises(CompileError) as caught:
        compile_inputs(parse_options(["a.o", owner, "-o", "x.elf"]), inputs)
    (found,) = caught.value.diagnostics
    assert found.code == "undefined-symbol"
    assert f"'sync': in {owner} it comes to a barrier or to local memory" in found.message
    assert found.hint is not None

"""Address spaces end to end on the M1: program-scope objects, statics, the generic space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kcc

SOURCE = """
global int zero[3];
global int counter = 40;
global int *global to_counter = &counter;
int *generic_pointer = &counter;
global int table[2][3] = {{1, 2, 3}, {4, 5, 6}};
constant int *constant_pointer;
constant int fixed[2] = {7, 8};
constant int *constant fixed_pointer = fixed + 1;
global struct { int a; ulong address; global int *p; } mixed = {9, (ulong)&table[1][0] + 4, zero};
static const int hidden = 11;

int tick(void) { static int ticks; static int step = 2; return ticks += step; }
int outside(void) { extern int counter; return counter; }

kernel void globals(global long *r) {
    r[0] = zero[0] + zero[2]; r[1] = counter; r[2] = *to_counter; r[3] = *generic_pointer;
    r[4] = table[1][2]; r[5] = constant_pointer == 0; r[6] = *fixed_pointer; r[7] = mixed.a;
    r[8] = *(global int *)mixed.address; r[9] = mixed.p == zero; r[10] = hidden;
    constant_pointer = fixed; r[11] = *constant_pointer; constant_pointer = 0;
    *to_counter += 1; r[12] = outside();
}
kernel void statics(global int *r) { r[0] = tick(); r[1] = tick(); }

int sum(const int *p, int n) { int s = 0; for (int i = 0; i < n; i++) s += p[i]; return s; }
void put(int *p, int v) { *p = v; }
struct node { struct node *next; int v; };
kernel void generic_pointers(global int *g, local int *l) {
    int own[3] = {10, 20, 30};
    l[0] = 1; l[1] = 2; l[2] = 3;
    local int one;
    put(&one, 5); put(own + 1, 21); put(g + 1, one);
    int *p = g[0] ? own : (int *)l;
    struct node a = {0, 4}, b = {&a, 6};
    g[2] = sum(own, 3); g[3] = sum(l, 3); g[4] = sum(g, 2); g[5] = *p; g[6] = b.next->v;
    g[7] = (l == p) + 2 * (p == own) + 4 * ((global void *)g == (global void *)p);
    g[8] = *(local int *)p;
}

int counter_of_spaces;
__attribute__((noinline)) int space_of(int *p) {
    return (to_global(p) == p) + 2 * (to_local(p) == p) + 4 * (to_private(p) == p)
        + 8 * get_fence(p);
}
__attribute__((noinline)) int deeper(int *p, int depth) {
    int own[5] = {depth};
    return space_of(p) + (space_of(own + own[0]) != 4) * 1000;
}
kernel void spaces(global int *r, local int *l, local int *m, int n) {
    int own[4], x; local int one, many[10];
    private int *q = own;
    r[0] = space_of(r); r[1] = space_of(&counter_of_spaces); r[2] = space_of(l);
    r[3] = space_of(l + n - 1); r[4] = space_of(m); r[5] = space_of(&one);
    r[6] = space_of(many + 9); r[7] = space_of(q); r[8] = space_of(&x);
    r[9] = deeper(own, 3); r[10] = deeper(many, 0); r[11] = space_of(0);
    r[12] = to_local((int *)r) == 0 && to_private((int *)r) == 0 && to_global((int *)l) == 0;
    r[13] = *to_local((int *)&one) = 5;
    const volatile int *c = &x; const volatile private int *d = to_private(c); r[14] = d == &x;
}

#define OVERLOAD __attribute__((overloadable))
struct pair { int a, b; };
OVERLOAD int kind(global const int *p) { return 1; }
OVERLOAD int kind(local const int *p) { return 2; }
OVERLOAD int kind(private const int *p) { return 3; }
OVERLOAD int kind(int x) { return 4; }
OVERLOAD int kind(float x) { return 5; }
OVERLOAD int kind(float4 x) { return 6; }
OVERLOAD int kind(struct pair x) { return 7 + x.b; }
int kind(int a, int b) { return 9; }
kernel void overloads(global int *r, local int *l) {
    int own; struct pair p = {0, 1};
    r[0] = kind(r); r[1] = kind(l); r[2] = kind(&own); r[3] = kind('a'); r[4] = kind(1.5f);
    r[5] = kind((float4)1); r[6] = kind(p); r[7] = kind(1, 2);
}

void bump(global int *r, local int *l);
kernel void with_locals(global int *r, local int *l) {
    local int t[4]; t[3] = 3; l[0] = t[3]; bump(r, l); r[0] += l[0];
}
void bump(global int *r, local int *l) { l[0]++; }
static void through(global int *r, local int *l) { with_locals(r, l); }
kernel void kernel_calls(global int *r, local int *l) {
    local int u[2]; u[0] = 8; u[1] = 7;
    with_locals(r, l); through(r + 1, l); r[2] = u[0] * 10 + u[1];
}
"""


@pytest.fixture(scope="module", params=[pytest.param("-O0", marks=pytest.mark.slow), "-O3"])
def k(request: pytest.FixtureRequest) -> Iterator[dict[str, kcc.Kernel]]:
    with kcc.Device("m1") as device:
        yield device.load(kcc.compile(SOURCE, [request.param, "-cl-std=CL3.0"]))


def run(kernel: kcc.Kernel, count: int, *args: Any, dtype: Any = np.int32) -> list[int]:
    result = np.zeros(count, dtype)
    kernel(result, *args, global_size=1)
    listed: list[int] = result.tolist()
    return listed


def test_program_scope_objects_hold_their_initialisers_and_then_what_is_stored(
    k: dict[str, kcc.Kernel],
) -> None:
    first = [0, 40, 40, 40, 6, 1, 8, 9, 5, 1, 11, 7, 41]
    assert run(k["globals"], 13, dtype=np.int64) == first
    later = [0, 41, 41, 41, 6, 1, 8, 9, 5, 1, 11, 7, 42]
    assert run(k["globals"], 13, dtype=np.int64) == later


def test_a_static_of_a_function_lives_on_between_calls_and_launches(
    k: dict[str, kcc.Kernel],
) -> None:
    assert run(k["statics"], 2) == [2, 4]
    assert run(k["statics"], 2) == [6, 8]


def test_a_generic_pointer_reaches_every_space(k: dict[str, kcc.Kernel]) -> None:
    result = run(k["generic_pointers"], 9, kcc.local(12))
    assert result == [0, 5, 61, 6, 5, 1, 4, 1, 1]


def test_programs_on_one_device_keep_their_variables_apart() -> None:
    text = "int calls = {}; kernel void call(global int *r) {{ *r = calls++; }}"
    with kcc.Device("m1") as device:
        a, b = (device.load(kcc.compile(text.format(n), ["-cl-std=CL2.0"])) for n in (10, 20))
        seen = [run(program["call"], 1)[0] for program in (a, a, b, a, b, b, a)]
    assert seen == [10, 11, 20, 12, 21, 22, 13]


def test_a_pointer_can_be_asked_for_its_space(k: dict[str, kcc.Kernel]) -> None:
    in_global, in_local, in_private = 1 + 8 * 2, 2 + 8 * 1, 4
    result = run(k["spaces"], 15, kcc.local(12), kcc.local(5), np.int32(3))
    assert result[:2] == [in_global] * 2
    assert result[2:7] == [in_local] * 5
    assert result[7:9] == [in_private] * 2
    # A null pointer is equal to what each query gives for it.
    assert result[9:] == [in_private, in_local, 7 + 16, 1, 5, 1]


def test_a_kernel_calls_kernels_with_local_memory_of_their_own(
    k: dict[str, kcc.Kernel],
) -> None:
    assert run(k["kernel_calls"], 3, kcc.local(4)) == [4, 4, 87]


def test_overloads_are_told_apart_by_types_and_spaces(k: dict[str, kcc.Kernel]) -> None:
    assert run(k["overloads"], 8, kcc.local(4)) == [1, 2, 3, 4, 5, 6, 8, 9]

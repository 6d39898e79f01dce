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
"""


@pytest.fixture(scope="module", params=["-O0", "-O3"])
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

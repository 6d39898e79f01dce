"""Each shape that control flow around barriers can take, against NumPy in lock step.

Every kernel gets its group's part of `a`, in place; the work-items of a group exchange values
through `tile`. The Python function of its name does the same for all items of one group.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

import kcc

HELPERS = """
#define ITEM \\
    int n = get_local_size(0) * get_local_size(1) * get_local_size(2); \\
    int l = (get_local_id(2) * get_local_size(1) + get_local_id(1)) * get_local_size(0) \\
            + get_local_id(0); \\
    int group = (get_group_id(2) * get_num_groups(1) + get_group_id(1)) * get_num_groups(0) \\
                + get_group_id(0); \\
    a += group * n; \\
    int s = a[l]
#define MEET barrier(CLK_LOCAL_MEM_FENCE)
#define KERNEL(name) kernel void name(global int *a, local int *tile)

static int neighbour(local int *tile, int l, int n, int value) {
    tile[l] = value;
    MEET;
    int theirs = tile[(l + 1) % n];
    MEET;
    return theirs;
}

struct Sums { int first; long all[2]; };
static struct Sums rotate_sums(local int *tile, int l, int n, int times) {
    struct Sums sums = {l, {0, -1}};
    if (times == 0) return sums;
    int value = l * l;
    while (times-- > 0) {
        value = neighbour(tile, l, n, value);
        sums.all[times & 1] += value;
    }
    sums.first = neighbour(tile, l, n, sums.first);
    return sums;
}

struct Mixed { char c; short rows[2][3]; float4 v; };
"""
KERNELS = """
KERNEL(nested_loops) {
    ITEM;
    for (int i = 0; i < 3; i++) {
        tile[l] = s + i;
        MEET;
        for (int j = 0; j <= i; j++) {
            s += tile[(l + j + 1) % n];
            MEET;
            tile[l] ^= s;
            MEET;
        }
        if (i == 1) continue;
        s -= tile[(l * 5 + 3) % n];
        MEET;
    }
    a[l] = s;
}

KERNEL(conditionals) {
    ITEM;
    if (group & 1) {
        if (n > 4) { s = neighbour(tile, l, n, s); s *= 3; }
        else s += 7;
    } else {
        s += n % 3 == 0 ? neighbour(tile, l, n, s + 1) : neighbour(tile, l, n, s) - 1;
    }
    for (int turn = 0; ; turn++) {
        tile[l] = s + turn;
        MEET;
        if (turn == n % 4) break;
        if (l & 1) s += tile[l - 1];
        MEET;
    }
    a[l] = s + (n & 1 && neighbour(tile, l, n, s) > 0);
}

KERNEL(cases) {
    ITEM;
    for (int i = 0; i < 5; i++) {
        switch ((i + n + group) % 4) {
        case 0:
            s = neighbour(tile, l, n, s) + 1;
        case 1:
            tile[l] = s;
            MEET;
            s += tile[n - 1 - l];
            MEET;
            break;
        case 2:
            s *= 3;
            continue;
        default:
            MEET;
            s -= i;
        }
        s++;
    }
    a[l] = s;
}

KERNEL(leaving) {
    ITEM;
    if (group == 1) return;
    s = neighbour(tile, l, n, s);
    a[l] = s;
    if (group == 2) return;
    for (int i = 0; i < 3; i++) {
        s += neighbour(tile, l, n, s);
        if (group == 3 && i == 1) { a[l] = -s; return; }
    }
    a[l] = s;
}

KERNEL(helpers) {
    ITEM;
    struct Sums none = rotate_sums(tile, l, n, 0), before = rotate_sums(tile, l, n, 2);
    for (int i = 1; i < 3; i++) {
        struct Sums now = rotate_sums(tile, l, n, i);
        s += now.all[0] * 2 + now.all[1] - before.all[1] + now.first;
        before = now;
    }
    a[l] = s + none.first + none.all[1];
}

KERNEL(everything_alive) {
    ITEM;
    local struct Mixed board[2];
    struct Mixed mixed = {l, {{1, 2, 3}, {l, 5, 6}}, (float4)(0.5f, l, 2, s)};
    struct Mixed *there = &mixed;
    int list[5] = {l, s, 3}, *inside = &list[l % 5];
    double d = l / 4.0;
    long big = (long)s << 33;
    bool odd = l & 1;
    uchar8 bytes = (uchar8)(l);
    if (l == 0) { board[0] = mixed; board[1].c = 9; }
    MEET;
    *inside += board[0].rows[0][2];
    there->rows[1][0] += neighbour(tile, l, n, mixed.rows[1][0]);
    MEET;
    d += board[1].c;
    mixed.v.yw += (float2)(1, 2);
    bytes.s3 += 4;
    list[2] += neighbour(tile, l, n, odd ? list[0] : list[1]);
    a[l] = list[0] + list[1] + list[2] + list[l % 5] + mixed.c + there->rows[1][0]
         + (int)(mixed.v.x * 2 + mixed.v.y + mixed.v.w) + (int)(d * 4) + (int)(big >> 33)
         + odd * 1000 + bytes.s3 + bytes.s0;
}

KERNEL(odd_places) {
    ITEM;
    for (int i = 0; i < 2; MEET, i++)
        tile[l] = s, MEET, s += tile[(l + i) % n];
    do s = s / 2 + 1; while (neighbour(tile, l, n, n - s) < -1000000);
    int i = 0;
again:
    s ^= neighbour(tile, l, n, s + i);
    if (++i < 3) goto again;
    { MEET; MEET; }
    a[l] = s;
}
"""
FLAGS = ("-cl-std=CL2.0", "-Wno-implicit-fallthrough")
SHAPES = ((1,), (13,), (64,), (3, 5, 2))
MORE_SHAPES = ((7,), (101,), (1021,), (1, 7), (16, 16), (1, 1, 6), (8, 4, 4))
GROUPS = 4

Group = np.ndarray
Step = Callable[[Group, int], Group]


def after(s: Group, by: int = 1) -> Group:
    """What a work-item reads `by` places behind its own."""
    return s[(np.arange(s.size) + by) % s.size]


def nested_loops(s: Group, group: int) -> Group:
    n, l = s.size, np.arange(s.size)  # noqa: E741  # as in the kernels
    for i in range(3):
        tile = s + i
        for j in range(i + 1):
            s = s + after(tile, j + 1)
            tile = tile ^ s
        if i != 1:
            s = s - tile[(l * 5 + 3) % n]
    return s


def conditionals(s: Group, group: int) -> Group:
    n, l = s.size, np.arange(s.size)  # noqa: E741
    if group & 1:
        s = after(s) * 3 if n > 4 else s + 7
    else:
        s = s + (after(s + 1) if n % 3 == 0 else after(s) - 1)
    for turn in range(n % 4):
        s = np.where(l & 1, s + (s + turn)[l - 1], s)
    return s + (n & 1 and after(s) > 0)


def cases(s: Group, group: int) -> Group:
    for i in range(5):
        case = (i + s.size + group) % 4
        if case == 0:
            s = after(s) + 1
        if case <= 1:
            s = s + s[::-1]
        if case == 2:
            s = s * 3
            continue
        if case == 3:
            s = s - i
        s = s + 1
    return s


def leaving(s: Group, group: int) -> Group:
    if group == 1:
        return s
    s = after(s)
    if group == 2:
        return s
    for i in range(3):
        s = s + after(s)
        if group == 3 and i == 1:
            return -s
    return s


def helpers(s: Group, group: int) -> Group:
    l = np.arange(s.size)  # noqa: E741

    def rotate_sums(times: int) -> tuple[Group, list[Group]]:
        value, sums = l * l, [0 * l, 0 * l - 1]
        for left in reversed(range(times)):
            value = after(value)
            sums[left & 1] = sums[left & 1] + value
        return (after(l) if times else l), sums

    before = rotate_sums(2)
    for i in range(1, 3):
        now = rotate_sums(i)
        s = s + now[1][0] * 2 + now[1][1] - before[1][1] + now[0]
        before = now
    return s + l - 1


def everything_alive(s: Group, group: int) -> Group:
    l = np.arange(s.size)  # noqa: E741
    short, char, byte = (l.astype(t) for t in (np.int16, np.int8, np.uint8))
    rows = (short + after(short)).astype(np.int64)
    lists = np.stack([l, s, 0 * l + 3, 0 * l, 0 * l])
    lists[l % 5, l] += 3
    lists[2] += after(np.where(l & 1, lists[0], lists[1]))
    v = 1 + l + 1 + s + 2
    kept = s + (l & 1) * 1000 + (byte + np.uint8(4)).astype(np.int64) + byte
    return lists[:3].sum(0) + lists[l % 5, l] + char + rows + v + l + 36 + kept


def odd_places(s: Group, group: int) -> Group:
    for i in range(2):
        s = s + after(s, i)
    s = (s / 2).astype(np.int64) + 1  # towards zero, as C divides
    for i in range(3):
        s = s ^ after(s + i)
    return s


STEPS: tuple[Step, ...] = (
    nested_loops, conditionals, cases, leaving, helpers, everything_alive, odd_places,
)  # fmt: skip
QUICK = (conditionals, leaving, odd_places)
Kernels = dict[str, kcc.Kernel]


def source_of(steps: tuple[Step, ...]) -> str:
    names = {f"KERNEL({step.__name__})" for step in steps}
    kernels = re.split(r"^(?=KERNEL)", KERNELS, flags=re.M)
    return HELPERS + "".join(text for text in kernels if text.partition(" ")[0] in names)


def check(kernels: Kernels, step: Step, shape: tuple[int, ...]) -> None:
    n = int(np.prod(shape))
    given = np.random.default_rng(n).integers(-99, 99, (GROUPS, n), dtype=np.int32)
    got = given.copy()
    size = (shape[0] * GROUPS, *shape[1:])
    kernels[step.__name__](got, kcc.local(4 * n), global_size=size, local_size=shape)
    want = [step(row.astype(np.int64), group) for group, row in enumerate(given)]
    message = f"{step.__name__} in groups of {shape}"
    np.testing.assert_array_equal(got, np.array(want).astype(np.int32), err_msg=message)


def test_some_barrier_shapes() -> None:
    with kcc.Device("m1") as device:
        kernels = device.load(kcc.compile(source_of(QUICK), (*FLAGS, "-O1")))
        for step in QUICK:
            for shape in SHAPES:
                check(kernels, step, shape)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "threads"), [("-O0", 1), ("-O1", 2), ("-O3", 2), ("-O3 -fno-vectorize", 1)]
)
def test_every_build_gives_the_same(flags: str, threads: int) -> None:
    program = kcc.compile(source_of(STEPS), (*FLAGS, *flags.split()))
    with kcc.Device("m1", threads=threads) as device:
        kernels = device.load(program)
        for step in STEPS:
            for shape in SHAPES + MORE_SHAPES:
                check(kernels, step, shape)

"""Aggregates, enums and layout end to end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kcc

SOURCE = """
typedef uint loose __attribute__((aligned(1)));
typedef struct __attribute__((packed)) { char c; int n; float v[3]; } tight;
typedef struct { char c; int n __attribute__((packed)); short s; } partly;
typedef enum __attribute__((packed)) { LOW = -1, HIGH = 100 } level;
typedef enum { NONE, SOME } kind;
union number { int i; float f; uchar b[8]; };
struct inner { int x, y[4]; };
struct outer { char c; union { struct inner in; float f[8]; }; level l; kind k; };
struct box { struct outer o[2]; union number n; float4 v; };

constant struct inner table[8] = {[0 ... 3].x = 1, [1 ... 2].y[1 ... 2] = 7, [6] = {5, {4, 3}}};
constant struct inner copied = (struct inner){3, {[2] = 9}};
constant int *constant literal = (constant int[]){11, 12, 13};
constant int folded = table[6].y[1] + copied.y[2] + (struct inner){2}.x + (1, 2);

kernel void layout(global uchar *bytes, global uint *out, tight t, global tight *tights,
                   global partly *partlies, level l) {
    out[0] = *(global loose *)(bytes + 1);
    *(global loose *)(bytes + 5) = 0x01020304;
    tights[1] = t;
    tights[1].n += 1;
    tights[0].v[2] = t.v[1] + 1;
    global int *unaligned = &tights[1].n;
    partlies[1].n = 7;
    partlies[1].s = (short)(partlies[0].n + partlies[0].s);
    level levels[3] = {LOW, HIGH, l};
    out[1] = sizeof levels;
    out[2] = levels[0] < 0 && levels[1] > levels[2];
    kind k = NONE;
    out[3] = k - 1 > 0;
}

static struct box changed(struct box b, int by) {
    b.o[1].in.y[3] += by;
    b.n.i = by;
    b.v.yz *= 2;
    return b;
}

kernel void values(global struct box *out, struct box b, union number n) {
    size_t i = get_global_id(0);
    struct box other = changed(b, (int)i + n.i);
    volatile struct box kept = other;
    struct box *p = &other;
    p->o[0] = b.o[1];
    out[2 * i] = *p;
    out[2 * i + 1] = kept;
    out[2 * i + 1].o[1].l = (level)(kept.o[1].l + 1);
}

kernel void constants(global int *out) {
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 5; j++)
            out[5 * i + j] = j ? table[i].y[j - 1] : table[i].x;
    out[40] = literal[1];
    out[41] = folded;
    struct inner local_one = {.y[1 ... 2] = copied.y[2], .x = literal[2]};
    struct inner rows[2][2] = {[0 ... 1][1] = local_one, [1][0].y[3] = 6};
    int sum = 0;
    for (int i = 0; i < 4; i++)
        sum = sum * 100 + rows[i / 2][i % 2].x + rows[i / 2][i % 2].y[2] + rows[i / 2][i % 2].y[3];
    out[42] = sum;
    int twice(int);
    out[43] = twice(21);
}
int twice(int x) { return 2 * x; }
"""

INNER = np.dtype([("x", "i4"), ("y", "i4", 4)])
OUTER = np.dtype({
    "names": ["c", "x", "y", "l", "k"],
    "formats": ["i1", "i4", ("i4", 4), "i1", "u4"],
    "offsets": [0, 4, 8, 36, 40],
    "itemsize": 44,
})  # fmt: skip
BOX = np.dtype({
    "names": ["o", "n", "v"],
    "formats": [(OUTER, 2), "i8", ("f4", 4)],
    "offsets": [0, 88, 96],
    "itemsize": 112,
})  # fmt: skip
TIGHT = np.dtype([("c", "i1"), ("n", "i4"), ("v", "f4", 3)])
PARTLY = np.dtype({"names": ["c", "n", "s"], "formats": ["i1", "i4", "i2"],
                   "offsets": [0, 1, 6], "itemsize": 8})  # fmt: skip


@pytest.fixture(scope="module", params=[pytest.param("-O0", marks=pytest.mark.slow), "-O3"])
def kernels(request: pytest.FixtureRequest) -> Any:
    with kcc.Device("m1") as device:
        yield device.load(kcc.compile(SOURCE, [request.param, "-Wno-unused-value"]))


def test_layout(kernels: Any) -> None:
    data = np.arange(16, dtype=np.uint8)
    out = np.zeros(4, np.uint32)
    tights, partlies = np.zeros(2, TIGHT), np.zeros(2, PARTLY)
    partlies[0] = (0, 40, 2)
    given = np.array((1, 41, [1, 2, 3]), TIGHT)
    kernels["layout"](data, out, given, tights, partlies, 5, global_size=1)
    assert out.tolist() == [0x04030201, 3, 1, 1]
    assert data[5:10].tolist() == [4, 3, 2, 1, 9]
    assert tights.tobytes() == np.array([(0, 0, [0, 0, 3]), (1, 42, [1, 2, 3])], TIGHT).tobytes()
    assert partlies.tolist() == [(0, 40, 2), (0, 7, 42)]


def test_structs_are_values(kernels: Any) -> None:
    given = np.zeros((), BOX)
    given["o"] = [(1, 2, [3, 4, 5, 6], -1, 1), (7, 8, [9, 10, 11, 12], 99, 0)]
    given["v"] = [1, 2, 3, 4]
    out = np.zeros(6, BOX)
    kernels["values"](out, given, np.int64(100).tobytes(), global_size=3)
    for i in range(3):
        want = given.copy()
        want["o"][1]["y"][3] += 100 + i
        want["n"] = 100 + i
        want["v"] = [1, 4, 6, 4]
        first, second = want.copy(), want
        first["o"][0] = given["o"][1]
        second["o"][1]["l"] += 1
        assert str(out[2 * i]) == str(first)
        assert str(out[2 * i + 1]) == str(second)


def test_constants(kernels: Any) -> None:
    out = np.zeros(44, np.int32)
    kernels["constants"](out, global_size=1)
    rows = np.zeros((8, 5), np.int32)
    rows[:4, 0] = 1
    rows[1:3, 2:4] = 7
    rows[6] = [5, 4, 3, 0, 0]
    assert out[:40].tolist() == rows.ravel().tolist()
    # 0, local_one, 6, local_one: each x + y[2] + y[3]
    assert out[40:].tolist() == [12, 3 + 9 + 2 + 2, 22 * 10000 + 6 * 100 + 22, 42]

"""Jumps end to end on the M1: goto anywhere, switches of every shape, loops left early."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import kcc

SOURCE = """
// Into a loop, out of two, backwards, and past an initialiser.
int jumps(int n) {
    int r = 0, i = 5;
    if (n & 1) goto inside;
    for (i = 0; i < 4; i++) {
        r += 10;
inside:
        r += i;
        for (int j = 0; ; j++) {
            if (j == n) goto out;
            if (j > i) break;
            r += 100;
        }
    }
out:
    if (r < 50) { r += n + 1; goto again; }
    return r;
again:
    { int skipped = 7; goto in_block; r += skipped; in_block: r *= 2; }
    if (r < 50) goto out;
    return -r;
}
// Cases in nested blocks, loops and conditionals of one switch (Duff's device among them).
int cases(int n) {
    int r = 0, left = 2;
    switch (n % 8) {
        r = 1000;
    case 0: do { r += 1;
        { case 7: r += 10; }
        if (n > 20) { case 6: r += 100; } else { case 5: r += 1000; }
    default: r += 5; } while (--left > 0);
        break;
    case 3: switch (n) { case 3: r = 33; break; case 11: r = 34; default: r++; }
    case 4: r += 4;
    }
    return r;
}
int ranges(long n, uchar c) {
    int r = 0;
    switch (n) {
    case -5 ... -1: r = 1; break;
    case 0 ... 3: case 6: r = 2; break;
    case 100 ... 4000000000: r = 3; break;
    case 0x7ffffffffffffff0 ... 0x7fffffffffffffff: r = 4; break;
    case -0x7fffffffffffffff - 1 ... -1000: r = 5;
    }
    switch (c) { case 250 ... 255: r += 10; break; case 0 ... 127: r += 20; }
    return r;
}
enum colour { RED, GREEN = 5, BLUE };
int kinds(int n) {
    int r = 0;
    switch ((enum colour)n) { case RED: r = 1; break; case GREEN: r = 2; case BLUE: r += 3; }
    switch ((bool)n) { case false: r += 10; break; case true: r += 20; }
    for (int i = 0; i < 6; i++) {
        switch (i) { case 1: continue; case 4: goto done; default: break; }
        r += 100;
    }
done:
    do { if (n-- > 3) continue; r += 1000; } while (n > 0);
    return r + (n = 1, n + 1, n * 4);
}
kernel void k(global int *r) {
    int n = get_global_id(0);
    r[4 * n] = jumps(n); r[4 * n + 1] = cases(n); r[4 * n + 3] = kinds(n);
    r[4 * n + 2] = ranges(n % 3 ? n - 7 : n % 2 ? n * 1000000000L : -n * 1000L, n * 9);
}
"""
N = 32


def jumps(n: int) -> int:
    r = 0
    start = 5 if n & 1 else 0
    for i in range(start, max(4, start + 1)):
        if i >= 4 and not (n & 1 and i == 5):
            break
        r += i if (n & 1 and i == start) else 10 + i
        j = 0
        left = False
        while True:
            if j == n:
                left = True
                break
            if j > i:
                break
            r += 100
            j += 1
        if left:
            break
    while r < 50:
        r = (r + n + 1) * 2
        if r >= 50:
            return -r
    return r


def cases(n: int) -> int:
    r, left, at = 0, 2, n % 8
    if at in (3, 4):
        if at == 3:
            r = {3: 33, 11: 35}.get(n, 1)
        return r + 4
    entry = at if at in (0, 7, 6, 5) else -1  # -1: default
    while True:
        if entry == 0:
            r += 1
        if entry in (0, 7):
            r += 10
        if entry in (0, 7):
            r += 100 if n > 20 else 1000
        elif entry == 6:
            r += 100
        elif entry == 5:
            r += 1000
        r += 5
        left -= 1
        entry = 0
        if left <= 0:
            return r


def ranges(n: int, c: int) -> int:
    r = 0
    for low, high, value in (
        (-5, -1, 1), (0, 3, 2), (6, 6, 2), (100, 4000000000, 3),
        (0x7FFFFFFFFFFFFFF0, 0x7FFFFFFFFFFFFFFF, 4), (-(1 << 63), -1000, 5),
    ):  # fmt: skip
        if low <= n <= high:
            r = value
    return r + (10 if c >= 250 else 20 if c < 128 else 0)


def kinds(n: int) -> int:
    r = {0: 1, 5: 5, 6: 3}.get(n, 0) + (20 if n else 10) + 300
    while True:
        n -= 1
        if n + 1 <= 3:
            r += 1000
        if n <= 0:
            return r + 4


Results = np.ndarray[tuple[int, ...], np.dtype[np.int32]]


@pytest.fixture(scope="module")
def results() -> Iterator[Results]:
    with kcc.Device("m1") as device:
        kernel = device.load(kcc.compile(SOURCE))["k"]
        r = np.zeros(4 * N, np.int32)
        kernel(r, global_size=N)
        yield r.reshape(N, 4)


def selector(n: int) -> int:
    return n - 7 if n % 3 else n * 1000000000 if n % 2 else -n * 1000


MODELS: list[Callable[[int], int]] = [
    jumps, cases, lambda n: ranges(selector(n), n * 9 % 256), kinds,
]  # fmt: skip


@pytest.mark.parametrize("column", range(4), ids=["goto", "cases", "ranges", "kinds"])
def test_control_goes_where_c_says(results: Results, column: int) -> None:
    assert results[:, column].tolist() == [MODELS[column](n) for n in range(N)]

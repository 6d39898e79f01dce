"""Kernels whose work-items wait for each other, against NumPy at many sizes of a group."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import kcc

SOURCE = """
kernel void reverse(global int *a, local int *tile) {
    size_t l = get_local_id(0), n = get_local_size(0), g = get_global_id(0);
    tile[l] = a[g];
    barrier(CLK_LOCAL_MEM_FENCE);
    a[g] = tile[n - 1 - l];
}

kernel void scan(global int *a, local int *tile) {
    int l = get_local_id(0), n = get_local_size(0), g = get_global_id(0);
    tile[l] = a[g];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int step = 1; step < n; step <<= 1) {
        int other = l >= step ? tile[l - step] : 0;
        work_group_barrier(CLK_LOCAL_MEM_FENCE);
        tile[l] += other;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    a[g] = tile[l];
}

kernel void sort(global int *a, local int *tile) {
    int l = get_local_id(0), n = get_local_size(0), g = get_global_id(0);
    tile[l] = a[g];
    for (int turn = 0; turn < n; turn++) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (l % 2 == turn % 2 && l + 1 < n && tile[l] > tile[l + 1]) {
            int kept = tile[l];
            tile[l] = tile[l + 1];
            tile[l + 1] = kept;
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    a[g] = tile[l];
}

kernel void whole_groups(global int *a) {
    local int tile[1024];
    int l = get_local_id(0), n = get_local_size(0), g = get_global_id(0);
    if (get_group_id(0) & 1) return;
    tile[l] = a[g] * 3;
    barrier(CLK_LOCAL_MEM_FENCE);
    switch (n % 3) {
    case 0: a[g] = tile[(l + 1) % n]; barrier(CLK_LOCAL_MEM_FENCE);  // and on
    case 1: a[g] += tile[l]; break;
    default: do { barrier(CLK_GLOBAL_MEM_FENCE); a[g]++; } while (--n % 2);
    }
}

struct Pair { int first; long last[2]; };
struct Pair both(local int *tile, int l, struct Pair p) {
    barrier(CLK_LOCAL_MEM_FENCE);
    int *inside = &p.first;
    p.last[1] = tile[l];
    barrier(CLK_LOCAL_MEM_FENCE);
    *inside += tile[0];
    return p;
}
kernel void alive(global int *a, local int *tile) {
    size_t l = get_local_id(0), n = get_local_size(0), g = get_global_id(0);
    struct Pair p = {l, {5, 6}};
    int4 v = (int4)(l, 1, 2, 3);
    bool odd = l & 1;
    int list[3] = {a[g], l * 2, 7}, *where = list + l % 3;
    double d = l * 0.5;
    tile[l] = a[g];
    p = both(tile, (l + 1) % n, p);
    v.yz += (int2)(p.last[1], 1);
    int x = *where + (barrier(CLK_LOCAL_MEM_FENCE), odd ? 100 : 200);
    a[g] = p.first * 1000 + v.y + v.z + x + (int)(d * 2) + p.last[0];
}

kernel void transpose(global const float *in, global float *out, local float *tile) {
    size_t x = get_local_id(0), y = get_local_id(1), n = get_local_size(0), m = get_local_size(1);
    tile[y * n + x] = in[get_global_id(1) * get_global_size(0) + get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    size_t k = y * n + x, row = k / m, column = k % m;
    size_t at = (get_group_id(0) * n + row) * get_global_size(1) + get_group_id(1) * m + column;
    out[at] = tile[column * n + row];
}

kernel void multiply(global const float *a, global const float *b, global float *c, int n,
                     local float *ta, local float *tb) {
    int x = get_local_id(0), y = get_local_id(1), t = get_local_size(0);
    int row = get_global_id(1), column = get_global_id(0);
    float sum = 0;
    for (int k = 0; k < n; k += t) {
        ta[y * t + x] = a[row * n + k + x];
        tb[y * t + x] = b[(k + y) * n + column];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int i = 0; i < t; i++) sum += ta[y * t + i] * tb[i * t + x];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    c[row * n + column] = sum;
}
"""
SIZES = (1, 2, 7, 64)
WHERE = [
    ("m1", "-O3"),
    pytest.param(("m1", "-O0", "-march=rv64gc"), marks=pytest.mark.slow),
    pytest.param(("g1", "-O3"), marks=pytest.mark.slow),
    pytest.param(("g1", "-O3", "-fwork-item-mode=wi"), marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=WHERE, ids=" ".join)
def kernels(request: pytest.FixtureRequest) -> Iterator[dict[str, kcc.Kernel]]:
    name, *flags = request.param
    program = kcc.compile(SOURCE, ("-cl-std=CL2.0", "-Wno-implicit-fallthrough", *flags))
    with kcc.Device(name) as device:
        yield device.load(program)


def numbers(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(-1000, 1000, count, dtype=np.int32)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("reverse", lambda groups: groups[:, ::-1]),
        ("scan", lambda groups: groups.cumsum(axis=1)),
        ("sort", lambda groups: np.sort(groups, axis=1)),
    ],
)
def test_groups_exchange_through_local_memory(kernels, name, expected, size) -> None:
    a = numbers(size * 3)
    want = expected(a.reshape(3, size)).ravel()
    kernels[name](a, kcc.local(4 * size), global_size=3 * size, local_size=size)
    np.testing.assert_array_equal(a, want)


@pytest.mark.parametrize("size", SIZES)
def test_groups_leave_as_a_whole(kernels, size: int) -> None:
    a = numbers(size * 2)
    want = a.reshape(2, size).copy()
    tile = want[0] * 3
    if size % 3 == 0:
        want[0] = np.roll(tile, -1) + tile
    elif size % 3 == 1:
        want[0] += tile
    else:
        turns, left = 1, size - 1
        while left % 2:
            turns, left = turns + 1, left - 1
        want[0] += turns
    kernels["whole_groups"](a, global_size=2 * size, local_size=size)
    np.testing.assert_array_equal(a, want.ravel())


@pytest.mark.parametrize("size", SIZES)
def test_everything_stays_alive(kernels, size: int) -> None:
    a = numbers(size)
    lid = np.arange(size)
    picked = np.choose(lid % 3, [a, lid * 2, np.full(size, 7)])
    other = np.roll(a, -1)
    want = (lid + a[0]) * 1000 + (1 + other) + 3 + picked + np.where(lid & 1, 100, 200) + lid + 5
    kernels["alive"](a, kcc.local(4 * size), global_size=size, local_size=size)
    np.testing.assert_array_equal(a, want)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (16, 16)])
def test_transposed_through_local_memory(kernels, shape: tuple[int, int]) -> None:
    most = 8 if kernels["transpose"].info.by_items else 16  # of 64 harts
    n, m = shape = (min(shape[0], most), min(shape[1], most))
    a = np.random.default_rng(n).random((m * 2, n * 3), np.float32)
    out = np.zeros((n * 3, m * 2), np.float32)
    kernels["transpose"](a, out, kcc.local(4 * n * m), global_size=(n * 3, m * 2), local_size=shape)
    np.testing.assert_array_equal(out, a.T)


@pytest.mark.parametrize("tile", [3, 8])
def test_product_by_tiles(kernels, tile: int) -> None:
    n = tile * 3
    rng = np.random.default_rng(tile)
    a, b = (rng.integers(-9, 9, (n, n)).astype(np.float32) for _ in range(2))
    c = np.zeros((n, n), np.float32)
    room = kcc.local(4 * tile * tile)
    kernels["multiply"](a, b, c, n, room, room, global_size=(n, n), local_size=(tile, tile))
    np.testing.assert_array_equal(c, a @ b)  # small whole numbers: every order of sums is exact


def test_a_fault_behind_a_barrier_names_its_line() -> None:
    source = (
        "static int far(global int *p, int i) {\n"
        "    barrier(CLK_LOCAL_MEM_FENCE);\n"
        "    return p[i * 100000000];\n"
        "}\n"
        "kernel void f(global int *a) {\n"
        "    a[get_global_id(0)] = far(a, get_global_id(0));\n"
        "}\n"
    )
    program = kcc.compile(source, ("-O0", "-g"))
    with kcc.Device("m1") as device, pytest.raises(kcc.GuestFault) as fault:
        device.load(program)["f"](np.zeros(4, np.int32), global_size=4, local_size=4)
    assert "<source>:3:14 in 'far'" in str(fault.value)
    assert "<source>:6:27 in 'f'" in str(fault.value)
    assert fault.value.work_item == (1, 0, 0)


DIVERGENT = """
kernel void apart(global int *a) {
    if (get_local_id(0) < 3)
        barrier(CLK_LOCAL_MEM_FENCE);
    else
        barrier(CLK_LOCAL_MEM_FENCE);
    a[get_global_id(0)] = 1;
}
kernel void early(global int *a) {
    if (get_global_id(0) == 2) return;
    barrier(CLK_LOCAL_MEM_FENCE);
    a[get_global_id(0)] = 1;
}
kernel void together(global int *a) {
    for (int i = 0; i < 3; i++) barrier(CLK_LOCAL_MEM_FENCE);
    a[get_global_id(0)] = work_group_all(1);
}
"""


@pytest.mark.parametrize("level", [pytest.param("-O0", marks=pytest.mark.slow), "-O3"])
def test_work_items_that_do_not_meet_are_found(level: str, capfd) -> None:
    program = kcc.compile(DIVERGENT, ("-fcheck=barriers", "-cl-std=CL2.0", level))
    a = np.zeros(4, np.int32)
    with kcc.Device("m1") as device:
        kernels = device.load(program)
        for name in ("apart", "early"):
            with pytest.raises(kcc.GuestFault, match="illegal instruction"):
                kernels[name](a, global_size=4, local_size=4)
        kernels["together"](a, global_size=4, local_size=4)
    assert a.tolist() == [1] * 4
    assert capfd.readouterr().out.splitlines() == [
        "kernel 'apart': work-item (3,0,0) is at <source>:6:9, work-item (0,0,0) at <source>:4:9",
        "kernel 'early': work-item (2,0,0) is at the kernel's end, "
        "work-item (0,0,0) at <source>:11:5",
    ]

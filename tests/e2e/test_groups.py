"""What the work-items of a group do together: asynchronous copies, collective functions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import kcc

OPERATIONS = {"add": np.add, "min": np.minimum, "max": np.maximum}
TYPES = {"int": "i4", "ulong": "u8", "float": "f4", "double": "f8"}
MORE_TYPES = sorted(TYPES.keys() - {"int"})
COLLECTIVES = "\n".join(
    f"kernel void collect_{t}(global const {t} *in, global {t} *out) {{\n"
    "    size_t g = get_global_id(0), n = get_global_size(0);\n"
    + "".join(
        f"    out[{3 * i} * n + g] = work_group_reduce_{op}(in[g]);\n"
        f"    out[{3 * i + 1} * n + g] = work_group_scan_inclusive_{op}(in[g]);\n"
        f"    out[{3 * i + 2} * n + g] = work_group_scan_exclusive_{op}(in[g]);\n"
        for i, op in enumerate(OPERATIONS)
    )
    + "    out[9 * n + g] = work_group_broadcast(in[g], get_local_size(0) / 2);\n}\n"
    for t in TYPES
)
SOURCE = (
    COLLECTIVES
    + """
kernel void truth(global const int *in, global int *out) {
    int g = get_global_id(0);
    for (int i = 0; i < 3; i++) {  // as any function that waits, in loops too
        out[g] += (work_group_all(in[g] > i) ? 1 : 0) + (work_group_any(in[g] == i) ? 10 : 0);
    }
}

kernel void corner(global int *out) {
    size_t at = get_global_id(1) * get_global_size(0) + get_global_id(0);
    out[at] = work_group_broadcast((int)at, 1, 2);
}

kernel void copies(global const float *in, global float *out, local float *tile,
                   local float3 *wide, global const float3 *vectors, global float3 *kept) {
    size_t n = get_local_size(0), l = get_local_id(0), start = get_group_id(0) * n;
    event_t e = async_work_group_copy(tile, in + start, n, 0);
    e = async_work_group_copy(wide, vectors, 2, e);
    prefetch(in, n);
    wait_group_events(1, &e);
    float mine = tile[n - 1 - l] * 2;
    barrier(CLK_LOCAL_MEM_FENCE);
    tile[l] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
    e = async_work_group_strided_copy(out + 2 * start, tile, n, 2, 0);
    wait_group_events(1, &e);
    e = async_work_group_strided_copy(tile, in, n / 2, 2, 0);
    wait_group_events(1, &e);
    if (l < n / 2) out[2 * (start + l) + 1] = tile[l];
    if (l < 2) kept[l] = wide[1 - l];
}
"""
)


WHERE = [
    ("m1", "-O3"),
    pytest.param(("m1", "-O0"), marks=pytest.mark.slow),
    pytest.param(("g1", "-O3", "-fwork-item-mode=wi"), marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=WHERE, ids=" ".join)
def kernels(request: pytest.FixtureRequest) -> Iterator[dict[str, kcc.Kernel]]:
    name, *flags = request.param
    with kcc.Device(name) as device:
        yield device.load(kcc.compile(SOURCE, ("-cl-std=CL2.0", *flags)))


@pytest.mark.parametrize(
    "name", ["int", *(pytest.param(t, marks=pytest.mark.slow) for t in MORE_TYPES)]
)
@pytest.mark.parametrize("size", [1, 7])
def test_reductions_and_scans(kernels: dict[str, kcc.Kernel], name: str, size: int) -> None:
    dtype = np.dtype(TYPES[name])
    least = 0 if dtype.kind == "u" else -50
    given = np.random.default_rng(size).integers(least, 50, 3 * size).astype(dtype)
    out = np.zeros(30 * size, dtype)
    kernels[f"collect_{name}"](given, out, global_size=3 * size, local_size=size)
    got, groups = out.reshape(10, 3, size), given.reshape(3, size)
    info = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    ends = (np.inf, -np.inf) if dtype.kind == "f" else (info.max, info.min)
    for i, (op, function) in enumerate(OPERATIONS.items()):
        scan = function.accumulate(groups, axis=1)
        first = {"add": 0, "min": ends[0], "max": ends[1]}[op]
        exclusive = np.concatenate([np.full((3, 1), first, dtype), scan[:, :-1]], axis=1)
        np.testing.assert_array_equal(got[3 * i], np.repeat(scan[:, -1:], size, axis=1))
        np.testing.assert_array_equal(got[3 * i + 1], scan)
        np.testing.assert_array_equal(got[3 * i + 2], exclusive)
    np.testing.assert_array_equal(
        got[9], np.repeat(groups[:, size // 2 : size // 2 + 1], size, axis=1)
    )


def test_all_and_any(kernels: dict[str, kcc.Kernel]) -> None:
    groups = np.array([[3, 4, 5], [1, 2, 9], [0, 0, 2]], np.int32)
    out = np.zeros(9, np.int32)
    kernels["truth"](groups.ravel(), out, global_size=9, local_size=3)
    want = [sum((g > i).all() + 10 * (g == i).any() for i in range(3)) for g in groups]
    assert out.reshape(3, 3).tolist() == [[w] * 3 for w in want]


def test_one_of_a_plane_is_heard_by_all(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros((6, 4), np.int32)
    kernels["corner"](out, global_size=(4, 6), local_size=(2, 3))
    at = np.arange(24).reshape(6, 4)
    want = np.repeat(np.repeat(at[2::3, 1::2], 3, axis=0), 2, axis=1)
    np.testing.assert_array_equal(out, want)


@pytest.mark.parametrize("size", [2, 16])
def test_copies(kernels: dict[str, kcc.Kernel], size: int) -> None:
    given = np.arange(3 * size, dtype=np.float32)
    out = np.full(6 * size, -1, np.float32)
    vectors, kept = np.arange(8, dtype=np.float32), np.zeros(8, np.float32)
    local, wide = kcc.local(4 * size), kcc.local(32)
    kernels["copies"](given, out, local, wide, vectors, kept, global_size=3 * size, local_size=size)
    got = out.reshape(3, size, 2)
    np.testing.assert_array_equal(got[:, :, 0], given.reshape(3, size)[:, ::-1] * 2)
    half = size // 2
    np.testing.assert_array_equal(got[:, :half, 1], np.tile(given[: 2 * half : 2], (3, 1)))
    assert (got[:, half:, 1] == -1).all()
    assert kept.reshape(2, 4)[:, :3].tolist() == [[4, 5, 6], [0, 1, 2]]


def test_what_one_item_does_costs_the_others_nothing() -> None:
    text = "kernel void k(global int *a) { a[get_global_id(0)] = work_group_reduce_max(a[0]); }"
    values = np.arange(1024, dtype=np.int32)
    with kcc.Device("m1") as device:
        kernel = device.load(kcc.compile(text, ("-cl-std=CL2.0", "-O3")))["k"]
        stats = kernel(values, global_size=1024, local_size=256)
    assert sum(stats.retired) < 2 * len(values)

"""Atomics under contention: 4 and 64 harts, in turns and at once; results are exact."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

import kcc

SOURCE = """
kernel void counters(global atomic_int *n, global atomic_ulong *wide, global atomic_uint *u,
                     int times) {
    int g = get_global_id(0);
    for (int i = 0; i < times; i++) {
        int v = g * times + i;
        atomic_fetch_add(n, v);
        atomic_fetch_sub_explicit(n + 1, v, memory_order_relaxed);
        atomic_fetch_min_explicit(n + 2, -v, memory_order_acquire, memory_scope_device);
        atomic_fetch_max_explicit(n + 3, v, memory_order_release, memory_scope_all_svm_devices);
        atomic_fetch_or(u, 1u << (v & 31));
        atomic_fetch_xor(u + 1, (uint)v * 2654435761u);
        atomic_fetch_and(u + 2, ~(1u << (v % 31)));
        atomic_fetch_add(wide, (ulong)v << 20);
        atomic_fetch_max(wide + 1, ~(ulong)v);
        atomic_fetch_min(wide + 2, (1UL << 40) - v);
        atomic_fetch_xor(wide + 3, (ulong)v << 32 | v);
    }
}

kernel void histogram(global const uchar *data, global volatile uint *bins, int per_item) {
    local uint own[256];
    for (int i = get_local_id(0); i < 256; i += get_local_size(0)) own[i] = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < per_item; i++)
        atomic_inc(own + data[get_global_id(0) * per_item + i]);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = get_local_id(0); i < 256; i += get_local_size(0))
        if (own[i]) atomic_add(bins + i, own[i]);
}

// A queue that takes places by counting, and a stack that links what is pushed.
kernel void push(global atomic_uint *ends, global uint *queue, global atomic_uint *top,
                 global uint *below, int times) {
    uint g = get_global_id(0);
    for (int i = 0; i < times; i++) {
        uint value = g * times + i;
        queue[atomic_fetch_add_explicit(ends, 1u, memory_order_relaxed)] = value;
        uint seen = atomic_load_explicit(top, memory_order_relaxed);
        do below[value] = seen;
        while (!atomic_compare_exchange_weak_explicit(top, &seen, value, memory_order_acq_rel,
                                                      memory_order_relaxed));
    }
}
kernel void pop(global atomic_uint *ends, global const uint *queue, global atomic_uint *top,
                global const uint *below, global uint *taken, int times) {
    uint g = get_global_id(0);
    for (int i = 0; i < times; i++) {
        uint place = atomic_fetch_add(ends + 1, 1u);
        taken[2 * (g * times + i)] = queue[place];
        uint seen = atomic_load(top);
        while (!atomic_compare_exchange_strong(top, &seen, below[seen]));
        taken[2 * (g * times + i) + 1] = seen;
    }
}

// A lock, a sum in floats, and a token that is passed on by exchange.
kernel void locked(global atomic_flag *lock, global int *plain, global atomic_float *sum,
                   volatile global float *token, global float *got, int times) {
    int g = get_global_id(0);
    for (int i = 0; i < times; i++) {
        while (atomic_flag_test_and_set_explicit(lock, memory_order_acquire, memory_scope_device));
        plain[0] += 1;
        plain[1] += plain[0];
        atomic_flag_clear_explicit(lock, memory_order_release, memory_scope_device);
        float old = atomic_load(sum);
        while (!atomic_compare_exchange_strong(sum, &old, old + 1.0f));
        got[g * times + i] = atomic_xchg(token, (float)(g * times + i + 1));
    }
}

// The group that comes last sums up what all have written.
kernel void last_sums(global uint *parts, global atomic_uint *arrived, global uint *sum) {
    local uint count;
    if (get_local_id(0) == 0) {
        parts[get_group_id(0)] = get_group_id(0) * 3 + 1;
        count = atomic_fetch_add_explicit(arrived, 1u, memory_order_acq_rel, memory_scope_device);
    }
    work_group_barrier(CLK_LOCAL_MEM_FENCE);
    if (count == get_num_groups(0) - 1 && get_local_id(0) == 0)
        for (uint i = 0; i < get_num_groups(0); i++) *sum += parts[i];
}
"""
DEVICES = [("m1", 1), ("m1", 3), ("g64", 1), ("g64", 2)]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program() -> kcc.Program:
    return kcc.compile(SOURCE, ("-cl-std=CL2.0", "-O2"))


@pytest.fixture(scope="module")
def g64(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A G1 all of whose harts run work-groups."""
    text = resources.files("kcc.device").joinpath("profiles/g1.toml").read_text()
    path = tmp_path_factory.mktemp("device") / "g64.toml"
    path.write_text(text.replace("group_harts = 2", "group_harts = 64"))
    return path


@pytest.fixture(scope="module", params=DEVICES, ids=str)
def kernels(
    request: pytest.FixtureRequest, program: kcc.Program, g64: Path
) -> Iterator[dict[str, kcc.Kernel]]:
    name, threads = request.param
    with kcc.Device(str(g64) if name == "g64" else name, threads=threads) as device:
        yield device.load(program)


ITEMS, GROUP, TIMES = 512, 4, 3
SIZES = {"global_size": ITEMS, "local_size": GROUP}
COUNT = ITEMS * TIMES


def test_counters(kernels: dict[str, kcc.Kernel]) -> None:
    n, wide = np.array([0, 0, 0, 0], np.int32), np.array([0, 0, 1 << 50, 0], np.uint64)
    u = np.array([0, 0, 0xFFFFFFFF], np.uint32)
    stats = kernels["counters"](n, wide, u, TIMES, **SIZES)
    assert all(stats.retired)  # every hart had its part
    v = np.arange(COUNT)
    total = int(v.sum())
    assert n.tolist() == [total, -total, 1 - COUNT, COUNT - 1]
    mixed = np.bitwise_xor.reduce(v.astype(np.uint32) * np.uint32(2654435761))
    assert u.tolist() == [0xFFFFFFFF, mixed, 1 << 31]
    both = np.bitwise_xor.reduce((v << 32 | v).astype(np.uint64))
    assert wide.tolist() == [total << 20, (1 << 64) - 1, (1 << 40) - COUNT + 1, both]


def test_histogram(kernels: dict[str, kcc.Kernel]) -> None:
    data = np.random.default_rng(3).integers(0, 256, COUNT).astype(np.uint8)
    bins = np.zeros(256, np.uint32)
    kernels["histogram"](data, bins, TIMES, **SIZES)
    np.testing.assert_array_equal(bins, np.bincount(data, minlength=256))


def test_queue_and_stack(kernels: dict[str, kcc.Kernel]) -> None:
    end = 0xFFFFFFFF
    ends, top = np.zeros(2, np.uint32), np.array([end], np.uint32)
    queue, below = np.zeros(COUNT, np.uint32), np.zeros(COUNT, np.uint32)
    kernels["push"](ends, queue, top, below, TIMES, **SIZES)
    assert sorted(queue.tolist()) == list(range(COUNT))
    at, linked = int(top[0]), []
    while at != end:
        linked.append(at)
        at = int(below[at])
    assert sorted(linked) == list(range(COUNT))
    taken = np.zeros((COUNT, 2), np.uint32)
    kernels["pop"](ends, queue, top, below, taken, TIMES, **SIZES)
    assert ends.tolist() == [COUNT] * 2
    assert top.tolist() == [end]
    for column in taken.T:
        assert sorted(column.tolist()) == list(range(COUNT))


def test_locks_and_floats(kernels: dict[str, kcc.Kernel]) -> None:
    lock, plain = np.zeros(1, np.int32), np.zeros(2, np.int32)
    sums, token = np.zeros(1, np.float32), np.zeros(1, np.float32)
    got = np.zeros(COUNT, np.float32)
    kernels["locked"](lock, plain, sums, token, got, TIMES, **SIZES)
    assert plain.tolist() == [COUNT, COUNT * (COUNT + 1) // 2]
    assert sums.tolist() == [COUNT]
    assert sorted([*got.tolist(), *token.tolist()]) == list(range(COUNT + 1))


def test_the_last_group_sees_all(kernels: dict[str, kcc.Kernel]) -> None:
    groups = ITEMS // GROUP
    parts, arrived, total = np.zeros(groups, np.uint32), np.zeros(1, np.uint32), np.zeros(1, "u4")
    kernels["last_sums"](parts, arrived, total, **SIZES)
    assert total.tolist() == [3 * groups * (groups - 1) // 2 + groups]

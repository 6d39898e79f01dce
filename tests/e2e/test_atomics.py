"""Atomic operations of OpenCL 1.x and 2.0, on four harts in turns and at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import kcc

SOURCE = """
kernel void old(global int *n, global uint *h, global long *l, global float *f,
                volatile local int *seen) {
    int g = get_global_id(0);
    if (get_local_id(0) == 0) *seen = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_add(n, 2);
    atomic_sub(n + 1, g);
    atomic_inc(n + 2);
    atomic_dec(n + 3);
    atomic_max(n + 4, g - 5);
    atomic_min(n + 5, 5 - g);
    if (atomic_cmpxchg(n + 6, 0, 1) == 0) atomic_add(n + 7, 1);  // one comes first
    atomic_inc(seen);
    atomic_min(h, 1000u + g);
    atomic_max(h + 1, 0xfffffff0u - g);
    atomic_or(h + 2, 1u << (g & 31));
    atomic_xor(h + 3, 3u << (g & 15));
    atomic_and(h + 4, ~(1u << (g & 31)));
    atom_add(l, 1L << 33);
    atom_min(l + 1, (long)-g);
    atomic_xchg(f, 1.5f);
    barrier(CLK_LOCAL_MEM_FENCE);
    if (get_local_id(0) == 0) atomic_add(n + 8, *seen);
    mem_fence(CLK_GLOBAL_MEM_FENCE);
}

global atomic_int launches = ATOMIC_VAR_INIT(5);
global atomic_flag taken = ATOMIC_FLAG_INIT;
kernel void modern(global atomic_int *n, global atomic_ulong *l, global atomic_float *f,
                   global int *plain, global int *out) {
    local atomic_uint seen;
    int g = get_global_id(0);
    if (get_local_id(0) == 0) atomic_init(&seen, 0);
    work_group_barrier(CLK_LOCAL_MEM_FENCE, memory_scope_work_group);
    atomic_fetch_add(n, 2);
    atomic_fetch_max_explicit(n + 1, g, memory_order_relaxed);
    atomic_fetch_min_explicit(n + 2, -g, memory_order_acq_rel, memory_scope_device);
    atomic_fetch_xor(l, 1UL << (g & 63));
    atomic_fetch_add(&seen, 1);
    atomic_fetch_add(&launches, 1);
    atomic_exchange(f, 0.5f);
    float want = atomic_load(f + 1);
    while (!atomic_compare_exchange_weak(f + 1, &want, want + 1));
    while (atomic_flag_test_and_set_explicit(&taken, memory_order_acquire));
    *plain += 1;
    atomic_flag_clear_explicit(&taken, memory_order_release);
    work_group_barrier(CLK_LOCAL_MEM_FENCE);
    out[g] = atomic_load_explicit(&seen, memory_order_acquire);
    if (g == 0) atomic_store(n + 3, 7);
    atomic_work_item_fence(CLK_GLOBAL_MEM_FENCE, memory_order_seq_cst, memory_scope_device);
}
"""
ITEMS, GROUP = 192, 16
WHERE = [
    ("m1", 1, "-O3"),
    ("m1", 2, "-O3"),
    ("m1", 2, "-O0"),
    pytest.param(("g1", 1, "-O3", "-fwork-item-mode=wi"), marks=pytest.mark.slow),
    pytest.param(("g1", 2, "-O3", "-fwork-item-mode=wi"), marks=pytest.mark.slow),
]


@pytest.fixture(scope="module", params=WHERE, ids=str)
def kernels(request: pytest.FixtureRequest) -> Iterator[dict[str, kcc.Kernel]]:
    name, threads, *flags = request.param
    with kcc.Device(name, threads=threads) as device:
        yield device.load(kcc.compile(SOURCE, ("-cl-std=CL2.0", *flags)))


def test_operations_of_the_first_versions(kernels: dict[str, kcc.Kernel]) -> None:
    n, h, long = np.zeros(9, np.int32), np.zeros(5, np.uint32), np.zeros(2, np.int64)
    h[0] = h[4] = 0xFFFFFFFF
    f = np.zeros(1, np.float32)
    kernels["old"](n, h, long, f, kcc.local(4), global_size=ITEMS, local_size=GROUP)
    g = np.arange(ITEMS)
    last = ITEMS - 1
    assert n.tolist() == [2 * ITEMS, -g.sum(), ITEMS, -ITEMS, last - 5, 5 - last, 1, 1, ITEMS]
    assert h.tolist() == [1000, 0xFFFFFFF0, 0xFFFFFFFF, 0, 0]
    assert long.tolist() == [ITEMS << 33, -last]
    assert f.tolist() == [1.5]


def test_operations_of_2_0(kernels: dict[str, kcc.Kernel]) -> None:
    n, long = np.zeros(4, np.int32), np.zeros(1, np.uint64)
    f, plain, out = np.zeros(2, np.float32), np.zeros(1, np.int32), np.zeros(ITEMS, np.int32)
    kernels["modern"](n, long, f, plain, out, global_size=ITEMS, local_size=GROUP)
    assert n.tolist() == [2 * ITEMS, ITEMS - 1, 1 - ITEMS, 7]
    assert long.tolist() == [(1 << 64) - 1]  # an odd number of times each
    assert f.tolist() == [0.5, ITEMS]
    assert plain.tolist() == [ITEMS]
    assert out.tolist() == [GROUP] * ITEMS

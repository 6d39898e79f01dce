"""Local memory: several kernels, sizes of launches, structs; and where there is too little."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import kcc
from kcc.device.hal import Hal, NDRange

STACK = (512 << 10) - 192  # of an M1's hart, but for its execution state
SOURCE = """
typedef struct { int key; float weight[3]; char tag; } entry;
kernel void structs(global const int *keys, global float *out) {
    local entry table[16];
    size_t l = get_local_id(0), n = get_local_size(0);
    entry mine = {keys[get_global_id(0)], {l, 2 * l, 3 * l}, (char)l};
    table[l] = mine;
    barrier(CLK_LOCAL_MEM_FENCE);
    entry other = table[n - 1 - l];
    out[get_global_id(0)] = other.key + other.weight[2] + other.tag;
}
kernel void dynamic(local char *a, local double2 *b, local int *c, int n, global ulong *out) {
    local long own[3];
    size_t l = get_local_id(0);
    for (int i = l; i < n; i += get_local_size(0)) {
        a[i] = i;
        b[i] = (double2)(i, -i);
        c[i] = 2 * i;
    }
    if (l < 3) own[l] = l;
    barrier(CLK_LOCAL_MEM_FENCE);
    ulong sum = own[0] + own[1] + own[2];
    for (int i = 0; i < n; i++) sum += a[i] + (long)(b[i].x + b[i].y) + c[i];
    out[get_global_id(0)] = ((ulong)b % 16 || (ulong)c % 4) ? 0 : sum;
}
kernel void huge(global char *out) {
    local char all[400 << 10];
    all[get_local_id(0)] = 1;
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = all[0];
}
kernel void keeps(global int *out) {
    int kept[256];
    for (int i = 0; i < 256; i++) kept[i] = i * (int)get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    int sum = 0;
    for (int i = 0; i < 256; i++) sum += kept[(i * 7 + out[get_global_id(0)]) & 255];
    out[get_global_id(0)] = sum;
}
"""


@pytest.fixture(scope="module", params=["-O1", pytest.param("-O3", marks=pytest.mark.slow)])
def program(request: pytest.FixtureRequest) -> kcc.Program:
    return kcc.compile(SOURCE, (request.param,))


@pytest.fixture(scope="module")
def kernels(program: kcc.Program) -> Iterator[dict[str, kcc.Kernel]]:
    with kcc.Device("m1") as device:
        yield device.load(program)


def test_structs(kernels: dict[str, kcc.Kernel]) -> None:
    keys, out = np.arange(48, dtype=np.int32) * 100, np.zeros(48, np.float32)
    kernels["structs"](keys, out, global_size=48, local_size=16)
    lane = np.arange(16)[::-1]
    want = keys.reshape(3, 16)[:, ::-1] + 4 * lane
    np.testing.assert_array_equal(out.reshape(3, 16), want)


@pytest.mark.parametrize("n", [1, 7, 100])
def test_sizes_of_the_launch(kernels: dict[str, kcc.Kernel], n: int) -> None:
    out = np.zeros(10, np.uint64)
    places = kcc.local(n), kcc.local(16 * n), kcc.local(4 * n)
    kernels["dynamic"](*places, n, out, global_size=10, local_size=5)
    assert out.tolist() == [3 + 3 * n * (n - 1) // 2] * 10


def test_more_than_a_stack_holds(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros(1, np.uint64)
    with pytest.raises(kcc.DeviceError) as caught:
        kernels["dynamic"](
            kcc.local(1), kcc.local(512 << 10), kcc.local(100), 1, out, global_size=1
        )
    local = 3 * 128 + (512 << 10)  # each in steps of 128 bytes, with `own`
    assert f"kernel 'dynamic': a work-group takes {local} bytes" in str(caught.value)
    assert f"there are {STACK}" in str(caught.value)


def test_what_barriers_keep_counts(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros(256, np.int32)
    kernels["keeps"](out, global_size=256, local_size=256)
    np.testing.assert_array_equal(out, np.arange(256) * 255 * 128)
    with pytest.raises(kcc.DeviceError, match="for 1024 work-items"):
        kernels["keeps"](np.zeros(1024, np.int32), global_size=1024, local_size=1024)


def test_the_hal_says_so_too(program: kcc.Program) -> None:
    hal = Hal.open()
    try:
        loaded = hal.program_load(program.elf)
        kernel = hal.program_find_kernel(loaded, "keeps")
        block = hal.mem_alloc(4096, 8).to_bytes(8, "little")
        for items, reason in ((1024, "kernel 'keeps'"), (1025, "at most 1024")):
            size = (items, 1, 1)
            assert not hal.kernel_exec(loaded, kernel, NDRange(size, size), block, 1)
            assert reason in hal.last_error
    finally:
        hal.close()


def test_static_memory_up_to_the_stack(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros(4, np.int8)
    kernels["huge"](out, global_size=4, local_size=4)
    assert out.tolist() == [1] * 4

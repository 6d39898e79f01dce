"""Last work-groups that are smaller than the others: OpenCL C 2.0, and where it is not allowed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import kcc
from kcc.device.hal import Hal, NDRange

SOURCE = """
kernel void sizes(global uint *out, local uint *ring) {
    size_t at = get_global_linear_id();
    global uint *o = out + 16 * at;
    for (uint d = 0; d < 3; d++) {
        o[d] = get_local_size(d);
        o[3 + d] = get_enqueued_local_size(d);
        o[6 + d] = get_global_id(d);
        o[9 + d] = get_num_groups(d) * 100 + get_group_id(d);
    }
    o[12] = get_global_size(0) + 1000 * get_global_size(1) + 1000000 * get_global_size(2);
    size_t l = get_local_linear_id(), n = get_local_size(0) * get_local_size(1) * get_local_size(2);
    ring[l] = at;
    work_group_barrier(CLK_LOCAL_MEM_FENCE);
    o[13] = ring[(l + 1) % n];
    o[14] = work_group_reduce_add(1u) + 1000 * sub_group_scan_inclusive_add(1u);
    o[15] = get_num_sub_groups() + 100 * get_enqueued_num_sub_groups()
            + 10000 * get_sub_group_size();
}
kernel __attribute__((reqd_work_group_size(4, 1, 1))) void fixed(global uint *out) {
    out[get_global_id(0)] = get_local_size(0);
}
"""


def wanted(whole: tuple[int, ...], group: tuple[int, ...], offset: tuple[int, ...]) -> np.ndarray:
    """What `sizes` writes; x first in the arguments, last in the result's axes."""
    x, y, z = (np.arange(n) for n in whole)
    zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    at = [axis.ravel() for axis in (xx, yy, zz)]
    ids = [a // n for a, n in zip(at, group, strict=True)]
    sizes = [np.minimum(n, w - i * n) for i, n, w in zip(ids, group, whole, strict=True)]
    local = [a % n for a, n in zip(at, group, strict=True)]
    linear = (local[2] * sizes[1] + local[1]) * sizes[0] + local[0]
    items = sizes[0] * sizes[1] * sizes[2]
    number = np.arange(len(linear))
    member = {
        (*(int(i[k]) for i in ids), int(linear[k])): k for k in range(len(linear))
    }  # group and linear local id -> linear global id
    after = [member[(*(int(i[k]) for i in ids), int((linear[k] + 1) % items[k]))] for k in number]
    rest = items - linear // 4 * 4
    full = group[0] * group[1] * group[2]
    columns = [
        *sizes,
        *group,
        *(a + o for a, o in zip(at, offset, strict=True)),
        *(100 * -(-w // n) + i for w, n, i in zip(whole, group, ids, strict=True)),
        whole[0] + 1000 * whole[1] + 1000000 * whole[2],
        after,
        items + 1000 * (linear % 4 + 1),
        -(-items // 4) + 100 * -(-full // 4) + 10000 * np.minimum(4, rest),
    ]
    return np.stack([np.broadcast_to(c, number.shape) for c in columns], axis=1)


@pytest.fixture(scope="module", params=["-O1", pytest.param("-O3", marks=pytest.mark.slow)])
def kernels(request: pytest.FixtureRequest) -> Iterator[dict[str, kcc.Kernel]]:
    program = kcc.compile(SOURCE, ("-cl-std=CL2.0", "-fsub-group-size=4", request.param))
    with kcc.Device("m1") as device:
        yield device.load(program)


@pytest.mark.parametrize(
    ("whole", "group", "offset"),
    [
        ((11, 1, 1), (4, 1, 1), (5, 0, 0)),
        ((3, 1, 1), (8, 1, 1), (0, 0, 0)),  # one group, and less than it could be
        ((8, 6, 1), (4, 3, 1), (0, 0, 0)),  # all alike
        ((5, 7, 1), (4, 3, 1), (1, 2, 0)),
        ((5, 4, 3), (2, 2, 2), (0, 1, 2)),
        ((1, 1, 5), (1, 1, 3), (0, 0, 0)),
    ],
)
def test_sizes_and_ids(
    kernels: dict[str, kcc.Kernel],
    whole: tuple[int, ...],
    group: tuple[int, ...],
    offset: tuple[int, ...],
) -> None:
    items = int(np.prod(whole))
    out = np.zeros((items, 16), np.uint32)
    ring = kcc.local(4 * int(np.prod(group)))
    stats = kernels["sizes"](out, ring, global_size=whole, local_size=group, global_offset=offset)
    np.testing.assert_array_equal(out, wanted(whole, group, offset))
    assert stats.groups == np.prod([-(-w // n) for w, n in zip(whole, group, strict=True)])


def test_where_groups_must_be_alike(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros(8, np.uint32)
    with pytest.raises(kcc.DeviceError, match="not divided by"):
        kernels["fixed"](out, global_size=7, local_size=4)
    kernels["fixed"](out, global_size=8, local_size=4)
    assert out.tolist() == [4] * 8


def test_the_hal_asks_the_program() -> None:
    text = "kernel void k(global int *o) { o[get_global_id(0)] = get_local_size(0); }"
    hal = Hal.open()
    try:
        out = hal.mem_alloc(40, 8)
        launch = NDRange((10, 1, 1), (4, 1, 1)), out.to_bytes(8, "little"), 1
        for flag in ("-cl-std=CL1.2", "-cl-uniform-work-group-size", "-O3"):
            loaded = hal.program_load(kcc.compile(text, ("-cl-std=CL3.0", flag)).elf)
            kernel = hal.program_find_kernel(loaded, "k")
            ran = hal.kernel_exec(loaded, kernel, *launch)
            assert ran == (flag == "-O3")
            assert ran or "not a multiple" in hal.last_error
        data = bytearray(40)
        assert hal.mem_read(data, out)
        assert np.frombuffer(data, np.int32).tolist() == [4] * 8 + [2] * 2
    finally:
        hal.close()

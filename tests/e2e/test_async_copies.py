"""Asynchronous copies of work-groups: by DMA where there is one, on all harts at once."""

from __future__ import annotations

import numpy as np
import pytest

import kcc
from kcc.device import refsi
from kcc.device.soc.dma import Reg
from kcc.device.soc.memory import hart_unit
from kcc.ir.abi import KERNEL_DMA

TYPES = {"uchar": "u1", "short": "i2", "float": "f4", "double2": "f8", "int3": "i4"}
# Each group reverses its piece of `in` by way of local memory; pieces begin anywhere.
REVERSE = {
    t: f"""
kernel void reverse_{t}(global const {t} *in, global {t} *out, uint piece, uint step,
                        local {t} *tile) {{
    size_t at = get_group_id(0) * piece;
    event_t e[2];
    e[0] = async_work_group_strided_copy(tile, in + at * step, piece / 2, step, 0);
    e[1] = async_work_group_strided_copy(tile + piece / 2, in + (at + piece / 2) * step,
                                         piece - piece / 2, step, 0);
    wait_group_events(2, e);
    {t} mine[8];
    for (size_t i = get_local_id(0), k = 0; i < piece; i += get_local_size(0))
        mine[k++] = tile[piece - 1 - i];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (size_t i = get_local_id(0), k = 0; i < piece; i += get_local_size(0))
        tile[i] = mine[k++];
    barrier(CLK_LOCAL_MEM_FENCE);
    event_t done = async_work_group_copy(out + at, tile, piece, 0);
    wait_group_events(1, &done);
}}
"""
    for t in TYPES
}
OTHERS = """
kernel void beyond(global const int *in, global int *out, local int *tile) {
    event_t e = async_work_group_copy(tile, in, 100, 0);
    wait_group_events(1, &e);
    out[0] = tile[0];
}
kernel void looped(global const int *in, global int *out) {
    local int tile[2][16];
    int l = get_local_id(0);
    event_t e = async_work_group_copy(tile[0], in, 16, 0);
    for (int i = 0; i < 8; i++) {
        wait_group_events(1, &e);
        if (i < 7) e = async_work_group_copy(tile[(i + 1) % 2], in + 16 * (i + 1), 16, 0);
        out[16 * i + l] = tile[i % 2][15 - l];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    e = async_work_group_copy(tile[0], in, 0, 0);  // nothing to copy, nothing to wait for
    wait_group_events(1, &e);
    wait_group_events(0, &e);
}
"""


slow = pytest.mark.slow
LEVELS = [("-O1", ("int3",)), *(pytest.param((f, TYPES), marks=slow) for f in ("-O0", "-O3"))]


@pytest.fixture(scope="module", params=LEVELS, ids=lambda level: level[0])
def program(request: pytest.FixtureRequest) -> kcc.Program:
    level, types = request.param
    return kcc.compile("".join(REVERSE[t] for t in types) + OTHERS, (level,))


def check_reverse(kernels: dict[str, kcc.Kernel], name: str, piece: int, step: int) -> None:
    groups, size = 11, 5
    lanes = {"double2": 2, "int3": 4}.get(name, 1)
    rng = np.random.default_rng(piece)
    given = rng.integers(0, 100, (groups * piece * step, lanes)).astype(TYPES[name])
    out = np.zeros((groups * piece, lanes), TYPES[name])
    tile = kcc.local(piece * lanes * given.itemsize)
    kernels[f"reverse_{name}"](
        given, out, piece, step, tile, global_size=groups * size, local_size=size
    )
    want = given[::step].reshape(groups, piece, lanes)[:, ::-1]
    used = 3 if name == "int3" else lanes
    np.testing.assert_array_equal(out.reshape(want.shape)[..., :used], want[..., :used])


def transfers(device: kcc.Device) -> list[int]:
    """How many transfers each hart's DMA has started."""
    counts = []
    for hart in range(4):
        data, place = bytearray(8), KERNEL_DMA + 8 * Reg.START_SEQ
        opened = device.opened().device
        assert refsi.refsiReadDeviceMemory(opened, data, place, 8, hart_unit(hart)) == 0
        counts.append(int.from_bytes(data, "little"))
    return counts


def test_each_copy_is_a_transfer_of_its_hart(program: kcc.Program) -> None:
    with kcc.Device("m1") as device:
        kernels = device.load(program)
        assert transfers(device) == [0] * 4
        check_reverse(kernels, "int3", 7, 3)
        assert transfers(device) == [9, 9, 9, 6]  # three for each of eleven groups


@pytest.mark.parametrize("threads", [pytest.param(1, marks=slow), 3])
def test_pieces_of_any_place_and_stride(program: kcc.Program, threads: int) -> None:
    with kcc.Device("m1", threads=threads) as device:
        kernels = device.load(program)
        for name in (t for t in TYPES if f"reverse_{t}" in kernels):
            for piece, step in ((1, 1), (7, 1), (16, 2), (33, 5)):
                check_reverse(kernels, name, piece, step)


def test_the_same_program_where_there_is_no_dma(program: kcc.Program) -> None:
    with kcc.Device("g1") as device:
        kernels = device.load(program)
        for name in (t for t in TYPES if f"reverse_{t}" in kernels):
            for piece, step in ((7, 1), (33, 5)):
                check_reverse(kernels, name, piece, step)


def test_a_copy_may_overlap_the_use_of_another(program: kcc.Program) -> None:
    given, out = np.arange(128, dtype=np.int32), np.zeros(128, np.int32)
    with kcc.Device("m1") as device:
        device.load(program)["looped"](given, out, global_size=16, local_size=16)
    np.testing.assert_array_equal(out.reshape(8, 16), given.reshape(8, 16)[:, ::-1])


def test_what_is_not_there_is_not_copied(program: kcc.Program) -> None:
    with kcc.Device("m1") as device, pytest.raises(kcc.GuestFault, match="DMA of 0x190 bytes at"):
        device.load(program)["beyond"](
            np.zeros(99, np.int32), np.zeros(1, np.int32), kcc.local(400), global_size=1
        )

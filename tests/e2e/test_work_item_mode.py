"""A hart for each work-item, on the G1: barriers, local memory, collectives, atomics, faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcc
from kcc.cli import run_command

SOURCE = r"""
kernel void sums(global const int *src, global int *dst, local int *tile) {
    size_t i = get_local_id(0);
    tile[i] = src[get_global_id(0)];
    barrier(CLK_LOCAL_MEM_FENCE);
    int sum = 0;
    for (size_t j = 0; j < get_local_size(0); j++)
        sum += tile[j];
    dst[get_global_id(0)] = sum;
}

// Two variables in local memory, a barrier in a loop, an argument beside them.
kernel void rotate(global int *p, local int *other, int times) {
    local int here[64];
    local int turns;
    size_t i = get_local_linear_id(), n = get_local_size(0) * get_local_size(1);
    size_t at = get_global_linear_id();
    if (i == 0)
        turns = times;
    here[i] = p[at];
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int t = 0; t < turns; t++) {
        other[(i + 1) % n] = here[i];
        barrier(CLK_LOCAL_MEM_FENCE);
        here[i] = other[i];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    p[at] = here[i] + 1000 * (int)(get_group_id(0) + 10 * get_group_id(1));
}

// What restrict says of a pointer is no promise that other work-items do not use it.
kernel void swap(global int *restrict p, global int *restrict q) {
    size_t i = get_global_id(0);
    int before = p[i ^ 1];
    barrier(CLK_GLOBAL_MEM_FENCE);
    p[i] = i + 100;
    barrier(CLK_GLOBAL_MEM_FENCE);
    q[i] = before * 1000 + p[i ^ 1];
}

kernel void together(global int *out, global const int *in, local int *tile) {
    size_t i = get_local_id(0), n = get_local_size(0);
    event_t e = async_work_group_copy(tile, in + n * get_group_id(0), n, 0);
    wait_group_events(1, &e);
    out[get_global_id(0)] = work_group_scan_inclusive_add(tile[i]) + 1000 * i;
}

kernel void count(global int *total, local int *here, global int *groups) {
    if (get_local_id(0) == 0)
        *here = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_inc(here);
    atomic_add(total, (int)get_local_id(0));
    barrier(CLK_LOCAL_MEM_FENCE);
    if (get_local_id(0) == 0)
        groups[get_group_id(0)] = *here;
}

kernel void ids(global ulong *out) {
    size_t at = get_global_linear_id();
    out[at] = get_local_id(0) + 16 * get_local_id(1) + 256 * get_local_id(2)
            + 4096 * (get_group_id(0) + 16 * get_group_id(1) + 256 * get_group_id(2));
}

kernel void spaces(global int *out, local int *arg) {
    local int mine;
    int own;
    int *pointers[4] = {(int *)arg, (int *)&mine, &own, (int *)out};
    if (get_local_id(0) == 1)
        for (int i = 0; i < 4; i++)
            out[i] = (to_local(pointers[i]) != 0) + 2 * (to_private(pointers[i]) != 0)
                   + 4 * (to_global(pointers[i]) != 0);
}

kernel void apart(global int *out) {
    if (get_local_id(0) == 0)
        barrier(CLK_LOCAL_MEM_FENCE);
    else
        barrier(CLK_GLOBAL_MEM_FENCE);
    out[get_global_id(0)] = 1;
}

kernel void leaves(global int *out) {
    if (get_local_id(0) == 1)
        return;
    barrier(CLK_LOCAL_MEM_FENCE);
    out[get_global_id(0)] = 1;
}

kernel void beyond(global int *out) { out[get_global_id(0) * 3] = 1; }

kernel void parts(void) {
    printf("A%d ", (int)get_global_id(0));
    barrier(CLK_GLOBAL_MEM_FENCE);
    printf("B%d ", (int)get_global_id(0));
}
"""
FLAGS = ("-cl-std=CL2.0", "-O1", "-g", "-fwork-item-mode=wi")


@pytest.fixture(scope="module")
def program() -> kcc.Program:
    return kcc.compile(SOURCE, FLAGS)


@pytest.fixture(scope="module")
def kernels(program: kcc.Program) -> Iterator[dict[str, kcc.Kernel]]:
    with kcc.Device("g1") as device:
        yield device.load(program)


def ints(n: int) -> Any:
    return np.arange(n, dtype=np.int32)


@pytest.mark.parametrize(("n", "local"), [(64, 64), (48, 16), (6, 3), (3, 1)])
def test_items_share_local_memory(kernels: dict[str, kcc.Kernel], n: int, local: int) -> None:
    out = np.zeros(n, np.int32)
    stats = kernels["sums"](ints(n), out, kcc.local(4 * local), global_size=n, local_size=local)
    sums = ints(n).reshape(-1, local).sum(axis=1)
    np.testing.assert_array_equal(out, np.repeat(sums, local))
    assert len(stats.retired) == local


def test_barriers_in_loops(kernels: dict[str, kcc.Kernel]) -> None:
    data = ints(6 * 8).reshape(6, 8)
    got = data.copy()
    kernels["rotate"](got, kcc.local(48), 2, global_size=(8, 6), local_size=(4, 3))
    for y in range(2):
        for x in range(2):
            tile = np.s_[3 * y : 3 * y + 3, 4 * x : 4 * x + 4]
            want = np.roll(data[tile].ravel(), 2).reshape(3, 4) + 1000 * (x + 10 * y)
            np.testing.assert_array_equal(got[tile], want)


def test_restrict_pointers_across_barriers(kernels: dict[str, kcc.Kernel]) -> None:
    p, q = ints(16), np.zeros(16, np.int32)
    kernels["swap"](p, q, global_size=16, local_size=16)
    np.testing.assert_array_equal(q, (ints(16) ^ 1) * 1001 + 100)


def test_copies_and_collectives(kernels: dict[str, kcc.Kernel]) -> None:
    data = np.random.default_rng(1).integers(0, 9, 24).astype(np.int32)
    out = np.zeros(24, np.int32)
    kernels["together"](out, data, kcc.local(32), global_size=24, local_size=8)
    rows = data.reshape(3, 8)
    np.testing.assert_array_equal(out.reshape(3, 8), rows.cumsum(axis=1) + 1000 * ints(8))


def test_atomics(kernels: dict[str, kcc.Kernel]) -> None:
    total, groups = np.zeros(1, np.int32), np.zeros(3, np.int32)
    kernels["count"](total, kcc.local(4), groups, global_size=96, local_size=32)
    assert total[0] == 3 * sum(range(32))
    assert groups.tolist() == [32] * 3


def test_ids_in_three_dimensions(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros((4, 3, 10), np.uint64)
    kernels["ids"](out, global_size=(10, 3, 4), local_size=(5, 1, 2))
    z, y, x = np.indices(out.shape)
    local = x % 5 + 256 * (z % 2)
    np.testing.assert_array_equal(out, local + 4096 * (x // 5 + 16 * y + 256 * (z // 2)))


def test_spaces_of_pointers(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros(4, np.int32)
    kernels["spaces"](out, kcc.local(64), global_size=2, local_size=2)
    assert out.tolist() == [1, 1, 2, 4]


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("apart", r"hart 0 waits at barrier (\d+), hart 1 at barrier (?!\1)\d+$"),
        ("leaves", r"hart 0 waits at barrier \d+, hart 1 has ended$"),
    ],
)
def test_harts_that_do_not_meet_are_told(
    kernels: dict[str, kcc.Kernel], name: str, where: str
) -> None:
    out = np.zeros(4, np.int32)
    message = f"kernel '{name}': all threads must hit the same barrier: {where}"
    with pytest.raises(kcc.GuestFault, match=message):
        kernels[name](out, global_size=4, local_size=4)


def test_a_fault_names_the_work_item(kernels: dict[str, kcc.Kernel]) -> None:
    with pytest.raises(kcc.GuestFault) as caught:
        kernels["beyond"](np.zeros(22, np.int32), global_size=16, local_size=4)
    fault = caught.value
    assert (fault.hart, fault.work_item, fault.work_group) == (0, (8, 0, 0), (2, 0, 0))
    assert "in work-item (8, 0, 0)" in str(fault)


def test_parts_are_printed_in_order(
    kernels: dict[str, kcc.Kernel], capfd: pytest.CaptureFixture[str]
) -> None:
    kernels["parts"](global_size=4, local_size=4)
    assert capfd.readouterr().out == "A0 A1 A2 A3 B0 B1 B2 B3 "


def test_a_group_has_no_more_items_than_harts(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros(128, np.int32)
    with pytest.raises(kcc.DeviceError, match="a work-group of 128 items; at most 64"):
        kernels["beyond"](out, global_size=128, local_size=128)


def test_groups_are_of_one_size(kernels: dict[str, kcc.Kernel]) -> None:
    with pytest.raises(kcc.DeviceError, match="is not divided by"):
        kernels["beyond"](np.zeros(64, np.int32), global_size=9, local_size=4)


def test_local_memory_has_an_end(kernels: dict[str, kcc.Kernel]) -> None:
    args = (ints(4), np.zeros(4, np.int32))
    for size, message in ((3 << 20, "a work-group has 2097152"), ((2 << 20) - 4, " free")):
        with pytest.raises(kcc.DeviceError, match=message):
            kernels["sums"](*args, kcc.local(size), global_size=4, local_size=4)


def test_the_m1_refuses_such_programs(
    program: kcc.Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with kcc.Device("m1") as device, pytest.raises(kcc.DeviceError, match="-fwork-item-mode=wi"):
        device.load(program)
    program.save(tmp_path / "x.elf")
    assert run_command(["info", str(tmp_path / "x.elf")]) == 0
    shown = capsys.readouterr().out
    assert "a hart for each work-item of a group" in shown
    assert "size   8  align   8  address of local memory" in shown


def test_harts_made_for_a_launch_are_traced(program: kcc.Program, tmp_path: Path) -> None:
    path = tmp_path / "trace"
    with kcc.Device("g1", trace=str(path), trace_filter=["hart=3"]) as device:
        out = np.zeros(4, np.uint64)
        device.load(program)["ids"](out, global_size=4, local_size=4)
    lines = path.read_text().splitlines()
    assert {line.split()[0] for line in lines} == {"3"}
    assert any("<ids" in line for line in lines)
    assert lines[-1].endswith("ecall")  # its exit, from the ROM


def test_kernels_of_both_modes_in_one_program(tmp_path: Path) -> None:
    objects = []
    for name, mode in (("one", "wi"), ("two", "wg")):
        text = f"kernel void {name}(global int *p) {{ p[get_global_id(0)] += get_local_id(0); }}"
        (tmp_path / f"{name}.cl").write_text(text)
        objects.append(str(tmp_path / f"{name}.o"))
        words = ["-c", f"-fwork-item-mode={mode}", str(tmp_path / f"{name}.cl"), "-o", objects[-1]]
        assert run_command(words) == 0
    assert run_command([*objects, "-o", str(tmp_path / "both.elf")]) == 0
    data = np.zeros(12, np.int32)
    with kcc.Device("g1") as device:
        kernels = device.load(kcc.load(tmp_path / "both.elf"))
        harts = [len(kernels[n](data, global_size=12, local_size=4).retired) for n in kernels]
    assert sorted(harts) == [2, 4]
    np.testing.assert_array_equal(data, 2 * (ints(12) % 4))


def test_harts_in_parallel(program: kcc.Program) -> None:
    out, total, groups = np.zeros(48, np.int32), np.zeros(1, np.int32), np.zeros(3, np.int32)
    with kcc.Device("g1", threads=2) as device:
        kernels = device.load(program)
        kernels["sums"](ints(48), out, kcc.local(64), global_size=48, local_size=16)
        kernels["count"](total, kcc.local(4), groups, global_size=48, local_size=16)
    np.testing.assert_array_equal(out, np.repeat(ints(48).reshape(3, 16).sum(axis=1), 16))
    assert (total[0], groups.tolist()) == (3 * 120, [16] * 3)

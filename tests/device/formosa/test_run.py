"""Launches: what kernels see of their place, results, printing, and all that can go wrong."""

from __future__ import annotations

import numpy as np
import pytest

from kcc.backend.encode import encode
from kcc.device.args import value_arg
from kcc.device.formosa import profile
from kcc.device.formosa.arguments import Local
from kcc.device.formosa.driver import Driver
from kcc.device.formosa.errors import (
    InvalidKernel,
    InvalidKernelArgs,
    InvalidMemObject,
    InvalidWorkDimension,
    InvalidWorkGroupSize,
    KernelFailed,
    OutOfResources,
)
from kcc.device.formosa.hal import FormosaHal
from kcc.device.formosa.profile import Profile
from kcc.device.formosa.programs import Program
from kcc.device.formosa.records import LaunchInfo, Status, StatusRecord
from kcc.device.formosa.run import Geometry
from kcc.device.launch import NDRange
from kcc.device.soc.device import DeviceOptions

INT = np.zeros(1, np.int32)


# -- what is right ----------------------------------------------------------------------------


def test_a_kernel_runs_over_all_work_items_and_leaves_no_memory_behind(bench):
    a, b = np.arange(96, dtype=np.int32), np.arange(96, dtype=np.int32) * 7
    buffers = [bench.buffer(x) for x in (a, b, np.zeros_like(a))]
    used = bench.driver.device.heap.used_blocks
    for _ in range(3):
        bench.run("add", *buffers, groups=(6,), local=(16,))
        assert bench.driver.device.heap.used_blocks == used
    assert (bench.contents(buffers[2]) == a + b).all()


def test_work_items_know_their_place(bench):
    groups, local, offset = (2, 3, 2), (2, 3, 2), (5, 70, 900)
    out = bench.buffer(np.zeros((12, 32), np.uint64))
    bench.run("places", out, groups=groups, local=local, offset=offset)
    rows = bench.contents(out, np.uint64).reshape(12, 32)
    for z in range(2):
        for y in range(3):
            for x in range(2):
                row = rows[(z * 3 + y) * 2 + x].tolist()
                assert row[0] == 3
                for d, group in enumerate((x, y, z)):
                    size = groups[d] * local[d]
                    want = [offset[d] + group * local[d] + 1, 1, group, offset[d], size]
                    assert row[1 + 7 * d : 8 + 7 * d] == [*want, local[d], groups[d]]
                assert row[22:29] == [0, 0, 0, 0, 1, 1, 1]  # there is no fourth dimension


def test_groups_begin_in_order_z_first(bench, translations):
    """Harts take turns at the groups: with one hart, their order is that of dispatch."""
    driver = Driver(DeviceOptions(cache_dir=translations), Profile(cores=1))
    driver.init()
    program = Program(binary=bench.program.binary)
    driver.post_build_program(program)
    buffers = [driver.alloc_mem_obj(1, 64, bytes(64)) for _ in range(2)]
    kernel = driver.create_kernel(program, "order")
    driver.run(kernel, buffers, Geometry(3, (2, 3, 2), (1, 1, 1)))
    found = bytearray(48)
    driver.read(found, buffers[1], 0, 48)
    want = [x << 8 | y << 4 | z for x in range(2) for y in range(3) for z in range(2)]
    assert np.frombuffer(found, np.uint32).tolist() == want
    driver.uninit()


@pytest.mark.parametrize("harts", [1, 3])
def test_groups_of_a_core_share_its_local_memory(bench, translations, harts):
    """So many groups at a time as have room: with 20 KiB each, two of a core's three harts."""
    options = DeviceOptions(guard=True, cache_dir=translations)
    driver = Driver(options, Profile(cores=2, harts=harts))
    driver.init()
    program = Program(binary=bench.program.binary)
    driver.post_build_program(program)
    data = np.arange(14 * 32, dtype=np.int32)
    mem = driver.alloc_mem_obj(1, data.nbytes, data.tobytes())
    kernel = driver.create_kernel(program, "reverse")
    driver.run(kernel, [mem, Local(20 << 10)], Geometry(1, (14,), (32,)))
    found = bytearray(data.nbytes)
    driver.read(found, mem, 0, data.nbytes)
    assert (np.frombuffer(found, np.int32).reshape(14, 32) == data.reshape(14, 32)[:, ::-1]).all()
    active = sum(n > 0 for n in driver.runner.last.retired)
    assert active == (4 if harts == 3 else 2)
    driver.uninit()


def test_no_groups_or_no_items_is_success_without_a_launch(bench):
    out = bench.buffer(INT)
    bench.run("fault", out, 0, groups=(0,))
    bench.run("fault", out, 0, groups=(4, 0), local=(1, 1))
    bench.run("fault", out, 0, groups=(4,), local=(0,))
    assert sum(bench.driver.runner.last.retired) == 0
    assert bench.contents(out).tolist() == [0]


def test_variables_live_as_long_as_the_program_and_pointers_among_them_are_moved(bench):
    out = bench.buffer(INT)
    found = []
    for _ in range(2):
        bench.run("count", out)
        found += bench.contents(out).tolist()
    assert found == [8, 11]


def test_what_is_printed_comes_when_the_kernel_has_ended(bench):
    bench.run("talk", 2, groups=(2,))
    assert sorted(b"".join(bench.output).decode().splitlines()) == [
        f"group {g} says {i}" for g in range(2) for i in range(2)
    ]
    assert not bench.warnings


def test_printing_too_much_loses_the_rest_and_warns(bench):
    bench.run("talk", 100)
    text = b"".join(bench.output)
    assert len(text) == 1 << 10
    assert text.startswith(b"group 0 says 0\ngroup 0 says 1\n")
    assert "the rest is lost" in bench.warnings[0]


# -- what is wrong with a launch --------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"dim": 4, "groups": (1, 1, 1)}, InvalidWorkDimension),
        ({"dim": 0}, InvalidWorkDimension),
        ({"dim": 2, "groups": (1, 1), "local": (1,)}, InvalidWorkDimension),
        ({"dim": 1, "groups": (1, 2), "local": (1, 1)}, InvalidWorkDimension),
        ({"local": (1025,)}, InvalidWorkGroupSize),
        ({"local": (-4,)}, InvalidWorkGroupSize),
        ({"local": (33, 32, 1), "groups": (1, 1, 1)}, InvalidWorkGroupSize),
        ({"groups": (1 << 32,)}, InvalidWorkGroupSize),
        ({"groups": (1 << 31,) * 3, "local": (1,) * 3}, InvalidWorkGroupSize),
        ({"offset": (1 << 32,)}, InvalidWorkGroupSize),
    ],
)
def test_sizes_that_cannot_be(bench, changes, error):
    out = bench.buffer(INT)
    with pytest.raises(error) as caught:
        bench.run("fault", out, 1 << 20, **changes)
    assert caught.value.code == error.code


def test_a_required_size_is_required(bench):
    out = bench.buffer(np.zeros(4, np.int32))
    with pytest.raises(InvalidWorkGroupSize, match="requires work-groups of"):
        bench.run("four", out, local=(2,), groups=(2,))
    bench.run("four", out, local=(4,))
    assert bench.contents(out).tolist() == [4] * 4


def test_local_memory_has_an_end(bench):
    data = bench.buffer(np.arange(2, dtype=np.int32))
    bench.run("reverse", data, Local(profile.LOCAL_SIZE), local=(2,))
    assert bench.contents(data).tolist() == [1, 0]
    with pytest.raises(InvalidWorkGroupSize, match="local memory"):
        bench.run("reverse", data, Local(profile.LOCAL_SIZE + 1), local=(2,))
    with pytest.raises(KernelFailed) as caught:
        bench.run("overrun", Local(64), (profile.LOCAL_SIZE) // 4)
    assert caught.value.status.mtval == profile.LOCAL_BASE + profile.LOCAL_SIZE


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((), InvalidKernelArgs),
        ((None, None, None, None), InvalidKernelArgs),
        ((None, 3), InvalidKernelArgs),
        ((None, "tile"), InvalidKernelArgs),
        ((7, Local(4)), InvalidKernelArgs),
        ((None, Local(0)), InvalidKernelArgs),
    ],
)
def test_arguments_that_do_not_suit(bench, args, error):
    with pytest.raises(error):
        bench.run("reverse", *args)


def test_values_that_do_not_suit(bench):
    out = bench.buffer(INT)
    for value in (None, 1 << 32, -1, "x", 1.5, b"123"):
        with pytest.raises(InvalidKernelArgs):
            bench.run("fault", out, value)


def test_freed_buffers_and_kernels_are_no_arguments(bench, elf):
    out = bench.buffer(INT)
    sub = bench.driver.alloc_subbuffer(out, 0, 4)
    bench.driver.free(out)
    for mem in (out, sub):
        with pytest.raises(InvalidMemObject):
            bench.run("fault", mem, 0)
    kernel = bench.driver.create_kernel(bench.program, "fault")
    bench.driver.free_kernel(kernel)
    for operation in (
        lambda: bench.driver.free_kernel(kernel),
        lambda: bench.driver.run(kernel, [None, 0], Geometry(1, (1,), (1,))),
    ):
        with pytest.raises(InvalidKernel):
            operation()


def test_no_room_for_a_launch(bench):
    heap = bench.driver.device.heap
    taken = [heap.malloc(block.size) for block in heap.free_blocks]
    with pytest.raises(OutOfResources):
        bench.run("fault", None, 0)
    for addr in taken:
        assert heap.free(addr)


# -- what goes wrong in a kernel --------------------------------------------------------------


@pytest.mark.parametrize("bad", [0, 5])
def test_the_first_failure_is_kept_whatever_other_groups_do(bench, bad):
    out = bench.buffer(np.zeros(40, np.int32))
    with pytest.raises(KernelFailed) as caught:
        bench.run("fault", out, bad, groups=(40,))
    status = caught.value.status
    assert (status.code, status.mcause, status.mtval) == (Status.EXCEPTION, 7, 4 * bad)
    assert status.group_id == (bad, 0, 0)
    assert "fault_trampolined+0x" in str(caught.value)
    assert caught.value.code == -1
    assert bench.contents(out)[bad] == 0
    bench.run("fault", out, 1000, groups=(40,))  # the device is as good as before
    assert bench.contents(out).tolist() == [1] * 40


def test_a_stack_that_overflows_faults(bench):
    out = bench.buffer(INT)
    with pytest.raises(KernelFailed) as caught:
        bench.run("deep", out, 0)
    assert caught.value.status.mcause in (5, 7)


def test_an_endless_kernel_ends_at_the_limit(bench):
    out = bench.buffer(INT)
    with pytest.raises(KernelFailed) as caught:
        bench.run("spin", out, max_instructions=10_000)
    assert caught.value.status.code == Status.STOPPED
    assert "limit" in str(caught.value)


def code(*words: int) -> bytes:
    return b"".join(word.to_bytes(4, "little") for word in words)


@pytest.mark.parametrize(
    ("words", "status", "cause"),
    [
        ((encode("addi", rd=10, rs1=0, imm12=9), encode("ecall")), Status.EXIT, 9),
        ((encode("addi", rd=17, rs1=0, imm12=1), encode("ecall")), Status.EXCEPTION, 11),
        ((0,), Status.EXCEPTION, 2),
        ((encode("ecall"),), Status.OK, 0),
    ],
)
def test_how_a_thread_may_end(bench, words, status, cause):
    """Start code of the device's own: a7 is 0 there, and a0 the number of the group."""
    device = bench.driver.device
    place = device.alloc(4 * len(words), 16)
    record = device.alloc(64, 8)
    device.write(place, code(*words))
    device.harts.flush_code()
    one = (1, 1, 1)
    device.launch(LaunchInfo(1, one, one, (0, 0, 0), 0, False, place, 0, 0, record))
    data = bytearray(64)
    device.read_into(memoryview(data), record)
    found = StatusRecord.read(bytes(data))
    assert (found.code, found.mcause) == (status, cause)
    device.free(place)
    device.free(record)


@pytest.mark.slow
def test_65536_groups(bench):
    out = bench.buffer(np.zeros(1 << 16, np.int32))
    bench.run("fault", out, (1 << 16) + 1, groups=(1 << 16,))
    assert bench.contents(out).sum() == 1 << 16
    with pytest.raises(KernelFailed) as caught:
        bench.run("fault", out, (1 << 16) - 1, groups=(1 << 16,))
    assert caught.value.status.group_id == ((1 << 16) - 1, 0, 0)


def test_what_the_garbage_collector_frees_goes_with_the_next_operation(elf, translations):
    """It may come in the midst of anything; here it comes when the kernel's text does."""
    options = DeviceOptions(True, translations, output=lambda _text: release())
    hal = FormosaHal(options, Profile())
    program, other = hal.program_load(elf), hal.program_load(elf)
    kernel = hal.program_find_kernel(program, "talk")
    buffer, used = hal.mem_alloc(64, 128), len(hal.device.heap.used_blocks)

    def release() -> None:
        hal.release(buffer)
        assert hal.program_free(other)
        assert not hal.program_free(other)

    assert hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), [value_arg(b"\1\0\0\0")], 1)
    assert len(hal.device.heap.used_blocks) == used
    assert not hal.mem_read(bytearray(4), buffer)
    assert "no buffer begins" in hal.last_error
    assert len(hal.device.heap.used_blocks) == used - 2
    assert not hal.mem_free(buffer)
    hal.close()

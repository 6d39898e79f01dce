"""The HAL over the M1: launches, memory, counters."""

from __future__ import annotations

import os
import signal
import struct
import threading

import numpy as np
import pytest

from hand_kernels import A0, RET, T0, T1, T2, copies_within, increment, line, read, zeros
from kcc.device.args import buffer_arg, local_arg, value_arg
from kcc.device.launch import NDRange
from kcc.ir.abi import KernelInfo


def test_device_info(hal):
    info = hal.info
    assert (info.name, info.global_memory_avail) == ("RefSi M1", 0x7F000000)
    assert (info.shared_local_memory_size, info.vlen, info.num_counters) == (0x10000, 512, 4)
    assert (info.abi, info.word_size, info.max_workgroup_size) == (4, 64, 1024)
    assert info.supports_doubles
    assert info.should_vectorize
    assert not info.supports_fp16


# -- launches --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ndrange", "dims"),
    [
        (line(1), 1),
        (line(37), 1),
        (NDRange((24, 6, 1), (8, 2, 1)), 2),
        (NDRange((5, 7, 1)), 2),
        (NDRange((6, 4, 10), (2, 2, 5)), 3),
        (NDRange((1, 1, 9)), 3),
    ],
)
@pytest.mark.parametrize("device", ["hal", "guarded", "g1_guarded"])
def test_every_group_runs_once(request, load, e, device, ndrange, dims):
    hal = request.getfixturevalue(device)
    program, kernel = load(hal, increment(e))
    nx, ny, nz = ndrange.groups
    count = nx * ny * nz
    out = zeros(hal, 4 * count)
    assert hal.kernel_exec(program, kernel, ndrange, [buffer_arg(out)], dims)
    assert read(hal, out, count) == [1] * count
    assert sum(hal.retired) >= 16 * count


@pytest.mark.parametrize("size", [(0, 1, 1), (4, 0, 1), (0, 0, 0)])
def test_an_empty_range_runs_nothing(hal, load, e, size):
    program, kernel = load(hal, [0])
    assert hal.kernel_exec(program, kernel, NDRange(size), [], 3)
    assert hal.retired == (0, 0, 0, 0)


def test_arguments_arrive(hal, load, e):
    """kernel(p, char, local, double): copies 32 bytes of its arguments to p."""
    copy = [e("ld", rd=T0, rs1=A0, imm12=0)]
    for at in range(0, 32, 8):
        copy += [e("ld", rd=T1, rs1=A0, imm12=at), e("sd", rs2=T1, rs1=T0, store12=at)]
    program, kernel = load(hal, [*copy, RET])
    out = hal.mem_alloc(32, 8)
    args = [buffer_arg(out), value_arg(b"\x7f"), local_arg(100), value_arg(struct.pack("<d", 2.5))]
    assert hal.kernel_exec(program, kernel, line(1), args, 1)
    data = bytearray(32)
    hal.mem_read(data, out, 32)
    assert struct.unpack("<QB7xQd", data) == (out, 0x7F, 100, 2.5)


def test_data_and_bss_live_as_long_as_the_program(hal, load, e):
    """kernel(p): p[0] = data++; p[1] = bss++"""
    words = [e("ld", rd=T0, rs1=A0, imm12=0)]
    for i in range(2):
        at = 0x1_0100 + 4 * i
        words += [
            e("lui", rd=T1, upper20=0x1_0000),
            e("lw", rd=T2, rs1=T1, imm12=at - 0x1_0000),
            e("sw", rs2=T2, rs1=T0, store12=4 * i),
            e("addi", rd=T2, rs1=T2, imm12=1),
            e("sw", rs2=T2, rs1=T1, store12=at - 0x1_0000),
        ]
    words.append(RET)
    size = sum(4 if w & 3 == 3 else 2 for w in words)
    data = bytes(0x100 - size) + (41).to_bytes(4, "little")
    program, kernel = load(hal, words, data=data, bss=64)
    out = hal.mem_alloc(8, 8)
    for launch in range(2):
        assert hal.kernel_exec(program, kernel, line(1), [buffer_arg(out)], 1)
        assert read(hal, out, 2) == [41 + launch, launch]


def test_programs_take_turns(hal, load, e):
    """Two programs at the same address: code of the one before is never run."""
    one = load(hal, increment(e))
    two = load(hal, [RET])
    out = zeros(hal, 4)
    for program, kernel in (one, two, one, two):
        assert hal.kernel_exec(program, kernel, line(1), [buffer_arg(out)], 1)
    assert read(hal, out, 1) == [2]


def test_printing(hal, printed, load, e):
    text = b"hello from the device\n"
    words = [
        e("addi", rd=17, rs1=0, imm12=1),
        e("lui", rd=A0, upper20=0x1_0000),
        e("addi", rd=A0, rs1=A0, imm12=20),
        e("ecall"),
        e("jalr", rd=0, rs1=1, imm12=0),
    ]
    program, kernel = load(hal, words, data=text + b"\0")
    assert hal.kernel_exec(program, kernel, line(3), [], 1)
    assert printed == [text] * 3


@pytest.mark.parametrize(
    ("ndrange", "dims", "message"),
    [
        (line(10, 3), 1, "not a multiple"),
        (NDRange((4, 5, 1), (2, 2, 1)), 2, "not a multiple"),
        (line(4, 0), 1, "local size"),
        (line(4), 0, "0 dimensions"),
        (line(4), 4, "4 dimensions"),
        (NDRange((4, 4, 1)), 1, "dimension 1"),
        (NDRange((4, 1, 1), offset=(0, 0, 1)), 2, "dimension 2"),
        (NDRange((-4, 1, 1)), 1, "negative"),
        (line(1 << 32), 1, "work-groups"),
        (NDRange((1 << 64, 1, 1), (1 << 40, 1, 1)), 1, "64 bits"),
    ],
)
def test_launches_that_cannot_be(hal, load, ndrange, dims, message):
    program, kernel = load(hal, [RET])
    assert not hal.kernel_exec(program, kernel, ndrange, [], dims)
    assert message in hal.last_error


def test_bad_handles_and_arguments(hal, load, build_elf):
    program, kernel = load(hal, [RET])
    assert not hal.kernel_exec(99, kernel, line(1), [], 1)
    assert not hal.kernel_exec(program, 0, line(1), [], 1)
    assert not hal.kernel_exec(program, kernel, line(1), [value_arg(b"")], 1)
    assert "value" in hal.last_error
    assert hal.program_find_kernel(program, "nobody") == 0
    assert "'nobody'" in hal.last_error
    assert hal.program_find_kernel(99, "k") == 0
    assert hal.program_load(b"\x7fELF") == 0
    assert hal.program_load(build_elf([RET], {"k": 0}, base=0x9_0000_0000)) == 0
    assert "outside" in hal.last_error
    assert hal.program_free(program)
    assert not hal.program_free(program)
    assert not hal.kernel_exec(program, kernel, line(1), [], 1)


# -- memory ----------------------------------------------------------------------------------------


def test_too_few_arguments_for_a_described_kernel(hal, load):
    """Else the kernel would take what lies behind them for arguments."""
    program, kernel = load(hal, [RET], kernels=[KernelInfo("k", (), 16)])
    assert not hal.kernel_exec(program, kernel, line(1), [buffer_arg(0)], 1)
    assert hal.last_error == "kernel 'k' takes 16 bytes of arguments, not 8"
    assert hal.kernel_exec(program, kernel, line(1), [buffer_arg(0)] * 2, 1)


def test_read_and_write(hal):
    addr = hal.mem_alloc(1000, 64)
    data = np.arange(250, dtype=np.uint32)
    assert hal.mem_write(addr, memoryview(data).cast("B"))
    got = np.zeros(250, np.uint32)
    assert hal.mem_read(memoryview(got).cast("B"), addr)
    assert np.array_equal(got, data)
    assert not hal.mem_write(0x3000_0000, b"x")
    assert not hal.mem_read(bytearray(1), 0)
    assert not hal.mem_free(addr + 8)
    assert hal.mem_free(addr)


def test_copy_within_the_device(hal):
    copies_within(hal)


@pytest.mark.parametrize(("pattern", "size"), [(1, 9), (3, 10), (4, 9999), (128, 5000), (5, 4)])
def test_fill_with_whole_patterns(hal, pattern, size):
    addr = zeros(hal, 10_100)
    data = bytes(range(1, pattern + 1))
    assert hal.mem_fill(addr, data, size)
    got = bytearray(size + 4)
    hal.mem_read(got, addr)
    whole = size // pattern * pattern
    assert got == data * (whole // pattern) + bytes(size + 4 - whole)
    assert not hal.mem_fill(addr, b"", 8)
    assert not hal.mem_fill(0x3000_0000, b"x", 8)


# -- counters --------------------------------------------------------------------------------------


def test_counters(hal, load, e):
    program, kernel = load(hal, increment(e))
    out = hal.mem_alloc(400, 8)
    launch = (program, kernel, line(100), [buffer_arg(out)], 1)
    assert hal.kernel_exec(*launch)
    assert hal.counter_read(2, 0) is None  # not enabled
    hal.counter_set_enabled(True)
    for _ in range(2):
        assert hal.kernel_exec(*launch)
        # 16 instructions of the kernel and 5 of the launch stub, 25 groups a hart.
        assert [hal.counter_read(2, h) for h in range(4)] == [21 * 25] * 4
        assert hal.counter_read(2, 0) is None  # reading takes it
        assert hal.counter_read(0, 1) == 21 * 25
        assert hal.counter_read(3, 0) == 0
        assert hal.counter_read(2, 4) is None
    hal.mem_write(out, bytes(40))
    assert (hal.counter_read(64), hal.counter_read(64)) == (40, None)
    hal.mem_read(bytearray(8), out)
    assert hal.counter_read(65) == 8
    hal.mem_fill(out, b"abc", 100)
    assert hal.counter_read(64) == 99


@pytest.mark.parametrize("device", ["hal", "g1_guarded"])
def test_eight_host_threads(request, load, e, device):
    hal = request.getfixturevalue(device)
    program, kernel = load(hal, increment(e))
    out = [zeros(hal, 40) for _ in range(8)]

    def work(n: int) -> None:
        for _ in range(5):
            assert hal.kernel_exec(program, kernel, line(10), [buffer_arg(out[n])], 1)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [read(hal, o, 10) for o in out] == [[5] * 10] * 8


def test_devices_do_not_share_memory(hal, guarded):
    a, b = hal.mem_alloc(8, 8), guarded.mem_alloc(8, 8)
    hal.mem_write(a, b"one 1234")
    guarded.mem_write(b, b"two 5678")
    got = bytearray(8)
    hal.mem_read(got, a)
    assert got == b"one 1234"


def test_numbers_out_of_range_are_refused(hal, load, e):
    program, kernel = load(hal, increment(e))
    for bad in (-1, 1 << 64):
        assert not hal.mem_copy(0x5000_0000, 0x5100_0000, bad)
        assert not hal.mem_copy(bad, 0x5100_0000, 8)
        assert not hal.kernel_exec(program, bad, NDRange((1, 1, 1)), b"", 1)
        assert not hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), [buffer_arg(bad)], 1)
        assert not hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), [local_arg(bad)], 1)
    assert not hal.kernel_exec(program, kernel, NDRange((0, 1, 1), (1 << 64, 1, 1)), b"", 1)
    assert not hal.mem_fill(0x5000_0000, b"ab", -5)


def test_a_forked_process_has_a_device_of_its_own(hal, load, e):
    program, kernel = load(hal, increment(e))
    buffer = hal.mem_alloc(4, 4)

    def launch() -> int:
        assert hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), [buffer_arg(buffer)], 1)
        data = bytearray(4)
        assert hal.mem_read(data, buffer)
        return int.from_bytes(data, "little")

    hal.mem_write(buffer, bytes(4))
    assert launch() == 1
    child = os.fork()
    if not child:
        signal.alarm(20)  # ends a child that waits for a thread it does not have
        os._exit(launch() + launch() if launch() == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3 + 4
    assert launch() == 2


def test_a_closed_device_says_so(hal, load, e):
    program, kernel = load(hal, increment(e))
    hal.close()
    for attempt in (
        lambda: hal.mem_alloc(8, 8),
        lambda: hal.mem_free(0x5000_0000),
        lambda: hal.mem_copy(0x5000_0000, 0x5100_0000, 8),
        lambda: hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), b"", 1),
    ):
        hal.last_error = ""
        assert not attempt()
        assert hal.last_error == "the device has been closed"

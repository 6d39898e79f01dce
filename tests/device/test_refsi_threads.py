"""The driver under threads: order, no lost command, shutting down whatever goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from kcc.device import refsi
from kcc.device.cmdbuf import CommandBuffer
from kcc.device.refsi import (
    CMP_REG_ENTRY_PT_FN,
    CMP_REG_RETURN_ADDR,
    DRAM,
    REFSI_M,
    REFSI_UNIT_ID,
    REFSI_UNIT_KIND_EXTERNAL,
    refsi_device_closed,
    refsi_failure,
    refsi_success,
)
from kcc.device.soc.device import DeviceOptions

HOST = REFSI_UNIT_ID(REFSI_UNIT_KIND_EXTERNAL, 0)
CODE, BUFFER, COUNT = 0x4000_1000, 0x4100_0000, 0x4200_0000


@pytest.fixture
def dev():
    refsi.refsiInitialize()
    yield refsi.refsiOpenDevice(REFSI_M)
    refsi.refsiTerminate()


def all_at_once(count: int, work: Callable[[int], None]) -> None:
    """work(0), work(1).. in threads that begin together; raises what one of them did."""
    start = threading.Barrier(count)
    failures: list[BaseException] = []

    def one(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as e:  # carried over to the test's thread
            failures.append(e)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


def put(dev, addr: int, data: bytes) -> None:
    assert refsi.refsiWriteDeviceMemory(dev, addr, data, len(data), HOST) == refsi_success


def code(dev, *words: int) -> None:
    put(dev, CODE, b"".join(w.to_bytes(4, "little") for w in words))


def run_code(**more: int) -> CommandBuffer:
    """One instance of what is at CODE."""
    buffer = CommandBuffer()
    buffer.write_reg64(CMP_REG_ENTRY_PT_FN, CODE)
    buffer.write_reg64(CMP_REG_RETURN_ADDR, 0)
    buffer.run_instances(1, max_harts=1, **more)
    return buffer


def word(dev, addr: int) -> int:
    data = bytearray(8)
    assert refsi.refsiReadDeviceMemory(dev, data, addr, 8, HOST) == refsi_success
    return int.from_bytes(data, "little")


def spin(e) -> list[int]:
    return [e("jal", rd=0, jump21=0)]


def increment(e) -> list[int]:
    """The word at COUNT += 1, by load and store: only one at a time gets it right."""
    return [
        e("lui", rd=5, upper20=COUNT),
        e("ld", rd=6, rs1=5, imm12=0),
        e("addi", rd=6, rs1=6, imm12=1),
        e("sd", rs2=6, rs1=5, store12=0),
        e("jalr", rd=0, rs1=1, imm12=0),
    ]


def test_no_command_of_eight_threads_is_lost(dev, e):
    """Each queues buffers of its own, reads, writes, allocates and waits in between."""
    code(dev, *increment(e))

    def work(number: int) -> None:
        buffer = run_code()
        addr = refsi.refsiAllocDeviceMemory(dev, buffer.size, 8, DRAM)
        put(dev, addr, bytes(buffer))
        for i in range(12):
            assert refsi.refsiExecuteCommandBuffer(dev, addr, buffer.size) == refsi_success
            mine = refsi.refsiAllocDeviceMemory(dev, 256, 64, DRAM)
            pattern = bytes([number + 1, i]) * 128
            put(dev, mine, pattern)
            got = bytearray(256)
            assert refsi.refsiReadDeviceMemory(dev, got, mine, 256, HOST) == refsi_success
            assert got == pattern
            assert refsi.refsiFreeDeviceMemory(dev, mine) == refsi_success
            if i % 5 == 4:
                refsi.refsiWaitForDeviceIdle(dev)

    all_at_once(8, work)
    refsi.refsiWaitForDeviceIdle(dev)
    assert word(dev, COUNT) == 8 * 12
    assert refsi.last_error(dev) is None


def test_no_kernel_of_eight_threads_is_lost(e):
    """On a G, whose ROM is code of ours: each hart adds 1, and exits."""
    refsi.refsiTerminate()
    dev = refsi.refsiOpenDevice(refsi.REFSI_G)
    words = [
        e("lui", rd=5, upper20=COUNT),
        e("addi", rd=6, rs1=0, imm12=1),
        e("amoadd.d", rd=0, rs1=5, rs2=6),
        e("addi", rd=17, rs1=0, imm12=0),
        e("addi", rd=10, rs1=0, imm12=0),
        e("ecall"),
    ]
    put(dev, 0x1000, b"".join(w.to_bytes(4, "little") for w in words))

    def work(number: int) -> None:
        for i in range(6):
            assert refsi.refsiExecuteKernel(dev, 0, 1 + (number + i) % 3) == refsi_success
            assert word(dev, 0x1000) == words[0] | words[1] << 32
            refsi.refsiWaitForDeviceIdle(dev)

    all_at_once(8, work)
    assert word(dev, COUNT) == sum(1 + (n + i) % 3 for n in range(8) for i in range(6))
    assert refsi.last_error(dev) is None
    assert refsi.refsiShutdownDevice(dev) == refsi_success


def test_buffers_of_a_thread_run_in_its_order(dev):
    """Each appends its numbers, one per buffer, through a register only buffers see."""
    addr = BUFFER
    for i in range(50):
        buffer = CommandBuffer()
        buffer.store_reg64(refsi.CMP_REG_SCRATCH, COUNT + 8 * i)
        buffer.write_reg64(refsi.CMP_REG_SCRATCH, i + 1)
        put(dev, addr, bytes(buffer))
        assert refsi.refsiExecuteCommandBuffer(dev, addr, buffer.size) == refsi_success
        addr += buffer.size
    refsi.refsiWaitForDeviceIdle(dev)
    assert [word(dev, COUNT + 8 * i) for i in range(50)] == list(range(50))


def test_a_buffer_is_read_when_it_runs(dev, e):
    """What is written while an earlier one still runs counts."""
    code(dev, *spin(e))
    first, second = run_code(), CommandBuffer()
    second.store_imm64(COUNT, 1)
    put(dev, BUFFER, bytes(first))
    view = refsi.refsiGetMappedAddress(dev, BUFFER + 0x100, second.size)
    view[:] = bytes(second)
    assert refsi.refsiExecuteCommandBuffer(dev, BUFFER, first.size) == refsi_success
    assert refsi.refsiExecuteCommandBuffer(dev, BUFFER + 0x100, second.size) == refsi_success
    view[8:16] = (2).to_bytes(8, "little")
    while dev.last is None:  # the run is stopped, not the queue
        dev.harts.stop()
    refsi.refsiWaitForDeviceIdle(dev)
    assert word(dev, COUNT) == 2
    assert refsi.last_error(dev).addr == BUFFER


def test_a_fault_stops_its_buffer_alone(dev, e):
    code(dev, 0, *increment(e))  # an illegal instruction, and behind it something useful
    bad = run_code()
    bad.store_imm64(COUNT, 99)
    good = CommandBuffer()
    good.write_reg64(CMP_REG_ENTRY_PT_FN, CODE + 4)
    good.run_instances(1, max_harts=1)
    put(dev, BUFFER, bytes(bad))
    put(dev, BUFFER + 0x100, bytes(good))
    for _ in range(3):
        assert refsi.refsiExecuteCommandBuffer(dev, BUFFER, bad.size) == refsi_success
        assert refsi.refsiExecuteCommandBuffer(dev, BUFFER + 0x100, good.size) == refsi_success
    refsi.refsiWaitForDeviceIdle(dev)
    assert word(dev, COUNT) == 3
    status = refsi.last_error(dev)
    assert (status.addr, status.offset) == (BUFFER, 32)
    assert "Illegal Instruction" in status.error
    assert (status.exit_code, dev.last.exit_code) == (0x8000_0002, 0)
    assert len(dev.errors) == 3


def test_shutdown_stops_a_kernel_that_never_ends(dev, e):
    """Also what waits, blocked threads too; and who is late is told."""
    dev.prepare()
    code(dev, *spin(e))
    buffer = run_code()
    put(dev, BUFFER, bytes(buffer))
    last: list[refsi.refsi_result] = []

    def work(number: int) -> None:
        if number == 7:
            while not dev.harts.machine._run:  # until it is the kernel that is stopped
                pass
            assert refsi.refsiShutdownDevice(dev) == refsi_success
            return
        result = refsi_success
        while result == refsi_success:
            result = refsi.refsiExecuteCommandBuffer(dev, BUFFER, buffer.size)
        last.append(result)
        refsi.refsiWaitForDeviceIdle(dev)

    all_at_once(8, work)
    assert last == [refsi_device_closed] * 7
    assert refsi.refsiShutdownDevice(dev) == refsi_failure
    again = refsi.refsiOpenDevice(REFSI_M)
    assert again is not dev
    assert word(again, BUFFER) == 0


def test_one_of_many_shuts_down(dev):
    results: list[refsi.refsi_result] = []
    all_at_once(8, lambda _: results.append(refsi.refsiShutdownDevice(dev)))
    assert sorted(results) == [refsi_success] + [refsi_failure] * 7


def test_one_device_for_all_who_open():
    refsi.refsiTerminate()
    devices: list[object] = []
    all_at_once(8, lambda _: devices.append(refsi.refsiOpenDevice(REFSI_M)))
    assert len(set(map(id, devices))) == 1
    refsi.refsiTerminate()


@pytest.mark.parametrize("act", ["shutdown", "cancel"])
def test_a_kernel_is_stopped_from_within_its_output(e, act):
    """Whoever gets the text may close the device, or drop its work, and use it meanwhile."""
    seen: list[object] = []

    def output(data: bytes) -> None:
        seen.append(data)
        refsi.refsiWaitForDeviceIdle(device)
        seen.append(word(device, COUNT))
        if act == "shutdown":
            seen.append(refsi.refsiShutdownDevice(device))
        else:
            device.cancel()

    device = refsi.open_device(DeviceOptions(output=output))
    put(device, COUNT, b"text\0\0\0\0")
    code(
        device,
        e("addi", rd=17, rs1=0, imm12=1),
        e("lui", rd=10, upper20=COUNT),
        e("ecall"),
        *spin(e),
    )
    buffer = run_code()
    put(device, BUFFER, bytes(buffer))
    assert refsi.refsiExecuteCommandBuffer(device, BUFFER, buffer.size) == refsi_success
    refsi.refsiWaitForDeviceIdle(device)
    text = int.from_bytes(b"text", "little")
    assert seen == [b"text", text, refsi_success][: 3 if act == "shutdown" else 2]
    assert device.last.error is not None
    if act == "cancel":  # it goes on
        code(device, *increment(e))
        put(device, COUNT, bytes(8))
        sync = CommandBuffer()
        sync.sync_cache()
        put(device, BUFFER, bytes(sync) + bytes(buffer))
        size = sync.size + buffer.size
        assert refsi.refsiExecuteCommandBuffer(device, BUFFER, size) == refsi_success
        refsi.refsiWaitForDeviceIdle(device)
        assert word(device, COUNT) == 1
        refsi.refsiShutdownDevice(device)

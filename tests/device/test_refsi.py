"""The driver interface: results, queries, memory, threads, reopening."""

from __future__ import annotations

import numpy as np
import pytest

from kcc.device import refsi
from kcc.device.cmdbuf import CommandBuffer
from kcc.device.refsi import (
    CMP_FINISH,
    DRAM,
    REFSI_DEFAULT,
    REFSI_G,
    REFSI_M,
    REFSI_UNIT_ID,
    REFSI_UNIT_KIND_ACC_HART,
    REFSI_UNIT_KIND_EXTERNAL,
    refsi_device_closed,
    refsi_failure,
    refsi_invalid_device,
    refsi_not_supported,
    refsi_success,
)

HOST = REFSI_UNIT_ID(REFSI_UNIT_KIND_EXTERNAL, 0)


@pytest.fixture
def dev():
    refsi.refsiInitialize()
    yield refsi.refsiOpenDevice(REFSI_M)
    refsi.refsiTerminate()


def closed():
    device = refsi.refsiOpenDevice(REFSI_M)
    refsi.refsiShutdownDevice(device)
    return device


# Every function on a null device and on one that was shut down; the results it must give.
# fmt: off
CALLS = {
    "shutdown":   (refsi.refsiShutdownDevice, (),                refsi_failure, refsi_failure),
    "info":       (refsi.refsiQueryDeviceInfo, (),
                   (refsi_invalid_device, None), (refsi_device_closed, None)),
    "map":        (refsi.refsiQueryDeviceMemoryMap, (0,),
                   (refsi_invalid_device, None), (refsi_device_closed, None)),
    "alloc":      (refsi.refsiAllocDeviceMemory, (8, 8, DRAM),   0, 0),
    "free":       (refsi.refsiFreeDeviceMemory, (0,), refsi_invalid_device, refsi_device_closed),
    "mapped":     (refsi.refsiGetMappedAddress, (0x4000_0000, 1), None, None),
    "flush":      (refsi.refsiFlushDeviceMemory, (0, 0),
                   refsi_invalid_device, refsi_device_closed),
    "invalidate": (refsi.refsiInvalidateDeviceMemory, (0, 0),
                   refsi_invalid_device, refsi_device_closed),
    "read":       (refsi.refsiReadDeviceMemory, (bytearray(1), 0x4000_0000, 1, HOST),
                   refsi_invalid_device, refsi_device_closed),
    "write":      (refsi.refsiWriteDeviceMemory, (0x4000_0000, b"x", 1, HOST),
                   refsi_invalid_device, refsi_device_closed),
    "execute":    (refsi.refsiExecuteCommandBuffer, (0x4000_0000, 8),
                   refsi_invalid_device, refsi_device_closed),
    "wait":       (refsi.refsiWaitForDeviceIdle, (),             None, None),
    "kernel":     (refsi.refsiExecuteKernel, (0, 1),             refsi_failure,
                   refsi_device_closed),
    "last_error": (refsi.last_error, (),                         None, None),
}
# fmt: on


@pytest.mark.parametrize("name", CALLS)
def test_results_for_null_and_closed_devices(name):
    function, args, for_null, for_closed = CALLS[name]
    assert function(None, *args) == for_null
    assert function(closed(), *args) == for_closed


def test_result_numbers():
    assert list(refsi.refsi_result) == [0, 1, 2, 3, 4]
    assert refsi_not_supported == 4


def test_start_and_end_are_idempotent():
    assert [refsi.refsiInitialize() for _ in range(2)] == [refsi_success] * 2
    assert [refsi.refsiTerminate() for _ in range(2)] == [refsi_success] * 2


def test_one_device_per_family():
    first = refsi.refsiOpenDevice(REFSI_M)
    assert first is not None
    assert refsi.refsiOpenDevice(REFSI_DEFAULT) is first
    assert refsi.refsiOpenDevice(REFSI_G) is not first
    assert refsi.refsiOpenDevice(7) is None
    assert refsi.refsiShutdownDevice(first) == refsi_success
    assert refsi.refsiShutdownDevice(first) == refsi_failure
    second = refsi.refsiOpenDevice(REFSI_M)
    assert second is not first
    refsi.refsiTerminate()


def test_a_reopened_device_is_zeroed(dev):
    addr = refsi.refsiAllocDeviceMemory(dev, 16, 16, DRAM)
    view = refsi.refsiGetMappedAddress(dev, addr, 16)
    view[:] = b"x" * 16
    refsi.refsiShutdownDevice(dev)
    again = refsi.refsiOpenDevice(REFSI_M)
    assert refsi.refsiAllocDeviceMemory(again, 16, 16, DRAM) == addr
    assert bytes(refsi.refsiGetMappedAddress(again, addr, 16)) == bytes(16)
    view[:] = b"y" * 16  # a view of the old device: valid, and of no effect on the new
    assert bytes(refsi.refsiGetMappedAddress(again, addr, 16)) == bytes(16)


def test_device_info(dev):
    result, info = refsi.refsiQueryDeviceInfo(dev)
    assert result == refsi_success
    assert (info.family, info.num_cores, info.num_harts_per_core) == (REFSI_M, 1, 4)
    assert info.num_memory_map_entries == 4
    assert (info.core_isa, info.core_vlen, info.core_elen) == ("RV64GCVZbc", 512, 64)


def test_memory_map(dev):
    entries = [refsi.refsiQueryDeviceMemoryMap(dev, i) for i in range(4)]
    assert all(result == refsi_success for result, _ in entries)
    assert [(e.kind, e.start_addr, e.size) for _, e in entries] == [
        (refsi.TCDM, 0x10000000, 0x400000),
        (refsi.DRAM, 0x40000000, 0x80000000),
        (refsi.KERNEL_DMA_PRIVATE, 0x20002000, 0x100),
        (refsi.PERF_COUNTERS, 0x20100000, 0x200),
    ]
    assert refsi.refsiQueryDeviceMemoryMap(dev, 4) == (refsi_failure, None)
    assert refsi.refsiQueryDeviceMemoryMap(dev, -1) == (refsi_failure, None)


def test_allocation(dev):
    assert refsi.refsiAllocDeviceMemory(dev, 0xF0000, 4096, DRAM) == 0xBFF10000
    assert refsi.refsiAllocDeviceMemory(dev, 72, 8, DRAM) == 0xBFF0FFB8
    assert refsi.refsiAllocDeviceMemory(dev, 8, 3, DRAM) == 0
    assert refsi.refsiAllocDeviceMemory(dev, 1 << 40, 8, DRAM) == 0
    assert refsi.refsiFreeDeviceMemory(dev, 0xBFF10000) == refsi_success
    assert refsi.refsiFreeDeviceMemory(dev, 0xBFF10000) == refsi_failure
    assert refsi.refsiFreeDeviceMemory(dev, 0x4000_0000) == refsi_failure
    assert refsi.refsiFreeDeviceMemory(dev, 0) == refsi_success


@pytest.mark.parametrize("kind", [k for k in refsi.refsi_memory_map_kind if k != DRAM])
def test_only_dram_can_be_allocated(dev, kind):
    assert refsi.refsiAllocDeviceMemory(dev, 8, 8, kind) == 0


def test_mapped_addresses_alias_device_memory(dev):
    view = refsi.refsiGetMappedAddress(dev, 0x4000_0000, 4096)
    other = refsi.refsiGetMappedAddress(dev, 0x4000_0100, 16)
    view[0x100:0x104] = b"abcd"
    assert bytes(other[:4]) == b"abcd"
    data = bytearray(4)
    assert refsi.refsiReadDeviceMemory(dev, data, 0x4000_0100, 4, HOST) == refsi_success
    assert data == b"abcd"
    assert refsi.refsiWriteDeviceMemory(dev, 0x4000_0102, b"XY", 2, HOST) == refsi_success
    assert bytes(view[0x100:0x104]) == b"abXY"
    assert refsi.refsiFlushDeviceMemory(dev, 0, 0) == refsi_success
    assert refsi.refsiInvalidateDeviceMemory(dev, 0, 0) == refsi_success


@pytest.mark.parametrize(
    ("addr", "size", "mapped"),
    [
        (0x1000_0000, 0x40_0000, True),
        (0x1000_0000, 0x40_0001, False),
        (0xBFFF_FFFF, 1, True),
        (0xBFFF_FFFF, 2, False),
        (0xC000_0000, 1, False),
        (0, 1, False),
        (0x2000_2000, 8, False),
        (0x2010_0000, 8, False),
        (0x4000_0000, -1, False),
        (-1, 1, False),
    ],
)
def test_what_can_be_mapped(dev, addr, size, mapped):
    assert (refsi.refsiGetMappedAddress(dev, addr, size) is not None) == mapped


def test_failed_transfers_move_nothing(dev):
    data = bytearray(b"keep" * 4)
    read, write = refsi.refsiReadDeviceMemory, refsi.refsiWriteDeviceMemory
    assert read(dev, data, 0xBFFF_FFF8, 16, HOST) == refsi_failure
    assert write(dev, 0xBFFF_FFF8, data, 16, HOST) == refsi_failure
    assert data == b"keep" * 4
    assert bytes(refsi.refsiGetMappedAddress(dev, 0xBFFF_FFF8, 8)) == bytes(8)
    assert read(dev, None, 0x4000_0000, 1, HOST) == refsi_failure
    assert write(dev, 0x4000_0000, None, 1, HOST) == refsi_failure
    assert read(dev, bytearray(3), 0x4000_0000, 4, HOST) == refsi_failure
    assert write(dev, 0x4000_0000, b"abc", 4, HOST) == refsi_failure
    assert read(dev, bytearray(3), 0x4000_0000, -1, HOST) == refsi_failure
    assert read(dev, bytearray(), 0x4000_0000, 0, HOST) == refsi_success
    assert read(dev, bytearray(), 0x3000_0000, 0, HOST) == refsi_failure
    assert read(dev, np.zeros((0, 3)), 0x4000_0000, 0, HOST) == refsi_success
    assert write(dev, 0x4000_0000, np.zeros(0), 0, HOST) == refsi_success
    assert write(dev, 0x4000_0000, np.ones((4, 4), np.uint8)[:, ::2], 8, HOST) == refsi_failure
    assert read(dev, b"constant", 0x4000_0000, 8, HOST) == refsi_failure


def test_registers_are_reachable(dev):
    """The host has a set of DMA registers of its own, and may start transfers."""
    entry = refsi.refsiQueryDeviceMemoryMap(dev, 2)[1]
    base = entry.start_addr
    end = base + entry.size
    assert (base, end) == (refsi.REFSI_DMA_IO_ADDRESS, refsi.REFSI_DMA_IO_END_ADDRESS)
    refsi.refsiGetMappedAddress(dev, 0x4000_0000, 4)[:] = b"dma!"
    for reg, value in (
        (refsi.REFSI_REG_DMASRCADDR, 0x4000_0000),
        (refsi.REFSI_REG_DMADSTADDR, 0x1000_0000),
        (refsi.REFSI_REG_DMAXFERSIZE0, 4),
        (refsi.REFSI_REG_DMACTRL, refsi.REFSI_DMA_1D | refsi.REFSI_DMA_START),
    ):
        at = refsi.REFSI_DMA_REG_ADDR(base, reg)
        assert refsi.REFSI_DMA_GET_REG(base, at) == reg
        word = value.to_bytes(8, "little")
        assert refsi.refsiWriteDeviceMemory(dev, at, word, 8, HOST) == refsi_success
    assert bytes(refsi.refsiGetMappedAddress(dev, 0x1000_0000, 4)) == b"dma!"
    assert refsi.refsiWriteDeviceMemory(dev, base, bytes(8)[:4], 4, HOST) == refsi_failure


def test_failures_are_logged_with_their_place(dev, capsys):
    buffer = CommandBuffer()
    buffer.nop(1)
    buffer.sync_cache(0)
    buffer.words[2] += 2 << 16
    buffer.finish()
    data = bytes(buffer)
    assert refsi.refsiWriteDeviceMemory(dev, 0x4000_0000, data, len(data), HOST) == refsi_success
    assert refsi.refsiExecuteCommandBuffer(dev, 0x4000_0000, len(data)) == refsi_success
    refsi.refsiWaitForDeviceIdle(dev)
    problem = "SYNC_CACHE with 8 bytes of payload, not 0"
    assert refsi.last_error(dev).error == problem
    place = "command buffer at 0x40000000, offset 0x10"
    assert capsys.readouterr().err == f"error: {place}: {problem}\n"


def test_fields_of_registers():
    """As golden values of the HAL have them."""
    assert refsi.CMP_GET_KUB_ADDR(0x0001_0000_BFF0_CF00) == 0xBFF0_CF00
    assert refsi.CMP_GET_KUB_SIZE(0x0001_0000_BFF0_CF00) == 1
    assert refsi.CMP_GET_TSD_OFFSET(0xC000_0028_0000) == 0x28
    assert refsi.CMP_GET_TSD_SIZE(0xC000_0028_0000) == 0xC0
    assert refsi.CMP_GET_ENTRY_POINT_ADDR(0xFF_0001_001C) == 0x1_001C
    mode, scale = 0x0007_FFFF_0000_0003, 0x0007_FFFF_0000_0001
    assert (refsi.CMP_GET_WINDOW_ACTIVE(mode), refsi.CMP_GET_WINDOW_SIZE(mode)) == (1, 0x8_0000)
    assert refsi.CMP_GET_WINDOW_MODE(mode) == refsi.CMP_WINDOW_MODE_PERT_HART
    assert refsi.CMP_GET_WINDOW_SCALE_A(scale) == 1
    assert refsi.CMP_GET_WINDOW_SCALE_B(scale) == 0x7_FFFF
    last = (refsi.CMP_REG_WINDOW_BASEn, refsi.CMP_REG_WINDOW_SCALEn, refsi.CMP_NUM_REGS - 1)
    assert last == (15, 39, 39)


def test_unit_ids():
    hart = REFSI_UNIT_ID(REFSI_UNIT_KIND_ACC_HART, 3)
    assert (hart, HOST) == (0x0300_0003, 0x0100_0000)
    assert refsi.REFSI_GET_UNIT_KIND(hart) == REFSI_UNIT_KIND_ACC_HART
    assert refsi.REFSI_GET_UNIT_INDEX(hart) == 3


def test_command_words_through_the_driver():
    word = refsi.refsiEncodeCMPCommand(CMP_FINISH, 0, 0)
    assert word == 0xC0000100
    assert refsi.refsiDecodeCMPCommand(word) == (refsi_success, (CMP_FINISH, 0, 0))
    assert refsi.refsiDecodeCMPCommand(0) == (refsi_failure, None)
    # Counts and values that are too large spill over, but not out of the 64 bits.
    assert refsi.refsiEncodeCMPCommand(CMP_FINISH, 1 << 13, 1 << 32 | 5) == 0x5_C000_0100


def write_scratch(dev, addr: int, value: int) -> int:
    """A buffer at addr: SCRATCH = value; returns its size."""
    words = [refsi.refsiEncodeCMPCommand(refsi.CMP_WRITE_REG64, 1, refsi.CMP_REG_SCRATCH), value]
    data = b"".join(w.to_bytes(8, "little") for w in words)
    assert refsi.refsiWriteDeviceMemory(dev, addr, data, len(data), HOST) == refsi_success
    return len(data)


def test_command_buffers_run_in_order_and_errors_are_kept(dev, capfd):
    size = write_scratch(dev, 0x4000_0000, 5)
    for _ in range(40):  # more than wait at once
        assert refsi.refsiExecuteCommandBuffer(dev, 0x4000_0000, size) == refsi_success
    assert refsi.refsiExecuteCommandBuffer(dev, 0x3000_0000, 8) == refsi_success
    refsi.refsiWaitForDeviceIdle(dev)
    assert dev.processor.registers[0] == 5
    error = refsi.last_error(dev)
    assert error.addr == 0x3000_0000
    assert error.error == "nothing to execute at 0x30000000"
    assert capfd.readouterr().err == error.message + "\n"


def test_kernels_are_not_executed_directly(dev):
    assert refsi.refsiExecuteKernel(dev, 0, 1) == refsi_not_supported


def test_a_device_closed_behind_the_driver_is_opened_anew():
    first = refsi.refsiOpenDevice(refsi.REFSI_M)
    first.close()
    second = refsi.refsiOpenDevice(refsi.REFSI_M)
    assert second is not first
    assert refsi.refsiShutdownDevice(second) == refsi.refsi_success

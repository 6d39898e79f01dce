"""The G1 through the driver: what it reports, its ROM, its windows, runs of all harts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kcc.backend.encode import encode as e
from kcc.device import refsi
from kcc.device.profile import named_profile
from kcc.device.refsi import (
    DRAM,
    REFSI_G,
    refsi_device_closed,
    refsi_failure,
    refsi_not_supported,
    refsi_success,
)
from kcc.device.sim.interface import Reason
from kcc.device.soc.device import DeviceOptions
from kcc.device.soc.g1_device import G1Device
from kcc.device.soc.memory import HOST, hart_unit

ROM, WINDOW, STATE, TOP = 0x1000, 0x1_0000, 0x2080_0000, 0x2100_0000
PROGRAM, STACKS = 0xB801_0000, 0x9801_0000  # where the windows lead
DATA = 0x5000_0000
A0, A1, A7, T0, T1, T2 = 10, 11, 17, 5, 6, 7
EXIT = [e("addi", rd=A0, rs1=0, imm12=0), e("addi", rd=A7, rs1=0, imm12=0), e("ecall")]
MHARTID, MCOUNTEREN, PMPCFG0, PMPADDR0, MSCRATCH = 0xF14, 0x306, 0x3A0, 0x3B0, 0x340


def hart_slot() -> list[int]:
    """t0 = DATA + 8 * mhartid"""
    return [
        e("csrrs", rd=T0, csr=MHARTID, rs1=0),
        e("slli", rd=T0, rs1=T0, shamt6=3),
        e("lui", rd=T1, upper20=DATA),
        e("add", rd=T0, rs1=T0, rs2=T1),
    ]


def barrier(site: int) -> list[int]:
    call = e("addi", rd=A7, rs1=0, imm12=2)
    return [e("addi", rd=A0, rs1=0, imm12=site), call, e("ecall")]


@pytest.fixture
def dev() -> Iterator[refsi.refsi_device_t]:
    opened = refsi.refsiOpenDevice(REFSI_G)
    yield opened
    refsi.refsiTerminate()


def write(device: refsi.refsi_device_t, addr: int, words: list[int], unit: int = HOST) -> int:
    data = b"".join(w.to_bytes(4, "little") for w in words)
    return refsi.refsiWriteDeviceMemory(device, addr, data, len(data), unit)


def run(device: refsi.refsi_device_t, words: list[int], harts: int) -> int:
    assert write(device, ROM, words) == refsi_success
    return refsi.refsiExecuteKernel(device, 0, harts)


def longs(device: refsi.refsi_device_t, addr: int, count: int) -> list[int]:
    view = refsi.refsiGetMappedAddress(device, addr, 8 * count)
    assert view is not None
    return view.cast("Q").tolist()


# -- what is there ---------------------------------------------------------------------------------


def test_it_reports_itself(dev):
    result, info = refsi.refsiQueryDeviceInfo(dev)
    assert result == refsi_success
    assert (info.family, info.num_cores, info.num_harts_per_core) == (REFSI_G, 1, 64)
    assert (info.core_isa, info.core_vlen, info.core_elen) == ("RV64GCV", 128, 64)
    entries = [refsi.refsiQueryDeviceMemoryMap(dev, i) for i in range(info.num_memory_map_entries)]
    assert [(entry.kind, entry.start_addr, entry.size) for _, entry in entries] == [
        (refsi.TCIM, 0x1000, 0xF000),
        (refsi.TCDM, 0x10000000, 0x400000),
        (refsi.DRAM, 0x40000000, 0x80000000),
        (refsi.PERF_COUNTERS, 0x20100000, 0x200),
    ]
    assert refsi.refsiQueryDeviceMemoryMap(dev, 4) == (refsi_failure, None)


def test_vectors_are_as_long_as_a_variable_says(monkeypatch, capsys):
    vlenb = [*hart_slot(), e("csrrs", rd=T1, csr=0xC22, rs1=0), e("sd", rs2=T1, rs1=T0, store12=0)]
    monkeypatch.setenv("CA_RISCV_VLEN_BITS_MIN", "256")
    device = refsi.refsiOpenDevice(REFSI_G)
    assert refsi.refsiQueryDeviceInfo(device)[1].core_vlen == 256
    assert run(device, [*vlenb, *EXIT], 1) == refsi_success
    assert longs(device, DATA, 1) == [32]
    refsi.refsiTerminate()
    assert named_profile("m1").vlen == 512
    for bad in ("100", "2048", "long", "-1"):
        monkeypatch.setenv("CA_RISCV_VLEN_BITS_MIN", bad)
        assert refsi.refsiOpenDevice(REFSI_G) is None
        assert bad in capsys.readouterr().err
        assert refsi.refsiOpenDevice(refsi.REFSI_M) is not None
    refsi.refsiTerminate()


def test_the_driver_has_allocated_first(dev):
    assert dev._allocator.blocks()[1:] == [
        (STACKS, 0x2000_0000, False),
        (PROGRAM, 0x7FF_0000, False),
    ]
    for addr in (PROGRAM, STACKS):
        assert refsi.refsiFreeDeviceMemory(dev, addr) == refsi_failure
    got = [refsi.refsiAllocDeviceMemory(dev, 40000, 128, DRAM) for _ in range(3)]
    assert got == [0x9800_6380, 0x97FF_C700, 0x97FF_2A80]


def test_the_rom_is_for_the_host_to_write(dev):
    assert write(dev, ROM, [1, 2]) == refsi_success
    assert write(dev, ROM, [3], hart_unit(0)) == refsi_failure
    data = bytearray(4)
    assert refsi.refsiReadDeviceMemory(dev, data, ROM, 4, hart_unit(5)) == refsi_success
    assert data[0] == 1
    view = refsi.refsiGetMappedAddress(dev, ROM, 8)
    view[0] = 7
    assert refsi.refsiGetMappedAddress(dev, ROM, 0xF000) is not None
    assert refsi.refsiGetMappedAddress(dev, ROM, 0xF001) is None
    # Harts load from it, and cannot store to it.
    load = [e("lui", rd=T1, upper20=ROM), e("lw", rd=T2, rs1=T1, imm12=0)]
    store = [*hart_slot(), e("sd", rs2=T2, rs1=T0, store12=0), *EXIT]
    assert run(dev, [*load, *store], 1) == refsi_success
    assert longs(dev, DATA, 1) == [load[0]]
    assert run(dev, [*load, e("sw", rs2=T2, rs1=T1, store12=4), *EXIT], 1) == refsi_failure
    assert refsi.last_error(dev).error == (
        "error: 'Store/AMO Access Fault' exception was raised @ 0x1008 (badaddr = 0x1004)"
    )


def test_windows_are_there_from_the_start(dev):
    assert write(dev, WINDOW, [11]) == refsi_success
    assert longs(dev, PROGRAM, 1) == [11]
    assert refsi.refsiGetMappedAddress(dev, WINDOW, 0x7FF_0000) is not None
    assert write(dev, STATE, [12]) == refsi_failure  # the host has no such memory
    for hart in (0, 1, 63):
        assert write(dev, STATE, [100 + hart], hart_unit(hart)) == refsi_success
        assert longs(dev, STACKS + hart * 0x80_0000, 1) == [100 + hart]
    assert write(dev, STATE, [1], hart_unit(64)) == refsi_failure
    assert write(dev, TOP - 4, [5, 6], hart_unit(0)) == refsi_failure  # enforced to the byte


# -- runs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("harts", [1, 2, 64])
def test_so_many_harts_run_from_the_rom(dev, harts):
    """Each writes 1000 + its number."""
    words = [
        *hart_slot(),
        e("csrrs", rd=T1, csr=MHARTID, rs1=0),
        e("addi", rd=T1, rs1=T1, imm12=1000),
        e("sd", rs2=T1, rs1=T0, store12=0),
        *EXIT,
    ]
    assert run(dev, words, harts) == refsi_success
    assert longs(dev, DATA, 65) == [*range(1000, 1000 + harts), *[0] * (65 - harts)]
    assert dev.execute(harts).retired == (len(words) - 1,) * harts  # an ecall does not retire


def test_results(dev):
    assert refsi.refsiExecuteKernel(None, 0, 1) == refsi_failure
    for harts in (0, 65, -1):
        assert refsi.refsiExecuteKernel(dev, 0, harts) == refsi_failure
    assert refsi.refsiExecuteCommandBuffer(dev, DATA, 8) == refsi_not_supported
    refsi.refsiWaitForDeviceIdle(dev)
    assert run(dev, EXIT, 1) == refsi_success
    assert refsi.last_error(dev) is None
    assert run(dev, [e("addi", rd=A0, rs1=0, imm12=3), *EXIT[1:]], 1) == refsi_failure
    assert refsi.last_error(dev).error == "error: the program exited with code 3"
    refsi.refsiShutdownDevice(dev)
    assert refsi.refsiExecuteKernel(dev, 0, 1) == refsi_device_closed


def test_every_run_begins_at_reset(dev):
    """Registers, CSRs and counters are fresh; memory, and the code in it, are as they were left."""
    words = [
        *hart_slot(),
        e("csrrs", rd=T1, csr=MSCRATCH, rs1=0),
        e("sd", rs2=T1, rs1=T0, store12=0),
        e("sd", rs2=8, rs1=T0, store12=8),
        e("csrrs", rd=T1, csr=0xB02, rs1=0),
        e("sd", rs2=T1, rs1=T0, store12=16),
        e("ld", rd=T1, rs1=T0, imm12=24),
        e("addi", rd=T1, rs1=T1, imm12=1),
        e("sd", rs2=T1, rs1=T0, store12=24),
        e("csrrw", rd=0, csr=MSCRATCH, rs1=T1),
        e("addi", rd=8, rs1=0, imm12=5),
        *EXIT,
    ]
    for count in (1, 2, 3):
        assert run(dev, words, 1) == refsi_success
        assert longs(dev, DATA, 4) == [0, 0, 7, count]
    # Other code at the same place.
    assert run(dev, EXIT, 1) == refsi_success
    assert longs(dev, DATA, 4)[3] == 3


def test_floats_are_on_after_reset_whatever_a_kernel_did(dev):
    """A kernel switches the float unit off; the next one uses it, in the same code."""
    off = [e("lui", rd=T1, upper20=0x6000), e("csrrc", rd=0, csr=0x300, rs1=T1), *EXIT]
    use = [e("fmv.d.x", rd=0, rs1=0), *off]
    for _ in range(2):
        assert run(dev, use, 2) == refsi_success
    assert run(dev, [*off[:2], *use], 1) == refsi_failure
    assert "Illegal" in refsi.last_error(dev).error
    assert run(dev, use, 1) == refsi_success


def test_csrs_of_a_loader_are_there(dev):
    words = [e("addi", rd=T1, rs1=0, imm12=-1)]
    for csr in (MCOUNTEREN, 0x106, PMPADDR0, PMPCFG0, MSCRATCH, 0x305, 0x304, 0x180, 0x301, 0x003):
        words += [e("csrrw", rd=0, csr=csr, rs1=T1)]
    words += [*hart_slot(), e("csrrs", rd=T1, csr=PMPADDR0, rs1=0)]
    words += [e("sd", rs2=T1, rs1=T0, store12=0), *EXIT]
    assert run(dev, words, 1) == refsi_success
    assert longs(dev, DATA, 1) == [(1 << 54) - 1]


def test_harts_wait_for_each_other(dev):
    """Each adds 1 to a sum, waits, and reads what it has become."""
    words = [
        e("lui", rd=T1, upper20=DATA + 0x1000),
        e("addi", rd=T2, rs1=0, imm12=1),
        e("amoadd.d", rd=0, rs2=T2, rs1=T1, aq=0, rl=0),
        *barrier(7),
        e("ld", rd=T2, rs1=T1, imm12=0),
        *hart_slot(),
        e("sd", rs2=T2, rs1=T0, store12=0),
        *EXIT,
    ]
    assert run(dev, words, 64) == refsi_success
    assert longs(dev, DATA, 64) == [64] * 64


@pytest.mark.parametrize("other", [barrier(8), []])
def test_harts_that_do_not_meet_are_told(dev, other):
    """Hart 1 goes to another barrier, or ends, while hart 0 waits."""
    there = [*other, *EXIT]
    here = [*barrier(7), *EXIT]
    words = [e("csrrs", rd=T0, csr=MHARTID, rs1=0)]
    words += [e("bne", rs1=T0, rs2=0, branch13=4 * (len(here) + 1)), *here, *there]
    assert run(dev, words, 2) == refsi_failure
    status = refsi.last_error(dev)
    assert status.result.reason is Reason.BARRIER
    assert status.error == "error: all threads must hit the same barrier"


def test_counters_are_those_of_the_run(dev):
    assert run(dev, EXIT, 3) == refsi_success  # there is no third hart in the runs that follow
    for _ in range(2):
        assert run(dev, [e("addi", rd=T0, rs1=0, imm12=1)] * 50 + EXIT, 2) == refsi_success
        data = bytearray(24)
        for hart, expected in ((0, 52), (1, 52), (2, 0), (63, 0)):
            read = refsi.refsiReadDeviceMemory(dev, data, 0x2010_0000, 24, hart_unit(hart))
            assert read == refsi_success
            cycles, _, retired = memoryview(data).cast("Q")
            assert (cycles, retired) == (expected, expected)


def test_harts_in_parallel_do_the_same():
    device = refsi.open_device(DeviceOptions(threads=2), named_profile("g1"))
    assert isinstance(device, G1Device)
    words = [*barrier(1), *hart_slot(), e("sd", rs2=T0, rs1=T0, store12=0), *barrier(2), *EXIT]
    assert run(device, words, 8) == refsi_success
    assert longs(device, DATA, 8) == [DATA + 8 * i for i in range(8)]
    device.close()


def test_an_unknown_call_is_a_fault(dev, capsys):
    assert run(dev, [e("addi", rd=A7, rs1=0, imm12=9), e("ecall")], 1) == refsi_failure
    assert refsi.last_error(dev).error.endswith("was raised @ 0x1004 (cause = b)")
    assert "cause = b" in capsys.readouterr().err  # as the driver says, too


def test_both_families_are_open_side_by_side(dev):
    m1 = refsi.refsiOpenDevice(refsi.REFSI_M)
    assert m1 is not dev
    assert refsi.refsiOpenDevice(REFSI_G) is dev
    assert refsi.refsiExecuteKernel(m1, 0, 1) == refsi_not_supported
    assert refsi.refsiShutdownDevice(dev) == refsi_success
    assert refsi.refsiOpenDevice(refsi.REFSI_M) is m1
    assert refsi.refsiOpenDevice(REFSI_G) is not dev


def test_a_hart_that_jumps_to_nowhere_faults(dev):
    words = [e("addi", rd=T0, rs1=0, imm12=-4), e("jalr", rd=0, rs1=T0, imm12=0)]
    assert run(dev, words, 1) == refsi_failure
    assert refsi.last_error(dev).result.reason is Reason.FAULT

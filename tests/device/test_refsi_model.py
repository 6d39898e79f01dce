"""Random sequences of driver calls, against a model of the device: results and memory."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from kcc.backend.encode import encode
from kcc.device import refsi
from kcc.device.cmdbuf import CommandBuffer
from kcc.device.refsi import (
    DRAM,
    REFSI_G,
    REFSI_M,
    refsi_device_closed,
    refsi_failure,
    refsi_invalid_device,
    refsi_not_supported,
    refsi_success,
)
from kcc.device.soc.commands import Reg
from refsi_model import (
    CMP,
    COUNTED,
    COUNTERS_END,
    DRAM_END,
    ENTRY,
    GLOBAL_COUNTERS,
    HOST,
    TCDM,
    Failure,
    Model,
)

WINDOW, TARGET = 0x8000, 0x4800_0000
BUFFER = 0x4100_0000
UNITS = (HOST, CMP, 0x0300_0001)

# Addresses where something is, near each other so that accesses meet; and where things end.
# What is a window on the one is ROM on the other, and before the other's window.
STARTS = (0x4200_0000, TARGET, TCDM, DRAM_END - 64, WINDOW, WINDOW + 0x100 - 16, 0x1_0000 - 16)
near = st.builds(lambda a, i: a + i, st.sampled_from(STARTS), st.integers(0, 48))
words_near = st.builds(lambda a, i: a + 8 * i, st.sampled_from(STARTS), st.integers(0, 5))
registers_of_dma = st.sampled_from([0x2000_2000 + 8 * i for i in (1, 2, 3, 4, 5, 31)])
counters = st.sampled_from([GLOBAL_COUNTERS + 8, GLOBAL_COUNTERS + 16, COUNTERS_END - 8])
nowhere = st.sampled_from([0, 0x3000_0000, 0xC000_0000, 0x2000_2100, 0x2010_0000])
anywhere = near | words_near | registers_of_dma | counters | nowhere
values = st.integers(0, 2**64 - 1) | st.integers(0, 9)
registers = st.sampled_from([0, 1, 5, 7])

Commands = list[tuple[object, ...]]


def transfer(src: int, dst: int, row: int, rows: int, more: tuple[int, int], ctrl: int):
    """A DMA of the command processor's, and a look at its number. more: stride than row."""
    strides = [0 if n > 5 else max(row + n, 0) for n in more]
    named = ((3, src), (4, dst), (5, row), (6, rows), (8, strides[0]), (10, strides[1]), (0, ctrl))
    sets = [("store_imm64", 0x2000_2000 + 8 * reg, value) for reg, value in named]
    return [*sets, ("load_reg64", 0, 0x2000_2008)]


def window(size: int, target: int) -> Commands:
    mode = size - 1 << 32 | 1
    return [
        ("write_reg64", 24, 0),
        ("write_reg64", 8, WINDOW),
        ("write_reg64", 16, target),
        ("write_reg64", 24, mode),
    ]


one = (
    st.tuples(st.just("write_reg64"), registers, values)
    | st.tuples(st.just("load_reg64"), registers, anywhere)
    | st.tuples(st.just("store_reg64"), registers, anywhere)
    | st.tuples(st.just("store_imm64"), anywhere, values)
    | st.tuples(
        st.just("copy_mem64"), anywhere, anywhere, st.integers(0, 6), st.sampled_from(UNITS[:2])
    )
    | st.tuples(st.just("nop"))
    | st.tuples(st.just("sync_cache"), st.integers(0, 3))
    | st.tuples(st.just("finish"))
)
strides = st.tuples(st.integers(-1, 6), st.integers(-1, 6))
control = st.sampled_from([0x11, 0xE1, 0xE1, 0x61, 0xA1, 0x21, 0x51, 0x01, 0x10])
transfers = st.builds(
    transfer, near, near | nowhere, st.integers(0, 9), st.integers(0, 4), strides, control
).filter(lambda t: abs(t[0][2] - t[1][2]) > 64)  # ranges that meet are nobody's promise
windows = st.builds(
    window, st.sampled_from([0x100, 0x80]), st.sampled_from([TARGET, TARGET + 8, TCDM, 0x3000_0000])
)
buffers = st.lists(one.map(lambda c: [c]) | transfers | windows, max_size=6).map(
    lambda parts: [command for part in parts for command in part]
)


class Driver(RuleBasedStateMachine):
    """The driver on one side, the model on the other; buffers that wait are in `pending`."""

    family = REFSI_M

    def __init__(self) -> None:
        super().__init__()
        refsi.refsiTerminate()
        self.closed = None
        self.errors = 0
        self.open()

    def open(self) -> None:
        self.device = refsi.refsiOpenDevice(self.family)
        self.model = Model("M" if self.family == REFSI_M else "G")
        self.pending: list[Commands] = []
        self.room = BUFFER
        self.failed: int | None = None  # the address of the last buffer that failed

    def settled(self) -> bool:
        return not self.pending

    # -- devices

    @rule()
    def open_again(self) -> None:
        assert refsi.refsiOpenDevice(self.family) is self.device

    @rule(how=st.sampled_from([refsi.refsiShutdownDevice, None]))
    def shut_down(self, how) -> None:
        """Also with buffers waiting; the next device knows of nothing."""
        before = self.device
        assert (how(before) if how else refsi.refsiTerminate()) == refsi_success
        self.closed = before
        self.open()
        assert self.device is not before

    @precondition(lambda self: self.closed is not None)
    @rule()
    def use_closed(self) -> None:
        assert refsi.refsiShutdownDevice(self.closed) == refsi_failure
        assert refsi.refsiExecuteCommandBuffer(self.closed, BUFFER, 8) == refsi_device_closed
        assert refsi.refsiFreeDeviceMemory(self.closed, DRAM_END - 8) == refsi_device_closed
        assert refsi.refsiAllocDeviceMemory(self.closed, 8, 8, DRAM) == 0
        assert refsi.refsiFreeDeviceMemory(None, 0) == refsi_invalid_device

    # -- allocations

    @rule(size=st.integers(0, 5000) | st.just((1 << 31) + 1), shift=st.integers(0, 13))
    def allocate(self, size, shift) -> None:
        got = refsi.refsiAllocDeviceMemory(self.device, size, 1 << shift, DRAM)
        assert got == self.model.alloc(size, 1 << shift)

    @rule(align=st.sampled_from([0, 3, -8]), kind=st.sampled_from([0, 2, 3, 7, 99]))
    def allocate_nothing(self, align, kind) -> None:
        assert refsi.refsiAllocDeviceMemory(self.device, 8, align, DRAM) == 0
        assert refsi.refsiAllocDeviceMemory(self.device, 8, 8, kind) == 0

    @rule(pick=st.integers(0, 20), off=st.sampled_from([0, 0, 0, 8]))
    def free(self, pick, off) -> None:
        used = sorted(self.model.used)
        addr = used[pick % len(used)] + off if used else pick
        done = refsi.refsiFreeDeviceMemory(self.device, addr)
        assert done == (refsi_success if self.model.free(addr) else refsi_failure)

    # -- memory

    @precondition(settled)
    @rule(addr=anywhere, data=st.binary(max_size=20), unit=st.sampled_from(UNITS[:2]))
    def write(self, addr, data, unit) -> None:
        done = refsi.refsiWriteDeviceMemory(self.device, addr, data, len(data), unit)
        try:
            self.model.write(addr, data, unit)
        except Failure:
            assert done == refsi_failure
        else:
            assert done == refsi_success

    @precondition(settled)
    @rule(addr=anywhere, size=st.integers(0, 40) | st.just(8), unit=st.sampled_from(UNITS[:2]))
    def read(self, addr, size, unit) -> None:
        got = bytearray(b"?" * size)
        done = refsi.refsiReadDeviceMemory(self.device, got, addr, size, unit)
        try:
            expected = self.model.read(addr, size, unit)
        except Failure:
            assert (done, got) == (refsi_failure, b"?" * size)
        else:
            assert (done, got) == (refsi_success, expected)

    @precondition(settled)
    @rule(addr=near | nowhere, size=st.integers(1, 40), byte=st.integers(0, 255))
    def map(self, addr, size, byte) -> None:
        view = refsi.refsiGetMappedAddress(self.device, addr, size)
        try:
            expected = self.model.read(addr, size)
        except Failure:
            assert view is None
            return
        if view is None:  # registers
            assert 0x2000_0000 <= addr < 0x2100_0000
            return
        assert bytes(view) == expected
        view[-1] = byte
        self.model.write(addr + size - 1, bytes([byte]))

    # -- commands

    @rule(commands=buffers)
    def execute(self, commands) -> None:
        """Queue a buffer; nobody looks at memory until all of them have run."""
        buffer = CommandBuffer()
        for name, *operands in commands:
            if name == "run_instances":
                entry, count, harts = operands
                buffer.write_reg64(Reg.ENTRY_PT_FN, entry)
                buffer.run_instances(count, max_harts=harts)
            else:
                getattr(buffer, name)(*operands)
        data = bytes(buffer)
        written = refsi.refsiWriteDeviceMemory(self.device, self.room, data, len(data), HOST)
        assert written == refsi_success
        done = refsi.refsiExecuteCommandBuffer(self.device, self.room, len(data))
        if self.family == REFSI_G:
            assert done == refsi_not_supported
            return
        assert done == refsi_success
        self.pending.append((self.room, commands))
        self.room += len(data) + 8

    @rule()
    def wait(self) -> None:
        refsi.refsiWaitForDeviceIdle(self.device)
        for addr, commands in self.pending:
            if not self.model.execute(commands):
                self.failed = addr
        self.pending = []
        status = refsi.last_error(self.device)
        assert (status.addr if status else None) == self.failed, status
        if self.family == REFSI_M:
            assert self.device.processor.registers == self.model.registers
        for start in STARTS:
            try:
                expected = self.model.read(start, 64)
            except Failure:
                continue
            got = bytearray(64)
            assert refsi.refsiReadDeviceMemory(self.device, got, start, 64, HOST) == refsi_success
            assert got == expected

    @rule(harts=st.sampled_from([0, -1, 65]))
    def kernels_without_harts(self, harts) -> None:
        other = refsi_not_supported if self.family == REFSI_M else refsi_failure
        assert refsi.refsiExecuteKernel(self.device, 0, harts) == other

    def teardown(self) -> None:
        self.wait()
        refsi.refsiTerminate()


class DriverOfG(Driver):
    family = REFSI_G


class DriverWithKernels(Driver):
    """As the other, and code is run; what faults stops its buffer, and nothing else."""

    def open(self) -> None:
        super().open()
        code = (
            encode("lui", rd=5, upper20=COUNTED & ~0xFFF),
            encode("addi", rd=5, rs1=5, imm12=COUNTED & 0xFFF),
            encode("addi", rd=6, rs1=0, imm12=1),
            encode("amoadd.d", rd=0, rs1=5, rs2=6),
            encode("jalr", rd=0, rs1=1, imm12=0),
        )
        view = refsi.refsiGetMappedAddress(self.device, ENTRY, 4 * len(code))
        view.cast("I")[:] = array("I", code)

    @rule(
        entry=st.sampled_from([ENTRY, ENTRY, ENTRY, ENTRY + 0x100, 0x3000_0000]),
        count=st.integers(0, 9),
        harts=st.integers(0, 5),
        more=buffers,
    )
    def run(self, entry, count, harts, more) -> None:
        self.execute(
            [
                ("sync_cache", 3),
                ("write_reg64", Reg.RETURN_ADDR, 0),
                ("write_reg64", Reg.ENTRY_PT_FN, entry),
                ("run_instances", entry, count, harts),
                *more,
            ]
        )


CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Buffers that fail are meant to; the driver's log of them goes nowhere."""
    monkeypatch.setattr("kcc.device.refsi.log_stderr", lambda _: None)


@pytest.mark.parametrize("machine", [Driver, DriverOfG])
def test_random_calls(machine):
    sizes = settings(max_examples=8, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(machine, settings=settings(sizes, suppress_health_check=CHECKS))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("machine", "examples"), [(Driver, 150), (DriverOfG, 150), (DriverWithKernels, 40)]
)
def test_many_random_calls(machine, examples):
    sizes = settings(max_examples=examples, stateful_step_count=60, deadline=None)
    run_state_machine_as_test(machine, settings=settings(sizes, suppress_health_check=CHECKS))

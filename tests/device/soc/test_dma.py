"""Kernel DMA: copies against NumPy, register rules, everything bounds-checked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kcc.device.sim.interface import BusError
from kcc.device.soc.commands import Op, Reg, command
from kcc.device.soc.dma import (
    DIM_1D,
    DIM_2D,
    DIM_3D,
    START,
    STRIDE_BOTH,
    STRIDE_DST,
    STRIDE_SRC,
    Dma,
)
from kcc.device.soc.dma import Reg as D
from kcc.device.soc.memory import CMP, HOST, Bus, Ram, hart_unit

BASE, SIZE = 0x1000, 0x4000
SRC, DST = BASE, BASE + SIZE // 2


class Engine:
    """A DMA on a bus with 16 KiB of known bytes."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.ram = Ram(SIZE)
        self.bus.attach(BASE, self.ram)
        self.dma = Dma(self.bus)
        self.bytes = np.frombuffer(self.ram.memory, np.uint8)
        self.bytes[:] = np.arange(SIZE) * 7 % 251

    def set(self, reg: int, value: int, unit: int = CMP) -> None:
        self.dma.write(8 * reg, value.to_bytes(8, "little"), unit)

    def get(self, reg: int, unit: int = CMP) -> int:
        return int.from_bytes(self.dma.read(8 * reg, 8, unit), "little")

    def start(self, control: int, unit: int = CMP, **registers: int) -> None:
        for name, value in ({"SRC_ADDR": SRC, "DST_ADDR": DST} | registers).items():
            self.set(D[name], value, unit)
        self.set(D.CTRL, control | START, unit)


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_control_words():
    assert DIM_1D | START == 0x11
    assert DIM_2D | STRIDE_BOTH | START == 0xE1
    assert DIM_3D | STRIDE_BOTH | START == 0xF1


def test_1d(engine):
    before = engine.bytes.copy()
    engine.start(DIM_1D, XFER_SIZE0=100)
    at = DST - BASE
    assert np.array_equal(engine.bytes[at : at + 100], before[:100])
    before[at : at + 100] = before[:100]
    assert np.array_equal(engine.bytes, before)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_strided_copies_match_numpy(data):
    engine = Engine()
    row, rows, planes = (data.draw(st.integers(1, n)) for n in (20, 9, 12))
    dimension = data.draw(st.sampled_from([DIM_2D, DIM_3D]))
    planes = planes if dimension == DIM_3D else 1
    control = dimension
    steps = []
    for flag in (STRIDE_SRC, STRIDE_DST):
        row_step, plane_step = row, row * rows
        if data.draw(st.booleans()):
            control |= flag
            row_step = row + data.draw(st.integers(0, 30))
            if flag == STRIDE_SRC and dimension == DIM_2D and data.draw(st.booleans()):
                row_step = 0
            plane_step = (rows - 1) * row_step + row + data.draw(st.integers(0, 50))
            if flag == STRIDE_SRC and data.draw(st.booleans()):
                plane_step = data.draw(st.integers(1, plane_step))  # the same bytes again
            elif dimension == DIM_3D and data.draw(st.booleans()):
                plane_step = row + data.draw(st.integers(0, 10))  # planes between rows
                row_step = (planes - 1) * plane_step + row + data.draw(st.integers(0, 10))
        steps.append((plane_step, row_step))
    (src_plane, src_row), (dst_plane, dst_row) = steps
    expected = engine.bytes.copy()
    for p in range(planes):
        for r in range(rows):
            at = p * src_plane + r * src_row
            to = DST - BASE + p * dst_plane + r * dst_row
            expected[to : to + row] = expected[at : at + row]
    engine.start(
        control,
        XFER_SIZE0=row, XFER_SIZE1=rows, XFER_SIZE2=planes,
        XFER_SRC_STRIDE0=src_row, XFER_SRC_STRIDE1=src_plane,
        XFER_DST_STRIDE0=dst_row, XFER_DST_STRIDE1=dst_plane,
    )  # fmt: skip
    assert np.array_equal(engine.bytes, expected)
    assert engine.get(D.START_SEQ) == engine.get(D.DONE_SEQ) == 1


def test_many_short_rows(engine):
    engine.start(
        DIM_2D | STRIDE_DST, XFER_SIZE0=3, XFER_SIZE1=500, XFER_DST_STRIDE0=7, DST_ADDR=DST
    )
    at = DST - BASE
    copied = np.lib.stride_tricks.as_strided(engine.bytes[at:], (500, 3), (7, 1))
    assert np.array_equal(copied.reshape(-1), engine.bytes[:1500])


def test_units_have_registers_of_their_own(engine):
    engine.start(DIM_1D, hart_unit(0), XFER_SIZE0=4)
    engine.start(DIM_1D, hart_unit(0), XFER_SIZE0=4)
    ids = [engine.get(D.START_SEQ, u) for u in (hart_unit(0), hart_unit(1), CMP, HOST)]
    assert ids == [2, 0, 0, 0]
    assert engine.get(D.SRC_ADDR, hart_unit(1)) == 0


@pytest.mark.parametrize("sizes", [(0, 1, 1), (4, 0, 1), (4, 4, 0)])
def test_nothing_to_move_takes_no_id(engine, sizes):
    x, y, z = sizes
    engine.start(DIM_3D, XFER_SIZE0=x, XFER_SIZE1=y, XFER_SIZE2=z, SRC_ADDR=0)
    assert engine.get(D.START_SEQ) == 0


def test_start_bit_reads_zero_and_the_rest_is_storage(engine):
    engine.start(DIM_1D, XFER_SIZE0=1)
    assert engine.get(D.CTRL) == DIM_1D
    engine.set(31, 1 << 63)
    assert engine.get(31) == 1 << 63


def test_start_seq_is_read_only_and_waiting_never_fails(engine):
    engine.start(DIM_1D, XFER_SIZE0=1)
    for value in (0, 1, 2, 99):
        engine.set(D.START_SEQ, value)
        engine.set(D.DONE_SEQ, value)
    assert engine.get(D.START_SEQ) == engine.get(D.DONE_SEQ) == 1


@pytest.mark.parametrize(
    ("control", "registers"),
    [
        (0, {"XFER_SIZE0": 4}),  # no dimension
        (DIM_1D | STRIDE_SRC, {"XFER_SIZE0": 4}),
        (DIM_2D | STRIDE_DST, {"XFER_SIZE0": 4, "XFER_SIZE1": 2, "XFER_DST_STRIDE0": 0}),
        (DIM_2D | STRIDE_SRC, {"XFER_SIZE0": 4, "XFER_SIZE1": 2, "XFER_SRC_STRIDE0": 3}),
        (DIM_3D | STRIDE_SRC, {"XFER_SIZE0": 4, "XFER_SIZE1": 2, "XFER_SIZE2": 2}),
        (
            DIM_3D | STRIDE_DST,
            {"XFER_SIZE0": 4, "XFER_SIZE1": 2, "XFER_SIZE2": 2}
            | {"XFER_DST_STRIDE0": 8, "XFER_DST_STRIDE1": 11},
        ),
        (DIM_1D, {"XFER_SIZE0": 4, "SRC_ADDR": 0}),
        (DIM_1D, {"XFER_SIZE0": SIZE // 2 + 1}),  # only the end of the target is outside
        (DIM_1D, {"XFER_SIZE0": 1 << 63}),
        (DIM_2D, {"XFER_SIZE0": 1 << 40, "XFER_SIZE1": 1 << 40}),
    ],
)
def test_bad_transfers_fail_and_move_nothing(engine, control, registers):
    before = engine.bytes.copy()
    with pytest.raises(BusError):
        engine.start(control, **registers)
    assert np.array_equal(engine.bytes, before)
    assert engine.get(D.START_SEQ) == 0


def test_trace():
    lines: list[str] = []
    engine = Engine()
    engine.dma = Dma(engine.bus, lines.append)
    engine.start(DIM_2D, XFER_SIZE0=0x200, XFER_SIZE1=2)
    assert engine.get(D.START_SEQ) == 1
    assert lines == [
        "dma_device_t::write_dma_reg() Set source address to 0x1000",
        "dma_device_t::write_dma_reg() Set destination address to 0x3000",
        "dma_device_t::write_dma_reg() Set transfer size to 0x200 bytes",
        "dma_device_t::write_dma_reg() Set transfer size of dimension 1 to 0x2 rows",
        "dma_device_t::do_kernel_dma() Started 2D transfer with ID 1",
        "dma_device_t::read_dma_reg() Most recent transfer ID: 1",
    ]


@pytest.mark.parametrize(("offset", "size"), [(0x18, 2), (0x1C, 4), (0x18, 16), (0x100, 8)])
def test_other_widths_fail(engine, offset, size):
    with pytest.raises(BusError):
        engine.dma.read(offset, size, CMP)
    with pytest.raises(BusError):
        engine.dma.write(offset, bytes(size), CMP)


def test_low_half_can_be_read_not_written(engine):
    engine.set(D.SRC_ADDR, 0x1_2345_6789)
    assert engine.dma.read(0x18, 4, CMP) == (0x2345_6789).to_bytes(4, "little")
    with pytest.raises(BusError):
        engine.dma.write(0x18, bytes(4), CMP)


def test_a_hart_drives_it(commands, e):
    """Each hart copies 64 bytes of its own, then reads its transfer's id."""
    commands.device.write(0x4200_0000, bytes(range(256)))
    store = [(D.DST_ADDR, 7), (D.SRC_ADDR, 6), (D.XFER_SIZE0, 28), (D.CTRL, 29)]
    commands.code(
        e("slli", rd=6, rs1=10, shamt6=6),
        e("lui", rd=7, upper20=0x4300_0000),
        e("add", rd=7, rs1=7, rs2=6),
        e("lui", rd=5, upper20=0x4200_0000),
        e("add", rd=6, rs1=6, rs2=5),
        e("addi", rd=28, rs1=0, imm12=64),
        e("addi", rd=29, rs1=0, imm12=0x11),
        e("lui", rd=5, upper20=0x2000_2000),
        *(e("sd", rs2=reg, rs1=5, store12=8 * where) for where, reg in store),
        e("ld", rd=30, rs1=5, imm12=8 * D.START_SEQ),
        e("sd", rs2=30, rs1=5, store12=8 * D.DONE_SEQ),
        e("lui", rd=5, upper20=0x4400_0000),
        e("slli", rd=6, rs1=10, shamt6=3),
        e("add", rd=5, rs1=5, rs2=6),
        e("sd", rs2=30, rs1=5, store12=0),
        e("jalr", rd=0, rs1=1, imm12=0),
    )
    run = command(Op.RUN_INSTANCES, 4, inline=4)
    assert commands.run(*commands.setup(), *run).error is None
    copied = bytearray(256)
    commands.device.read_into(memoryview(copied), 0x4300_0000)
    assert copied == bytes(range(256))
    assert [commands.word(0x4400_0000 + 8 * h) for h in range(4)] == [1, 1, 1, 1]


def test_a_harts_bad_transfer_is_a_store_fault(commands, e):
    commands.code(
        e("lui", rd=5, upper20=0x2000_2000),
        e("addi", rd=29, rs1=0, imm12=0x11),
        e("sd", rs2=29, rs1=5, store12=8 * D.XFER_SIZE0),
        e("sd", rs2=29, rs1=5, store12=0),
    )
    status = commands.run(*commands.setup(), *command(Op.RUN_INSTANCES, 1, inline=1))
    assert (status.result.fault.cause, status.result.fault.tval) == (7, 0x2000_2000)


def test_the_command_processor_drives_it(commands):
    commands.device.write(0x4200_0000, b"payload!")
    io = 0x2000_2000
    words = []
    for reg, value in ((D.SRC_ADDR, 0x4200_0000), (D.DST_ADDR, 0x1000_0000), (D.XFER_SIZE0, 8)):
        words += command(Op.STORE_IMM64, value, inline=io + 8 * reg)
    words += command(Op.STORE_IMM64, 0x11, inline=io)
    words += command(Op.LOAD_REG64, io + 8 * D.START_SEQ, inline=Reg.SCRATCH)
    words += command(Op.STORE_REG64, io + 8 * D.DONE_SEQ, inline=Reg.SCRATCH)
    assert commands.run(*words).error is None
    assert commands.word(0x1000_0000) == int.from_bytes(b"payload!", "little")
    assert commands.device.processor.registers[Reg.SCRATCH] == 1

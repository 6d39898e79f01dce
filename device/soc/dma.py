"""The kernel DMA: one set of registers per unit, transfers of 1 to 3 dimensions.

Transfers are done before the store that starts them retires. Everything is checked before
the first byte moves: a transfer happens as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from ..sim.interface import BusError
from .memory import Bus


class Reg(IntEnum):
    """Register numbers; each is 8 bytes. Those up to NUM_REGS without a name are storage."""

    CTRL = 0
    START_SEQ = 1
    DONE_SEQ = 2
    SRC_ADDR = 3
    DST_ADDR = 4
    XFER_SIZE0 = 5  # bytes of a row
    XFER_SIZE1 = 6  # rows
    XFER_SIZE2 = 7  # planes
    XFER_SRC_STRIDE0 = 8  # bytes from row to row
    XFER_SRC_STRIDE1 = 9  # bytes from plane to plane
    XFER_DST_STRIDE0 = 10
    XFER_DST_STRIDE1 = 11


NUM_REGS = 32
START = 0x01
DIM_1D, DIM_2D, DIM_3D, DIM_MASK = 0x10, 0x20, 0x30, 0x30
STRIDE_DST, STRIDE_SRC, STRIDE_BOTH = 0x40, 0x80, 0xC0

# What a trace calls registers, and the unit of their values.
_SETTINGS = {
    Reg.SRC_ADDR: ("source address", ""),
    Reg.DST_ADDR: ("destination address", ""),
    Reg.XFER_SIZE0: ("transfer size", " bytes"),
    Reg.XFER_SIZE1: ("transfer size of dimension 1", " rows"),
    Reg.XFER_SIZE2: ("transfer size of dimension 2", " planes"),
    Reg.XFER_SRC_STRIDE0: ("source stride of dimension 0", " bytes"),
    Reg.XFER_SRC_STRIDE1: ("source stride of dimension 1", " bytes"),
    Reg.XFER_DST_STRIDE0: ("destination stride of dimension 0", " bytes"),
    Reg.XFER_DST_STRIDE1: ("destination stride of dimension 1", " bytes"),
}

# Columns of so many bytes are elements of a strided array, which moves as one.
_FORMATS: dict[int, Literal["B", "H", "I", "Q"]] = {8: "Q", 4: "I", 2: "H", 1: "B"}


@dataclass(frozen=True)
class _Shape:
    """A transfer's counts, and its strides on one side; bytes, rows, planes."""

    row: int
    rows: int
    planes: int
    row_stride: int
    plane_stride: int

    @property
    def extent(self) -> int:
        """Bytes from the first to behind the last."""
        return (self.planes - 1) * self.plane_stride + (self.rows - 1) * self.row_stride + self.row

    def turned(self) -> _Shape:
        """The same bytes in another order: rows for planes, planes for rows."""
        return _Shape(self.row, self.planes, self.rows, self.plane_stride, self.row_stride)

    def overlaps(self) -> bool:
        """Whether bytes of one plane are those of another; rows do not overlap.

        They are apart when planes follow one another, or lie between each other's rows.
        """
        planes_follow = self.plane_stride >= (self.rows - 1) * self.row_stride + self.row
        rows_follow = self.row_stride >= (self.planes - 1) * self.plane_stride + self.row
        apart = planes_follow or (rows_follow and self.plane_stride >= self.row)
        return self.planes > 1 and self.row > 0 and self.rows > 0 and not apart

    def dense(self) -> bool:
        plane = self.rows * self.row
        return (self.rows == 1 or self.row_stride == self.row) and (
            self.planes == 1 or self.plane_stride == plane
        )


@dataclass
class _Unit:
    """The registers of one unit, and how many transfers it has started."""

    regs: list[int] = field(default_factory=lambda: [0] * NUM_REGS)
    started: int = 0


class Dma:
    size = NUM_REGS * 8

    def __init__(self, bus: Bus, trace: Callable[[str], None] | None = None) -> None:
        self._bus = bus
        self._trace = trace
        self._units: dict[int, _Unit] = {}
        self.failure: str | None = None  # why the last transfer could not be made

    def view(self, _offset: int, _size: int, _unit: int) -> memoryview | None:
        return None

    def read(self, offset: int, size: int, unit: int) -> bytes:
        """A register, or its low half."""
        if offset % 8 or size not in (4, 8) or not 0 <= offset < self.size:
            raise BusError(f"a read of {size} bytes at DMA offset {offset:#x}")
        state = self._state(unit)
        match offset // 8:
            case Reg.CTRL:
                value = state.regs[Reg.CTRL] & ~START
            case Reg.START_SEQ | Reg.DONE_SEQ as reg:  # what was started is done
                value = state.started
                if self._trace and reg == Reg.START_SEQ:
                    self._trace(f"dma_device_t::read_dma_reg() Most recent transfer ID: {value}")
            case index:
                value = state.regs[index]
        return value.to_bytes(8, "little")[:size]

    def write(self, offset: int, data: bytes, unit: int) -> None:
        """Set a register; may start a transfer. Raises BusError when that cannot be done."""
        if offset % 8 or len(data) != 8 or not 0 <= offset < self.size:
            raise BusError(f"a write of {len(data)} bytes at DMA offset {offset:#x}")
        state = self._state(unit)
        value = int.from_bytes(data, "little")
        match offset // 8:
            # Waiting for any transfer, also one not started yet, finds all of them done.
            case Reg.START_SEQ | Reg.DONE_SEQ:
                pass
            case index:
                state.regs[index] = value
                if self._trace and index in _SETTINGS:
                    what, unit_of = _SETTINGS[Reg(index)]
                    text = f"Set {what} to {value:#x}{unit_of}"
                    self._trace(f"dma_device_t::write_dma_reg() {text}")
                if index == Reg.CTRL and value & START:
                    self.failure = None
                    try:
                        self._start(state, unit)
                    except BusError as e:
                        self.failure = str(e)
                        raise

    def _state(self, unit: int) -> _Unit:
        state = self._units.get(unit)
        if state is None:
            state = self._units[unit] = _Unit()
        return state

    def _start(self, state: _Unit, unit: int) -> None:
        r = state.regs
        source, target = _shapes(r)
        moved = source.row * source.rows * source.planes
        if moved:
            src = self._bus.view(r[Reg.SRC_ADDR], source.extent, unit)
            dst = self._bus.view(r[Reg.DST_ADDR], target.extent, unit)
            if src is None or dst is None:
                side = (Reg.SRC_ADDR, source) if src is None else (Reg.DST_ADDR, target)
                raise BusError(f"DMA of {side[1].extent:#x} bytes at {r[side[0]]:#x}: no memory")
            _copy(src, source, dst, target)
            state.started = state.started + 1 & 0xFFFF_FFFF
            if self._trace:
                dimension = (r[Reg.CTRL] & DIM_MASK) >> 4
                text = f"Started {dimension}D transfer with ID {state.started}"
                self._trace(f"dma_device_t::do_kernel_dma() {text}")


def _shapes(r: list[int]) -> tuple[_Shape, _Shape]:
    """The transfer as source and target see it; raises BusError for bad strides."""
    control = r[Reg.CTRL]
    dimension = (control & DIM_MASK) >> 4
    if dimension == 0:
        raise BusError("DMA of no dimension")
    if dimension == 1 and control & STRIDE_BOTH:
        raise BusError("a 1D DMA has no strides")
    row = r[Reg.XFER_SIZE0]
    rows = r[Reg.XFER_SIZE1] if dimension > 1 else 1
    planes = r[Reg.XFER_SIZE2] if dimension > 2 else 1
    sides = []
    for flag, first in ((STRIDE_SRC, Reg.XFER_SRC_STRIDE0), (STRIDE_DST, Reg.XFER_DST_STRIDE0)):
        row_stride, plane_stride = row, row * rows
        if control & flag:
            row_stride, plane_stride = r[first], r[first + 1] if dimension > 2 else 0
            # A source row may be read again and again: the way to broadcast.
            repeats = row_stride == 0 and flag == STRIDE_SRC and dimension == 2
            if row_stride < row and not repeats:
                raise BusError(f"rows of {row} bytes, {row_stride} apart")
            if dimension > 2 and not plane_stride:
                raise BusError("planes of a 3D DMA, 0 bytes apart")
        sides.append(_Shape(row, rows, planes, row_stride, plane_stride))
    if sides[1].overlaps():
        raise BusError(f"planes of {rows} rows overlap, {sides[1].plane_stride} bytes apart")
    return sides[0], sides[1]


def _copy(src: memoryview, source: _Shape, dst: memoryview, target: _Shape) -> None:
    if source.dense() and target.dense():
        dst[:] = src
        return
    if source.planes > source.rows:  # few steps here, and many in one go below
        source, target = source.turned(), target.turned()
    for plane in range(source.planes):
        _copy_rows(
            src[plane * source.plane_stride :], source, dst[plane * target.plane_stride :], target
        )


def _copy_rows(src: memoryview, source: _Shape, dst: memoryview, target: _Shape) -> None:
    """One plane, by rows or by columns, whichever are fewer."""
    row, rows = source.row, source.rows
    from_step, to_step = source.row_stride, target.row_stride
    if rows <= row:
        for i in range(rows):
            at, to = i * from_step, i * to_step
            dst[to : to + row] = src[at : at + row]
        return
    width = next(w for w in _FORMATS if not (row | from_step | to_step) % w)
    letter = _FORMATS[width]
    for k in range(0, row, width):
        column = dst[k : k + (rows - 1) * to_step + width].cast(letter)[:: to_step // width]
        if from_step:
            read = src[k : k + (rows - 1) * from_step + width].cast(letter)[:: from_step // width]
        else:
            read = memoryview(bytes(src[k : k + width]) * rows).cast(letter)
        column[:] = read

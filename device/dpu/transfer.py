"""Transfers between the host's buffers and the memories of DPUs, and all that is checked of them.

A buffer is whatever gives its bytes without a copy: bytes, bytearray, memoryview, array, a
C-contiguous NumPy array of any type, a ctypes structure. A call that raises has transferred
nothing.
"""

from __future__ import annotations

import operator
from concurrent.futures import wait
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import (
    DifferentDpuPrograms,
    DpuError,
    InvalidBufferSize,
    InvalidIramAccess,
    InvalidMemoryTransfer,
    InvalidMramAccess,
    InvalidSymbolAccess,
    InvalidWramAccess,
    MramBusy,
    NoProgramLoaded,
    TransferAlreadySet,
)
from .memory_map import IRAM, MRAM, WRAM
from .program import Symbol
from .sets import DpuSet, check_idle, live, single

if TYPE_CHECKING:
    import array
    import ctypes

    from numpy import generic
    from numpy.typing import NDArray

    HostBuffer: TypeAlias = (
        bytes
        | bytearray
        | memoryview
        | array.array[Any]
        | NDArray[Any]
        | generic
        | ctypes.Structure
        | ctypes.Union
        | ctypes.Array[Any]
    )


class dpu_xfer_t(IntEnum):
    DPU_XFER_TO_DPU = 0
    DPU_XFER_FROM_DPU = 1


class dpu_xfer_flags_t(IntFlag):
    DPU_XFER_DEFAULT = 0
    DPU_XFER_NO_RESET = 1  # buffers stay prepared
    DPU_XFER_ASYNC = 2  # after what DPUs are running, which is waited for
    DPU_XFER_PARALLEL = 4  # while DPUs run: refused


DPU_XFER_TO_DPU, DPU_XFER_FROM_DPU = dpu_xfer_t
DPU_XFER_DEFAULT = dpu_xfer_flags_t.DPU_XFER_DEFAULT
DPU_XFER_NO_RESET = dpu_xfer_flags_t.DPU_XFER_NO_RESET
DPU_XFER_ASYNC = dpu_xfer_flags_t.DPU_XFER_ASYNC
DPU_XFER_PARALLEL = dpu_xfer_flags_t.DPU_XFER_PARALLEL

MISALIGNED: dict[str, type[DpuError]] = {
    IRAM.name: InvalidIramAccess,
    WRAM.name: InvalidWramAccess,
    MRAM.name: InvalidMramAccess,
}


def dpu_copy_to(
    dpu_set: DpuSet, symbol: str | Symbol, offset: int, src: HostBuffer, length: int | None = None
) -> None:
    """The same bytes to every DPU of the set.

    symbol: a name in the program that all of these have loaded, or what dpu_get_symbol gave.
    length: bytes; all of `src` if not given.
    raises: UnknownSymbol, InvalidSymbolAccess outside of the symbol, Invalid{I,W,M}ramAccess for
            addresses and lengths that are not aligned as the memory needs it (8, 4, 8 bytes),
            MramBusy or DpuAlreadyRunning while one runs, DifferentDpuPrograms, NoProgramLoaded,
            InvalidBufferSize for a shorter `src`; TypeError and ValueError for what is no buffer.
    """
    dpu_broadcast_to(dpu_set, symbol, offset, src, length)


def dpu_broadcast_to(  # noqa: PLR0917 - as in dpu.h
    dpu_set: DpuSet,
    symbol: str | Symbol,
    offset: int,
    src: HostBuffer,
    length: int | None = None,
    flags: int = DPU_XFER_DEFAULT,
) -> None:
    """As dpu_copy_to."""
    data = _bytes_of(src, writable=False)
    with live(dpu_set).allocation.lock:
        _check_flags(dpu_set, flags)
        count = len(data) if length is None else _count(length, "length")
        addr = _locate(live(dpu_set), symbol, offset, count)
        part = _part(data, count)
        for member in dpu_set.members if count else ():
            member.device.write(addr, part)


def dpu_copy_from(
    dpu_set: DpuSet, symbol: str | Symbol, offset: int, dst: HostBuffer, length: int | None = None
) -> None:
    """Bytes of one DPU to a buffer of the host; all that it has room for, if not told how many.

    raises: InvalidDpuSet for a set of several; otherwise as dpu_copy_to.
    """
    data = _bytes_of(dst, writable=True)
    with live(dpu_set).allocation.lock:
        member = single(dpu_set, "dpu_copy_from")
        count = len(data) if length is None else _count(length, "length")
        addr = _locate(dpu_set, symbol, offset, count)
        part = _part(data, count)
        if count:
            member.device.read_into(addr, part)


def dpu_prepare_xfer(dpu_set: DpuSet, buffer: HostBuffer | None) -> None:
    """Set the buffer of every DPU in the set for the next dpu_push_xfer; None takes it back.

    raises: TransferAlreadySet where one was set; the new one counts nevertheless.
    """
    data = None if buffer is None else _bytes_of(buffer, writable=False)
    with live(dpu_set).allocation.lock:
        members = live(dpu_set).members
        before = [m.index for m in members if m.buffer is not None and data is not None]
        for member in members:
            member.buffer = data
        if before:
            raise TransferAlreadySet(f"DPU {before[0]} has a buffer prepared")


def dpu_push_xfer(  # noqa: PLR0917 - as in dpu.h
    dpu_set: DpuSet,
    xfer: int,
    symbol: str | Symbol,
    offset: int,
    length: int,
    flags: int = DPU_XFER_DEFAULT,
) -> None:
    """Transfer `length` bytes between each DPU of the set and its prepared buffer.

    DPUs without a buffer are skipped. Buffers are forgotten afterwards, but with
    DPU_XFER_NO_RESET, and when the transfer is refused.
    raises: InvalidMemoryTransfer for another direction; otherwise as dpu_copy_to.
    """
    with live(dpu_set).allocation.lock:
        if xfer not in tuple(dpu_xfer_t):
            raise InvalidMemoryTransfer(f"{xfer!r} is no direction of a transfer")
        _check_flags(dpu_set, flags)
        members = live(dpu_set).members
        count = _count(length, "length")
        addr = _locate(dpu_set, symbol, offset, count)
        parts = [(m, _part(m.buffer, count, m.index)) for m in members if m.buffer is not None]
        if xfer == DPU_XFER_FROM_DPU:
            for member, part in parts:
                if part.readonly:
                    raise ValueError(f"the buffer prepared for DPU {member.index} is read-only")
        for member, part in parts if count else ():
            if xfer == DPU_XFER_FROM_DPU:
                member.device.read_into(addr, part)
            else:
                member.device.write(addr, part)
        if not flags & DPU_XFER_NO_RESET:
            for member in members:
                member.buffer = None


def _check_flags(dpu_set: DpuSet, flags: int) -> None:
    if operator.index(flags) & ~int(DPU_XFER_NO_RESET | DPU_XFER_ASYNC):
        raise InvalidMemoryTransfer(f"transfers with flags {flags!r} are not supported")
    if flags & DPU_XFER_ASYNC:
        wait([member.run for member in live(dpu_set).members if member.run is not None])


def _count(value: int, what: str) -> int:
    """raises: InvalidSymbolAccess for a negative one, TypeError for what is no integer."""
    count = operator.index(value)
    if count < 0:
        raise InvalidSymbolAccess(f"{what} {count} is negative")
    return count


def _locate(dpu_set: DpuSet, symbol: str | Symbol, offset: int, count: int) -> int:
    """The address of `count` bytes at `offset` in a symbol, when they may be transferred now."""
    name, place = _resolve(dpu_set, symbol)
    start = _count(offset, "offset")
    if start + count > place.size:
        raise InvalidSymbolAccess(
            f"{count} bytes at offset {start} are outside of {name}, of {place.size} bytes"
        )
    addr = place.address + start
    memory = place.memory
    if not count and memory is None:
        return addr
    if memory is None or not memory.holds(addr, count):
        raise InvalidSymbolAccess(f"{name}, at {place.address:#x}, is not in a DPU's memory")
    for value, what in ((addr, "address"), (count, "length")):
        if value % memory.align:
            raise MISALIGNED[memory.name](
                f"{name}: {what} {value:#x} is not a multiple of {memory.align}, as transfers with "
                f"the {memory.name} need it"
            )
    if memory is MRAM:
        for member in dpu_set.members:
            if member.running:
                raise MramBusy(f"{name}: DPU {member.index} is running")
    check_idle(dpu_set.members, f"transfer of {name}")
    return addr


def _resolve(dpu_set: DpuSet, symbol: str | Symbol) -> tuple[str, Symbol]:
    """A symbol and how to call it. Its name must mean the same to all DPUs of the set."""
    programs = [member.program for member in dpu_set.members]
    for member, program in zip(dpu_set.members, programs, strict=True):
        if program is None:
            raise NoProgramLoaded(f"DPU {member.index} has none")
    if isinstance(symbol, Symbol):
        return f"the symbol at {symbol.address:#x}", symbol
    if not isinstance(symbol, str):
        raise TypeError(f"a symbol or the name of one is needed, not {type(symbol).__name__}")
    first = programs[0]
    assert first is not None
    for member, program in zip(dpu_set.members, programs, strict=True):
        if program is not None and program.elf is not first.elf:  # one object for the same bytes
            raise DifferentDpuPrograms(
                f"'{symbol}': DPUs {dpu_set.members[0].index} and {member.index} have other ones"
            )
    return f"'{symbol}'", first.symbol(symbol)


def _part(data: memoryview, count: int, dpu: int | None = None) -> memoryview:
    """The first `count` bytes of a buffer."""
    if count > len(data):
        whose = "the buffer" if dpu is None else f"the buffer prepared for DPU {dpu}"
        raise InvalidBufferSize(f"{whose} has {len(data)} bytes, the transfer {count}")
    return data[:count]


def _bytes_of(buffer: HostBuffer, *, writable: bool) -> memoryview:
    """The live bytes of a buffer. raises: TypeError, ValueError."""
    given: Any = buffer  # to type checkers NumPy's arrays are no buffers before Python 3.12
    try:
        view = memoryview(given)
    except ValueError as error:  # NumPy's, of types that have no format
        raise TypeError(str(error)) from None
    if "O" in view.format:
        raise TypeError("an array of Python objects is no buffer")
    if not view.c_contiguous:
        raise ValueError("the buffer is not contiguous: pass a copy of it")
    if writable and view.readonly:
        raise ValueError("the buffer is read-only")
    if not view.nbytes:
        return memoryview(b"" if view.readonly else bytearray())
    try:
        return view.cast("B")
    except (ValueError, NotImplementedError):  # of structures
        return _raw(view)


def _raw(view: memoryview) -> memoryview:
    """The bytes of a view whose format memoryview does not know."""
    import numpy as np

    octets: Any = np.frombuffer(view, np.uint8)
    return memoryview(octets)

"""Device memory and the bus: which device answers an address, and for whom.

A unit is who asks: the host, the command processor, a hart. Devices give direct access to
their bytes where they can; registers are read and written through them. An access lies
inside one device or fails as a whole.
"""

from __future__ import annotations

import bisect
import mmap
import sys
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from ..sim.interface import BusError

REPEAT_PART = 1 << 20  # bytes; a few of them stay in the host's cache
MAP_NORESERVE = 0x4000 if sys.platform == "linux" else 0  # has no name in mmap before 3.13


class MemoryKind(IntEnum):
    """Kinds of entries in a device's memory map (refsi_memory_map_kind)."""

    UNKNOWN = 0
    DRAM = 1
    TCIM = 2
    TCDM = 3
    TCDM_PRIVATE = 4
    KERNEL_DMA = 5
    KERNEL_DMA_PRIVATE = 6
    PERF_COUNTERS = 7


class UnitKind(IntEnum):
    ANY = 0
    EXTERNAL = 1  # the host
    CMP = 2
    ACC_HART = 3
    ACC_CORE = 4


def unit_id(kind: int, index: int = 0) -> int:
    return (kind & 0xFF) << 24 | index


def unit_kind(unit: int) -> int:
    return unit >> 24 & 0xFF


def unit_index(unit: int) -> int:
    return unit & 0xFFFF


HOST = unit_id(UnitKind.EXTERNAL)
CMP = unit_id(UnitKind.CMP)


def hart_unit(hart: int) -> int:
    return unit_id(UnitKind.ACC_HART, hart)


def is_hart(unit: int) -> bool:
    return unit_kind(unit) == UnitKind.ACC_HART


class BusDevice(Protocol):
    """What can be attached to a bus; offsets are from its base, sizes in bytes."""

    @property
    def size(self) -> int: ...

    def view(self, offset: int, size: int, unit: int) -> memoryview | None:
        """The live bytes, where there are such and `unit` may touch them; else None."""

    def read(self, offset: int, size: int, unit: int) -> bytes:
        """Raises BusError."""

    def write(self, offset: int, data: bytes, unit: int) -> None:
        """Raises BusError; then nothing was written."""


class Ram:
    """Zeroed memory that takes no room until it is touched."""

    def __init__(self, size: int) -> None:
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE
        self._pages = mmap.mmap(-1, size, flags=flags)
        self.memory = memoryview(self._pages)
        # Where harts may go: None for everywhere, else start -> end of disjoint ranges.
        self._allowed: dict[int, int] | None = None
        self._starts: list[int] = []

    @property
    def size(self) -> int:
        return len(self.memory)

    def slice(self, offset: int, size: int) -> memoryview | None:
        """The bytes, whoever asks; None where they are not all here."""
        if offset < 0 or size < 0 or offset + size > len(self.memory):
            return None
        return self.memory[offset : offset + size]

    def view(self, offset: int, size: int, unit: int) -> memoryview | None:
        if self._allowed is not None and is_hart(unit):
            at = bisect.bisect_right(self._starts, offset) - 1
            if at < 0 or offset + size > self._allowed[self._starts[at]]:
                return None
        return self.slice(offset, size)

    def read(self, offset: int, size: int, unit: int) -> bytes:
        return bytes(_need(self.view(offset, size, unit), offset))

    def write(self, offset: int, data: bytes, unit: int) -> None:
        _need(self.view(offset, len(data), unit), offset)[:] = data

    def discard(self, offset: int = 0, size: int | None = None) -> None:
        """Give pages inside a range back to the system, where it takes them; they read as zero."""
        end = len(self.memory) if size is None else offset + size
        start = -(-offset // mmap.PAGESIZE) * mmap.PAGESIZE
        if size is not None:
            end = end // mmap.PAGESIZE * mmap.PAGESIZE
        if sys.platform == "linux" and start < end:
            self._pages.madvise(mmap.MADV_DONTNEED, start, end - start)

    # -- guarding

    def guard(self) -> None:
        """From now on harts reach only what allow() names."""
        self._allowed = {}

    def allow(self, offset: int, size: int) -> None:
        if self._allowed is not None:
            self._allowed[offset] = offset + size
            bisect.insort(self._starts, offset)

    def forbid(self, offset: int) -> None:
        if self._allowed is not None:
            del self._allowed[offset]
            self._starts.remove(offset)


class Rom:
    """Memory that harts only read; the host writes what is in it."""

    def __init__(self, ram: Ram) -> None:
        self._ram = ram
        self.memory = ram.memory

    @property
    def size(self) -> int:
        return self._ram.size

    def view(self, offset: int, size: int, unit: int) -> memoryview | None:
        return self._ram.slice(offset, size) if unit_kind(unit) == UnitKind.EXTERNAL else None

    def read(self, offset: int, size: int, _unit: int) -> bytes:
        return bytes(_need(self._ram.slice(offset, size), offset))

    def write(self, offset: int, data: bytes, unit: int) -> None:
        _need(self.view(offset, len(data), unit), offset)[:] = data


def repeat(view: memoryview, period: int) -> None:
    """Write the first `period` bytes of a view over the rest, again and again."""
    done = period
    whole = period * max(REPEAT_PART // period, 1)
    while done < len(view):
        part = min(done, len(view) - done, whole)
        view[done : done + part] = view[:part]
        done += part


def _need(view: memoryview | None, offset: int) -> memoryview:
    if view is None:
        raise BusError(f"no memory at offset {offset:#x}")
    return view


class HartPort:
    """A bus device as the harts' simulator sees I/O: whole values, of 1 to 8 bytes."""

    def __init__(self, device: BusDevice, offset: int = 0) -> None:
        self._device = device
        self._offset = offset

    def load(self, offset: int, size: int, hart: int) -> int:
        data = self._device.read(self._offset + offset, size, hart_unit(hart))
        return int.from_bytes(data, "little")

    def store(self, offset: int, size: int, value: int, hart: int) -> None:
        data = value.to_bytes(size, "little")
        self._device.write(self._offset + offset, data, hart_unit(hart))


@dataclass(frozen=True)
class Place:
    """A device on the bus."""

    base: int
    device: BusDevice

    @property
    def end(self) -> int:
        return self.base + self.device.size


class Bus:
    """Devices by address; they do not overlap."""

    def __init__(self) -> None:
        self._places: list[Place] = []  # by base
        self._bases: list[int] = []
        self._ends: list[int] = []

    def attach(self, base: int, device: BusDevice) -> None:
        """raises: ValueError where another device is."""
        place = Place(base, device)
        for other in self._places:
            if base < other.end and other.base < place.end:
                raise ValueError(f"{device.size:#x} bytes at {base:#x} overlap another device")
        self._keep([*self._places, place])

    def detach(self, base: int) -> None:
        self._keep([p for p in self._places if p.base != base])

    def _keep(self, places: list[Place]) -> None:
        self._places = sorted(places, key=lambda p: p.base)
        self._bases = [p.base for p in self._places]
        self._ends = [p.end for p in self._places]

    def find(self, addr: int) -> Place | None:
        """The device whose range holds `addr`."""
        at = bisect.bisect_right(self._bases, addr) - 1
        return self._places[at] if at >= 0 and addr < self._ends[at] else None

    def view(self, addr: int, size: int, unit: int) -> memoryview | None:
        """Writable bytes of the device itself, or None: unmapped, registers, out of range."""
        place = self.find(addr)
        return place.device.view(addr - place.base, size, unit) if place else None

    def read(self, addr: int, size: int, unit: int) -> bytes:
        """raises: BusError, where nothing or not all of it can be read."""
        place = self._need(addr)
        return place.device.read(addr - place.base, size, unit)

    def write(self, addr: int, data: bytes, unit: int) -> None:
        """raises: BusError; then nothing was written."""
        place = self._need(addr)
        place.device.write(addr - place.base, data, unit)

    def read64(self, addr: int, unit: int) -> int:
        return int.from_bytes(self.read(addr, 8, unit), "little")

    def write64(self, addr: int, value: int, unit: int) -> None:
        self.write(addr, value.to_bytes(8, "little"), unit)

    def _need(self, addr: int) -> Place:
        place = self.find(addr)
        if place is None:
            raise BusError(f"nothing is mapped at {addr:#x}")
        return place

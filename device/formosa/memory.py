"""Memory objects: records of what is allocated on the device, and copies to, from and between.

An access is checked against its object before anything moves: what lies in the object is all that
it can touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import TypeAlias

from .device import FormosaDevice
from .errors import (
    DeviceNotAvailable,
    InvalidMemObject,
    InvalidOperation,
    InvalidValue,
    MemCopyOverlap,
    MemObjectAllocationFailure,
)

HostBytes: TypeAlias = bytes | bytearray | memoryview
ALIGN = 128  # bytes, of every buffer: CL_DEVICE_MEM_BASE_ADDR_ALIGN is 1024 bits
LIMIT = 1 << 64


class MemFlags(IntFlag):
    """cl_mem_flags, as far as the driver knows them."""

    READ_WRITE = 1
    WRITE_ONLY = 2
    READ_ONLY = 4
    USE_HOST_PTR = 8
    ALLOC_HOST_PTR = 16
    COPY_HOST_PTR = 32


ACCESS = (MemFlags.READ_WRITE, MemFlags.WRITE_ONLY, MemFlags.READ_ONLY)


class MapFlags(IntFlag):
    """cl_map_flags."""

    READ = 1
    WRITE = 2
    WRITE_INVALIDATE_REGION = 4


@dataclass(eq=False)
class MemObject:
    """A buffer, or a part of one, at a device address; size in bytes.

    parent: of a sub-buffer, which has no memory of its own. host: the host's bytes, if the
    driver keeps any for it.
    """

    address: int
    size: int
    flags: MemFlags
    parent: MemObject | None = None
    host: bytearray | None = None
    freed: bool = False

    @property
    def alive(self) -> bool:
        return not self.freed and (self.parent is None or self.parent.alive)


@dataclass(eq=False)
class MappedRegion:
    """A part of a buffer in host memory: written back when it is unmapped, if it may be."""

    mem: MemObject
    offset: int
    flags: MapFlags
    data: bytearray


@dataclass(frozen=True)
class Rect:
    """Where rows lie: (x, y, z) of the first byte, bytes from row to row and slice to slice.

    Of the origin and the region, x counts bytes; a pitch of 0 means no gaps.
    """

    origin: tuple[int, int, int] = (0, 0, 0)
    row_pitch: int = 0
    slice_pitch: int = 0

    def rows(self, region: Sequence[int]) -> Rows:
        """raises: InvalidValue for pitches too small for the region."""
        if len(region) != 3 or len(self.origin) != 3 or min(*region, *self.origin) < 0:
            raise InvalidValue(f"a region of {tuple(region)} at {self.origin}")
        row = self.row_pitch or region[0]
        slice_ = self.slice_pitch or row * region[1]
        if row < region[0] or slice_ < row * region[1] or (row and slice_ % row):
            raise InvalidValue(f"rows {row} and slices {slice_} bytes apart for {tuple(region)}")
        x, y, z = self.origin
        first = z * slice_ + y * row + x
        return Rows(first, row, slice_, (region[0], region[1], region[2]))


@dataclass(frozen=True)
class Rows:
    """Rows of bytes by their offsets; sizes in bytes."""

    first: int
    row_pitch: int
    slice_pitch: int
    region: tuple[int, int, int]

    @property
    def bytes(self) -> int:
        return self.region[0] * self.region[1] * self.region[2]

    @property
    def end(self) -> int:
        """Behind the last byte; where the rows begin if there are none."""
        if not self.bytes:
            return self.first
        width, height, depth = self.region
        return self.first + (depth - 1) * self.slice_pitch + (height - 1) * self.row_pitch + width

    def starts(self) -> Iterator[int]:
        for z in range(self.region[2]):
            for y in range(self.region[1]):
                yield self.first + z * self.slice_pitch + y * self.row_pitch


@dataclass
class Memory:
    """All memory objects of a device."""

    device: FormosaDevice
    objects: dict[int, MemObject] = field(default_factory=dict)  # buffers by address
    mapped: list[MappedRegion] = field(default_factory=list)

    # -- objects

    def allocate(self, flags: int, size: int, host: HostBytes | None = None) -> MemObject:
        """raises: InvalidValue, MemObjectAllocationFailure."""
        if flags & ~sum(MemFlags):
            raise InvalidValue(f"unknown flags {flags:#x}")
        kind = MemFlags(flags)
        if sum(bool(kind & access) for access in ACCESS) != 1:
            raise InvalidValue("a buffer is one of READ_WRITE, READ_ONLY and WRITE_ONLY")
        wants_host = bool(kind & (MemFlags.USE_HOST_PTR | MemFlags.COPY_HOST_PTR))
        if wants_host and host is None:
            raise InvalidValue("the flags want bytes of the host, and there are none")
        if size < 1:
            raise InvalidValue(f"a buffer of {size} bytes")
        if host is not None and memoryview(host).nbytes < size:
            raise InvalidValue(f"{memoryview(host).nbytes} bytes for a buffer of {size}")
        address = self.device.alloc(size, ALIGN)
        if not address:
            raise MemObjectAllocationFailure(f"no device memory for {size} bytes")
        made = MemObject(address, size, kind)
        if kind & MemFlags.ALLOC_HOST_PTR:
            made.host = bytearray(size)
        self.objects[address] = made
        if host is not None:
            self._bytes(made, 0, size)[:] = memoryview(host).cast("B")[:size]
        return made

    def free(self, mem: MemObject) -> None:
        """raises: InvalidMemObject for what is not a live buffer."""
        if mem.parent is not None or self.objects.pop(self._live(mem).address, None) is None:
            raise InvalidMemObject("not a buffer of this device")
        mem.freed = True
        mem.host = None
        self.mapped = [m for m in self.mapped if m.mem.alive]
        self.device.free(mem.address)

    def sub_buffer(self, parent: MemObject, flags: int, origin: int, size: int) -> MemObject:
        """raises: InvalidValue where it leaves the parent; InvalidMemObject."""
        if self._live(parent).parent is not None:
            raise InvalidMemObject("a sub-buffer has no sub-buffers")
        self._check(parent, origin, size)
        if not size:
            raise InvalidValue("a sub-buffer of 0 bytes")
        kind = MemFlags(flags or parent.flags & sum(ACCESS))
        return MemObject(parent.address + origin, size, kind, parent)

    def free_sub_buffer(self, mem: MemObject) -> None:
        if self._live(mem).parent is None:
            raise InvalidMemObject("not a sub-buffer")
        mem.freed = True

    # -- copies

    def read(self, host: bytearray | memoryview | None, mem: MemObject, offset: int, size: int
    ) -> None:  # fmt: skip
        self._check(mem, offset, size)
        target = _host(host, size)
        target[:size] = self._bytes(mem, offset, size)

    def write(self, host: HostBytes | None, mem: MemObject, offset: int, size: int) -> None:
        self._check(mem, offset, size)
        self._bytes(mem, offset, size)[:] = _host(host, size)[:size]

    def copy(
        self, to: MemObject, source: MemObject, to_offset: int, source_offset: int, size: int
    ) -> None:
        """raises: MemCopyOverlap too."""
        self._check(to, to_offset, size)
        self._check(source, source_offset, size)
        start, end = to.address + to_offset, source.address + source_offset
        if size and abs(start - end) < size:
            raise MemCopyOverlap(f"{size} bytes from {end:#x} to {start:#x}")
        self._bytes(to, to_offset, size)[:] = self._bytes(source, source_offset, size)

    def fill(self, mem: MemObject, offset: int, size: int, pattern: HostBytes) -> None:
        """raises: InvalidValue too for a pattern of a size that OpenCL has not, or no multiple."""
        unit = bytes(pattern)
        if len(unit) not in (1, 2, 4, 8, 16, 32, 64, 128):
            raise InvalidValue(f"a pattern of {len(unit)} bytes")
        if offset % len(unit) or size % len(unit):
            raise InvalidValue(f"{size} bytes at {offset} are no multiple of the pattern")
        self._check(mem, offset, size)
        view = self._bytes(mem, offset, size)
        chunk = unit * min(max((1 << 20) // len(unit), 1), size // len(unit) or 1)
        for at in range(0, size, len(chunk)):
            part = view[at : at + len(chunk)]
            part[:] = chunk[: len(part)]

    def read_rect(
        self,
        host: bytearray | memoryview | None,
        mem: MemObject,
        region: Sequence[int],
        at: Rect,
        at_host: Rect,
    ) -> None:
        device, rows = self._rect(mem, region, at), at_host.rows(region)
        _copy_rows(_host(host, rows.end), rows, self._bytes(mem, 0, mem.size), device)

    def write_rect(
        self,
        host: HostBytes | None,
        mem: MemObject,
        region: Sequence[int],
        at: Rect,
        at_host: Rect,
    ) -> None:
        device, rows = self._rect(mem, region, at), at_host.rows(region)
        _copy_rows(self._bytes(mem, 0, mem.size), device, _host(host, rows.end), rows)

    def copy_rect(
        self,
        to: MemObject,
        source: MemObject,
        region: Sequence[int],
        at: Rect,
        at_source: Rect,
    ) -> None:
        """raises: MemCopyOverlap too."""
        target, origin = self._rect(to, region, at), self._rect(source, region, at_source)
        if _meet(to.address, target, source.address, origin):
            raise MemCopyOverlap("the rows overlap")
        _copy_rows(self._bytes(to, 0, to.size), target, self._bytes(source, 0, source.size), origin)

    # -- maps

    def map(self, mem: MemObject, offset: int, size: int, flags: int) -> MappedRegion:
        if not flags or flags & ~sum(MapFlags):
            raise InvalidValue(f"map flags {flags:#x}")
        kind = MapFlags(flags)
        if kind & MapFlags.WRITE_INVALIDATE_REGION and kind != MapFlags.WRITE_INVALIDATE_REGION:
            raise InvalidValue("WRITE_INVALIDATE_REGION goes with no other flag")
        if not size:
            raise InvalidValue("nothing to map")
        self._check(mem, offset, size)
        region = MappedRegion(mem, offset, kind, bytearray(size))
        if kind != MapFlags.WRITE_INVALIDATE_REGION:
            region.data[:] = self._bytes(mem, offset, size)
        self.mapped.append(region)
        return region

    def unmap(self, region: MappedRegion) -> None:
        """raises: InvalidValue for what is not mapped; InvalidOperation if its size was changed."""
        if region not in self.mapped:
            raise InvalidValue("not a region that is mapped")
        self.mapped.remove(region)
        if region.flags & (MapFlags.WRITE | MapFlags.WRITE_INVALIDATE_REGION):
            view = self._bytes(region.mem, region.offset, len(region.data))
            if region.offset + len(region.data) > region.mem.size:
                raise InvalidOperation("the mapped bytes have become more")
            view[:] = region.data

    # -- addresses

    def address(self, mem: MemObject) -> int:
        """raises: InvalidMemObject for what has been freed, or never was here."""
        return self._live(mem).address

    def _live(self, mem: MemObject) -> MemObject:
        if not isinstance(mem, MemObject) or not mem.alive:
            raise InvalidMemObject("the buffer has been freed, or never was one")
        whole = mem.parent or mem
        if self.objects.get(whole.address) is not whole:
            raise InvalidMemObject("the buffer is of another device")
        return mem

    def _check(self, mem: MemObject, offset: int, size: int) -> None:
        self._live(mem)
        if offset < 0 or size < 0 or offset > mem.size or size > mem.size - offset:
            raise InvalidValue(f"{size} bytes at {offset} of a buffer of {mem.size}")

    def _rect(self, mem: MemObject, region: Sequence[int], at: Rect) -> Rows:
        rows = at.rows(region)
        if rows.end >= LIMIT:
            raise InvalidValue("the region ends outside of the address space")
        self._check(mem, rows.first if rows.bytes else 0, rows.end - rows.first)
        return rows

    def _bytes(self, mem: MemObject, offset: int, size: int) -> memoryview:
        view = self.device.view(mem.address + offset, size)
        if view is None or self.device.closed:
            raise DeviceNotAvailable("the device has been closed")
        return view


def _host(host: HostBytes | None, size: int) -> memoryview:
    """The host's bytes, at least `size`. raises: InvalidValue."""
    if host is None:
        if size:
            raise InvalidValue(f"no memory of the host for {size} bytes")
        return memoryview(bytearray())
    view = memoryview(host).cast("B")
    if len(view) < size:
        raise InvalidValue(f"{len(view)} bytes of the host for {size}")
    return view


def _copy_rows(to: memoryview, to_rows: Rows, source: memoryview, source_rows: Rows) -> None:
    width = to_rows.region[0]
    if to_rows.bytes:
        for a, b in zip(to_rows.starts(), source_rows.starts(), strict=True):
            to[a : a + width] = source[b : b + width]


def _meet(to: int, to_rows: Rows, source: int, source_rows: Rows) -> bool:
    """Whether any byte is in a row of both."""
    width = to_rows.region[0]
    if not to_rows.bytes or to + to_rows.end <= source + source_rows.first:
        return False
    if source + source_rows.end <= to + to_rows.first:
        return False
    marks = sorted(
        [(to + at, 0) for at in to_rows.starts()]
        + [(source + at, 1) for at in source_rows.starts()]
    )
    last = [-LIMIT, -LIMIT]  # where a row of each begins that was met last
    for at, which in marks:
        if at < last[1 - which] + width:
            return True
        last[which] = at
    return False

"""Running a kernel: from arguments and sizes to a finished launch, or the error it ends with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ...ir.abi import MAX_ARG_ALIGN, pack_record
from ..launch import Outcome
from . import profile as p
from .arguments import Argument, pack
from .device import FormosaDevice
from .errors import (
    DeviceNotAvailable,
    InvalidWorkDimension,
    InvalidWorkGroupSize,
    KernelFailed,
    OutOfResources,
)
from .image import Image
from .memory import Memory
from .programs import KernelHandle, Programs
from .records import (
    PRINTF_META,
    PRINTF_META_SIZE,
    STATUS_SIZE,
    LaunchInfo,
    Status,
    StatusRecord,
)

PRINTS = "__kcc_putstring"  # in a program that prints
PRINTF_CAPACITY = 1 << 20  # bytes
WORD_ALIGN = 8
LIMIT32 = 1 << 32


@dataclass(frozen=True)
class Geometry:
    """The sizes of a launch, as many numbers as dimensions or three; the rest are 1, offsets 0."""

    work_dim: int
    num_groups: tuple[int, ...]
    local_size: tuple[int, ...]
    global_offset: tuple[int, ...] = ()


@dataclass(frozen=True)
class Settings:
    """What goes for all launches.

    output: gets what kernels print. warn: gets a line when some of it was lost.
    """

    output: Callable[[bytes], None]
    warn: Callable[[str], None]
    printf_capacity: int = PRINTF_CAPACITY
    max_instructions: int | None = None
    counting: bool = False


class Runner:
    """Launches kernels of `programs` on one device."""

    def __init__(self, device: FormosaDevice, memory: Memory, programs: Programs) -> None:
        self._device = device
        self._memory = memory
        self._programs = programs
        self.own: set[int] = set()  # device memory that is in use for a launch
        self.last: Outcome = Outcome()
        self.status: StatusRecord | None = None  # of the last launch that began

    def run(
        self,
        handle: KernelHandle,
        values: Sequence[Argument],
        geometry: Geometry,
        settings: Settings,
    ) -> None:
        """Run a kernel over a range of work-groups, to its end.

        raises: InvalidKernel, InvalidKernelArgs, InvalidMemObject, InvalidWorkDimension,
                InvalidWorkGroupSize, OutOfResources; KernelFailed with the first failure.
        """
        self.last, self.status = Outcome((0,) * self._device.profile.all_harts), None
        if 0 in geometry.num_groups or 0 in geometry.local_size:
            return
        image, base = self._programs.loaded(handle)
        block, local_bytes = pack(handle.info, self._memory, values)
        sizes = self._sizes(handle, geometry)
        if local_bytes > p.LOCAL_SIZE:
            share = self._device.profile.local_share(math.prod(sizes[0]))
            raise InvalidWorkGroupSize(
                f"{local_bytes} bytes of local memory, a core has {p.LOCAL_SIZE} "
                f"(with {share}, as many groups run as warps allow)"
            )
        with self._space() as allocate:
            prints = image.elf.symbol(PRINTS) is not None
            lead = MAX_ARG_ALIGN if prints else 0
            kargs = allocate(lead + len(block), MAX_ARG_ALIGN) + lead
            self._put(kargs, block)
            status = allocate(STATUS_SIZE, WORD_ALIGN)
            printf = self._make_printf(allocate, kargs, settings) if prints else None
            info = LaunchInfo(
                geometry.work_dim, *sizes, local_bytes, prints,
                base + image.entry, kargs - PRINTF_META_SIZE if prints else kargs,
                base + handle.kernel.trampoline, status, settings.max_instructions,
                handle.info.by_items,
            )  # fmt: skip
            try:
                outcome = self._device.launch(info, counting=settings.counting)
            finally:
                if printf is not None:
                    self._drain(*printf, settings)
            if outcome is None:
                raise DeviceNotAvailable("the device has been closed")
            self.last = outcome
            self._finish(handle, image, base, self._get(status, STATUS_SIZE))

    def _sizes(
        self, handle: KernelHandle, geometry: Geometry
    ) -> tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]:
        """(local size, counts of groups, offset), three numbers each, checked."""
        dim = geometry.work_dim
        if dim not in (1, 2, 3):
            raise InvalidWorkDimension(f"{dim} dimensions")
        local = _three(geometry.local_size, 1, dim)
        groups = _three(geometry.num_groups, 1, dim)
        offset = _three(geometry.global_offset, 0, dim)
        if any(not 0 <= n < LIMIT32 for n in (*local, *groups, *offset)):
            raise InvalidWorkGroupSize(f"{local}, {groups}, {offset} do not fit into 32 bits")
        if any(o + g * s > 1 << 63 for o, g, s in zip(offset, groups, local, strict=True)):
            raise InvalidWorkGroupSize("the global ids do not fit into 63 bits")
        if math.prod(groups) >= 1 << 63:
            raise InvalidWorkGroupSize(f"{groups} work-groups are too many")
        items = math.prod(local)
        if not self._device.profile.groups_per_core(items):
            most = self._device.profile.group_items
            raise InvalidWorkGroupSize(f"work-groups of {items} work-items, {most} at most")
        kept = handle.info.group_room + items * handle.info.item_room
        if kept > self._device.stack_size and not handle.info.by_items:
            raise InvalidWorkGroupSize(
                f"{items} work-items keep {kept} bytes across barriers, a hart's stack has "
                f"{self._device.stack_size}"
            )
        required = handle.info.reqd_work_group_size
        if required is not None and local != required:
            raise InvalidWorkGroupSize(
                f"kernel '{handle.info.name}' requires work-groups of {required}, not {local}"
            )
        return local, groups, offset

    # -- what a launch needs on the device

    @contextmanager
    def _space(self) -> Iterator[Callable[[int, int], int]]:
        """allocate(size, alignment) for device memory that is freed in the end."""
        taken: list[int] = []

        def allocate(size: int, alignment: int) -> int:
            addr = self._device.alloc(size, alignment)
            if not addr:
                raise OutOfResources(f"no device memory for the {size} bytes that a launch needs")
            taken.append(addr)
            self.own.add(addr)
            return addr

        try:
            yield allocate
        finally:
            for addr in reversed(taken):
                self._device.free(addr)
                self.own.discard(addr)

    def _make_printf(
        self, allocate: Callable[[int, int], int], kargs: int, settings: Settings
    ) -> tuple[int, int]:
        """(buffer, its position word): what is before the arguments says where they are."""
        capacity = settings.printf_capacity
        buffer, position = allocate(capacity, WORD_ALIGN), allocate(WORD_ALIGN, WORD_ALIGN)
        self._put(position, bytes(WORD_ALIGN))
        meta = pack_record(
            PRINTF_META, PRINTF_META_SIZE, buffer=buffer, position=position, capacity=capacity
        )
        self._put(kargs - PRINTF_META_SIZE, meta)
        return buffer, position

    def _drain(self, buffer: int, position: int, settings: Settings) -> None:
        if self._device.closed:
            return
        end = int.from_bytes(self._get(position, 4), "little")
        if end:
            settings.output(self._get(buffer, min(end, settings.printf_capacity)))
        if end > settings.printf_capacity:
            settings.warn(
                f"kernels printed more than the buffer of {settings.printf_capacity} bytes holds; "
                f"the rest is lost"
            )

    def _finish(self, handle: KernelHandle, image: Image, base: int, data: bytes) -> None:
        status = self.status = StatusRecord.read(data)
        if status.code == Status.OK:
            return
        name = handle.info.name
        symbol = image.elf.symbolize(status.mepc - base)
        place = f"{symbol} (pc {status.mepc:#x})" if symbol else f"pc {status.mepc:#x}"
        match status.code:
            case Status.EXCEPTION:
                what = (
                    f"exception {status.mcause} in {place}, value {status.mtval:#x}, "
                    f"hart {status.hart}, work-group {status.group_id}"
                )
            case Status.EXIT:
                what = f"the program exited with code {status.mcause}"
            case Status.STOPPED:
                what = f"{self.last.error or 'stopped'} in {place}"
            case Status.BAD_DIMENSION:
                what = "bad dimension"
            case code:
                what = f"unknown status {code}"
        raise KernelFailed(f"kernel '{name}': {what}", status)

    def _put(self, addr: int, data: bytes) -> None:
        if not self._device.write(addr, data):
            raise OutOfResources(f"{len(data)} bytes cannot be written to {addr:#x}")

    def _get(self, addr: int, size: int) -> bytes:
        data = bytearray(size)
        if not self._device.read_into(memoryview(data), addr):
            raise OutOfResources(f"{size} bytes cannot be read from {addr:#x}")
        return bytes(data)


def _three(numbers: Sequence[int], rest: int, dim: int) -> tuple[int, int, int]:
    """raises: InvalidWorkDimension for too few numbers, or a size in a dimension not in use."""
    padded = (*numbers, *(rest,) * (3 - len(numbers)))
    given = len(numbers) >= dim or (not numbers and rest == 0)
    if not given or len(padded) > 3 or any(n != rest for n in padded[dim:]):
        raise InvalidWorkDimension(f"{tuple(numbers)} for {dim} dimensions")
    x, y, z = padded
    return x, y, z

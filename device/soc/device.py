"""What devices share: memory and who may use it, harts, order, locks; and RefSi's families."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..profile import NULL_PAGE, Profile
from ..sim.interface import BusError
from .allocator import Allocator
from .counters import Counters
from .harts import Harts
from .harts import Mapping as Shown
from .memory import HOST, Bus, BusDevice, MemoryKind, Ram, Rom, repeat
from .queue import WorkQueue
from .traps import Output, write_stdout

if TYPE_CHECKING:
    from ..profiler import Profiling
    from ..sim.machine import Machine

BELOW_STACK = "below the stack: private and local memory of the work-group do not fit"
KEPT_ERRORS = 16
GUARD_GAP = 64 << 10  # bytes left free behind a guarded allocation, while there is room
DISCARDED = 1 << 20  # bytes from which on a freed allocation's pages go back to the system
STOP_INTERVAL = 0.01  # seconds between attempts to stop what may be just about to start


def log_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _silent(_line: str) -> None:
    pass


@dataclass(frozen=True)
class DeviceOptions:
    """How a device behaves beyond what the hardware defines.

    guard:      harts reach only live allocations, to the byte, and allocations are kept
                apart: an overrun faults. Addresses then differ from an unguarded device.
    cache_dir:  where translations are kept between processes; None for nowhere.
    output:     what kernels print; by default to this process's standard output.
    log:        gets a line for each command buffer, or run of a G, that fails.
    trace:      gets a line for each command and transfer; None for none.
    hal_trace:  gets a line for each of the HAL's operations; None for none.
    profiling:  what the HAL tells of the costs of its operations; None for nothing.
    attach:     gets the harts' machine before anything runs on it, to watch it.
    counters:   harts count events; without, only cycles and instructions retired.
    threads:    of the host, on which harts run in parallel.
    """

    guard: bool = False
    cache_dir: Path | None = None
    output: Output = write_stdout
    log: Callable[[str], None] = _silent
    trace: Callable[[str], None] | None = None
    hal_trace: Callable[[str], None] | None = None
    profiling: Profiling | None = None
    attach: Callable[[Machine], None] | None = None
    counters: bool = False
    threads: int = 1


DEFAULT_OPTIONS = DeviceOptions()


class Addresses(Protocol):
    """Where allocations go."""

    def alloc(self, size: int, alignment: int) -> int:
        """The address of `size` bytes; 0 when there is no room."""

    def free(self, addr: int) -> bool:
        """False if nothing in use begins there."""


class Device:
    """An open device. Safe to use from any thread: one lock guards it while anything runs.

    The lock is held while code or commands execute, so memory operations wait for it.
    """

    def __init__(
        self,
        options: DeviceOptions,
        harts: int,
        arch: str,
        queue_depth: int,
        harts_at_first: int | None = None,
    ) -> None:
        """arch: what harts execute. queue_depth: how much work may wait.

        harts_at_first: so many are made to begin with, see Harts.
        """
        self.options = options
        self.closed = False
        self.lock = threading.RLock()
        self._closing = threading.Lock()
        self.harts = Harts(
            harts,
            arch,
            options.cache_dir,
            options.attach,
            at_first=harts_at_first,
            counters=options.counters,
            threads=options.threads,
        )
        self.bus = Bus()
        self._rams: list[Ram] = []
        self._sizes: dict[int, int] = {}  # of live allocations, as asked for
        self._reserved: set[int] = set()  # of those, the driver's own
        self._guarded: set[int] = set()  # of those, the ones that harts of a guarded device reach
        self._queue = WorkQueue("device", queue_depth)
        weakref.finalize(self, self._queue.close)  # its thread ends with a forgotten device

    def _place_memory(self, base: int, size: int, allocator: Addresses) -> Ram:
        """Make the memory that alloc() is about; harts of a guarded device reach live parts."""
        self._dram_base, self._allocator = base, allocator
        self._dram = Ram(size)
        self._rams.append(self._dram)
        self.bus.attach(base, self._dram)
        if self.options.guard:
            self._dram.guard()
        else:
            self.harts.map(Shown(base, size, self._dram))
        return self._dram

    def prepare(self) -> None:
        """Be ready to run code: the translator is loaded, which takes a while."""
        with self.lock:
            if not self.closed:
                self.harts.prepare()

    # -- memory

    def alloc(self, size: int, alignment: int) -> int:
        """The address of `size` bytes of DRAM, or 0. alignment: a power of two."""
        with self.lock:
            addr = 0
            if self.options.guard:
                addr = self._allocator.alloc(size + GUARD_GAP, alignment)
            addr = addr or self._allocator.alloc(size, alignment)
            if addr:
                self._allocated(addr, max(size, 1))
            return addr

    def _allocated(self, addr: int, size: int) -> None:
        self._sizes[addr] = size
        if self.options.guard:
            self._show(addr, size)
            self._guarded.add(addr)

    def _show(self, addr: int, size: int, hart: int | None = None) -> None:
        """Let harts of a guarded device, or one of them, reach a part of its memory."""
        offset = addr - self._dram_base
        self._dram.allow(offset, size)
        self.harts.map(Shown(addr, size, self._dram, offset, hart))

    def free(self, addr: int) -> bool:
        with self.lock:
            if addr in self._reserved or not self._allocator.free(addr):
                return False
            size = self._sizes.pop(addr)
            self._hide(addr)
            if size >= DISCARDED:
                self._dram.discard(addr - self._dram_base, size)
            return True

    def hide(self, addr: int) -> None:
        """Keep the harts of a guarded device from an allocation, but for through a window."""
        with self.lock:
            self._hide(addr)

    def _hide(self, addr: int) -> None:
        if addr in self._guarded:
            self._guarded.remove(addr)
            self._dram.forbid(addr - self._dram_base)
            self.harts.unmap(addr)

    def view(self, addr: int, size: int) -> memoryview | None:
        """The live bytes as the host sees them."""
        with self.lock:
            return self.bus.view(addr, size, HOST)

    def read_into(self, dest: memoryview, addr: int, unit: int = HOST) -> bool:
        """Fill `dest` as `unit` sees memory or registers; False leaves it as it was."""
        with self.lock:
            view = self.bus.view(addr, len(dest), unit)
            try:
                dest[:] = self.bus.read(addr, len(dest), unit) if view is None else view
            except BusError:
                return False
            return True

    def write(self, addr: int, data: bytes | memoryview, unit: int = HOST) -> bool:
        with self.lock:
            view = self.bus.view(addr, len(data), unit)
            try:
                if view is None:
                    self.bus.write(addr, bytes(data), unit)
                else:
                    view[:] = data
            except BusError:
                return False
            return True

    def fill(self, addr: int, pattern: bytes, count: int) -> bool:
        """Write `pattern` so many times; False, and nothing written, where that is not memory."""
        with self.lock:
            view = self.bus.view(addr, len(pattern) * count, HOST)
            if view is None:
                return False
            if count:
                view[: len(pattern)] = pattern
                repeat(view, len(pattern))
            return True

    # -- execution

    def wait_idle(self) -> None:
        self._queue.wait_idle()

    def cancel(self) -> None:
        """Drop what waits and stop what runs; returns when nothing does; the device stays."""
        self._queue.drop()
        self._settle()

    def close(self) -> bool:
        """Stop everything and give the memory back; views stay valid, but lose it.

        returns: False when it has been closed before, or is being closed by another thread.
        """
        with self._closing:
            if self.closed:
                return False
            self.closed = True
        self._queue.close()
        self._settle()
        for ram in self._rams:
            ram.discard()
        return True

    def _settle(self) -> None:
        """Stop what runs, and wait; in the midst of it, for its output say, it ends by and by."""
        if self._queue.is_mine():
            self.harts.stop()
        while not self._queue.wait_idle(STOP_INTERVAL):
            self.harts.stop()

    def _call(self, work: Callable[[], object]) -> bool:
        """Do something in its turn, and wait; an interrupt stops it. False: closed."""
        try:
            return self._queue.call(work)
        except BaseException:  # Ctrl-C, or what a signal handler raises
            self.cancel()
            raise

    # -- explanations

    def describe(self, addr: int, ignore: Collection[int] = ()) -> str:
        """Where an address is, in relation to the nearest allocation not in `ignore`."""
        if addr < NULL_PAGE:
            return "a null pointer" if addr == 0 else f"{addr} bytes past a null pointer"
        special = self._special(addr)
        if special is not None:
            return special
        with self.lock:
            ignore = {*ignore, *self._reserved}
            sizes = {a: s for a, s in self._sizes.items() if a not in ignore}
        if not sizes:
            return "outside of every buffer"
        start = min(sizes, key=lambda a: max(a - addr, addr - (a + sizes[a]) + 1, 0))
        size = sizes[start]
        buffer = f"the {size}-byte buffer at {start:#x}"
        if addr < start:
            return f"{_bytes(start - addr)} before {buffer}"
        if addr < start + size:
            return f"{_bytes(addr - start)} into {buffer}"
        past = addr - (start + size)
        return (
            f"{_bytes(past)} past the end of {buffer}" if past else f"just past the end of {buffer}"
        )

    def _special(self, _addr: int) -> str | None:
        """What this family has to say of an address that is in no allocation."""
        return None


class RefsiDevice(Device):
    """What is made by a profile of one of the RefSi families."""

    def __init__(self, options: DeviceOptions, profile: Profile) -> None:
        super().__init__(
            options, profile.harts, profile.executes, profile.queue_depth, profile.group_harts
        )
        self.profile = profile

    def _populate(self, registers: Mapping[MemoryKind, BusDevice]) -> None:
        """Make what is in the memory map: memory, the counters, and the registers given."""
        for kind, place in self.profile.memory.items():
            if kind == MemoryKind.DRAM:
                self._place_memory(place.base, place.size, Allocator(place.base, place.size))
                continue
            device: BusDevice
            if kind in registers:
                device = registers[kind]
            elif kind == MemoryKind.PERF_COUNTERS:
                device = Counters(self.harts)
            else:
                ram = device = Ram(place.size)
                self._rams.append(ram)
                if kind == MemoryKind.TCIM:
                    device = Rom(ram)
            assert device.size == place.size
            self.bus.attach(place.base, device)
            writable = kind != MemoryKind.TCIM
            self.harts.map(Shown(place.base, place.size, device, writable=writable))


def _bytes(count: int) -> str:
    return f"{count} byte{'s' * (count != 1)}"

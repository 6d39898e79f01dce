"""Memory windows: ranges of addresses that show other memory, the same to all or per hart."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..sim.interface import BusError
from .harts import Harts, Mapping
from .memory import Bus, Place, Ram, is_hart, unit_index

COUNT = 8
ACTIVE = 1
MODE_MASK, SHARED, PER_HART = 6, 0, 2

# Groups of registers, in the order of their numbers; each has COUNT of them.
BASE, TARGET, MODE, SCALE = range(4)


def encode_mode(size: int, mode: int) -> int:
    """The MODE register of an active window of `size` bytes."""
    return size - 1 << 32 | mode | ACTIVE


def is_active(value: int) -> int:
    """Of a MODE register: ACTIVE or 0."""
    return value & ACTIVE


def mode_of(value: int) -> int:
    """Of a MODE register: SHARED, PER_HART, or one that there is not."""
    return value & MODE_MASK


def size_of(value: int) -> int:
    """Of a MODE register, in bytes."""
    return (value >> 32) + 1


def encode_scale(scale: int) -> int:
    """The SCALE register for `scale` bytes from hart to hart: 0 .. 2^32, any of them."""
    return scale - 1 << 32 | 1 if scale else 0


def scale_a(value: int) -> int:
    return value & 0x1F


def scale_b(value: int) -> int:
    return value >> 32


def decode_scale(value: int) -> int:
    """Of a SCALE register: bytes from hart to hart."""
    a = scale_a(value)
    return scale_b(value) + 1 << a - 1 if a else 0


class WindowError(Exception):
    """A window cannot be mapped as its registers say."""


@dataclass(frozen=True)
class Window:
    """A mapped window, as a device on the bus."""

    size: int
    target: Place
    offset: int  # into the target
    per_hart: bool
    scale: int
    harts: int

    def view(self, offset: int, size: int, unit: int) -> memoryview | None:
        at = self._at(offset, size, unit)
        device = self.target.device
        # Memory behind a window was shown on purpose: guards of the target do not apply.
        return None if at is None or not isinstance(device, Ram) else device.slice(at, size)

    def read(self, offset: int, size: int, unit: int) -> bytes:
        view = self.view(offset, size, unit)
        if view is not None:
            return bytes(view)
        return self.target.device.read(self._register(offset, size, unit), size, unit)

    def write(self, offset: int, data: bytes, unit: int) -> None:
        view = self.view(offset, len(data), unit)
        if view is not None:
            view[:] = data
        else:
            at = self._register(offset, len(data), unit)
            self.target.device.write(at, data, unit)

    def place_of(self, hart: int) -> tuple[int, int]:
        """(offset in the target, bytes) that a hart sees; the target may end early."""
        at = self.offset + (hart * self.scale if self.per_hart else 0)
        return at, min(self.size, self.target.device.size - at)

    def _at(self, offset: int, size: int, unit: int) -> int | None:
        """Where in the target a unit's access goes; None when it leaves what the unit sees."""
        if offset + size > self.size:
            return None
        if not self.per_hart:
            return self.offset + offset
        if not is_hart(unit) or unit_index(unit) >= self.harts:
            return None
        return self.offset + unit_index(unit) * self.scale + offset

    def _register(self, offset: int, size: int, unit: int) -> int:
        at = self._at(offset, size, unit)
        if at is None or isinstance(self.target.device, Ram):
            raise BusError(f"the window does not show {size} bytes at offset {offset:#x}")
        return at


@dataclass
class _Slot:
    registers: list[int] = field(default_factory=lambda: [0] * 4)
    window: Window | None = None
    base: int = 0  # where it is mapped


class Windows:
    """The eight windows. Registers may be written in any order; MODE with ACTIVE set maps."""

    def __init__(self, bus: Bus, harts: Harts) -> None:
        self._bus = bus
        self._harts = harts
        self._slots = [_Slot() for _ in range(COUNT)]

    def write(self, group: int, index: int, value: int) -> None:
        """A register is about to hold `value`.

        Any change to a mapped window unmaps it and leaves it so; mapping it again takes
        another write of MODE.
        raises: WindowError when it cannot be mapped; then the register keeps its value.
        """
        slot = self._slots[index]
        if slot.window is not None:
            if slot.registers[group] != value:
                self._unmap(slot)
        elif group == MODE and is_active(value):
            self._map(slot, value)
        slot.registers[group] = value

    def _map(self, slot: _Slot, mode: int) -> None:
        base, target_addr, _, scale = slot.registers
        if mode_of(mode) not in (SHARED, PER_HART):
            raise WindowError(f"window mode {mode_of(mode):#x} is not supported")
        target = self._bus.find(target_addr)
        if target is None or isinstance(target.device, Window):
            raise WindowError(f"a window cannot show {target_addr:#x}")
        size = size_of(mode)
        per_hart = mode_of(mode) == PER_HART
        offset = target_addr - target.base
        window = Window(size, target, offset, per_hart, decode_scale(scale), self._harts.harts)
        if base + size >= 1 << 64:
            raise WindowError("a window leaves the address space")
        try:
            self._bus.attach(base, window)
        except ValueError as e:
            raise WindowError(str(e)) from None
        for hart in range(self._harts.harts):
            at, seen = window.place_of(hart)
            if seen > 0:
                self._harts.map(Mapping(base, seen, target.device, at, hart))
        slot.window, slot.base = window, base

    def _unmap(self, slot: _Slot) -> None:
        self._bus.detach(slot.base)
        self._harts.unmap(slot.base)
        slot.window = None

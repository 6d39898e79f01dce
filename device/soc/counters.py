"""Performance counters: 32 of each hart, which only harts see, and 32 of plain storage."""

from __future__ import annotations

from ..sim.interface import BusError
from .harts import Harts
from .memory import is_hart, unit_index

PER_HART = 32
GLOBAL = 32
# What the harts count, by number; the rest stay 0.
NAMES = {
    0: "cycles", 2: "instructions retired",
    3: "loads of 1 byte", 4: "loads of 2 bytes", 5: "loads of 4 bytes", 6: "loads of 8 bytes",
    7: "loads of 16 bytes", 8: "loads",
    9: "stores of 1 byte", 10: "stores of 2 bytes", 11: "stores of 4 bytes",
    12: "stores of 8 bytes", 13: "stores of 16 bytes", 14: "stores",
    15: "integer instructions", 16: "floating-point instructions", 17: "branches and jumps",
}  # fmt: skip
FIRST_CSR = 0xB00  # mcycle; counter k of a hart is CSR FIRST_CSR + k


class Counters:
    """The register block. Missing harts and counters read 0 and ignore writes."""

    size = (PER_HART + GLOBAL) * 8

    def __init__(self, harts: Harts) -> None:
        self._harts = harts
        self._global = [0] * GLOBAL

    def view(self, _offset: int, _size: int, _unit: int) -> memoryview | None:
        return None

    def read(self, offset: int, size: int, unit: int) -> bytes:
        """Any number of whole counters, or the low half of one."""
        if offset % 8 or not (size == 4 or (size and size % 8 == 0)) or offset + size > self.size:
            raise BusError(f"a read of {size} bytes at counter offset {offset:#x}")
        first = offset // 8
        count = max(size // 8, 1)
        values = [self._get(i, unit) for i in range(first, first + count)]
        return b"".join(v.to_bytes(8, "little") for v in values)[:size]

    def write(self, offset: int, data: bytes, unit: int) -> None:
        if offset % 8 or len(data) not in (4, 8) or offset + len(data) > self.size:
            raise BusError(f"a write of {len(data)} bytes at counter offset {offset:#x}")
        index, value = offset // 8, int.from_bytes(data, "little")
        if index >= PER_HART:
            self._global[index - PER_HART] = value
            return
        hart = self._hart(unit)
        if hart < self._harts.harts:
            self._harts.write_csr(hart, FIRST_CSR + index, value)

    def _get(self, index: int, unit: int) -> int:
        if index >= PER_HART:
            return self._global[index - PER_HART]
        hart = self._hart(unit)
        return self._harts.read_csr(hart, FIRST_CSR + index) if hart < self._harts.harts else 0

    def _hart(self, unit: int) -> int:
        if not is_hart(unit):
            raise BusError("only harts have these counters")
        return unit_index(unit)

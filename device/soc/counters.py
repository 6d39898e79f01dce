"""Performance counters: 32 of each hart, which only harts see, and 32 of plain storage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ..sim.interface import BusError
from .harts import Harts
from .memory import is_hart, unit_index

PER_HART = 32
GLOBAL = 32
CYCLES, RETIRED = 0, 2
HOST_WRITE, HOST_READ = 64, 65  # of no register: the HAL counts these, bytes of one transfer


class Unit(IntEnum):
    GENERIC = 0
    BYTES = 3
    CYCLES = 10


class Verbosity(IntEnum):
    """From which level of detail on a counter is shown: that of the next number."""

    LOW = 0
    MID = 1
    HIGH = 2
    NONE = 3


@dataclass(frozen=True)
class Counter:
    """per_value: for each hart or transfer. total: for the sum of them."""

    id: int
    name: str
    description: str
    unit: Unit = Unit.GENERIC
    per_value: Verbosity = Verbosity.HIGH
    total: Verbosity = Verbosity.NONE

    @property
    def of_harts(self) -> bool:
        return self.id < PER_HART

    @property
    def is_event(self) -> bool:
        """Whether harts count it only where they are asked to."""
        return self.of_harts and self.id not in (CYCLES, RETIRED)


# In the order of a profile's columns. Harts have registers for 32; the others of them stay 0.
# fmt: off
COUNTERS = (
    Counter(RETIRED, "retired_inst", "instructions retired",
            per_value=Verbosity.MID, total=Verbosity.LOW),
    Counter(CYCLES, "cycles", "cycles", Unit.CYCLES, Verbosity.MID, Verbosity.LOW),
    Counter(15, "int_inst", "integer instructions"),
    Counter(16, "float_inst", "floating-point instructions"),
    Counter(17, "branches_inst", "branches and jumps"),
    Counter(8,  "mem_read_inst", "loads"),
    Counter(3,  "mem_read_bytes_inst", "loads of 1 byte"),
    Counter(4,  "mem_read_short_inst", "loads of 2 bytes"),
    Counter(5,  "mem_read_word_inst", "loads of 4 bytes"),
    Counter(6,  "mem_read_double_inst", "loads of 8 bytes"),
    Counter(7,  "mem_read_quad_inst", "loads of 16 bytes"),
    Counter(14, "mem_write_inst", "stores"),
    Counter(9,  "mem_write_bytes_inst", "stores of 1 byte"),
    Counter(10, "mem_write_short_inst", "stores of 2 bytes"),
    Counter(11, "mem_write_word_inst", "stores of 4 bytes"),
    Counter(12, "mem_write_double_inst", "stores of 8 bytes"),
    Counter(13, "mem_write_quad_inst", "stores of 16 bytes"),
    Counter(HOST_WRITE, "host_write", "bytes the host wrote",
            Unit.BYTES, Verbosity.MID, Verbosity.LOW),
    Counter(HOST_READ, "host_read", "bytes the host read",
            Unit.BYTES, Verbosity.MID, Verbosity.LOW),
)
# fmt: on
# What harts count, by number.
NAMES = {c.id: c.description for c in sorted(COUNTERS, key=lambda c: c.id) if c.of_harts}
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

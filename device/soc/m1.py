"""The RefSi M1 in numbers, as its profile has them."""

from __future__ import annotations

from ..profile import named_profile

_M1 = named_profile("m1")
_AREA = _M1.stack_area
assert _AREA is not None

MEMORY_MAP = tuple((kind, place.base, place.size) for kind, place in _M1.memory.items())
RANGES = {kind: (base, size) for kind, base, size in MEMORY_MAP}

CORES = 1
HARTS = _M1.harts
ISA = _M1.isa
SIMULATED_ISA = _M1.executes
VLEN = _M1.vlen
HART_AREA_BASE, HART_AREA_SIZE = _AREA.base, _AREA.size
ELF_BASE, ELF_SIZE = _M1.program.base, _M1.program.size
HART_BASE, HART_SIZE = _M1.stack.base, _M1.stack.size

"""Which event counters an instruction advances.

Counters are numbered as the RefSi profiler has them: loads and stores by size and together,
integer and floating-point instructions, branches. Each instruction counts once, whatever it
does: a vector one, too, by the size that its name gives. An AMO is a load, an integer
instruction and a store. What configures or orders is nothing of all that.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from ...backend.encode import Decoded
from .flow import BRANCHES, CodeWord

LOADS, STORES = 8, 14  # those of 1, 2, 4, 8 and 16 bytes come before
INTEGER, FLOAT, BRANCH = 15, 16, 17

_SIZES = {"b": 1, "h": 2, "w": 4, "d": 8}
_SCALAR = re.compile(r"f?([ls])([bhwd])u?|(lr|sc|amo[a-z]+)\.([wd])")
_VECTOR = re.compile(r"v(l|s)(?:m|[1248]r|[1248]re(\d+)|(?:s|[uo]x)?(?:seg\d)?ei?(\d+)(?:ff)?)\.v")
_FLOATS = frozenset({"F", "D", "Zfh"})
_NOTHING = frozenset({"Zicsr", "Zifencei", "M-mode"})
_NOT_INTEGER = frozenset({"fence", "ecall", "ebreak", "vsetvli", "vsetivli", "vsetvl"})


def _access(total: int, size: int) -> tuple[int, int]:
    return total - 6 + size.bit_length(), total


@cache
def events(name: str, ext: str) -> tuple[int, ...]:
    """The counters that an instruction of the table advances, by its name and extension."""
    if name in BRANCHES or name in ("jal", "jalr"):
        return (BRANCH,)
    scalar, vector = _SCALAR.fullmatch(name), _VECTOR.fullmatch(name)
    if scalar and scalar[1]:
        return _access(LOADS if scalar[1] == "l" else STORES, _SIZES[scalar[2]])
    if scalar:
        load, store = (_access(total, _SIZES[scalar[4]]) for total in (LOADS, STORES))
        return {"lr": load, "sc": store}.get(scalar[3], (*load, INTEGER, *store))
    if vector:
        size = int(vector[2] or vector[3] or 8) // 8
        return _access(LOADS if vector[1] == "l" else STORES, size)
    if ext in _NOTHING or name in _NOT_INTEGER:
        return ()
    floats = ext in _FLOATS or (name.startswith(("vf", "vmf")) and name != "vfirst.m")
    return (FLOAT,) if floats else (INTEGER,)


def total(code: Iterable[CodeWord]) -> tuple[tuple[int, int], ...]:
    """(counter, by how much) for all of some instructions; illegal ones count as nothing."""
    sums: Counter[int] = Counter()
    for word in code:
        if word.decoded is not None:
            sums.update(events_of(word.decoded))
    return tuple(sorted(sums.items()))


def events_of(decoded: Decoded) -> tuple[int, ...]:
    return events(decoded.insn.name, decoded.insn.ext)

"""Where QEMU 7.2 departs from the specification: what is excused, and by which section.

A departure is of one row, and says of which cases; all others of the row are held against QEMU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kcc.backend.encode import decode
from vharness import SCALARS, Case, Outcome


@dataclass(frozen=True)
class Departure:
    """section: of the specification that QEMU departs from; where: the cases, by operands."""

    section: str
    what: str
    where: Callable[[Case, dict[str, int]], bool]


def x(case: Case, reg: int) -> int:
    """An integer register of the case; x5 and up."""
    return SCALARS.unpack(case.scalars)[reg - 5] if reg else 0


QEMU_DEPARTS = {
    "ctzw": Departure(
        "Bit-Manipulation 1.0, ctzw",
        "counts on into the upper half where the low word is zero",
        lambda case, o: x(case, o["rs1"]) & 0xFFFF_FFFF == 0,
    ),
}


def excuse(case: Case, mine: Outcome, other: Outcome) -> bool:
    decoded = decode(int(case.form.body[0].split()[1], 16))
    if decoded is None or decoded.insn.name not in QEMU_DEPARTS:
        return False
    return QEMU_DEPARTS[decoded.insn.name].where(case, decoded.operands)

"""Where QEMU 7.2 departs from the specification: what is excused, and by which section.

A departure is of one row, and says of which cases; all others of the row are held against QEMU.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from kcc.backend.encode import decode
from kcc.backend.isa import TABLE
from vharness import SCALARS, VL, VSTART, VTYPE, Case, Outcome


@dataclass(frozen=True)
class Departure:
    """section: of the specification that QEMU departs from; where: the cases, by operands."""

    section: str
    what: str
    where: Callable[[Case, dict[str, int]], bool]


def x(case: Case, reg: int) -> int:
    """An integer register of the case; x5 and up."""
    return SCALARS.unpack(case.scalars)[reg - 5] if reg else 0


# Rows that vstart must be 0 for, or that begin there, and the section of V 1.0 that says so.
_HEED_VSTART = {
    r"vf?w?red.*": "14",
    r"vcpop\.m": "15.2",
    r"vfirst\.m": "15.3",
    r"vmsbf\.m|vmsif\.m|vmsof\.m": "15.4 to 15.6",
    r"viota\.m": "15.8",
    r"vcompress\.vm": "16.5",
    r"vmv[1248]r\.v": "16.6",
}
QEMU_DEPARTS = {
    name: Departure(
        f"V 1.0, {section}",
        "translates for whatever vstart it meets first",
        lambda case, _: case.form.vstart,
    )
    for pattern, section in _HEED_VSTART.items()
    for name in TABLE
    if re.fullmatch(pattern, name)
} | {
    "ctzw": Departure(
        "Bit-Manipulation 1.0, ctzw",
        "counts on into the upper half where the low word is zero",
        lambda case, o: x(case, o["rs1"]) & 0xFFFF_FFFF == 0,
    ),
}


def excuse(case: Case, mine: Outcome, other: Outcome) -> bool:
    """Whether QEMU, not we, may be wrong about the case, if that is one word drawn at random."""
    directive, _, rest = case.form.body[0].partition(" ")
    decoded = decode(int(rest.split()[0], 16)) if directive in (".2byte", ".4byte") else None
    if decoded is None:
        return False
    name = decoded.insn.name
    if name in QEMU_DEPARTS and QEMU_DEPARTS[name].where(case, decoded.operands):
        return True
    return _leaves_vstart(name, case, mine, other)


_SETS_NO_VSTART = re.compile(r"vslideup\.v[xi]|vf?mv\.[fxs]\.[fxs]")
_WHOLE = re.compile(r"v(?:l|s|mv)(\d)r(?:e(\d+))?\.v")


def _leaves_vstart(name: str, case: Case, mine: Outcome, other: Outcome) -> bool:
    """V 1.0, 3.7: every instruction sets vstart to 0; QEMU forgets it where nothing is to do."""
    if mine.trap or other.trap or not case.form.vstart:
        return False
    end, vtype, vstart = (
        int.from_bytes(other.state[at:][:8], "little") for at in (VL, VTYPE, VSTART)
    )
    if found := _WHOLE.fullmatch(name):  # 7.9, 16.6: these do not heed vl
        sew = 8 << (vtype >> 3 & 7) if name.startswith("vmv") else int(found[2] or 8)
        end = int(found[1]) * len(case.v) // 4 // sew
    if _SETS_NO_VSTART.fullmatch(name):
        end = 0
    if not vstart == case.vstart >= end:
        return False
    return mine.state == other.state[:VSTART] + bytes(8) + other.state[VSTART + 8 :]

"""What is said of vector code, for -Rpass and the like: how a kernel became it, or why not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from ...frontend.record import record

Kind: TypeAlias = Literal["passed", "missed", "analysis"]
ACROSS, LOOPS = "workitem-vectorize", "loop-vectorize"  # passes: ours, and LLVM's
_VECTOR_LOOP = re.compile(r"^vector\.body[\w.]*:", re.M)
_ACCESSES = ("unit-stride", "uniform", "strided", "load", "gather", "scatter")


@record
class Remark:
    """kind: which option asks for it. by: the pass that it is about. kernel: its name."""

    kind: Kind
    by: str
    kernel: str
    message: str


@record
class Outcome:
    """What became of a row of work-items, named by its kernel and barrier.

    reason:  why it stays scalar, "" if it does not; the rest is of one that does not.
    lanes:   of a strip, times vscale. lmul: registers of a group, for the values worked on.
    counts:  of accesses, by kind. divergent, loops: how many there are, and that lanes leave at
             different times.
    checked: numbers of 32 bits that each group checks to be small before.
    """

    row: str
    reason: str = ""
    lanes: int = 0
    lmul: str = ""
    counts: Mapping[str, int] | None = None
    loops: int = 0
    divergent: int = 0
    checked: int = 0


def of_row(outcome: Outcome, places: Mapping[str, str]) -> list[Remark]:
    """places: of the kernel's barriers in the source, by the names of rows."""
    kernel = outcome.row.partition(".")[0]
    what = f"kernel '{kernel}'"
    if outcome.row != kernel:
        place = places.get(outcome.row)
        what += f" behind the barrier at {place}" if place else " up to its barriers"
    if outcome.reason:
        text = f"{what} not vectorized across work-items: {outcome.reason}"
        return [Remark("missed", ACROSS, kernel, text)]
    counts = outcome.counts or {}
    accesses = ", ".join(f"{counts[kind]} {kind}" for kind in _ACCESSES if counts.get(kind))
    how = f"vscale x {outcome.lanes} lanes, LMUL {outcome.lmul}; accesses: {accesses or 'none'}"
    passed = Remark("passed", ACROSS, kernel, f"{what} vectorized across work-items ({how})")
    facts = [f"{outcome.loops} loops around vector code, {outcome.divergent} of them divergent"]
    if outcome.checked:
        facts.append(f"scalar where one of {outcome.checked} uint operations might wrap")
    return [passed, Remark("analysis", ACROSS, kernel, f"{what}: {'; '.join(facts)}")]


def of_kernel(function: Any) -> Remark:
    """Of an optimised kernel that was left to LLVM: it names its vector loops like that."""
    count = len(_VECTOR_LOOP.findall(str(function)))
    if count:
        text = f"kernel '{function.name}' has {count} vector loop{'s' if count > 1 else ''}"
        return Remark("passed", LOOPS, function.name, text)
    return Remark("missed", LOOPS, function.name, f"kernel '{function.name}' has no vector loop")

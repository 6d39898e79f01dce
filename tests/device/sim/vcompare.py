"""What cases left on our machine and on QEMU, compared, and differences told legibly."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vharness import (
    PAGE,
    SCALARS,
    SIZE,
    Case,
    Outcome,
    Program,
    Setup,
    build,
    run_on_machine,
    run_on_qemu,
)


@dataclass
class Report:
    """How a comparison ended: cases that completed, cases that trapped, texts of differences."""

    ran: int = 0
    trapped: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        self.ran += other.ran
        self.trapped += other.trapped
        self.wrong += other.wrong

    def check(self) -> None:
        assert not self.wrong, f"{len(self.wrong)} cases differ\n" + "\n".join(self.wrong[:5])


# Whether QEMU departs from the specification here, so that the case does not count.
Excuse = Callable[[Case, Outcome, Outcome], bool]


def compare(cases: Sequence[Case], setup: Setup, excuse: Excuse | None = None) -> Report:
    """Run all cases on both; none of `cases` is lost in the report."""
    report = Report()
    room = (SIZE - (16 << 20)) // (setup.result_size + PAGE // 4)
    for at in range(0, len(cases), room):
        program = build(cases[at : at + room], setup)
        special = any(case.form.on_qemu for case in program.order)
        theirs = run_on_qemu(build(program.order, setup, on_qemu=True) if special else program)

        def repeated(n: int, program: Program = program, theirs: list[Outcome] = theirs) -> bool:
            same = program.order[n].form == program.order[n - 1].form
            return same and theirs[n].trap == theirs[n - 1].trap == "illegal"

        ours = run_on_machine(program, repeated)
        for case, mine, other in zip(program.order, ours, theirs, strict=True):
            if other.trap:
                report.trapped += 1
            else:
                report.ran += 1
            if mine is None or same(mine, other):
                continue
            if excuse is None or not excuse(case, mine, other):
                report.wrong.append(difference(case, mine, other, setup))
    return report


def same(mine: Outcome, other: Outcome) -> bool:
    if mine.trap or other.trap:
        return mine.trap == other.trap
    return mine.state == other.state


def difference(case: Case, mine: Outcome, other: Outcome, setup: Setup) -> str:
    """What differs, in lines: the form, its state, every register that is not the same."""
    lines = [str(case.form), f"  avl={case.avl} vstart={case.vstart} vcsr={case.vcsr} "
             f"fflags={case.fflags:#x}"]  # fmt: skip
    if mine.trap or other.trap:
        lines.append(f"  trap: got {mine.trap or 'none'} ({mine.fault}), expected "
                     f"{other.trap or 'none'}")  # fmt: skip
        return "\n".join(lines)
    names = [f"x{n}" for n in range(5, 32)] + [f"f{n}" for n in range(32)]
    names += ["fcsr", "vl", "vtype", "vstart", "vcsr"]
    before = dict(zip(names, SCALARS.unpack(case.scalars), strict=False))
    got, expected = (struct.unpack_from("<64Q", o.state) for o in (mine, other))
    for name, a, b in zip(names, got, expected, strict=True):
        if a != b:
            was = f", was {before[name]:#x}" if name in before else ""
            lines.append(f"  {name}: got {a:#x}, expected {b:#x}{was}")
    lines += _vector_lines(case, mine.state[512:], other.state[512:], setup)
    return "\n".join(lines)


def _vector_lines(case: Case, mine: bytes, other: bytes, setup: Setup) -> list[str]:
    """Registers that differ, as elements, and all that the form names."""
    vlenb = setup.vlen // 8
    sew = 8 << (case.form.vtype >> 3 & 3) if case.form.vtype is not None else 64
    lines = []
    shown = 0
    for reg in range(32 if vlenb else 0):
        a, b, was = (o[reg * vlenb :][:vlenb] for o in (mine, other, case.v))
        if a != b:
            lines += [f"  v{reg}: got      {elements(a, sew)}"]
            lines += [f"  v{reg}: expected {elements(b, sew)}"]
            shown += 1
        if a != b or any(name_in(line, f"v{reg}") for line in case.form.body):
            lines += [f"  v{reg}: was      {elements(was, sew)}"]
        if shown > 4:
            break
    at = 32 * vlenb
    wrong = [n for n in range(at, len(mine)) if mine[n] != other[n]]
    if wrong:
        first = wrong[0] - at
        a, b, was = (o[at + first :][:16].hex() for o in (mine, other, bytes(at) + case.memory))
        lines.append(
            f"  memory: {len(wrong)} bytes; at {first:#x} got {a}, expected {b}, was {was}"
        )
    return lines


def name_in(line: str, name: str) -> bool:
    return name in line.replace(",", " ").replace("(", " ").replace(")", " ").split()


def elements(data: bytes, sew: int) -> str:
    """As hexadecimal numbers, element 0 first."""
    step = sew // 8
    return " ".join(data[n : n + step][::-1].hex() for n in range(0, len(data), step))

"""Which input sections go into which output section, and where the ones nobody names go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ..frontend.record import field, record
from ..frontend.source import NO_SPAN
from . import elf
from .model import InputSection, ObjectFile, OutputSection, Symbol
from .script import Assert, Assign, Data, Glob, InputPattern, Script, SectionCommand

DISCARD = "/DISCARD/"
INIT_PRIORITY = re.compile(r"(?:^|\.)([0-9]{1,9})$")  # .init_array.100


@record(eq=False, frozen=False)
class PlannedSection:
    """An output section and what each of its patterns matched, by position in `items`."""

    command: SectionCommand
    out: OutputSection
    matched: dict[int, list[InputSection]] = field(default_factory=dict)
    # __start_ and __stop_ symbols that somebody asks for
    bounds: list[Symbol] = field(default_factory=list)

    @property
    def members(self) -> list[InputSection]:
        return [s for i in sorted(self.matched) for s in self.matched[i] if s.live]


Step = Assign | Assert | PlannedSection


@record(eq=False, frozen=False)
class Plan:
    steps: list[Step]
    kept: list[InputSection]  # matched inside KEEP
    discarded: list[InputSection]

    @property
    def sections(self) -> list[PlannedSection]:
        return [s for s in self.steps if isinstance(s, PlannedSection)]


# -- matching ---------------------------------------------------------------------------------


def plan(script: Script, objects: list[ObjectFile]) -> Plan:
    """Match every live input section with the first pattern that takes it.

    What no pattern takes has no place yet (`place_orphans`). What /DISCARD/ takes dies.
    """
    result = Plan([], [], [])
    for command in script.commands:
        if isinstance(command, SectionCommand):
            planned = PlannedSection(command, OutputSection(command.name))
            planned.out.region, planned.out.load_region = command.region, command.load_region
            planned.out.phdrs = command.phdrs
            result.steps.append(planned)
        else:
            result.steps.append(command)
    waiting = [s for o in objects for s in o.sections if s.live]
    for planned in result.sections:
        if not _constraint_holds(planned.command, waiting):
            continue
        for position, item in enumerate(planned.command.items):
            if not isinstance(item, InputPattern):
                continue
            matched = _match(item, waiting)
            if not matched:
                continue
            planned.matched[position] = matched
            taken = set(matched)
            waiting = [s for s in waiting if s not in taken]
            if planned.command.name == DISCARD:
                result.discarded += matched
            elif item.keep:
                result.kept += matched
    for section in result.discarded:
        section.live = False
    return result


def _constraint_holds(command: SectionCommand, waiting: list[InputSection]) -> bool:
    """ONLY_IF_RO and ONLY_IF_RW: whether all that the patterns would take is that way."""
    if not command.constraint:
        return True
    patterns = [i for i in command.items if isinstance(i, InputPattern)]
    flags = [s.flags & elf.SHF_WRITE for p in patterns for s in _match(p, waiting)]
    return not any(flags) if command.constraint == "ONLY_IF_RO" else all(flags)


def _match(pattern: InputPattern, sections: list[InputSection]) -> list[InputSection]:
    """What a pattern takes, in link order but for what it sorts."""
    in_file = _file_matcher(pattern.file, pattern.exclude)
    candidates = [s for s in sections if in_file(s.file)]
    if pattern.sort_files:
        candidates.sort(key=lambda s: s.file.name)
    tests = []
    for g in pattern.sections:
        not_excluded = _file_matcher(Glob("*"), g.exclude)
        tests.append((g.glob.matcher(), not_excluded, _sort_key(g.sorts)))
    # Globs that do not sort share one run in link order; each that sorts has its own.
    runs: dict[int, list[InputSection]] = {}
    keys: dict[int, Callable[[InputSection], tuple[object, ...]] | None] = {}
    run = 0
    numbers = []
    for i, (_, _, key) in enumerate(tests):
        if i and (key is not None or tests[i - 1][2] is not None):
            run += 1
        numbers.append(run)
        keys[run] = key
    for s in candidates:
        for number, (named, not_excluded, _) in zip(numbers, tests, strict=True):
            if named(s.name) and not_excluded(s.file):
                runs.setdefault(number, []).append(s)
                break
    result = []
    for number in sorted(runs):
        key = keys[number]
        result += sorted(runs[number], key=key) if key else runs[number]
    return result


def _file_matcher(glob: Glob, exclude: tuple[Glob, ...]) -> Callable[[ObjectFile], bool]:
    """A test for files: `archive:member` where there is a colon, else the path or member."""
    named = _one_file(glob)
    if not exclude:
        return named
    barred = [_one_file(g) for g in exclude]
    return lambda file: named(file) and not any(b(file) for b in barred)


def _one_file(glob: Glob) -> Callable[[ObjectFile], bool]:
    if ":" not in glob.text:
        test = glob.matcher()
        return lambda file: test(file.path)
    archive, _, member = glob.text.partition(":")
    in_archive = Glob(archive).matcher() if archive else None
    of_member = Glob(member or "*").matcher()

    def matches(file: ObjectFile) -> bool:
        if in_archive is None or file.archive is None:
            return in_archive is None and file.archive is None and of_member(file.path)
        return in_archive(file.archive) and of_member(file.path)

    return matches


def _sort_key(sorts: tuple[str, ...]) -> Callable[[InputSection], tuple[object, ...]] | None:
    wanted = [s for s in sorts if s != "none"]
    if not wanted:
        return None

    def key(section: InputSection) -> tuple[object, ...]:
        parts: list[object] = []
        for sort in wanted:
            if sort == "name":
                parts.append(section.name)
            elif sort == "alignment":
                parts.append(-section.align)
            else:
                suffix = INIT_PRIORITY.search(section.name)
                parts.append((0, int(suffix[1])) if suffix else (1, 0))
        return tuple(parts)

    return key


# -- kinds and orphans ------------------------------------------------------------------------


def settle_kinds(planned: Iterable[PlannedSection]) -> None:
    """Give each output section type and flags from what is live in it."""
    for p in planned:
        if p.command.name == DISCARD:
            continue
        out, members = p.out, p.members
        has_data = any(isinstance(i, Data) for i in p.command.items)
        moves = any(isinstance(i, Assign) and i.symbol == "." for i in p.command.items)
        if not members and not has_data and not moves:
            continue
        flags = 0
        for s in members:
            flags |= s.flags & (elf.SHF_ALLOC | elf.SHF_WRITE | elf.SHF_EXECINSTR)
        if not members:
            flags = elf.SHF_ALLOC | elf.SHF_WRITE
        types = {s.type for s in members if s.size} or {s.type for s in members}
        if types <= {elf.SHT_NOBITS} and not has_data:
            out.type = elf.SHT_NOBITS
        elif len(types) == 1 and not has_data:
            (out.type,) = types
        else:
            out.type = elf.SHT_PROGBITS
        sizes = {s.flags & (elf.SHF_MERGE | elf.SHF_STRINGS) for s in members}
        if p.command.type == "NOLOAD":
            out.type = elf.SHT_NOBITS
        elif p.command.type in ("INFO", "COPY", "DSECT", "OVERLAY"):
            flags &= ~elf.SHF_ALLOC
        elif p.command.type == "READONLY":
            flags &= ~elf.SHF_WRITE
        if not flags & elf.SHF_ALLOC and sizes == {elf.SHF_MERGE | elf.SHF_STRINGS}:
            flags |= elf.SHF_MERGE | elf.SHF_STRINGS  # .comment, .debug_str
            out.entsize = 1
        out.flags = flags


# Where an orphan belongs: after the last section of its own rank, else of the nearest before.
def _rank(type_: int, flags: int) -> int:
    if not flags & elf.SHF_ALLOC:
        return 4
    if type_ == elf.SHT_NOBITS:
        return 3
    if flags & elf.SHF_WRITE:
        return 2
    return 0 if flags & elf.SHF_EXECINSTR else 1


def place_orphans(result: Plan, objects: list[ObjectFile]) -> list[PlannedSection]:
    """Give every live section that no pattern took an output section of its own name.

    It goes behind the last output section of its kind and into the same memory region.
    returns: the new output sections, in order of appearance.
    """
    placed = {s for p in result.sections for s in p.members}
    orphans: dict[tuple[str, int], list[InputSection]] = {}
    for o in objects:
        for s in o.sections:
            if s.live and s not in placed:
                kind = s.flags & elf.SHF_ALLOC
                orphans.setdefault((s.name, kind), []).append(s)
    added = []
    for (name, _), members in orphans.items():
        everything = InputPattern(Glob("*"), (), NO_SPAN)
        command = SectionCommand(name, (everything,), NO_SPAN)
        planned = PlannedSection(command, OutputSection(name), {0: members})
        settle_kinds([planned])
        rank = _rank(planned.out.type, planned.out.flags)
        position, neighbour = _orphan_place(result, rank)
        if neighbour is not None and rank < 4:
            planned.out.region = neighbour.out.region
            planned.out.load_region = neighbour.out.load_region
            planned.out.phdrs = neighbour.out.phdrs
        result.steps.insert(position, planned)
        added.append(planned)
    return added


def _orphan_place(result: Plan, rank: int) -> tuple[int, PlannedSection | None]:
    best: tuple[int, int] | None = None
    for position, step in enumerate(result.steps):
        if isinstance(step, PlannedSection) and step.out.kept:
            other = _rank(step.out.type, step.out.flags)
            if other <= rank and (best is None or other >= best[0]):
                best = (other, position)
    if best is None or rank == 4:
        return len(result.steps), None
    neighbour = result.steps[best[1]]
    assert isinstance(neighbour, PlannedSection)
    return best[1] + 1, neighbour

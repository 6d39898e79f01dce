"""Where everything goes in memory: output sections and symbols to addresses.

The script's commands are carried out in order, again and again until no address changes,
because an expression may look ahead (`SIZEOF(.later)`).
"""

from __future__ import annotations

from itertools import pairwise

from ..frontend.diag import Diagnostics
from ..frontend.record import record
from ..frontend.source import NO_SPAN, Span
from . import elf
from .elf import ADDRESS_LIMIT
from .expr import ExprError, Value, align_up, binary, evaluate
from .model import InputSection, OutputSection, Symbol
from .placement import DISCARD, Plan, PlannedSection
from .script import Assert, Assign, Data, Expr, Fill, InputPattern, Script, SectionCommand
from .segments import Segment, fill_segments, header_bytes, make_segments

MAX_ROUNDS = 32  # far more than any sensible script needs


@record(eq=False, frozen=False)
class Cursor:
    """How far a memory region is filled; `end` is one past its last byte."""

    origin: int
    length: int
    attributes: str
    at: int  # next free address
    last: OutputSection | None = None  # placed here last; later ones keep its LMA distance


@record
class Problem:
    code: str
    message: str
    span: Span | None


class Layout:
    """Carries out a plan. After `run`, the sections and symbols have their addresses."""

    def __init__(
        self,
        result: Plan,
        script: Script,
        symbols: dict[str, Symbol],
        provided: frozenset[str],
    ) -> None:
        self.plan = result
        self.script = script
        self.symbols = symbols
        self.provided = provided  # names that somebody refers to: PROVIDE defines only these
        self.cursors: dict[str, Cursor] = {}
        self.by_name = {p.out.name: p.out for p in reversed(result.sections)}
        self.dot = 0
        self.inside: OutputSection | None = None
        self.assigned: set[str] = set()
        self.problems: list[Problem] = []
        self.previous: OutputSection | None = None
        outs = (p.out for p in result.sections if p.command.name != DISCARD)
        self.first = next((out for out in outs if out.kept and out.alloc), None)

    def run(self, diags: Diagnostics) -> None:
        """Place everything; errors (undefined symbols in expressions, failed assertions,
        overflowing regions, overlapping sections) are those of the last round."""
        before: list[tuple[int, ...]] = []
        for _ in range(MAX_ROUNDS):
            self.round()
            now = self.snapshot()
            if now == before:
                break
            before = now
        else:
            diags.error("script-layout", "the addresses that the script asks for never settle")
        self.check_regions()
        self.check_overlaps()
        for p in dict.fromkeys(self.problems):
            diags.error(p.code, p.message, p.span)

    def snapshot(self) -> list[tuple[int, ...]]:
        outs = [(p.out.addr, p.out.size, p.out.load_addr) for p in self.plan.sections]
        return [*outs, *((self.symbols[n].addr,) for n in sorted(self.assigned))]

    def problem(self, code: str, message: str, span: Span | None) -> None:
        self.problems.append(Problem(code, message, span))

    def round(self) -> None:
        self.dot, self.inside, self.previous = 0, None, None
        self.problems = []
        self.start_regions()  # by what the round before has defined
        self.assigned = set()
        for step in self.plan.steps:
            if isinstance(step, PlannedSection):
                if step.command.name != DISCARD:
                    self.place(step)
            else:
                self.statement(step)

    def start_regions(self) -> None:
        self.cursors = {}
        for r in self.script.regions:
            origin, length = self.number(r.origin), self.number(r.length)
            self.cursors[r.name] = Cursor(origin, length, r.attributes, origin)
        for alias, name in self.script.aliases.items():
            if name in self.cursors:
                self.cursors[alias] = self.cursors[name]

    # -- the Scope that expressions see -------------------------------------------------------

    def location(self) -> Value:
        """A place in the section around it, else in the nearest: it moves with the program."""
        home = self.inside or self.previous or self.first
        return Value(self.dot) if home is None else Value(self.dot - home.addr, home)

    def symbol(self, name: str) -> Symbol | None:
        symbol = self.symbols.get(name)
        return symbol if symbol is not None and (symbol.defined or symbol.weak) else None

    def symbol_value(self, symbol: Symbol) -> Value:
        if isinstance(symbol.section, InputSection):
            s = symbol.section
            return Value(s.offset + symbol.value, s.out)
        return Value(symbol.value, symbol.section, address=symbol.section is None)

    def is_defined(self, name: str) -> bool:
        symbol = self.symbols.get(name)
        if symbol is None or not symbol.defined:
            return False
        return not symbol.script or name in self.assigned

    def section(self, name: str) -> OutputSection | None:
        return self.by_name.get(name)

    def region(self, name: str) -> tuple[int, int] | None:
        cursor = self.cursors.get(name)
        return (cursor.origin, cursor.length) if cursor else None

    def header_bytes(self) -> int:
        return header_bytes(self.segments(Diagnostics()))

    def outputs(self) -> list[OutputSection]:
        """The output sections that there are, in the order of the file."""
        return [p.out for p in self.plan.sections if p.out.kept]

    def segments(self, diags: Diagnostics) -> list[Segment]:
        """The program headers for the addresses of now."""
        commands = self.script.phdrs
        if not commands:
            return make_segments(self.outputs())
        segments = {}
        for c in commands:
            flags = None if c.flags is None else self.number(c.flags)
            load_addr = None if c.at is None else self.number(c.at)
            headers = c.filehdr or c.phdrs
            segments[c.name] = Segment(
                self.number(c.type) % (1 << 32),
                (flags or 0) % (1 << 32),
                [],
                headers,
                load_addr,
                flags is not None,
            )
        fill_segments(segments, self.outputs(), diags)
        return list(segments.values())

    def value(self, expr: Expr) -> Value:
        """An expression's value, 0 and a problem recorded when it has none."""
        try:
            return evaluate(expr, self)
        except ExprError as e:
            self.problem("script-expression", e.message, e.expr.span)
            return Value(0)

    def number(self, expr: Expr) -> int:
        return self.value(expr).absolute

    # -- statements ---------------------------------------------------------------------------

    def statement(self, step: Assign | Assert) -> None:
        if isinstance(step, Assert):
            if not self.number(step.condition):
                self.problem("assertion", step.message, step.span)
        elif step.symbol == ".":
            self.move(step)
        else:
            self.assign(step)

    def move(self, step: Assign) -> None:
        value = self.value(step.expr)
        if step.op != "=":
            value = binary(step.op[:-1], self.location(), value, step.expr)
        # Inside a section a plain number counts from the section's start.
        if self.inside is not None and value.number:
            value = Value(value.value, self.inside)
        target = value.absolute
        if self.inside is not None and target < self.dot:
            self.problem(
                "script-expression",
                f"cannot move the location counter back, from {self.dot:#x} to {target:#x}",
                step.span,
            )
            return
        self.dot = target

    def assign(self, step: Assign) -> None:
        symbol = self.symbols.get(step.symbol)
        if step.provide:
            by_object = symbol is not None and symbol.defined and not symbol.script
            if by_object or step.symbol not in self.provided:
                return
        if symbol is None:
            symbol = self.symbols[step.symbol] = Symbol(step.symbol)
        value = self.value(step.expr)
        if step.op != "=":
            if step.symbol not in self.assigned:
                message = f"'{step.op}' to '{step.symbol}', which has no value yet"
                self.problem("script-expression", message, step.span)
                return
            try:
                value = binary(step.op[:-1], self.symbol_value(symbol), value, step.expr)
            except ExprError as e:
                self.problem("script-expression", e.message, step.span)
        if self.inside is not None and value.number:
            value = Value(value.value, self.inside)
        symbol.section, symbol.value = value.section, value.value
        symbol.defined = symbol.script = True
        symbol.file, symbol.binding = None, elf.STB_GLOBAL
        if step.hidden:
            symbol.visibility = elf.STV_HIDDEN
        self.assigned.add(step.symbol)

    # -- output sections ----------------------------------------------------------------------

    def place(self, p: PlannedSection) -> None:
        out, command = p.out, p.command
        takes_memory = out.alloc or not out.kept
        saved = self.dot
        cursor = self.cursor_for(out, command) if takes_memory else None
        align = self.alignment(p)
        out.align = align
        if command.address is not None:
            self.dot = self.number(command.address)
        elif takes_memory:
            self.dot = align_up(cursor.at if cursor else self.dot, align)
        else:
            self.dot = 0
        out.addr = self.dot
        self.fill_section(p)
        out.size = self.dot - out.addr
        if not out.kept or not out.alloc:
            out.load_addr = out.addr
            self.dot = saved
            return
        self.place_load(p, cursor)
        if cursor:
            cursor.at, cursor.last = self.dot, out
        self.previous = out

    def cursor_for(self, out: OutputSection, command: SectionCommand) -> Cursor | None:
        """The region a section goes to: the one named, else by attributes."""
        for name in (out.region, out.load_region):
            if name is not None and name not in self.cursors:
                self.problem("script-layout", f"undefined memory region '{name}'", command.span)
        if out.region is not None or command.address is not None:
            return self.cursors.get(out.region or "")
        if out.kept:
            for name, cursor in self.cursors.items():
                if attributes_match(cursor.attributes, out):
                    out.region = name
                    return cursor
        return None

    def alignment(self, p: PlannedSection) -> int:
        align = max((s.align for s in p.members), default=1)
        if p.command.subalign is not None:
            align = self.power_of_two(p, p.command.subalign)
        if p.command.align is not None:
            align = max(align, self.power_of_two(p, p.command.align))
        return align

    def power_of_two(self, p: PlannedSection, expr: Expr) -> int:
        align = self.number(expr)
        if align & (align - 1) or align == 0:
            message = f"section '{p.out.name}' is aligned to {align}, not a power of two"
            self.problem("script-layout", message, expr.span)
            return 1
        return align

    def fill_section(self, p: PlannedSection) -> None:
        out = self.inside = p.out
        out.members, out.literals = [], []
        subalign = self.power_of_two(p, p.command.subalign) if p.command.subalign else None
        pattern = self.pattern(p.command.fill) if p.command.fill else b"\0"
        for position, item in enumerate(p.command.items):
            start = self.dot
            match item:
                case InputPattern():
                    for s in p.matched.get(position, ()):
                        if s.live:
                            start = self.dot
                            self.dot = align_up(self.dot, subalign or s.align)
                            self.gap(out, start, pattern)
                            s.out, s.offset = out, self.dot - out.addr
                            out.members.append(s)
                            self.dot += s.size
                case Data(size):
                    value = self.number(item.expr) % (1 << 8 * size)
                    literal = value.to_bytes(size, "little")
                    out.literals.append((start - out.addr, size, literal))
                    self.dot += size
                case Fill():
                    pattern = self.pattern(item)
                case Assign() | Assert():
                    self.statement(item)
                    self.gap(out, start, pattern)
        self.inside = None
        for symbol in p.bounds:
            symbol.section, symbol.defined, symbol.script = out, True, True
            symbol.value = self.dot - out.addr if symbol.name.startswith("__stop_") else 0

    def gap(self, out: OutputSection, start: int, pattern: bytes) -> None:
        if self.dot > start and any(pattern):
            out.literals.append((start - out.addr, self.dot - start, pattern))

    def pattern(self, fill: Fill) -> bytes:
        if fill.literal is not None:
            return fill.literal
        return (self.number(fill.expr) % (1 << 32)).to_bytes(4, "big")

    def place_load(self, p: PlannedSection, cursor: Cursor | None) -> None:
        """The address a section is loaded at, which may not be where it runs."""
        out, command = p.out, p.command
        load_cursor = self.cursors.get(out.load_region or "")
        if command.load_address is not None:
            out.load_addr = self.number(command.load_address)
        elif load_cursor is not None:
            start = load_cursor.at if load_cursor is not cursor else out.addr
            out.load_addr = align_up(start, out.align)
            if load_cursor is not cursor:
                load_cursor.at = out.load_addr + out.size
                load_cursor.last = out
        elif command.address is not None or cursor is None:
            out.load_addr = out.addr
        else:
            last = cursor.last
            distance = last.load_addr - last.addr if last is not None else 0
            out.load_addr = out.addr + distance

    # -- checks, after the last round ---------------------------------------------------------

    def check_regions(self) -> None:
        for p in self.plan.sections:
            out = p.out
            if max(out.addr, out.load_addr) + out.size > ADDRESS_LIMIT:
                message = f"section '{out.name}' ends outside the address space"
                self.problem("region-overflow", message, known_span(p.command.span))
            if not out.kept or not out.alloc:
                continue
            spots = [(out.region, out.addr)]
            if out.load_region and out.type != elf.SHT_NOBITS:
                spots.append((out.load_region, out.load_addr))
            for name, start in spots:
                cursor = self.cursors.get(name or "")
                if cursor is None:
                    continue
                over = start + out.size - (cursor.origin + cursor.length)
                if over > 0:
                    message = (
                        f"section '{out.name}' does not fit into memory region '{name}': "
                        f"{over} bytes too long"
                    )
                    self.problem("region-overflow", message, known_span(p.command.span))
                elif start < cursor.origin:
                    message = (
                        f"section '{out.name}' at {start:#x} is below memory region '{name}', "
                        f"which starts at {cursor.origin:#x}"
                    )
                    self.problem("region-overflow", message, known_span(p.command.span))

    def check_overlaps(self) -> None:
        placed = [p for p in self.plan.sections if p.out.kept and p.out.alloc and p.out.size]
        self.check_overlap([(p.out.addr, p) for p in placed], "")
        stored = [(p.out.load_addr, p) for p in placed if p.out.type != elf.SHT_NOBITS]
        self.check_overlap(stored, "load address ")

    def check_overlap(self, places: list[tuple[int, PlannedSection]], kind: str) -> None:
        places.sort(key=lambda place: place[0])
        for (start, a), (following, b) in pairwise(places):
            if start + a.out.size > following:
                message = (
                    f"section '{b.out.name}' at {kind}{following:#x} overlaps '{a.out.name}', "
                    f"which ends at {start + a.out.size:#x}"
                )
                self.problem("section-overlap", message, known_span(b.command.span))


def attributes_match(attributes: str, out: OutputSection) -> bool:
    """Whether a region described as (rx) or (!rw) takes a section without a region."""
    has = {
        "r": not out.flags & elf.SHF_WRITE,
        "w": bool(out.flags & elf.SHF_WRITE),
        "x": bool(out.flags & elf.SHF_EXECINSTR),
        "a": out.alloc,
        "i": out.type != elf.SHT_NOBITS,
        "l": out.type != elf.SHT_NOBITS,
    }
    wanted, invert, found = False, False, False
    for c in attributes.lower():
        if c == "!":
            invert = not invert
        elif c in has:
            if invert and has[c]:
                return False
            if not invert:
                wanted = True
                found |= has[c]
    return found if wanted else "!" in attributes


def known_span(span: Span) -> Span | None:
    """Nothing for an orphan, which stands in no script."""
    return None if span is NO_SPAN else span

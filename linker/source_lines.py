"""Where an address is in the source, by a program's debug information (DWARF 4).

The one lookup behind the places that faults, disassemblies and traces name.

Source: DWARF 4 standard, sections 2.6, 3.3 and 6.2.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .elf import ElfFile

LOCAL_ID = "__local_id"  # the variable of a function that holds its work-item's id
_BLOCKS = ("DW_TAG_lexical_block", "DW_TAG_inlined_subroutine")
# What pyelftools raises for damaged input beside its own errors, which are of this kind, too.
DAMAGE = (
    *(ArithmeticError, ValueError, LookupError, AttributeError),
    *(TypeError, AssertionError, RecursionError),
)


@dataclass(frozen=True)
class SourcePlace:
    """A place in a function; line and column are 0 where they are not known."""

    function: str
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        numbers = [f":{n}" for n in (self.line, self.column) if n]
        return f"{self.file}{''.join(numbers)}"


@dataclass(frozen=True)
class _Scope:
    """A function, or one that is inlined.

    artificial: made by a pass around the kernel. call: file, line and column that it is inlined
    at. local_id: see `local_id_slot`.
    """

    low: int
    high: int
    depth: int
    name: str
    artificial: bool
    call: tuple[str, int, int] | None
    local_id: tuple[int, int] | None


@dataclass(frozen=True)
class _Row:
    """Line and column of the instructions from an address on; an end has no file."""

    addr: int
    file: str
    line: int
    column: int
    ends_prologue: bool


class SourceLines:
    """The debug information of one program; empty when it has none, or none that makes sense."""

    def __init__(self, elf: ElfFile) -> None:
        self._rows: list[_Row] = []
        self._scopes: list[_Scope] = []
        self._known: dict[int, tuple[SourcePlace, ...]] = {}
        if elf.section(".debug_line") is not None:
            self._read(elf.data)
        # One function's end may be another's start.
        self._rows.sort(key=lambda row: (row.addr, row.file != ""))

    def __bool__(self) -> bool:
        return bool(self._rows)

    def places(self, addr: int) -> tuple[SourcePlace, ...]:
        """The place of an instruction, then those it is inlined into; none outside of the source.

        What the compiler puts around a kernel is left out.
        """
        if addr not in self._known:
            self._known[addr] = tuple(self._find(addr))
        return self._known[addr]

    def local_id_slot(self, addr: int) -> tuple[int, int] | None:
        """(register, offset) of the memory that holds the local id of the work-item at `addr`.

        None unless it is sure to be there: where it is kept for the whole function, behind the
        instructions that put it there. In optimised code those of several items may be mixed.
        """
        for scope in self._around(addr)[:1]:
            if any(r.ends_prologue and scope.low <= r.addr <= addr for r in self._rows):
                return scope.local_id
        return None

    @property
    def keeps_local_ids(self) -> bool:
        """Whether any function does."""
        return any(scope.local_id is not None for scope in self._scopes)

    def _find(self, addr: int) -> Iterator[SourcePlace]:
        row = self._row(addr)
        if row is None or not row.file:
            return
        file, line, column = row.file, row.line, row.column
        for scope in reversed(self._around(addr)):
            if not scope.artificial:
                yield SourcePlace(scope.name, file, line, column)
            if scope.call is not None:
                file, line, column = scope.call

    def _row(self, addr: int) -> _Row | None:
        at = bisect_right(self._rows, addr, key=lambda row: row.addr) - 1
        return self._rows[at] if at >= 0 else None

    def _around(self, addr: int) -> list[_Scope]:
        """The functions around an instruction, from the outermost in."""
        found = [s for s in self._scopes if s.low <= addr < s.high]
        return sorted(found, key=lambda s: s.depth)

    # -- reading

    def _read(self, data: bytes) -> None:
        from elftools.common.exceptions import DWARFError, ELFError
        from elftools.construct import ConstructError
        from elftools.elf.elffile import ELFFile

        try:
            dwarf = ELFFile(io.BytesIO(data)).get_dwarf_info()
            ranges = dwarf.range_lists()
            self._budget = len(data)  # descriptions: each takes a byte at least
            for unit in dwarf.iter_CUs():
                program = dwarf.line_program_for_CU(unit)
                if program is None:
                    continue
                files = _files(program.header)
                self._rows += _rows(program, files)
                self._add(unit.get_top_DIE(), 0, ranges, files)
        except (ELFError, DWARFError, ConstructError, *DAMAGE):
            self._rows, self._scopes = [], []

    def _add(self, die: Any, depth: int, ranges: Any, files: list[str]) -> None:
        """Note the functions in `die`, with those that are inlined into them."""
        for child in die.iter_children():
            self._budget -= 1
            if self._budget < 0:
                raise ValueError("descriptions without an end")
            if child.tag not in ("DW_TAG_subprogram", *_BLOCKS):
                continue
            if child.tag != "DW_TAG_lexical_block":
                artificial = "DW_AT_artificial" in _origin(child).attributes
                call, slot = _call(child, files), _local_id_slot(child)
                for low, high in _extent(child, ranges):
                    scope = _Scope(low, high, depth, _name(child), artificial, call, slot)
                    self._scopes.append(scope)
            self._add(child, depth + 1, ranges, files)


class Heading:
    """What to say of the source before an instruction, where that differs from the one before."""

    def __init__(self, lines: SourceLines) -> None:
        self._lines = lines
        self._last: tuple[tuple[str, str, int], ...] = ()
        self._texts: dict[str, list[str]] = {}

    def before(self, addr: int) -> list[str]:
        """Its line in each function that it is in, with the text where the file can be read."""
        places = self._lines.places(addr)
        now = tuple((p.function, p.file, p.line) for p in places)
        if now in (self._last, ()):
            return []
        self._last = now
        return [f"; {p.file}:{p.line} ({p.function}) {self._text(p)}".rstrip() for p in places]

    def _text(self, place: SourcePlace) -> str:
        if place.file not in self._texts:
            try:
                with open(place.file, encoding="utf-8", errors="replace") as file:
                    self._texts[place.file] = file.read().splitlines()
            except OSError:
                self._texts[place.file] = []
        lines = self._texts[place.file]
        return lines[place.line - 1].strip() if 0 < place.line <= len(lines) else ""


def _files(header: Any) -> list[str]:
    folders = [""] + [folder.decode(errors="replace") for folder in header.include_directory]
    names = []
    for entry in header.file_entry:
        folder = folders[entry.dir_index]
        name = entry.name.decode(errors="replace")
        names.append(f"{folder}/{name}" if folder else name)
    return names


def _rows(program: Any, files: list[str]) -> Iterator[_Row]:
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        file = "" if state.end_sequence else files[state.file - 1]
        yield _Row(state.address, file, state.line, state.column, state.prologue_end)


def _origin(die: Any) -> Any:
    """The description that an inlined function, or a copy of one, is an instance of."""
    while "DW_AT_abstract_origin" in die.attributes:
        die = die.get_DIE_from_attribute("DW_AT_abstract_origin")
    return die


def _name(die: Any) -> str:
    name = _origin(die).attributes.get("DW_AT_name")
    return name.value.decode(errors="replace") if name is not None else ""


def _value(die: Any, attribute: str) -> int:
    found = die.attributes.get(attribute)
    return int(found.value) if found is not None else 0


def _call(die: Any, files: list[str]) -> tuple[str, int, int] | None:
    if "DW_AT_call_line" not in die.attributes:
        return None
    number = _value(die, "DW_AT_call_file")
    file = files[number - 1] if 0 < number <= len(files) else ""
    return file, _value(die, "DW_AT_call_line"), _value(die, "DW_AT_call_column")


def _extent(die: Any, ranges: Any) -> list[tuple[int, int]]:
    """The addresses of a function, in pieces [low, high)."""
    if "DW_AT_ranges" in die.attributes:
        base = _value(die.cu.get_top_DIE(), "DW_AT_low_pc")
        found = []
        for entry in ranges.get_range_list_at_offset(_value(die, "DW_AT_ranges")):
            if hasattr(entry, "base_address"):
                base = entry.base_address
            else:
                found.append((base + entry.begin_offset, base + entry.end_offset))
        return found
    if "DW_AT_high_pc" not in die.attributes:
        return []
    low = _value(die, "DW_AT_low_pc")
    size = _value(die, "DW_AT_high_pc")
    is_address = die.attributes["DW_AT_high_pc"].form == "DW_FORM_addr"
    return [(low, size if is_address else low + size)]


def _local_id_slot(function: Any) -> tuple[int, int] | None:
    """Register and offset of the local id, where it is kept in the frame throughout."""
    base = function.attributes.get("DW_AT_frame_base")
    for die in function.iter_children() if base is not None else ():
        if _name(die) == LOCAL_ID and "DW_AT_location" in die.attributes:
            return _frame_slot(base.value, die.attributes["DW_AT_location"].value)
    return None


def _frame_slot(base: list[int], location: Any) -> tuple[int, int] | None:
    """(register, offset) of a variable that is kept in the frame throughout; else None."""
    is_register = len(base) == 1 and 0x50 <= base[0] <= 0x6F  # DW_OP_reg0 to DW_OP_reg31
    if not (is_register and isinstance(location, list) and location and location[0] == 0x91):
        return None
    offset = shift = 0  # DW_OP_fbreg, and a number in SLEB128
    for byte in location[1:]:
        offset |= (byte & 0x7F) << shift
        shift += 7
    if location[-1] & 0x40:
        offset -= 1 << shift
    return base[0] - 0x50, offset

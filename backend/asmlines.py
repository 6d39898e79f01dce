"""The line table that `.file` and `.loc` describe, in .debug_line: DWARF 4, section 6.2.

Where instructions lie is known when the table is written, as nothing is relaxed later: a
sequence needs the address of its section alone from the linker.
"""

from __future__ import annotations

import struct

from ..frontend.record import field, record
from .objwriter import ObjSection

_VERSION = 4
_LINE_BASE, _LINE_RANGE = -5, 14  # what a special opcode can add to the line: -5 to 8
# How many operands each standard opcode has, from 1 on.
_OPERANDS = bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
_OPCODE_BASE = 1 + len(_OPERANDS)
_ADVANCE_PC, _ADVANCE_LINE, _SET_FILE, _SET_COLUMN, _NEGATE_STMT = 2, 3, 4, 5, 6
_SET_ISA = 12
_END_SEQUENCE, _SET_ADDRESS, _SET_DISCRIMINATOR = 1, 2, 4  # extended ones
MARKS = {"basic_block": 7, "prologue_end": 10, "epilogue_begin": 11}  # of one row, by opcode
LARGEST = (1 << 32) - 1  # line or column


@record
class Row:
    """What one `.loc` says; `marks` are opcodes, of MARKS."""

    file: int = 1
    line: int = 1
    column: int = 0
    is_stmt: int = 1
    isa: int = 0
    discriminator: int = 0
    marks: tuple[int, ...] = ()


@record(eq=False, frozen=False)
class LineTable:
    """files: (folder, name) by number. rows: by a section's id, those in it with their offsets."""

    files: dict[int, tuple[str, str]] = field(default_factory=dict)
    rows: dict[int, tuple[ObjSection, list[tuple[int, Row]]]] = field(default_factory=dict)
    pending: Row | None = None  # for what comes next
    last: Row = Row()

    def place(self, section: ObjSection) -> None:
        """The pending row is for what `section` gets now."""
        assert self.pending is not None
        _section, rows = self.rows.setdefault(id(section), (section, []))
        rows.append((len(section.data), self.pending))
        self.pending = None

    def encode(self) -> tuple[bytes, list[tuple[int, ObjSection, int]]]:
        """The table, and what it leaves open: an address at an offset is that of a section plus."""
        folders = list(dict.fromkeys(folder for folder, _name in self.files.values() if folder))
        table = bytearray([1, 1, 1, _LINE_BASE & 0xFF, _LINE_RANGE, _OPCODE_BASE]) + _OPERANDS
        table += b"".join(_string(folder) for folder in folders) + b"\0"
        for number in range(1, max(self.files) + 1):
            folder, name = self.files.get(number, ("", "?"))
            table += _string(name) + _uleb(folders.index(folder) + 1 if folder else 0) + bytes(2)
        table += b"\0"
        header = struct.pack("<HI", _VERSION, len(table))
        before = 4 + len(header)  # bytes, the length's own among them
        addresses = []
        for section, rows in self.rows.values():
            addresses.append((before + len(table) + 3, section, rows[0][0]))
            table += _extended(_SET_ADDRESS, bytes(8)) + _sequence(rows, len(section.data))
        return struct.pack("<I", len(header) + len(table)) + header + table, addresses


def _sequence(rows: list[tuple[int, Row]], end: int) -> bytes:
    """The rows of one section, the first one's address set."""
    program = bytearray()
    at, old = rows[0][0], Row()
    for offset, row in rows:
        if row.file != old.file:
            program += bytes([_SET_FILE]) + _uleb(row.file)
        if row.column != old.column:
            program += bytes([_SET_COLUMN]) + _uleb(row.column)
        if row.isa != old.isa:
            program += bytes([_SET_ISA]) + _uleb(row.isa)
        if bool(row.is_stmt) != bool(old.is_stmt):
            program.append(_NEGATE_STMT)
        if row.discriminator:
            program += _extended(_SET_DISCRIMINATOR, _uleb(row.discriminator))
        program += bytes(row.marks) + _advance(row.line - old.line, offset - at)
        at, old = offset, row
    if end != at:
        program += bytes([_ADVANCE_PC]) + _uleb(end - at)
    return bytes(program) + _extended(_END_SEQUENCE)


def _advance(lines: int, addresses: int) -> bytes:
    """A new row, by one special opcode where that reaches."""
    program = b""
    if not 0 <= lines - _LINE_BASE < _LINE_RANGE:
        program, lines = bytes([_ADVANCE_LINE]) + _sleb(lines), 0
    special = lines - _LINE_BASE + _LINE_RANGE * addresses + _OPCODE_BASE
    if special > 0xFF:
        program += bytes([_ADVANCE_PC]) + _uleb(addresses)
        special = lines - _LINE_BASE + _OPCODE_BASE
    return program + bytes([special])


def _extended(opcode: int, operands: bytes = b"") -> bytes:
    return b"\0" + _uleb(1 + len(operands)) + bytes([opcode]) + operands


def _string(text: str) -> bytes:
    return text.encode("latin-1").replace(b"\0", b"?") + b"\0"


def _uleb(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])


def _sleb(number: int) -> bytes:
    data = bytearray()
    while not -0x40 <= number < 0x40:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number & 0x7F])

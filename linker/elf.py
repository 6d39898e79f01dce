"""ELF64 little-endian files for RISC-V: the one description of their records, and a reader.

The reader trusts nothing: every offset, size, count and name is checked before use, so what
it returns can be used without care. Object reader, linker, loader and `kcc info` share it.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

from ..frontend.record import record

# fmt: off
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
EM_RISCV = 243
EF_RVC, EF_FLOAT_ABI, EF_RVE, EF_TSO = 0x1, 0x6, 0x8, 0x10

SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_HASH, SHT_DYNAMIC = range(7)
SHT_NOTE, SHT_NOBITS, SHT_REL = 7, 8, 9
SHT_INIT_ARRAY, SHT_FINI_ARRAY, SHT_PREINIT_ARRAY, SHT_GROUP, SHT_SYMTAB_SHNDX = 14, 15, 16, 17, 18
SHT_LLVM_ADDRSIG = 0x6FFF_4C03
SHT_RISCV_ATTRIBUTES = 0x7000_0003
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS = 0x1, 0x2, 0x4, 0x10, 0x20
SHF_INFO_LINK, SHF_LINK_ORDER, SHF_GROUP, SHF_TLS, SHF_COMPRESSED = 0x40, 0x80, 0x200, 0x400, 0x800
SHF_GNU_RETAIN, SHF_EXCLUDE = 0x20_0000, 0x8000_0000
SHN_UNDEF, SHN_LORESERVE, SHN_ABS, SHN_COMMON, SHN_XINDEX = 0, 0xFF00, 0xFFF1, 0xFFF2, 0xFFFF
GRP_COMDAT = 1

STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_COMMON, STT_TLS = range(7)
STT_GNU_IFUNC = 10
STV_DEFAULT, STV_INTERNAL, STV_HIDDEN, STV_PROTECTED = range(4)

PT_NULL, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_SHLIB, PT_PHDR, PT_TLS = range(8)
PT_GNU_STACK = 0x6474_E551
PT_RISCV_ATTRIBUTES = 0x7000_0003
PF_X, PF_W, PF_R = 1, 2, 4
# fmt: on

ADDRESS_LIMIT = 1 << 64


class ElfError(Exception):
    """The bytes are not the ELF file they should be; `reason` says why, in one clause."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Ehdr(NamedTuple):
    ident: bytes
    type: int
    machine: int
    version: int
    entry: int
    phoff: int
    shoff: int
    flags: int
    ehsize: int
    phentsize: int
    phnum: int
    shentsize: int
    shnum: int
    shstrndx: int


class Shdr(NamedTuple):
    name: int  # offset in the section-name table
    type: int
    flags: int
    addr: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entsize: int


class Phdr(NamedTuple):
    """A segment: sizes in bytes; [offset, offset + filesz) lies inside the file."""

    type: int
    flags: int
    offset: int
    vaddr: int
    paddr: int
    filesz: int
    memsz: int
    align: int


class Sym(NamedTuple):
    name: int  # offset in the string table
    info: int
    other: int
    shndx: int
    value: int
    size: int


class Rela(NamedTuple):
    offset: int
    info: int
    addend: int


Record = TypeVar("Record", Ehdr, Shdr, Phdr, Sym, Rela)


@record
class Layout(Generic[Record]):
    """How a record lies in a file."""

    type: type[Record]
    format: struct.Struct

    @property
    def size(self) -> int:
        return self.format.size

    def read(self, data: bytes, offset: int) -> Record:
        """The record at a file offset; raises ElfError where the file is too short."""
        if offset < 0 or offset + self.format.size > len(data):
            raise ElfError(f"truncated: no room for a {self.type.__name__} at {offset:#x}")
        return self.type(*self.format.unpack_from(data, offset))

    def read_all(self, data: bytes) -> list[Record]:
        return [self.type(*fields) for fields in self.format.iter_unpack(data)]

    def pack(self, record: Record) -> bytes:
        return self.format.pack(*record)


EHDR = Layout(Ehdr, struct.Struct("<16sHHIQQQIHHHHHH"))
SHDR = Layout(Shdr, struct.Struct("<IIQQQQIIQQ"))
PHDR = Layout(Phdr, struct.Struct("<IIQQQQQQ"))
SYM = Layout(Sym, struct.Struct("<IBBHQQ"))
RELA = Layout(Rela, struct.Struct("<QQq"))
NOTE_HEAD = struct.Struct("<III")  # name size, descriptor size, type

IDENT = b"\x7fELF\x02\x01\x01" + bytes(9)  # 64-bit, little-endian, version 1, System V


@record
class ElfSection:
    """A section header with its name resolved; its bytes are inside the file unless NOBITS."""

    index: int
    name: str
    header: Shdr

    @property
    def addr(self) -> int:
        return self.header.addr

    @property
    def size(self) -> int:
        return self.header.size

    @property
    def alloc(self) -> bool:
        return bool(self.header.flags & SHF_ALLOC)


class ElfSymbol(NamedTuple):
    name: str
    value: int
    size: int
    type: int
    binding: int
    visibility: int
    shndx: int

    @property
    def defined(self) -> bool:
        return self.shndx != SHN_UNDEF


class Note(NamedTuple):
    owner: str
    type: int
    desc: bytes


@record(eq=False)
class ElfFile:
    """A checked RISC-V ELF64 file, relocatable or linked."""

    data: bytes
    header: Ehdr
    sections: tuple[ElfSection, ...]  # index 0 is the null section
    segments: tuple[Phdr, ...]
    symbols: tuple[ElfSymbol, ...]  # of .symtab, index 0 the null symbol; empty when stripped

    @property
    def entry(self) -> int:
        return self.header.entry

    @cached_property
    def _section_by_name(self) -> dict[str, ElfSection]:
        return {s.name: s for s in reversed(self.sections)}

    @cached_property
    def _symbol_by_name(self) -> dict[str, ElfSymbol]:
        """Definitions only; a global one hides locals of its name."""
        named = [s for s in self.symbols if s.name and s.defined and s.type != STT_FILE]
        named.sort(key=lambda s: s.binding != STB_LOCAL)
        return {s.name: s for s in named}

    @cached_property
    def _by_address(self) -> list[tuple[int, int, str, ElfSymbol]]:
        """Functions and objects by address; of aliases the last is the one to show."""
        shown = (STT_NOTYPE, STT_OBJECT, STT_FUNC)
        return sorted(
            (s.value, int(s.type == STT_FUNC), s.name, s)
            for s in self.symbols
            if s.name and 0 < s.shndx < SHN_LORESERVE and s.type in shown and s.name[0] != "$"
        )

    def section(self, name: str) -> ElfSection | None:
        return self._section_by_name.get(name)

    def symbol(self, name: str) -> ElfSymbol | None:
        return self._symbol_by_name.get(name)

    def symbol_at(self, addr: int) -> ElfSymbol | None:
        """The function or object nearest at or below `addr`, within its own section."""
        at = bisect_right(self._by_address, addr, key=lambda entry: entry[0]) - 1
        if at < 0:
            return None
        symbol = self._by_address[at][3]
        home = self.sections[symbol.shndx]
        return symbol if home.addr <= addr < home.addr + max(home.size, 1) else None

    def symbolize(self, addr: int) -> str | None:
        """An address as "function+0x12"; None where `symbol_at` finds nothing."""
        symbol = self.symbol_at(addr)
        if symbol is None:
            return None
        offset = addr - symbol.value
        return f"{symbol.name}+{offset:#x}" if offset else symbol.name

    def contents(self, section: ElfSection) -> bytes:
        """The section's bytes; empty for NOBITS."""
        h = section.header
        return b"" if h.type == SHT_NOBITS else self.data[h.offset : h.offset + h.size]

    def segment_data(self, segment: Phdr) -> memoryview:
        """The bytes of a segment that the file holds; the rest up to memsz is zero."""
        return memoryview(self.data)[segment.offset : segment.offset + segment.filesz]

    def loads(self) -> tuple[Phdr, ...]:
        """The PT_LOAD segments that take memory, in file order."""
        return tuple(s for s in self.segments if s.type == PT_LOAD and s.memsz)

    def notes(self) -> Iterator[Note]:
        """Every note record, by section or, in a file without sections, by segment.

        raises:  ElfError for a record that leaves its section.
        """
        for s in self.sections:
            if s.header.type == SHT_NOTE:
                yield from read_notes(self.contents(s), s.header.align)
        if not self.sections:
            for p in self.segments:
                if p.type == PT_NOTE:
                    yield from read_notes(bytes(self.segment_data(p)), p.align)


def read_elf(data: bytes, types: tuple[int, ...] = (ET_EXEC, ET_DYN)) -> ElfFile:
    """Check and read a whole ELF file.

    types:   acceptable e_type values; linked programs by default.
    raises:  ElfError for anything truncated, for another class, byte order or machine,
             for offsets out of range, bad names, and segments that overlap in memory.
    """
    header = _read_header(data, types)
    segments = _read_segments(data, header)
    sections = _read_sections(data, header)
    tables = [s for s in sections if s.header.type == SHT_SYMTAB]
    if len(tables) > 1:
        raise ElfError("more than one symbol table")
    symbols = _read_symbols(data, sections, tables[0]) if tables else ()
    return ElfFile(data, header, sections, segments, symbols)


def read_notes(data: bytes, align: int) -> list[Note]:
    """The records of a note section; `align` 8 pads to 8 bytes, anything else to 4."""
    step = 8 if align == 8 else 4
    notes = []
    at = 0
    while at < len(data):
        if at + NOTE_HEAD.size > len(data):
            raise ElfError(f"truncated note at {at:#x}")
        name_size, desc_size, kind = NOTE_HEAD.unpack_from(data, at)
        name_at = at + NOTE_HEAD.size
        desc_at = -(-(name_at + name_size) // step) * step
        if desc_at + desc_size > len(data):
            raise ElfError(f"note at {at:#x} is longer than its section")
        owner = data[name_at : name_at + name_size].rstrip(b"\0").decode("utf-8", "replace")
        notes.append(Note(owner, kind, data[desc_at : desc_at + desc_size]))
        at = -(-(desc_at + desc_size) // step) * step
    return notes


def read_string(table: bytes, offset: int) -> str:
    """A name in a string table; raises ElfError when it is not there or not text."""
    end = table.find(b"\0", offset) if offset < len(table) else -1
    if end < 0:
        raise ElfError(f"name at {offset:#x} is outside its string table")
    try:
        return table[offset:end].decode("utf-8")
    except UnicodeDecodeError:
        raise ElfError(f"name at {offset:#x} is not UTF-8") from None


def _read_header(data: bytes, types: tuple[int, ...]) -> Ehdr:
    if data[:4] != IDENT[:4]:
        raise ElfError("not an ELF file")
    header = EHDR.read(data, 0)
    if header.ident[4] != 2:
        raise ElfError("not a 64-bit ELF file")
    if header.ident[5] != 1:
        raise ElfError("not a little-endian ELF file")
    if header.ident[6] != 1 or header.version != 1:
        raise ElfError("unknown ELF version")
    if header.machine != EM_RISCV:
        raise ElfError(f"for another machine (number {header.machine}), not RISC-V")
    if header.type not in types:
        names = {ET_REL: "a relocatable object", ET_EXEC: "a program", ET_DYN: "a shared object"}
        kind = names.get(header.type, f"an ELF file of type {header.type}")
        raise ElfError(f"{kind}, not {names[types[0]]}")
    return header


def _read_segments(data: bytes, header: Ehdr) -> tuple[Phdr, ...]:
    if not header.phnum:
        return ()
    if header.phentsize != PHDR.size:
        raise ElfError(f"program headers of {header.phentsize} bytes")
    segments = tuple(PHDR.read(data, header.phoff + i * PHDR.size) for i in range(header.phnum))
    for number, s in enumerate(segments):
        if s.type == PT_NULL:
            continue
        if s.filesz and s.offset + s.filesz > len(data):
            raise ElfError(f"truncated: segment {number} ends outside the file")
        if s.type == PT_LOAD and s.filesz > s.memsz:
            raise ElfError(f"segment {number} has more bytes in the file than in memory")
        if s.vaddr + s.memsz > ADDRESS_LIMIT or s.paddr + s.memsz > ADDRESS_LIMIT:
            raise ElfError(f"segment {number} ends outside the address space")
        if s.align & (s.align - 1):
            raise ElfError(f"segment {number} is aligned to {s.align}, not a power of two")
    placed = sorted((s.vaddr, s.memsz) for s in segments if s.type == PT_LOAD and s.memsz)
    for (addr, size), (following, _) in pairwise(placed):
        if addr + size > following:
            raise ElfError(f"segments overlap at {following:#x}")
    return segments


def _read_sections(data: bytes, header: Ehdr) -> tuple[ElfSection, ...]:
    if not header.shoff:
        return ()
    if header.shentsize != SHDR.size:
        raise ElfError(f"section headers of {header.shentsize} bytes")
    first = SHDR.read(data, header.shoff)
    # Counts too large for the file header stand in section header 0.
    count = header.shnum or first.size
    names_index = first.link if header.shstrndx == SHN_XINDEX else header.shstrndx
    if header.shoff + count * SHDR.size > len(data):
        raise ElfError("truncated: the section headers end outside the file")
    headers = [SHDR.read(data, header.shoff + i * SHDR.size) for i in range(count)]
    for number, h in enumerate(headers):
        if h.type not in (SHT_NULL, SHT_NOBITS) and h.offset + h.size > len(data):
            raise ElfError(f"truncated: section {number} ends outside the file")
        if h.align & (h.align - 1):
            raise ElfError(f"section {number} is aligned to {h.align}, not a power of two")
        if h.addr + h.size > ADDRESS_LIMIT:
            raise ElfError(f"section {number} ends outside the address space")
    if names_index >= count or headers[names_index].type != SHT_STRTAB:
        raise ElfError("no section names")
    names = _slice(data, headers[names_index])
    return tuple(
        ElfSection(i, read_string(names, h.name) if h.type != SHT_NULL else "", h)
        for i, h in enumerate(headers)
    )


def _read_symbols(
    data: bytes, sections: tuple[ElfSection, ...], table: ElfSection
) -> tuple[ElfSymbol, ...]:
    h = table.header
    if h.entsize != SYM.size or h.size % SYM.size:
        raise ElfError("symbol table of odd size")
    if h.link >= len(sections) or sections[h.link].header.type != SHT_STRTAB:
        raise ElfError("symbol table without names")
    names = _slice(data, sections[h.link].header)
    symbols: list[ElfSymbol] = []
    for s in SYM.read_all(_slice(data, h)):
        if s.shndx == SHN_XINDEX:
            raise ElfError("more than 65279 sections are not supported")
        if s.shndx >= len(sections) and s.shndx < SHN_LORESERVE:
            raise ElfError(f"symbol {len(symbols)} is in section {s.shndx}, which does not exist")
        name = read_string(names, s.name) if s.name else ""
        symbols.append(
            ElfSymbol(name, s.value, s.size, s.info & 15, s.info >> 4, s.other & 3, s.shndx)
        )
    return tuple(symbols)


def _slice(data: bytes, header: Shdr) -> bytes:
    return data[header.offset : header.offset + header.size]

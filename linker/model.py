"""What the linker works on: objects, their sections and symbols, and where these end up.

Reading fills objects in; resolving, collecting and placing set the fields marked so. From then
on `Symbol.addr` and `InputSection.addr` are what relocations and the writer use.
"""

from __future__ import annotations

from typing import NamedTuple

from ..frontend.record import field, record
from . import elf


class Reloc(NamedTuple):
    offset: int  # bytes from the start of the section
    type: int
    symbol: int  # index in the object's symbol list
    addend: int


@record(eq=False, frozen=False)
class InputSection:
    """One section of an object; placing sets `out` and `offset`."""

    file: ObjectFile
    name: str
    type: int
    flags: int
    align: int
    size: int
    data: bytes = b""  # empty for NOBITS, else `size` bytes
    relocs: list[Reloc] = field(default_factory=list)
    linked: InputSection | None = None  # SHF_LINK_ORDER: lives and dies with that one
    live: bool = True  # cleared by COMDAT resolution, garbage collection and /DISCARD/
    out: OutputSection | None = None
    offset: int = 0  # in `out`

    @property
    def alloc(self) -> bool:
        return bool(self.flags & elf.SHF_ALLOC)

    @property
    def addr(self) -> int:
        return self.offset if self.out is None else self.out.addr + self.offset

    def __str__(self) -> str:
        return f"{self.file.name}:({self.name})"


@record(eq=False, frozen=False)
class Symbol:
    """A symbol; of a global one there is one for the whole link."""

    name: str
    binding: int = elf.STB_GLOBAL
    type: int = elf.STT_NOTYPE
    visibility: int = elf.STV_DEFAULT
    value: int = 0  # offset in `section`, or an absolute value; the alignment of a common one
    size: int = 0
    section: InputSection | OutputSection | None = None
    file: ObjectFile | None = None  # who defines it
    defined: bool = False
    common: bool = False
    script: bool = False  # a linker script defines it

    @property
    def weak(self) -> bool:
        return self.binding == elf.STB_WEAK

    @property
    def addr(self) -> int:
        """Final only once addresses are; 0 for an undefined weak symbol."""
        base = 0 if self.section is None else self.section.addr
        return (base + self.value) & (elf.ADDRESS_LIMIT - 1)

    @property
    def dead(self) -> bool:
        """Defined in a section that the output leaves out."""
        return isinstance(self.section, InputSection) and not self.section.live


class Group(NamedTuple):
    signature: str
    members: tuple[InputSection, ...]


@record(eq=False, frozen=False)
class ObjectFile:
    """An object: its sections in file order and its symbols by index.

    Resolving replaces the global entries of `symbols` by the symbols of the whole link.
    """

    path: str  # as given, or the name of the archive member
    archive: str | None = None
    flags: int = 0  # e_flags: compressed code, float ABI
    sections: list[InputSection] = field(default_factory=list)
    symbols: list[Symbol] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.path if self.archive is None else f"{self.archive}({self.path})"

    @property
    def has_code(self) -> bool:
        return any(s.flags & elf.SHF_EXECINSTR and s.size for s in self.sections)


@record(eq=False, frozen=False)
class OutputSection:
    """A section of the output; placing fills `members` and sets the numbers, bytes all."""

    name: str
    addr: int = 0  # VMA
    load_addr: int = 0  # LMA
    size: int = 0
    align: int = 1
    type: int = elf.SHT_NULL  # NULL: nothing in it, so far
    flags: int = 0
    entsize: int = 0
    members: list[InputSection] = field(default_factory=list)  # ascending offset
    # (offset, length, pattern): data statements and fillings between members
    literals: list[tuple[int, int, bytes]] = field(default_factory=list)
    region: str | None = None
    load_region: str | None = None
    phdrs: tuple[str, ...] = ()
    file_offset: int = 0  # set by the writer
    index: int = 0  # in the section table; set by the writer

    @property
    def alloc(self) -> bool:
        return bool(self.flags & elf.SHF_ALLOC)

    @property
    def kept(self) -> bool:
        return self.type != elf.SHT_NULL

    @property
    def end(self) -> int:
        return self.addr + self.size

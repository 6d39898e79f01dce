"""Writes relocatable RISC-V ELF objects: sections, symbols and relocations in, bytes out."""

from __future__ import annotations

import struct

from ..frontend.record import field, record

# e_flags of everything kcc assembles: compressed code, doubles in floating-point registers.
E_FLAGS = 0x5
EM_RISCV, ELFOSABI_GNU = 243, 3
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOBITS = 1, 2, 3, 4, 8
SHT_NOTE, SHT_INIT_ARRAY, SHT_FINI_ARRAY = 7, 14, 15
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS = 1, 2, 4, 0x10, 0x20
SHF_INFO_LINK, SHF_GNU_RETAIN = 0x40, 0x20_0000
SHN_ABS, SHN_COMMON = 0xFFF1, 0xFFF2
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION = 0, 1, 2, 3

# Records of ELF64, little-endian.
EHDR = struct.Struct("<4sBBBBQHHIQQQIHHHHHH")
SHDR = struct.Struct("<IIQQQQIIQQ")
SYM = struct.Struct("<IBBHQQ")
RELA = struct.Struct("<QQq")


@record(eq=False, frozen=False)
class ObjSection:
    name: str
    type: int = SHT_PROGBITS
    flags: int = 0
    entsize: int = 0
    align: int = 1
    data: bytearray = field(default_factory=bytearray)
    relocs: list[ObjReloc] = field(default_factory=list)


@record(eq=False, frozen=False)
class ObjSymbol:
    """section: None is undefined, unless the symbol is absolute or common."""

    name: str
    section: ObjSection | None = None
    value: int = 0  # offset in the section; a common symbol's alignment
    size: int = 0
    binding: int = STB_LOCAL
    type: int = STT_NOTYPE
    visibility: int = 0
    special: int = 0  # SHN_ABS or SHN_COMMON


@record(eq=False, frozen=False)
class ObjReloc:
    """symbol: None where the relocation is against nothing but its addend."""

    offset: int
    type: int
    symbol: ObjSymbol | None
    addend: int = 0


def write_object(sections: list[ObjSection], symbols: list[ObjSymbol]) -> bytes:
    """The object's bytes: sections in the order given, symbols too but local ones first.

    Every symbol that a relocation names must be among `symbols`.
    """
    ordered = [s for s in symbols if s.binding == STB_LOCAL]
    local_count = 1 + len(ordered)  # the null symbol is local
    ordered += [s for s in symbols if s.binding != STB_LOCAL]
    index_of = {id(s): n for n, s in enumerate(ordered, 1)}
    section_of = {id(s): n for n, s in enumerate(sections, 1)}

    names, shnames = _Strings(), _Strings()
    table = bytearray(SYM.size)
    for s in ordered:
        where = s.special or (section_of[id(s.section)] if s.section else 0)
        table += SYM.pack(
            names.add(s.name), s.binding << 4 | s.type, s.visibility, where, s.value,
            s.size,
        )  # fmt: skip

    with_relocs = [s for s in sections if s.relocs]
    symtab = 1 + len(sections) + len(with_relocs)
    chunks = [
        _Chunk(
            shnames.add(s.name), b"" if s.type == SHT_NOBITS else bytes(s.data), s.type,
            flags=s.flags, align=s.align, entsize=s.entsize, size=len(s.data),
        )
        for s in sections
    ]  # fmt: skip
    for section in with_relocs:
        body = b"".join(
            RELA.pack(
                r.offset, (index_of[id(r.symbol)] if r.symbol else 0) << 32 | r.type, r.addend
            )
            for r in sorted(section.relocs, key=lambda r: r.offset)
        )
        chunks.append(
            _Chunk(
                shnames.add(f".rela{section.name}"), body, SHT_RELA, flags=SHF_INFO_LINK,
                link=symtab, info=section_of[id(section)], align=8, entsize=RELA.size,
            )
        )  # fmt: skip
    chunks.append(
        _Chunk(
            shnames.add(".symtab"), bytes(table), SHT_SYMTAB, link=symtab + 1, info=local_count,
            align=8, entsize=SYM.size,
        )
    )  # fmt: skip
    chunks.append(_Chunk(shnames.add(".strtab"), bytes(names.data), SHT_STRTAB))
    own_name = shnames.add(".shstrtab")
    chunks.append(_Chunk(own_name, bytes(shnames.data), SHT_STRTAB))

    image = bytearray(EHDR.size)
    headers = bytearray(SHDR.size)  # the null section
    for c in chunks:
        image += bytes(-len(image) % c.align)
        size = len(c.body) if c.size is None else c.size
        headers += SHDR.pack(
            c.name, c.type, c.flags, 0, len(image), size, c.link, c.info, c.align, c.entsize
        )
        image += c.body
    image += bytes(-len(image) % 8)
    # Whoever uses GNU's flags says so.
    osabi = ELFOSABI_GNU if any(s.flags & SHF_GNU_RETAIN for s in sections) else 0
    image[: EHDR.size] = EHDR.pack(
        b"\x7fELF", 2, 1, 1, osabi, 0, 1, EM_RISCV, 1, 0, 0, len(image), E_FLAGS, EHDR.size, 0, 0,
        SHDR.size, 1 + len(chunks), len(chunks),
    )  # fmt: skip
    return bytes(image + headers)


@record
class _Chunk:
    """A section header's fields and the bytes it speaks of; size: of one that has none."""

    name: int
    body: bytes
    type: int
    flags: int = 0
    link: int = 0
    info: int = 0
    align: int = 1
    entsize: int = 0
    size: int | None = None


class _Strings:
    """A string table under construction; each string once."""

    def __init__(self) -> None:
        self.data = bytearray(1)
        self._at = {"": 0}

    def add(self, text: str) -> int:
        if text not in self._at:
            self._at[text] = len(self.data)
            self.data += text.encode() + b"\0"
        return self._at[text]

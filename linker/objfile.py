"""Objects and archives in: relocatable ELF files become sections, symbols and relocations.

Code assembled for linker relaxation is settled here: its alignment paddings are cut to size, so
that nothing after this file needs to know that an object was meant to shrink.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..frontend.record import record
from . import elf
from .elf import ElfError, ElfFile, ElfSection
from .model import Group, InputSection, ObjectFile, Reloc, Symbol
from .reloc import R_RISCV_ALIGN

# Sections that speak to the linker only, or describe the object rather than the program.
SKIPPED_TYPES = frozenset({
    elf.SHT_NULL, elf.SHT_SYMTAB, elf.SHT_STRTAB, elf.SHT_RELA, elf.SHT_REL, elf.SHT_GROUP,
    elf.SHT_SYMTAB_SHNDX, elf.SHT_LLVM_ADDRSIG,
})  # fmt: skip
MAX_ALIGN = 1 << 32  # bytes; beyond it an alignment is surely damage
BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")


def read_object(path: str, data: bytes, archive: str | None = None) -> ObjectFile:
    """Read a relocatable object.

    path:    as given, or the name of the member when it comes from `archive`.
    raises:  ElfError when it is not a sound RISC-V object, or uses what cannot be linked
             statically: thread-local sections, indirect functions, compressed sections.
    """
    if data[:4] in BITCODE:
        raise ElfError("LLVM bitcode, not an object")
    file = read_elf_object(data)
    result = ObjectFile(path, archive, file.header.flags)
    by_index: dict[int, InputSection] = {}
    for s in file.sections:
        if s.header.type in SKIPPED_TYPES or s.header.flags & elf.SHF_EXCLUDE:
            continue
        if s.name == ".note.GNU-stack":
            continue
        by_index[s.index] = _section(result, file, s)
    result.sections = list(by_index.values())
    result.symbols = _symbols(result, file, by_index)
    _attach_relocs(result, file, by_index)
    for s in file.sections:
        if s.header.flags & elf.SHF_LINK_ORDER and s.index in by_index:
            by_index[s.index].linked = by_index.get(s.header.link)
        if s.header.type == elf.SHT_GROUP:
            result.groups += _group(file, s, result.symbols, by_index)
    for section in result.sections:
        if any(r.type == R_RISCV_ALIGN for r in section.relocs):
            _settle_alignment(section)
    return result


def read_elf_object(data: bytes) -> ElfFile:
    return elf.read_elf(data, (elf.ET_REL,))


def _section(owner: ObjectFile, file: ElfFile, s: ElfSection) -> InputSection:
    h = s.header
    if h.flags & elf.SHF_TLS:
        raise ElfError(f"thread-local section '{s.name}' is not supported")
    if h.flags & elf.SHF_COMPRESSED:
        raise ElfError(f"compressed section '{s.name}' is not supported")
    if h.align > MAX_ALIGN:
        raise ElfError(f"section '{s.name}' is aligned to {h.align} bytes")
    return InputSection(owner, s.name, h.type, h.flags, max(h.align, 1), h.size, file.contents(s))


def _symbols(owner: ObjectFile, file: ElfFile, by_index: dict[int, InputSection]) -> list[Symbol]:
    symbols = []
    for s in file.symbols:
        if s.type == elf.STT_GNU_IFUNC:
            raise ElfError(f"indirect function '{s.name}' is not supported")
        if s.type == elf.STT_TLS:
            raise ElfError(f"thread-local variable '{s.name}' is not supported")
        if s.binding > elf.STB_WEAK:
            raise ElfError(f"symbol '{s.name}' has the unknown binding {s.binding}")
        section = by_index.get(s.shndx)
        # What is in a section that is not linked is not there.
        defined = section is not None or s.shndx >= elf.SHN_LORESERVE
        common = s.shndx == elf.SHN_COMMON
        if s.shndx >= elf.SHN_LORESERVE and s.shndx not in (elf.SHN_ABS, elf.SHN_COMMON):
            raise ElfError(f"symbol '{s.name}' is in the special section {s.shndx:#x}")
        if section is not None and s.value > section.size:
            raise ElfError(f"symbol '{s.name}' is outside its section '{section.name}'")
        if common and not (0 < s.value <= MAX_ALIGN and s.value & (s.value - 1) == 0):
            raise ElfError(f"common symbol '{s.name}' is aligned to {s.value}")
        name = section.name if s.type == elf.STT_SECTION and section and not s.name else s.name
        symbols.append(
            Symbol(
                name, s.binding, s.type, s.visibility, s.value, s.size, section,
                owner if defined else None, defined, common,
            )
        )  # fmt: skip
    return symbols


def _attach_relocs(result: ObjectFile, file: ElfFile, by_index: dict[int, InputSection]) -> None:
    for s in file.sections:
        target = by_index.get(s.header.info)
        if s.header.type == elf.SHT_REL:
            raise ElfError(f"relocations without addends in '{s.name}' are not supported")
        if s.header.type != elf.SHT_RELA or target is None:
            continue
        if s.header.entsize != elf.RELA.size or s.size % elf.RELA.size:
            raise ElfError(f"relocation section '{s.name}' of odd size")
        if target.type == elf.SHT_NOBITS:
            raise ElfError(f"relocations for '{target.name}', which has no bytes")
        for offset, info, addend in elf.RELA.read_all(file.contents(s)):
            if info >> 32 >= max(len(result.symbols), 1):
                raise ElfError(f"a relocation in '{s.name}' names a symbol that does not exist")
            if offset > target.size:
                raise ElfError(f"a relocation in '{s.name}' is outside '{target.name}'")
            target.relocs.append(Reloc(offset, info & 0xFFFF_FFFF, info >> 32, addend))
    if not result.symbols:
        result.symbols = [Symbol("", elf.STB_LOCAL, defined=True)]


def _group(
    file: ElfFile, s: ElfSection, symbols: list[Symbol], by_index: dict[int, InputSection]
) -> list[Group]:
    data = file.contents(s)
    if len(data) < 4 or len(data) % 4 or s.header.info >= len(symbols):
        raise ElfError(f"malformed section group {s.index}")
    flags, *members = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
    if not flags & elf.GRP_COMDAT:
        return []
    signature = symbols[s.header.info].name
    return [Group(signature, tuple(by_index[m] for m in members if m in by_index))]


# -- linker relaxation ------------------------------------------------------------------------


@record
class Cut:
    """`count` bytes at `offset` go; offsets as in the object."""

    offset: int
    count: int


def _settle_alignment(section: InputSection) -> None:
    """Cut alignment paddings to the size that the code before them asks for.

        before:  f: ret; 6 bytes of nops, R_RISCV_ALIGN 6; g:
        after:   f: ret; 6 or less, so that g is 8-aligned in the section

    Relaxable code refers to itself by symbols only, so moving symbols and relocations along is
    all there is to do (psABI, "Linker relaxation": R_RISCV_ALIGN must be honoured).
    """
    cuts: list[Cut] = []
    pieces: list[bytes] = []
    done = removed = 0
    for reloc in sorted(section.relocs, key=lambda r: r.offset):
        if reloc.type != R_RISCV_ALIGN:
            continue
        room = reloc.addend
        if room < 0 or reloc.offset < done or reloc.offset + room > section.size:
            raise ElfError(f"R_RISCV_ALIGN of {room} bytes at {section}+{reloc.offset:#x}")
        align = 1 << (room + 1).bit_length()
        needed = -(reloc.offset - removed) % align
        if needed > room or needed % 2:
            raise ElfError(f"no room to align {section}+{reloc.offset:#x} to {align}")
        section.align = max(section.align, align)
        pieces += [section.data[done : reloc.offset], nops(needed)]
        cuts.append(Cut(reloc.offset + needed, room - needed))
        done = reloc.offset + room
        removed += room - needed
    section.data = b"".join(pieces) + section.data[done:]
    _move(section, cuts)
    section.size -= removed


def _move(section: InputSection, cuts: list[Cut]) -> None:
    """Move whatever points into `section` from its old offsets to those after `cuts`."""

    def moved(offset: int) -> int:
        return offset - sum(min(max(offset - c.offset, 0), c.count) for c in cuts)

    file = section.file
    for s in file.symbols:
        if s.section is section:
            s.size = moved(s.value + s.size) - moved(s.value)
            s.value = moved(s.value)
    section.relocs = [
        r._replace(offset=moved(r.offset)) for r in section.relocs if r.type != R_RISCV_ALIGN
    ]
    anchors = {
        i for i, s in enumerate(file.symbols) if s.section is section and s.type == elf.STT_SECTION
    }
    for other in file.sections:
        other.relocs = [
            r._replace(addend=moved(r.addend)) if r.symbol in anchors else r for r in other.relocs
        ]


def nops(count: int) -> bytes:
    """`count` bytes (even) of instructions that do nothing."""
    from ..backend.encode import encode  # late: few objects are assembled for relaxation

    short = encode("c.nop").to_bytes(2, "little") if count % 4 else b""
    return short + encode("addi", rd=0, rs1=0, imm12=0).to_bytes(4, "little") * (count // 4)


# -- archives ---------------------------------------------------------------------------------

ARCHIVE_MAGIC = b"!<arch>\n"
THIN_MAGIC = b"!<thin>\n"
MEMBER_HEAD = 60  # bytes


@record(eq=False, frozen=False)
class Archive:
    """An archive of objects; a member is read when something asks for a symbol of its."""

    name: str
    members: dict[int, tuple[str, bytes]]  # header offset -> name, bytes
    index: dict[str, int]  # defined symbol -> header offset of the first member defining it

    def read(self, offset: int) -> ObjectFile:
        name, data = self.members[offset]
        return read_object(name, data, archive=self.name)


def read_archive(name: str, data: bytes) -> Archive:
    """Read a System V archive; a missing symbol index is made from the members.

    raises:  ElfError for a malformed or a thin archive.
    """
    if data.startswith(THIN_MAGIC):
        raise ElfError("thin archives are not supported")
    members: dict[int, tuple[str, bytes]] = {}
    long_names = b""
    at = len(ARCHIVE_MAGIC)
    while at < len(data):
        head = data[at : at + MEMBER_HEAD]
        size_text = head[48:58].strip()
        if len(head) < MEMBER_HEAD or head[58:] != b"`\n" or not size_text.isdigit():
            raise ElfError(f"malformed archive header at {at:#x}")
        size = int(size_text)
        body = data[at + MEMBER_HEAD : at + MEMBER_HEAD + size]
        if len(body) < size:
            raise ElfError(f"truncated archive member at {at:#x}")
        label = head[:16].decode("latin-1").rstrip()
        if label == "//":
            long_names = body
        elif label not in ("/", "/SYM64/"):
            members[at] = (_member_name(label, long_names), body)
        at += MEMBER_HEAD + size + size % 2
    # The archive's own index is only a copy of what the members say, and may be stale.
    index: dict[str, int] = {}
    for offset, (member, body) in members.items():
        try:
            symbols = read_elf_object(body).symbols
        except ElfError as e:
            raise ElfError(f"member '{member}': {e.reason}") from e
        for s in symbols:
            if s.defined and s.binding != elf.STB_LOCAL:
                index.setdefault(s.name, offset)
    return Archive(name, members, index)


def library_member(data: bytes) -> bytes:
    """An object that gives way: a program may define what it does, and it alone is told of.

    Its definitions become weak; of its debug information call frames alone are to be linked.
    """
    file, out = read_elf_object(data), bytearray(data)
    for s in file.sections:
        if s.name.startswith(".debug_") and s.name != ".debug_frame":
            header = s.header._replace(flags=s.header.flags | elf.SHF_EXCLUDE)
            at = file.header.shoff + s.index * elf.SHDR.size
            out[at : at + elf.SHDR.size] = elf.SHDR.format.pack(*header)
        if s.header.type == elf.SHT_SYMTAB:
            for at in range(s.header.offset, s.header.offset + s.size, elf.SYM.size):
                symbol = elf.SYM.read(data, at)
                if symbol.info >> 4 == elf.STB_GLOBAL and symbol.shndx != elf.SHN_UNDEF:
                    weak = symbol._replace(info=elf.STB_WEAK << 4 | symbol.info & 15)
                    out[at : at + elf.SYM.size] = elf.SYM.format.pack(*weak)
    return bytes(out)


def write_archive(members: Sequence[tuple[str, bytes]]) -> bytes:
    """A System V archive of (name, bytes), without an index; names of at most 15 characters."""
    parts = [ARCHIVE_MAGIC]
    for name, body in members:
        assert len(name) <= 15, name
        head = f"{name + '/':<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(body):<10}`\n"
        parts += [head.encode("ascii"), body, b"\n" * (len(body) % 2)]
    return b"".join(parts)


def _member_name(label: str, long_names: bytes) -> str:
    if label[:1] == "/" and label[1:].isdecimal():
        start = int(label[1:])
        end = long_names.find(b"\n", start)
        if end < 0:
            raise ElfError(f"member name {label} is missing")
        return long_names[start:end].decode("utf-8", "replace").rstrip("/")
    return label.rstrip("/")

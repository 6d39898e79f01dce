"""Output sections to an ELF file: file offsets, symbol table, bytes."""

from __future__ import annotations

import hashlib

from ..frontend.diag import Diagnostics
from ..frontend.record import record
from . import elf
from .elf import EHDR, PHDR, SHDR, SYM, Ehdr, Phdr, Shdr, Sym
from .expr import PAGE, align_up
from .model import InputSection, ObjectFile, OutputSection, Symbol
from .reloc import Relocator
from .segments import Segment, header_bytes

MAX_FILE_BYTES = 1 << 29
BUILD_ID_BYTES = 20


# -- file offsets -----------------------------------------------------------------------------


def set_offsets(sections: list[OutputSection], segments: list[Segment]) -> int:
    """Give every section its place in the file; returns where the next byte would go.

    In a segment, offset and address agree modulo the page size, so that it can be mapped.
    """
    end = header_bytes(segments)
    placed: set[OutputSection] = set()
    for segment in segments:
        if segment.type != elf.PT_LOAD or not segment.sections:
            continue
        first = segment.sections[0]
        if first in placed:
            continue
        align = max(PAGE, *(s.align for s in segment.sections))
        start = end + (first.addr - end) % align
        if all(s.type == elf.SHT_NOBITS for s in segment.sections) and start >= align:
            start -= align  # nothing is read from there, but some readers want it in the file
        for s in segment.sections:
            s.file_offset = start + s.addr - first.addr
            placed.add(s)
            if s.type != elf.SHT_NOBITS:
                end = max(end, s.file_offset + s.size)
    for s in sections:
        if s not in placed:
            s.file_offset = end = align_up(end, s.align)
            if s.type != elf.SHT_NOBITS:
                end += s.size
    return end


def _program_header(segment: Segment, headers: int) -> Phdr:
    if not segment.sections:
        size = headers if segment.headers else 0
        align = 16 if segment.type == elf.PT_GNU_STACK else 8
        return Phdr(segment.type, segment.flags, 0, 0, segment.load_addr or 0, size, size, align)
    first = segment.sections[0]
    offset, addr, load_addr = first.file_offset, first.addr, first.load_addr
    stored = [s for s in segment.sections if s.type != elf.SHT_NOBITS]
    if segment.headers:
        addr, load_addr, offset = addr - offset, load_addr - offset, 0
    if segment.load_addr is not None:
        load_addr = segment.load_addr
    file_size = max((s.file_offset + s.size for s in stored), default=offset) - offset
    in_memory = any(s.alloc for s in segment.sections)
    size = max(s.end for s in segment.sections) - addr if in_memory else 0
    align = max(s.align for s in segment.sections)
    if segment.type == elf.PT_LOAD:
        align = max(align, PAGE)
    return Phdr(segment.type, segment.flags, offset, addr, load_addr, file_size, size, align)


# -- symbols ----------------------------------------------------------------------------------


class Strings:
    """A string table; equal strings are stored once."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0")
        self.offsets = {"": 0}

    def add(self, text: str) -> int:
        if text not in self.offsets:
            self.offsets[text] = len(self.data)
            self.data += text.encode() + b"\0"
        return self.offsets[text]


def output_symbols(objects: list[ObjectFile], globals_: list[Symbol]) -> tuple[list[Symbol], int]:
    """The symbols of the output and how many are local; hidden ones become local."""
    local: list[Symbol] = []
    for o in objects:
        local += [s for s in o.symbols if s.binding == elf.STB_LOCAL and _worth_naming(s)]
    hidden = (elf.STV_HIDDEN, elf.STV_INTERNAL)
    shown = [s for s in globals_ if s.name and (s.defined or s.weak) and not _gone(s)]
    local += [s for s in shown if s.visibility in hidden and s.defined]
    return local + [s for s in shown if s.visibility not in hidden or not s.defined], len(local)


def _worth_naming(s: Symbol) -> bool:
    if not s.name or s.type == elf.STT_SECTION or s.name.startswith(".L"):
        return False
    return s.type == elf.STT_FILE or (s.defined and not _gone(s))


def _gone(s: Symbol) -> bool:
    return isinstance(s.section, InputSection) and s.section.out is None


def _section_index(symbol: Symbol) -> int:
    home = symbol.section.out if isinstance(symbol.section, InputSection) else symbol.section
    if home is not None and home.index:
        return home.index
    return elf.SHN_ABS if symbol.defined else elf.SHN_UNDEF


def _symbol_table(symbols: list[Symbol], local_count: int, names: Strings) -> bytes:
    table = [SYM.pack(Sym(0, 0, 0, 0, 0, 0))]
    for i, s in enumerate(symbols):
        binding = elf.STB_LOCAL if i < local_count else s.binding
        info = binding << 4 | s.type
        table.append(
            SYM.pack(Sym(names.add(s.name), info, s.visibility, _section_index(s), s.addr, s.size))
        )
    return b"".join(table)


# -- bytes ------------------------------------------------------------------------------------


def section_bytes(section: OutputSection, relocator: Relocator) -> bytes:
    data = bytearray(section.size)
    for offset, length, pattern in section.literals:
        count = -(-length // len(pattern))
        data[offset : offset + length] = (pattern * count)[:length]
    for s in section.members:
        if s.data:
            data[s.offset : s.offset + s.size] = relocator.apply(s)
    return bytes(data)


@record(eq=False, frozen=False)
class Image:
    """All that the file holds, before it is bytes."""

    sections: list[OutputSection]
    segments: list[Segment]
    objects: list[ObjectFile]
    symbols: list[Symbol]  # the global ones
    entry: int
    flags: int
    strip: bool
    pie: bool
    build_id: InputSection | None


def write_elf(image: Image, relocator: Relocator, diags: Diagnostics) -> bytes:
    """The file. Errors are those of relocation, and output-too-large."""
    names = Strings()
    end = set_offsets(image.sections, image.segments)
    if end > MAX_FILE_BYTES:
        raise diags.fatal(
            "output-too-large", f"the output would take {end} bytes, {MAX_FILE_BYTES} at most"
        )
    for segment in image.segments:
        first = segment.sections[0] if segment.sections else None
        if segment.headers and first is not None and first.addr < first.file_offset:
            raise diags.fatal(
                "script-layout",
                f"no room for the file headers below section '{first.name}' at {first.addr:#x}",
            )
    out = bytearray(end)
    headers = [Shdr(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]
    for index, s in enumerate(image.sections, start=1):
        s.index = index
        if s.type != elf.SHT_NOBITS:
            out[s.file_offset : s.file_offset + s.size] = section_bytes(s, relocator)
        headers.append(
            Shdr(
                names.add(s.name), s.type, s.flags, s.addr, s.file_offset, s.size,
                0, 0, s.align, s.entsize,
            )
        )  # fmt: skip

    def append(name: str, type_: int, data: bytes, align: int = 1, link: int = 0) -> None:
        out.extend(bytes(-len(out) % align))
        entsize, info = (SYM.size, local_count + 1) if link else (0, 0)
        place = len(out)
        headers.append(
            Shdr(names.add(name), type_, 0, 0, place, len(data), link, info, align, entsize)
        )
        out.extend(data)

    local_count = 0
    if not image.strip:
        symbols, local_count = output_symbols(image.objects, image.symbols)
        strings = Strings()
        table = _symbol_table(symbols, local_count, strings)
        append(".symtab", elf.SHT_SYMTAB, table, 8, len(headers) + 1)
        append(".strtab", elf.SHT_STRTAB, bytes(strings.data))
    names.add(".shstrtab")
    append(".shstrtab", elf.SHT_STRTAB, bytes(names.data))
    for index, h in enumerate(headers):
        if h.type == elf.SHT_DYNAMIC:  # it has no strings, but readers want a table of them
            headers[index] = h._replace(link=len(headers) - 1)
    out.extend(bytes(-len(out) % 8))
    section_headers = len(out)
    for h in headers:
        out += SHDR.pack(h)
    phdr_bytes = header_bytes(image.segments)
    phdrs = [_program_header(s, phdr_bytes) for s in image.segments]
    header = Ehdr(
        elf.IDENT, elf.ET_DYN if image.pie else elf.ET_EXEC, elf.EM_RISCV, 1, image.entry,
        EHDR.size if phdrs else 0, section_headers, image.flags, EHDR.size, PHDR.size, len(phdrs),
        SHDR.size, len(headers), len(headers) - 1,
    )  # fmt: skip
    out[: EHDR.size] = EHDR.pack(header)
    for i, p in enumerate(phdrs):
        at = EHDR.size + i * PHDR.size
        out[at : at + PHDR.size] = PHDR.pack(p)
    if image.build_id is not None and image.build_id.out is not None:
        where = image.build_id.out.file_offset + image.build_id.offset + image.build_id.size
        out[where - BUILD_ID_BYTES : where] = hashlib.sha1(out, usedforsecurity=False).digest()
    return bytes(out)


def make_build_id() -> InputSection:
    """A note to hold the digest of the output; zero until that is known."""
    name = b"GNU\0"
    head = elf.NOTE_HEAD.pack(len(name), BUILD_ID_BYTES, 3)  # NT_GNU_BUILD_ID
    data = head + name + bytes(BUILD_ID_BYTES)
    file = ObjectFile("<linker>")
    section = InputSection(
        file, ".note.gnu.build-id", elf.SHT_NOTE, elf.SHF_ALLOC, 4, len(data), data
    )
    file.sections.append(section)
    return section

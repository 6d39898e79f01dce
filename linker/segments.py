"""Which output sections are loaded together, and with which rights: the program headers."""

from __future__ import annotations

from ..frontend.diag import Diagnostics
from ..frontend.record import field, record
from . import elf
from .elf import EHDR, PHDR
from .expr import PAGE
from .model import OutputSection


@record(eq=False, frozen=False)
class Segment:
    """A program header in the making."""

    type: int
    flags: int
    sections: list[OutputSection] = field(default_factory=list)
    headers: bool = False  # covers the file header and the program headers
    load_addr: int | None = None  # where the script says, else as its first section
    fixed_flags: bool = False

    def add(self, section: OutputSection) -> None:
        self.sections.append(section)
        if not self.fixed_flags:
            self.flags |= section_flags(section)


def section_flags(section: OutputSection) -> int:
    write = elf.PF_W if section.flags & elf.SHF_WRITE else 0
    execute = elf.PF_X if section.flags & elf.SHF_EXECINSTR else 0
    return elf.PF_R | write | execute


def make_segments(sections: list[OutputSection]) -> list[Segment]:
    """Segments for a script without PHDRS: one for each run of sections with equal rights.

    Sections of different rights that share a page share a segment too: an operating system
    gives rights by page. Non-allocated sections are in none, bar what describes the whole file.
    """
    segments: list[Segment] = []
    loaded = [s for s in sections if s.alloc and s.size]
    loaded.sort(key=lambda s: s.addr)
    last: OutputSection | None = None
    for s in loaded:
        if last is None or _starts_segment(last, s):
            segments.append(Segment(elf.PT_LOAD, 0))
        segments[-1].add(s)
        last = s
    for s in sections:
        if s.type == elf.SHT_NOTE and s.alloc and s.size:
            segments.append(Segment(elf.PT_NOTE, elf.PF_R, [s]))
        if s.type == elf.SHT_DYNAMIC:
            segments.append(Segment(elf.PT_DYNAMIC, elf.PF_R | elf.PF_W, [s]))
        if s.type == elf.SHT_RISCV_ATTRIBUTES:
            segments.append(Segment(elf.PT_RISCV_ATTRIBUTES, elf.PF_R, [s]))
    return segments


def _starts_segment(last: OutputSection, s: OutputSection) -> bool:
    if s.load_addr - s.addr != last.load_addr - last.addr:
        return True
    if last.type == elf.SHT_NOBITS and s.type != elf.SHT_NOBITS:
        return True
    if (last.end - 1) // PAGE == s.addr // PAGE:
        return False
    return section_flags(s) != section_flags(last) or s.addr - last.end >= max(PAGE, s.align)


def fill_segments(
    by_name: dict[str, Segment], sections: list[OutputSection], diags: Diagnostics
) -> None:
    """Put sections into the segments that PHDRS names; one without names goes as the last did."""
    current: tuple[str, ...] = tuple(by_name)[:1]
    for s in sections:
        if not s.alloc:
            continue
        current = s.phdrs or current
        for name in current:
            if name in by_name:
                if s.size:
                    by_name[name].add(s)
            elif name != "NONE":
                message = f"section '{s.name}' asks for program header '{name}', which is not there"
                diags.error("script-layout", message)
    for segment in by_name.values():
        segment.sections.sort(key=lambda s: s.addr)


def header_bytes(segments: list[Segment]) -> int:
    return EHDR.size + PHDR.size * len(segments)

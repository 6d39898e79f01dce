"""Position-independent programs: what whoever loads one must still add the base to.

A link for base 0 leaves one kind of work, R_RISCV_RELATIVE: a word that is an address. `.rela.dyn`
lists them, `.dynamic` says where that is. Which words these are is known once nothing more can
be left out; what is written there, only when addresses are final.
"""

from __future__ import annotations

import struct

from ..frontend.diag import Diagnostics
from ..frontend.record import record
from . import elf
from .elf import RELA, Rela
from .model import InputSection, ObjectFile, Reloc
from .reloc import KINDS, R_RISCV_64, where

R_RISCV_NONE, R_RISCV_RELATIVE = 0, 3
DYN = struct.Struct("<QQ")
DT_NULL, DT_RELA, DT_RELASZ, DT_RELAENT = 0, 7, 8, 9
DT_FLAGS_1, DT_RELACOUNT, DF_1_PIE = 0x6FFF_FFFB, 0x6FFF_FFF9, 0x0800_0000
TAGS = 6  # entries of .dynamic


@record(eq=False)
class Dynamic:
    """The two sections, made by the linker, and what they are about.

    words:   that hold addresses, for all that is known. narrow: less than words, which may not.
    """

    file: ObjectFile
    words: tuple[tuple[InputSection, Reloc], ...]
    narrow: tuple[tuple[InputSection, Reloc], ...]

    def fill(self, diags: Diagnostics) -> None:
        """Write both sections: addresses are final.

        Errors: relocation-absolute for code that holds an address in less than a word.
        """
        relocations, tags = self.file.sections
        entries = sorted(map(_entry, *zip(*self.words, strict=True))) if self.words else []
        relocations.data = b"".join(map(RELA.pack, entries))
        for section, size in ((relocations, RELA.size), (tags, DYN.size)):
            if section.out is not None and section.out.members == [section]:
                section.out.entsize = size
        count = sum(entry.info == R_RISCV_RELATIVE for entry in entries)
        tags.data = b"".join(
            DYN.pack(tag, value)
            for tag, value in (
                (DT_RELA, relocations.addr),
                (DT_RELASZ, relocations.size),
                (DT_RELAENT, RELA.size),
                (DT_RELACOUNT, count),
                (DT_FLAGS_1, DF_1_PIE),
                (DT_NULL, 0),
            )
        )
        for section, r in self.narrow:
            symbol = section.file.symbols[r.symbol]
            if symbol.section is not None:
                diags.error(
                    "relocation-absolute",
                    f"relocation {KINDS[r.type].name} at {where(section, r.offset)} against "
                    f"'{symbol.name}' cannot be used in a position-independent program",
                    hint="link with -no-pie, or compile for the medium code model",
                )


def make_dynamic(objects: list[ObjectFile]) -> Dynamic:
    """The sections for what is live in `objects`, still empty, in an object of their own."""
    words, narrow = [], []
    for o in objects:
        for section in o.sections:
            if not (section.live and section.alloc):
                continue
            for r in section.relocs:
                kind, symbol = KINDS.get(r.type), o.symbols[r.symbol]
                is_number = symbol.defined and symbol.section is None and not symbol.common
                if kind is None or kind.formula != "S+A" or is_number:
                    continue
                if r.type == R_RISCV_64:
                    words.append((section, r))
                elif kind.place not in ("imm12", "store12"):  # their upper part says it
                    narrow.append((section, r))
    file = ObjectFile("<linker>")
    for name, type_, flags, size in (
        (".rela.dyn", elf.SHT_RELA, elf.SHF_ALLOC, RELA.size * len(words)),
        (".dynamic", elf.SHT_DYNAMIC, elf.SHF_ALLOC | elf.SHF_WRITE, DYN.size * TAGS),
    ):
        file.sections.append(InputSection(file, name, type_, flags, 8, size, bytes(size)))
    return Dynamic(file, tuple(words), tuple(narrow))


def _entry(section: InputSection, r: Reloc) -> Rela:
    symbol = section.file.symbols[r.symbol]
    if symbol.section is None:  # a number after all, or nothing: room that is left over
        return Rela(0, R_RISCV_NONE, 0)
    addend = (symbol.addr + r.addend) % elf.ADDRESS_LIMIT
    return Rela(
        section.addr + r.offset,
        R_RISCV_RELATIVE,
        addend - elf.ADDRESS_LIMIT if addend >> 63 else addend,
    )

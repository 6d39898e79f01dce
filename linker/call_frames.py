"""From an instruction to who has called its function, by a program's .debug_frame.

Source: DWARF 4 standard, section 6.4; registers as in the RISC-V DWARF specification.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

from .elf import ElfFile
from .source_lines import DAMAGE

RA, SP = 1, 2
MAX_CALLS = 32  # of a chain: recursion has no end, nor has what a damaged stack says

Read = Callable[[int, int], bytes]  # of an address and a count


class CallFrames:
    """What one program says of its frames; nothing where it has no such section."""

    def __init__(self, elf: ElfFile) -> None:
        self._functions: list[tuple[int, int, Any]] = []  # ascending: start, end, rows
        if elf.section(".debug_frame") is not None:
            self._functions = _functions(elf.data)

    def callers(self, pc: int, ra: int, sp: int, read: Read) -> Iterator[int]:
        """Where each function around `pc` returns to, from the innermost out.

        A function that is not described has no frame yet, or the chain ends with it; as it does
        with one whose frame is not by sp.
        ra, sp: as they are at pc. read: what it raises comes through.
        """
        for depth in range(MAX_CALLS):
            row = self._row(pc)
            if row is not None:
                if row["cfa"].reg != SP:
                    return  # by s0, for the sake of a local's alignment
                sp = (sp + row["cfa"].offset) % (1 << 64)  # the frame's end: sp at the call
                if RA in row and row[RA].type == "OFFSET":
                    ra = int.from_bytes(read((sp + row[RA].arg) % (1 << 64), 8), "little")
            elif depth:
                return
            if ra == 0:
                return
            yield ra
            pc = ra - 1  # in the call: what follows may be another function

    def _row(self, pc: int) -> Any:
        """The frame as it is before an instruction; None in a function that is not described."""
        at = bisect_right(self._functions, pc, key=lambda f: f[0]) - 1
        if at < 0 or pc >= self._functions[at][1]:
            return None
        rows = [row for row in self._functions[at][2] if row["pc"] <= pc]
        return rows[-1] if rows else None


def _functions(data: bytes) -> list[tuple[int, int, Any]]:
    from elftools.common.exceptions import DWARFError, ELFError
    from elftools.construct import ConstructError
    from elftools.dwarf.callframe import FDE
    from elftools.elf.elffile import ELFFile

    try:
        dwarf = ELFFile(io.BytesIO(data)).get_dwarf_info()
        found = []
        for entry in dwarf.CFI_entries():
            if isinstance(entry, FDE):
                start = entry["initial_location"]
                rows = [row for row in entry.get_decoded().table if "cfa" in row]
                found.append((start, start + entry["address_range"], rows))
        return sorted(found, key=lambda f: f[:2])
    except (ELFError, DWARFError, ConstructError, *DAMAGE):
        return []

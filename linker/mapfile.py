"""The link as text: memory regions, every section with its parts and symbols, what was left out.

Columns as in the maps of GNU ld, so that tools which read those read ours.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import elf
from .layout import Cursor
from .model import InputSection, ObjectFile, OutputSection, Symbol

NAME_COLUMNS = 16


def write_map(
    regions: dict[str, Cursor],
    sections: list[OutputSection],
    objects: list[ObjectFile],
    symbols: Iterable[Symbol],
    removed: list[InputSection],
) -> str:
    """The map of a finished link; addresses and sizes are hexadecimal bytes."""
    lines = []
    members = [o for o in objects if o.archive is not None]
    if members:
        lines += ["Archive members included", ""]
        lines += [o.name for o in members] + [""]
    if removed:
        lines += ["Discarded input sections", ""]
        for s in removed:
            lines += _row(" " + s.name, 0, s.size, s.file.name)
        lines.append("")
    lines += [
        "Memory Configuration",
        "",
        "Name             Origin             Length    Attributes",
    ]
    for name, r in regions.items():
        lines.append(f"{name:16} 0x{r.origin:016x} 0x{r.length:016x} {r.attributes}".rstrip())
    lines += [f"{'*default*':16} 0x{0:016x} 0x{(1 << 64) - 1:016x}", ""]
    lines += ["Linker script and memory map", ""]
    by_home: dict[InputSection | OutputSection | None, list[Symbol]] = {}
    for symbol in symbols:
        if symbol.defined and symbol.name:
            by_home.setdefault(symbol.section, []).append(symbol)
    for o in objects:
        lines.append(f"LOAD {o.name}")
    for symbol in sorted(by_home.get(None, ()), key=lambda s: s.name):
        lines.append(_symbol(symbol))
    for out in sections:
        lines.append("")
        load = ""
        if out.alloc and out.load_addr != out.addr:
            load = f"load address 0x{out.load_addr:016x}"
        lines += _row(out.name, out.addr, out.size, load)
        named = list(by_home.get(out, ()))
        for member in out.members:
            lines += _row(" " + member.name, member.addr, member.size, member.file.name)
            mine = [s for s in member.file.symbols if s.section is member]
            shown = {s for s in mine if s.binding != elf.STB_LOCAL}
            lines += [_symbol(s) for s in sorted(shown, key=lambda s: (s.addr, s.name))]
        lines += [_symbol(s) for s in sorted(named, key=lambda s: (s.addr, s.name))]
    return "\n".join(lines) + "\n"


def _row(name: str, addr: int, size: int, note: str) -> list[str]:
    """A section; a long name has a line of its own."""
    numbers = f"0x{addr:016x} {size:#10x} {note}".rstrip()
    if len(name) >= NAME_COLUMNS:
        return [name, " " * NAME_COLUMNS + numbers]
    return [f"{name:{NAME_COLUMNS}}{numbers}"]


def _symbol(symbol: Symbol) -> str:
    return f"{'':{NAME_COLUMNS}}0x{symbol.addr:016x}                {symbol.name}"

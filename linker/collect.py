"""Garbage collection of sections: what no root reaches is left out."""

from __future__ import annotations

from collections.abc import Iterable

from . import elf
from .model import InputSection, ObjectFile, Symbol

# Run or read without anything naming them.
KEPT_TYPES = frozenset(
    {elf.SHT_NOTE, elf.SHT_INIT_ARRAY, elf.SHT_FINI_ARRAY, elf.SHT_PREINIT_ARRAY}
)
KEPT_NAMES = (".init", ".fini", ".ctors", ".dtors", ".jcr")
BOUNDS = ("__start_", "__stop_")


def collect(
    objects: list[ObjectFile], roots: Iterable[Symbol], keep: Iterable[InputSection]
) -> list[InputSection]:
    """Clear `live` of every section that neither `roots` nor `keep` reach by relocations.

    Sections outside memory (debug information) stay and keep nothing alive; so does
    .eh_frame, which names every function. returns: what was removed, in link order.
    """
    sections = [s for o in objects for s in o.sections if s.live]
    by_name: dict[str, list[InputSection]] = {}
    dependents: dict[InputSection, list[InputSection]] = {}
    for s in sections:
        by_name.setdefault(s.name, []).append(s)
        if s.linked is not None:
            dependents.setdefault(s.linked, []).append(s)
    seen: set[InputSection] = set()
    work: list[InputSection] = []

    def mark(section: InputSection) -> None:
        if section.live and section not in seen:
            seen.add(section)
            work.append(section)

    def mark_symbol(symbol: Symbol) -> None:
        if isinstance(symbol.section, InputSection):
            mark(symbol.section)
        elif not symbol.defined:
            for s in by_name.get(bounded(symbol.name), ()):
                mark(s)

    for symbol in roots:
        mark_symbol(symbol)
    for s in keep:
        mark(s)
    for s in sections:
        if s.linked is None and (not s.alloc or s.name == ".eh_frame" or _kept(s)):
            mark(s)
    while work:
        section = work.pop()
        for dependent in dependents.get(section, ()):
            mark(dependent)
        if section.alloc and section.name != ".eh_frame":
            for reloc in section.relocs:
                mark_symbol(section.file.symbols[reloc.symbol])
    removed = [s for s in sections if s not in seen]
    for s in removed:
        s.live = False
    return removed


def bounded(name: str) -> str:
    """The section whose bounds a name like __start_table or __stop_table asks for, or ""."""
    for prefix in BOUNDS:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return ""


def _kept(section: InputSection) -> bool:
    return (
        section.type in KEPT_TYPES
        or bool(section.flags & elf.SHF_GNU_RETAIN)
        or any(section.name == n or section.name.startswith(n + ".") for n in KEPT_NAMES)
    )

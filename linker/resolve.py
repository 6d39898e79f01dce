"""Which definition each name means, and which archive members that brings in."""

from __future__ import annotations

from collections.abc import Iterable

from ..frontend.diag import Diagnostics
from ..frontend.record import field, record
from . import elf
from .elf import ElfError
from .model import InputSection, ObjectFile, Symbol
from .objfile import Archive

Input = tuple[ObjectFile, ...] | Archive  # the objects of one input, or those to draw from


@record(eq=False, frozen=False)
class Resolution:
    """Objects in link order, and every global symbol by name."""

    objects: list[ObjectFile] = field(default_factory=list)
    globals: dict[str, Symbol] = field(default_factory=dict)


def resolve(
    inputs: list[Input], wanted: Iterable[str], by_script: frozenset[str], diags: Diagnostics
) -> Resolution:
    """Give every global name its one symbol.

    wanted:     names asked for from outside: entry, roots, EXTERN, script expressions.
    by_script:  names that the script defines whatever happens; no archive is asked for them.
    Errors: two strong definitions of one name (duplicate-symbol), a damaged archive member
    (bad-object). An archive member comes in when it defines a name that is asked for, wherever
    on the command line the archive stands.
    """
    linking = _Linking(diags)
    for position, one in enumerate(inputs):
        if not isinstance(one, Archive):
            for number, file in enumerate(one):
                linking.add(file, (position, number))
    for name in wanted:
        linking.globals.setdefault(name, Symbol(name))
    linking.draw([(i, a) for i, a in enumerate(inputs) if isinstance(a, Archive)], by_script)
    linking.files.sort(key=lambda entry: entry[0])
    result = Resolution([file for _, file in linking.files], linking.globals)
    _place_commons(result)
    return result


class _Linking:
    def __init__(self, diags: Diagnostics) -> None:
        self.diags = diags
        self.globals: dict[str, Symbol] = {}
        self.files: list[tuple[tuple[int, int], ObjectFile]] = []
        self.taken: set[tuple[int, int]] = set()  # archive members, by archive and offset
        self.signatures: set[str] = set()  # of COMDAT groups taken

    def add(self, file: ObjectFile, order: tuple[int, int]) -> None:
        self.files.append((order, file))
        for group in file.groups:
            if group.signature in self.signatures:
                for member in group.members:
                    member.live = False
            self.signatures.add(group.signature)
        for index, symbol in enumerate(file.symbols):
            if symbol.binding != elf.STB_LOCAL:
                file.symbols[index] = self.merge(symbol)

    def merge(self, new: Symbol) -> Symbol:
        if new.dead:  # in a COMDAT group that another object provides
            new.defined, new.section, new.file, new.value = False, None, None, 0
        old = self.globals.setdefault(new.name, new)
        if old is new:
            return old
        constraints = [v for v in (old.visibility, new.visibility) if v != elf.STV_DEFAULT]
        old.visibility = min(constraints, default=elf.STV_DEFAULT)
        if not new.defined:
            if not old.defined and not new.weak:
                old.binding = elf.STB_GLOBAL
        elif old.common and new.common:
            align = max(old.value, new.value)
            if new.size > old.size:
                _take(old, new)
            old.value = align
        elif not old.defined or (_rank(new) > _rank(old)):
            _take(old, new)
        elif _rank(old) == _rank(new) == STRONG:
            first = old.file.name if old.file else ""
            second = new.file.name if new.file else ""
            self.diags.error(
                "duplicate-symbol", f"'{new.name}' is defined in {first} and in {second}"
            )
        return old

    def draw(self, archives: list[tuple[int, Archive]], by_script: frozenset[str]) -> None:
        """Bring in members until no archive defines a name still undefined."""
        drawn = True
        while drawn:
            drawn = False
            for symbol in list(self.globals.values()):
                if not (symbol.defined or symbol.weak or symbol.name in by_script):
                    drawn |= self.draw_one(symbol.name, archives)

    def draw_one(self, name: str, archives: list[tuple[int, Archive]]) -> bool:
        for position, archive in archives:
            offset = archive.index.get(name)
            if offset is not None and (position, offset) not in self.taken:
                self.taken.add((position, offset))
                try:
                    self.add(archive.read(offset), (position, offset))
                except ElfError as e:
                    self.diags.error("bad-object", f"{archive.name}: {e.reason}")
                return True
        return False


WEAK, COMMON, STRONG = 1, 2, 3


def _rank(symbol: Symbol) -> int:
    """Of two definitions the higher wins; among equals the first, two strong ones clash."""
    return COMMON if symbol.common else WEAK if symbol.weak else STRONG


def _take(old: Symbol, new: Symbol) -> None:
    for name in ("binding", "type", "value", "size", "section", "file", "defined", "common"):
        setattr(old, name, getattr(new, name))


def _place_commons(result: Resolution) -> None:
    """Turn common symbols into zeroed sections named COMMON, as scripts call them."""
    flags = elf.SHF_ALLOC | elf.SHF_WRITE
    for symbol in result.globals.values():
        if symbol.common and symbol.file is not None:
            section = InputSection(
                symbol.file, "COMMON", elf.SHT_NOBITS, flags, symbol.value, symbol.size
            )
            symbol.file.sections.append(section)
            symbol.section, symbol.value, symbol.common = section, 0, False
            symbol.type = elf.STT_OBJECT

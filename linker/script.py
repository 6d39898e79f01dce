"""Linker scripts as trees: commands and expressions, with the place of each in the text.

Language: "Linker Scripts" in the GNU ld manual.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from ..frontend.record import field, record
from ..frontend.source import Span

# -- expressions ------------------------------------------------------------------------------


@record
class Num:
    value: int
    span: Span = field(compare=False, repr=False)


@record
class Name:
    """A symbol, or `.`, the location counter."""

    name: str
    span: Span = field(compare=False, repr=False)


@record
class Unary:
    op: str
    operand: Expr
    span: Span = field(compare=False, repr=False)


@record
class Binary:
    op: str
    left: Expr
    right: Expr
    span: Span = field(compare=False, repr=False)


@record
class Conditional:
    condition: Expr
    then: Expr
    otherwise: Expr
    span: Span = field(compare=False, repr=False)


@record
class Call:
    """A builtin function: `name` is what it is about (a section, region or symbol), or ""."""

    function: str
    name: str
    args: tuple[Expr, ...]
    span: Span = field(compare=False, repr=False)


Expr: TypeAlias = Num | Name | Unary | Binary | Conditional | Call

# -- commands ---------------------------------------------------------------------------------


@record
class Assign:
    """symbol op expr; `provide` only where needed and undefined, `hidden` not for others."""

    symbol: str
    op: str  # "=", "+=", ...
    expr: Expr
    span: Span = field(compare=False, repr=False)
    provide: bool = False
    hidden: bool = False


@record
class Assert:
    condition: Expr
    message: str
    span: Span = field(compare=False, repr=False)


@record
class Glob:
    text: str

    def matcher(self) -> Callable[[str], bool]:
        """A test for names; cheap for the common shapes."""
        text = self.text
        if text == "*":
            return lambda _: True
        if not any(c in text for c in "*?[\\"):
            return text.__eq__
        if text[-1] == "*" and not any(c in text[:-1] for c in "*?[\\"):
            return lambda name: name.startswith(text[:-1])
        regex = _glob_regex(text)
        return lambda name: regex.fullmatch(name) is not None


@record
class SectionGlob:
    glob: Glob
    exclude: tuple[Glob, ...] = ()  # files
    # outermost first: "name", "alignment", "init" or "none"
    sorts: tuple[str, ...] = ()


@record
class InputPattern:
    """file(section section ...): the input sections that go here."""

    file: Glob
    sections: tuple[SectionGlob, ...]
    span: Span = field(compare=False, repr=False)
    exclude: tuple[Glob, ...] = ()
    keep: bool = False
    sort_files: bool = False


@record
class Data:
    size: int  # bytes
    expr: Expr
    span: Span = field(compare=False, repr=False)


@record
class Fill:
    """What gaps are filled with: the bytes of a hexadecimal literal, else four of a value."""

    expr: Expr
    literal: bytes | None
    span: Span = field(compare=False, repr=False)


SectionItem: TypeAlias = Assign | Assert | InputPattern | Data | Fill


@record
class SectionCommand:
    """An output section: how to place it, and what goes into it."""

    name: str
    items: tuple[SectionItem, ...]
    span: Span = field(compare=False, repr=False)
    address: Expr | None = None
    type: str = ""
    load_address: Expr | None = None
    align: Expr | None = None
    subalign: Expr | None = None
    constraint: str = ""  # ONLY_IF_RO, ONLY_IF_RW
    region: str | None = None
    load_region: str | None = None
    phdrs: tuple[str, ...] = ()
    fill: Fill | None = None


@record
class Region:
    """MEMORY { name (attributes) : ORIGIN = origin, LENGTH = length }"""

    name: str
    attributes: str
    origin: Expr
    length: Expr
    span: Span = field(compare=False, repr=False)


@record
class PhdrCommand:
    name: str
    type: Expr
    span: Span = field(compare=False, repr=False)
    filehdr: bool = False
    phdrs: bool = False
    at: Expr | None = None
    flags: Expr | None = None


Command: TypeAlias = Assign | Assert | SectionCommand


@record(frozen=False)
class Script:
    """A parsed script: its commands in order, the rest by kind."""

    commands: list[Command] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)  # REGION_ALIAS
    phdrs: list[PhdrCommand] = field(default_factory=list)
    entry: tuple[str, Span] | None = None
    externs: list[str] = field(default_factory=list)
    has_sections: bool = False

    def assignments(self) -> list[Assign]:
        """Every assignment, inside sections and outside, but not those to `.`."""
        found: list[Assign] = []
        for command in self.commands:
            items = command.items if isinstance(command, SectionCommand) else (command,)
            found += [i for i in items if isinstance(i, Assign) and i.symbol != "."]
        return found


def _glob_regex(text: str) -> re.Pattern[str]:
    from fnmatch import translate

    return re.compile(translate(text.replace("[^", "[!")))

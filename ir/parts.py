"""A module's text as parts that LLVM may work on side by side.

    before:  @table, @helper, @a (calls @helper), @b (calls @helper, reads @table)
    after:   @helper and @a | @table, @b, a copy of @helper to inline

Other objects know what is not internal by its name: it is emitted with one part, and in the
others `available_externally`. Internal functions, literals and what the linker merges (`inline`
functions) are copied; an internal variable is one object, so all who use it share a part, and a
weak definition is not to be looked through. What
the parts are depends on the text alone, not on the machine: identical input gives identical
bytes.
"""

from __future__ import annotations

import re
from typing import Any

from ..frontend.record import field, record

PART_SIZE = 1 << 16  # characters of LLVM IR that are worth a thread
MAX_PARTS = 8
# Every quoted text; the `@` tells a symbol's name. None holds a quote.
_QUOTED = re.compile(r'(@?)"([^"]*)"')


@record(eq=False)
class _Symbol:
    """A function or variable: its definition or declaration, and the symbols it names."""

    text: str
    linkage: str
    is_function: bool
    is_defined: bool
    uses: list[str]

    @property
    def is_root(self) -> bool:
        """Whether it has to be emitted, used or not."""
        return self.is_defined and self.linkage not in ("internal", "private", "linkonce_odr")

    @property
    def is_one_object(self) -> bool:
        return self.linkage == "weak" or (self.linkage == "internal" and not self.is_function)

    def as_copy(self) -> str:
        if not self.is_root:
            return self.text
        before, after = ("", "define ") if self.is_function else self.text.partition(" = ")[:2]
        head = before + after
        return f"{head}available_externally {self.text[len(head) :]}"


@record(frozen=False, eq=False)
class _Group:
    """Roots that stay together; all they reach, themselves included."""

    roots: set[str]
    reached: set[str]
    size: int = field(default=0)


def split(module: Any, part_size: int = PART_SIZE) -> list[str]:
    """The text of a llvmlite module, in one part or several.

    Together the parts define what the module defines. With debug information there is one:
    it describes a compilation unit.
    """
    texts = {name: f"{value}\n" for name, value in module.globals.items()}
    start = [f"source_filename = {_quoted(module.name)}", f'target triple = "{module.triple}"']
    start += [f'target datalayout = "{module.data_layout}"']
    start += [t.get_declaration() for t in module.get_identified_types().values()]
    end = module._get_metadata_lines()
    bodies = [list(texts.values())]
    wanted = min(-(-sum(map(len, texts.values())) // part_size), MAX_PARTS)
    if wanted > 1 and not module.namedmetadata:
        symbols = {name: _symbol(value, texts[name]) for name, value in module.globals.items()}
        bodies = [_body(symbols, part) for part in _parts(symbols, wanted)]
    return ["\n".join([*start, *body, *end]) for body in bodies]


def _quoted(name: str) -> str:
    """A string as LLVM writes one: bytes that it would not print are in hexadecimal."""
    plain = (chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:02X}" for b in name.encode())
    return f'"{"".join(plain)}"'


def _symbol(value: Any, text: str) -> _Symbol:
    is_function = hasattr(value, "blocks")
    defined = bool(value.blocks) if is_function else value.initializer is not None
    uses = {used for at, used in _QUOTED.findall(text) if at} - {value.name}
    return _Symbol(text, value.linkage, is_function, defined, sorted(uses))


def _parts(symbols: dict[str, _Symbol], wanted: int) -> list[_Group]:
    """Groups dealt out, the largest first, each to the part that has least."""
    groups = _groups(symbols)
    for group in groups:
        group.size = sum(len(symbols[name].text) for name in group.reached)
    parts = [_Group(set(), set()) for _ in range(min(wanted, len(groups)))]
    for group in sorted(groups, key=lambda g: -g.size):
        part = min(parts, key=lambda p: p.size)
        part.roots |= group.roots
        part.reached |= group.reached
        part.size += group.size
    return parts


def _groups(symbols: dict[str, _Symbol]) -> list[_Group]:
    groups: list[_Group] = []
    for name, symbol in symbols.items():
        if not symbol.is_root:
            continue
        new = _Group({name}, _reached(symbols, name))
        objects = {used for used in new.reached if symbols[used].is_one_object}
        for old in [g for g in groups if objects and not objects.isdisjoint(g.reached)]:
            new.roots |= old.roots
            new.reached |= old.reached
            groups.remove(old)
        groups.append(new)
    return groups


def _reached(symbols: dict[str, _Symbol], root: str) -> set[str]:
    reached = {root}
    waiting = [root]
    while waiting:
        for used in symbols[waiting.pop()].uses:
            if used in symbols and used not in reached:
                reached.add(used)
                waiting.append(used)
    return reached


def _body(symbols: dict[str, _Symbol], part: _Group) -> list[str]:
    return [
        symbol.text if name in part.roots else symbol.as_copy()
        for name, symbol in symbols.items()
        if name in part.reached
    ]

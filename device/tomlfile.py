"""TOML files read with checks: every value asked for by name, type and range.

What is wrong is collected and reported at once, each with its place: "my.toml:7: harts.count:
a whole number from 1 to 64, not 0". A file may extend another: its tables are laid over those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_TABLE = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w-]+(?:\.[\w-]+)*)\s*=")
MAX_DEPTH = 8  # files, each extending the next
MAX_TABLES = 4  # one in the other, of which places are kept


class TomlFileError(Exception):
    """What is wrong with a file, a line for each."""


class Document:
    """A file's values, over those of what it extends, and what has been found wrong."""

    def __init__(self, name: str, read: Callable[[str, str], tuple[str, str]]) -> None:
        """read: from what `extends` says and the file that says so to (its own name, text).

        raises: TomlFileError for text that is no TOML, or a file that extends itself;
                whatever `read` raises.
        """
        import tomllib  # half a runtime library comes with it

        self.wrong: list[str] = []
        self._places: dict[str, str] = {}  # of keys, as "file:line"
        layers: list[dict[str, Any]] = []
        seen: list[str] = []
        wanted: object = name
        while wanted is not None:
            if not isinstance(wanted, str):
                raise TomlFileError(f"{seen[-1]}: extends: text, not {shown(wanted)}")
            if len(seen) == MAX_DEPTH:
                raise TomlFileError(f"{seen[0]}: extends more than {MAX_DEPTH} files, or itself")
            path, text = read(wanted, seen[-1] if seen else "")
            seen.append(path)
            try:
                values = tomllib.loads(text)
            except (ValueError, RecursionError) as e:
                raise TomlFileError(f"{path}: {e}") from e
            lines: dict[str, str] = {}
            for key, line in _lines(text):
                parts = key.split(".", MAX_TABLES)[:MAX_TABLES]
                for count in range(len(parts), 0, -1):
                    lines.setdefault(".".join(parts[:count]), line)
            for key in _keys(values):
                at = _nearest(lines, key)
                self._places.setdefault(key, path if at is None else f"{path}:{at}")
            wanted = values.pop("extends", None)
            layers.append(values)
        self.name = seen[0]
        merged: dict[str, Any] = {}
        for values in reversed(layers):
            merged = _laid_over(merged, values)
        self.top = Table(self, "", merged)

    def report(self, path: str, message: str) -> None:
        """path: the key's, with its tables': "harts.count"."""
        self.wrong.append(f"{self._place(path)}: {path}: {message}")

    def says(self, path: str) -> bool:
        """Whether it is this file's own, not one's that it extends."""
        place = self._place(path)
        return place == self.name or place.startswith(f"{self.name}:")

    def _place(self, path: str) -> str:
        return _nearest(self._places, path) or self.name

    def check(self) -> None:
        """raises: TomlFileError if anything has been reported."""
        if self.wrong:
            raise TomlFileError("\n".join(self.wrong))


class Table:
    """A table being read. What is wrong is reported, and some right value returned."""

    def __init__(
        self, document: Document, path: str, values: dict[str, Any], *, absent: bool = False
    ) -> None:
        """absent: there is no such table, which has been reported; what it lacks need not be."""
        self._document = document
        self._absent = absent
        self._values = values
        self._known: set[str] = set()
        self.path = path

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def keys(self) -> Iterable[str]:
        return self._values

    def report(self, key: str, message: str) -> None:
        """key: of the value that is wrong; "" for the table itself."""
        self._document.report(self._path(key), message)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default, "text")
        if not isinstance(value, str) or not value:
            if value != default:  # a default without text has been reported where it comes from
                self._wrong(key, value, "text")
            return default or ""
        return value

    def choice(self, key: str, choices: Sequence[str]) -> str:
        one_of = " or ".join(f'"{c}"' for c in choices)
        value = self._take(key, None, one_of)
        if value not in choices:
            self._wrong(key, value, one_of)
            return choices[0]
        return str(value)

    def number(self, key: str, least: int, most: int, default: int | None = None) -> int:
        bounds = f"a whole number from {_number(least)} to {_number(most)}"
        value = self._take(key, default, bounds)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._wrong(key, value, bounds)
            return least
        return value

    def table(self, key: str) -> Table:
        value = self._take(key, None, "a table")
        if isinstance(value, dict):
            return Table(self._document, self._path(key), value)
        self._wrong(key, value, "a table")
        return Table(self._document, self._path(key), {}, absent=True)

    def end(self) -> None:
        """All that may be here has been asked for: report the rest."""
        for key in self._values:
            if key not in self._known:
                self._unknown(key)

    def _unknown(self, key: str) -> None:
        from difflib import get_close_matches

        known = sorted(self._known)
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there is {', '.join(known)}"
        self.report(key, f"is not known here; {hint}")

    def _take(self, key: str, default: object, expected: str) -> object:
        self._known.add(key)
        if key in self._values or default is not None:
            return self._values.get(key, default)
        if not self._absent:
            self.report(key, f"is missing: {expected}")
        return None

    def _wrong(self, key: str, value: object, expected: str) -> None:
        if value is not None:  # else its absence has been reported
            self.report(key, f"{expected}, not {shown(value)}")

    def _path(self, key: str) -> str:
        return ".".join(filter(None, (self.path, key)))


def shown(value: object) -> str:
    """A value as TOML writes it, cut short."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return _number(value)
        case dict():
            return "a table"
        case list():
            return "an array"
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def _number(value: int) -> str:
    if value.bit_length() > 64:
        return "a number of more than 64 bits"
    return str(value) if abs(value) < 10_000 else f"{value:#x}"


def _laid_over(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(under)
    for key, value in over.items():
        below = both.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            value = _laid_over(below, value)
        both[key] = value
    return both


def _keys(values: dict[str, Any], table: str = "", depth: int = MAX_TABLES) -> Iterable[str]:
    """All keys, with their tables."""
    for key, value in values.items():
        yield table + key
        if isinstance(value, dict) and depth > 1:
            yield from _keys(value, f"{table}{key}.", depth - 1)


def _nearest(places: dict[str, str], key: str) -> str | None:
    """The place of a key, or of the table around it that has one."""
    while key and key not in places:
        key = key.rpartition(".")[0]
    return places.get(key)


def _lines(text: str) -> Iterable[tuple[str, str]]:
    """Keys with their tables, and where they are; what stands inside of braces is not told."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _TABLE.match(line):
            table = found[1] + "."
            yield found[1], str(number)
        elif found := _KEY.match(line):
            yield table + found[1], str(number)

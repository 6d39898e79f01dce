"""Diagnostics: what is wrong with the user's program, where, and what to do about it.

Standard library only. A diagnostic's `code` is the contract (tests, scripts and `-W` rely on
it); its wording may improve. Errors are collected and raised once per stage.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import Literal, TypeAlias

from .record import field, record
from .source import SourceFile, Span
from .warning_table import GENERAL, WARNINGS, verdict

Severity = Literal["error", "warning", "remark", "note"]

Fix: TypeAlias = tuple[Span, str]  # replace this by that; an empty span: put that in here


@record
class Diagnostic:
    severity: Severity
    code: str
    message: str
    span: Span | None = None
    notes: tuple[tuple[str, Span | None], ...] = ()
    hint: str | None = None
    fixes: tuple[Fix, ...] = ()


class CompileError(Exception):
    """The user's program is wrong. `diagnostics` holds every error and warning, in order."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(render(d) for d in self.diagnostics)


class InternalError(AssertionError):
    """kcc is wrong. Never caught except at the top, where it says what to report."""


@record(frozen=False)
class Diagnostics:
    """Collects diagnostics for one compilation, under the user's `-W` settings."""

    # Written `-Wfoo`, `-Wno-foo`, `-Werror=foo` without the `-W`; later ones win.
    settings: tuple[str, ...] = ()
    max_errors: int = 20  # as clang's -ferror-limit; 0 means no limit
    seen: list[Diagnostic] = field(default_factory=list)
    # Lines that the parser did not understand: what the checker would say there only follows.
    broken: set[tuple[SourceFile, int]] = field(default_factory=set)
    # What `#pragma clang diagnostic` makes of the settings: (offset, settings from there on).
    marks: dict[SourceFile, list[tuple[int, tuple[str, ...]]]] = field(default_factory=dict)

    def error(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        notes: tuple[tuple[str, Span | None], ...] = (),
        hint: str | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        """Record an error; raises CompileError at once only when there are too many."""
        if self.broken and code != "syntax" and self.is_broken(span):
            return
        if self.max_errors and self.error_count() >= self.max_errors:
            message = "too many errors, stopping here [-ferror-limit=]"
            self.seen.append(Diagnostic("error", "too-many-errors", message))
            raise CompileError(self.seen)
        self.seen.append(Diagnostic("error", code, message, span, notes, hint, fixes))

    def fatal(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        notes: tuple[tuple[str, Span | None], ...] = (),
        hint: str | None = None,
    ) -> CompileError:
        """Record an error that nothing can follow; the caller raises what this returns."""
        self.seen.append(Diagnostic("error", code, message, span, notes, hint))
        return CompileError(self.seen)

    def warning(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        notes: tuple[tuple[str, Span | None], ...] = (),
        hint: str | None = None,
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        """Record a warning of group `code`, as an error or not at all if the user says so."""
        on, as_error = self._verdict(code, self.settings_at(span))
        if not on or (self.broken and self.is_broken(span)):
            return
        if as_error:
            self.error(code, message, span, notes=notes, hint=hint, fixes=fixes)
        else:
            self.seen.append(Diagnostic("warning", code, message, span, notes, hint, fixes))

    def remark(self, code: str, message: str, span: Span | None) -> None:
        """Record what the user asked to be told, which is no fault."""
        self.seen.append(Diagnostic("remark", code, message, span))

    def wants(self, code: str) -> bool:
        """Can a warning come of `code` anywhere? For callers whose search for one costs."""
        if self._verdict(code, self.settings)[0] or not self.marks:
            return self._verdict(code, self.settings)[0]
        settings = {each for marks in self.marks.values() for _offset, each in marks}
        return any(self._verdict(code, each)[0] for each in settings)

    def is_broken(self, span: Span | None) -> bool:
        if span is None:
            return False
        at = span.outermost()
        return (at.file, at.file.position(at.start)[0]) in self.broken

    def settings_at(self, span: Span | None) -> tuple[str, ...]:
        if span is None or not self.marks:
            return self.settings
        at = span.outermost()
        marks = self.marks.get(at.file, [])
        before = bisect_right(marks, at.start, key=lambda mark: mark[0])
        return marks[before - 1][1] if before else self.settings

    def _verdict(self, code: str, settings: tuple[str, ...]) -> tuple[bool, bool]:
        found = self._verdicts.get((code, settings))
        if found is None:
            found = self._verdicts[code, settings] = verdict(code, settings)
        return found

    @cached_property
    def _verdicts(self) -> dict[tuple[str, tuple[str, ...]], tuple[bool, bool]]:
        return {}

    def check_settings(self) -> None:
        """Warn about every `-W` setting that names no known group."""
        for setting in self.settings:
            name = setting.removeprefix("no-").removeprefix("error=")
            if name not in WARNINGS and name not in GENERAL:
                self.unknown_group(f"-W{setting.removesuffix(name)}", name, None)

    def unknown_group(self, prefix: str, name: str, span: Span | None) -> None:
        near = closest(name, [*WARNINGS, *GENERAL])
        self.warning(
            "unknown-warning-option",
            f"unknown warning option '{prefix}{name}'",
            span,
            hint=f"did you mean '{prefix}{near}'?" if near else None,
        )

    def error_count(self) -> int:
        return sum(d.severity == "error" for d in self.seen)

    def raise_errors(self) -> None:
        """Raise CompileError with everything seen, if any of it is an error."""
        if self.error_count():
            raise CompileError(self.seen)


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate a misspelt name most likely stands for, if one is near enough."""
    from difflib import get_close_matches

    known = list(candidates)
    found = get_close_matches(name[:100], known, 1, 0.7)
    if not found and 2 < len(name) < 6:  # short ones, letters swapped
        found = [c for c in known if len(c) == len(name) and sorted(c) == sorted(name)]
    return found[0] if found else None


MAX_LINE_CHARS = 120  # of an excerpt; a longer line is cropped around the caret
MAX_MESSAGE_CHARS = 600
MAX_NESTED_NOTES = 6  # macro uses, or includes, listed under one diagnostic
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_COLOURS = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;35m",
    "remark": "\x1b[1;34m",
    "note": "\x1b[1;36m",
}
_BOLD, _GREEN, _PLAIN = "\x1b[1m", "\x1b[1;32m", "\x1b[0m"


def render(d: Diagnostic, colour: bool = False) -> str:
    """The diagnostic as lines of text: place, message, source line, caret range, notes, hint."""
    lines = [_headline(d.severity, d.code, d.message, d.span, colour)]
    lines += _excerpt(d.span, colour)
    lines += _nested(macro_uses(d.span), "macro uses", colour, excerpts=True)
    lines += _nested(includes(d.span), "files", colour, excerpts=False)
    for message, span in d.notes:
        lines.append(_headline("note", "", message, span, colour))
        lines += _excerpt(span, colour)
    if d.hint:
        lines.append(f"hint: {_printable(d.hint)}")
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Without characters that would steer the terminal, and of a length one can read."""
    if len(text) > MAX_MESSAGE_CHARS:
        text = f"{text[: MAX_MESSAGE_CHARS - 60]} ... {text[-50:]}"
    return _CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}", text.replace("\n", "\\n"))


def _headline(severity: Severity, code: str, message: str, span: Span | None, colour: bool) -> str:
    # A remark names the option that asks for it.
    tag = f"{severity}[{code}]" if code and severity != "remark" else severity
    place = "kcc"
    if span is not None:
        at = span.outermost()
        name, line, column = at.file.presumed(at.start)
        place = f"{name}:{line}:{column}"
    place, message = _printable(place), _printable(message)
    if not colour:
        return f"{place}: {tag}: {message}"
    return f"{_BOLD}{place}:{_PLAIN} {_COLOURS[severity]}{tag}:{_PLAIN} {_BOLD}{message}{_PLAIN}"


def _excerpt(span: Span | None, colour: bool) -> list[str]:
    """The line where the span starts, and a caret with a tail under what it covers of it."""
    if span is None or not span.outermost().file.text:
        return []
    at = span.outermost()
    line, column = at.file.position(at.start)
    text = at.file.line_text(line)
    first = min(column - 1, len(text))
    last = max(first + 1, min(first + at.end - at.start, len(text.rstrip())))
    left = 0
    if len(text) > MAX_LINE_CHARS:
        left = max(0, min(first - MAX_LINE_CHARS // 3, len(text) - MAX_LINE_CHARS))
        right = left + MAX_LINE_CHARS
        head, tail = "..." * (left > 0), "..." * (right < len(text))
        text = head + text[left:right] + tail
        left -= len(head)
        last = min(last, right)
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
    before, under = text[: first - left], text[first - left : last - left]
    # Tabs stay tabs, so that the caret lines up whatever the terminal's tab width.
    pad = "".join(c if c == "\t" else " " * _columns(c) for c in before)
    mark = "^" + "~" * (_columns(under) - 1)
    return [f"    {text}", f"    {pad}{_GREEN}{mark}{_PLAIN}" if colour else f"    {pad}{mark}"]


def _columns(text: str) -> int:
    """How many columns a terminal uses: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def macro_uses(span: Span | None) -> list[tuple[str, Span]]:
    """Notes on the macros that a place comes out of, the innermost first."""
    notes: list[tuple[str, Span]] = []
    while span is not None and span.expanded_from is not None:
        macro = span.expanded_from.macro
        notes.append((f"expanded from macro '{macro}'", Span(span.file, span.start, span.end)))
        span = span.expanded_from.use
    return notes


def includes(span: Span | None) -> list[tuple[str, Span]]:
    """Notes on the lines that include the file of a place, the innermost first."""
    notes: list[tuple[str, Span]] = []
    place = None if span is None else span.outermost().file.included_from
    while place is not None:
        notes.append(("included from here", place))
        place = place.outermost().file.included_from
    return notes


def _nested(notes: list[tuple[str, Span]], what: str, colour: bool, excerpts: bool) -> list[str]:
    """Notes from the innermost outwards; of many, the middle ones are left out."""
    lines: list[str] = []
    half = MAX_NESTED_NOTES // 2
    for index, (message, span) in enumerate(notes):
        if len(notes) <= MAX_NESTED_NOTES or not half <= index < len(notes) - half:
            lines.append(_headline("note", "", message, span, colour))
            if excerpts:
                lines += _excerpt(span, colour)
        elif index == half:
            skipped = f"({len(notes) - 2 * half} more {what} in between)"
            lines.append(_headline("note", "", skipped, None, colour))
    return lines

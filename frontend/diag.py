"""Diagnostics: what is wrong with the user's program, where, and what to do about it.

Standard library only. A diagnostic's `code` is the contract (tests, scripts and `-W` rely on
it); its wording may improve. Errors are collected and raised once per stage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .source import Span

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Diagnostic:
    severity: Severity
    code: str
    message: str
    span: Span | None = None
    notes: tuple[tuple[str, Span | None], ...] = ()
    hint: str | None = None


class CompileError(Exception):
    """The user's program is wrong. `diagnostics` holds every error and warning, in order."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(render(d) for d in self.diagnostics))


class InternalError(AssertionError):
    """kcc is wrong. Never caught except at the top, where it says what to report."""


@dataclass
class Diagnostics:
    """Collects diagnostics for one compilation, under the user's `-W` settings."""

    # Written `-Wfoo`, `-Wno-foo`, `-Werror=foo` without the `-W`; later ones win.
    settings: tuple[str, ...] = ()
    max_errors: int = 20  # as clang's -ferror-limit; 0 means no limit
    seen: list[Diagnostic] = field(default_factory=list)

    def error(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        *,
        notes: tuple[tuple[str, Span | None], ...] = (),
        hint: str | None = None,
    ) -> None:
        """Record an error; raises CompileError at once only when there are too many."""
        self.seen.append(Diagnostic("error", code, message, span, notes, hint))
        if self.max_errors and self.error_count() >= self.max_errors:
            self.seen.append(Diagnostic("error", "too-many-errors", "too many errors, stopping"))
            raise CompileError(self.seen)

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
    ) -> None:
        """Record a warning of group `code`, as an error or not at all if the user says so."""
        on, as_error = True, False
        for setting in self.settings:
            match setting:
                case "none":  # -w
                    on = False
                case "error":
                    as_error = True
                case "no-error":
                    as_error = False
                case _ if setting == code:
                    on = True
                case _ if setting == f"no-{code}":
                    on = False
                case _ if setting == f"error={code}":
                    on = as_error = True
                case _ if setting == f"no-error={code}":
                    as_error = False
                case _:
                    pass
        if "none" in self.settings or not on:
            return
        if as_error:
            self.error(code, message, span, notes=notes, hint=hint)
        else:
            self.seen.append(Diagnostic("warning", code, message, span, notes, hint))

    def error_count(self) -> int:
        return sum(d.severity == "error" for d in self.seen)

    def raise_errors(self) -> None:
        """Raise CompileError with everything seen, if any of it is an error."""
        if self.error_count():
            raise CompileError(self.seen)


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate a misspelt name most likely stands for, if one is near enough."""
    from difflib import get_close_matches

    found = get_close_matches(name[:100], list(candidates), 1, 0.7)
    return found[0] if found else None


def render(d: Diagnostic) -> str:
    """The diagnostic as lines of text: place, message, source line, caret range, notes, hint."""
    lines = [_headline(d.severity, d.code, d.message, d.span)]
    lines += _excerpt(d.span)
    lines += _backtrace(d.span)
    for message, span in d.notes:
        lines.append(_headline("note", "", message, span))
        lines += _excerpt(span)
    if d.hint:
        lines.append(f"hint: {d.hint}")
    return "\n".join(lines)


def _headline(severity: str, code: str, message: str, span: Span | None) -> str:
    tag = f"{severity}[{code}]" if code else severity
    if span is None:
        return f"kcc: {tag}: {message}"
    at = span.outermost()
    name, line, column = at.file.presumed(at.start)
    return f"{name}:{line}:{column}: {tag}: {message}"


def _excerpt(span: Span | None) -> list[str]:
    if span is None or not span.outermost().file.text:
        return []
    at = span.outermost()
    line, column = at.file.position(at.start)
    text = at.file.line_text(line)
    width = max(1, min(at.end - at.start, len(text) - column + 1))
    # Tabs stay tabs, so that the caret lines up whatever the terminal's tab width.
    pad = "".join(c if c == "\t" else " " for c in text[: column - 1])
    return [f"    {text}", f"    {pad}^{'~' * (width - 1)}"]


def _backtrace(span: Span | None) -> list[str]:
    lines: list[str] = []
    while span is not None and span.expanded_from is not None:
        macro = span.expanded_from.macro
        lines.append(
            _headline(
                "note", "", f"expanded from macro '{macro}'", Span(span.file, span.start, span.end)
            )
        )
        lines += _excerpt(Span(span.file, span.start, span.end))
        span = span.expanded_from.use
    if span is not None and span.file.included_from is not None:
        lines.append(_headline("note", "", "included from here", span.file.included_from))
    return lines

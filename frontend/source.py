"""Source text and places in it. Standard library only: every package may import this."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from .record import field, record


@record(eq=False, frozen=False)
class SourceFile:
    """One text that tokens come from: a file, standard input, a `-D`, or a pasted token."""

    name: str
    text: str = field(repr=False)
    # (offset, line, name): from `offset` on, lines count from `line` in file `name` (#line)
    line_marks: list[tuple[int, int, str]] = field(default_factory=list, repr=False)
    included_from: Span | None = field(default=None, repr=False)

    @cached_property
    def line_starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Physical (line, column) of an offset, both counted from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def presumed(self, offset: int) -> tuple[str, int, int]:
        """(file, line, column) as `#line` directives would have it."""
        line, column = self.position(offset)
        at = bisect_right(self.line_marks, (offset, 1 << 60, "")) - 1
        if at < 0:
            return self.name, line, column
        mark, mark_line, name = self.line_marks[at]
        return name, mark_line + line - self.position(mark)[0], column

    def line_text(self, line: int) -> str:
        starts = self.line_starts
        end = starts[line] - 1 if line < len(starts) else len(self.text)
        return self.text[starts[line - 1] : end].rstrip("\r")


@record
class Span:
    """Characters [start, end) of a file; `expanded_from` is the macro use they came through."""

    file: SourceFile
    start: int
    end: int
    # Left out of == and repr: a chain of uses can be very long.
    expanded_from: Expansion | None = field(default=None, compare=False, repr=False)

    def to(self, last: Span) -> Span:
        """From the start of this span to the end of `last`, when both lie in one file."""
        a, b = self.outermost(), last.outermost()
        if self.file is last.file and self.expanded_from is last.expanded_from:
            a, b = self, last
        if a.file is not b.file:
            return self
        if b.start <= a.start and a.end <= b.end:
            return b  # an argument, and the macro use around it
        if b.end < a.end:
            return self
        return Span(a.file, a.start, b.end, a.expanded_from)

    def outermost(self) -> Span:
        """Where the text stands that the user wrote: the macro use, not its body."""
        span = self
        while span.expanded_from is not None:
            span = span.expanded_from.use
        return span

    def last(self) -> Span:
        """The last character of what the user wrote."""
        at = self.outermost()
        return Span(at.file, max(at.start, at.end - 1), at.end)


@record
class Expansion:
    macro: str
    use: Span


def spelled(span: Span) -> str:
    """The source text of a span."""
    return span.file.text[span.start : span.end]


def doubly_parenthesised(span: Span) -> bool:
    """Whether `((` stands before a span and `))` behind it, white space apart."""
    text = span.file.text
    before = "".join(text[max(0, span.start - 80) : span.start].split())
    after = "".join(text[span.end : span.end + 80].split())
    return before.endswith("((") and after.startswith("))")


BUILTIN_FILE = SourceFile("<built-in>", "")
NO_SPAN = Span(BUILTIN_FILE, 0, 0)

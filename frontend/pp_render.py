"""Preprocessed tokens as text that reads as the same tokens: the output of -E."""

from __future__ import annotations

from .lexer import glues
from .source import SourceFile
from .tokens import Token, TokenKind

MAX_BLANK_LINES = 8  # a longer gap takes a line marker instead


def render(tokens: list[Token], line_markers: bool = True) -> str:
    """The text of `preprocess`'s result.

    line_markers: write `# LINE "FILE" FLAG` where the line is not the next one; flag 1 enters
                  an included file and 2 comes back from one. Without them, blank lines go too.
    """
    writer = _Writer(line_markers)
    for token in tokens:
        writer.token(token)
    return writer.text()


class _Writer:
    def __init__(self, line_markers: bool) -> None:
        self.line_markers = line_markers
        self.parts: list[str] = []
        self.last = ""  # the token before, on this line
        self.file: SourceFile | None = None
        self.name, self.line = "", 0
        self.open: list[SourceFile] = []  # included files we are inside of

    def text(self) -> str:
        if self.last:
            self.parts.append("\n")
        return "".join(self.parts)

    def token(self, token: Token) -> None:
        if token.kind is TokenKind.EOF:
            return
        # A line that starts with # would be read as a directive.
        new_line = token.line_start and token.text != "#"
        if new_line or not self.last or token.kind is TokenKind.PRAGMA:
            self.move(token)
            if token.kind is TokenKind.PRAGMA:
                self.parts.append(f"#pragma {token.text}".rstrip())
                self.last = "pragma"
                self.break_line()
                return
        elif token.space_before or glues(self.last, token.text):
            self.parts.append(" ")
        self.parts.append(token.text)
        self.last = token.text

    def break_line(self) -> None:
        if self.last:
            self.parts.append("\n")
            self.line += 1
            self.last = ""

    def move(self, token: Token) -> None:
        """Start a line, at the token's own place."""
        self.break_line()
        at = token.span.outermost()
        name, line, column = at.file.presumed(at.start)
        if self.line_markers:
            gap = line - self.line
            if at.file is self.file and name == self.name and 0 <= gap <= MAX_BLANK_LINES:
                self.parts.append("\n" * gap)
            else:
                self.parts.append(self.marker(at.file, name, line))
        self.file, self.name, self.line = at.file, name, line
        if token.kind is not TokenKind.PRAGMA:
            self.parts.append(" " * (min(column, 200) - 1))

    def marker(self, file: SourceFile, name: str, line: int) -> str:
        flag = ""
        if file is not self.file and self.file is not None:
            if file in self.open or file.included_from is None:
                while self.open and self.open[-1] is not file:
                    self.open.pop()
                flag = " 2"
            else:
                self.open.append(file)
                flag = " 1"
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'# {line} "{quoted}"{flag}\n'

"""The words of a linker script, read one by one from its text.

By hand, not by a token grammar: a linker script is lexed differently where it names files and
sections (`*-crt0.o`, `lib/a.o`) than where it computes, and only the parser knows which comes
next. It also saves every link the import of a parser generator.
"""

from __future__ import annotations

import re
from typing import NoReturn

from ..frontend.diag import Diagnostics
from ..frontend.source import SourceFile, Span

SPACE = re.compile(r"(?:\s+|/\*.*?\*/)+", re.DOTALL)
SYMBOL = re.compile(r"[A-Za-z_.$][\w.$]*")
STRING = re.compile(r'"([^"\n]*)"')
SECTION_NAME = re.compile(r"[\w.$/~+\-\[\]*?\\^!@%]+")  # of an output section
PATTERN = re.compile(r"[\w.$/~+\-\[\]*?\\^!@%:]+")  # of files and input sections


class Scanner:
    """Where in the text the reading stands; the caller says what kind of word it expects."""

    def __init__(self, file: SourceFile, diags: Diagnostics) -> None:
        self.file = file
        self.text = file.text
        self.at = 0
        self.end = 0  # of the word last read
        self.diags = diags
        self.skip_space()

    def skip_space(self) -> None:
        self.end = self.at
        if m := SPACE.match(self.text, self.at):
            self.at = m.end()
        if self.text.startswith("/*", self.at):
            self.fail("this comment does not end", self.at, self.at + 2)

    def fail(self, message: str, start: int | None = None, end: int | None = None) -> NoReturn:
        if start is None:
            start = self.at
            word = PATTERN.match(self.text, start)
            end = word.end() if word else min(start + 1, len(self.text))
        raise self.diags.fatal("script-syntax", message, Span(self.file, start, end or start))

    def found(self) -> str:
        m = PATTERN.match(self.text, self.at)
        word = m.group() if m else self.text[self.at : self.at + 1]
        return f"'{word}'" if word else "the end of the script"

    def span(self, start: int) -> Span:
        """From `start` to the last character read."""
        return Span(self.file, start, max(start, self.end))

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def accept(self, text: str) -> bool:
        if not self.text.startswith(text, self.at):
            return False
        self.at += len(text)
        self.skip_space()
        return True

    def expect(self, text: str, after: str) -> None:
        if not self.accept(text):
            self.fail(f"expected '{text}' {after}, found {self.found()}")

    def take(self, pattern: re.Pattern[str]) -> str | None:
        m = pattern.match(self.text, self.at)
        if m is None:
            return None
        self.at = m.end()
        self.skip_space()
        return m.group(1) if pattern.groups else m.group()

    def word(self, pattern: re.Pattern[str], what: str) -> str:
        """A word of the kind, or the same in quotes."""
        word = self.take(STRING)
        if word is None:
            word = self.take(pattern)
        if word is None:
            self.fail(f"expected {what}, found {self.found()}")
        return word

    def keyword(self) -> str:
        """The symbol that stands here, not read yet."""
        m = SYMBOL.match(self.text, self.at)
        return m.group() if m else ""

    def calls(self, name: str) -> bool:
        """Read `name (` when it stands here."""
        start = self.at
        if self.keyword() == name:
            self.at += len(name)
            self.skip_space()
            if self.accept("("):
                return True
        self.at = start
        return False

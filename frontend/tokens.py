"""Preprocessing tokens: what pp.py produces and parse.py feeds to Lark."""

from __future__ import annotations

from enum import Enum

from .record import record
from .source import Span


class TokenKind(Enum):
    IDENT = "identifier"  # keywords too: only the parser tells them apart
    NUMBER = "number"  # a pp-number, not yet checked
    CHAR = "character"
    STRING = "string"
    PUNCT = "punctuator"
    PRAGMA = "pragma"  # text is everything after `#pragma`, or inside _Pragma("...")
    OTHER = "other"  # a stray character; the parser reports it
    EOF = "end of file"


@record(frozen=False)
class Token:
    kind: TokenKind
    text: str
    span: Span
    space_before: bool = False
    line_start: bool = False  # first on its line, for -E
    no_expand: bool = False  # names a macro it came out of: never expanded again


CLOSERS = {")": "(", "]": "[", "}": "{"}  # and what each of them closes

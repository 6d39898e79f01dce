"""Text to preprocessing tokens: one compiled pattern, no state (C99 5.1.1.2, phases 1 to 3)."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from functools import lru_cache

from .diag import Diagnostics
from .source import SourceFile, Span
from .tokens import Token, TokenKind

# Every quantifier is possessive: nothing is ever tried twice, so no text takes long.
_TOKEN = re.compile(
    r"""
    ( (?: [ \t\v\f\r\n\ufeff]++ | //[^\n]*+ | /\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/ )*+ )  # 1 between
    (?: ( L?"(?:[^"\\\n]|\\[^\n])*+" )  # 2 string
      | ( L?'(?:[^'\\\n]|\\[^\n])*+' )  # 3 character
      | ( (?:[^\W\d]|\$|\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8})
          (?:[\w$]|\\u[\da-fA-F]{4}|\\U[\da-fA-F]{8})*+ )  # 4 identifier
      | ( \.?[0-9](?:[eEpP][+-]|[\w.])*+ )   # 5 number
      | ( /\*(?s:.)*+ )  # 6 no end of comment
      | ( %:%: | \.\.\. | <<= | >>= | \#\# | -> | \+\+ | -- | << | >> | <= | >= | == | != | &&
        | \|\| | \*= | /= | %= | \+= | -= | &= | \^= | \|= | <: | :> | <% | %> | %:
        | [][(){}.&*+\-~!/%<>^|?:;=,\#] )   # 7 punctuator
      | ( ["'][^\n]*+ | . )  # 8 other
      | \Z )
    """,
    re.VERBOSE,
)
_KINDS = (
    TokenKind.EOF,
    TokenKind.EOF,
    TokenKind.STRING,
    TokenKind.CHAR,
    TokenKind.IDENT,
    TokenKind.NUMBER,
    TokenKind.EOF,
    TokenKind.PUNCT,
    TokenKind.OTHER,
)
_EOF, _NAME, _UNTERMINATED = 1, 4, 6
_UCN = re.compile(r"\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})")
_COMMENT = re.compile(r"//[^\n]*+|/\*(?s:.*?)\*/")
_SPLICE = re.compile(r"\\[ \t\f\v]*\r?\n")
# Other spellings of punctuators (C99 6.4.6); a parser wants only one.
DIGRAPHS = {"<:": "[", ":>": "]", "<%": "{", "%>": "}", "%:": "#", "%:%:": "##"}


def lex(file: SourceFile, diags: Diagnostics) -> list[Token]:
    """All tokens of a file and a final EOF token; spans count in the file's own text.

    Line splices and comments are gone. `diags` hears of a comment without end.
    """
    text = file.text
    where = None
    if "\\" in text:
        text, where = _without_splices(text)
    tokens: list[Token] = []
    add, kinds = tokens.append, _KINDS
    for match in _TOKEN.finditer(text):
        index = match.lastindex or _EOF
        between = match[1]
        line_start = "\n" in between and ("/" not in between or "\n" in _COMMENT.sub("", between))
        start, end = match.span(index)
        if index == _EOF:
            start = end
        elif index == _UNTERMINATED:
            span = Span(file, *(where(start, start + 2) if where else (start, start + 2)))
            diags.error("unterminated-comment", "this comment has no end", span)
            start = end
        if where is not None:
            start, end = where(start, end)
        span = Span(file, start, end)
        text_ = match[index] if start != end else ""
        if index == _NAME and "\\" in text_:
            text_ = _spelled_out(text_, span, diags)
        add(Token(kinds[index], text_, span, bool(between), line_start))
        if index in (_EOF, _UNTERMINATED):
            break
    tokens[0].line_start = True
    return tokens


def _spelled_out(name: str, span: Span, diags: Diagnostics) -> str:
    """An identifier whose universal character names are the characters (C99 6.4.3)."""
    for match in _UCN.finditer(name):
        code = int(match[1] or match[2], 16)
        if not (0xA0 <= code <= 0x10FFFF and f"a{chr(code)}".isidentifier()):
            message = f"'{match[0]}' is no character of an identifier"
            diags.error("bad-escape", message, span)
            return "_"
    return _UCN.sub(lambda match: chr(int(match[1] or match[2], 16)), name)


class _Mapping:
    """Offsets in a text without splices -> offsets in the text as written."""

    def __init__(self, starts: list[int], shifts: list[int]) -> None:
        self.starts, self.shifts = starts, shifts

    def __call__(self, start: int, end: int) -> tuple[int, int]:
        """A range; a splice just before or after it stays outside."""
        first = start + self.shifts[bisect_right(self.starts, start)]
        if end <= start:
            return first, first
        return first, end + self.shifts[bisect_left(self.starts, end)]


def _without_splices(text: str) -> tuple[str, _Mapping | None]:
    pieces: list[str] = []
    starts: list[int] = []  # offsets, in the new text, where something was cut out
    shifts = [0]  # shifts[i]: how far the text behind starts[i - 1] has moved
    last = 0
    for match in _SPLICE.finditer(text):
        pieces.append(text[last : match.start()])
        last = match.end()
        at = match.start() - shifts[-1]
        starts.append(at)
        shifts.append(last - at)
    if not starts:
        return text, None
    pieces.append(text[last:])
    return "".join(pieces), _Mapping(starts, shifts)


def lex_text(text: str, name: str = "<scratch space>") -> list[Token]:
    """The tokens of a text that kcc put together itself, without the EOF."""
    return lex(SourceFile(name, text), Diagnostics())[:-1]


@lru_cache(maxsize=4096)
def glues(left: str, right: str) -> bool:
    """Would two tokens, written with nothing between, read as something else?"""
    if left == right == ".":
        return True  # a third would make an ellipsis
    match = _TOKEN.match(left + right)
    return match is None or match.end() != len(left) or bool(match[1])

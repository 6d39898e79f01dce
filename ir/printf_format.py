"""printf formats, taken apart at compile time (OpenCL C 1.2, 6.12.13; C99, 7.19.6.1).

"x = %5.2d%%\n"  ->  Text("x = "), Conversion("d", width=5, precision=2), Text("%\n")
"""

from __future__ import annotations

import re
from typing import TypeAlias

from ..frontend.record import record

NONE = -1  # no width, or no precision, was given

# Flag bits, as kernels/rt/printf.cl reads them.
FLAGS = {"-": 1, "+": 2, " ": 4, "#": 8, "0": 16}
UPPER, SIGNED = 32, 64

_SPEC = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>\d+)?(?P<dot>\.(?P<precision>\d+)?)?"
    r"(?:v(?P<lanes>2|3|4|8|16))?(?P<length>hh|hl|h|ll|l|j|z|t|L)?(?P<conversion>.)?",
    re.DOTALL,
)


class FormatError(Exception):
    """The format asks for something that printf does not do; the message names it."""


@record
class Text:
    data: bytes


@record
class Conversion:
    """One conversion. width and precision: a number or NONE. length as written."""

    letter: str
    flags: int = 0
    width: int = NONE
    precision: int = NONE
    length: str = ""
    lanes: int = 0  # of a vector conversion

    def __str__(self) -> str:
        return f"%{self.length}{self.letter}"


Piece: TypeAlias = Text | Conversion


def parse_format(format: bytes) -> list[Piece]:
    """Split a format into pieces; neighbouring texts are joined.

    raises:  FormatError for a conversion that is unknown, cut short or not supported (%n, and
             `*` for a width, which OpenCL C leaves out).
    """
    text = format.decode("latin-1")
    pieces: list[Piece] = []
    literal = ""
    at = 0
    while at < len(text):
        percent = text.find("%", at)
        literal += text[at : percent if percent >= 0 else len(text)]
        if percent < 0:
            break
        match = _SPEC.match(text, percent)
        assert match is not None  # every part of the pattern is optional
        at = match.end()
        if match["conversion"] == "%":
            literal += "%"
            continue
        if literal:
            pieces.append(Text(literal.encode("latin-1")))
            literal = ""
        pieces.append(_conversion(match))
    if literal:
        pieces.append(Text(literal.encode("latin-1")))
    return pieces


def _conversion(match: re.Match[str]) -> Conversion:
    letter = match["conversion"]
    if letter is None:
        raise FormatError(f"incomplete conversion '{match[0]}'")
    if letter not in "diuxXocspfFeEgGaA":
        raise FormatError(f"conversion '%{letter}'")
    if match["lanes"] and letter in "csp":
        raise FormatError(f"vector conversion '{match[0]}'")
    flags = sum(FLAGS[c] for c in set(match["flags"]))
    if letter in "XFEGA":
        flags |= UPPER
    if letter in "di":
        flags |= SIGNED
    return Conversion(
        letter.lower() if letter != "i" else "d",
        flags,
        _count(match["width"], NONE),
        _count(match["precision"], 0) if match["dot"] is not None else NONE,
        match["length"] or "",
        int(match["lanes"] or 0),
    )


def _count(text: str | None, missing: int) -> int:
    if text is None:
        return missing
    return int(text)

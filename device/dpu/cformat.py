"""Conversions of C's printf (C99, 7.19.6.1), of arguments that are words of 64 bits.

Formats have no lengths: a word is as long as what it holds is to be printed.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_WIDTH = 4095  # a larger width or precision makes a call print nothing

_DIRECTIVE = re.compile(
    rb"%(?:%|(?P<flags>[-+ #0]*)(?P<width>\d+|\*)?(?:\.(?P<precision>\d+|\*))?"
    rb"(?P<letter>[diouxXcspfFeEgGaA]))"
)
_BASES = {"o": "o", "x": "x", "X": "x"}  # d, i and u print in decimal


@dataclass(frozen=True)
class Conversion:
    """width, precision: None for an argument that comes before the one to print.

    precision: -1 for none.
    """

    letter: str
    flags: str
    width: int | None
    precision: int | None

    @property
    def stars(self) -> int:
        return (self.width is None) + (self.precision is None)


def parse(text: bytes) -> list[bytes | Conversion]:
    """Texts and conversions; what is no conversion is text."""
    pieces: list[bytes | Conversion] = []
    at = 0
    for match in _DIRECTIVE.finditer(text):
        pieces.append(text[at : match.start()])
        at = match.end()
        if match["letter"] is None:
            pieces.append(b"%")
            continue
        width, precision = match["width"] or b"0", match["precision"] or b"-1"
        pieces.append(
            Conversion(
                match["letter"].decode(),
                match["flags"].decode(),
                None if width == b"*" else int(width[-5:]),
                None if precision == b"*" else int(precision[-5:]),
            )
        )
    return [*pieces, text[at:]]


def format_c(pieces: Sequence[bytes | Conversion], values: Sequence[int | bytes | None]) -> bytes:
    """What printf prints.

    values: as many as the conversions take: words of 64 bits without a sign, for %s bytes or None,
            a null pointer.
    """
    left = iter(values)
    out = []
    for piece in pieces:
        if isinstance(piece, bytes):
            out.append(piece)
            continue
        flags = piece.flags
        width = _signed(left) if piece.width is None else piece.width
        precision = _signed(left) if piece.precision is None else piece.precision
        if width < 0:
            flags, width = flags + "-", -width
        if width > MAX_WIDTH or precision > MAX_WIDTH:
            return b""
        out.append(_convert(piece.letter, flags, width, max(precision, -1), next(left)))
    return b"".join(out)


def _signed(values: Iterator[int | bytes | None]) -> int:
    word = next(values)
    assert isinstance(word, int)
    return _to_signed(word)


def _to_signed(word: int) -> int:
    return word - (word >> 63 << 64)


def _convert(
    letter: str, flags: str, width: int, precision: int, value: int | bytes | None
) -> bytes:
    if letter == "s":
        assert not isinstance(value, int)
        if value is None:
            value = b"(null)" if not 0 <= precision < 6 else b""
        return _padded(value if precision < 0 else value[:precision], flags, width)
    assert isinstance(value, int)
    if letter == "c":
        return _padded(bytes([value & 0xFF]), flags, width)
    zero = "0" in flags
    if letter == "p":
        sign, body, zero = "0x", f"{value:x}", False
    elif letter in "diouxX":
        sign, body = _integer(letter, flags, precision, value)
        zero = zero and precision < 0
    else:
        sign, body = _float(letter, flags, precision, value)
        zero = zero and body[-1] not in "fn"  # of inf and nan
    if letter.isupper():
        sign, body = sign.upper(), body.upper()
    if zero and "-" not in flags:
        body = body.rjust(width - len(sign), "0")
    return _padded((sign + body).encode(), flags, width)


def _padded(text: bytes, flags: str, width: int) -> bytes:
    return text.ljust(width) if "-" in flags else text.rjust(width)


def _sign(negative: bool, flags: str) -> str:
    return "-" if negative else "+" if "+" in flags else " " if " " in flags else ""


def _integer(letter: str, flags: str, precision: int, value: int) -> tuple[str, str]:
    """Sign or prefix, and digits."""
    sign = ""
    if letter in "di":
        value = _to_signed(value)
        sign = _sign(value < 0, flags)
    digits = f"{abs(value):{_BASES.get(letter, 'd')}}" if value or precision else ""
    digits = digits.rjust(precision, "0")
    if "#" in flags and letter == "o" and not digits.startswith("0"):
        digits = "0" + digits
    if "#" in flags and letter in "xX" and value:
        sign = "0x"
    return sign, digits


def _float(letter: str, flags: str, precision: int, word: int) -> tuple[str, str]:
    """Sign (and prefix), and digits or a word."""
    number = struct.unpack("<d", struct.pack("<Q", word & (1 << 63) - 1))[0]
    sign = _sign(word >> 63 != 0, flags)
    if not math.isfinite(number):
        return sign, str(number)
    alternate = "#" if "#" in flags else ""
    if letter in "aA":
        return sign + "0x", _hexadecimal(word, bool(alternate), precision)
    return sign, f"{number:{alternate}.{6 if precision < 0 else precision}{letter.lower()}}"


def _hexadecimal(word: int, alternate: bool, precision: int) -> str:
    """A finite number as %a shows it, without sign and 0x."""
    biased, mantissa = word >> 52 & 0x7FF, word & (1 << 52) - 1
    exponent = biased - 1023 if biased else -1022 if mantissa else 0
    mantissa |= (biased != 0) << 52
    if precision < 0:
        digits = f"{mantissa & (1 << 52) - 1:013x}".rstrip("0")
    else:
        if precision < 13:  # to nearest, a tie to even
            unit = 1 << 4 * (13 - precision)
            rest = mantissa % unit
            mantissa -= rest
            if rest * 2 > unit or (rest * 2 == unit and mantissa & unit):
                mantissa += unit
        digits = f"{mantissa & (1 << 52) - 1:013x}".ljust(precision, "0")[:precision]
    point = "." if digits or alternate else ""
    return f"{mantissa >> 52}{point}{digits}p{exponent:+d}"
